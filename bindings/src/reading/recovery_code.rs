//! The recovery code: what opens the vault when the password is lost.

use std::sync::Arc;

use countersign_core::entropy::SystemEntropy;
use countersign_core::secret::SecretText;
use countersign_core::vault::{self, RecoveryCodeError, VaultError};

use crate::errors::CountersignError;

/// 160 random bits on paper.
#[derive(uniffi::Object)]
pub struct RecoveryCode(vault::RecoveryCode);

#[uniffi::export]
impl RecoveryCode {
    /// A fresh code. The person stores it before a vault is made with it.
    ///
    /// # Errors
    ///
    /// `Vault` with `Entropy`.
    #[uniffi::constructor]
    pub fn generate() -> Result<Arc<Self>, CountersignError> {
        let code = vault::RecoveryCode::generate(&SystemEntropy::new());
        Ok(Arc::new(Self(code.map_err(VaultError::from)?)))
    }

    /// Reads a typed code. Case, white space and dashes do not matter; O is read as 0, I and L as 1.
    ///
    /// # Errors
    ///
    /// `Length`, `Character`, `Check`: each says what is wrong without repeating what was typed.
    #[uniffi::constructor]
    pub fn parse(text: &str) -> Result<Arc<Self>, RecoveryCodeError> {
        Ok(Arc::new(Self(vault::RecoveryCode::parse(text)?)))
    }

    /// The code for paper: nine groups of four with dashes between them.
    #[must_use]
    pub fn format(&self) -> SecretText {
        self.0.format()
    }
}

impl RecoveryCode {
    pub(crate) const fn code(&self) -> &vault::RecoveryCode {
        &self.0
    }
}
