//! The vault's content in memory, read in one transaction and checked against the sealed list.

use std::collections::{BTreeMap, BTreeSet};

use ring::digest;
use rusqlite::{Connection, OptionalExtension};
use zeroize::Zeroizing;

use crate::account::Name;

use super::anchor::{Anchor, Lineage};
use super::error::VaultError;
use super::findings::{Findings, SlotChange, SlotFinding};
use super::format::{Aad, FORMAT, RecordId, TAG_BYTES, VaultId, kind};
use super::keys::SealingKeys;
use super::manifest::{
    Entries, Entry, Manifest, Stamp, Stamps, buckets_digest, counts_by_kind, decode_bucket,
};
use super::record::{Content, SlotKeyRecord, StoredAccount, StoredTag};
use super::seal::tag_of;
use super::slot::{SlotRow, finish32, load_slots, slots_digest};

/// A manifest row's plain columns and its tag: another one means that somebody else wrote.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Version {
    pub(super) generation: u64,
    pub(super) epoch: u32,
    pub(super) tag: [u8; TAG_BYTES],
}

/// Everything that was read and how it stands to the list.
pub(super) struct State {
    pub(super) version: Version,
    pub(super) entries: Entries,
    pub(super) stamps: Stamps,
    pub(super) contents: BTreeMap<RecordId, Content>,
    pub(super) slots: Vec<SlotRow>,
    pub(super) manifest: ManifestState,
    pub(super) findings: Findings,
}

/// What is carried from one manifest to the next.
#[derive(Default)]
pub(super) struct ManifestState {
    pub(super) log_head: [u8; 32],
    pub(super) log_count: u64,
    pub(super) lineage: Lineage,
    pub(super) cleanup_due: bool,
    pub(super) unknown: Vec<(u8, crate::secret::Secret)>,
}

impl State {
    /// Reads and checks everything. `db` is in a read transaction or a write transaction.
    ///
    /// # Errors
    ///
    /// [`VaultError::DamagedData`] when SQLite cannot read on; what it can read but does not fit is in the findings.
    pub(super) fn load(
        db: &Connection,
        vault: VaultId,
        keys: &SealingKeys,
        anchor: Option<&Anchor>,
    ) -> Result<Self, VaultError> {
        let mut findings = Findings::default();
        let (version, manifest) = load_manifest(db, vault, keys)?;
        let slots = load_slots(db)?;
        let (entries, stamps, lost_buckets) = load_buckets(db, vault, keys)?;
        let contents = load_records(db, vault, keys, &entries, &lost_buckets, &mut findings)?;
        findings.missing = entries
            .keys()
            .filter(|id| !contents.seen.contains(*id))
            .copied()
            .collect();
        let contents = contents.readable;
        findings.slots = check_slots(&slots, &contents);
        findings.index = !lost_buckets.is_empty()
            || manifest.as_ref().is_none_or(|manifest| {
                manifest.buckets != buckets_digest(&stamps)
                    || manifest.counts != counts_by_kind(&entries)
                    || meta_digest(db).ok() != Some(manifest.meta)
                    || (manifest.slots != slots_digest(&slots) && findings.slots.is_empty())
            });
        findings.anchor_missing = anchor.is_none();
        let manifest = manifest.map_or_else(ManifestState::default, |manifest| ManifestState {
            log_head: manifest.log_head,
            log_count: manifest.log_count,
            lineage: manifest.lineage,
            cleanup_due: manifest.cleanup_due,
            unknown: manifest.unknown,
        });
        // Without a readable manifest there is no lineage to judge.
        if let (Some(anchor), false) = (anchor, manifest.lineage.branches().is_empty()) {
            findings.lineage = manifest.lineage.judge(anchor, version.generation);
        }
        Ok(Self {
            version,
            entries,
            stamps,
            contents,
            slots,
            manifest,
            findings,
        })
    }

    pub(super) fn account(&self, id: RecordId) -> Result<&StoredAccount, VaultError> {
        match self.contents.get(&id) {
            Some(Content::Account(account)) => Ok(account),
            None if self.findings.unreadable.contains(&id) => Err(VaultError::UnreadableRecord),
            _ => Err(VaultError::NoSuchAccount),
        }
    }

    pub(super) fn accounts(&self) -> impl Iterator<Item = (RecordId, &StoredAccount)> {
        self.contents
            .iter()
            .filter_map(|(id, content)| match content {
                Content::Account(account) => Some((*id, &**account)),
                _ => None,
            })
    }

    pub(super) fn tags(&self) -> impl Iterator<Item = (RecordId, &StoredTag)> {
        self.contents
            .iter()
            .filter_map(|(id, content)| match content {
                Content::Tag(tag) => Some((*id, tag)),
                _ => None,
            })
    }

    pub(super) fn tag(&self, id: RecordId) -> Option<&Name> {
        match self.contents.get(&id) {
            Some(Content::Tag(tag)) => Some(&tag.name),
            _ => None,
        }
    }

    pub(super) fn slot_key(&self, id: RecordId) -> Option<&SlotKeyRecord> {
        slot_key(&self.contents, id)
    }
}

fn slot_key(contents: &BTreeMap<RecordId, Content>, id: RecordId) -> Option<&SlotKeyRecord> {
    match contents.get(&id) {
        Some(Content::SlotKey(record)) => Some(record),
        _ => None,
    }
}

/// The plain part of the manifest's row.
pub(super) fn load_version(db: &Connection) -> Result<Option<Version>, VaultError> {
    let row = db
        .prepare_cached("SELECT gen, epoch, substr(body, -16) FROM manifest WHERE one = 1")?
        .query_row([], |row| {
            Ok((
                row.get::<_, i64>(0)?,
                row.get::<_, i64>(1)?,
                row.get::<_, Vec<u8>>(2)?,
            ))
        })
        .optional()?;
    Ok(row.and_then(|(generation, epoch, tag)| {
        Some(Version {
            generation: u64::try_from(generation).ok()?,
            epoch: u32::try_from(epoch).ok()?,
            tag: tag.try_into().ok()?,
        })
    }))
}

fn load_manifest(
    db: &Connection,
    vault: VaultId,
    keys: &SealingKeys,
) -> Result<(Version, Option<Manifest>), VaultError> {
    let Some(version) = load_version(db)? else {
        return Ok((
            Version {
                generation: 0,
                epoch: 0,
                tag: [0; TAG_BYTES],
            },
            None,
        ));
    };
    let (nonce, body): (Vec<u8>, Vec<u8>) = db
        .prepare_cached("SELECT nonce, body FROM manifest WHERE one = 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut body = Zeroizing::new(body);
    let aad = Aad::manifest(vault, version.generation, version.epoch);
    let plain = keys.meta.open(&nonce, aad.bytes(), &mut body);
    Ok((
        version,
        plain.and_then(|plain| Manifest::decode(plain).ok()),
    ))
}

/// The entries of all buckets that open, their stamps, and the buckets that do not.
fn load_buckets(
    db: &Connection,
    vault: VaultId,
    keys: &SealingKeys,
) -> Result<(Entries, Stamps, BTreeSet<u8>), VaultError> {
    let (mut entries, mut stamps, mut lost) = (Entries::new(), Stamps::new(), BTreeSet::new());
    let mut statement =
        db.prepare_cached("SELECT n, rev, epoch, nonce, body FROM bucket ORDER BY n")?;
    let mut rows = statement.query([])?;
    let mut body = Zeroizing::new(Vec::new());
    while let Some(row) = rows.next()? {
        let n = u8::try_from(row.get::<_, i64>(0)?).map_err(|_| VaultError::DamagedData)?;
        let rev = u64::try_from(row.get::<_, i64>(1)?).map_err(|_| VaultError::DamagedData)?;
        let epoch = u32::try_from(row.get::<_, i64>(2)?).map_err(|_| VaultError::DamagedData)?;
        let nonce = row
            .get_ref(3)?
            .as_blob()
            .map_err(|_| VaultError::DamagedData)?;
        let sealed = row
            .get_ref(4)?
            .as_blob()
            .map_err(|_| VaultError::DamagedData)?;
        let tag = tag_of(sealed).ok_or(VaultError::DamagedData)?;
        body.clear();
        body.extend_from_slice(sealed);
        let aad = Aad::bucket(vault, n, rev, epoch);
        let decoded = keys
            .meta
            .open(nonce, aad.bytes(), &mut body)
            .is_some_and(|plain| {
                let mut of_bucket = Entries::new();
                let is_good = decode_bucket(plain, n, &mut of_bucket).is_ok();
                entries.append(&mut of_bucket);
                is_good
            });
        if !decoded {
            lost.insert(n);
        }
        stamps.insert(n, Stamp { rev, tag });
    }
    Ok((entries, stamps, lost))
}

struct Records {
    readable: BTreeMap<RecordId, Content>,
    seen: BTreeSet<RecordId>,
}

fn load_records(
    db: &Connection,
    vault: VaultId,
    keys: &SealingKeys,
    entries: &Entries,
    lost_buckets: &BTreeSet<u8>,
    findings: &mut Findings,
) -> Result<Records, VaultError> {
    let mut records = Records {
        readable: BTreeMap::new(),
        seen: BTreeSet::new(),
    };
    let mut buffer = Zeroizing::new(Vec::new());
    each_record(db, |row| {
        let RecordRow { id, entry, .. } = row;
        buffer.clear();
        buffer.extend_from_slice(row.body);
        let aad = Aad::record(vault, id, entry.kind, entry.rev, entry.epoch);
        let content = keys
            .records
            .open(row.nonce, aad.bytes(), &mut buffer)
            .and_then(|plain| Content::decode(entry.kind, plain).ok());
        records.seen.insert(id);
        let listed = entries.get(&id);
        match (&content, listed) {
            // A bucket that is lost cannot say what it listed; the index is reported instead.
            (None, None) if lost_buckets.contains(&super::manifest::bucket_of(id)) => {
                findings.unreadable.push(id);
            }
            (Some(_), None) if lost_buckets.contains(&super::manifest::bucket_of(id)) => {}
            (_, None) => findings.extra.push(id),
            (None, Some(_)) => findings.unreadable.push(id),
            (Some(_), Some(listed)) if *listed != entry => findings.changed.push(id),
            (Some(_), Some(_)) => {}
        }
        if let Some(content) = content {
            records.readable.insert(id, content);
        }
        Ok(())
    })?;
    Ok(records)
}

/// A row of the table `record` as it stands.
pub(super) struct RecordRow<'a> {
    pub(super) id: RecordId,
    /// Its columns and tag, as a list would have them.
    pub(super) entry: Entry,
    pub(super) nonce: &'a [u8],
    pub(super) body: &'a [u8],
}

/// Calls `take` with every row of `record` in the order of the ids.
pub(super) fn each_record(
    db: &Connection,
    mut take: impl FnMut(RecordRow<'_>) -> Result<(), VaultError>,
) -> Result<(), VaultError> {
    let mut statement =
        db.prepare_cached("SELECT id, kind, rev, epoch, nonce, body FROM record ORDER BY id")?;
    let mut rows = statement.query([])?;
    let damaged = VaultError::DamagedData;
    while let Some(row) = rows.next()? {
        let id = row.get_ref(0)?.as_blob().map_err(|_| damaged)?;
        let body = row.get_ref(5)?.as_blob().map_err(|_| damaged)?;
        take(RecordRow {
            id: RecordId::from_slice(id).ok_or(damaged)?,
            entry: Entry {
                kind: u8::try_from(row.get::<_, i64>(1)?).map_err(|_| damaged)?,
                rev: u64::try_from(row.get::<_, i64>(2)?).map_err(|_| damaged)?,
                epoch: u32::try_from(row.get::<_, i64>(3)?).map_err(|_| damaged)?,
                tag: tag_of(body).ok_or(damaged)?,
            },
            nonce: row.get_ref(4)?.as_blob().map_err(|_| damaged)?,
            body,
        })?;
    }
    Ok(())
}

/// Holds every slot row against the sealed record beside it.
fn check_slots(slots: &[SlotRow], contents: &BTreeMap<RecordId, Content>) -> Vec<SlotFinding> {
    let mut found = vec![];
    for slot in slots {
        let change = match slot_key(contents, slot.id) {
            None => SlotChange::Added,
            Some(record) if record.row_digest != slot.digest || slot.check_digest().is_err() => {
                SlotChange::Changed
            }
            Some(_) => continue,
        };
        found.push(SlotFinding {
            id: slot.id,
            change,
        });
    }
    for (id, content) in contents {
        if matches!(content, Content::SlotKey(_)) && !slots.iter().any(|slot| slot.id == *id) {
            found.push(SlotFinding {
                id: *id,
                change: SlotChange::Missing,
            });
        }
    }
    found
}

/// SHA-256 over the entries of `meta` that are not named as plain, each framed by its length.
pub(super) fn meta_digest(db: &Connection) -> Result<[u8; 32], VaultError> {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(b"countersign-meta/1\0");
    let mut statement =
        db.prepare_cached("SELECT k, v FROM meta WHERE substr(k, 1, 6) <> 'plain/' ORDER BY k")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (key, value): (String, Vec<u8>) = (row.get(0)?, row.get(1)?);
        for part in [key.as_bytes(), &value] {
            let length = u32::try_from(part.len()).map_err(|_| VaultError::DamagedData)?;
            context.update(&length.to_be_bytes());
            context.update(part);
        }
    }
    Ok(finish32(context))
}

/// Which vault the file is.
///
/// # Errors
///
/// [`VaultError::DamagedData`] when the entry is missing or has another length.
pub(super) fn load_vault_id(db: &Connection) -> Result<VaultId, VaultError> {
    let value: Option<Vec<u8>> = db
        .query_row("SELECT v FROM meta WHERE k = 'vault_id'", [], |row| {
            row.get(0)
        })
        .optional()?;
    value
        .as_deref()
        .and_then(VaultId::from_slice)
        .ok_or(VaultError::DamagedData)
}

/// Writes the entries of `meta` that the manifest covers.
pub(super) fn store_meta(db: &Connection, vault: VaultId, epoch: u32) -> Result<(), VaultError> {
    let mut statement = db.prepare_cached(
        "INSERT INTO meta(k, v) VALUES (?1, ?2) ON CONFLICT(k) DO UPDATE SET v = excluded.v",
    )?;
    statement.execute(("epoch", epoch.to_be_bytes()))?;
    statement.execute(("format", FORMAT.to_be_bytes()))?;
    statement.execute(("vault_id", vault.bytes()))?;
    Ok(())
}

/// Whether a record of this kind belongs to a slot, not to the person.
pub(super) const fn is_slot_key(record_kind: u8) -> bool {
    record_kind == kind::SLOT_KEY
}
