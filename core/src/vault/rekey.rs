//! New keys for an open vault: a new password, and fresh nonces for slots.

use super::error::VaultError;
use super::file;
use super::kdf::KdfParams;
use super::keys::{SealingKeys, VaultKey};
use super::open::Vault;
use super::rotate::{SlotPlan, rotate};
use super::slot::{SlotKind, load_slots};
use super::slots::{SlotSecret, make_slot, put_slot};
use super::state::load_version;
use super::verify::check_all;
use super::write::{Change, Covered, Sealer, Written, apply, begin, finish};
use crate::secret::Secret;
use crate::time::UnixSeconds;

impl Vault {
    /// Replaces the password and rotates the vault key, so that the old password opens no copy of what is written from now on.
    ///
    /// # Errors
    ///
    /// [`VaultError::UnreadableInTheWay`], [`VaultError::PasswordEmpty`], [`VaultError::PasswordNotText`],
    /// [`VaultError::KdfOutOfBounds`], and those of a change. The old password still holds then.
    pub fn change_password(
        &mut self,
        new_password: &Secret,
        kdf: KdfParams,
        now: UnixSeconds,
    ) -> Result<(), VaultError> {
        if self.parts.file.is_read_only {
            return Err(VaultError::ReadOnly);
        }
        let password = SlotSecret::for_password(new_password, kdf, self.entropy())?;
        let number = SlotKind::Password.number();
        self.refresh()?;
        let dropped = self
            .state
            .slots
            .rows
            .iter()
            .filter(|slot| slot.kind == number)
            .map(|slot| slot.id)
            .collect();
        let mut at_hand = vec![&password];
        if self.opened_by.kind != number {
            at_hand.push(&self.opened_by);
        }
        let (key, keys, written) = self.rotate(&SlotPlan { at_hand, dropped }, now)?;
        self.set_anchor(&written);
        (self.key, self.keys) = (key, keys);
        if self.opened_by.kind == number {
            self.opened_by = password;
        }
        let _ = file::checkpoint(&self.parts.file.db);
        // It is committed: what cannot be read again now is read before the next change.
        let _ = self.reload_now();
        Ok(())
    }

    fn rotate(
        &self,
        plan: &SlotPlan<'_>,
        now: UnixSeconds,
    ) -> Result<(VaultKey, SealingKeys, Written), VaultError> {
        let epoch = self
            .key
            .epoch
            .checked_add(1)
            .ok_or(VaultError::DamagedData)?;
        let key = VaultKey::generate(self.entropy(), epoch)?;
        let keys = key.sealing_keys(self.parts.vault);
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
        let written = rotate(
            &tx,
            self.sealer(),
            new,
            &key,
            &self.state,
            plan,
            self.next(now)?,
        )?;
        tx.commit()?;
        Ok((key, keys, written))
    }

    /// A slot whose nonce is older than the epoch gets a fresh one now that its secret is at hand.
    pub(super) fn renew_opened_slot(&mut self, now: UnixSeconds) -> Result<(), VaultError> {
        // Where its record is damaged, the slot has just proved itself, so the record is made anew.
        let known = self.state.slot_key(self.opened_by.id);
        if known.is_some_and(|known| known.nonce_epoch >= self.key.epoch) {
            return Ok(());
        }
        let tx = begin(&self.parts.file.db)?;
        if load_version(&tx)? != Some(self.state.version) {
            return Err(VaultError::Busy);
        }
        check_all(&tx, &self.state)?;
        let sealer = self.sealer();
        let mut draft = apply(&tx, sealer, &self.state, &Change::default())?;
        let (row, record) = make_slot(sealer, &self.key, &self.opened_by, known, now)?;
        put_slot(&tx, sealer, &mut draft, &row, &record)?;
        let slots = load_slots(&tx)?.rows;
        let covered = Covered {
            slots: &slots,
            meta: self.state.meta,
        };
        let written = finish(
            &tx,
            sealer,
            draft,
            &self.state.manifest,
            covered,
            self.next(now)?,
        )?;
        tx.commit()?;
        self.set_anchor(&written);
        let _ = file::checkpoint(&self.parts.file.db);
        // It is committed: what cannot be read again now is read before the next change.
        let _ = self.reload_now();
        Ok(())
    }
}
