//! Exports of Google Authenticator: `otpauth-migration://offline?data=…`, one link for ten accounts.

mod batch;
mod message;
mod write;

pub use batch::{Added, Batch, BatchError, Incomplete};
pub use write::{LeftOut, LeftOutReason, Migration, write_migration};

use prost::Message;

use self::message::{
    ALGORITHM_SHA1, ALGORITHM_SHA256, ALGORITHM_SHA512, DIGITS_EIGHT, DIGITS_SIX, Entry, KIND_HOTP,
    KIND_TOTP, Payload, UNSPECIFIED,
};
use super::label::{self, Names};
use super::link::Link;
use super::otpauth::{self, Parsed};
use super::{UriError, Warning};
use crate::account::Name;
use crate::encoding::base32::Decoded;
use crate::encoding::base64url;
use crate::encoding::percent::{self, Plus};
use crate::otp::{Algorithm, Counter, Digits, KEY_BYTES_MAX, OtpKind, Period};
use crate::secret::Secret;

/// One link of an export.
#[derive(Debug, Eq, PartialEq)]
pub struct MigrationPart {
    /// Which part of which export.
    pub place: Place,
    /// The accounts that could be read, in the export's order.
    pub entries: Vec<Parsed>,
    /// The entries that could not, in the export's order.
    pub failures: Vec<EntryFailure>,
    /// What is odd about the whole: the format holds no period.
    pub warnings: Vec<Warning>,
}

/// Where a part stands in its export.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Place {
    /// The format's version: 1, or 2 since about 2023.
    pub version: i32,
    /// How many parts there are, 1 at least.
    pub size: u32,
    /// Which one this is, from 0.
    pub index: u32,
    /// What the parts of one export have in common; may be negative.
    pub id: i32,
}

/// Why one entry of an export was left out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct EntryFailure {
    /// Its place in the part, from 0.
    pub index: u32,
    /// The reason.
    pub error: UriError,
}

/// Reads one link of an export. An entry that cannot be read becomes a failure and stops no other.
///
/// # Errors
///
/// [`UriError::NotOtpauth`] for another scheme, [`UriError::UnsupportedType`] for another host than
/// `offline`, [`UriError::MissingData`], [`UriError::InvalidPayload`] and [`UriError::EmptyPayload`].
pub fn parse_migration(text: &str) -> Result<MigrationPart, UriError> {
    let link = Link::split(text)?;
    if !is_migration(link.scheme) {
        return Err(UriError::NotOtpauth);
    }
    if !link.has_host("offline") {
        return Err(UriError::UnsupportedType);
    }
    let raw = link.parameter("data").unwrap_or("");
    if raw.is_empty() {
        return Err(UriError::MissingData);
    }
    let data = percent::decode_secret(raw, Plus::Literal).map_err(|_| UriError::InvalidPayload)?;
    let bytes = base64url::decode_loosely(&data).ok_or(UriError::InvalidPayload)?;
    parse_payload(&bytes)
}

/// Whether a scheme is that of an export, Apple's alias included.
pub(crate) fn is_migration(scheme: &str) -> bool {
    scheme.eq_ignore_ascii_case("otpauth-migration")
        || scheme.eq_ignore_ascii_case("apple-otpauth-migration")
}

/// Reads the payload itself.
///
/// # Errors
///
/// [`UriError::InvalidPayload`] and [`UriError::EmptyPayload`].
pub fn parse_payload(bytes: &Secret) -> Result<MigrationPart, UriError> {
    // EXPOSE: the entries' keys are in the payload.
    let payload = Payload::decode(bytes.expose()).map_err(|_| UriError::InvalidPayload)?;
    if payload.entries.is_empty() {
        return Err(UriError::EmptyPayload);
    }
    let mut part = MigrationPart {
        place: Place {
            version: payload.version,
            size: u32::try_from(payload.batch_size).unwrap_or(0).max(1),
            index: u32::try_from(payload.batch_index).unwrap_or(0),
            id: payload.batch_id,
        },
        entries: Vec::new(),
        failures: Vec::new(),
        warnings: Vec::new(),
    };
    for (index, entry) in (0_u32..).zip(&payload.entries) {
        match parse_entry(entry) {
            Ok(parsed) => part.entries.push(parsed),
            Err(error) => part.failures.push(EntryFailure { index, error }),
        }
    }
    let has_period = |parsed: &Parsed| parsed.account.otp.kind().period().is_some();
    if part.entries.iter().any(has_period) {
        part.warnings.push(Warning::PeriodDropped);
    }
    Ok(part)
}

fn parse_entry(bytes: &[u8]) -> Result<Parsed, UriError> {
    let entry = Entry::decode(bytes).map_err(|_| UriError::InvalidPayload)?;
    let kind = kind(&entry)?;
    let key = match entry.secret.len() {
        0 => return Err(UriError::EmptySecret),
        1..=KEY_BYTES_MAX => Decoded {
            bytes: Secret::copy_of(&entry.secret),
            has_canonical_length: true,
        },
        _ => return Err(UriError::SecretTooLong),
    };
    otpauth::account(names(&entry), key, kind, Vec::new())
}

fn kind(entry: &Entry) -> Result<OtpKind, UriError> {
    let algorithm = match entry.algorithm {
        UNSPECIFIED | ALGORITHM_SHA1 => Algorithm::Sha1,
        ALGORITHM_SHA256 => Algorithm::Sha256,
        ALGORITHM_SHA512 => Algorithm::Sha512,
        _ => return Err(UriError::UnsupportedAlgorithm),
    };
    let digits = match entry.digits {
        UNSPECIFIED | DIGITS_SIX => Digits::DEFAULT,
        DIGITS_EIGHT => Digits::new(8).map_err(|_| UriError::InvalidDigits { at: None })?,
        _ => return Err(UriError::InvalidDigits { at: None }),
    };
    match entry.kind {
        UNSPECIFIED | KIND_TOTP => Ok(OtpKind::Totp {
            algorithm,
            digits,
            period: Period::DEFAULT,
        }),
        KIND_HOTP => Ok(OtpKind::Hotp {
            algorithm,
            digits,
            counter: u64::try_from(entry.counter)
                .ok()
                .and_then(|value| Counter::new(value).ok())
                .ok_or(UriError::InvalidCounter { at: None })?,
        }),
        _ => Err(UriError::UnsupportedType),
    }
}

/// The name may repeat the issuer, or hold it when the issuer is empty.
fn names(entry: &Entry) -> Names {
    let issuer = Name::new(&String::from_utf8_lossy(&entry.issuer));
    let name = String::from_utf8_lossy(&entry.name);
    if !issuer.is_empty() {
        let account = label::strip_issuer(&name, &issuer).unwrap_or_else(|| Name::new(&name));
        return Names {
            issuer,
            label_issuer: None,
            account,
        };
    }
    match name.split_once(':') {
        Some((prefix, account)) => Names {
            issuer: Name::new(prefix),
            label_issuer: None,
            account: Name::new(account),
        },
        None => Names {
            account: Name::new(&name),
            ..Names::default()
        },
    }
}

#[cfg(test)]
mod tests;
