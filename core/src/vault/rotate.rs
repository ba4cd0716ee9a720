//! Rotation: a new vault key for every record and every slot, in one transaction. Somebody who kept the old
//! key or an old password opens nothing that was sealed after it.

use std::collections::BTreeSet;

use rusqlite::{Connection, params};
use zeroize::Zeroizing;

use super::error::VaultError;
use super::format::{Aad, RecordId};
use super::keys::VaultKey;
use super::record::{SlotKeyRecord, copy_unknown};
use super::seal::Sealed;
use super::slot::{NewSlot, SlotRow, load_slots};
use super::slots::{SlotSecret, delete_slot, make_slot, put_slot};
use super::state::{State, each_record, is_slot_key, store_meta};
use super::write::{Draft, Next, Sealer, Written, column, finish, store_record};
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
/// [`VaultError::UnreadableInTheWay`] when a record cannot be opened to be sealed anew.
pub(super) fn rotate(
    tx: &Connection,
    old: Sealer<'_>,
    new: Sealer<'_>,
    key: &VaultKey,
    state: &State,
    plan: &SlotPlan<'_>,
    next: Next,
) -> Result<Written, VaultError> {
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
    let slots = load_slots(tx)?;
    finish(tx, new, draft, &state.manifest, &slots, next)
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
        if is_slot_key(entry.kind) {
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
    let rows: Vec<(i64, i64, Vec<u8>, Vec<u8>)> = tx
        .prepare("SELECT seq, epoch, nonce, body FROM log ORDER BY seq")?
        .query_map([], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })?
        .collect::<Result<_, _>>()?;
    for (seq, epoch, nonce, body) in rows {
        let n = u64::try_from(seq).map_err(|_| VaultError::DamagedData)?;
        let epoch = u32::try_from(epoch).map_err(|_| VaultError::DamagedData)?;
        let aads = (
            Aad::log(old.vault, n, epoch),
            Aad::log(new.vault, n, new.epoch),
        );
        let sealed = reopen(&old.keys.log, &new.keys.log, &aads, &nonce, body, new)?;
        tx.prepare_cached("UPDATE log SET epoch = ?2, nonce = ?3, body = ?4 WHERE seq = ?1")?
            .execute(params![seq, new.epoch, sealed.nonce, sealed.body])?;
    }
    Ok(())
}

fn reseal_porch(tx: &Connection, old: Sealer<'_>, new: Sealer<'_>) -> Result<(), VaultError> {
    type Row = (Vec<u8>, i64, i64, Vec<u8>, Vec<u8>);
    let rows: Vec<Row> = tx
        .prepare("SELECT id, rev, epoch, nonce, body FROM porch ORDER BY id")?
        .query_map([], |row| {
            Ok((
                row.get(0)?,
                row.get(1)?,
                row.get(2)?,
                row.get(3)?,
                row.get(4)?,
            ))
        })?
        .collect::<Result<_, _>>()?;
    for (id, rev, epoch, nonce, body) in rows {
        let id = RecordId::from_slice(&id).ok_or(VaultError::DamagedData)?;
        let rev = u64::try_from(rev).map_err(|_| VaultError::DamagedData)?;
        let epoch = u32::try_from(epoch).map_err(|_| VaultError::DamagedData)?;
        let aads = (
            Aad::porch(old.vault, id, rev, epoch),
            Aad::porch(new.vault, id, rev, new.epoch),
        );
        let sealed = reopen(&old.keys.porch, &new.keys.porch, &aads, &nonce, body, new)?;
        tx.prepare_cached(
            "UPDATE porch SET rev = ?2, epoch = ?3, nonce = ?4, body = ?5 WHERE id = ?1",
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

fn reopen(
    from: &super::seal::SealingKey,
    to: &super::seal::SealingKey,
    (old_aad, new_aad): &(Aad, Aad),
    nonce: &[u8],
    body: Vec<u8>,
    new: Sealer<'_>,
) -> Result<Sealed, VaultError> {
    let mut body = Zeroizing::new(body);
    let plain = from
        .open(nonce, old_aad.bytes(), &mut body)
        .ok_or(VaultError::UnreadableInTheWay { count: 1 })?;
    Ok(to.seal(new_aad, Zeroizing::new(plain.to_vec()), new.entropy)?)
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
    for row in load_slots(tx)? {
        if plan.at_hand.iter().any(|slot| slot.id == row.id) {
            continue;
        }
        let known = state.slot_key(row.id).ok_or(VaultError::Tampered)?;
        let slot = NewSlot {
            id: row.id,
            kind: row.kind,
            nonce: row.nonce,
            params: row.params,
            public: known.public,
        };
        let row = SlotRow::seal(new.vault, slot, &known.psk, key, new.entropy)?;
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
        let created_at = state
            .slot_key(slot.id)
            .map_or(now, |known| known.created_at);
        let (row, record) = make_slot(new, key, slot, created_at)?;
        put_slot(tx, new, draft, &row, &record)?;
    }
    Ok(())
}
