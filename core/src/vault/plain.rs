//! The bodies behind the seals, for fuzzing: nothing that is found by chance passes a seal.

use std::collections::BTreeMap;

use super::manifest::{self, Manifest};
use super::record::{Content, Stored};
use crate::secret::Secret;

/// Which body of the vault's file is meant.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub enum PlainBody {
    /// A record of this kind.
    Record {
        /// The kind's number.
        kind: u8,
    },
    /// A bucket of the list of records.
    Bucket {
        /// The first byte of its ids.
        n: u8,
    },
    /// The manifest.
    Manifest,
}

/// Reads a body and writes what was read; none for a body that is refused, or of a kind that is only kept.
#[doc(hidden)]
#[must_use]
pub fn reencode(body: PlainBody, bytes: &[u8]) -> Option<Secret> {
    let written = match body {
        PlainBody::Record { kind } => match Content::decode(kind, bytes).ok()? {
            Content::Account(account) => Stored::Account(account).encode().ok()?,
            Content::Tag(tag) => Stored::Tag(tag).encode().ok()?,
            Content::SlotKey(record) => record.encode(),
            Content::Kept => return None,
        },
        PlainBody::Bucket { n } => {
            let mut entries = BTreeMap::new();
            manifest::decode_bucket(bytes, n, &mut entries).ok()?;
            manifest::encode_bucket(&entries, n)
        }
        PlainBody::Manifest => Manifest::decode(bytes).ok()?.encode(),
    };
    Some(Secret::copy_of(&written))
}
