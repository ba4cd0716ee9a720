//! The person's word that what is in the file shall be there.

use std::collections::BTreeSet;

use rusqlite::Connection;

use super::chain::BadPlace;
use super::entries::Entries;
use super::error::VaultError;
use super::format::kind;
use super::keys::VaultKey;
use super::log::{LogEnd, mend, readable, walk};
use super::manifest::bucket_of;
use super::meta::{meta_digest, store_meta};
use super::rows::each_record;
use super::slot::load_slots;
use super::slots::{SlotSecret, delete_slot, make_slot, put_slot};
use super::state::{ManifestState, State};
use super::write::{Covered, Draft, Next, Sealer, Written, finish, following, put_record};
use crate::time::UnixSeconds;

/// Lists every record that is there, readable or not, removes rows that have no row's form and slots that are not as
/// they were left, and keeps the one that was just used. Commits nothing.
pub(super) fn accept(
    tx: &Connection,
    sealer: Sealer<'_>,
    key: &VaultKey,
    state: &State,
    opened_by: Option<&SlotSecret>,
    next: Next,
) -> Result<Written, VaultError> {
    for id in &state.misshapen {
        tx.execute("DELETE FROM record WHERE id = ?1", [id])?;
    }
    for id in &state.slots.misshapen {
        tx.execute("DELETE FROM slot WHERE id = ?1", [id])?;
    }
    let mut entries = Entries::new();
    each_record(tx, |row| {
        entries.insert(row.id, row.entry);
        Ok(())
    })?;
    let touched: BTreeSet<u8> = state
        .stamps
        .keys()
        .copied()
        .chain(entries.keys().map(|id| bucket_of(*id)))
        .collect();
    let mut draft = Draft {
        entries,
        stamps: state.stamps.clone(),
        touched,
        sealed: 0,
    };
    for finding in &state.findings.slots {
        delete_slot(tx, &mut draft, finding.id)?;
    }
    let is_lost = |own: &&SlotSecret| {
        let mut changed = state.findings.slots.iter().map(|finding| finding.id);
        state.slot_key(own.id).is_none() || changed.any(|id| id == own.id)
    };
    if let Some(opened_by) = opened_by.filter(is_lost) {
        // Its secret is at hand: it is made anew, so that the person is not locked out.
        let known = state.slot_key(opened_by.id);
        let (row, record) = make_slot(sealer, key, opened_by, known, next.now)?;
        put_slot(tx, sealer, &mut draft, &row, &record)?;
    }
    if state.findings.lineage.is_some() {
        doubt_counters(tx, sealer, state, &mut draft)?;
        doubt_work(tx, sealer, state, &mut draft)?;
    }
    store_meta(tx, sealer.realm, key.epoch)?;
    let slots = load_slots(tx)?.rows;
    let covered = Covered {
        slots: &slots,
        meta: meta_digest(tx)?,
    };
    let end = accept_log(tx, sealer, &state.manifest, next.now)?;
    draft.sealed += end.sealed;
    let carried = ManifestState {
        log_head: end.head.0,
        log_count: end.count,
        ..state.manifest.duplicate()
    };
    finish(tx, sealer, draft, &carried, covered, next)
}

/// An older file has older counters: the codes that they give may have been used, and the server may be ahead of them.
pub(super) fn doubt_counters(
    tx: &Connection,
    sealer: Sealer<'_>,
    state: &State,
    draft: &mut Draft,
) -> Result<(), VaultError> {
    for (id, stored) in state.accounts() {
        if stored.account.otp.kind().counter().is_none() || stored.counter_doubtful {
            continue;
        }
        let mut doubted = stored.duplicate();
        doubted.counter_doubtful = true;
        let rev = following(draft.entries.get(&id).map_or(0, |entry| entry.rev));
        put_record(
            tx,
            sealer,
            draft,
            (id, kind::ACCOUNT, rev),
            doubted.encode(),
        )?;
    }
    Ok(())
}

/// What an older file has of approvals may have been answered, left or enrolled anew since.
fn doubt_work(
    tx: &Connection,
    sealer: Sealer<'_>,
    state: &State,
    draft: &mut Draft,
) -> Result<(), VaultError> {
    for (id, stored) in state.work().filter(|(_, stored)| !stored.is_doubtful) {
        let rev = following(draft.entries.get(&id).map_or(0, |entry| entry.rev));
        let place = (id, stored.kind.number(), rev);
        put_record(tx, sealer, draft, place, stored.doubted().encode())?;
    }
    Ok(())
}

/// Keeps the entries of the history that open, and says of the others in their places that they are lost.
fn accept_log(
    tx: &Connection,
    sealer: Sealer<'_>,
    carried: &ManifestState,
    now: UnixSeconds,
) -> Result<LogEnd, VaultError> {
    let end = LogEnd::of(carried);
    if walk::<BadPlace>(tx, sealer, end, |_, _| Ok(()))?.is_ok() {
        return Ok(end);
    }
    mend(tx, sealer, readable(tx, sealer)?, end.count, now)
}
