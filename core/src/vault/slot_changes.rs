//! Ways to unlock that are added, renewed and listed, without a new key for the vault.

use zeroize::Zeroizing;

use super::anchor::Flush;
use super::derived::NewPassword;
use super::error::VaultError;
use super::file;
use super::format::RecordId;
use super::kdf::KdfParams;
use super::open::Vault;
use super::platform::{PlatformContext, PlatformKey, WRAPPED_BYTES_MAX};
use super::recovery::RecoveryCode;
use super::slot::{SlotKind, load_slots};
use super::slots::{SlotSecret, make_slot, put_slot};
use super::state::load_version;
use super::verify::check_all;
use super::ways::{self, SlotInfo, check_room};
use super::write::{Change, Covered, apply, begin, finish};
use crate::secret::Secret;
use crate::time::UnixSeconds;

/// A slot for a key of the platform, between its secret and its wrapping: the shell wraps the secret, and the vault
/// takes what came back. Dropped unfinished, nothing was made.
pub struct NewPlatformSlot {
    slot: SlotSecret,
    context: PlatformContext,
}

impl std::fmt::Debug for NewPlatformSlot {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("NewPlatformSlot([redacted])")
    }
}

impl NewPlatformSlot {
    /// What the wrapped secret is to be bound to.
    #[must_use]
    pub const fn context(&self) -> PlatformContext {
        self.context
    }

    /// The 32 bytes to wrap.
    #[must_use]
    pub fn secret(&self) -> Secret {
        Secret::copy_of(&**self.slot.secret)
    }
}

impl Vault {
    /// All ways to unlock.
    ///
    /// # Errors
    ///
    /// [`VaultError::DamagedData`], [`VaultError::Io`].
    pub fn slots(&self) -> Result<Vec<SlotInfo>, VaultError> {
        let in_use = self.opened_by.as_ref().map(|slot| slot.id);
        ways::list(&self.parts.file.db, &self.state, self.key.epoch, in_use)
    }

    /// Adds a password to a vault that has none.
    ///
    /// # Errors
    ///
    /// [`VaultError::SlotExists`], those of a password and of a change; nothing was added then.
    pub fn add_password(
        &mut self,
        password: &Secret,
        kdf: KdfParams,
        now: UnixSeconds,
    ) -> Result<RecordId, VaultError> {
        self.begin_add_password()?;
        let password = NewPassword::derive(password, kdf, self.entropy())?;
        self.put_password(password, now)
    }

    /// Adds a recovery code, which the person has stored already, to a vault that has none.
    ///
    /// # Errors
    ///
    /// [`VaultError::SlotExists`] and those of a change; nothing was added then.
    pub fn add_recovery_code(
        &mut self,
        code: &RecoveryCode,
        now: UnixSeconds,
    ) -> Result<RecordId, VaultError> {
        self.check_writable()?;
        let slot = SlotSecret::for_recovery(code, self.entropy())?;
        self.add_slot(&slot, now)
    }

    /// Begins a slot for a key of the platform that opens the vault, or with `SlotKind::Porch` one that opens what works
    /// while the vault is locked.
    ///
    /// # Errors
    ///
    /// [`VaultError::TooManySlots`], [`VaultError::SlotExists`], [`VaultError::Entropy`]; [`VaultError::NoSuchSlot`] for
    /// the kinds that no platform opens.
    pub fn begin_platform_slot(&self, kind: SlotKind) -> Result<NewPlatformSlot, VaultError> {
        if !matches!(kind, SlotKind::Platform | SlotKind::Porch) {
            return Err(VaultError::NoSuchSlot);
        }
        check_room(&self.state.slots.rows, kind)?;
        let slot = SlotSecret::for_platform(kind, self.entropy())?;
        let context = PlatformContext {
            vault: self.id(),
            slot: slot.id,
        };
        Ok(NewPlatformSlot { slot, context })
    }

    /// Adds the slot whose secret the platform has wrapped.
    ///
    /// # Errors
    ///
    /// [`VaultError::WrappedTooLong`], [`VaultError::TooManySlots`], [`VaultError::SlotExists`] and those of a change.
    pub fn add_platform_slot(
        &mut self,
        new: NewPlatformSlot,
        wrapped: &[u8],
        now: UnixSeconds,
    ) -> Result<RecordId, VaultError> {
        self.check_writable()?;
        if wrapped.is_empty() || wrapped.len() > WRAPPED_BYTES_MAX {
            return Err(VaultError::WrappedTooLong);
        }
        let mut slot = new.slot;
        slot.params = wrapped.to_vec();
        self.add_slot(&slot, now)
    }

    /// The three steps in one, for a shell whose key answers at once. The key is called outside of every transaction.
    ///
    /// # Errors
    ///
    /// [`VaultError::PlatformKey`] with nothing made, and those of [`Self::add_platform_slot`].
    pub fn add_platform_key(
        &mut self,
        key: &dyn PlatformKey,
        kind: SlotKind,
        now: UnixSeconds,
    ) -> Result<RecordId, VaultError> {
        self.check_writable()?;
        let new = self.begin_platform_slot(kind)?;
        let wrapped = Zeroizing::new(key.wrap(&new.context(), &new.secret())?);
        self.add_platform_slot(new, &wrapped, now)
    }

    /// A slot whose nonce is older than the epoch gets a fresh one now that its secret is at hand.
    pub(super) fn renew_opened_slot(&mut self, now: UnixSeconds) -> Result<(), VaultError> {
        let Some(slot) = self.opened_by.take() else {
            return Ok(());
        };
        // Where its record is damaged, the slot has just proved itself, so the record is made anew.
        let known = self.state.slot_key(slot.id);
        let is_fresh = known.is_some_and(|known| known.nonce_epoch >= self.key.epoch);
        let done = if is_fresh {
            Ok(())
        } else {
            self.put_slot_secret(&slot, now)
        };
        self.opened_by = Some(slot);
        done
    }

    pub(super) fn add_slot(
        &mut self,
        slot: &SlotSecret,
        now: UnixSeconds,
    ) -> Result<RecordId, VaultError> {
        self.refresh()?;
        let kind = SlotKind::from_number(slot.kind).ok_or(VaultError::NoSuchSlot)?;
        check_room(&self.state.slots.rows, kind)?;
        if let Some(error) = self.state.findings.write_error() {
            return Err(error);
        }
        self.put_slot_secret(slot, now)?;
        Ok(slot.id)
    }

    /// Seals the vault's key to a slot under a fresh nonce, in place of an earlier row, in one transaction.
    fn put_slot_secret(&mut self, slot: &SlotSecret, now: UnixSeconds) -> Result<(), VaultError> {
        let tx = begin(&self.parts.file.db)?;
        if load_version(&tx)? != Some(self.state.version) {
            return Err(VaultError::Busy);
        }
        check_all(&tx, &self.state)?;
        let sealer = self.sealer();
        let mut draft = apply(&tx, sealer, &self.state, &Change::default())?;
        let known = self.state.slot_key(slot.id);
        let (row, record) = make_slot(sealer, &self.key, slot, known, now)?;
        put_slot(&tx, sealer, &mut draft, &row, &record)?;
        let slots = load_slots(&tx)?.rows;
        let covered = Covered {
            slots: &slots,
            meta: self.state.meta,
        };
        let next = self.next(now)?;
        let written = finish(&tx, sealer, draft, &self.state.manifest, covered, next)?;
        tx.commit()?;
        self.set_anchor(&written, Flush::Late);
        let _ = file::checkpoint(&self.parts.file.db);
        // It is committed: what cannot be read again now is read before the next change.
        let _ = self.reload_now();
        Ok(())
    }
}
