//! What the bodies of records hold, by kind, as numbered fields. Unknown fields are kept as they are.

mod account;
mod settings;
mod slot_key;
mod tag;
mod work;

use zeroize::Zeroizing;

pub use account::{NOTE_BYTES_MAX, StoredAccount, TAGS_MAX};
pub(super) use settings::Settings;
pub(super) use slot_key::SlotKeyRecord;
pub(crate) use tag::StoredTag;
pub use work::{StoredWork, WORK_BYTES_MAX, WorkKind};

use super::error::VaultError;
use super::format::kind;
use super::tlv::{Malformed, Writer};
use crate::account::Name;
use crate::secret::Secret;

/// Longest issuer, account and tag in bytes.
pub const NAME_BYTES_MAX: usize = 1024;

/// A field that this version does not know, kept as it stands.
pub(super) type Unknown = (u8, Secret);

/// A record's content as far as this version knows its kind.
pub(super) enum Content {
    Account(Box<StoredAccount>),
    Tag(Box<StoredTag>),
    SlotKey(Box<SlotKeyRecord>),
    Settings(Box<Settings>),
    Work(Box<StoredWork>),
    /// Kinds of newer versions: kept, not read.
    Kept,
}

impl Content {
    pub(super) fn decode(record_kind: u8, body: &[u8]) -> Result<Self, Malformed> {
        Ok(match record_kind {
            kind::ACCOUNT => Self::Account(Box::new(StoredAccount::decode(body)?)),
            kind::TAG => Self::Tag(Box::new(StoredTag::decode(body)?)),
            kind::SETTINGS => Self::Settings(Box::new(Settings::decode(body)?)),
            kind::SLOT_KEY => Self::SlotKey(Box::new(SlotKeyRecord::decode(body)?)),
            kind::WORK_ACCOUNT => Self::work(WorkKind::Account, body)?,
            kind::IN_FLIGHT => Self::work(WorkKind::InFlight, body)?,
            _ => Self::Kept,
        })
    }

    fn work(kind: WorkKind, body: &[u8]) -> Result<Self, Malformed> {
        Ok(Self::Work(Box::new(StoredWork::decode(kind, body)?)))
    }
}

/// What a change stores: a content this version can write.
pub(crate) enum Stored {
    Account(Box<StoredAccount>),
    Tag(StoredTag),
    Work(Box<StoredWork>),
}

impl Stored {
    pub(super) const fn kind(&self) -> u8 {
        match self {
            Self::Account(_) => kind::ACCOUNT,
            Self::Tag(_) => kind::TAG,
            Self::Work(work) => work.kind.number(),
        }
    }

    /// # Errors
    ///
    /// [`VaultError::NameTooLong`], [`VaultError::NoteTooLong`], [`VaultError::TooManyTags`], [`VaultError::WorkTooLarge`].
    pub(super) fn encode(&self) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        match self {
            Self::Account(account) => {
                account.check_limits()?;
                Ok(account.encode())
            }
            Self::Tag(tag) => {
                check_name(&tag.name)?;
                Ok(tag.encode())
            }
            Self::Work(work) => {
                work.check_limits()?;
                Ok(work.encode())
            }
        }
    }

    pub(super) fn into_content(self) -> Content {
        match self {
            Self::Account(account) => Content::Account(account),
            Self::Tag(tag) => Content::Tag(Box::new(tag)),
            Self::Work(work) => Content::Work(work),
        }
    }
}

pub(super) fn put_unknown(body: &mut Writer, unknown: &[Unknown]) {
    for (tag, value) in unknown {
        // EXPOSE: what a newer version wrote is written back as it stood.
        body.put(*tag, value.expose());
    }
}

/// A copy of fields that are carried over as they stood.
pub(super) fn copy_unknown(unknown: &[Unknown]) -> Vec<Unknown> {
    // EXPOSE: the copies are secrets again.
    unknown
        .iter()
        .map(|(tag, value)| (*tag, Secret::copy_of(value.expose())))
        .collect()
}

fn check_name(name: &Name) -> Result<(), VaultError> {
    let got = name.as_str().len();
    if got > NAME_BYTES_MAX {
        return Err(VaultError::NameTooLong {
            got_bytes: wide(got),
            max_bytes: wide(NAME_BYTES_MAX),
        });
    }
    Ok(())
}

fn wide(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
