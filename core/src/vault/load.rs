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

#[cfg(test)]
mod tests {
    use super::super::entries::Entries;
    use super::super::format::VaultId;
    use super::super::keys::VaultKey;
    use super::*;
    use crate::entropy::SystemEntropy;

    fn entry(rev: u64) -> Entry {
        Entry {
            kind: 1,
            rev,
            epoch: 1,
            tag: [0; 16],
        }
    }

    /// How rows of these ids and revs, readable or not, stand to a list of 3, 5 and 7 at rev 1.
    fn compared(rows: &[(u8, u64, bool)], lost: &[u8]) -> Findings {
        let vault = VaultId([1; 16]);
        let key = VaultKey::generate(&SystemEntropy::new(), 1).unwrap();
        let keys = key.sealing_keys(vault);
        let mut buckets = Buckets::default();
        buckets.lost.extend(lost);
        let mut entries = Entries::new();
        for n in [3, 5, 7] {
            if !lost.contains(&n) {
                entries.insert(RecordId([n; 16]), entry(1));
            }
        }
        buckets.entries = entries;
        let mut opener = Opener::new(Realm::current(vault), &keys, &buckets);
        for (n, rev, is_readable) in rows {
            opener.compare(RecordId([*n; 16]), &entry(*rev), *is_readable);
        }
        let mut findings = Findings::default();
        opener.finish(&mut findings);
        findings
    }

    fn ids(numbers: &[u8]) -> Vec<RecordId> {
        numbers.iter().map(|n| RecordId([*n; 16])).collect()
    }

    #[test]
    fn rows_as_they_are_listed_are_whole() {
        let whole = [(3, 1, true), (5, 1, true), (7, 1, true)];
        assert_eq!(compared(&whole, &[]), Findings::default());
    }

    #[test]
    fn each_row_that_is_not_as_it_is_listed_is_named() {
        let rows = [(2, 1, true), (5, 2, true), (7, 1, false), (9, 1, false)];
        let expected = Findings {
            missing: ids(&[3]),
            extra: ids(&[2, 9]),
            changed: ids(&[5]),
            unreadable: ids(&[7]),
            ..Findings::default()
        };
        assert_eq!(compared(&rows, &[]), expected);
        let nothing = Findings {
            missing: ids(&[3, 5, 7]),
            ..Findings::default()
        };
        assert_eq!(compared(&[], &[]), nothing);
    }

    #[test]
    fn rows_out_of_their_order_are_found_all_the_same() {
        let rows = [(7, 1, true), (3, 1, true), (5, 2, true), (3, 1, true)];
        let expected = Findings {
            changed: ids(&[5]),
            ..Findings::default()
        };
        assert_eq!(compared(&rows, &[]), expected);
        let expected = Findings {
            missing: ids(&[7]),
            extra: ids(&[9]),
            ..Findings::default()
        };
        let rows = [(9, 1, true), (5, 1, true), (3, 1, true)];
        assert_eq!(compared(&rows, &[]), expected);
    }

    #[test]
    fn what_a_lost_bucket_listed_is_neither_missing_nor_extra() {
        let rows = [(3, 1, true), (5, 1, true), (7, 1, true)];
        assert_eq!(compared(&rows, &[5]), Findings::default());
        let rows = [(3, 1, true), (5, 1, false), (7, 1, true)];
        let expected = Findings {
            unreadable: ids(&[5]),
            ..Findings::default()
        };
        assert_eq!(compared(&rows, &[5]), expected);
    }
}
