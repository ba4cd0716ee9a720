//! A password's key derived apart from the companion, so that a shell which shares it between threads holds nobody up.

use super::{Companion, LockedCompanion};
use crate::time::UnixSeconds;
use crate::vault::{Damaged, NewPassword, PasswordTrial, RecordId, Rotated, VaultError};

impl LockedCompanion {
    /// Begins to unlock with a password: what its key is derived with, for [`crate::vault::Credential::Derived`].
    ///
    /// # Errors
    ///
    /// Those of [`crate::vault::LockedVault::begin_password`].
    pub fn begin_password(&self, now: UnixSeconds) -> Result<PasswordTrial, VaultError> {
        self.vault.begin_password(now)
    }
}

impl Companion {
    /// Replaces the password by one whose key is derived.
    ///
    /// # Errors
    ///
    /// Those of [`crate::vault::Vault::set_password`]: the old password still holds then.
    pub fn set_password(
        &mut self,
        password: NewPassword,
        damaged: Damaged,
        now: UnixSeconds,
    ) -> Result<Rotated, VaultError> {
        self.vault.set_password(password, damaged, now)
    }

    /// Adds a password, whose key is derived, to a vault that has none.
    ///
    /// # Errors
    ///
    /// Those of [`crate::vault::Vault::put_password`]: nothing was added then.
    pub fn put_password(
        &mut self,
        password: NewPassword,
        now: UnixSeconds,
    ) -> Result<RecordId, VaultError> {
        self.vault.put_password(password, now)
    }
}
