//! Which of the rows that were found in a damaged vault's bytes are the vault's, in which version.

use std::collections::{BTreeMap, BTreeSet};

use zeroize::Zeroizing;

use super::anchor::{Lineage, PorchMark};
use super::chain::{ChainRow, Link};
use super::entries::Entries;
use super::error::VaultError;
use super::format::{Aad, FORMAT, NONCE_BYTES, Realm, RecordId, VaultId, kind};
use super::formats::tables;
use super::keys::{Key32, SealingKeys, SlotKeys, VaultKey};
use super::location::VaultLocation;
use super::locked::Credential;
use super::manifest::{Entry, Manifest, bucket_of, decode_bucket};
use super::pages::{FoundRow, read_files, scan};
use super::record::Content;
use super::rescue::{KnownSlot, PlainEntry, PlainRecord, Rescue};
use super::slot::SlotRow;
use super::slots::SlotSecret;

/// So many different key derivations are tried: one is ours, and each takes its time.
const DERIVATIONS_MAX: usize = 4;

/// A sealed body with the columns that it is bound to.
struct Sealed<C> {
    columns: C,
    nonce: [u8; NONCE_BYTES],
    body: Vec<u8>,
}

/// All rows that were found, unproved.
#[derive(Default)]
pub(super) struct Found {
    vaults: BTreeSet<[u8; 16]>,
    formats: BTreeSet<u32>,
    slots: Vec<SlotRow>,
    records: BTreeMap<RecordId, Vec<Sealed<Entry>>>,
    /// Number, version, epoch.
    lists: Vec<Sealed<(u8, u64, u32)>>,
    /// Place in the history, epoch.
    log: Vec<Sealed<(u64, u32)>>,
}

/// What was picked out, proved and in the clear.
pub(super) struct Picked {
    pub(super) rescue: Rescue,
    /// Accounts by the manifest, else by the buckets when all of them can be read.
    pub(super) expected: Option<u32>,
    /// Accounts that the list names and that cannot be read.
    pub(super) lost: Vec<RecordId>,
    /// Accounts that can only be read in an earlier version.
    pub(super) older: Vec<RecordId>,
    entries: Entries,
    /// Buckets that can be read: what they do not list was deleted.
    known_buckets: BTreeSet<u8>,
}

impl Picked {
    /// Whether the list says that there is no such record any more.
    pub(super) fn is_deleted(&self, id: RecordId) -> bool {
        self.known_buckets.contains(&bucket_of(id)) && !self.entries.contains_key(&id)
    }
}

impl Found {
    /// Reads the vault's files, and the newest copy that was set aside: a salvage that was ended may have taken the log.
    ///
    /// # Errors
    ///
    /// [`VaultError::NoVault`] when there is nothing to read, [`VaultError::FileTooLarge`], [`VaultError::NoAccess`].
    pub(super) fn read(location: &VaultLocation) -> Result<Self, VaultError> {
        let mut found = Self::default();
        let live = read_files(location);
        let aside = location
            .damaged_copies()?
            .pop()
            .map(|path| VaultLocation::new(&path));
        let aside = aside.map(|place| read_files(&place));
        if let (Err(error), None) = (&live, &aside) {
            return Err(*error);
        }
        for (file, log) in [Some(live), aside].into_iter().flatten().flatten() {
            scan(&file, &log, &mut |row| found.take(row));
        }
        Ok(found)
    }

    fn take(&mut self, row: FoundRow) {
        match row {
            FoundRow::Slot(slot) => {
                if !self.slots.contains(&slot) {
                    self.slots.push(slot);
                }
            }
            FoundRow::Record {
                id,
                entry,
                nonce,
                body,
            } => self.records.entry(id).or_default().push(Sealed {
                columns: entry,
                nonce,
                body,
            }),
            FoundRow::List {
                number,
                version,
                epoch,
                nonce,
                body,
            } => self.lists.push(Sealed {
                columns: (number, version, epoch),
                nonce,
                body,
            }),
            FoundRow::Log {
                seq,
                epoch,
                nonce,
                body,
            } => self.log.push(Sealed {
                columns: (seq, epoch),
                nonce,
                body,
            }),
            FoundRow::Meta { key, value } => match key.as_str() {
                "vault_id" => self.vaults.extend(<[u8; 16]>::try_from(value)),
                "format" => {
                    let format = value.try_into().map(u32::from_be_bytes);
                    self.formats.extend(format);
                }
                _ => {}
            },
            // The porch is made anew from the records.
            FoundRow::Porch { .. } => {}
        }
    }

    /// Opens what opens with the newest key that `credential` gives.
    ///
    /// # Errors
    ///
    /// Those of [`super::salvage::Salvage::examine`].
    pub(super) fn pick(mut self, credential: &Credential<'_>) -> Result<Picked, VaultError> {
        let (realm, key, opened_by) = self.unlock(credential)?;
        let keys = key.sealing_keys(realm.vault);
        let manifest = self.newest_manifest(realm, &keys);
        let (entries, known_buckets) = self.buckets(realm, &keys);
        let mut picked = Picked {
            rescue: Rescue {
                vault: realm.vault,
                records: vec![],
                slots: vec![],
                opened_by,
                log: self.history(realm, &keys),
                log_head: [0; 32],
                log_count: 0,
                porch: PorchMark::default(),
                lineage: Lineage::default(),
                generation: manifest.as_ref().map_or(0, |(generation, _)| *generation),
                epoch: key.epoch,
            },
            expected: expected(manifest.as_ref(), &entries, &known_buckets),
            lost: vec![],
            older: vec![],
            entries,
            known_buckets,
        };
        if let Some((_, manifest)) = manifest {
            picked.rescue.log_head = manifest.log_head;
            picked.rescue.log_count = manifest.log_count;
            picked.rescue.porch = manifest.porch;
            picked.rescue.lineage = manifest.lineage;
        }
        self.pick_records(realm, &keys, &mut picked);
        Ok(picked)
    }

    /// The vault, its newest key that opens, and the slot that opened it.
    fn unlock(
        &self,
        credential: &Credential<'_>,
    ) -> Result<(Realm, VaultKey, SlotSecret), VaultError> {
        let mut slots: Vec<&SlotRow> = self.slots.iter().collect();
        if slots.is_empty() {
            return Err(VaultError::NothingRecovered);
        }
        slots.retain(|slot| slot.kind == credential.kind().number());
        if let Some(wanted) = credential.slot() {
            slots.retain(|slot| slot.id == wanted);
        }
        if slots.is_empty() {
            return Err(VaultError::NoSuchSlot);
        }
        slots.sort_by_key(|slot| std::cmp::Reverse(slot.epoch));
        let mut derived: Vec<(&[u8], Key32)> = vec![];
        let mut error = VaultError::DamagedSlot;
        for slot in slots {
            let vaults = self.vaults.iter().map(|id| VaultId(*id));
            let Some(vault) = vaults
                .into_iter()
                .find(|vault| slot.check_digest(*vault).is_ok())
            else {
                continue;
            };
            let known = derived.iter().find(|(params, _)| *params == slot.params);
            let secret = match known {
                Some((_, secret)) => secret.clone(),
                None if derived.len() == DERIVATIONS_MAX => continue,
                None => match credential.derive(slot) {
                    Ok(secret) => {
                        derived.push((&slot.params, secret.clone()));
                        secret
                    }
                    Err(other) => {
                        error = other;
                        continue;
                    }
                },
            };
            let slot_keys = SlotKeys::derive(&secret, &slot.nonce);
            for realm in self.realms(vault) {
                match slot.open(realm, &slot_keys) {
                    Ok(key) => {
                        let opened_by = SlotSecret {
                            id: slot.id,
                            kind: slot.kind,
                            params: slot.params.clone(),
                            secret,
                        };
                        return Ok((realm, key, opened_by));
                    }
                    Err(other) => error = other,
                }
            }
        }
        Err(error)
    }

    /// The present format first, then those that the file names and this version reads.
    fn realms(&self, vault: VaultId) -> impl Iterator<Item = Realm> {
        let earlier = self.formats.iter().copied();
        let earlier = earlier.filter(|format| *format != FORMAT && tables(*format).is_some());
        std::iter::once(FORMAT)
            .chain(earlier)
            .map(move |format| Realm { vault, format })
    }

    fn newest_manifest(&self, realm: Realm, keys: &SealingKeys) -> Option<(u64, Manifest)> {
        let candidates = self.lists.iter().filter_map(|list| {
            let (number, generation, epoch) = list.columns;
            let aad = Aad::manifest(realm, generation, epoch);
            let mut body = Zeroizing::new(list.body.clone());
            let plain = keys.meta.open(&list.nonce, aad.bytes(), &mut body)?;
            let manifest = Manifest::decode(plain).ok()?;
            (number == 1).then_some((generation, manifest))
        });
        candidates.max_by_key(|(generation, _)| *generation)
    }

    /// The newest version of every bucket that opens.
    fn buckets(&self, realm: Realm, keys: &SealingKeys) -> (Entries, BTreeSet<u8>) {
        let mut newest: BTreeMap<u8, (u64, Entries)> = BTreeMap::new();
        for list in &self.lists {
            let (n, rev, epoch) = list.columns;
            if newest.get(&n).is_some_and(|(known, _)| *known >= rev) {
                continue;
            }
            let aad = Aad::bucket(realm, n, rev, epoch);
            let mut body = Zeroizing::new(list.body.clone());
            let mut entries = Entries::new();
            let is_read = keys
                .meta
                .open(&list.nonce, aad.bytes(), &mut body)
                .is_some_and(|plain| decode_bucket(plain, n, &mut entries).is_ok());
            if is_read {
                newest.insert(n, (rev, entries));
            }
        }
        let known = newest.keys().copied().collect();
        let mut entries = Entries::new();
        for (_, bucket) in newest.into_values() {
            for (id, entry) in bucket.iter() {
                entries.insert(*id, *entry);
            }
        }
        (entries, known)
    }

    fn history(&self, realm: Realm, keys: &SealingKeys) -> Vec<PlainEntry> {
        let mut entries: BTreeMap<u64, Zeroizing<Vec<u8>>> = BTreeMap::new();
        let mut cut_at = 0;
        for row in &self.log {
            let (seq, epoch) = row.columns;
            let aad = Aad::log(realm, seq, epoch);
            let mut body = Zeroizing::new(row.body.clone());
            let Some(plain) = keys.log.open(&row.nonce, aad.bytes(), &mut body) else {
                continue;
            };
            let plain = Zeroizing::new(plain.to_vec());
            let is_cut =
                ChainRow::decode(&plain).is_ok_and(|row| matches!(row.link, Link::Cut { .. }));
            if is_cut {
                cut_at = seq.max(cut_at);
            }
            // An older page may still have what stood there before the cut.
            if is_cut || seq != cut_at {
                entries.insert(seq, plain);
            }
        }
        entries.split_off(&cut_at).into_iter().collect()
    }

    fn pick_records(&mut self, realm: Realm, keys: &SealingKeys, picked: &mut Picked) {
        let records = std::mem::take(&mut self.records);
        let mut seen = BTreeSet::new();
        for (id, candidates) in records {
            if picked.is_deleted(id) {
                continue;
            }
            let listed = picked.entries.get(&id).copied();
            let Some((entry, body)) = best(realm, id, keys, candidates, listed) else {
                continue;
            };
            seen.insert(id);
            if entry.kind == kind::SLOT_KEY {
                picked
                    .rescue
                    .slots
                    .extend(self.known_slot(realm.vault, id, &body));
                continue;
            }
            if kind::is_account(entry.kind) && listed.is_some_and(|listed| listed != entry) {
                picked.older.push(id);
            }
            picked.rescue.records.push(PlainRecord {
                id,
                kind: entry.kind,
                rev: entry.rev.max(listed.map_or(0, |listed| listed.rev)),
                body,
            });
        }
        let accounts = picked
            .entries
            .iter()
            .filter(|(_, entry)| kind::is_account(entry.kind));
        let lost = accounts.map(|(id, _)| *id).filter(|id| !seen.contains(id));
        picked.lost = lost.collect();
    }

    /// The slot's row that the record beside it describes.
    fn known_slot(&self, vault: VaultId, id: RecordId, body: &[u8]) -> Option<KnownSlot> {
        let Ok(Content::SlotKey(record)) = Content::decode(kind::SLOT_KEY, body) else {
            return None;
        };
        let rows = self.slots.iter().filter(|row| row.id == id);
        let row = rows
            .filter(|row| row.digest == record.row_digest && row.check_digest(vault).is_ok())
            .max_by_key(|row| row.epoch)?;
        Some(KnownSlot {
            row: row.clone(),
            record: *record,
        })
    }
}

/// Of the versions that open, the one that is listed, else the newest.
fn best(
    realm: Realm,
    id: RecordId,
    keys: &SealingKeys,
    mut candidates: Vec<Sealed<Entry>>,
    listed: Option<Entry>,
) -> Option<(Entry, Zeroizing<Vec<u8>>)> {
    candidates.sort_by_key(|candidate| {
        let entry = candidate.columns;
        std::cmp::Reverse((Some(entry) == listed, entry.rev))
    });
    candidates.into_iter().find_map(|candidate| {
        let entry = candidate.columns;
        let aad = Aad::record(realm, id, entry.kind, entry.rev, entry.epoch);
        let mut body = Zeroizing::new(candidate.body);
        let plain = keys
            .records
            .open(&candidate.nonce, aad.bytes(), &mut body)?;
        let plain = Zeroizing::new(plain.to_vec());
        Content::decode(entry.kind, &plain).ok()?;
        Some((entry, plain))
    })
}

fn expected(
    manifest: Option<&(u64, Manifest)>,
    entries: &Entries,
    known_buckets: &BTreeSet<u8>,
) -> Option<u32> {
    let count = || {
        let accounts = entries
            .values()
            .filter(|entry| kind::is_account(entry.kind));
        u32::try_from(accounts.count()).ok()
    };
    match manifest {
        Some((_, manifest)) => {
            let accounts = manifest.counts.iter();
            let accounts = accounts.filter(|(kind, _)| kind::is_account(**kind));
            Some(
                accounts
                    .map(|(_, count)| *count)
                    .fold(0, u32::saturating_add),
            )
        }
        None if known_buckets.is_empty() => None,
        None => count(),
    }
}
