//! Why a code was refused, and what is odd about one that was taken.

use std::fmt;

/// The part of a link or form that something is said about.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Field {
    /// The key.
    Secret,
    /// The hash.
    Algorithm,
    /// The digit count.
    Digits,
    /// The period in seconds.
    Period,
    /// The HOTP counter.
    Counter,
    /// `totp`, `hotp`, `steam` or another type.
    Type,
    /// Who issued it.
    Issuer,
    /// Whose account it is.
    Account,
    /// The payload of an export or a statement.
    Data,
    /// The one-time code of an activation or invitation.
    Code,
    /// The address of a server.
    Url,
    /// The version of an invitation.
    Version,
    /// The thumbprint of a server's key in an invitation.
    Key,
    /// When an invitation ends.
    Expiry,
}

impl Field {
    /// The name that interfaces use.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Algorithm => "algorithm",
            Self::Digits => "digits",
            Self::Period => "period",
            Self::Counter => "counter",
            Self::Type => "type",
            Self::Issuer => "issuer",
            Self::Account => "account",
            Self::Data => "data",
            Self::Code => "code",
            Self::Url => "url",
            Self::Version => "version",
            Self::Key => "key",
            Self::Expiry => "exp",
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Why a link or a typed entry was refused.
///
/// No variant carries text from outside (a suggested letter is one of two constants), so every one
/// is safe to show and to log. Positions count Unicode scalars from 0, in the raw value of the
/// field for a link and in the text as given for a form.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum UriError {
    /// It is no link that makes codes.
    #[error("this is not a link that sets up codes")]
    NotOtpauth,
    /// The link's form is broken.
    #[error("the link is malformed")]
    Malformed {
        /// The part that is broken, where one is to blame.
        field: Option<Field>,
    },
    /// The text is longer than its cap.
    #[error("the text is too long")]
    TooLong,
    /// The type makes codes that this program does not.
    #[error("this type of code is not supported")]
    UnsupportedType,
    /// The key is made in two steps, which this program does not do.
    #[error("enrolment in two steps is not supported")]
    UnsupportedTwoStep,
    /// The hash is none of SHA-1, SHA-256 and SHA-512.
    #[error("the hash is not SHA1, SHA256 or SHA512")]
    UnsupportedAlgorithm,
    /// The version is not one that this program knows.
    #[error("this version is not supported")]
    UnsupportedVersion,
    /// It sets up approvals with another vendor's protocol.
    #[error("approvals of this server are not supported")]
    PushNotSupported,
    /// There is no key.
    #[error("there is no secret")]
    MissingSecret,
    /// The key has less than eight bits.
    #[error("the secret is empty")]
    EmptySecret,
    /// The key is not Base32.
    #[error("the secret is not Base32 at character {at}")]
    InvalidSecret {
        /// Position of the first bad character.
        at: u32,
        /// The letter that was most likely meant, where only one looks alike. Never applied by itself.
        replacement: Option<char>,
    },
    /// The key is longer than [`crate::otp::KEY_BYTES_MAX`].
    #[error("the secret is too long")]
    SecretTooLong,
    /// The digit count is not a number from 1 to 10.
    #[error("digits is not a number from 1 to 10")]
    InvalidDigits {
        /// Position of the first character that is no digit; none when the number is out of range.
        at: Option<u32>,
    },
    /// The period is not a whole number of seconds from 1 to 2^31-1.
    #[error("period is not a number from 1 to 2147483647")]
    InvalidPeriod {
        /// Position of the first character that is no digit; none when the number is out of range.
        at: Option<u32>,
    },
    /// The counter is not a number from 0 to 2^63-1.
    #[error("counter is not a number from 0 to 2^63-1")]
    InvalidCounter {
        /// Position of the first character that is no digit; none when the number is out of range.
        at: Option<u32>,
    },
    /// A parameter stands there twice with different values.
    #[error("{field} is given twice")]
    DuplicateParameter {
        /// Which one.
        field: Field,
    },
    /// An export or a statement without its payload.
    #[error("the link carries no data")]
    MissingData,
    /// The payload of an export cannot be read.
    #[error("the data cannot be read")]
    InvalidPayload,
    /// An export without entries.
    #[error("the export is empty")]
    EmptyPayload,
    /// The one-time code is missing or has not its form.
    #[error("the code is missing or has the wrong form")]
    MissingCode,
    /// The server's address is missing.
    #[error("the address is missing")]
    MissingUrl,
    /// The server's address is not a plain `https` one.
    #[error("the address is not a safe https one")]
    InsecureUrl,
    /// A typed entry has neither issuer nor account.
    #[error("an issuer or an account name is needed")]
    MissingName,
    /// The key field holds a link of another kind.
    #[error("this is not a key but a link of another kind")]
    WrongKind,
}

impl UriError {
    /// The name in the closed list that scripts and shells rely on.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::NotOtpauth => "not_otpauth",
            Self::Malformed { .. } => "malformed_uri",
            Self::TooLong => "too_long",
            Self::UnsupportedType => "unsupported_type",
            Self::UnsupportedTwoStep => "unsupported_2step",
            Self::UnsupportedAlgorithm => "unsupported_algorithm",
            Self::UnsupportedVersion => "unsupported_version",
            Self::PushNotSupported => "push_not_supported",
            Self::MissingSecret => "missing_secret",
            Self::EmptySecret => "empty_secret",
            Self::InvalidSecret { .. } => "invalid_secret",
            Self::SecretTooLong => "secret_too_long",
            Self::InvalidDigits { .. } => "invalid_digits",
            Self::InvalidPeriod { .. } => "invalid_period",
            Self::InvalidCounter { .. } => "invalid_counter",
            Self::DuplicateParameter { .. } => "duplicate_parameter",
            Self::MissingData => "missing_data",
            Self::InvalidPayload => "invalid_payload",
            Self::EmptyPayload => "empty_payload",
            Self::MissingCode => "missing_code",
            Self::MissingUrl => "missing_url",
            Self::InsecureUrl => "insecure_url",
            Self::MissingName => "missing_name",
            Self::WrongKind => "wrong_kind",
        }
    }

    /// The part that is to blame, where there is one.
    #[must_use]
    pub const fn field(&self) -> Option<Field> {
        match self {
            Self::Malformed { field } => *field,
            Self::DuplicateParameter { field } => Some(*field),
            Self::UnsupportedType => Some(Field::Type),
            Self::UnsupportedAlgorithm => Some(Field::Algorithm),
            Self::UnsupportedVersion => Some(Field::Version),
            Self::MissingSecret
            | Self::EmptySecret
            | Self::InvalidSecret { .. }
            | Self::SecretTooLong
            | Self::WrongKind => Some(Field::Secret),
            Self::InvalidDigits { .. } => Some(Field::Digits),
            Self::InvalidPeriod { .. } => Some(Field::Period),
            Self::InvalidCounter { .. } => Some(Field::Counter),
            Self::MissingData | Self::InvalidPayload | Self::EmptyPayload => Some(Field::Data),
            Self::MissingCode => Some(Field::Code),
            Self::MissingUrl | Self::InsecureUrl => Some(Field::Url),
            Self::MissingName => Some(Field::Account),
            Self::NotOtpauth
            | Self::TooLong
            | Self::UnsupportedTwoStep
            | Self::PushNotSupported => None,
        }
    }

    /// Where in the field the first bad character stands.
    #[must_use]
    pub const fn at(&self) -> Option<u32> {
        match self {
            Self::InvalidSecret { at, .. } => Some(*at),
            Self::InvalidDigits { at }
            | Self::InvalidPeriod { at }
            | Self::InvalidCounter { at } => *at,
            _ => None,
        }
    }

    /// The letter that was most likely meant at that place, where only one looks alike.
    #[must_use]
    pub const fn replacement(&self) -> Option<char> {
        match self {
            Self::InvalidSecret { replacement, .. } => *replacement,
            _ => None,
        }
    }
}

/// Something odd about a code that was taken; the person decides.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Warning {
    /// The digit count is outside 6 to 8 (RFC 4226 §5.3).
    NonstandardDigits,
    /// The period is neither 30 nor 60 seconds.
    NonstandardPeriod,
    /// The key has less than 80 bits.
    WeakSecret,
    /// No encoder writes a key of this many characters: one may be missing or too many.
    NoncanonicalSecret,
    /// The label names another issuer than the parameter; both are kept.
    IssuerMismatch,
    /// There is no label.
    MissingLabel,
    /// The label names an issuer and no account.
    MissingAccount,
    /// An HOTP link without a counter; it starts at 0.
    MissingCounter,
    /// An account with the same key is already there.
    SameSecret,
    /// The export's format has no period: 30 seconds are assumed.
    PeriodDropped,
}

impl Warning {
    /// The name in the closed list that scripts and shells rely on.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NonstandardDigits => "nonstandard_digits",
            Self::NonstandardPeriod => "nonstandard_period",
            Self::WeakSecret => "weak_secret",
            Self::NoncanonicalSecret => "noncanonical_secret",
            Self::IssuerMismatch => "issuer_mismatch",
            Self::MissingLabel => "missing_label",
            Self::MissingAccount => "missing_account",
            Self::MissingCounter => "missing_counter",
            Self::SameSecret => "same_secret",
            Self::PeriodDropped => "period_dropped",
        }
    }
}

/// What refused text looks like instead.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Hint {
    /// A Google Authenticator export.
    GoogleExport,
    /// A link that activates approvals.
    PushActivation,
    /// A key in Base64, as Steam stores it.
    LooksLikeBase64,
    /// A code, where the key belongs.
    LooksLikeCode,
    /// A key in hexadecimal, as hardware tokens come with.
    LooksLikeHex,
    /// A web link.
    WebLink,
    /// A passkey's code.
    Passkey,
}

impl Hint {
    /// The name in the closed list that scripts and shells rely on.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::GoogleExport => "google_export",
            Self::PushActivation => "push_activation",
            Self::LooksLikeBase64 => "looks_like_base64",
            Self::LooksLikeCode => "looks_like_code",
            Self::LooksLikeHex => "looks_like_hex",
            Self::WebLink => "web_link",
            Self::Passkey => "passkey",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_its_place() {
        let error = UriError::InvalidSecret {
            at: 15,
            replacement: Some('B'),
        };
        assert_eq!(error.field(), Some(Field::Secret));
        assert_eq!(error.at(), Some(15));
        assert_eq!(error.replacement(), Some('B'));
        assert_eq!(
            error.to_string(),
            "the secret is not Base32 at character 15"
        );
        assert_eq!(UriError::TooLong.at(), None);
    }

    #[test]
    fn a_duplicate_names_its_field() {
        let error = UriError::DuplicateParameter {
            field: Field::Digits,
        };
        assert_eq!(error.to_string(), "digits is given twice");
        assert_eq!(error.field(), Some(Field::Digits));
    }
}
