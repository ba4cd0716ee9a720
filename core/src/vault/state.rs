//! The vault's content in memory, read in one transaction and checked against the sealed list.

use std::collections::BTreeMap;

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension};
use zeroize::Zeroizing;

use super::anchor::{Anchor, Lineage, PorchMark};
use super::entries::Entries;
use super::error::VaultError;
use super::findings::{Findings, SlotChange, SlotFinding};
use super::format::{Aad, Realm, RecordId, TAG_BYTES, VaultId};
use super::keys::SealingKeys;
use super::load::load_records;
use super::log::glance;
use super::manifest::{Manifest, Stamps, buckets_digest, counts_by_kind};
use super::meta::meta_digest;
use super::record::{
    Content, Settings, SlotKeyRecord, StoredAccount, StoredTag, StoredWork, WorkKind, copy_unknown,
};
use super::rows::{Buckets, load_buckets};
use super::slot::{Slots, load_slots, slots_digest};
use crate::account::Name;
use crate::secret::Secret;
use crate::time::UnixSeconds;

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
    pub(super) slots: Slots,
    /// What the manifest says of `meta`; what stands there when it says nothing.
    pub(super) meta: [u8; 32],
    /// Rows of `record` whose form no record has, by what SQLite calls their id.
    pub(super) misshapen: Vec<Value>,
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
    /// The clock of whoever made the last change.
    pub(super) wall_clock: UnixSeconds,
    pub(super) sealings: u64,
    pub(super) porch: PorchMark,
    pub(super) unknown: Vec<(u8, Secret)>,
}

impl State {
    /// Reads and checks everything. `db` is in a read transaction or a write transaction.
    ///
    /// # Errors
    ///
    /// [`VaultError::DamagedData`] when SQLite cannot read on; what it can read but does not fit is in the findings.
    pub(super) fn load(
        db: &Connection,
        realm: Realm,
        keys: &SealingKeys,
        anchor: Option<&Anchor>,
    ) -> Result<Self, VaultError> {
        let (version, manifest) = load_manifest(db, realm, keys)?;
        let slots = load_slots(db)?;
        let buckets = load_buckets(db, realm, keys)?;
        let mut findings = Findings {
            anchor_missing: anchor.is_none(),
            ..Findings::default()
        };
        let (contents, misshapen) = load_records(db, realm, keys, &buckets, &mut findings)?;
        findings.slots = check_slots(realm.vault, &slots, &contents, &findings.unreadable);
        let Buckets {
            entries,
            stamps,
            lost,
        } = buckets;
        let meta_as_it_stands = meta_digest(db)?;
        findings.index = !(lost.is_empty() && misshapen.is_empty() && slots.misshapen.is_empty())
            || manifest.as_ref().is_none_or(|manifest| {
                manifest.buckets != buckets_digest(&stamps)
                    || manifest.counts != counts_by_kind(&entries)
                    || manifest.meta != meta_as_it_stands
                    || (manifest.slots != slots_digest(&slots.rows) && findings.slots.is_empty())
            });
        if let Some(manifest) = &manifest {
            findings.history = glance(db, realm, keys, manifest.log_count)?;
        }
        let meta = manifest
            .as_ref()
            .map_or(meta_as_it_stands, |manifest| manifest.meta);
        let manifest = manifest.map_or_else(ManifestState::default, ManifestState::from);
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
            meta,
            misshapen,
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
                Content::Tag(tag) => Some((*id, &**tag)),
                _ => None,
            })
    }

    pub(super) fn work(&self) -> impl Iterator<Item = (RecordId, &StoredWork)> {
        self.contents
            .iter()
            .filter_map(|(id, content)| match content {
                Content::Work(work) => Some((*id, &**work)),
                _ => None,
            })
    }

    pub(super) fn work_record(&self, id: RecordId) -> Result<&StoredWork, VaultError> {
        match self.contents.get(&id) {
            Some(Content::Work(work)) => Ok(work),
            None if self.findings.unreadable.contains(&id) => Err(VaultError::UnreadableRecord),
            _ => Err(VaultError::NoSuchAccount),
        }
    }

    /// Whether a record that can be read is an account of codes or of approvals.
    pub(super) fn is_account(&self, id: RecordId) -> bool {
        match self.contents.get(&id) {
            Some(Content::Account(_)) => true,
            Some(Content::Work(work)) => work.kind == WorkKind::Account,
            _ => false,
        }
    }

    pub(super) fn tag(&self, id: RecordId) -> Option<&Name> {
        match self.contents.get(&id) {
            Some(Content::Tag(tag)) => Some(&tag.name),
            _ => None,
        }
    }

    /// What holds for the whole vault; the defaults without a record.
    pub(super) fn settings(&self) -> Option<(RecordId, &Settings)> {
        self.contents
            .iter()
            .find_map(|(id, content)| match content {
                Content::Settings(settings) => Some((*id, &**settings)),
                _ => None,
            })
    }

    pub(super) fn slot_key(&self, id: RecordId) -> Option<&SlotKeyRecord> {
        slot_key(&self.contents, id)
    }
}

impl ManifestState {
    pub(super) fn duplicate(&self) -> Self {
        Self {
            log_head: self.log_head,
            log_count: self.log_count,
            lineage: self.lineage.clone(),
            cleanup_due: self.cleanup_due,
            wall_clock: self.wall_clock,
            sealings: self.sealings,
            porch: self.porch,
            unknown: copy_unknown(&self.unknown),
        }
    }
}

impl From<Manifest> for ManifestState {
    fn from(manifest: Manifest) -> Self {
        Self {
            log_head: manifest.log_head,
            log_count: manifest.log_count,
            lineage: manifest.lineage,
            cleanup_due: manifest.cleanup_due,
            wall_clock: manifest.wall_clock,
            sealings: manifest.sealings,
            porch: manifest.porch,
            unknown: manifest.unknown,
        }
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
                row.get::<_, Value>(0)?,
                row.get::<_, Value>(1)?,
                row.get::<_, Value>(2)?,
            ))
        })
        .optional()?;
    Ok(row.and_then(|columns| match columns {
        (Value::Integer(generation), Value::Integer(epoch), Value::Blob(tag)) => Some(Version {
            generation: u64::try_from(generation).ok()?,
            epoch: u32::try_from(epoch).ok()?,
            tag: tag.try_into().ok()?,
        }),
        _ => None,
    }))
}

fn load_manifest(
    db: &Connection,
    realm: Realm,
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
    let (nonce, body): (Value, Vec<u8>) = db
        .prepare_cached("SELECT nonce, body FROM manifest WHERE one = 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut body = Zeroizing::new(body);
    let aad = Aad::manifest(realm, version.generation, version.epoch);
    let plain = match &nonce {
        Value::Blob(nonce) => keys.meta.open(nonce, aad.bytes(), &mut body),
        _ => None,
    };
    Ok((
        version,
        plain.and_then(|plain| Manifest::decode(plain).ok()),
    ))
}

/// Holds every slot row against the sealed record beside it. Where that record is damaged, it is unreadable like
/// any other: the slot still opens, and opening it writes the record anew.
fn check_slots(
    vault: VaultId,
    slots: &Slots,
    contents: &BTreeMap<RecordId, Content>,
    unreadable: &[RecordId],
) -> Vec<SlotFinding> {
    let mut found = vec![];
    for slot in &slots.rows {
        let change = match slot_key(contents, slot.id) {
            None if unreadable.contains(&slot.id) => continue,
            None => SlotChange::Added,
            Some(record)
                if record.row_digest != slot.digest || slot.check_digest(vault).is_err() =>
            {
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
        let is_there = slots.rows.iter().any(|slot| slot.id == *id);
        if matches!(content, Content::SlotKey(_)) && !is_there {
            found.push(SlotFinding {
                id: *id,
                change: SlotChange::Missing,
            });
        }
    }
    found
}
