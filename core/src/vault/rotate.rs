//! Rotation: a new vault key for every record and every slot, in one transaction. Somebody who kept the old
//! key or an old password opens nothing that was sealed after it.

use std::collections::BTreeSet;

use rusqlite::{Connection, params};
use zeroize::Zeroizing;

use super::aside::{AsideRows, Damaged, RawRecord};
use super::error::VaultError;
use super::format::{Aad, RecordId, kind};
use super::keys::VaultKey;
use super::log::{LogEnd, mend, readable, store_plain};
use super::manifest::bucket_of;
use super::meta::{meta_digest, store_meta};
use super::record::{Settings, SlotKeyRecord};
use super::rows::{each_record, load_log, load_porch};
use super::slot::{NewSlot, SlotRow, load_slots};
use super::slots::{SlotSecret, delete_slot, key_of_kind, make_slot, put_slot};
use super::state::{ManifestState, State};
use super::verify::check_all;
use super::ways::{LastWay, WaysIn};
use super::write::{
    Covered, Draft, Next, Sealer, Written, column, finish, following, put_record, store_record,
};
use crate::time::UnixSeconds;

/// Which slots change with the key, and what becomes of what cannot be read.
pub(super) struct SlotPlan<'a> {
    /// Slots whose secrets are at hand: they get a fresh nonce, and are new when they were not there.
    at_hand: Vec<&'a SlotSecret>,
    /// Slots that are no more.
    dropped: Vec<RecordId>,
    damaged: Damaged,
    ways: WaysIn,
}

impl<'a> SlotPlan<'a> {
    /// # Errors
    ///
    /// [`VaultError::LastSlot`] when the slots that are left break the rule.
    pub(super) fn new(
        state: &State,
        at_hand: Vec<&'a SlotSecret>,
        dropped: Vec<RecordId>,
        damaged: Damaged,
        last: LastWay,
    ) -> Result<Self, VaultError> {
        // A slot whose record cannot be read is set aside with it.
        let is_left = |slot: &SlotRow| {
            !dropped.contains(&slot.id)
                && (damaged == Damaged::Refuse || state.slot_key(slot.id).is_some())
        };
        let kept = state.slots.rows.iter().filter(|slot| is_left(slot));
        let kinds: Vec<u8> = kept
            .map(|slot| slot.kind)
            .chain(at_hand.iter().map(|slot| slot.kind))
            .collect();
        let is_managed = last == LastWay::ManagedDevice
            || state
                .settings()
                .is_some_and(|(_, settings)| settings.managed_since.is_some());
        Ok(Self {
            ways: WaysIn::check(kinds.into_iter(), is_managed)?,
            at_hand,
            dropped,
            damaged,
        })
    }
}

/// Seals everything anew under `key`. Commits nothing: what is to be set aside must be on the disk before that.
///
/// # Errors
///
/// [`VaultError::Tampered`] when anything is not as the list says; [`VaultError::UnreadableInTheWay`] when something cannot
/// be opened to be sealed anew and may not be set aside.
pub(super) fn rotate(
    tx: &Connection,
    old: Sealer<'_>,
    new: Sealer<'_>,
    key: &VaultKey,
    state: &State,
    plan: &SlotPlan<'_>,
    next: Next,
) -> Result<(Written, AsideRows), VaultError> {
    check_all(tx, state)?;
    let mut draft = Draft {
        entries: state.entries.clone(),
        stamps: state.stamps.clone(),
        touched: state.stamps.keys().copied().collect::<BTreeSet<u8>>(),
        sealed: 0,
    };
    let mut aside = AsideRows::default();
    for id in &plan.dropped {
        delete_slot(tx, &mut draft, *id)?;
    }
    reseal_records(tx, (old, new), plan, &mut draft, &mut aside)?;
    draft.sealed += reseal_log(tx, old, new, &mut aside)?;
    draft.sealed += reseal_porch(tx, old, new)?;
    reseal_slots(
        tx,
        new,
        key,
        (state, plan),
        next.now,
        &mut draft,
        &mut aside,
    )?;
    if aside.len() > 0 && plan.damaged == Damaged::Refuse {
        let count = u32::try_from(aside.len()).unwrap_or(u32::MAX);
        return Err(VaultError::UnreadableInTheWay { count });
    }
    take_away(tx, &mut draft, &aside)?;
    let mut end = LogEnd::of(&state.manifest);
    if !aside.log.is_empty() {
        end = mend(tx, new, readable(tx, new)?, end.count, next.now)?;
        draft.sealed += end.sealed;
    }
    if plan.ways.needs_managed {
        note_managed(tx, new, state, next.now, &mut draft)?;
    }
    store_meta(tx, new.realm, key.epoch)?;
    let slots = load_slots(tx)?.rows;
    let covered = Covered {
        slots: &slots,
        meta: meta_digest(tx)?,
    };
    // Snapshots and copies from before open with the old secrets: whoever keeps such makes new ones and deletes them.
    let carried = ManifestState {
        cleanup_due: true,
        // The new keys have sealed nothing before this.
        sealings: 0,
        log_head: end.head.0,
        log_count: end.count,
        ..state.manifest.duplicate()
    };
    Ok((finish(tx, new, draft, &carried, covered, next)?, aside))
}

/// Deletes what is set aside from the vault.
fn take_away(tx: &Connection, draft: &mut Draft, aside: &AsideRows) -> Result<(), VaultError> {
    for row in &aside.records {
        tx.prepare_cached("DELETE FROM record WHERE id = ?1")?
            .execute([row.id.bytes()])?;
        draft.entries.remove(&row.id);
        draft.touched.insert(bucket_of(row.id));
    }
    for row in &aside.slots {
        delete_slot(tx, draft, row.id)?;
    }
    for row in &aside.log {
        tx.prepare_cached("DELETE FROM log WHERE seq = ?1")?
            .execute([column(row.seq)?])?;
    }
    Ok(())
}

/// Notes in the settings that keys of the platform alone open the vault.
fn note_managed(
    tx: &Connection,
    new: Sealer<'_>,
    state: &State,
    now: UnixSeconds,
    draft: &mut Draft,
) -> Result<(), VaultError> {
    let (id, mut settings) = match state.settings() {
        Some((id, settings)) => (id, settings.duplicate()),
        None => (RecordId::generate(new.entropy)?, Settings::default()),
    };
    settings.managed_since = settings.managed_since.or(Some(now));
    let rev = following(draft.entries.get(&id).map_or(0, |entry| entry.rev));
    put_record(tx, new, draft, (id, kind::SETTINGS, rev), settings.encode())
}

/// Every record but the slots' own, which are made anew with the slots.
fn reseal_records(
    tx: &Connection,
    (old, new): (Sealer<'_>, Sealer<'_>),
    plan: &SlotPlan<'_>,
    draft: &mut Draft,
    aside: &mut AsideRows,
) -> Result<(), VaultError> {
    let mut resealed = vec![];
    each_record(tx, |row| {
        let entry = row.entry;
        let is_at_hand = || plan.at_hand.iter().any(|slot| slot.id == row.id);
        if entry.kind == kind::SLOT_KEY && is_at_hand() {
            return Ok(());
        }
        let aad = Aad::record(old.realm, row.id, entry.kind, entry.rev, entry.epoch);
        let mut body = Zeroizing::new(row.body.to_vec());
        let Some(plain) = old.keys.records.open(row.nonce, aad.bytes(), &mut body) else {
            aside.records.push(RawRecord {
                id: row.id,
                kind: entry.kind,
                rev: entry.rev,
                epoch: entry.epoch,
                nonce: row.nonce.to_vec(),
                body: row.body.to_vec(),
            });
            return Ok(());
        };
        if entry.kind == kind::SLOT_KEY {
            return Ok(());
        }
        let plain = Zeroizing::new(plain.to_vec());
        let aad = Aad::record(new.realm, row.id, entry.kind, entry.rev, new.epoch);
        resealed.push((
            row.id,
            entry,
            new.keys.records.seal(&aad, plain, new.entropy)?,
        ));
        Ok(())
    })?;
    for (id, mut entry, sealed) in resealed {
        store_record(tx, id, entry.kind, entry.rev, new.epoch, &sealed)?;
        (entry.epoch, entry.tag) = (new.epoch, sealed.tag());
        draft.entries.insert(id, entry);
        draft.sealed += 1;
    }
    Ok(())
}

fn reseal_log(
    tx: &Connection,
    old: Sealer<'_>,
    new: Sealer<'_>,
    aside: &mut AsideRows,
) -> Result<u64, VaultError> {
    let mut sealed = 0;
    for row in load_log(tx)? {
        let Some(plain) = row.open(old.realm, old.keys) else {
            aside.log.push(row.into_raw());
            continue;
        };
        store_plain(tx, new, row.seq, plain)?;
        sealed += 1;
    }
    Ok(sealed)
}

/// The porch is made from the records at each unlock: a row that does not open is dropped with nothing lost.
fn reseal_porch(tx: &Connection, old: Sealer<'_>, new: Sealer<'_>) -> Result<u64, VaultError> {
    let mut count = 0;
    for row in load_porch(tx)? {
        tx.prepare_cached("DELETE FROM porch WHERE id = ?1")?
            .execute([&row.id])?;
        let Some((id, rev, plain)) = row.open(old) else {
            continue;
        };
        let aad = Aad::porch(new.realm, id, rev, new.epoch);
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
        count += 1;
    }
    Ok(count)
}

/// Seals the new key to every slot: with a fresh nonce where the secret is at hand, otherwise to the public
/// key in the sealed record, never to the one in the row.
fn reseal_slots(
    tx: &Connection,
    new: Sealer<'_>,
    key: &VaultKey,
    (state, plan): (&State, &SlotPlan<'_>),
    now: UnixSeconds,
    draft: &mut Draft,
    aside: &mut AsideRows,
) -> Result<(), VaultError> {
    for row in load_slots(tx)?.rows {
        if plan.at_hand.iter().any(|slot| slot.id == row.id) {
            continue;
        }
        // Its record is damaged: the slot is made whole again when it is next opened, or set aside with its record.
        let Some(known) = state.slot_key(row.id) else {
            aside.slots.push(row);
            continue;
        };
        let row_kind = row.kind;
        let slot = NewSlot {
            id: row.id,
            kind: row.kind,
            nonce: row.nonce,
            params: row.params,
            public: known.public,
        };
        let row = SlotRow::seal(
            new.realm,
            slot,
            &known.psk,
            &key_of_kind(row_kind, key, new.realm.vault)?,
            new.entropy,
        )?;
        let record = SlotKeyRecord {
            row_digest: row.digest,
            ..known.duplicate()
        };
        put_slot(tx, new, draft, &row, &record)?;
    }
    for slot in &plan.at_hand {
        let (row, record) = make_slot(new, key, slot, state.slot_key(slot.id), now)?;
        put_slot(tx, new, draft, &row, &record)?;
    }
    Ok(())
}
