//! A password's key is derived apart from its vault: Argon2id takes most of a second, in which whoever shares the vault between
//! threads would wait for it. What the derivation needs is read first, and what came out is taken afterwards.

use std::fmt;

use super::aside::Damaged;
use super::error::VaultError;
use super::file::OpenFile;
use super::format::RecordId;
use super::kdf::{KdfParams, derive_secret};
use super::keys::Key32;
use super::locked::LockedVault;
use super::open::Vault;
use super::rekey::Rotated;
use super::slot::{SlotKind, SlotRow, load_slots};
use super::slots::SlotSecret;
use super::tries;
use super::unlock::candidates;
use super::ways::check_room;

use crate::entropy::Entropy;
use crate::secret::Secret;
use crate::time::UnixSeconds;

/// What a locked vault says of the derivation of its password. Nothing in it is secret or proved.
#[derive(Clone, Debug)]
pub struct PasswordTrial {
    /// The parameters of each slot that may be the one. There is one, unless somebody planted others to hide it.
    params: Vec<Vec<u8>>,
}

impl PasswordTrial {
    /// Derives with Argon2id, which takes most of a second and the memory that the slot says, at most 256 MiB. What stands
    /// against the password or the slot is said when the vault is unlocked with what comes back.
    #[must_use]
    pub fn derive(self, password: &Secret) -> DerivedPassword {
        let params = self.params.into_iter();
        DerivedPassword {
            keys: params
                .map(|params| {
                    let key = derive_secret(password, &params);
                    (params, key)
                })
                .collect(),
        }
    }
}

/// What a password gave, for [`super::Credential::Derived`]. It holds for the vault and the slots that its trial was of.
pub struct DerivedPassword {
    keys: Vec<(Vec<u8>, Result<Key32, VaultError>)>,
}

impl fmt::Debug for DerivedPassword {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("DerivedPassword([redacted])")
    }
}

impl DerivedPassword {
    /// The slot's secret: a copy, since another slot may have the same parameters.
    ///
    /// # Errors
    ///
    /// What stood against the derivation; [`VaultError::Locked`] when the slot is another one than when it began.
    pub(super) fn of(&self, slot: &SlotRow) -> Result<Key32, VaultError> {
        let known = self.keys.iter().find(|(params, _)| *params == slot.params);
        known.map_or(Err(VaultError::Locked), |(_, key)| key.clone())
    }
}

/// A password that is to become a way to unlock, its key derived.
pub struct NewPassword(SlotSecret);

impl fmt::Debug for NewPassword {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("NewPassword([redacted])")
    }
}

impl NewPassword {
    /// Derives with Argon2id under a salt of its own, which takes most of a second.
    ///
    /// # Errors
    ///
    /// [`VaultError::KdfOutOfBounds`], [`VaultError::PasswordEmpty`], [`VaultError::PasswordNotText`], [`VaultError::Entropy`].
    pub fn derive(
        password: &Secret,
        kdf: KdfParams,
        entropy: &dyn Entropy,
    ) -> Result<Self, VaultError> {
        SlotSecret::for_password(password, kdf, entropy).map(Self)
    }
}

impl LockedVault {
    /// Begins to unlock with a password: what its key is derived with.
    ///
    /// # Errors
    ///
    /// [`VaultError::NoSuchSlot`], [`VaultError::DamagedSlot`], [`VaultError::Wait`], [`VaultError::DamagedData`],
    /// [`VaultError::Io`].
    pub fn begin_password(&self, now: UnixSeconds) -> Result<PasswordTrial, VaultError> {
        let OpenFile {
            db, is_read_only, ..
        } = &self.parts.file;
        let slots = candidates(load_slots(db)?, self.id(), SlotKind::Password, None)?;
        if !is_read_only {
            tries::check(db, now)?;
        }
        let mut params: Vec<Vec<u8>> = slots.into_iter().map(|slot| slot.params).collect();
        params.sort_unstable();
        params.dedup();
        Ok(PasswordTrial { params })
    }
}

impl Vault {
    /// Whether the password can be changed now, which is to be known before its key is derived.
    ///
    /// # Errors
    ///
    /// [`VaultError::ReadOnly`], or why a vault of an earlier format was not brought along.
    pub fn begin_change_password(&self) -> Result<(), VaultError> {
        self.check_writable()
    }

    /// Sets the password, in place of an earlier one, and renews the vault's key.
    ///
    /// # Errors
    ///
    /// Those of [`Self::change_password`], the password's own apart.
    pub fn set_password(
        &mut self,
        password: NewPassword,
        damaged: Damaged,
        now: UnixSeconds,
    ) -> Result<Rotated, VaultError> {
        self.check_writable()?;
        self.replace_way(password.0, damaged, now)
    }

    /// Whether a password can be added now, which is to be known before its key is derived.
    ///
    /// # Errors
    ///
    /// [`VaultError::SlotExists`]; those of [`Self::begin_change_password`].
    pub fn begin_add_password(&self) -> Result<(), VaultError> {
        self.check_writable()?;
        check_room(&self.state.slots.rows, SlotKind::Password)
    }

    /// Adds the password to a vault that has none.
    ///
    /// # Errors
    ///
    /// Those of [`Self::add_password`], the password's own apart; nothing was added then.
    pub fn put_password(
        &mut self,
        password: NewPassword,
        now: UnixSeconds,
    ) -> Result<RecordId, VaultError> {
        self.check_writable()?;
        self.add_slot(&password.0, now)
    }
}
