//! Writing accounts as an export that Google Authenticator and its readers take.

use prost::Message;
use zeroize::Zeroizing;

use super::message::{
    ALGORITHM_SHA1, ALGORITHM_SHA256, ALGORITHM_SHA512, DIGITS_EIGHT, DIGITS_SIX, Entry, KIND_HOTP,
    KIND_TOTP, Payload,
};
use crate::account::Account;
use crate::encoding::base64url;
use crate::otp::{Algorithm, OtpKind, Period};
use crate::secret::SecretText;
use crate::uri::label;

/// Accounts in one part: as many as Google writes, so that its QR code stays readable.
const ENTRIES_MAX: usize = 10;
/// The version with the members that are written here.
const VERSION: i32 = 1;

/// An export, ready to be shown as QR codes.
#[derive(Debug)]
pub struct Migration {
    /// One link a part, in order.
    pub parts: Vec<SecretText>,
    /// The accounts that the format cannot hold.
    pub left_out: Vec<LeftOut>,
}

/// An account that the format cannot hold.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LeftOut {
    /// Its place in the list given, from 0.
    pub index: usize,
    /// What the format has no room for.
    pub reason: LeftOutReason,
}

/// What the format has no room for. Leaving it out would make wrong codes on the other side.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LeftOutReason {
    /// A period other than 30 seconds.
    Period,
    /// A digit count other than 6 and 8.
    Digits,
    /// Steam's alphabet.
    Steam,
}

/// Writes accounts as parts of at most ten. `batch_id` ties the parts together and should be random.
///
/// A `label_issuer` is written before the account's name, since the format has one issuer only.
#[must_use]
pub fn write_migration<'a>(
    accounts: impl IntoIterator<Item = &'a Account>,
    batch_id: i32,
) -> Migration {
    let mut entries = Vec::new();
    let mut left_out = Vec::new();
    for (index, account) in accounts.into_iter().enumerate() {
        match entry(account) {
            Ok(bytes) => entries.push(bytes),
            Err(reason) => left_out.push(LeftOut { index, reason }),
        }
    }
    let batch_size = i32::try_from(entries.len().div_ceil(ENTRIES_MAX)).unwrap_or(i32::MAX);
    let mut parts = Vec::new();
    let mut batch_index = 0;
    while !entries.is_empty() {
        let rest = entries.split_off(entries.len().min(ENTRIES_MAX));
        let payload = Payload {
            entries: std::mem::replace(&mut entries, rest),
            version: VERSION,
            batch_size,
            batch_index,
            batch_id,
        };
        parts.push(link(&Zeroizing::new(payload.encode_to_vec())));
        batch_index += 1;
    }
    Migration { parts, left_out }
}

fn link(payload: &[u8]) -> SecretText {
    let data = Zeroizing::new(base64url::encode(payload));
    let mut link = String::with_capacity(data.len() * 3 + 64);
    link.push_str("otpauth-migration://offline?data=");
    // Google's reader wants the standard alphabet with padding, percent-encoded.
    for letter in data.chars() {
        match letter {
            '-' => link.push_str("%2B"),
            '_' => link.push_str("%2F"),
            _ => link.push(letter),
        }
    }
    for _ in 0..(4 - data.len() % 4) % 4 {
        link.push_str("%3D");
    }
    SecretText::new(link)
}

fn entry(account: &Account) -> Result<Vec<u8>, LeftOutReason> {
    let kind = account.otp.kind();
    if kind == OtpKind::Steam {
        return Err(LeftOutReason::Steam);
    }
    if kind
        .period()
        .is_some_and(|period| period != Period::DEFAULT)
    {
        return Err(LeftOutReason::Period);
    }
    let digits = match kind.digits() {
        6 => DIGITS_SIX,
        8 => DIGITS_EIGHT,
        _ => return Err(LeftOutReason::Digits),
    };
    let algorithm = match kind.algorithm() {
        Algorithm::Sha1 => ALGORITHM_SHA1,
        Algorithm::Sha256 => ALGORITHM_SHA256,
        Algorithm::Sha512 => ALGORITHM_SHA512,
    };
    let entry = Entry {
        // EXPOSE: the export holds the key.
        secret: account.otp.key().expose().to_vec(),
        name: name(account).into_bytes(),
        issuer: account.issuer.as_str().as_bytes().to_vec(),
        algorithm,
        digits,
        kind: match kind {
            OtpKind::Hotp { .. } => KIND_HOTP,
            _ => KIND_TOTP,
        },
        counter: kind
            .counter()
            .and_then(|counter| i64::try_from(counter.value()).ok())
            .unwrap_or(0),
    };
    Ok(entry.encode_to_vec())
}

/// The account's name, with a prefix only where a reader would otherwise split it in the wrong place.
fn name(account: &Account) -> String {
    let name = account.account.as_str();
    if let Some(prefix) = &account.label_issuer {
        return format!("{}:{name}", prefix.as_str());
    }
    let would_be_split = if account.issuer.is_empty() {
        name.contains(':')
    } else {
        label::strip_issuer(name, &account.issuer).is_some()
    };
    if would_be_split {
        format!("{}:{name}", account.issuer.as_str())
    } else {
        name.to_owned()
    }
}
