//! What a person types into a form, or a script passes as fields.

mod hints;

use crate::account::{Account, Name};
use crate::encoding::base32;
use crate::otp::{Algorithm, Counter, Digits, KEY_BYTES_MAX, OtpKind, Period};
use crate::uri::label::Names;
use crate::uri::link::{LINK_BYTES_MAX, strip_prefix_ignoring_case, trim};
use crate::uri::{Field, Hint, Parsed, UriError, Warning, otpauth, parse_otpauth, value};

/// What a form needs to know: the defaults that it shows and the limits that it can hold early.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct FormLimits {
    /// Types to choose from; the first is the default.
    pub types: [&'static str; 3],
    /// Hashes to choose from; the first is the default.
    pub algorithms: [&'static str; 3],
    /// Fewest and most digits.
    pub digits: (u8, u8),
    /// Digits when none are named.
    pub digits_default: u8,
    /// Shortest and longest period, in seconds.
    pub period_s: (u32, u32),
    /// The period when none is named, in seconds.
    pub period_default_s: u32,
    /// The largest counter; the smallest and the default is 0.
    pub counter_max: u64,
    /// The longest key, in bytes.
    pub key_bytes_max: usize,
    /// The longest text of the key field when it holds a link, in bytes.
    pub link_bytes_max: usize,
}

/// The defaults and limits of every form.
pub const FORM_LIMITS: FormLimits = FormLimits {
    types: ["totp", "hotp", "steam"],
    algorithms: [
        Algorithm::Sha1.name(),
        Algorithm::Sha256.name(),
        Algorithm::Sha512.name(),
    ],
    digits: (1, Digits::MAX),
    digits_default: Digits::DEFAULT.count(),
    period_s: (1, Period::MAX_S),
    period_default_s: Period::DEFAULT.seconds(),
    counter_max: Counter::MAX,
    key_bytes_max: KEY_BYTES_MAX,
    link_bytes_max: LINK_BYTES_MAX,
};

/// The fields of a form as text, numbers too; an empty field takes the default.
#[derive(Clone, Copy, Default)]
pub struct ManualEntry<'a> {
    /// Who issued it.
    pub issuer: &'a str,
    /// Whose account it is.
    pub account: &'a str,
    /// The key in Base32, or a whole link.
    pub secret: &'a str,
    /// `totp`, `hotp` or `steam`.
    pub kind: &'a str,
    /// The hash.
    pub algorithm: &'a str,
    /// Digits of a code.
    pub digits: &'a str,
    /// The period in seconds; TOTP only.
    pub period: &'a str,
    /// The counter; HOTP only.
    pub counter: &'a str,
}

impl std::fmt::Debug for ManualEntry<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("[redacted]")
    }
}

/// An entry that was read.
#[derive(Debug, Eq, PartialEq)]
pub struct ManualParsed {
    /// The account, normalised.
    pub account: Account,
    /// What is odd about it; [`Warning::NoncanonicalSecret`] asks for a code to be checked first.
    pub warnings: Vec<Warning>,
    /// What the key looks like instead, where it could be taken and still looks like something else.
    pub hint: Option<Hint>,
    /// Whether the key field held a whole link: the form shows what was taken from it.
    pub is_from_link: bool,
}

/// Why an entry was refused: the fact, the field that it is shown at, and what the text looks like.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{error}")]
pub struct ManualError {
    /// What is wrong. A position counts in the field as given; when the key field holds a link, in
    /// the raw value of the parameter that `field` names.
    pub error: UriError,
    /// The field, where one is to blame.
    pub field: Option<Field>,
    /// What the text looks like instead.
    pub hint: Option<Hint>,
}

impl From<UriError> for ManualError {
    fn from(error: UriError) -> Self {
        Self {
            error,
            field: error.field(),
            hint: None,
        }
    }
}

/// Reads a form. Nothing is repaired that could change a code; what was most likely meant is said
/// in the error and never applied.
///
/// # Errors
///
/// [`ManualError`], with one of [`UriError::UnsupportedType`], [`UriError::UnsupportedAlgorithm`],
/// [`UriError::InvalidDigits`], [`UriError::InvalidPeriod`], [`UriError::InvalidCounter`], the
/// errors of a key, [`UriError::WrongKind`] for a link that holds no key, and
/// [`UriError::MissingName`].
pub fn parse_manual(entry: &ManualEntry<'_>) -> Result<ManualParsed, ManualError> {
    let parsed = match hints::link_in(entry.secret) {
        hints::KeyText::Link => from_link(entry)?,
        hints::KeyText::OtherLink(hint) => {
            return Err(ManualError {
                hint,
                ..UriError::WrongKind.into()
            });
        }
        hints::KeyText::Key => from_fields(entry)?,
    };
    if parsed.account.issuer.is_empty() && parsed.account.account.is_empty() {
        return Err(UriError::MissingName.into());
    }
    Ok(parsed)
}

/// The link decides; typed names stand where it has none.
fn from_link(entry: &ManualEntry<'_>) -> Result<ManualParsed, ManualError> {
    let Parsed {
        mut account,
        mut warnings,
    } = parse_otpauth(entry.secret).map_err(|error| {
        let at_key = ManualError::from(error);
        ManualError {
            field: at_key.field.or(Some(Field::Secret)),
            ..at_key
        }
    })?;
    let typed_issuer = Name::new(entry.issuer);
    let typed_account = Name::new(entry.account);
    // `steam://` has no names of its own: the issuer that it is read with is a default.
    let has_default_issuer = strip_prefix_ignoring_case(trim(entry.secret), "steam:").is_some();
    if (account.issuer.is_empty() || has_default_issuer) && !typed_issuer.is_empty() {
        account.issuer = typed_issuer;
    }
    if account.account.is_empty() && !typed_account.is_empty() {
        account.account = typed_account;
        warnings
            .retain(|warning| !matches!(warning, Warning::MissingAccount | Warning::MissingLabel));
    }
    Ok(ManualParsed {
        account,
        warnings,
        hint: None,
        is_from_link: true,
    })
}

fn from_fields(entry: &ManualEntry<'_>) -> Result<ManualParsed, ManualError> {
    let names = Names {
        issuer: Name::new(entry.issuer),
        label_issuer: None,
        account: Name::new(entry.account),
    };
    let kind = kind(entry, &names)?;
    let key = base32::decode(entry.secret)
        .map_err(|error| hints::with_hint(value::secret_error(error), entry.secret))?;
    let hint = hints::of_key(entry.secret);
    if hint == Some(Hint::LooksLikeBase64) && !key.has_canonical_length {
        // Padding that Base32 never has, in letters of both cases: its codes would be wrong.
        return Err(ManualError {
            hint,
            ..UriError::InvalidSecret {
                at: hints::padding_position(entry.secret),
                replacement: None,
            }
            .into()
        });
    }
    let Parsed { account, warnings } = otpauth::account(names, key, kind, Vec::new())?;
    Ok(ManualParsed {
        account,
        warnings,
        hint,
        is_from_link: false,
    })
}

/// Fields that the type does not use are not looked at.
fn kind(entry: &ManualEntry<'_>, names: &Names) -> Result<OtpKind, UriError> {
    let chosen = entry.kind.trim();
    let is = |kind: &str| chosen.eq_ignore_ascii_case(kind);
    if is("steam") {
        return Ok(OtpKind::Steam);
    }
    if !chosen.is_empty() && !is("totp") && !is("hotp") {
        return Err(UriError::UnsupportedType);
    }
    let algorithm = value::algorithm(entry.algorithm)?.unwrap_or_default();
    let digits = value::digits(entry.digits)?;
    if is("hotp") {
        return Ok(OtpKind::Hotp {
            algorithm,
            digits: digits.unwrap_or(Digits::DEFAULT),
            counter: value::counter(entry.counter)?.unwrap_or_default(),
        });
    }
    let period = value::period(entry.period)?.unwrap_or(Period::DEFAULT);
    // As in a link: Steam without a type and without another digit count has Steam's codes.
    let may_be_steam = chosen.is_empty() && digits.is_none_or(|digits| digits.count() == 5);
    if may_be_steam && otpauth::is_steam(&names.issuer) {
        return Ok(OtpKind::Steam);
    }
    Ok(OtpKind::Totp {
        algorithm,
        digits: digits.unwrap_or(Digits::DEFAULT),
        period,
    })
}

#[cfg(test)]
mod tests;
