//! Invitations of our own protocol: what adds a work account (protocol §2). Read and checked here;
//! nothing is sent.

use zeroize::Zeroizing;

use super::link::Link;
use super::{Field, ServerUrl, TestMode, UriError};
use crate::account::Name;
use crate::encoding::base64url;
use crate::encoding::invisible::is_typesetting;
use crate::encoding::percent::{self, Plus};
use crate::secret::{Secret, SecretText};
use crate::time::UnixSeconds;

/// The scheme of our own links.
pub(crate) const SCHEME: &str = "countersign";
/// Digits of a typed code: three choose the invitation, thirteen are its secret.
const CODE_DIGITS: usize = 16;
const CHOICE_DIGITS: usize = 3;
/// Times are whole numbers below 2^53, so that every JSON reader keeps them.
const TIME_MAX_S: u64 = (1 << 53) - 1;

/// An invitation, by link or by hand.
#[derive(Debug, Eq, PartialEq)]
pub struct Invitation {
    /// The server; its host is shown before anything is sent.
    pub url: ServerUrl,
    /// What proves the invitation.
    pub proof: Proof,
}

/// What an invitation is proved with.
#[derive(Debug, Eq, PartialEq)]
pub enum Proof {
    /// From a QR code or link: the server's key is pinned.
    Scanned(Scanned),
    /// Typed: the server's key is not known yet.
    Typed {
        /// The first three digits, which choose the invitation.
        choice: SecretText,
        /// The other thirteen, used as ASCII digits.
        secret: SecretText,
    },
}

/// What only a QR code or link carries.
#[derive(Debug, Eq, PartialEq)]
pub struct Scanned {
    /// The invitation's id.
    pub id: Secret,
    /// The invitation's secret, 16 bytes.
    pub secret: Secret,
    /// SHA-256 thumbprint of the server's signing key.
    pub server_key: [u8; 32],
    /// When it ends; shown, the server decides.
    pub expires_at: UnixSeconds,
    /// Who invites.
    pub issuer: Name,
    /// Whose account it becomes.
    pub account: Name,
}

/// Reads `countersign://enrol?…`.
///
/// # Errors
///
/// [`UriError::NotOtpauth`] for another scheme; [`UriError::UnsupportedVersion`] for another version
/// than 1, whatever else is wrong; [`UriError::MissingUrl`], [`UriError::InsecureUrl`],
/// [`UriError::MissingCode`] without id or secret, and
/// [`UriError::Malformed`] for everything that has not its one form.
pub fn parse_invitation(text: &str, test_mode: TestMode) -> Result<Invitation, UriError> {
    let link = Link::split(text)?;
    if !link.has_scheme(SCHEME) {
        return Err(UriError::NotOtpauth);
    }
    if !link.has_host("enrol") || link.path.is_some() {
        return Err(UriError::Malformed { field: None });
    }
    let version = strict(&link, "v", Field::Version)?.ok_or(malformed(Field::Version))?;
    if version.as_str() != "1" {
        let is_version = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit());
        return Err(if is_version {
            UriError::UnsupportedVersion
        } else {
            malformed(Field::Version)
        });
    }
    let url = strict(&link, "url", Field::Url)?.ok_or(UriError::MissingUrl)?;
    let url = ServerUrl::parse(&url, test_mode)?;
    let id = strict(&link, "id", Field::Code)?.ok_or(UriError::MissingCode)?;
    let secret = strict(&link, "secret", Field::Secret)?.ok_or(UriError::MissingCode)?;
    let key = strict(&link, "key", Field::Key)?.ok_or(malformed(Field::Key))?;
    let expiry = strict(&link, "exp", Field::Expiry)?.ok_or(malformed(Field::Expiry))?;
    let issuer = strict(&link, "issuer", Field::Issuer)?.ok_or(malformed(Field::Issuer))?;
    let account = strict(&link, "account", Field::Account)?.ok_or(malformed(Field::Account))?;
    let scanned = Scanned {
        id: bytes_16(&id, Field::Code)?,
        secret: bytes_16(&secret, Field::Secret)?,
        server_key: base64url::decode_array(&key).map_err(|_| malformed(Field::Key))?,
        expires_at: time(&expiry)?,
        issuer: Name::new(&issuer),
        account: Name::new(&account),
    };
    Ok(Invitation {
        url,
        proof: Proof::Scanned(scanned),
    })
}

/// Reads code and address as they are typed: the code may be grouped by spaces and dashes.
///
/// # Errors
///
/// [`UriError::MissingCode`] unless there are 16 digits; [`UriError::MissingUrl`],
/// [`UriError::InsecureUrl`] and [`UriError::Malformed`] for the address.
pub fn parse_code_and_url(
    code: &str,
    url: &str,
    test_mode: TestMode,
) -> Result<Invitation, UriError> {
    let digits = grouped_digits(code).ok_or(UriError::MissingCode)?;
    let url = ServerUrl::parse_typed(url, test_mode)?;
    let (choice, secret) = digits
        .split_at_checked(CHOICE_DIGITS)
        .filter(|_| digits.len() == CODE_DIGITS)
        .ok_or(UriError::MissingCode)?;
    Ok(Invitation {
        url,
        proof: Proof::Typed {
            choice: SecretText::new(choice.to_owned()),
            secret: SecretText::new(secret.to_owned()),
        },
    })
}

/// Reads a pasted text that holds an invitation's link, or code and address in any order.
///
/// # Errors
///
/// As [`parse_invitation`] and [`parse_code_and_url`]; [`UriError::MissingCode`] also when there are
/// two different codes.
pub fn parse_pasted(text: &str, test_mode: TestMode) -> Result<Invitation, UriError> {
    if text.len() > super::LINK_BYTES_MAX {
        return Err(UriError::TooLong);
    }
    if let Some(link) = link_in(text) {
        return parse_invitation(link, test_mode);
    }
    let pasted = Pasted::find(text);
    let url = pasted.url.ok_or(UriError::MissingUrl)?;
    let code = pasted.code.ok_or(UriError::MissingCode)?;
    parse_code_and_url(&code, url, test_mode)
}

/// The first of our own links in a text.
pub(crate) fn link_in(text: &str) -> Option<&str> {
    text.split_whitespace().find(|word| {
        super::link::split_scheme(word).is_some_and(|(scheme, rest)| {
            scheme.eq_ignore_ascii_case(SCHEME) && rest.starts_with("//")
        })
    })
}

/// What a pasted text holds of code and address.
pub(crate) struct Pasted<'a> {
    pub(crate) url: Option<&'a str>,
    /// The one code of 16 digits.
    pub(crate) code: Option<Zeroizing<String>>,
    /// Whether some run of digits is long enough to be meant as a code.
    pub(crate) has_digits: bool,
    /// Whether there is text beside the address.
    pub(crate) has_more_than_url: bool,
}

impl<'a> Pasted<'a> {
    pub(crate) fn find(text: &'a str) -> Self {
        let lower = Zeroizing::new(text.to_ascii_lowercase());
        let start = lower.find("https://").or_else(|| lower.find("http://"));
        let (before, from_url) = start
            .and_then(|start| text.split_at_checked(start))
            .unwrap_or((text, ""));
        let end = from_url
            .find(|letter: char| letter.is_whitespace() || matches!(letter, '"' | '<' | '>'))
            .unwrap_or(from_url.len());
        let (url, after) = from_url.split_at_checked(end).unwrap_or((from_url, ""));
        let url = url.trim_end_matches([',', ';', '.', ')', '\'']);
        let mut codes: Vec<Zeroizing<String>> = Vec::new();
        let mut has_digits = false;
        for run in [before, after]
            .into_iter()
            .flat_map(|side| side.split(|letter: char| !is_code_letter(letter)))
        {
            let Some(digits) = grouped_digits(run) else {
                continue;
            };
            has_digits |= digits.len() >= CODE_DIGITS - 4;
            if digits.len() == CODE_DIGITS && !codes.contains(&digits) {
                codes.push(digits);
            }
        }
        let code = codes.pop().filter(|_| codes.is_empty());
        Self {
            url: (!url.is_empty()).then_some(url),
            code,
            has_digits,
            has_more_than_url: !before.trim().is_empty() || !after.trim().is_empty(),
        }
    }
}

fn is_code_letter(letter: char) -> bool {
    letter.is_ascii_digit() || is_typesetting(letter)
}

/// The digits of a text that holds nothing else but what groups them; none without any.
fn grouped_digits(text: &str) -> Option<Zeroizing<String>> {
    let mut digits = Zeroizing::new(String::with_capacity(text.len()));
    for letter in text.chars() {
        if letter.is_ascii_digit() {
            digits.push(letter);
        } else if !is_typesetting(letter) {
            return None;
        }
    }
    (!digits.is_empty()).then_some(digits)
}

/// A parameter of our own links: its name has one spelling, it stands there once, its escapes are
/// right and `+` is itself (protocol §1).
pub(crate) fn strict(
    link: &Link<'_>,
    wanted: &str,
    field: Field,
) -> Result<Option<Zeroizing<String>>, UriError> {
    let mut values = link.parameters().filter(|(name, _)| *name == wanted);
    let Some((_, value)) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(malformed(field));
    }
    let raw = value.unwrap_or("");
    if raw.is_empty() {
        return Ok(None);
    }
    if !percent::is_well_formed(raw) {
        return Err(malformed(field));
    }
    percent::decode_secret(raw, Plus::Literal)
        .map(Some)
        .map_err(|_| malformed(field))
}

pub(crate) const fn malformed(field: Field) -> UriError {
    UriError::Malformed { field: Some(field) }
}

fn bytes_16(text: &str, field: Field) -> Result<Secret, UriError> {
    base64url::decode(text)
        .ok()
        .filter(|bytes| bytes.len() == 16)
        .ok_or(malformed(field))
}

/// Seconds in their one spelling: no sign, no leading zero, below 2^53.
fn time(text: &str) -> Result<UnixSeconds, UriError> {
    let is_canonical = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    text.parse()
        .ok()
        .filter(|seconds| is_canonical && *seconds <= TIME_MAX_S)
        .map(UnixSeconds)
        .ok_or(malformed(Field::Expiry))
}

#[cfg(test)]
mod tests;
