//! The keys of work accounts, which never leave the platform.

use countersign_core::device::{KeyAlgorithm, KeyError, MadeKey};
use uniffi::UnexpectedUniFFICallbackError;

/// The key that a platform is asked to make.
#[derive(Clone, Debug, Eq, PartialEq, uniffi::Record)]
pub struct KeyRequest {
    /// Its kind.
    pub algorithm: KeyAlgorithm,
    /// Whether each use is to need the person's presence, where the platform can.
    pub presence: bool,
    /// What an attestation of the key has to contain: 32 bytes.
    pub challenge: Vec<u8>,
}

/// Why a platform's key did not do what was asked; never one for another.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error, uniffi::Error)]
pub enum DeviceKeyError {
    /// The person said no, or went away: no signature exists.
    #[error("cancelled")]
    Cancelled,
    /// The platform tried and failed, or did not know the person.
    #[error("failed")]
    Failed,
    /// Too many failed attempts at the device's own lock; it will open again.
    #[error("locked out")]
    LockedOut,
    /// The key is gone for good, as after a new fingerprint: the account has to be activated again.
    #[error("the key is gone for good")]
    Invalidated,
    /// The key store cannot be reached now; nothing is known about the key.
    #[error("the key store is not available")]
    NotAvailable,
    /// It threw something that it does not declare.
    #[error("the key store failed unexpectedly")]
    Unexpected,
}

impl From<UnexpectedUniFFICallbackError> for DeviceKeyError {
    // The reason is the foreign exception's text.
    fn from(_: UnexpectedUniFFICallbackError) -> Self {
        Self::Unexpected
    }
}

impl From<DeviceKeyError> for KeyError {
    fn from(error: DeviceKeyError) -> Self {
        match error {
            DeviceKeyError::Cancelled => Self::Cancelled,
            DeviceKeyError::Failed | DeviceKeyError::Unexpected => Self::Failed,
            DeviceKeyError::LockedOut => Self::LockedOut,
            DeviceKeyError::Invalidated => Self::Invalidated,
            DeviceKeyError::NotAvailable => Self::NotAvailable,
        }
    }
}

/// Keys that stay in the platform (Keystore, Secure Enclave). The words of a prompt are the shell's.
#[uniffi::export(foreign)]
#[async_trait::async_trait]
pub trait DeviceKeys: Send + Sync {
    /// Makes a key under this name.
    ///
    /// # Errors
    ///
    /// `DeviceKeyError`: there is no such key then.
    async fn create(&self, alias: String, request: KeyRequest) -> Result<MadeKey, DeviceKeyError>;

    /// Whether there is a key of this name.
    ///
    /// # Errors
    ///
    /// `NotAvailable`.
    async fn exists(&self, alias: String) -> Result<bool, DeviceKeyError>;

    /// Signs with ES256; the signature in DER, as key stores give it.
    ///
    /// # Errors
    ///
    /// `DeviceKeyError`: no signature exists then.
    async fn sign(&self, alias: String, message: Vec<u8>) -> Result<Vec<u8>, DeviceKeyError>;

    /// Deletes the key; no error when there is none.
    ///
    /// # Errors
    ///
    /// `NotAvailable`.
    async fn delete(&self, alias: String) -> Result<(), DeviceKeyError>;
}
