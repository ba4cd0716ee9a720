//! Restore: a snapshot takes the vault's place, on the person's word. What lay there is kept.

use std::path::PathBuf;

use rusqlite::Connection;
use zeroize::Zeroizing;

use super::anchor::AnchorStore;
use super::error::VaultError;
use super::file::open_copy_of_any_format;
use super::format::{Aad, Realm, RecordId, kind};
use super::location::VaultLocation;
use super::locked::Credential;
use super::meta::load_vault_id;
use super::rescue::{KnownSlot, PlainEntry, PlainRecord, Rescue, Workshop, live_version};
use super::rows::{each_record, load_log};
use super::slot::load_slots;
use super::snapshots::Snapshot;
use super::state::State;
use super::unlock::open_any;
use super::write::Sealer;
use crate::entropy::Entropy;
use crate::time::UnixSeconds;

/// What to do with a snapshot from before a change of the vault's key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OlderKey {
    /// Refuse, so that the person can be told.
    Refuse,
    /// The person was told that the vault then opens as it did, and wants that.
    Accept,
}

/// What a restore did.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Restored {
    /// Accounts in the vault now, those in the trash included.
    pub account_count: u32,
    /// When the snapshot was made.
    pub taken_at: UnixSeconds,
    /// Where what lay there before was copied to; none when there was nothing.
    pub set_aside: Option<PathBuf>,
}

/// Puts a snapshot in the vault's place, under a new key. The vault is locked afterwards.
///
/// # Errors
///
/// [`VaultError::Busy`] while anybody has the vault open; [`VaultError::DamagedSnapshot`]; [`VaultError::SnapshotOlderKey`];
/// [`VaultError::WrongPassword`] and the others of unlocking, for the snapshot's own slots; those of writing. The vault is as it was.
pub fn restore(
    location: &VaultLocation,
    snapshot: &Snapshot,
    credential: &Credential<'_>,
    older: OlderKey,
    (anchors, entropy): (&dyn AnchorStore, &dyn Entropy),
    now: UnixSeconds,
) -> Result<Restored, VaultError> {
    let workshop = Workshop::enter(location, anchors, entropy)?;
    let rescue = read_snapshot(snapshot, credential, entropy)?;
    let is_older = live_version(location).is_some_and(|live| live.epoch > rescue.epoch);
    if is_older && older == OlderKey::Refuse {
        return Err(VaultError::SnapshotOlderKey);
    }
    let set_aside = workshop.set_aside(now)?;
    workshop.put_in_place(&rescue, now)?;
    Ok(Restored {
        account_count: rescue.account_count(),
        taken_at: snapshot.taken_at,
        set_aside,
    })
}

impl Rescue {
    /// Ids of the accounts among the records.
    pub(super) fn account_ids(&self) -> impl Iterator<Item = RecordId> {
        let accounts = self
            .records
            .iter()
            .filter(|record| kind::is_account(record.kind));
        accounts.map(|record| record.id)
    }

    /// Accounts among the records.
    pub(super) fn account_count(&self) -> u32 {
        u32::try_from(self.account_ids().count()).unwrap_or(u32::MAX)
    }
}

/// Everything that a snapshot holds; it is whole or refused.
///
/// # Errors
///
/// [`VaultError::DamagedSnapshot`] and those of unlocking.
pub(super) fn read_snapshot(
    snapshot: &Snapshot,
    credential: &Credential<'_>,
    entropy: &dyn Entropy,
) -> Result<Rescue, VaultError> {
    let (db, format) = open_copy_of_any_format(&snapshot.path).map_err(as_snapshot)?;
    let realm = Realm {
        vault: load_vault_id(&db).map_err(as_snapshot)?,
        format,
    };
    let slots = load_slots(&db).map_err(as_snapshot)?;
    let (key, opened_by) = open_any(slots, realm, credential).map_err(|error| match error {
        // Another way in would open it, and find the damage.
        VaultError::DamagedSlot => VaultError::DamagedSnapshot,
        other => other,
    })?;
    let keys = key.sealing_keys(realm.vault);
    let state = State::load(&db, realm, &keys, None).map_err(as_snapshot)?;
    if !state.findings.is_whole() {
        return Err(VaultError::DamagedSnapshot);
    }
    let sealer = Sealer {
        realm,
        keys: &keys,
        epoch: key.epoch,
        entropy,
    };
    let mut slots = vec![];
    for row in state.slots.rows.iter() {
        let record = state.slot_key(row.id).ok_or(VaultError::DamagedSnapshot)?;
        slots.push(KnownSlot {
            row: row.clone(),
            record: record.duplicate(),
        });
    }
    Ok(Rescue {
        vault: realm.vault,
        records: plain_records(&db, sealer)?,
        slots,
        opened_by,
        log: plain_log(&db, sealer)?,
        log_head: state.manifest.log_head,
        log_count: state.manifest.log_count,
        porch: state.manifest.porch,
        lineage: state.manifest.lineage.clone(),
        generation: state.version.generation,
        epoch: state.version.epoch,
    })
}

/// What is wrong with a copy is said of the snapshot, but for what the machine refuses.
fn as_snapshot(error: VaultError) -> VaultError {
    match error {
        VaultError::NoVault => VaultError::NoSuchSnapshot,
        VaultError::NoAccess | VaultError::DiskFull | VaultError::VaultTooNew { .. } => error,
        _ => VaultError::DamagedSnapshot,
    }
}

fn plain_records(db: &Connection, sealer: Sealer<'_>) -> Result<Vec<PlainRecord>, VaultError> {
    let mut records = vec![];
    each_record(db, |row| {
        let entry = row.entry;
        if entry.kind == kind::SLOT_KEY {
            return Ok(());
        }
        let mut body = Zeroizing::new(row.body.to_vec());
        let aad = Aad::record(sealer.realm, row.id, entry.kind, entry.rev, entry.epoch);
        let plain = sealer
            .keys
            .records
            .open(row.nonce, aad.bytes(), &mut body)
            .ok_or(VaultError::DamagedSnapshot)?;
        records.push(PlainRecord {
            id: row.id,
            kind: entry.kind,
            rev: entry.rev,
            body: Zeroizing::new(plain.to_vec()),
        });
        Ok(())
    })?;
    Ok(records)
}

fn plain_log(db: &Connection, sealer: Sealer<'_>) -> Result<Vec<PlainEntry>, VaultError> {
    let rows = load_log(db)?;
    let open = |row: &super::rows::LogRow| {
        let plain = row
            .open(sealer.realm, sealer.keys)
            .ok_or(VaultError::DamagedSnapshot)?;
        Ok((row.seq, plain))
    };
    rows.iter().map(open).collect()
}
