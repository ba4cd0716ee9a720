//! Salvage: what can still be read of a damaged vault, put in its place on the person's word. Every row proves itself by
//! its AEAD; the sealed list, as far as it can be read, says which rows are meant.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::anchor::AnchorStore;
use super::error::VaultError;
use super::format::{RecordId, VaultId, kind};
use super::location::VaultLocation;
use super::locked::Credential;
use super::rescue::{Rescue, Workshop};
use super::restore::read_snapshot;
use super::salvage_rows::{Found, Picked};
use crate::entropy::Entropy;
use crate::time::UnixSeconds;

/// What can be recovered, before anything is written.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct SalvageReport {
    /// Accounts that can be recovered, those in the trash included.
    pub recovered: u32,
    /// Accounts that there were, by the sealed list, else by the newest snapshot; none when neither can be read.
    pub expected: Option<u32>,
    /// Accounts that the list names and that cannot be read.
    pub lost: Vec<RecordId>,
    /// Accounts that can only be read as they were before their last change.
    pub older: Vec<RecordId>,
    /// Accounts of the newest snapshot that are not among the recovered and were not deleted since.
    pub beyond: Vec<RecordId>,
    /// When that snapshot was made; none without one that opens with the same secret.
    pub snapshot_at: Option<UnixSeconds>,
}

/// Whether accounts that only the newest snapshot has are taken from it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Beyond {
    /// They are left out.
    Leave,
    /// They are taken, as they were then.
    Take,
}

/// What a salvage did.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Salvaged {
    /// Accounts in the vault now, those in the trash included.
    pub account_count: u32,
    /// Of these, accounts that came from the snapshot.
    pub from_snapshot: u32,
    /// Where the damaged files were copied to.
    pub set_aside: Option<PathBuf>,
}

/// An examined vault, held alone until it is put right or dropped. Nothing has been written yet.
pub struct Salvage<'a> {
    workshop: Workshop<'a>,
    rescue: Rescue,
    /// The newest snapshot's content, of which `report.beyond` can be taken.
    snapshot: Option<Rescue>,
    report: SalvageReport,
}

impl std::fmt::Debug for Salvage<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Salvage")
            .field("report", &self.report)
            .finish_non_exhaustive()
    }
}

impl<'a> Salvage<'a> {
    /// Reads everything that can be read of a vault, whatever has happened to its files. Nothing is written.
    ///
    /// # Errors
    ///
    /// [`VaultError::Busy`] while anybody has the vault open; [`VaultError::NoVault`] when there are neither files nor a
    /// snapshot; [`VaultError::WrongPassword`], [`VaultError::NoSuchSlot`], [`VaultError::DamagedSlot`] when no slot that
    /// can be read opens; [`VaultError::NothingRecovered`] when there is no slot at all; [`VaultError::FileTooLarge`].
    pub fn examine(
        location: &'a VaultLocation,
        credential: &Credential<'_>,
        anchors: &'a dyn AnchorStore,
        entropy: &'a dyn Entropy,
    ) -> Result<Self, VaultError> {
        let workshop = Workshop::enter(location, anchors, entropy)?;
        let found = Found::read(location)?;
        let mut picked = found.pick(credential)?;
        let snapshot = newest_snapshot(location, credential, entropy, picked.rescue.vault)?;
        let report = report(&mut picked, snapshot.as_ref());
        Ok(Self {
            workshop,
            rescue: picked.rescue,
            snapshot: snapshot.map(|(_, rescue)| rescue),
            report,
        })
    }

    /// What can be recovered.
    #[must_use]
    pub const fn report(&self) -> &SalvageReport {
        &self.report
    }

    /// Copies the damaged files to `NAME.damaged-<time>` and puts what was recovered in the vault's place, under a new key.
    /// The vault is locked afterwards.
    ///
    /// # Errors
    ///
    /// [`VaultError::NothingRecovered`] when no account could be read although there were some; those of writing. The
    /// vault's files are as they were.
    pub fn apply(mut self, beyond: Beyond, now: UnixSeconds) -> Result<Salvaged, VaultError> {
        self.take_slots();
        let mut from_snapshot = 0;
        if let (Beyond::Take, Some(snapshot)) = (beyond, self.snapshot.take()) {
            from_snapshot = self.take_from(snapshot);
        }
        let account_count = self.rescue.account_count();
        if account_count == 0 && self.report.expected != Some(0) {
            return Err(VaultError::NothingRecovered);
        }
        let set_aside = self.workshop.set_aside(now)?;
        self.workshop.put_in_place(&self.rescue, now)?;
        Ok(Salvaged {
            account_count,
            from_snapshot,
            set_aside,
        })
    }

    /// Takes the ways to unlock whose rows or records are damaged from a snapshot under the same key. None of them was removed
    /// since: removing one renews the key.
    fn take_slots(&mut self) {
        let epoch = self.rescue.epoch;
        let Some(snapshot) = self.snapshot.as_mut().filter(|one| one.epoch == epoch) else {
            return;
        };
        for slot in std::mem::take(&mut snapshot.slots) {
            let mut known = self.rescue.slots.iter();
            if slot.row.id != self.rescue.opened_by.id && known.all(|one| one.row.id != slot.row.id)
            {
                self.rescue.slots.push(slot);
            }
        }
    }

    /// Takes the accounts that are only in the snapshot, and what belongs to them; how many accounts that were.
    fn take_from(&mut self, snapshot: Rescue) -> u32 {
        let before = self.rescue.account_count();
        let there: BTreeSet<RecordId> = self.rescue.records.iter().map(|one| one.id).collect();
        let beyond: BTreeSet<RecordId> = self.report.beyond.iter().copied().collect();
        for record in snapshot.records {
            // What was in flight then has ended long since.
            let is_wanted = match record.kind {
                kind::IN_FLIGHT => false,
                kind if kind::is_account(kind) => beyond.contains(&record.id),
                _ => true,
            };
            if is_wanted && !there.contains(&record.id) {
                self.rescue.records.push(record);
            }
        }
        let mut log: BTreeMap<u64, _> = snapshot.log.into_iter().collect();
        let first = self.rescue.log.first().map_or(0, |(seq, _)| *seq);
        log.retain(|seq, _| *seq >= first || self.rescue.log_count == 0);
        log.extend(self.rescue.log.drain(..));
        self.rescue.log = log.into_iter().collect();
        self.rescue.generation = self.rescue.generation.max(snapshot.generation);
        self.rescue.epoch = self.rescue.epoch.max(snapshot.epoch);
        self.rescue.account_count() - before
    }
}

/// The newest snapshot of the vault that opens with the same secret and is whole, with its time.
fn newest_snapshot(
    location: &VaultLocation,
    credential: &Credential<'_>,
    entropy: &dyn Entropy,
    vault: VaultId,
) -> Result<Option<(UnixSeconds, Rescue)>, VaultError> {
    for snapshot in location.snapshots()? {
        if let Ok(rescue) = read_snapshot(&snapshot, credential, entropy)
            && rescue.vault == vault
        {
            return Ok(Some((snapshot.taken_at, rescue)));
        }
    }
    Ok(None)
}

fn report(picked: &mut Picked, snapshot: Option<&(UnixSeconds, Rescue)>) -> SalvageReport {
    let recovered: BTreeSet<RecordId> = picked.rescue.account_ids().collect();
    let in_snapshot = snapshot.map(|(_, rescue)| rescue.account_ids().collect::<Vec<_>>());
    let beyond = in_snapshot.iter().flatten().copied();
    let beyond = beyond.filter(|id| !recovered.contains(id) && !picked.is_deleted(*id));
    SalvageReport {
        beyond: beyond.collect(),
        recovered: picked.rescue.account_count(),
        expected: picked.expected.or_else(|| {
            in_snapshot
                .as_ref()
                .and_then(|ids| u32::try_from(ids.len()).ok())
        }),
        lost: std::mem::take(&mut picked.lost),
        older: std::mem::take(&mut picked.older),
        snapshot_at: snapshot.map(|(taken_at, _)| *taken_at),
    }
}
