//! The person's word that what is in the file shall be there.

use std::collections::BTreeSet;

use rusqlite::Connection;

use super::error::VaultError;
use super::findings::SlotChange;
use super::keys::VaultKey;
use super::manifest::{Entries, bucket_of};
use super::slot::load_slots;
use super::slots::{SlotSecret, delete_slot, make_slot, put_slot};
use super::state::{State, each_record, store_meta};
use super::write::{Draft, Next, Sealer, Written, finish};

/// Lists every record that is there, readable or not, removes slots that are not as they were left, and keeps
/// the one that was just used. Commits nothing.
pub(super) fn accept(
    tx: &Connection,
    sealer: Sealer<'_>,
    key: &VaultKey,
    state: &State,
    opened_by: &SlotSecret,
    next: Next,
) -> Result<Written, VaultError> {
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
    };
    let mut own_slot_is_lost = state.slot_key(opened_by.id).is_none();
    for finding in &state.findings.slots {
        own_slot_is_lost |= finding.id == opened_by.id;
        match finding.change {
            SlotChange::Missing | SlotChange::Added | SlotChange::Changed => {
                delete_slot(tx, &mut draft, finding.id)?;
            }
        }
    }
    if own_slot_is_lost {
        // Its secret is at hand: it is made anew, so that the person is not locked out.
        let (row, record) = make_slot(sealer, key, opened_by, next.now)?;
        put_slot(tx, sealer, &mut draft, &row, &record)?;
    }
    store_meta(tx, sealer.vault, key.epoch)?;
    let slots = load_slots(tx)?;
    finish(tx, sealer, draft, &state.manifest, &slots, next)
}
