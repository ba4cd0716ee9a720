//! A new key for an open vault, and what goes with it: a new password, a new recovery code, a slot that is no more.

use std::path::PathBuf;

use super::anchor::Flush;
use super::aside::Damaged;
use super::derived::NewPassword;
use super::error::VaultError;
use super::file;
use super::format::RecordId;
use super::kdf::KdfParams;
use super::keys::VaultKey;
use super::open::Vault;
use super::recovery::RecoveryCode;
use super::rotate::{SlotPlan, rotate};
use super::slot::SlotKind;
use super::slots::SlotSecret;
use super::state::load_version;
use super::ways::LastWay;
use super::write::{Sealer, begin};
use crate::secret::Secret;
use crate::time::UnixSeconds;

/// What a renewed key left behind.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Rotated {
    /// How many rows could not be read and were set aside.
    pub set_aside: u32,
    /// The file that has them.
    pub file: Option<PathBuf>,
}

impl Vault {
    /// Sets the password, in place of an earlier one, and renews the vault's key: an old password opens no copy of what
    /// is written from now on.
    ///
    /// # Errors
    ///
    /// [`VaultError::UnreadableInTheWay`], [`VaultError::PasswordEmpty`], [`VaultError::PasswordNotText`],
    /// [`VaultError::KdfOutOfBounds`], and those of a change. The old password still holds then, but for
    /// [`VaultError::Io`]: where the disk failed in the middle of the commit exactly one of both opens the vault.
    pub fn change_password(
        &mut self,
        new_password: &Secret,
        kdf: KdfParams,
        damaged: Damaged,
        now: UnixSeconds,
    ) -> Result<Rotated, VaultError> {
        self.begin_change_password()?;
        let password = NewPassword::derive(new_password, kdf, self.entropy())?;
        self.set_password(password, damaged, now)
    }

    /// Sets the recovery code, in place of an earlier one, and renews the vault's key. The person has stored it already.
    ///
    /// # Errors
    ///
    /// [`VaultError::UnreadableInTheWay`] and those of a change. The old code still holds then.
    pub fn change_recovery_code(
        &mut self,
        code: &RecoveryCode,
        damaged: Damaged,
        now: UnixSeconds,
    ) -> Result<Rotated, VaultError> {
        self.check_writable()?;
        let recovery = SlotSecret::for_recovery(code, self.entropy())?;
        self.replace_way(recovery, damaged, now)
    }

    /// Removes a way to unlock and renews the vault's key, so that it opens no copy of what is written from now on.
    ///
    /// # Errors
    ///
    /// [`VaultError::NoSuchSlot`], [`VaultError::LastSlot`], [`VaultError::UnreadableInTheWay`], and those of a change.
    pub fn remove_slot(
        &mut self,
        id: RecordId,
        last: LastWay,
        damaged: Damaged,
        now: UnixSeconds,
    ) -> Result<Rotated, VaultError> {
        self.check_writable()?;
        self.refresh()?;
        if !self.state.slots.rows.iter().any(|slot| slot.id == id) {
            return Err(VaultError::NoSuchSlot);
        }
        self.rotate_without(&[id], last, damaged, now)
    }

    /// Renews the vault's key and drops every key of a platform but the one in use: what a lost or stolen device has
    /// opens nothing that is written from now on.
    ///
    /// # Errors
    ///
    /// [`VaultError::LastSlot`], [`VaultError::UnreadableInTheWay`], and those of a change.
    pub fn forget_other_devices(
        &mut self,
        last: LastWay,
        damaged: Damaged,
        now: UnixSeconds,
    ) -> Result<Rotated, VaultError> {
        self.check_writable()?;
        self.refresh()?;
        let in_use = self.opened_by.as_ref().map(|slot| slot.id);
        let is_device = |kind: u8| {
            matches!(
                SlotKind::from_number(kind),
                Some(SlotKind::Platform | SlotKind::Porch)
            )
        };
        let rows = self.state.slots.rows.iter();
        let others: Vec<RecordId> = rows
            .filter(|slot| is_device(slot.kind) && Some(slot.id) != in_use)
            .map(|slot| slot.id)
            .collect();
        self.rotate_without(&others, last, damaged, now)
    }

    /// Renews the vault's key: nothing that was copied before helps to open what is written from now on.
    ///
    /// # Errors
    ///
    /// [`VaultError::UnreadableInTheWay`] and those of a change.
    pub fn renew_key(&mut self, damaged: Damaged, now: UnixSeconds) -> Result<Rotated, VaultError> {
        self.check_writable()?;
        self.refresh()?;
        self.rotate_without(&[], LastWay::Keep, damaged, now)
    }

    /// A slot of the same kind takes the place of the one there is.
    pub(super) fn replace_way(
        &mut self,
        new: SlotSecret,
        damaged: Damaged,
        now: UnixSeconds,
    ) -> Result<Rotated, VaultError> {
        self.refresh()?;
        let rows = self.state.slots.rows.iter();
        let dropped: Vec<RecordId> = rows
            .filter(|slot| slot.kind == new.kind)
            .map(|slot| slot.id)
            .collect();
        let mut opened_by = self.opened_by.take();
        if opened_by.as_ref().is_none_or(|slot| slot.kind == new.kind) {
            // Where it fails the vault is still the one that the old secret opened.
            let done = self.rotate(vec![&new], dropped, (LastWay::Keep, damaged), now);
            self.opened_by = if done.is_ok() { Some(new) } else { opened_by };
            return done;
        }
        let at_hand = opened_by.iter().chain([&new]).collect();
        let done = self.rotate(at_hand, dropped, (LastWay::Keep, damaged), now);
        self.opened_by = opened_by.take();
        done
    }

    fn rotate_without(
        &mut self,
        dropped: &[RecordId],
        last: LastWay,
        damaged: Damaged,
        now: UnixSeconds,
    ) -> Result<Rotated, VaultError> {
        let opened_by = self.opened_by.take();
        let is_kept = |slot: &&SlotSecret| !dropped.contains(&slot.id);
        let at_hand = opened_by.iter().filter(is_kept).collect();
        let done = self.rotate(at_hand, dropped.to_vec(), (last, damaged), now);
        let is_dropped = opened_by
            .as_ref()
            .is_some_and(|slot| dropped.contains(&slot.id));
        self.opened_by = opened_by.filter(|_| done.is_err() || !is_dropped);
        done
    }

    fn rotate(
        &mut self,
        at_hand: Vec<&SlotSecret>,
        dropped: Vec<RecordId>,
        (last, damaged): (LastWay, Damaged),
        now: UnixSeconds,
    ) -> Result<Rotated, VaultError> {
        let epoch = self
            .key
            .epoch
            .checked_add(1)
            .ok_or(VaultError::DamagedData)?;
        let key = VaultKey::generate(self.entropy(), epoch)?;
        let keys = key.sealing_keys(self.parts.realm.vault);
        let tx = begin(&self.parts.file.db)?;
        if load_version(&tx)? != Some(self.state.version) {
            return Err(VaultError::Busy);
        }
        if let Some(error) = self.state.findings.write_error() {
            return Err(error);
        }
        let new = Sealer {
            keys: &keys,
            epoch,
            ..self.sealer()
        };
        let plan = SlotPlan::new(&self.state, at_hand, dropped, damaged, last)?;
        let next = self.next(now)?;
        let (written, aside) = rotate(&tx, self.sealer(), new, &key, &self.state, &plan, next)?;
        // On the disk before it is gone from the vault; a kill in between leaves it in both.
        let file = match aside.len() {
            0 => None,
            _ => Some(aside.write(&self.parts.location, now)?),
        };
        tx.commit()?;
        self.set_anchor(&written, Flush::Late);
        (self.key, self.keys) = (key, keys);
        let _ = file::checkpoint(&self.parts.file.db);
        // It is committed: what cannot be read again now is read before the next change.
        let _ = self.reload_now();
        // What opens with the old secrets goes; what cannot go now goes at a later unlock.
        let _ = self.clean_up(now);
        Ok(Rotated {
            set_aside: u32::try_from(aside.len()).unwrap_or(u32::MAX),
            file,
        })
    }
}
