//! The hash chain that the history's entries form, in the log and on the porch: each row says what the chain was before
//! it, so that the first place where something was changed, taken away or put in has a number.

use ring::digest;
use zeroize::Zeroizing;

use super::record::{Unknown, put_unknown};
use super::slot::finish32;
use super::tlv::{Malformed, Reader, Writer, u64_of};
use crate::secret::Secret;
use crate::time::UnixSeconds;

/// Longest entry of the history in bytes.
pub const ENTRY_BYTES_MAX: usize = 64 * 1024;

mod field {
    pub(super) const PREVIOUS: u8 = 1;
    pub(super) const ENTRY: u8 = 2;
    pub(super) const CUT: u8 = 3;
    pub(super) const LOST: u8 = 4;
    pub(super) const PORCH_LOST: u8 = 5;
}

/// What a chain has come to: SHA-256 over the head before and the link after it (docs/vault-format.md §6); zeros before the first link.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ChainHead(pub(super) [u8; 32]);

impl ChainHead {
    /// The head with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The head once `link` stands at `seq`.
    #[must_use]
    pub fn after(&self, seq: u64, link: &Link) -> Self {
        if let Link::Cut { start, .. } = link {
            return *start;
        }
        let (number, hash) = link.number_and_hash();
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(b"countersign-log/1\0");
        context.update(&self.0);
        context.update(&seq.to_be_bytes());
        context.update(&[number]);
        context.update(&hash);
        Self(finish32(context))
    }
}

/// What stands at one place of the chain.
#[derive(Debug, Eq, PartialEq)]
pub enum Link {
    /// An entry, in bytes that only the history reads.
    Entry(Secret),
    /// Everything up to here was cut, since the history was full.
    Cut {
        /// When.
        at: UnixSeconds,
        /// What the chain had come to here.
        start: ChainHead,
    },
    /// Entries up to here could not be read any more, and the person accepted that.
    Lost {
        /// When it was accepted.
        at: UnixSeconds,
        /// How many places they had, this one included.
        count: u64,
    },
    /// The porch was rolled back or lost with entries that the history had not taken over yet.
    PorchLost {
        /// When that was found.
        at: UnixSeconds,
        /// How many entries are known to be missing; 0 when none is, and others stood in their place.
        count: u64,
    },
}

impl Link {
    /// What the chain takes of it: its number in a row, and SHA-256 over its value. Whoever has these can follow the chain
    /// without the value.
    #[must_use]
    pub fn number_and_hash(&self) -> (u8, [u8; 32]) {
        let hash = |value: &[u8]| {
            let mut context = digest::Context::new(&digest::SHA256);
            context.update(value);
            finish32(context)
        };
        match self {
            // EXPOSE: its hash alone.
            Self::Entry(entry) => (field::ENTRY, hash(entry.expose())),
            other => {
                let (number, value) = other.field();
                (number, hash(&value))
            }
        }
    }

    fn field(&self) -> (u8, Zeroizing<Vec<u8>>) {
        let pair = |at: &UnixSeconds, rest: &[u8]| {
            Zeroizing::new([at.0.to_be_bytes().as_slice(), rest].concat())
        };
        match self {
            // EXPOSE: it is hashed, or sealed with its row.
            Self::Entry(entry) => (field::ENTRY, Zeroizing::new(entry.expose().to_vec())),
            Self::Cut { at, start } => (field::CUT, pair(at, &start.0)),
            Self::Lost { at, count } => (field::LOST, pair(at, &count.to_be_bytes())),
            Self::PorchLost { at, count } => (field::PORCH_LOST, pair(at, &count.to_be_bytes())),
        }
    }

    fn decode(number: u8, value: &[u8]) -> Result<Option<Self>, Malformed> {
        if number == field::ENTRY {
            return Ok(Some(Self::Entry(Secret::copy_of(value))));
        }
        if !matches!(number, field::CUT | field::LOST | field::PORCH_LOST) {
            return Ok(None);
        }
        let (at, rest) = value.split_first_chunk::<8>().ok_or(Malformed)?;
        let at = UnixSeconds(u64::from_be_bytes(*at));
        Ok(Some(match number {
            field::CUT => Self::Cut {
                at,
                start: ChainHead(rest.try_into().map_err(|_| Malformed)?),
            },
            field::LOST => Self::Lost {
                at,
                count: u64_of(rest)?,
            },
            _ => Self::PorchLost {
                at,
                count: u64_of(rest)?,
            },
        }))
    }
}

/// A row's plaintext: what the chain was before it, and the link.
#[derive(Debug)]
pub(super) struct ChainRow {
    pub(super) previous: ChainHead,
    pub(super) link: Link,
    unknown: Vec<Unknown>,
}

impl ChainRow {
    pub(super) const fn new(previous: ChainHead, link: Link) -> Self {
        Self {
            previous,
            link,
            unknown: vec![],
        }
    }

    /// The same row after another head.
    pub(super) fn after(self, previous: ChainHead) -> Self {
        Self { previous, ..self }
    }

    pub(super) fn encode(&self) -> Zeroizing<Vec<u8>> {
        encode(&self.previous, &self.link, &self.unknown)
    }

    pub(super) fn decode(body: &[u8]) -> Result<Self, Malformed> {
        let (mut previous, mut link, mut unknown) = (None, None, vec![]);
        let mut reader = Reader::new(body);
        while let Some((number, value)) = reader.next()? {
            if number == field::PREVIOUS {
                previous = Some(ChainHead(value.try_into().map_err(|_| Malformed)?));
                continue;
            }
            match Link::decode(number, value)? {
                // Two links in a row are none.
                Some(_) if link.is_some() => return Err(Malformed),
                Some(found) => link = Some(found),
                None => unknown.push((number, Secret::copy_of(value))),
            }
        }
        Ok(Self {
            previous: previous.ok_or(Malformed)?,
            link: link.ok_or(Malformed)?,
            unknown,
        })
    }
}

/// The plaintext of a row.
pub(super) fn encode(previous: &ChainHead, link: &Link, unknown: &[Unknown]) -> Zeroizing<Vec<u8>> {
    let (number, value) = link.field();
    let mut body = Writer::new();
    body.put(field::PREVIOUS, &previous.0);
    body.put(number, &value);
    put_unknown(&mut body, unknown);
    body.finish()
}

/// What is wrong at a place of the history.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ChainFault {
    /// The entry is gone.
    Missing,
    /// The entry is there and cannot be read.
    Unreadable,
    /// The entry is not the one that the rest of the chain hangs on.
    Changed,
    /// Nobody with the open vault wrote the entry.
    Extra,
}

/// The first place of the history that is not as it was written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BadPlace {
    /// Its number, counted from 1 over everything ever written.
    pub seq: u64,
    /// What is wrong there.
    pub fault: ChainFault,
}

/// A history whose chain holds.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ChainReport {
    /// Entries that are there.
    pub entries: u64,
    /// Entries that were cut since the history was full.
    pub cut: u64,
    /// Places whose entries could not be read any more, as the person accepted.
    pub lost: u64,
    /// What the chain has come to.
    pub head: ChainHead,
}

/// Goes along a chain row by row, to the place and the head that were noted elsewhere.
pub(super) struct Walk {
    count: u64,
    head: ChainHead,
    /// The place of the last row.
    last: u64,
    report: ChainReport,
}

impl Walk {
    pub(super) fn new(count: u64, head: ChainHead) -> Self {
        Self {
            count,
            head,
            last: 0,
            report: ChainReport::default(),
        }
    }

    /// Goes on to the row at `seq`; none is one that cannot be read.
    ///
    /// # Errors
    ///
    /// The first bad place.
    pub(super) fn step(&mut self, seq: u64, row: Option<&ChainRow>) -> Result<(), BadPlace> {
        let bad = |seq, fault| Err(BadPlace { seq, fault });
        let next = self.last.saturating_add(1);
        let is_first = self.last == 0;
        let expected = match row.map(|row| &row.link) {
            Some(Link::Cut { .. }) if is_first => seq,
            Some(Link::Lost { count, .. }) => self.last.saturating_add(*count),
            _ => next,
        };
        if seq > self.count {
            return bad(self.count.saturating_add(1).max(next), ChainFault::Extra);
        }
        if seq != expected {
            return bad(next, ChainFault::Missing);
        }
        let Some(row) = row else {
            return bad(seq, ChainFault::Unreadable);
        };
        // The row before it is not the one after which this was written.
        if !is_first && row.previous != self.report.head {
            return bad(self.last, ChainFault::Changed);
        }
        let is_begun = match &row.link {
            Link::Cut { start, .. } => is_first && row.previous == *start,
            _ => row.previous == self.report.head,
        };
        if !is_begun {
            return bad(seq, ChainFault::Changed);
        }
        match &row.link {
            Link::Entry(_) => self.report.entries += 1,
            Link::Cut { .. } => self.report.cut = seq,
            Link::Lost { count, .. } => self.report.lost = self.report.lost.saturating_add(*count),
            Link::PorchLost { .. } => {}
        }
        self.report.head = self.report.head.after(seq, &row.link);
        self.last = seq;
        Ok(())
    }

    /// Ends the walk.
    ///
    /// # Errors
    ///
    /// The first bad place: the one after the last row where the tail is missing.
    pub(super) fn finish(self) -> Result<ChainReport, BadPlace> {
        let (seq, fault) = if self.last < self.count {
            (self.last.saturating_add(1), ChainFault::Missing)
        } else if self.report.head != self.head {
            (self.last.max(1), ChainFault::Changed)
        } else {
            return Ok(self.report);
        };
        Err(BadPlace { seq, fault })
    }
}

#[cfg(test)]
mod tests;
