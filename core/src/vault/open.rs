//! An unlocked vault.

use std::fmt;

use rusqlite::{Transaction, TransactionBehavior};

use super::accept;
use super::anchor::{Anchor, AnchorStore};
use super::error::VaultError;
use super::file::{self, OpenFile};
use super::findings::Findings;
use super::format::{RecordId, VaultId};
use super::kdf::KdfParams;
use super::keys::{SealingKeys, VaultKey};
use super::location::VaultLocation;
use super::locked::{Content, LockedVault, NewVault, create, read_anchor};
use super::record::{StoredAccount, StoredTag};
use super::rotate::{SlotPlan, rotate};
use super::slot::SlotKind;
use super::slots::SlotSecret;
use super::state::{State, load_version};
use super::write::{Change, Next, Sealer, Written, apply, begin, finish, take_over};
use crate::account::Name;
use crate::entropy::{Entropy, generate_bytes};
use crate::secret::Secret;
use crate::time::UnixSeconds;

/// What a vault has whether it is locked or not.
pub(super) struct Parts {
    pub(super) file: OpenFile,
    pub(super) vault: VaultId,
    pub(super) anchors: Box<dyn AnchorStore>,
    pub(super) entropy: Box<dyn Entropy>,
}

/// An unlocked vault: its keys, and everything it holds, checked.
pub struct Vault {
    parts: Parts,
    key: VaultKey,
    keys: SealingKeys,
    state: State,
    /// This installation's branch and last known generation, once it has one.
    anchor: Option<Anchor>,
    opened_by: SlotSecret,
}

impl fmt::Debug for Vault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Vault")
            .field("findings", &self.state.findings)
            .finish_non_exhaustive()
    }
}

impl Vault {
    /// Makes a vault where there is none and leaves it unlocked. The recovery code must be stored by the person before.
    ///
    /// # Errors
    ///
    /// [`VaultError::NoWayIn`] without password and code, [`VaultError::VaultExists`], [`VaultError::Leftovers`],
    /// [`VaultError::KdfOutOfBounds`], [`VaultError::PasswordEmpty`], [`VaultError::PasswordNotText`],
    /// [`VaultError::Entropy`], [`VaultError::DiskFull`], [`VaultError::NoAccess`], [`VaultError::ReadOnly`],
    /// [`VaultError::Busy`], [`VaultError::Io`]: no vault was made, and nothing that was there was touched.
    pub fn create(
        location: &VaultLocation,
        setup: &NewVault<'_>,
        anchors: Box<dyn AnchorStore>,
        entropy: Box<dyn Entropy>,
        now: UnixSeconds,
    ) -> Result<Self, VaultError> {
        if setup.password.is_none() && setup.recovery.is_none() {
            return Err(VaultError::NoWayIn);
        }
        create(location, setup, anchors, entropy, now)
    }

    pub(super) fn assemble(parts: Parts, content: Content, now: UnixSeconds) -> Self {
        let Content {
            key,
            keys,
            state,
            anchor,
            opened_by,
        } = content;
        let mut vault = Self {
            parts,
            key,
            keys,
            state,
            anchor,
            opened_by,
        };
        if vault.state.findings.write_error().is_none() && !vault.parts.file.is_read_only {
            // Housekeeping that the next unlock tries again: it never keeps the person out.
            let _ = file::allow_checkpoints(&vault.parts.file.db);
            let _ = vault.renew_opened_slot(now);
        }
        vault
    }

    /// Which vault this is.
    #[must_use]
    pub const fn id(&self) -> VaultId {
        self.parts.vault
    }

    /// What the last check found.
    #[must_use]
    pub const fn findings(&self) -> &Findings {
        &self.state.findings
    }

    /// All accounts, those in the trash included, in the order of their ids.
    pub fn accounts(&self) -> impl Iterator<Item = (RecordId, &StoredAccount)> {
        self.state.accounts()
    }

    /// One account.
    ///
    /// # Errors
    ///
    /// [`VaultError::NoSuchAccount`], [`VaultError::UnreadableRecord`].
    pub fn account(&self, id: RecordId) -> Result<&StoredAccount, VaultError> {
        self.state.account(id)
    }

    pub(crate) fn tags(&self) -> impl Iterator<Item = (RecordId, &StoredTag)> {
        self.state.tags()
    }

    pub(crate) fn tag(&self, id: RecordId) -> Option<&Name> {
        self.state.tag(id)
    }

    #[cfg(test)]
    pub(super) fn set_busy_timeout_ms(&self, milliseconds: u64) {
        let timeout = std::time::Duration::from_millis(milliseconds);
        self.parts.file.db.busy_timeout(timeout).unwrap();
    }

    pub(crate) fn entropy(&self) -> &dyn Entropy {
        self.parts.entropy.as_ref()
    }

    /// Makes one change in one transaction. `plan` sees the vault as it stands inside it.
    ///
    /// # Errors
    ///
    /// What `plan` returns; [`VaultError::Tampered`], [`VaultError::RolledBack`], [`VaultError::Forked`] when writing must wait for
    /// [`Self::accept`]; [`VaultError::Locked`] when the key was rotated elsewhere; [`VaultError::Busy`],
    /// [`VaultError::DiskFull`], [`VaultError::ReadOnly`], the limits. Nothing was changed then.
    pub(crate) fn change<R>(
        &mut self,
        now: UnixSeconds,
        plan: impl FnOnce(&Self, &mut Change) -> Result<R, VaultError>,
    ) -> Result<R, VaultError> {
        if self.parts.file.is_read_only {
            return Err(VaultError::ReadOnly);
        }
        let tx = begin(&self.parts.file.db)?;
        if load_version(&tx)? != Some(self.state.version) {
            // Inside the write lock nobody's anchor can be ahead of the database.
            self.anchor =
                read_anchor(self.parts.anchors.as_ref(), self.parts.vault).or(self.anchor);
            self.state = self.reload(&tx)?;
        }
        if let Some(error) = self.state.findings.write_error() {
            return Err(error);
        }
        let mut change = Change::default();
        let result = plan(self, &mut change)?;
        let sealer = self.sealer();
        let draft = apply(&tx, sealer, &self.state, &change)?;
        let next = self.next(now)?;
        let written = finish(
            &tx,
            sealer,
            draft,
            &self.state.manifest,
            &self.state.slots,
            next,
        )?;
        tx.commit()?;
        let deleted = !change.deletes.is_empty();
        self.set_anchor(&written);
        take_over(&mut self.state, change, written);
        if deleted {
            // A reader may hold it up; unlocking and closing try again.
            let _ = file::checkpoint(&self.parts.file.db);
        }
        Ok(result)
    }

    /// Takes over what another process changed; true when there was something.
    ///
    /// # Errors
    ///
    /// [`VaultError::Locked`] when the key was rotated elsewhere: drop this vault and unlock again.
    pub fn refresh(&mut self) -> Result<bool, VaultError> {
        if load_version(&self.parts.file.db)? == Some(self.state.version) {
            return Ok(false);
        }
        self.reload_now().map(|()| true)
    }

    /// Reads and checks the whole file again, SQLite's own structures included.
    ///
    /// # Errors
    ///
    /// [`VaultError::DamagedData`] when SQLite's check fails; [`VaultError::Locked`].
    pub fn check(&mut self) -> Result<&Findings, VaultError> {
        let verdict: String = self
            .parts
            .file
            .db
            .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if verdict != "ok" {
            return Err(VaultError::DamagedData);
        }
        self.reload_now()?;
        Ok(&self.state.findings)
    }

    /// Takes what is in the file as what shall be there and seals a new list: the way out of *tampered*, *rolled back*
    /// and *forked*, on the person's word. A slot that is not as it was left is removed, never taken over. Returns what was accepted.
    ///
    /// # Errors
    ///
    /// [`VaultError::Locked`], [`VaultError::Busy`], [`VaultError::DiskFull`], [`VaultError::ReadOnly`]: nothing was changed.
    pub fn accept(&mut self, now: UnixSeconds) -> Result<Findings, VaultError> {
        if self.parts.file.is_read_only {
            return Err(VaultError::ReadOnly);
        }
        self.anchor = read_anchor(self.parts.anchors.as_ref(), self.parts.vault).or(self.anchor);
        let tx = begin(&self.parts.file.db)?;
        let state = self.reload(&tx)?;
        let next = self.next_after(&state, now)?;
        let written = accept::accept(&tx, self.sealer(), &self.key, &state, &self.opened_by, next)?;
        tx.commit()?;
        self.set_anchor(&written);
        let accepted = state.findings;
        self.reload_now()?;
        let _ = file::allow_checkpoints(&self.parts.file.db);
        let _ = file::checkpoint(&self.parts.file.db);
        Ok(accepted)
    }

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
        self.reload_now()
    }

    /// Forgets every key and everything derived; the file stays open and can be unlocked again.
    #[must_use]
    pub fn lock(self) -> LockedVault {
        if !self.parts.file.is_read_only && self.state.findings.write_error().is_none() {
            let _ = file::checkpoint(&self.parts.file.db);
        }
        LockedVault::from_parts(self.parts)
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
    fn renew_opened_slot(&mut self, now: UnixSeconds) -> Result<(), VaultError> {
        let known = self
            .state
            .slot_key(self.opened_by.id)
            .ok_or(VaultError::Tampered)?;
        if known.nonce_epoch >= self.key.epoch {
            return Ok(());
        }
        let created_at = known.created_at;
        let tx = begin(&self.parts.file.db)?;
        if load_version(&tx)? != Some(self.state.version) {
            return Err(VaultError::Busy);
        }
        let sealer = self.sealer();
        let mut draft = apply(&tx, sealer, &self.state, &Change::default())?;
        let (row, record) =
            super::slots::make_slot(sealer, &self.key, &self.opened_by, created_at)?;
        super::slots::put_slot(&tx, sealer, &mut draft, &row, &record)?;
        let slots = super::slot::load_slots(&tx)?;
        let written = finish(
            &tx,
            sealer,
            draft,
            &self.state.manifest,
            &slots,
            self.next(now)?,
        )?;
        tx.commit()?;
        self.set_anchor(&written);
        let _ = file::checkpoint(&self.parts.file.db);
        self.reload_now()
    }

    fn sealer(&self) -> Sealer<'_> {
        Sealer {
            vault: self.parts.vault,
            keys: &self.keys,
            epoch: self.key.epoch,
            entropy: self.parts.entropy.as_ref(),
        }
    }

    fn next(&self, now: UnixSeconds) -> Result<Next, VaultError> {
        self.next_after(&self.state, now)
    }

    /// One generation above everything seen, on this installation's branch.
    fn next_after(&self, state: &State, now: UnixSeconds) -> Result<Next, VaultError> {
        let seen = self
            .anchor
            .map_or(0, |anchor| anchor.generation)
            .max(state.version.generation);
        let branch = match self.anchor {
            Some(anchor) => anchor.branch,
            None => generate_bytes(self.parts.entropy.as_ref())?,
        };
        let generation = seen.checked_add(1).ok_or(VaultError::DamagedData)?;
        Ok(Next {
            generation,
            branch,
            now,
        })
    }

    /// The database is written; the anchor follows, and a late one is harmless.
    fn set_anchor(&mut self, written: &Written) {
        self.anchor = Some(written.anchor);
        self.parts
            .anchors
            .write(self.parts.vault, &written.anchor.encode(self.parts.vault));
    }

    fn reload_now(&mut self) -> Result<(), VaultError> {
        // Before the database, as at every open.
        self.anchor = read_anchor(self.parts.anchors.as_ref(), self.parts.vault).or(self.anchor);
        let snapshot =
            Transaction::new_unchecked(&self.parts.file.db, TransactionBehavior::Deferred)?;
        let state = self.reload(&snapshot)?;
        drop(snapshot);
        self.state = state;
        Ok(())
    }

    fn reload(&self, db: &rusqlite::Connection) -> Result<State, VaultError> {
        if load_version(db)?.is_some_and(|version| version.epoch != self.key.epoch) {
            return Err(VaultError::Locked);
        }
        State::load(db, self.parts.vault, &self.keys, self.anchor.as_ref())
    }
}
