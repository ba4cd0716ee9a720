//! What the bodies of records hold, by kind, as numbered fields. Unknown fields are kept as they are.

use super::error::VaultError;
use super::format::{RecordId, kind};
use super::tlv::{Malformed, Reader, Writer, text_of, u8_of, u32_of, u64_of};
use crate::account::{Account, Name};
use crate::otp::{Algorithm, Counter, Digits, Otp, OtpKind, Period};
use crate::secret::{Secret, SecretText};
use crate::time::UnixSeconds;
use zeroize::Zeroizing;

/// Longest issuer, account and tag in bytes.
pub const NAME_BYTES_MAX: usize = 1024;
/// Longest note in bytes.
pub const NOTE_BYTES_MAX: usize = 16 * 1024;
/// Most tags of an account.
pub const TAGS_MAX: usize = 32;

/// Field numbers of kind 1, account.
mod field {
    pub(super) const TYPE: u8 = 1;
    pub(super) const ALGORITHM: u8 = 2;
    pub(super) const DIGITS: u8 = 3;
    pub(super) const PERIOD: u8 = 4;
    pub(super) const COUNTER: u8 = 5;
    pub(super) const KEY: u8 = 6;
    pub(super) const ISSUER: u8 = 7;
    pub(super) const LABEL_ISSUER: u8 = 8;
    pub(super) const ACCOUNT: u8 = 9;
    pub(super) const NOTE: u8 = 10;
    pub(super) const TAG: u8 = 11;
    pub(super) const PINNED: u8 = 12;
    pub(super) const ORDER: u8 = 13;
    pub(super) const CREATED: u8 = 14;
    pub(super) const CHANGED: u8 = 15;
    pub(super) const TRASHED: u8 = 16;
    /// Kind 2, tag.
    pub(super) const TAG_NAME: u8 = 1;
    /// Kind 4, slot key.
    pub(super) const PSK: u8 = 1;
    pub(super) const PUBLIC: u8 = 2;
    pub(super) const ROW_DIGEST: u8 = 3;
    pub(super) const SLOT_CREATED: u8 = 4;
    pub(super) const NONCE_EPOCH: u8 = 5;
}

/// A field that this version does not know, kept as it stands.
type Unknown = (u8, Secret);

/// An account with everything the vault keeps about it.
#[derive(Debug)]
pub struct StoredAccount {
    /// Names, key and parameters.
    pub account: Account,
    /// Free text of the person.
    pub note: SecretText,
    /// Ids of tag records.
    pub tags: Vec<RecordId>,
    /// Whether it stands above the others.
    pub pinned: bool,
    /// Its place in the list: smaller is higher. Gaps between neighbours are kept.
    pub order: u64,
    /// When it was added.
    pub created_at: UnixSeconds,
    /// When it was last changed.
    pub changed_at: UnixSeconds,
    /// When it was put into the trash.
    pub trashed_at: Option<UnixSeconds>,
    pub(super) unknown: Vec<Unknown>,
}

impl StoredAccount {
    /// A new account without note and tags.
    #[must_use]
    pub fn new(account: Account, order: u64, now: UnixSeconds) -> Self {
        Self {
            account,
            note: SecretText::new(String::new()),
            tags: vec![],
            pinned: false,
            order,
            created_at: now,
            changed_at: now,
            trashed_at: None,
            unknown: vec![],
        }
    }

    /// A copy to change and store: secrets are not cloned in passing, only here.
    ///
    /// # Panics
    ///
    /// Never: the key was checked when it was first taken.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        let Account {
            issuer,
            label_issuer,
            account,
            otp,
        } = &self.account;
        // EXPOSE: the copy keeps the key in a secret again.
        let key = Secret::copy_of(otp.key().expose());
        Self {
            account: Account {
                issuer: issuer.clone(),
                label_issuer: label_issuer.clone(),
                account: account.clone(),
                otp: Otp::new(key, otp.kind()).expect("the key has a length that was accepted"),
            },
            // EXPOSE: the copy keeps the note in a secret again.
            note: SecretText::new(self.note.expose().to_owned()),
            tags: self.tags.clone(),
            // EXPOSE: the copy keeps unknown fields in secrets again.
            unknown: self
                .unknown
                .iter()
                .map(|(tag, value)| (*tag, Secret::copy_of(value.expose())))
                .collect(),
            ..*self
        }
    }

    fn check_limits(&self) -> Result<(), VaultError> {
        let Account {
            issuer,
            label_issuer,
            account,
            ..
        } = &self.account;
        for name in [Some(issuer), label_issuer.as_ref(), Some(account)]
            .into_iter()
            .flatten()
        {
            check_name(name)?;
        }
        let got = self.note.expose().len(); // EXPOSE: its length alone.
        if got > NOTE_BYTES_MAX {
            return Err(VaultError::NoteTooLong {
                got_bytes: wide(got),
                max_bytes: wide(NOTE_BYTES_MAX),
            });
        }
        if self.tags.len() > TAGS_MAX {
            return Err(VaultError::TooManyTags {
                got: wide(self.tags.len()),
                max: wide(TAGS_MAX),
            });
        }
        Ok(())
    }

    fn encode(&self) -> Zeroizing<Vec<u8>> {
        let Account {
            issuer,
            label_issuer,
            account,
            otp,
        } = &self.account;
        let mut body = Writer::new();
        body.put(field::TYPE, &[type_number(otp.kind())]);
        match otp.kind() {
            OtpKind::Totp {
                algorithm,
                digits,
                period,
            } => {
                put_parameters(&mut body, algorithm, digits);
                body.put(field::PERIOD, &period.seconds().to_be_bytes());
            }
            OtpKind::Hotp {
                algorithm,
                digits,
                counter,
            } => {
                put_parameters(&mut body, algorithm, digits);
                body.put_u64(field::COUNTER, counter.value());
            }
            OtpKind::Steam => {}
        }
        // EXPOSE: the record is the key's one home; it is sealed before it is written.
        body.put(field::KEY, otp.key().expose());
        body.put_text(field::ISSUER, issuer.as_str());
        if let Some(label_issuer) = label_issuer {
            body.put(field::LABEL_ISSUER, label_issuer.as_str().as_bytes());
        }
        body.put_text(field::ACCOUNT, account.as_str());
        // EXPOSE: the note is sealed with its record.
        body.put_text(field::NOTE, self.note.expose());
        for tag in &self.tags {
            body.put(field::TAG, &tag.0);
        }
        if self.pinned {
            body.put(field::PINNED, &[1]);
        }
        body.put_u64(field::ORDER, self.order);
        body.put_u64(field::CREATED, self.created_at.0);
        body.put_u64(field::CHANGED, self.changed_at.0);
        if let Some(trashed_at) = self.trashed_at {
            body.put_u64(field::TRASHED, trashed_at.0);
        }
        put_unknown(&mut body, &self.unknown);
        body.finish()
    }

    fn decode(body: &[u8]) -> Result<Self, Malformed> {
        let mut fields = AccountFields::default();
        let mut reader = Reader::new(body);
        while let Some((tag, value)) = reader.next()? {
            fields.take(tag, value)?;
        }
        fields.finish()
    }
}

fn put_parameters(body: &mut Writer, algorithm: Algorithm, digits: Digits) {
    let number = match algorithm {
        Algorithm::Sha1 => 1,
        Algorithm::Sha256 => 2,
        Algorithm::Sha512 => 3,
    };
    body.put(field::ALGORITHM, &[number]);
    body.put(field::DIGITS, &[digits.count()]);
}

fn put_unknown(body: &mut Writer, unknown: &[Unknown]) {
    for (tag, value) in unknown {
        // EXPOSE: what a newer version wrote is written back as it stood.
        body.put(*tag, value.expose());
    }
}

const fn type_number(kind: OtpKind) -> u8 {
    match kind {
        OtpKind::Totp { .. } => 1,
        OtpKind::Hotp { .. } => 2,
        OtpKind::Steam => 3,
    }
}

/// The fields of an account as they are read.
#[derive(Default)]
struct AccountFields {
    type_number: Option<u8>,
    algorithm: Option<Algorithm>,
    digits: Option<Digits>,
    period: Option<Period>,
    counter: Option<Counter>,
    key: Option<Secret>,
    issuer: Name,
    label_issuer: Option<Name>,
    account: Name,
    note: String,
    tags: Vec<RecordId>,
    pinned: bool,
    order: u64,
    created_at: UnixSeconds,
    changed_at: UnixSeconds,
    trashed_at: Option<UnixSeconds>,
    unknown: Vec<Unknown>,
}

impl AccountFields {
    fn take(&mut self, tag: u8, value: &[u8]) -> Result<(), Malformed> {
        match tag {
            field::TYPE => self.type_number = Some(u8_of(value)?),
            field::ALGORITHM => {
                self.algorithm = Some(match u8_of(value)? {
                    1 => Algorithm::Sha1,
                    2 => Algorithm::Sha256,
                    3 => Algorithm::Sha512,
                    _ => return Err(Malformed),
                });
            }
            field::DIGITS => {
                self.digits = Some(Digits::new(u8_of(value)?.into()).map_err(|_| Malformed)?)
            }
            field::PERIOD => {
                self.period = Some(Period::new(u32_of(value)?.into()).map_err(|_| Malformed)?)
            }
            field::COUNTER => {
                self.counter = Some(Counter::new(u64_of(value)?).map_err(|_| Malformed)?)
            }
            field::KEY => self.key = Some(Secret::copy_of(value)),
            field::ISSUER => self.issuer = Name::new(text_of(value)?),
            field::LABEL_ISSUER => self.label_issuer = Some(Name::new(text_of(value)?)),
            field::ACCOUNT => self.account = Name::new(text_of(value)?),
            field::NOTE => self.note = text_of(value)?.to_owned(),
            field::TAG => self
                .tags
                .push(RecordId::from_slice(value).ok_or(Malformed)?),
            field::PINNED => self.pinned = u8_of(value)? == 1,
            field::ORDER => self.order = u64_of(value)?,
            field::CREATED => self.created_at = UnixSeconds(u64_of(value)?),
            field::CHANGED => self.changed_at = UnixSeconds(u64_of(value)?),
            field::TRASHED => self.trashed_at = Some(UnixSeconds(u64_of(value)?)),
            other => self.unknown.push((other, Secret::copy_of(value))),
        }
        Ok(())
    }

    /// A type, a parameter or a key that is missing is never guessed: a wrong code is worse than none.
    fn finish(self) -> Result<StoredAccount, Malformed> {
        let kind = match self.type_number.ok_or(Malformed)? {
            1 => OtpKind::Totp {
                algorithm: self.algorithm.ok_or(Malformed)?,
                digits: self.digits.ok_or(Malformed)?,
                period: self.period.ok_or(Malformed)?,
            },
            2 => OtpKind::Hotp {
                algorithm: self.algorithm.ok_or(Malformed)?,
                digits: self.digits.ok_or(Malformed)?,
                counter: self.counter.ok_or(Malformed)?,
            },
            3 => OtpKind::Steam,
            _ => return Err(Malformed),
        };
        let otp = Otp::new(self.key.ok_or(Malformed)?, kind).map_err(|_| Malformed)?;
        Ok(StoredAccount {
            account: Account {
                issuer: self.issuer,
                label_issuer: self.label_issuer,
                account: self.account,
                otp,
            },
            note: SecretText::new(self.note),
            tags: self.tags,
            pinned: self.pinned,
            order: self.order,
            created_at: self.created_at,
            changed_at: self.changed_at,
            trashed_at: self.trashed_at,
            unknown: self.unknown,
        })
    }
}

/// A tag's record.
#[derive(Debug)]
pub(crate) struct StoredTag {
    pub(crate) name: Name,
    unknown: Vec<Unknown>,
}

/// The record beside a slot: what sealing a new vault key to it needs.
pub(super) struct SlotKeyRecord {
    pub(super) psk: Zeroizing<[u8; 32]>,
    pub(super) public: [u8; 32],
    pub(super) row_digest: [u8; 32],
    pub(super) created_at: UnixSeconds,
    /// The epoch in which the slot's nonce was last renewed.
    pub(super) nonce_epoch: u32,
    pub(super) unknown: Vec<Unknown>,
}

impl SlotKeyRecord {
    pub(super) fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut body = Writer::new();
        body.put(field::PSK, &*self.psk);
        body.put(field::PUBLIC, &self.public);
        body.put(field::ROW_DIGEST, &self.row_digest);
        body.put_u64(field::SLOT_CREATED, self.created_at.0);
        body.put(field::NONCE_EPOCH, &self.nonce_epoch.to_be_bytes());
        put_unknown(&mut body, &self.unknown);
        body.finish()
    }

    fn decode(body: &[u8]) -> Result<Self, Malformed> {
        let (mut psk, mut public, mut row_digest) = (None, None, None);
        let (mut created_at, mut nonce_epoch, mut unknown) = (UnixSeconds(0), 0, vec![]);
        let mut reader = Reader::new(body);
        while let Some((tag, value)) = reader.next()? {
            let bytes = || <[u8; 32]>::try_from(value).map_err(|_| Malformed);
            match tag {
                field::PSK => psk = Some(Zeroizing::new(bytes()?)),
                field::PUBLIC => public = Some(bytes()?),
                field::ROW_DIGEST => row_digest = Some(bytes()?),
                field::SLOT_CREATED => created_at = UnixSeconds(u64_of(value)?),
                field::NONCE_EPOCH => nonce_epoch = u32_of(value)?,
                other => unknown.push((other, Secret::copy_of(value))),
            }
        }
        Ok(Self {
            psk: psk.ok_or(Malformed)?,
            public: public.ok_or(Malformed)?,
            row_digest: row_digest.ok_or(Malformed)?,
            created_at,
            nonce_epoch,
            unknown,
        })
    }
}

/// A record's content as far as this version knows its kind.
pub(super) enum Content {
    Account(Box<StoredAccount>),
    Tag(StoredTag),
    SlotKey(Box<SlotKeyRecord>),
    /// Settings, work accounts, statements in flight, and kinds of newer versions: kept, not read.
    Kept,
}

impl Content {
    pub(super) fn decode(record_kind: u8, body: &[u8]) -> Result<Self, Malformed> {
        Ok(match record_kind {
            kind::ACCOUNT => Self::Account(Box::new(StoredAccount::decode(body)?)),
            kind::TAG => Self::Tag(StoredTag::decode(body)?),
            kind::SLOT_KEY => Self::SlotKey(Box::new(SlotKeyRecord::decode(body)?)),
            _ => Self::Kept,
        })
    }
}

/// What a change stores: a content this version can write.
pub(crate) enum Stored {
    Account(Box<StoredAccount>),
    Tag(StoredTag),
}

impl Stored {
    pub(super) const fn kind(&self) -> u8 {
        match self {
            Self::Account(_) => kind::ACCOUNT,
            Self::Tag(_) => kind::TAG,
        }
    }

    /// # Errors
    ///
    /// [`VaultError::NameTooLong`], [`VaultError::NoteTooLong`], [`VaultError::TooManyTags`].
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
        }
    }

    pub(super) fn into_content(self) -> Content {
        match self {
            Self::Account(account) => Content::Account(account),
            Self::Tag(tag) => Content::Tag(tag),
        }
    }
}

impl StoredTag {
    pub(crate) const fn new(name: Name) -> Self {
        Self {
            name,
            unknown: vec![],
        }
    }

    fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut body = Writer::new();
        body.put_text(field::TAG_NAME, self.name.as_str());
        put_unknown(&mut body, &self.unknown);
        body.finish()
    }

    fn decode(body: &[u8]) -> Result<Self, Malformed> {
        let (mut name, mut unknown) = (None, vec![]);
        let mut reader = Reader::new(body);
        while let Some((tag, value)) = reader.next()? {
            match tag {
                field::TAG_NAME => name = Some(Name::new(text_of(value)?)),
                other => unknown.push((other, Secret::copy_of(value))),
            }
        }
        Ok(Self {
            name: name.ok_or(Malformed)?,
            unknown,
        })
    }
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
