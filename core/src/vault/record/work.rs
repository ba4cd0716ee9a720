//! Kinds 5 and 6: a work account, and a statement with its answer in flight. What they hold is the business of approvals.

use zeroize::Zeroizing;

use super::{Unknown, copy_unknown, put_unknown, wide};
use crate::secret::Secret;
use crate::vault::error::VaultError;
use crate::vault::format::kind;
use crate::vault::tlv::{Malformed, Reader, Writer, u8_of};

/// Longest body of a work record in bytes.
pub const WORK_BYTES_MAX: usize = 64 * 1024;

mod field {
    pub(super) const BODY: u8 = 1;
    pub(super) const DOUBTFUL: u8 = 2;
}

/// What a work record is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum WorkKind {
    /// A work account: keys and protocol state.
    Account,
    /// A statement and its answer in flight.
    InFlight,
}

impl WorkKind {
    /// The record's kind.
    pub(in crate::vault) const fn number(self) -> u8 {
        match self {
            Self::Account => kind::WORK_ACCOUNT,
            Self::InFlight => kind::IN_FLIGHT,
        }
    }
}

/// A record of approvals.
#[derive(Debug, Eq, PartialEq)]
pub struct StoredWork {
    /// What it is about.
    pub kind: WorkKind,
    /// Bytes that only approvals read.
    pub body: Secret,
    /// Whether it comes from an older file: it may have been answered, left or enrolled anew since.
    pub is_doubtful: bool,
    unknown: Vec<Unknown>,
}

impl StoredWork {
    /// A new record.
    #[must_use]
    pub const fn new(kind: WorkKind, body: Secret) -> Self {
        Self {
            kind,
            body,
            is_doubtful: false,
            unknown: vec![],
        }
    }

    /// The same record with another body. What a newer version keeps beside it stays.
    #[must_use]
    pub fn with_body(&self, body: Secret) -> Self {
        Self {
            kind: self.kind,
            body,
            is_doubtful: self.is_doubtful,
            unknown: copy_unknown(&self.unknown),
        }
    }

    /// The same record, from an older file.
    pub(in crate::vault) fn doubted(&self) -> Self {
        // EXPOSE: the copy keeps the body in a secret again.
        let mut doubted = self.with_body(Secret::copy_of(self.body.expose()));
        doubted.is_doubtful = true;
        doubted
    }

    pub(super) fn check_limits(&self) -> Result<(), VaultError> {
        let got = self.body.len();
        if got > WORK_BYTES_MAX {
            return Err(VaultError::WorkTooLarge {
                got_bytes: wide(got),
                max_bytes: wide(WORK_BYTES_MAX),
            });
        }
        Ok(())
    }

    pub(in crate::vault) fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut body = Writer::new();
        // EXPOSE: the record is sealed before it is written.
        body.put(field::BODY, self.body.expose());
        if self.is_doubtful {
            body.put(field::DOUBTFUL, &[1]);
        }
        put_unknown(&mut body, &self.unknown);
        body.finish()
    }

    pub(super) fn decode(kind: WorkKind, body: &[u8]) -> Result<Self, Malformed> {
        let (mut found, mut is_doubtful, mut unknown) = (None, false, vec![]);
        let mut reader = Reader::new(body);
        while let Some((number, value)) = reader.next()? {
            match number {
                field::BODY => found = Some(Secret::copy_of(value)),
                field::DOUBTFUL => is_doubtful = u8_of(value)? == 1,
                other => unknown.push((other, Secret::copy_of(value))),
            }
        }
        Ok(Self {
            kind,
            body: found.ok_or(Malformed)?,
            is_doubtful,
            unknown,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_keeps_what_a_newer_version_put_beside_its_body() {
        let mut stored = StoredWork::new(WorkKind::InFlight, Secret::copy_of(b"answer"));
        stored.is_doubtful = true;
        stored.unknown.push((77, Secret::copy_of(b"newer")));
        let read = StoredWork::decode(WorkKind::InFlight, &stored.encode()).unwrap();
        assert_eq!(read, stored);
        let changed = read.with_body(Secret::copy_of(b"receipt"));
        let read = StoredWork::decode(WorkKind::InFlight, &changed.encode()).unwrap();
        assert_eq!(
            (read.body, read.unknown),
            (Secret::copy_of(b"receipt"), stored.unknown)
        );
        assert!(read.is_doubtful);
    }

    #[test]
    fn a_record_without_a_body_is_refused() {
        let empty = Writer::new().finish();
        assert_eq!(
            StoredWork::decode(WorkKind::Account, &empty),
            Err(Malformed)
        );
        let nothing = StoredWork::new(WorkKind::Account, Secret::copy_of(b""));
        assert_eq!(
            StoredWork::decode(WorkKind::Account, &nothing.encode()),
            Ok(nothing)
        );
    }
}
