//! The sealed list's entries in memory, by bucket. A copy shares the buckets that it does not change, so that a change
//! costs one bucket, however many records there are.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::format::RecordId;
use super::manifest::{Entry, bucket_of};
use super::tlv::Malformed;

/// All entries.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Entries(BTreeMap<u8, Arc<Bucket>>);

/// The entries of one bucket, in the order of their ids.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
struct Bucket(Vec<(RecordId, Entry)>);

impl Entries {
    pub(super) fn new() -> Self {
        Self::default()
    }

    pub(super) fn get(&self, id: &RecordId) -> Option<&Entry> {
        let bucket = self.0.get(&bucket_of(*id))?;
        let place = bucket.place(id).ok()?;
        bucket.0.get(place).map(|(_, entry)| entry)
    }

    pub(super) fn contains_key(&self, id: &RecordId) -> bool {
        self.get(id).is_some()
    }

    pub(super) fn insert(&mut self, id: RecordId, entry: Entry) {
        let bucket = Arc::make_mut(self.0.entry(bucket_of(id)).or_default());
        match bucket.place(&id) {
            Ok(place) => {
                if let Some((_, known)) = bucket.0.get_mut(place) {
                    *known = entry;
                }
            }
            Err(place) => bucket.0.insert(place, (id, entry)),
        }
    }

    pub(super) fn remove(&mut self, id: &RecordId) {
        let n = bucket_of(*id);
        if let Some(shared) = self.0.get_mut(&n)
            && let Ok(place) = shared.place(id)
        {
            let bucket = Arc::make_mut(shared);
            bucket.0.remove(place);
            if bucket.0.is_empty() {
                self.0.remove(&n);
            }
        }
    }

    /// Puts a whole bucket in place of what was there.
    ///
    /// # Errors
    ///
    /// [`Malformed`] when an id is of another bucket or is there twice; nothing was changed then.
    pub(super) fn put_bucket(
        &mut self,
        n: u8,
        mut entries: Vec<(RecordId, Entry)>,
    ) -> Result<(), Malformed> {
        entries.sort_unstable_by_key(|(id, _)| *id);
        let is_bucket = entries.is_sorted_by(|(one, _), (next, _)| one < next)
            && entries.iter().all(|(id, _)| bucket_of(*id) == n);
        match (is_bucket, entries.is_empty()) {
            (false, _) => return Err(Malformed),
            (true, true) => self.0.remove(&n),
            (true, false) => self.0.insert(n, Arc::new(Bucket(entries))),
        };
        Ok(())
    }

    pub(super) fn len(&self) -> usize {
        self.0.values().map(|bucket| bucket.0.len()).sum()
    }

    /// The entries of one bucket, in the order of their ids.
    pub(super) fn bucket(&self, n: u8) -> &[(RecordId, Entry)] {
        self.0.get(&n).map_or(&[], |bucket| &bucket.0)
    }

    /// All entries in the order of their ids.
    pub(super) fn iter(&self) -> impl Iterator<Item = &(RecordId, Entry)> {
        self.0.values().flat_map(|bucket| &bucket.0)
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &RecordId> {
        self.iter().map(|(id, _)| id)
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &Entry> {
        self.iter().map(|(_, entry)| entry)
    }
}

impl Bucket {
    /// Where an id stands, or would stand.
    fn place(&self, id: &RecordId) -> Result<usize, usize> {
        self.0.binary_search_by_key(id, |(known, _)| *known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(first: u8, last: u8) -> RecordId {
        let mut bytes = [0; 16];
        (bytes[0], bytes[15]) = (first, last);
        RecordId(bytes)
    }

    fn entry(rev: u64) -> Entry {
        Entry {
            kind: 1,
            rev,
            epoch: 1,
            tag: [0; 16],
        }
    }

    #[test]
    fn entries_stand_in_the_order_of_their_ids() {
        let mut entries = Entries::new();
        for (first, last) in [(9, 2), (1, 1), (9, 1), (1, 2), (9, 2)] {
            entries.insert(id(first, last), entry(u64::from(last)));
        }
        let order: Vec<RecordId> = entries.keys().copied().collect();
        assert_eq!(order, [id(1, 1), id(1, 2), id(9, 1), id(9, 2)]);
        assert_eq!(entries.len(), 4);
        assert_eq!(
            entries.bucket(9),
            [(id(9, 1), entry(1)), (id(9, 2), entry(2))]
        );
        assert!(entries.bucket(2).is_empty());
        assert_eq!(entries.get(&id(1, 2)), Some(&entry(2)));
        assert!(!entries.contains_key(&id(1, 3)) && !entries.contains_key(&id(2, 1)));
    }

    #[test]
    fn a_copy_does_not_see_later_changes() {
        let mut entries = Entries::new();
        entries.insert(id(1, 1), entry(1));
        entries.insert(id(2, 1), entry(1));
        let copy = entries.clone();
        entries.insert(id(1, 1), entry(2));
        entries.remove(&id(2, 1));
        assert_eq!(copy.get(&id(1, 1)), Some(&entry(1)));
        assert_eq!(copy.len(), 2);
        assert_eq!(entries.len(), 1);
        // A bucket with nothing in it is none.
        let mut alone = Entries::new();
        alone.insert(id(1, 1), entry(2));
        assert_eq!(entries, alone);
    }

    #[test]
    fn a_bucket_has_every_id_once_and_only_its_own() {
        let mut entries = Entries::new();
        let twice = vec![(id(1, 1), entry(1)), (id(1, 1), entry(2))];
        assert_eq!(entries.put_bucket(1, twice), Err(Malformed));
        let strange = vec![(id(2, 1), entry(1))];
        assert_eq!(entries.put_bucket(1, strange), Err(Malformed));
        assert_eq!(entries, Entries::new());
        let backwards = vec![(id(1, 2), entry(2)), (id(1, 1), entry(1))];
        assert_eq!(entries.put_bucket(1, backwards), Ok(()));
        assert_eq!(
            entries.bucket(1),
            [(id(1, 1), entry(1)), (id(1, 2), entry(2))]
        );
        assert_eq!(entries.put_bucket(1, vec![]), Ok(()));
        assert_eq!(entries, Entries::new());
    }
}
