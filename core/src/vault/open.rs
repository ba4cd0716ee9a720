//! An unlocked vault.

use std::fmt;

use rusqlite::{Transaction, TransactionBehavior};

use super::accept;
use super::anchor::{Anchor, AnchorStore};
use super::anchoring::{Following, judged, read_anchor, store_anchor};
use super::aside::Damaged;
use super::create::{NewVault, create};
use super::error::VaultError;
use super::file::{self, OpenFile};
use super::findings::Findings;
use super::format::{Realm, RecordId, VaultId};
use super::keys::{SealingKeys, VaultKey};
use super::location::VaultLocation;
use super::locked::LockedVault;
use super::record::{StoredAccount, StoredTag};
use super::slots::SlotSecret;
use super::state::{ManifestState, State, load_version};
use super::unlock::Content;
use super::write::{
    Change, Covered, Next, SEALINGS_TIRED, Sealer, Written, apply, begin, finish, take_over,
};
use crate::account::Name;
use crate::entropy::Entropy;
use crate::time::UnixSeconds;

/// What a vault has whether it is locked or not.
pub(super) struct Parts {
    pub(super) file: OpenFile,
    pub(super) realm: Realm,
    pub(super) location: VaultLocation,
    pub(super) anchors: Box<dyn AnchorStore>,
    pub(super) entropy: Box<dyn Entropy>,
}

/// An unlocked vault: its keys, and everything it holds, checked.
pub struct Vault {
    pub(super) parts: Parts,
    pub(super) key: VaultKey,
    pub(super) keys: SealingKeys,
    pub(super) state: State,
    /// This installation's branch and last known generation, once it has one.
    anchor: Option<Anchor>,
    /// What opened the vault; none once that way was removed.
    pub(super) opened_by: Option<SlotSecret>,
    /// How the vault stands to the present format.
    format: FormatState,
}

/// How an open vault stands to the present format.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum FormatState {
    /// It has it.
    Present,
    /// It was migrated now: the copy from before stays until a later unlock.
    Migrated,
    /// It has an earlier one, for this reason: it can be read, and accepted, but not written.
    Earlier(VaultError),
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
            opened_by: Some(opened_by),
            format: FormatState::Present,
        };
        if vault.state.findings.write_error().is_none() && !vault.parts.file.is_read_only {
            // Housekeeping that the next unlock tries again: it never keeps the person out.
            let _ = file::allow_checkpoints(&vault.parts.file.db);
            let _ = file::checkpoint_at_once(&vault.parts.file.db);
            let _ = vault.renew_opened_slot(now);
            let _ = vault.clean_up(now);
            if vault.state.manifest.sealings >= SEALINGS_TIRED {
                let _ = vault.renew_key(Damaged::Refuse, now);
            }
        }
        vault
    }

    /// A vault of an earlier format, migrated now or not.
    pub(super) fn of_earlier_format(
        parts: Parts,
        content: Content,
        unmigrated: Option<VaultError>,
    ) -> Self {
        Self {
            parts,
            key: content.key,
            keys: content.keys,
            state: content.state,
            anchor: content.anchor,
            opened_by: Some(content.opened_by),
            format: unmigrated.map_or(FormatState::Migrated, FormatState::Earlier),
        }
    }

    /// Why the vault still has an earlier format, in which it can be read and not written; none when it has the present one.
    #[must_use]
    pub const fn unmigrated(&self) -> Option<VaultError> {
        match self.format {
            FormatState::Earlier(error) => Some(error),
            FormatState::Present | FormatState::Migrated => None,
        }
    }

    /// Which vault this is.
    #[must_use]
    pub const fn id(&self) -> VaultId {
        self.parts.realm.vault
    }

    /// What the last check found.
    #[must_use]
    pub const fn findings(&self) -> &Findings {
        &self.state.findings
    }

    /// Where the vault lies.
    #[must_use]
    pub const fn location(&self) -> &VaultLocation {
        &self.parts.location
    }

    /// The format of the file.
    #[must_use]
    pub const fn format(&self) -> u32 {
        self.parts.realm.format
    }

    /// The number of the last change.
    #[must_use]
    pub const fn generation(&self) -> u64 {
        self.state.version.generation
    }

    /// Which vault key it is, from 1.
    #[must_use]
    pub const fn epoch(&self) -> u32 {
        self.key.epoch
    }

    /// Records in the sealed list, of every kind.
    #[must_use]
    pub fn record_count(&self) -> usize {
        self.state.entries.len()
    }

    /// Whether copies are still to be deleted that open with old secrets or hold what was deleted.
    #[must_use]
    pub const fn is_cleanup_due(&self) -> bool {
        self.state.manifest.cleanup_due
    }

    /// Whether nothing can be written here.
    #[must_use]
    pub const fn is_read_only(&self) -> bool {
        self.parts.file.is_read_only
    }

    /// The time of the last change, by the clock of whoever made it; 0 where the list cannot be read.
    #[must_use]
    pub const fn last_change_at(&self) -> UnixSeconds {
        self.state.manifest.wall_clock
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
        self.check_writable()?;
        let tx = begin(&self.parts.file.db)?;
        if load_version(&tx)? != Some(self.state.version) {
            // Inside the write lock nobody's anchor can be ahead of the database.
            self.anchor = self.current_anchor();
            self.state = self.reload(&tx, self.anchor.as_ref())?;
        }
        if let Some(error) = self.state.findings.write_error() {
            return Err(error);
        }
        let mut change = Change::default();
        let result = plan(self, &mut change)?;
        let sealer = self.sealer();
        let draft = apply(&tx, sealer, &self.state, &change)?;
        let next = self.next(now)?;
        let covered = Covered {
            slots: &self.state.slots.rows,
            meta: self.state.meta,
        };
        let deletes_account = change
            .deletes
            .iter()
            .any(|id| self.state.account(*id).is_ok());
        let carried = ManifestState {
            cleanup_due: self.state.manifest.cleanup_due || deletes_account,
            ..self.state.manifest.duplicate()
        };
        let written = finish(&tx, sealer, draft, &carried, covered, next)?;
        tx.commit()?;
        let deleted = !change.deletes.is_empty();
        self.set_anchor(&written);
        take_over(&mut self.state, change, written);
        self.state.findings.anchor_missing = self.anchor.is_none();
        if deleted {
            // A reader may hold it up; unlocking and closing try again.
            let _ = file::checkpoint(&self.parts.file.db);
        }
        if deletes_account {
            // Snapshots still have what was deleted.
            let _ = self.clean_up(now);
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
        if !file::is_sound(&self.parts.file.db)? {
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
        self.anchor = self.current_anchor();
        let tx = begin(&self.parts.file.db)?;
        let state = State::load(&tx, self.parts.realm, &self.keys, self.anchor.as_ref())?;
        if state.version.epoch != self.key.epoch && state.contents.is_empty() {
            // Not somebody's edit of the number: the key really was rotated.
            return Err(VaultError::Locked);
        }
        let next = self.next_after(&state, now)?;
        let written = accept::accept(
            &tx,
            self.sealer(),
            &self.key,
            &state,
            self.opened_by.as_ref(),
            next,
        )?;
        tx.commit()?;
        self.set_anchor(&written);
        if let FormatState::Earlier(reason) = &mut self.format {
            // The next unlock migrates it.
            *reason = VaultError::Locked;
        }
        let accepted = state.findings;
        // It is committed: what cannot be read again now is read before the next change.
        let _ = self.reload_now();
        let _ = file::allow_checkpoints(&self.parts.file.db);
        let _ = file::checkpoint(&self.parts.file.db);
        Ok(accepted)
    }

    /// Forgets every key and everything derived; the file stays open and can be unlocked again.
    #[must_use]
    pub fn lock(self) -> LockedVault {
        if !self.parts.file.is_read_only && self.state.findings.write_error().is_none() {
            let _ = file::checkpoint(&self.parts.file.db);
        }
        LockedVault::from_parts(self.parts)
    }

    pub(super) fn check_writable(&self) -> Result<(), VaultError> {
        if self.parts.file.is_read_only {
            return Err(VaultError::ReadOnly);
        }
        self.unmigrated().map_or(Ok(()), Err)
    }

    /// Whether copies from before a migration may go: not in the session that made them.
    pub(super) fn may_drop_earlier_formats(&self) -> bool {
        self.format == FormatState::Present
    }

    pub(super) fn sealer(&self) -> Sealer<'_> {
        Sealer {
            realm: self.parts.realm,
            keys: &self.keys,
            epoch: self.key.epoch,
            entropy: self.parts.entropy.as_ref(),
        }
    }

    pub(super) fn next(&self, now: UnixSeconds) -> Result<Next, VaultError> {
        self.next_after(&self.state, now)
    }

    /// One generation above everything seen, on this installation's branch.
    fn next_after(&self, state: &State, now: UnixSeconds) -> Result<Next, VaultError> {
        let anchors = self.parts.anchors.as_ref();
        Following {
            anchors,
            vault: self.parts.realm.vault,
            entropy: self.parts.entropy.as_ref(),
            known: self.anchor,
        }
        .next(state.version.generation, now)
    }

    /// The database is written; the anchor follows, and a late one is harmless.
    pub(super) fn set_anchor(&mut self, written: &Written) {
        self.anchor = store_anchor(self.parts.anchors.as_ref(), self.parts.realm.vault, written);
    }

    pub(super) fn reload_now(&mut self) -> Result<(), VaultError> {
        let (state, anchor) = judged(
            || self.current_anchor(),
            |anchor| {
                let db = &self.parts.file.db;
                let snapshot = Transaction::new_unchecked(db, TransactionBehavior::Deferred)?;
                self.reload(&snapshot, anchor)
            },
            |state| &state.findings,
        )?;
        (self.state, self.anchor) = (state, anchor);
        Ok(())
    }

    /// What is stored now; what was last known when nothing can be read.
    fn current_anchor(&self) -> Option<Anchor> {
        read_anchor(self.parts.anchors.as_ref(), self.parts.realm.vault).or(self.anchor)
    }

    fn reload(
        &self,
        db: &rusqlite::Connection,
        anchor: Option<&Anchor>,
    ) -> Result<State, VaultError> {
        if load_version(db)?.is_some_and(|version| version.epoch != self.key.epoch) {
            return Err(VaultError::Locked);
        }
        State::load(db, self.parts.realm, &self.keys, anchor)
    }
}
