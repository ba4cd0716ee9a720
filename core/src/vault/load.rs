//! Records from the file into memory, each opened and held against the sealed list.

use std::collections::{BTreeMap, BTreeSet};
use std::iter::Peekable;

use rusqlite::Connection;
use rusqlite::types::Value;
use zeroize::Zeroizing;

use super::error::VaultError;
use super::findings::Findings;
use super::format::{Aad, Realm, RecordId};
use super::keys::SealingKeys;
use super::manifest::{Entry, bucket_of};
use super::record::Content;
use super::rows::{Buckets, RecordRow, each_record};

/// The records that open, by id, and what SQLite calls the ids of rows that have no record's form.
pub(super) type Loaded = (BTreeMap<RecordId, Content>, Vec<Value>);

/// Reads all records; how they stand to the list is in the findings.
///
/// # Errors
///
/// [`VaultError::DamagedData`] when SQLite cannot read on.
pub(super) fn load_records(
    db: &Connection,
    realm: Realm,
    keys: &SealingKeys,
    buckets: &Buckets,
    findings: &mut Findings,
) -> Result<Loaded, VaultError> {
    let mut opener = Opener::new(realm, keys, buckets);
    let misshapen = each_record(db, |row| {
        opener.open(&row);
        Ok(())
    })?;
    Ok((opener.finish(findings), misshapen))
}

/// The list's entries in the order of their ids.
type Listed<'a> = Peekable<Box<dyn Iterator<Item = &'a (RecordId, Entry)> + 'a>>;

/// Opens rows and holds them against the list.
struct Opener<'a> {
    realm: Realm,
    keys: &'a SealingKeys,
    buckets: &'a Buckets,
    /// What the list has beyond the greatest id so far: the rows come in the order of their ids, but in a damaged file.
    ahead: Listed<'a>,
    /// The body at hand; opened in place, and wiped.
    buffer: Zeroizing<Vec<u8>>,
    contents: Vec<(RecordId, Content)>,
    /// Listed, and not among the rows so far.
    missing: BTreeSet<RecordId>,
    extra: Vec<RecordId>,
    unreadable: Vec<RecordId>,
    changed: Vec<RecordId>,
}

impl<'a> Opener<'a> {
    fn new(realm: Realm, keys: &'a SealingKeys, buckets: &'a Buckets) -> Self {
        let ahead: Box<dyn Iterator<Item = _>> = Box::new(buckets.entries.iter());
        Self {
            realm,
            keys,
            buckets,
            ahead: ahead.peekable(),
            buffer: Zeroizing::default(),
            contents: Vec::with_capacity(buckets.entries.len()),
            missing: BTreeSet::new(),
            extra: vec![],
            unreadable: vec![],
            changed: vec![],
        }
    }

    fn open(&mut self, row: &RecordRow<'_>) {
        let RecordRow { id, entry, .. } = row;
        self.buffer.clear();
        self.buffer.extend_from_slice(row.body);
        let aad = Aad::record(self.realm, *id, entry.kind, entry.rev, entry.epoch);
        let records = &self.keys.records;
        let content = records
            .open(row.nonce, aad.bytes(), &mut self.buffer)
            .and_then(|plain| Content::decode(entry.kind, plain).ok());
        self.compare(*id, entry, content.is_some());
        if let Some(content) = content {
            self.contents.push((*id, content));
        }
    }

    fn compare(&mut self, id: RecordId, entry: &Entry, is_readable: bool) {
        // A bucket that is lost cannot say what it listed; the index is reported instead.
        let is_listing_lost = self.buckets.lost.contains(&bucket_of(id));
        match (is_readable, self.listed(id)) {
            (false, None) if is_listing_lost => self.unreadable.push(id),
            (true, None) if is_listing_lost => {}
            (_, None) => self.extra.push(id),
            (false, Some(_)) => self.unreadable.push(id),
            (true, Some(listed)) if listed != entry => self.changed.push(id),
            (true, Some(_)) => {}
        }
    }

    /// What the list says of a row that is there.
    fn listed(&mut self, id: RecordId) -> Option<&'a Entry> {
        while let Some((ahead, listed)) = self.ahead.next_if(|(ahead, _)| *ahead <= id) {
            if *ahead == id {
                return Some(listed);
            }
            self.missing.insert(*ahead);
        }
        self.missing.remove(&id);
        self.buckets.entries.get(&id)
    }

    fn finish(mut self, findings: &mut Findings) -> BTreeMap<RecordId, Content> {
        self.missing.extend(self.ahead.map(|(id, _)| *id));
        findings.missing = self.missing.into_iter().collect();
        findings.extra = self.extra;
        findings.unreadable = self.unreadable;
        findings.changed = self.changed;
        // One pass: the rows came in the order of their ids.
        self.contents.into_iter().collect()
    }
}
