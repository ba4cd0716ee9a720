//! Keeping the vault: its ways to unlock, its key, its snapshots, and how it stands.

use std::path::PathBuf;

use super::{Companion, LockedCompanion};
use crate::secret::Secret;
use crate::time::UnixSeconds;
use crate::vault::{
    Credential, Damaged, Findings, KdfParams, LastWay, NewPlatformSlot, PlatformKey,
    PlatformKeyError, PlatformSlot, RecordId, RecoveryCode, Rotated, SlotInfo, SlotKind, Snapshot,
    VaultError,
};

/// How a vault stands: what `vault status` shows.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VaultStatus {
    /// The file's format.
    pub format: u32,
    /// The number of its last change.
    pub generation: u64,
    /// When that was, by the clock of whoever made it.
    pub last_change_at: UnixSeconds,
    /// How often its key was renewed, from 1.
    pub epoch: u32,
    /// The vault's file in bytes, its log not counted.
    pub bytes: u64,
    /// Accounts that can be read, those in the trash apart.
    pub account_count: u32,
    /// Accounts in the trash.
    pub trashed_count: u32,
    /// All records of the list, tags and the slots' own included.
    pub record_count: u32,
    /// The ways to unlock.
    pub slots: Vec<SlotInfo>,
    /// Snapshots beside the vault, the newest first.
    pub snapshots: Vec<Snapshot>,
    /// What was set aside because it was damaged.
    pub damaged_copies: Vec<PathBuf>,
    /// Whether copies that open with old secrets, or hold what was deleted, are still there.
    pub cleanup_due: bool,
    /// Whether nothing can be written here.
    pub is_read_only: bool,
    /// What the check against the sealed list found.
    pub findings: Findings,
}

impl LockedCompanion {
    /// Whether a key of the platform can open the vault.
    ///
    /// # Errors
    ///
    /// [`VaultError::DamagedData`], [`VaultError::Io`].
    pub fn has_platform_key(&self) -> Result<bool, VaultError> {
        Ok(!self.vault.platform_slots()?.is_empty())
    }

    /// The slots that a key of the platform opens, for a shell whose key does not answer at once: each is tried with
    /// [`Credential::Platform`].
    ///
    /// # Errors
    ///
    /// [`VaultError::DamagedData`], [`VaultError::Io`].
    pub fn platform_slots(&self) -> Result<Vec<PlatformSlot>, VaultError> {
        self.vault.platform_slots()
    }

    /// The platform said that this slot's key is gone for good: the slot is retired once the vault is unlocked in any way.
    pub fn key_is_gone(&mut self, slot: RecordId) {
        if !self.invalidated.contains(&slot) {
            self.invalidated.push(slot);
        }
    }

    /// Unlocks with a key of the platform. The first slot that it unwraps opens the vault; slots whose key is gone for
    /// good are passed over, and retired once the vault is unlocked in any way. The key is called outside of every
    /// transaction and may ask the person.
    ///
    /// # Errors
    ///
    /// [`VaultError::NoSuchSlot`] without such a slot; [`VaultError::PlatformKey`] with what the platform said;
    /// [`VaultError::DamagedSlot`]; those of unlocking. The companion is given back.
    pub fn unlock_with_platform_key(
        mut self,
        key: &dyn PlatformKey,
        now: UnixSeconds,
    ) -> Result<Companion, (Self, VaultError)> {
        let slots = match self.vault.platform_slots() {
            Ok(slots) => slots,
            Err(error) => return Err((self, error)),
        };
        let mut last = VaultError::NoSuchSlot;
        for slot in slots {
            let secret = match key.unwrap(&slot.context, &slot.wrapped) {
                Ok(secret) => secret,
                Err(PlatformKeyError::Invalidated) => {
                    self.key_is_gone(slot.context.slot);
                    last = PlatformKeyError::Invalidated.into();
                    continue;
                }
                // Nothing is known about the others then, and the person is not asked again for each.
                Err(error) => return Err((self, error.into())),
            };
            let credential = Credential::Platform {
                slot: slot.context.slot,
                secret: &secret,
            };
            match self.unlock(&credential, now) {
                Ok(companion) => return Ok(companion),
                Err((locked, error)) => (self, last) = (locked, error),
            }
        }
        Err((self, last))
    }
}

impl Companion {
    /// Removes the slots whose keys the platform has said are gone for good. The last way to unlock stays, whatever the
    /// platform says, and what cannot be done now is done at the next unlock.
    pub(super) fn retire(&mut self, invalidated: &[RecordId], now: UnixSeconds) {
        for slot in invalidated {
            let _ = self
                .vault
                .remove_slot(*slot, LastWay::Keep, Damaged::Refuse, now);
        }
    }

    /// How the vault stands.
    ///
    /// # Errors
    ///
    /// [`VaultError::DamagedData`], [`VaultError::Io`], [`VaultError::NoAccess`].
    pub fn status(&self) -> Result<VaultStatus, VaultError> {
        let trashed = self
            .vault
            .accounts()
            .filter(|(_, stored)| stored.trashed_at.is_some());
        let trashed = trashed.count();
        let accounts = self.vault.accounts().count() - trashed;
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let location = self.vault.location();
        Ok(VaultStatus {
            format: self.vault.format(),
            generation: self.vault.generation(),
            last_change_at: self.vault.last_change_at(),
            epoch: self.vault.epoch(),
            bytes: location.bytes()?,
            account_count: count(accounts),
            trashed_count: count(trashed),
            record_count: count(self.vault.record_count()),
            slots: self.vault.slots()?,
            snapshots: location.snapshots()?,
            damaged_copies: location.damaged_copies()?,
            cleanup_due: self.vault.is_cleanup_due(),
            is_read_only: self.vault.is_read_only(),
            findings: self.findings().clone(),
        })
    }

    /// The ways to unlock.
    ///
    /// # Errors
    ///
    /// [`VaultError::DamagedData`], [`VaultError::Io`].
    pub fn slots(&self) -> Result<Vec<SlotInfo>, VaultError> {
        self.vault.slots()
    }

    /// Adds a password to a vault that has none.
    ///
    /// # Errors
    ///
    /// Those of [`crate::vault::Vault::add_password`]: nothing was added then.
    pub fn add_password(
        &mut self,
        password: &Secret,
        kdf: KdfParams,
        now: UnixSeconds,
    ) -> Result<RecordId, VaultError> {
        self.vault.add_password(password, kdf, now)
    }

    /// Adds a recovery code, which the person has stored already, to a vault that has none.
    ///
    /// # Errors
    ///
    /// Those of [`crate::vault::Vault::add_recovery_code`]: nothing was added then.
    pub fn add_recovery_code(
        &mut self,
        code: &RecoveryCode,
        now: UnixSeconds,
    ) -> Result<RecordId, VaultError> {
        self.vault.add_recovery_code(code, now)
    }

    /// Adds a key of the platform; with [`SlotKind::Porch`] one for what works while the vault is locked.
    ///
    /// # Errors
    ///
    /// Those of [`crate::vault::Vault::add_platform_key`]: nothing was added then.
    pub fn add_platform_key(
        &mut self,
        key: &dyn PlatformKey,
        kind: SlotKind,
        now: UnixSeconds,
    ) -> Result<RecordId, VaultError> {
        self.vault.add_platform_key(key, kind, now)
    }

    /// Begins a slot for a key of the platform that does not answer at once: the shell has the secret wrapped, with nothing held.
    ///
    /// # Errors
    ///
    /// Those of [`crate::vault::Vault::begin_platform_slot`].
    pub fn begin_platform_key(&self, kind: SlotKind) -> Result<NewPlatformSlot, VaultError> {
        self.vault.begin_platform_slot(kind)
    }

    /// Adds the slot whose secret was wrapped.
    ///
    /// # Errors
    ///
    /// Those of [`crate::vault::Vault::add_platform_slot`]: nothing was added then.
    pub fn finish_platform_key(
        &mut self,
        new: NewPlatformSlot,
        wrapped: &[u8],
        now: UnixSeconds,
    ) -> Result<RecordId, VaultError> {
        self.vault.add_platform_slot(new, wrapped, now)
    }

    /// Sets another recovery code in place of the one there is, and renews the vault's key.
    ///
    /// # Errors
    ///
    /// Those of [`crate::vault::Vault::change_recovery_code`]: the old code still holds then.
    pub fn change_recovery_code(
        &mut self,
        code: &RecoveryCode,
        damaged: Damaged,
        now: UnixSeconds,
    ) -> Result<Rotated, VaultError> {
        self.vault.change_recovery_code(code, damaged, now)
    }

    /// Removes a way to unlock and renews the vault's key.
    ///
    /// # Errors
    ///
    /// Those of [`crate::vault::Vault::remove_slot`]: it still opens the vault then.
    pub fn remove_slot(
        &mut self,
        id: RecordId,
        last: LastWay,
        damaged: Damaged,
        now: UnixSeconds,
    ) -> Result<Rotated, VaultError> {
        self.vault.remove_slot(id, last, damaged, now)
    }

    /// Renews the vault's key.
    ///
    /// # Errors
    ///
    /// Those of [`crate::vault::Vault::renew_key`]: nothing was changed then.
    pub fn renew_key(&mut self, damaged: Damaged, now: UnixSeconds) -> Result<Rotated, VaultError> {
        self.vault.renew_key(damaged, now)
    }

    /// Renews the vault's key after a device was lost: every key of a platform but the one in use is dropped.
    ///
    /// # Errors
    ///
    /// Those of [`crate::vault::Vault::forget_other_devices`]: nothing was changed then.
    pub fn forget_other_devices(
        &mut self,
        last: LastWay,
        damaged: Damaged,
        now: UnixSeconds,
    ) -> Result<Rotated, VaultError> {
        self.vault.forget_other_devices(last, damaged, now)
    }

    /// Makes a snapshot when something changed since the last one, everything is readable and nobody else is making one; true when
    /// it did. Shells call it when a person's work is done.
    ///
    /// # Errors
    ///
    /// Those of [`crate::vault::Vault::snapshot`]: earlier snapshots are as they were.
    pub fn snapshot(&mut self, now: UnixSeconds) -> Result<bool, VaultError> {
        self.vault.snapshot(now)
    }
}
