//! Links that hold a key: `otpauth://`, Apple's alias of it, and `steam://`.

use zeroize::Zeroizing;

use super::label::{self, Names};
use super::link::Link;
use super::value;
use super::{Field, UriError, Warning};
use crate::account::{Account, Name};
use crate::encoding::base32::Decoded;
use crate::encoding::invisible;
use crate::encoding::percent::{self, Plus};
use crate::otp::{Algorithm, Digits, Otp, OtpError, OtpKind, Period};

/// Keys below this many bytes get a warning: 80 bits, the least that large issuers hand out.
const STRONG_KEY_BYTES: usize = 10;

/// A link that was read.
#[derive(Debug, Eq, PartialEq)]
pub struct Parsed {
    /// The account, normalised.
    pub account: Account,
    /// What is odd about it; nothing here changes its codes.
    pub warnings: Vec<Warning>,
}

/// Reads a link that holds a key.
///
/// Whatever could change the key, the hash, the digits, the period or the counter is an error;
/// whatever cannot is repaired.
///
/// # Errors
///
/// [`UriError::NotOtpauth`] for another scheme, and what is wrong with the link or its parameters.
pub fn parse_otpauth(text: &str) -> Result<Parsed, UriError> {
    let link = Link::split(text).map_err(|error| match error {
        // Without `//` only our own schemes are malformed links; any other is something else.
        UriError::Malformed { .. } if !is_ours(text) => UriError::NotOtpauth,
        error => error,
    })?;
    if link.has_scheme("otpauth") || link.has_scheme("apple-otpauth") {
        parse_link(&link)
    } else if link.has_scheme("steam") {
        parse_steam(text)
    } else {
        Err(UriError::NotOtpauth)
    }
}

/// What a label's issuer has to be for Steam's own rule to apply.
pub(crate) fn is_steam(issuer: &Name) -> bool {
    issuer.as_str().eq_ignore_ascii_case("Steam")
}

/// Makes the account and says what is odd about its key and parameters.
pub(crate) fn account(
    names: Names,
    key: Decoded,
    kind: OtpKind,
    mut warnings: Vec<Warning>,
) -> Result<Parsed, UriError> {
    if key.bytes.len() < STRONG_KEY_BYTES {
        warnings.push(Warning::WeakSecret);
    }
    if !key.has_canonical_length {
        warnings.push(Warning::NoncanonicalSecret);
    }
    if !matches!(kind.digits(), 6..=8) && !matches!(kind, OtpKind::Steam) {
        warnings.push(Warning::NonstandardDigits);
    }
    if kind
        .period()
        .is_some_and(|period| !matches!(period.seconds(), 30 | 60))
    {
        warnings.push(Warning::NonstandardPeriod);
    }
    let otp = Otp::new(key.bytes, kind).map_err(|error| match error {
        OtpError::KeyTooLong { .. } => UriError::SecretTooLong,
        _ => UriError::EmptySecret,
    })?;
    let Names {
        issuer,
        label_issuer,
        account,
    } = names;
    Ok(Parsed {
        account: Account {
            issuer,
            label_issuer,
            account,
            otp,
        },
        warnings,
    })
}

fn is_ours(text: &str) -> bool {
    super::link::split_scheme(super::link::trim(text)).is_some_and(|(scheme, _)| {
        ["otpauth", "apple-otpauth", "steam"]
            .iter()
            .any(|ours| scheme.eq_ignore_ascii_case(ours))
    })
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Type {
    Totp,
    Hotp,
    Steam,
}

fn parse_link(link: &Link<'_>) -> Result<Parsed, UriError> {
    let declared = match link.host {
        host if host.eq_ignore_ascii_case("totp") => Type::Totp,
        host if host.eq_ignore_ascii_case("hotp") => Type::Hotp,
        host if host.eq_ignore_ascii_case("steam") => Type::Steam,
        _ => return Err(UriError::UnsupportedType),
    };
    let parameters = Parameters::read(link)?;
    let raw_secret = parameters.secret.ok_or(UriError::MissingSecret)?;
    let key = value::secret_in_link(raw_secret, Plus::Space)?;
    let label = link.path.unwrap_or("");
    let names = label::names(label, parameters.issuer);
    let mut warnings = Vec::new();
    if names.label_issuer.is_some() {
        warnings.push(Warning::IssuerMismatch);
    }
    if names.account.is_empty() {
        let has_label = !Name::new(&percent::decode(label, Plus::Literal)).is_empty();
        warnings.push(if has_label {
            Warning::MissingAccount
        } else {
            Warning::MissingLabel
        });
    }
    let kind = parameters.kind(declared, &names.issuer, &mut warnings)?;
    account(names, key, kind, warnings)
}

/// `steam://SECRET`, as two password managers write it.
fn parse_steam(text: &str) -> Result<Parsed, UriError> {
    let text = super::link::trim(text);
    let raw = text.split_once("://").map_or("", |(_, secret)| secret);
    let raw = raw.strip_suffix('/').unwrap_or(raw);
    let key = value::secret_in_link(raw, Plus::Literal)?;
    let names = Names {
        issuer: Name::new("Steam"),
        ..Names::default()
    };
    account(names, key, OtpKind::Steam, vec![Warning::MissingAccount])
}

/// The raw values that matter; everything else in a query is ignored.
#[derive(Default)]
struct Parameters<'a> {
    secret: Option<&'a str>,
    issuer: Option<&'a str>,
    algorithm: Option<&'a str>,
    digits: Option<&'a str>,
    period: Option<&'a str>,
    counter: Option<&'a str>,
    encoder: Option<&'a str>,
    has_steam_flag: bool,
}

impl<'a> Parameters<'a> {
    fn read(link: &Link<'a>) -> Result<Self, UriError> {
        let mut parameters = Self::default();
        for (raw_name, value) in link.parameters() {
            let cleaned = cleaned_name(raw_name);
            let name = cleaned.as_ref().map_or(raw_name, |name| name.as_str());
            let is = |wanted: &str| name.eq_ignore_ascii_case(wanted);
            let raw = value.unwrap_or("");
            // By length first: a link has few parameters, and no two of these compare twice.
            match name.len() {
                5 if is("steam") => {
                    parameters.has_steam_flag |=
                        matches!(raw, "" | "1") || raw.eq_ignore_ascii_case("true");
                }
                6 if is("secret") => set(&mut parameters.secret, raw, Field::Secret)?,
                6 if is("digits") => set(&mut parameters.digits, raw, Field::Digits)?,
                6 if is("period") => set(&mut parameters.period, raw, Field::Period)?,
                // Names differ without harm; the first that says something is taken.
                6 if is("issuer") && parameters.issuer.is_none_or(str::is_empty) => {
                    parameters.issuer = Some(raw);
                }
                7 if is("counter") => set(&mut parameters.counter, raw, Field::Counter)?,
                7 if is("encoder") => set(&mut parameters.encoder, raw, Field::Type)?,
                9 if is("algorithm") => set(&mut parameters.algorithm, raw, Field::Algorithm)?,
                _ if super::link::strip_prefix_ignoring_case(name, "2step_").is_some() => {
                    return Err(UriError::UnsupportedTwoStep);
                }
                _ => {}
            }
        }
        Ok(parameters)
    }

    fn kind(
        &self,
        declared: Type,
        issuer: &Name,
        warnings: &mut Vec<Warning>,
    ) -> Result<OtpKind, UriError> {
        let encoder = percent::decode(self.encoder.unwrap_or(""), Plus::Space);
        let says_steam = encoder.eq_ignore_ascii_case("steam") || self.has_steam_flag;
        let says_totp = encoder.eq_ignore_ascii_case("totp");
        let is_known = value::is_default(&encoder) || says_steam || says_totp;
        match declared {
            // Another alphabet than the type's is another code.
            Type::Hotp if says_steam => return Err(UriError::UnsupportedType),
            _ if !is_known => return Err(UriError::UnsupportedType),
            // Steam has one hash, one length and one period, whatever a link says about them.
            Type::Steam => return Ok(OtpKind::Steam),
            Type::Totp if says_steam => return Ok(OtpKind::Steam),
            Type::Totp | Type::Hotp => {}
        }
        let algorithm = value::in_link(self.algorithm, value::algorithm)?.unwrap_or_default();
        let digits = value::in_link(self.digits, value::digits)?;
        if declared == Type::Hotp {
            let counter = value::in_link(self.counter, value::counter)?;
            if counter.is_none() {
                warnings.push(Warning::MissingCounter);
            }
            return Ok(OtpKind::Hotp {
                algorithm,
                digits: digits.unwrap_or(Digits::DEFAULT),
                counter: counter.unwrap_or_default(),
            });
        }
        let period = value::in_link(self.period, value::period)?.unwrap_or(Period::DEFAULT);
        // Valve's own files name a TOTP without digits and mean five characters of Steam's alphabet. A link that asks
        // for another hash or period than Steam's is taken at its word.
        let may_be_steam = digits.is_none_or(|digits| digits.count() == 5)
            && algorithm == Algorithm::Sha1
            && period == Period::DEFAULT;
        if may_be_steam && is_steam(issuer) && !says_totp {
            return Ok(OtpKind::Steam);
        }
        Ok(OtpKind::Totp {
            algorithm,
            digits: digits.unwrap_or(Digits::DEFAULT),
            period,
        })
    }
}

/// A parameter's name without escapes, white space and what is not seen; none when it has none of them.
///
/// A link that was broken over lines still says how many digits its codes have, and a parameter that
/// is not understood is a wrong code.
fn cleaned_name(raw: &str) -> Option<Zeroizing<String>> {
    if raw
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    {
        return None;
    }
    let mut name = percent::decode_secret(raw, Plus::Space).ok()?;
    name.retain(|letter| !invisible::is_unseen(letter));
    Some(name)
}

/// Takes a value; a second one has to be the same, since readers differ in which they take.
fn set<'a>(slot: &mut Option<&'a str>, raw: &'a str, field: Field) -> Result<(), UriError> {
    match *slot {
        Some(first) if first != raw && !is_same_value(field, first, raw) => {
            Err(UriError::DuplicateParameter { field })
        }
        Some(_) => Ok(()),
        None => {
            *slot = Some(raw);
            Ok(())
        }
    }
}

/// Whether two raw values differ only in spelling: `6` and `06`, `SHA1` and `HmacSHA1`, a key with and without spaces.
fn is_same_value(field: Field, a: &str, b: &str) -> bool {
    fn both<T: PartialEq>(a: Result<T, UriError>, b: Result<T, UriError>) -> bool {
        a.is_ok() && a == b
    }
    match field {
        Field::Secret => both(
            value::secret_in_link(a, Plus::Space).map(|key| key.bytes),
            value::secret_in_link(b, Plus::Space).map(|key| key.bytes),
        ),
        Field::Algorithm => both(
            value::in_link(Some(a), value::algorithm),
            value::in_link(Some(b), value::algorithm),
        ),
        Field::Digits => both(
            value::in_link(Some(a), value::digits),
            value::in_link(Some(b), value::digits),
        ),
        Field::Period => both(
            value::in_link(Some(a), value::period),
            value::in_link(Some(b), value::period),
        ),
        Field::Counter => both(
            value::in_link(Some(a), value::counter),
            value::in_link(Some(b), value::counter),
        ),
        _ => {
            let decoded = |raw| percent::decode(raw, Plus::Space);
            decoded(a).trim().eq_ignore_ascii_case(decoded(b).trim())
        }
    }
}

#[cfg(test)]
mod tests;
