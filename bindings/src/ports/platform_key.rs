//! A key of the platform as a way to unlock the vault, or what works while it is locked.

use countersign_core::vault::{PlatformContext, PlatformKeyError};
use uniffi::UnexpectedUniFFICallbackError;

use crate::errors::{CountersignError, Port};

/// Why a platform's key did not do what was asked; never one for another.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error, uniffi::Error)]
pub enum WrapError {
    /// The person said no, or went away.
    #[error("cancelled")]
    Cancelled,
    /// Too many failed attempts at the device's own lock; it will open again.
    #[error("locked out")]
    LockedOut,
    /// The key is gone for good: only this may retire a way to unlock, and never the last one.
    #[error("the key is gone for good")]
    Invalidated,
    /// The key store cannot be reached now; nothing is known about the key.
    #[error("the key store is not available")]
    NotAvailable,
    /// It threw something that it does not declare.
    #[error("the key store failed unexpectedly")]
    Unexpected,
}

impl From<UnexpectedUniFFICallbackError> for WrapError {
    // The reason is the foreign exception's text.
    fn from(_: UnexpectedUniFFICallbackError) -> Self {
        Self::Unexpected
    }
}

impl From<WrapError> for CountersignError {
    fn from(error: WrapError) -> Self {
        let fault = match error {
            WrapError::Cancelled => PlatformKeyError::Cancelled,
            WrapError::LockedOut => PlatformKeyError::LockedOut,
            WrapError::Invalidated => PlatformKeyError::Invalidated,
            WrapError::NotAvailable => PlatformKeyError::NotAvailable,
            WrapError::Unexpected => {
                return Self::PortFailed {
                    port: Port::PlatformKey,
                };
            }
        };
        Self::Vault {
            fault: fault.into(),
        }
    }
}

/// Wraps the secret of a way to unlock, and unwraps it at each unlock.
#[uniffi::export(foreign)]
#[async_trait::async_trait]
pub trait PlatformKey: Send + Sync {
    /// Wraps a secret of 32 bytes, with `context` (32 bytes) as associated data. At most 4096 bytes come back.
    ///
    /// # Errors
    ///
    /// `WrapError`: nothing was made then.
    async fn wrap(&self, context: Vec<u8>, secret: Vec<u8>) -> Result<Vec<u8>, WrapError>;

    /// Unwraps what `wrap` returned for the same `context`.
    ///
    /// # Errors
    ///
    /// `WrapError`: nothing was changed.
    async fn unwrap(&self, context: Vec<u8>, wrapped: Vec<u8>) -> Result<Vec<u8>, WrapError>;
}

/// The associated data.
pub(crate) fn bytes_of(context: &PlatformContext) -> Vec<u8> {
    context.bytes().to_vec()
}
