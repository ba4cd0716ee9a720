//! What is done with an unlocked vault's file: one change in one transaction, and reading it all again.

use rusqlite::{Transaction, TransactionBehavior};

use super::accept;
use super::anchor::{Anchor, Flush};
use super::anchoring::{Following, judged, read_anchor, store_anchor};
use super::error::VaultError;
use super::file;
use super::findings::Findings;
use super::format::RecordId;
use super::log::LogEnd;
use super::open::{FormatState, Vault};
use super::record::WorkKind;
use super::state::{State, load_version};
use super::write::{
    Change, Covered, Next, Written, append, apply, begin, finish, take_over, write_porch,
};
use crate::time::UnixSeconds;

/// Whether a change that changes nothing is written.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Writes {
    Always,
    WhenChanged,
}

impl Vault {
    /// Makes one change in one transaction. `plan` sees the vault as it stands inside it.
    ///
    /// # Errors
    ///
    /// What `plan` returns; [`VaultError::Tampered`], [`VaultError::RolledBack`], [`VaultError::Forked`] when writing must wait for
    /// [`Self::accept`]; [`VaultError::Locked`] when the key was rotated elsewhere; [`VaultError::Busy`],
    /// [`VaultError::DiskFull`], [`VaultError::ReadOnly`], the limits. Nothing was changed then.
    pub fn change<R>(
        &mut self,
        now: UnixSeconds,
        plan: impl FnOnce(&Self, &mut Change) -> Result<R, VaultError>,
    ) -> Result<R, VaultError> {
        self.changed(now, Writes::Always, plan)
    }

    /// The same, for a plan with errors of its own; where it changes nothing, nothing is written.
    ///
    /// # Errors
    ///
    /// Those of [`Self::change`], and what `plan` returns.
    pub(crate) fn change_if_any<R, E: From<VaultError>>(
        &mut self,
        now: UnixSeconds,
        plan: impl FnOnce(&Self, &mut Change) -> Result<R, E>,
    ) -> Result<R, E> {
        self.changed(now, Writes::WhenChanged, plan)
    }

    fn changed<R, E: From<VaultError>>(
        &mut self,
        now: UnixSeconds,
        writes: Writes,
        plan: impl FnOnce(&Self, &mut Change) -> Result<R, E>,
    ) -> Result<R, E> {
        self.check_writable()?;
        let tx = begin(&self.parts.file.db)?;
        if load_version(&tx)? != Some(self.state.version) {
            // Inside the write lock nobody's anchor can be ahead of the database.
            self.anchor = self.current_anchor();
            self.state = self.reload(&tx, self.anchor.as_ref())?;
        }
        if let Some(error) = self.state.findings.write_error() {
            return Err(error.into());
        }
        let mut change = Change::default();
        let result = plan(self, &mut change)?;
        if writes == Writes::WhenChanged && change.is_empty() {
            return Ok(result);
        }
        let sealer = self.sealer();
        let mut draft = apply(&tx, sealer, &self.state, &change)?;
        let mut carried = self.state.manifest.duplicate();
        if change.renews_porch {
            let taken = self.taken(now)?;
            carried.porch = taken.mark;
            // What happened while the vault was locked comes first.
            change.appends.splice(..0, taken.links);
        }
        let end = LogEnd::of(&self.state.manifest);
        let end = append(&tx, sealer, end, &change.appends, now)?;
        (carried.log_head, carried.log_count) = (end.head.0, end.count);
        draft.sealed += end.sealed;
        draft.sealed += write_porch(&tx, sealer, &self.state, &change, carried.porch, now)?;
        let next = self.next(now)?;
        let covered = Covered {
            slots: &self.state.slots.rows,
            meta: self.state.meta,
        };
        let deletes_account = change.deletes.iter().any(|id| self.state.is_account(*id));
        carried.cleanup_due |= deletes_account;
        let written = finish(&tx, sealer, draft, &carried, covered, next)?;
        tx.commit().map_err(VaultError::from)?;
        // What was in flight is no more worth than the version before a change, which stays in the log too.
        let is_flight = |id: &RecordId| {
            let work = self.state.work_record(*id);
            work.is_ok_and(|work| work.kind == WorkKind::InFlight)
        };
        let deleted = !change.deletes.iter().all(is_flight);
        self.set_anchor(&written, Flush::Late);
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
        let walked = self.walk_history(|_, _| Ok(()))?;
        self.state.findings.history = walked.err();
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
        let follows = state.findings.lineage.is_none();
        self.set_anchor(&written, if follows { Flush::Late } else { Flush::Now });
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
    pub(super) fn set_anchor(&mut self, written: &Written, flush: Flush) {
        let anchors = self.parts.anchors.as_ref();
        self.anchor = store_anchor(anchors, self.parts.realm.vault, written, flush);
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
