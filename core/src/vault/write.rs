//! Writing: every change is one transaction that also renews the sealed list, and only then the anchor.

use std::collections::BTreeSet;

use rusqlite::{Connection, Transaction, TransactionBehavior, params};
use zeroize::Zeroizing;

use super::anchor::{Anchor, PorchMark};
use super::chain::{ENTRY_BYTES_MAX, Link};
use super::entries::Entries;
use super::error::VaultError;
use super::format::{Aad, RECORDS_MAX, Realm, RecordId};
use super::keys::SealingKeys;
use super::log::LogEnd;
use super::manifest::{
    Entry, Manifest, Stamp, Stamps, bucket_of, buckets_digest, counts_by_kind, encode_bucket,
};
use super::porch_entry::PorchEntry;
use super::porch_rows::{self, PorchSeal};
use super::record::{Content, Stored, StoredAccount, StoredWork, copy_unknown};
use super::seal::Sealed;
use super::slot::{SlotKind, SlotRow, slots_digest};
use super::state::{ManifestState, State, Version};
use super::verify::check_bucket;
use crate::entropy::Entropy;
use crate::secret::Secret;
use crate::time::UnixSeconds;

/// So many bodies the keys of one epoch seal at most (docs/vault-format.md §5).
const SEALINGS_MAX: u64 = 1 << 31;
/// From here on the key is renewed at the next unlock.
pub(super) const SEALINGS_TIRED: u64 = 1 << 30;

/// What a change does to the records and to the history.
#[derive(Default)]
pub struct Change {
    pub(super) puts: Vec<(RecordId, Stored)>,
    pub(super) deletes: Vec<RecordId>,
    pub(super) appends: Vec<Link>,
    /// What is put on the porch, by record; none is taken away from there.
    pub(super) porch: Vec<(RecordId, Option<PorchEntry>)>,
    /// Whether the history takes the porch's chain over, and nothing stays there but what this change puts.
    pub(super) renews_porch: bool,
}

impl Change {
    /// Whether it changes nothing.
    pub(super) const fn is_empty(&self) -> bool {
        self.puts.is_empty()
            && self.deletes.is_empty()
            && self.appends.is_empty()
            && self.porch.is_empty()
            && !self.renews_porch
    }

    /// Stores a new record, or a new version of one.
    pub(crate) fn put(&mut self, id: RecordId, stored: Stored) {
        self.puts.push((id, stored));
    }

    /// Stores a new record of approvals, or a new version of one.
    pub fn put_work(&mut self, id: RecordId, work: StoredWork) {
        self.put(id, Stored::Work(Box::new(work)));
    }

    /// Entries that this change appends to the history.
    pub fn appended(&self) -> impl Iterator<Item = &Secret> {
        entries_of(&self.appends)
    }

    /// Appends an entry to the history.
    pub fn append(&mut self, entry: Secret) {
        self.appends.push(Link::Entry(entry));
    }

    /// Puts an entry on the porch, in place of an earlier one. A porch that the person has shut stays empty.
    pub fn put_on_porch(&mut self, id: RecordId, entry: PorchEntry) {
        self.porch.push((id, Some(entry)));
    }

    /// Takes an entry away from the porch, if it is there.
    pub fn take_from_porch(&mut self, id: RecordId) {
        self.porch.push((id, None));
    }

    /// The account that this change stores under `id`, if it does.
    pub(crate) fn stored_account(&self, id: RecordId) -> Option<&StoredAccount> {
        self.puts.iter().find_map(|(put, stored)| match stored {
            Stored::Account(account) if *put == id => Some(&**account),
            _ => None,
        })
    }

    /// Whether this change deletes the record.
    pub(crate) fn deletes(&self, id: RecordId) -> bool {
        self.deletes.contains(&id)
    }

    /// Deletes a record for good.
    pub fn delete(&mut self, id: RecordId) {
        self.deletes.push(id);
    }
}

/// The entries among links.
pub(super) fn entries_of(links: &[Link]) -> impl Iterator<Item = &Secret> {
    links.iter().filter_map(|link| match link {
        Link::Entry(entry) => Some(entry),
        _ => None,
    })
}

/// What sealing needs, whoever asks for it.
#[derive(Clone, Copy)]
pub(super) struct Sealer<'a> {
    pub(super) realm: Realm,
    pub(super) keys: &'a SealingKeys,
    pub(super) epoch: u32,
    pub(super) entropy: &'a dyn Entropy,
}

/// The list while it is changed inside a transaction.
pub(super) struct Draft {
    pub(super) entries: Entries,
    pub(super) stamps: Stamps,
    pub(super) touched: BTreeSet<u8>,
    /// Bodies sealed so far, buckets and manifest not yet counted.
    pub(super) sealed: u64,
}

/// What the transaction left behind, to be taken over once it is committed.
pub(super) struct Written {
    pub(super) version: Version,
    pub(super) entries: Entries,
    pub(super) stamps: Stamps,
    pub(super) manifest: ManifestState,
    pub(super) anchor: Anchor,
}

/// Starts a write transaction; waits for another writer.
///
/// # Errors
///
/// [`VaultError::Busy`] after five seconds; [`VaultError::ReadOnly`].
pub(super) fn begin(db: &Connection) -> Result<Transaction<'_>, VaultError> {
    Ok(Transaction::new_unchecked(
        db,
        TransactionBehavior::Immediate,
    )?)
}

/// Applies `change` to the records inside the transaction, on buckets that stand as the trusted list says.
pub(super) fn apply(
    tx: &Connection,
    sealer: Sealer<'_>,
    state: &State,
    change: &Change,
) -> Result<Draft, VaultError> {
    let mut draft = Draft {
        entries: state.entries.clone(),
        stamps: state.stamps.clone(),
        touched: change
            .puts
            .iter()
            .map(|(id, _)| id)
            .chain(&change.deletes)
            .map(|id| bucket_of(*id))
            .collect(),
        sealed: 0,
    };
    for n in &draft.touched {
        check_bucket(tx, state, *n)?;
    }
    for (id, stored) in &change.puts {
        let rev = following(draft.entries.get(id).map_or(0, |entry| entry.rev));
        put_record(
            tx,
            sealer,
            &mut draft,
            (*id, stored.kind(), rev),
            stored.encode()?,
        )?;
    }
    for id in &change.deletes {
        tx.prepare_cached("DELETE FROM record WHERE id = ?1")?
            .execute([id.bytes()])?;
        draft.entries.remove(id);
    }
    let max = u64::try_from(RECORDS_MAX).unwrap_or(u64::MAX);
    if draft.entries.len() > RECORDS_MAX && draft.entries.len() > state.entries.len() {
        return Err(VaultError::TooManyRecords { max });
    }
    Ok(draft)
}

/// # Errors
///
/// [`VaultError::EntryTooLarge`].
pub(super) fn check_entries(links: &[Link]) -> Result<(), VaultError> {
    let wide = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
    for link in links {
        if let Link::Entry(entry) = link
            && entry.len() > ENTRY_BYTES_MAX
        {
            return Err(VaultError::EntryTooLarge {
                got_bytes: wide(entry.len()),
                max_bytes: wide(ENTRY_BYTES_MAX),
            });
        }
    }
    Ok(())
}

/// Writes what `change` puts on the porch; how many bodies that sealed.
pub(super) fn write_porch(
    tx: &Connection,
    sealer: Sealer<'_>,
    state: &State,
    change: &Change,
    mark: PorchMark,
    now: UnixSeconds,
) -> Result<u64, VaultError> {
    let seal = PorchSeal::from(sealer);
    let is_porch = |slot: &SlotRow| slot.kind == SlotKind::Porch.number();
    let is_open = state.slots.rows.iter().any(is_porch);
    if change.renews_porch {
        porch_rows::begin_anew(tx, seal, mark, now)?;
    }
    for (id, entry) in &change.porch {
        match entry {
            // A porch that the person has shut stays empty.
            Some(_) if !is_open => {}
            Some(entry) => porch_rows::store(tx, seal, *id, entry.encode()?)?,
            None => porch_rows::remove(tx, *id)?,
        }
    }
    let sealed = change.porch.len() + usize::from(change.renews_porch);
    Ok(u64::try_from(sealed).unwrap_or(u64::MAX))
}

/// Appends what `change` adds to the history, and cuts what is too much.
pub(super) fn append(
    tx: &Connection,
    sealer: Sealer<'_>,
    mut end: LogEnd,
    links: &[Link],
    now: UnixSeconds,
) -> Result<LogEnd, VaultError> {
    check_entries(links)?;
    for link in links {
        end.append(tx, sealer, link)?;
    }
    if !links.is_empty() {
        end.cut(tx, sealer, now)?;
    }
    Ok(end)
}

/// Seals one record's body and notes it in the list.
pub(super) fn put_record(
    tx: &Connection,
    sealer: Sealer<'_>,
    draft: &mut Draft,
    (id, kind, rev): (RecordId, u8, u64),
    body: Zeroizing<Vec<u8>>,
) -> Result<(), VaultError> {
    let aad = Aad::record(sealer.realm, id, kind, rev, sealer.epoch);
    let sealed = sealer.keys.records.seal(&aad, body, sealer.entropy)?;
    store_record(tx, id, kind, rev, sealer.epoch, &sealed)?;
    let entry = Entry {
        kind,
        rev,
        epoch: sealer.epoch,
        tag: sealed.tag(),
    };
    draft.entries.insert(id, entry);
    draft.touched.insert(bucket_of(id));
    draft.sealed += 1;
    Ok(())
}

pub(super) fn store_record(
    tx: &Connection,
    id: RecordId,
    kind: u8,
    rev: u64,
    epoch: u32,
    sealed: &Sealed,
) -> Result<(), VaultError> {
    tx.prepare_cached(
        "INSERT INTO record(id, kind, rev, epoch, nonce, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
         ON CONFLICT(id) DO UPDATE SET kind = excluded.kind, rev = excluded.rev, epoch = excluded.epoch, \
         nonce = excluded.nonce, body = excluded.body",
    )?
    .execute(params![id.bytes(), kind, column(rev)?, epoch, sealed.nonce, sealed.body])?;
    Ok(())
}

/// Seals the touched buckets and the manifest. The last step before the commit.
pub(super) fn finish(
    tx: &Connection,
    sealer: Sealer<'_>,
    mut draft: Draft,
    carried: &ManifestState,
    covered: Covered<'_>,
    next: Next,
) -> Result<Written, VaultError> {
    let lists = u64::try_from(draft.touched.len()).unwrap_or(u64::MAX) + 1;
    let sealings = carried.sealings.saturating_add(draft.sealed + lists);
    if sealings > SEALINGS_MAX {
        return Err(VaultError::KeyWornOut);
    }
    for n in draft.touched {
        let rev = following(draft.stamps.get(&n).map_or(0, |stamp| stamp.rev));
        let aad = Aad::bucket(sealer.realm, n, rev, sealer.epoch);
        let body = encode_bucket(&draft.entries, n);
        let sealed = sealer.keys.meta.seal(&aad, body, sealer.entropy)?;
        tx.prepare_cached(
            "INSERT INTO bucket(n, rev, epoch, nonce, body) VALUES (?1, ?2, ?3, ?4, ?5) \
             ON CONFLICT(n) DO UPDATE SET rev = excluded.rev, epoch = excluded.epoch, nonce = excluded.nonce, body = excluded.body",
        )?
        .execute(params![n, column(rev)?, sealer.epoch, sealed.nonce, sealed.body])?;
        draft.stamps.insert(
            n,
            Stamp {
                rev,
                tag: sealed.tag(),
            },
        );
    }
    let mut lineage = carried.lineage.clone();
    let mut anchor = lineage.advance(next.branch, next.generation, next.stored, sealer.entropy)?;
    anchor.porch = carried.porch.noted();
    let manifest = Manifest {
        porch: carried.porch,
        buckets: buckets_digest(&draft.stamps),
        counts: counts_by_kind(&draft.entries),
        slots: slots_digest(covered.slots),
        meta: covered.meta,
        log_head: carried.log_head,
        log_count: carried.log_count,
        lineage,
        cleanup_due: carried.cleanup_due,
        wall_clock: next.now,
        sealings,
        unknown: copy_unknown(&carried.unknown),
    };
    let aad = Aad::manifest(sealer.realm, next.generation, sealer.epoch);
    let sealed = sealer
        .keys
        .meta
        .seal(&aad, manifest.encode(), sealer.entropy)?;
    tx.prepare_cached(
        "INSERT INTO manifest(one, gen, epoch, nonce, body) VALUES (1, ?1, ?2, ?3, ?4) \
         ON CONFLICT(one) DO UPDATE SET gen = excluded.gen, epoch = excluded.epoch, nonce = excluded.nonce, body = excluded.body",
    )?
    .execute(params![column(next.generation)?, sealer.epoch, sealed.nonce, sealed.body])?;
    Ok(Written {
        version: Version {
            generation: next.generation,
            epoch: sealer.epoch,
            tag: sealed.tag(),
        },
        entries: draft.entries,
        stamps: draft.stamps,
        manifest: manifest.into(),
        anchor,
    })
}

/// What the manifest covers beside the buckets, as it is to be from now on.
#[derive(Clone, Copy)]
pub(super) struct Covered<'a> {
    pub(super) slots: &'a [SlotRow],
    pub(super) meta: [u8; 32],
}

/// Who writes the next manifest, and when.
#[derive(Clone, Copy)]
pub(super) struct Next {
    pub(super) generation: u64,
    pub(super) branch: [u8; 8],
    /// The hash in the anchor that is stored now, whose token the file keeps.
    pub(super) stored: Option<[u8; 32]>,
    pub(super) now: UnixSeconds,
}

/// Takes a committed change over into memory.
pub(super) fn take_over(state: &mut State, change: Change, written: Written) {
    state.version = written.version;
    state.entries = written.entries;
    state.stamps = written.stamps;
    state.manifest = written.manifest;
    state
        .findings
        .unreadable
        .retain(|id| !change.deletes.contains(id));
    for (id, stored) in change.puts {
        let content: Content = stored.into_content();
        state.contents.insert(id, content);
    }
    for id in change.deletes {
        state.contents.remove(&id);
    }
}

/// The number after a generation's or a revision's. A plain column may say anything after tampering: a number that no
/// vault reaches counts as none.
pub(super) const fn following(number: u64) -> u64 {
    const UNREACHED: u64 = 1 << 62;
    if number < UNREACHED { number + 1 } else { 1 }
}

/// An unsigned number as SQLite's 64-bit column.
pub(super) fn column(value: u64) -> Result<i64, VaultError> {
    i64::try_from(value).map_err(|_| VaultError::DamagedData)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_no_vault_reaches_counts_as_none() {
        const UNREACHED: u64 = 1 << 62;
        let numbers = [0, 1, UNREACHED - 1, UNREACHED, u64::MAX].map(following);
        assert_eq!(numbers, [1, 2, UNREACHED, 1, 1]);
    }

    #[test]
    fn a_column_has_63_bits() {
        assert_eq!(column(i64::MAX.unsigned_abs()), Ok(i64::MAX));
        assert_eq!(column(1 << 63), Err(VaultError::DamagedData));
    }
}
