//! Rotation: a new vault key for every record and every slot, in one transaction. Somebody who kept the old
//! key or an old password opens nothing that was sealed after it.

use std::collections::BTreeSet;

use rusqlite::{Connection, params};
use zeroize::Zeroizing;

use super::error::VaultError;
use super::format::{Aad, RecordId, kind};
use super::keys::VaultKey;
use super::meta::{meta_digest, store_meta};
use super::record::{SlotKeyRecord, copy_unknown};
use super::rows::{each_record, load_log, load_porch};
use super::slot::{NewSlot, SlotKind, SlotRow, load_slots};
use super::slots::{SlotSecret, delete_slot, make_slot, put_slot};
use super::state::{ManifestState, State};
use super::verify::check_all;
use super::write::{Covered, Draft, Next, Sealer, Written, column, finish, store_record};
use crate::time::UnixSeconds;

/// Which slots change with the key.
pub(super) struct SlotPlan<'a> {
    /// Slots whose secrets are at hand: they get a fresh nonce, and are new when they were not there.
    pub(super) at_hand: Vec<&'a SlotSecret>,
    /// Slots that are no more.
    pub(super) dropped: Vec<RecordId>,
}

/// Seals everything anew under `key`. Commits nothing.
///
/// # Errors
///
/// [`VaultError::Tampered`] when anything is not as the list says; [`VaultError::UnreadableInTheWay`] when a record cannot
/// be opened to be sealed anew.
pub(super) fn rotate(
    tx: &Connection,
    old: Sealer<'_>,
    new: Sealer<'_>,
    key: &VaultKey,
    state: &State,
    plan: &SlotPlan<'_>,
    next: Next,
) -> Result<Written, VaultError> {
    check_all(tx, state)?;
    let mut draft = Draft {
        entries: state.entries.clone(),
        stamps: state.stamps.clone(),
        touched: state.stamps.keys().copied().collect::<BTreeSet<u8>>(),
    };
    for id in &plan.dropped {
        delete_slot(tx, &mut draft, *id)?;
    }
    reseal_records(tx, old, new, &mut draft)?;
    reseal_log(tx, old, new)?;
    reseal_porch(tx, old, new)?;
    reseal_slots(tx, new, key, state, plan, next.now, &mut draft)?;
    store_meta(tx, new.vault, key.epoch)?;
    let slots = load_slots(tx)?.rows;
    let covered = Covered {
        slots: &slots,
        meta: meta_digest(tx)?,
    };
    // Snapshots and copies from before open with the old secrets: whoever keeps such makes new ones and deletes them.
    let carried = ManifestState {
        cleanup_due: true,
        ..state.manifest.duplicate()
    };
    finish(tx, new, draft, &carried, covered, next)
}

/// Every record but the slots' own, which are made anew with the slots.
fn reseal_records(
    tx: &Connection,
    old: Sealer<'_>,
    new: Sealer<'_>,
    draft: &mut Draft,
) -> Result<(), VaultError> {
    let mut resealed = vec![];
    let mut unreadable = 0;
    each_record(tx, |row| {
        let entry = row.entry;
        if entry.kind == kind::SLOT_KEY {
            return Ok(());
        }
        let aad = Aad::record(old.vault, row.id, entry.kind, entry.rev, entry.epoch);
        let mut body = Zeroizing::new(row.body.to_vec());
        let Some(plain) = old.keys.records.open(row.nonce, aad.bytes(), &mut body) else {
            unreadable += 1;
            return Ok(());
        };
        let plain = Zeroizing::new(plain.to_vec());
        let aad = Aad::record(new.vault, row.id, entry.kind, entry.rev, new.epoch);
        resealed.push((
            row.id,
            entry,
            new.keys.records.seal(&aad, plain, new.entropy)?,
        ));
        Ok(())
    })?;
    if unreadable > 0 {
        return Err(VaultError::UnreadableInTheWay { count: unreadable });
    }
    for (id, mut entry, sealed) in resealed {
        store_record(tx, id, entry.kind, entry.rev, new.epoch, &sealed)?;
        (entry.epoch, entry.tag) = (new.epoch, sealed.tag());
        draft.entries.insert(id, entry);
    }
    Ok(())
}

fn reseal_log(tx: &Connection, old: Sealer<'_>, new: Sealer<'_>) -> Result<(), VaultError> {
    for row in load_log(tx)? {
        let plain = row
            .open(old)
            .ok_or(VaultError::UnreadableInTheWay { count: 1 })?;
        let aad = Aad::log(new.vault, row.seq, new.epoch);
        let sealed = new.keys.log.seal(&aad, plain, new.entropy)?;
        tx.prepare_cached("UPDATE log SET epoch = ?2, nonce = ?3, body = ?4 WHERE seq = ?1")?
            .execute(params![
                column(row.seq)?,
                new.epoch,
                sealed.nonce,
                sealed.body
            ])?;
    }
    Ok(())
}

/// The porch is made from the records at each unlock: a row that does not open is dropped with nothing lost.
fn reseal_porch(tx: &Connection, old: Sealer<'_>, new: Sealer<'_>) -> Result<(), VaultError> {
    for row in load_porch(tx)? {
        tx.prepare_cached("DELETE FROM porch WHERE id = ?1")?
            .execute([&row.id])?;
        let Some((id, rev, plain)) = row.open(old) else {
            continue;
        };
        let aad = Aad::porch(new.vault, id, rev, new.epoch);
        let sealed = new.keys.porch.seal(&aad, plain, new.entropy)?;
        tx.prepare_cached(
            "INSERT INTO porch(id, rev, epoch, nonce, body) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            id.bytes(),
            column(rev)?,
            new.epoch,
            sealed.nonce,
            sealed.body
        ])?;
    }
    Ok(())
}

/// Seals the new key to every slot: with a fresh nonce where the secret is at hand, otherwise to the public
/// key in the sealed record, never to the one in the row.
fn reseal_slots(
    tx: &Connection,
    new: Sealer<'_>,
    key: &VaultKey,
    state: &State,
    plan: &SlotPlan<'_>,
    now: UnixSeconds,
    draft: &mut Draft,
) -> Result<(), VaultError> {
    let porch_key = key.porch_key(new.vault);
    for row in load_slots(tx)?.rows {
        let row_kind = SlotKind::from_number(row.kind);
        if plan.at_hand.iter().any(|slot| slot.id == row.id) {
            continue;
        }
        // Its record is damaged: the slot is made whole again when it is next opened.
        let known = state
            .slot_key(row.id)
            .ok_or(VaultError::UnreadableInTheWay { count: 1 })?;
        let slot = NewSlot {
            id: row.id,
            kind: row.kind,
            nonce: row.nonce,
            params: row.params,
            public: known.public,
        };
        let sealed_key = match row_kind {
            Some(SlotKind::Porch) => &porch_key,
            Some(_) => key,
            // A kind that this version does not know: what it is to be given is not known either.
            None => return Err(VaultError::DamagedSlot),
        };
        let row = SlotRow::seal(new.vault, slot, &known.psk, sealed_key, new.entropy)?;
        let record = SlotKeyRecord {
            psk: known.psk.clone(),
            public: known.public,
            row_digest: row.digest,
            created_at: known.created_at,
            nonce_epoch: known.nonce_epoch,
            unknown: copy_unknown(&known.unknown),
        };
        put_slot(tx, new, draft, &row, &record)?;
    }
    for slot in &plan.at_hand {
        let (row, record) = make_slot(new, key, slot, state.slot_key(slot.id), now)?;
        put_slot(tx, new, draft, &row, &record)?;
    }
    Ok(())
}
