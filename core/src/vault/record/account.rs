//! Kind 1: an account.

use zeroize::Zeroizing;

use super::{Unknown, check_name, copy_unknown, put_unknown, wide};
use crate::account::{Account, Name};
use crate::otp::{Algorithm, Counter, Digits, Otp, OtpKind, Period};
use crate::secret::{Secret, SecretText};
use crate::time::UnixSeconds;
use crate::vault::error::VaultError;
use crate::vault::format::RecordId;
use crate::vault::tlv::{Malformed, Reader, Writer, text_of, u8_of, u32_of, u64_of};

/// Longest note in bytes.
pub const NOTE_BYTES_MAX: usize = 16 * 1024;
/// Most tags of an account.
pub const TAGS_MAX: usize = 32;

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
    pub(super) const EXPIRY_SEEN: u8 = 17;
    pub(super) const COUNTER_DOUBTFUL: u8 = 18;
}

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
    /// When a change first found its time in the trash over while the clock could not be relied on.
    pub expiry_seen_at: Option<UnixSeconds>,
    /// Whether the HOTP counter comes from an older file, so that the server may be ahead of it.
    pub counter_doubtful: bool,
    pub(in crate::vault) unknown: Vec<Unknown>,
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
            expiry_seen_at: None,
            counter_doubtful: false,
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
            unknown: copy_unknown(&self.unknown),
            ..*self
        }
    }

    pub(super) fn check_limits(&self) -> Result<(), VaultError> {
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

    pub(in crate::vault) fn encode(&self) -> Zeroizing<Vec<u8>> {
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
        if let Some(expiry_seen_at) = self.expiry_seen_at {
            body.put_u64(field::EXPIRY_SEEN, expiry_seen_at.0);
        }
        if self.counter_doubtful {
            body.put(field::COUNTER_DOUBTFUL, &[1]);
        }
        put_unknown(&mut body, &self.unknown);
        body.finish()
    }

    pub(super) fn decode(body: &[u8]) -> Result<Self, Malformed> {
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
    expiry_seen_at: Option<UnixSeconds>,
    counter_doubtful: bool,
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
            field::COUNTER_DOUBTFUL => self.counter_doubtful = u8_of(value)? == 1,
            field::EXPIRY_SEEN => self.expiry_seen_at = Some(UnixSeconds(u64_of(value)?)),
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
            expiry_seen_at: self.expiry_seen_at,
            counter_doubtful: self.counter_doubtful,
            unknown: self.unknown,
        })
    }
}
