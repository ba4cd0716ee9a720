//! What a text is, and why it was refused.

use countersign_core::doctor;
use countersign_core::uri::foreign::{ForeignKind, Vendor};
use countersign_core::uri::migration::{self, BatchError, EntryFailure};
use countersign_core::uri::{self, Field, UriError};

use super::names::Letter;

type TextKind = doctor::Kind;
type ReadWarning = uri::Warning;
type ReadHint = uri::Hint;
type PartAdded = migration::Added;

/// What a text is.
#[uniffi::remote(Enum)]
pub enum TextKind {
    /// Time-based codes.
    Totp,
    /// Counter-based codes.
    Hotp,
    /// Steam's codes.
    Steam,
    /// A Google Authenticator export.
    Migration,
    /// An invitation to approve sign-ins.
    Invitation,
    /// A request to approve one sign-in.
    Statement,
    /// Another server's approvals.
    ForeignPush,
    /// Microsoft's approvals.
    PushActivation,
    /// Codes that this program does not make.
    OtherOtp,
    /// A passkey's cross-device sign-in.
    Passkey,
    /// A wireless network.
    Wifi,
    /// A web page.
    WebLink,
    /// A page that offers an app.
    StoreLink,
    /// A contact.
    Contact,
    /// A mail address or message.
    Mail,
    /// A telephone number or text message.
    Telephone,
    /// Digits only.
    Digits,
    /// Anything else.
    Text,
}

/// The part of a link or form that something is said about.
#[uniffi::remote(Enum)]
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

/// Why a link or a typed entry was refused.
///
/// No variant carries text from outside (a suggested letter is one of two constants), so every one
/// is safe to show and to log. Positions count Unicode scalars from 0, in the raw value of the
/// field for a link and in the text as given for a form.
#[uniffi::remote(Enum)]
pub enum UriError {
    /// It is no link that makes codes.
    NotOtpauth,
    /// The link's form is broken.
    Malformed {
        /// The part that is broken, where one is to blame.
        field: Option<Field>,
    },
    /// The text is longer than its cap.
    TooLong,
    /// The type makes codes that this program does not.
    UnsupportedType,
    /// The key is made in two steps, which this program does not do.
    UnsupportedTwoStep,
    /// The hash is none of SHA-1, SHA-256 and SHA-512.
    UnsupportedAlgorithm,
    /// The version is not one that this program knows.
    UnsupportedVersion,
    /// It sets up approvals with another vendor's protocol.
    PushNotSupported,
    /// There is no key.
    MissingSecret,
    /// The key has less than eight bits.
    EmptySecret,
    /// The key is not Base32.
    InvalidSecret {
        /// Position of the first bad character.
        at: u32,
        /// The letter that was most likely meant, where only one looks alike. Never applied by itself.
        replacement: Option<Letter>,
    },
    /// The key is longer than `KEY_BYTES_MAX`.
    SecretTooLong,
    /// The digit count is not a number from 1 to 10.
    InvalidDigits {
        /// Position of the first character that is no digit; none when the number is out of range.
        at: Option<u32>,
    },
    /// The period is not a whole number of seconds from 1 to 2^31-1.
    InvalidPeriod {
        /// Position of the first character that is no digit; none when the number is out of range.
        at: Option<u32>,
    },
    /// The counter is not a number from 0 to 2^63-1.
    InvalidCounter {
        /// Position of the first character that is no digit; none when the number is out of range.
        at: Option<u32>,
    },
    /// A parameter stands there twice with different values.
    DuplicateParameter {
        /// Which one.
        field: Field,
    },
    /// An export or a statement without its payload.
    MissingData,
    /// The payload of an export cannot be read.
    InvalidPayload,
    /// An export without entries.
    EmptyPayload,
    /// The one-time code is missing or has not its form.
    MissingCode,
    /// The server's address is missing.
    MissingUrl,
    /// The server's address is not a plain `https` one.
    InsecureUrl,
    /// A typed entry has neither issuer nor account.
    MissingName,
    /// The key field holds a link of another kind.
    WrongKind,
}

/// Something odd about a code that was taken; the person decides.
#[uniffi::remote(Enum)]
pub enum ReadWarning {
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

/// What refused text looks like instead.
#[uniffi::remote(Enum)]
pub enum ReadHint {
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

/// Whose protocol a link belongs to.
#[uniffi::remote(Enum)]
pub enum Vendor {
    /// privacyIDEA, and what shares its links.
    PrivacyIdea,
    /// eduMFA.
    EduMfa,
    /// Microsoft.
    Microsoft,
}

/// What a foreign link enrols.
#[uniffi::remote(Enum)]
pub enum ForeignKind {
    /// One account that approves sign-ins.
    Push,
    /// A container that is filled with accounts later.
    Container,
}

/// Why one entry of an export was left out.
#[uniffi::remote(Record)]
pub struct EntryFailure {
    /// Its place in the part, from 0.
    pub index: u32,
    /// The reason.
    pub error: UriError,
}

/// What became of a part.
#[uniffi::remote(Enum)]
pub enum PartAdded {
    /// It was not there yet.
    New,
    /// The very same part is there already; nothing changed.
    Known,
}

/// Why a part was not taken; the collection is unchanged.
#[uniffi::remote(Error)]
pub enum BatchError {
    /// It belongs to another export, as its id says or its accounts do.
    OtherExport,
    /// It names another number of parts.
    SizeDiffers {
        /// The parts the others name.
        expected: u32,
        /// The parts this one names.
        got: u32,
    },
    /// Its index is not below the number of parts, or there are more parts than any export has.
    Index {
        /// The index, from 0.
        index: u32,
        /// The parts it names.
        size: u32,
    },
}
