//! The keys of work accounts: what a shell lends the core so that it signs with keys that never leave the platform.
//!
//! A work account has two keys of its own, never shared with another account: the *device key*, which signs without asking,
//! and the *approval key*, whose every use needs the person's presence where the platform can.

use std::fmt;

use crate::entropy::{Entropy, EntropyError};

/// The name under which a platform keeps a key: drawn and stored before the key is made, so that no crash leaves a key that
/// nobody knows of.
#[derive(Clone, Eq, Hash, PartialEq)]
pub struct KeyAlias(String);

impl KeyAlias {
    /// Draws a new one: `countersign-` and 32 hexadecimal digits.
    ///
    /// # Errors
    ///
    /// [`EntropyError`].
    pub fn generate(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        let mut bytes = [0; 16];
        entropy.fill(&mut bytes)?;
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self(format!("countersign-{digits}")))
    }

    /// Takes an alias back from where it was stored.
    pub(crate) fn from_stored(text: &str) -> Option<Self> {
        let is_alias = !text.is_empty() && text.len() <= 64 && text.is_ascii();
        is_alias.then(|| Self(text.to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for KeyAlias {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

/// Where a key lies.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Protection {
    /// In hardware that does not give it away.
    Hardware,
    /// In software: sealed in the vault, or kept by the platform without hardware of its own.
    Software,
}

/// What a use of a key asks of the person.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Presence {
    /// The chip asks for them at every use.
    EachUse,
    /// The device has to be unlocked.
    Unlocked,
    /// Nothing that the key knows of.
    None,
}

/// What kind of key is to be made.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum KeyAlgorithm {
    /// ECDSA on P-256 with SHA-256.
    P256,
}

/// The key that a platform is asked to make.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KeyRequest {
    /// Its kind.
    pub algorithm: KeyAlgorithm,
    /// Whether each use is to need the person's presence, where the platform can.
    pub presence: bool,
    /// What an attestation of the key has to contain.
    pub challenge: [u8; 32],
}

/// A key that a platform made.
#[derive(Clone, Eq, PartialEq)]
pub struct MadeKey {
    /// Its public half. P-256: an uncompressed point, 65 bytes (SEC 1 §2.3.3).
    pub public: Vec<u8>,
    /// Where it lies.
    pub protection: Protection,
    /// What a use of it asks of the person.
    pub presence: Presence,
    /// What the platform says of it, at most 12 KiB of text; opaque.
    pub attestation: Option<String>,
}

impl fmt::Debug for MadeKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("MadeKey")
            .field("protection", &self.protection)
            .field("presence", &self.presence)
            .finish_non_exhaustive()
    }
}

/// Why a platform's key did not do what was asked. With success, the results there are; they are never mixed.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, thiserror::Error)]
pub enum KeyError {
    /// The person said no, or went away: no signature exists.
    #[error("the request for the key was cancelled")]
    Cancelled,
    /// The platform tried and failed, or did not know the person.
    #[error("the key did not sign")]
    Failed,
    /// Too many failed attempts at the device's own lock; it will open again.
    #[error("the key is locked out for now, after failed attempts")]
    LockedOut,
    /// The key is gone for good, as after a new fingerprint: the account has to be activated again.
    #[error("the key is gone for good; activate the account again")]
    Invalidated,
    /// The key store cannot be reached now; nothing is known about the key.
    #[error("the key store is not available now")]
    NotAvailable,
}

/// What a shell lends the core: keys that stay in the platform (Keystore, Secure Enclave).
///
/// Implementations may ask the person; the core calls them outside of every transaction and with no lock held.
pub trait DeviceKeys {
    /// Makes a key under this name.
    ///
    /// # Errors
    ///
    /// [`KeyError`]: there is no such key then.
    fn create(&self, alias: &KeyAlias, request: &KeyRequest) -> Result<MadeKey, KeyError>;

    /// Whether there is a key of this name.
    ///
    /// # Errors
    ///
    /// [`KeyError::NotAvailable`].
    fn exists(&self, alias: &KeyAlias) -> Result<bool, KeyError>;

    /// Signs with ES256; the signature in DER (RFC 3279 §2.2.3), as key stores give it, with either s.
    ///
    /// # Errors
    ///
    /// [`KeyError`]: no signature exists then.
    fn sign(&self, alias: &KeyAlias, message: &[u8]) -> Result<Vec<u8>, KeyError>;

    /// Deletes the key; no error when there is none.
    ///
    /// # Errors
    ///
    /// [`KeyError::NotAvailable`].
    fn delete(&self, alias: &KeyAlias) -> Result<(), KeyError>;
}

/// No platform's keys: for shells whose keys are software, sealed in the vault.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoDeviceKeys;

impl DeviceKeys for NoDeviceKeys {
    fn create(&self, _: &KeyAlias, _: &KeyRequest) -> Result<MadeKey, KeyError> {
        Err(KeyError::NotAvailable)
    }

    fn exists(&self, _: &KeyAlias) -> Result<bool, KeyError> {
        Err(KeyError::NotAvailable)
    }

    fn sign(&self, _: &KeyAlias, _: &[u8]) -> Result<Vec<u8>, KeyError> {
        Err(KeyError::NotAvailable)
    }

    fn delete(&self, _: &KeyAlias) -> Result<(), KeyError> {
        Err(KeyError::NotAvailable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    #[test]
    fn an_alias_is_drawn_and_shown_to_no_log() {
        let entropy = SystemEntropy::new();
        let [one, two] = [(); 2].map(|()| KeyAlias::generate(&entropy).unwrap());
        assert_ne!(one, two);
        assert_eq!(one.as_str().len(), 12 + 32);
        assert_eq!(KeyAlias::from_stored(one.as_str()), Some(one.clone()));
        assert_eq!(format!("{one:?}"), "[redacted]");
        for bad in ["", "ä", &"a".repeat(65)] {
            assert_eq!(KeyAlias::from_stored(bad), None);
        }
    }

    #[test]
    fn without_a_platform_nothing_is_known_of_keys() {
        let alias = KeyAlias::generate(&SystemEntropy::new()).unwrap();
        let request = KeyRequest {
            algorithm: KeyAlgorithm::P256,
            presence: true,
            challenge: [0; 32],
        };
        let none = NoDeviceKeys;
        assert_eq!(none.create(&alias, &request), Err(KeyError::NotAvailable));
        assert_eq!(none.exists(&alias), Err(KeyError::NotAvailable));
        assert_eq!(none.sign(&alias, b""), Err(KeyError::NotAvailable));
        assert_eq!(none.delete(&alias), Err(KeyError::NotAvailable));
    }
}
