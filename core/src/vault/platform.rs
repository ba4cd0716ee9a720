//! A key of the platform (Keystore, Secure Enclave, the desktop's keyring) as a way to unlock: it wraps a slot's
//! random secret once, and unwraps it at each unlock.

use super::format::{RecordId, VaultId};
use crate::secret::Secret;

/// Longest wrapped secret in bytes: it is the slot's `params`.
pub const WRAPPED_BYTES_MAX: usize = 4096;

/// What a wrapped secret is bound to: the platform takes it as associated data, so that a wrapped secret opens only
/// in its own vault and slot.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PlatformContext {
    /// The vault.
    pub vault: VaultId,
    /// The slot.
    pub slot: RecordId,
}

impl PlatformContext {
    /// The associated data: vault id ‖ slot id.
    #[must_use]
    pub fn bytes(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        let (vault, slot) = bytes.split_at_mut(16);
        vault.copy_from_slice(self.vault.bytes());
        slot.copy_from_slice(self.slot.bytes());
        bytes
    }
}

/// Why a platform's key did not do what was asked; with success, the five results there are.
///
/// They are never mixed: a key that is gone and a key that cannot be had now look alike in careless code, and whoever
/// takes the second for the first loses accounts.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PlatformKeyError {
    /// The person said no, or went away.
    #[error("the request for the platform's key was cancelled")]
    Cancelled,
    /// Too many failed attempts at the device's own lock; it will open again.
    #[error("the platform's key is locked out for now, after failed attempts")]
    LockedOut,
    /// The key is gone for good: only this may retire a slot, and never the last one.
    #[error("the platform's key is gone for good; unlock another way")]
    Invalidated,
    /// The key store cannot be reached now; nothing is known about the key.
    #[error("the platform's key store is not available now; try again, or unlock another way")]
    NotAvailable,
}

/// What a shell lends the core: one key of the platform.
///
/// Implementations may ask the person; the core calls them outside of every transaction.
pub trait PlatformKey {
    /// Wraps a slot's secret of 32 bytes, bound to `context`. At most [`WRAPPED_BYTES_MAX`] bytes come back.
    ///
    /// # Errors
    ///
    /// [`PlatformKeyError`]; no slot is made then.
    fn wrap(&self, context: &PlatformContext, secret: &Secret)
    -> Result<Vec<u8>, PlatformKeyError>;

    /// Unwraps what [`Self::wrap`] returned for the same `context`.
    ///
    /// # Errors
    ///
    /// [`PlatformKeyError`]; the slot stays whatever it is.
    fn unwrap(&self, context: &PlatformContext, wrapped: &[u8])
    -> Result<Secret, PlatformKeyError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_context_is_the_vaults_id_and_the_slots() {
        let context = PlatformContext {
            vault: VaultId([1; 16]),
            slot: RecordId([2; 16]),
        };
        assert_eq!(context.bytes(), *[[1; 16], [2; 16]].as_flattened());
    }
}
