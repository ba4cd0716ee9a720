//! The sealed list of all records, in two levels, so that a change costs one bucket and a difference has a name.

use std::collections::BTreeMap;

use ring::digest;
use zeroize::Zeroizing;

use super::anchor::{Lineage, PorchMark};
use super::entries::Entries;
use super::format::{RecordId, TAG_BYTES};
use super::slot::finish32;
use super::tlv::{Malformed, Reader, Writer, u8_of, u32_of, u64_of};
use crate::secret::Secret;
use crate::time::UnixSeconds;

/// Bytes of one entry in a bucket: id, kind, rev, epoch, tag.
const ENTRY_BYTES: usize = 16 + 1 + 8 + 4 + TAG_BYTES;

/// What a bucket says of one record.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Entry {
    pub(super) kind: u8,
    pub(super) rev: u64,
    pub(super) epoch: u32,
    pub(super) tag: [u8; TAG_BYTES],
}

/// What the manifest says of one bucket.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Stamp {
    pub(super) rev: u64,
    pub(super) tag: [u8; TAG_BYTES],
}

pub(super) type Stamps = BTreeMap<u8, Stamp>;

/// The bucket that lists a record: the first byte of its id.
pub(super) const fn bucket_of(id: RecordId) -> u8 {
    let [first, ..] = id.0;
    first
}

/// The least and the greatest id of a bucket.
pub(super) const fn bucket_bounds(n: u8) -> (RecordId, RecordId) {
    let (mut first, mut last) = ([0; 16], [0xff; 16]);
    [first[0], last[0]] = [n, n];
    (RecordId(first), RecordId(last))
}

pub(super) fn encode_bucket(entries: &Entries, n: u8) -> Zeroizing<Vec<u8>> {
    let bucket = entries.bucket(n);
    let mut body = Zeroizing::new(Vec::with_capacity(bucket.len() * ENTRY_BYTES + TAG_BYTES));
    for (id, entry) in bucket {
        body.extend_from_slice(&id.0);
        body.push(entry.kind);
        body.extend_from_slice(&entry.rev.to_be_bytes());
        body.extend_from_slice(&entry.epoch.to_be_bytes());
        body.extend_from_slice(&entry.tag);
    }
    body
}

/// Puts the entries of bucket `n` into `entries`.
pub(super) fn decode_bucket(body: &[u8], n: u8, entries: &mut Entries) -> Result<(), Malformed> {
    let (rows, rest) = body.as_chunks::<ENTRY_BYTES>();
    if !rest.is_empty() {
        return Err(Malformed);
    }
    let mut bucket = Vec::with_capacity(rows.len());
    for row in rows {
        let (id, row) = row.split_first_chunk::<16>().ok_or(Malformed)?;
        let (kind, row) = row.split_first().ok_or(Malformed)?;
        let (rev, row) = row.split_first_chunk::<8>().ok_or(Malformed)?;
        let (epoch, row) = row.split_first_chunk::<4>().ok_or(Malformed)?;
        let entry = Entry {
            kind: *kind,
            rev: u64::from_be_bytes(*rev),
            epoch: u32::from_be_bytes(*epoch),
            tag: row.try_into().map_err(|_| Malformed)?,
        };
        bucket.push((RecordId(*id), entry));
    }
    entries.put_bucket(n, bucket)
}

/// SHA-256 over (n ‖ rev ‖ tag) of the buckets.
pub(super) fn buckets_digest(stamps: &Stamps) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(b"countersign-buckets/1\0");
    for (n, stamp) in stamps {
        context.update(&[*n]);
        context.update(&stamp.rev.to_be_bytes());
        context.update(&stamp.tag);
    }
    finish32(context)
}

pub(super) fn counts_by_kind(entries: &Entries) -> BTreeMap<u8, u32> {
    // A list's records are of few kinds, and follow each other by id, not by kind: no map is searched for each.
    let mut counts = [0_u32; 256];
    for entry in entries.values() {
        if let Some(count) = counts.get_mut(usize::from(entry.kind)) {
            *count += 1;
        }
    }
    let counts = (0..=u8::MAX).zip(counts);
    counts.filter(|(_, count)| *count > 0).collect()
}

mod field {
    pub(super) const BUCKETS: u8 = 1;
    pub(super) const COUNT: u8 = 2;
    pub(super) const SLOTS: u8 = 3;
    pub(super) const META: u8 = 4;
    pub(super) const LOG_HEAD: u8 = 5;
    pub(super) const LOG_COUNT: u8 = 6;
    pub(super) const BRANCH: u8 = 7;
    pub(super) const CLEANUP_DUE: u8 = 8;
    pub(super) const WALL_CLOCK: u8 = 9;
    pub(super) const SEALINGS: u8 = 10;
    pub(super) const PORCH: u8 = 11;
}

/// The manifest's body.
pub(super) struct Manifest {
    pub(super) buckets: [u8; 32],
    pub(super) counts: BTreeMap<u8, u32>,
    pub(super) slots: [u8; 32],
    pub(super) meta: [u8; 32],
    pub(super) log_head: [u8; 32],
    pub(super) log_count: u64,
    pub(super) lineage: Lineage,
    pub(super) cleanup_due: bool,
    pub(super) wall_clock: UnixSeconds,
    /// Bodies that the keys of this epoch have sealed, all tables together.
    pub(super) sealings: u64,
    /// Up to where the history has taken the porch's chain over.
    pub(super) porch: PorchMark,
    pub(super) unknown: Vec<(u8, Secret)>,
}

impl Manifest {
    pub(super) fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut body = Writer::new();
        body.put(field::BUCKETS, &self.buckets);
        for (kind, count) in &self.counts {
            let [a, b, c, d] = count.to_be_bytes();
            body.put(field::COUNT, &[*kind, a, b, c, d]);
        }
        body.put(field::SLOTS, &self.slots);
        body.put(field::META, &self.meta);
        body.put(field::LOG_HEAD, &self.log_head);
        body.put_u64(field::LOG_COUNT, self.log_count);
        for branch in self.lineage.branches() {
            body.put(field::BRANCH, &branch.encode());
        }
        if self.cleanup_due {
            body.put(field::CLEANUP_DUE, &[1]);
        }
        body.put_u64(field::WALL_CLOCK, self.wall_clock.0);
        body.put_u64(field::SEALINGS, self.sealings);
        if let Some(porch) = self.porch.noted() {
            body.put(field::PORCH, &porch.encode());
        }
        for (tag, value) in &self.unknown {
            // EXPOSE: what a newer version wrote is written back as it stood.
            body.put(*tag, value.expose());
        }
        body.finish()
    }

    pub(super) fn decode(body: &[u8]) -> Result<Self, Malformed> {
        let (mut buckets, mut slots, mut meta) = (None, None, None);
        let (mut log_head, mut log_count, mut wall_clock) = (None, None, None);
        let (mut counts, mut lineage, mut cleanup_due, mut sealings) =
            (BTreeMap::new(), Lineage::default(), false, 0);
        let (mut porch, mut unknown) = (PorchMark::default(), vec![]);
        let mut reader = Reader::new(body);
        while let Some((tag, value)) = reader.next()? {
            let hash = || <[u8; 32]>::try_from(value).map_err(|_| Malformed);
            match tag {
                field::BUCKETS => buckets = Some(hash()?),
                field::COUNT => {
                    let (kind, count) = value.split_first().ok_or(Malformed)?;
                    counts.insert(*kind, u32_of(count)?);
                }
                field::SLOTS => slots = Some(hash()?),
                field::META => meta = Some(hash()?),
                field::LOG_HEAD => log_head = Some(hash()?),
                field::LOG_COUNT => log_count = Some(u64_of(value)?),
                field::BRANCH => lineage.push_encoded(value)?,
                field::CLEANUP_DUE => cleanup_due = u8_of(value)? == 1,
                field::WALL_CLOCK => wall_clock = Some(UnixSeconds(u64_of(value)?)),
                field::SEALINGS => sealings = u64_of(value)?,
                field::PORCH => porch = PorchMark::decode(value).ok_or(Malformed)?,
                other => unknown.push((other, Secret::copy_of(value))),
            }
        }
        Ok(Self {
            buckets: buckets.ok_or(Malformed)?,
            counts,
            slots: slots.ok_or(Malformed)?,
            meta: meta.ok_or(Malformed)?,
            log_head: log_head.ok_or(Malformed)?,
            log_count: log_count.ok_or(Malformed)?,
            lineage,
            cleanup_due,
            wall_clock: wall_clock.ok_or(Malformed)?,
            sealings,
            porch,
            unknown,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_buckets_digest_has_the_number_rev_and_tag_of_each() {
        let stamp = |rev| Stamp { rev, tag: [7; 16] };
        let one = Stamps::from([(1, stamp(1))]);
        let mut digests = vec![
            buckets_digest(&Stamps::new()),
            buckets_digest(&one),
            buckets_digest(&Stamps::from([(2, stamp(1))])),
            buckets_digest(&Stamps::from([(1, stamp(2))])),
            buckets_digest(&Stamps::from([(
                1,
                Stamp {
                    rev: 1,
                    tag: [8; 16],
                },
            )])),
            buckets_digest(&Stamps::from([(1, stamp(1)), (2, stamp(1))])),
        ];
        let count = digests.len();
        digests.sort_unstable();
        digests.dedup();
        assert_eq!(digests.len(), count);
    }

    #[test]
    fn only_kinds_that_are_there_are_counted() {
        let mut entries = Entries::new();
        for (n, kind) in [(1, 4), (2, 1), (3, 1)] {
            let entry = Entry {
                kind,
                rev: 1,
                epoch: 1,
                tag: [0; 16],
            };
            entries.insert(RecordId([n; 16]), entry);
        }
        assert_eq!(counts_by_kind(&entries), BTreeMap::from([(1, 2), (4, 1)]));
        assert!(counts_by_kind(&Entries::new()).is_empty());
    }
}
