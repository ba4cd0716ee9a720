//! Accounts and their codes, as a list shows them.

use countersign_core::account::Name;
use countersign_core::companion::{
    AccountRow, Added, DoubtfulCounter, Edit, PassedCode, WorkCodes,
};
use countersign_core::otp::{Algorithm, Code, CodeWindow, Counter, Digits, OtpKind, Period};
use countersign_core::secret::SecretText;
use countersign_core::time::UnixSeconds;
use countersign_core::vault::RecordId;

/// The hash inside the HMAC (RFC 6238 §1.2).
#[uniffi::remote(Enum)]
pub enum Algorithm {
    /// HMAC-SHA-1, what a link means when it names none.
    Sha1,
    /// HMAC-SHA-256.
    Sha256,
    /// HMAC-SHA-512.
    Sha512,
}

/// How a key makes codes.
#[uniffi::remote(Enum)]
pub enum OtpKind {
    /// Time-based codes (RFC 6238).
    Totp {
        /// The hash.
        algorithm: Algorithm,
        /// Digits of a code.
        digits: Digits,
        /// How long a code is current.
        period: Period,
    },
    /// Counter-based codes (RFC 4226).
    Hotp {
        /// The hash.
        algorithm: Algorithm,
        /// Digits of a code.
        digits: Digits,
        /// The counter of the next code that will be shown.
        counter: Counter,
    },
    /// Steam's codes: SHA-1, 30 seconds, five characters of an alphabet of 26.
    Steam,
}

/// The current and the next code of one account, taken at one moment, so that they agree at the boundary (C2).
#[uniffi::remote(Record)]
pub struct CodeWindow {
    /// The code that is right now.
    pub current: Code,
    /// The code that follows it.
    pub next: Code,
    /// The first second at which `next` is the current one.
    pub changes_at: UnixSeconds,
}

/// One account as a list shows it. It holds codes, never the key.
///
/// # Privacy
///
/// Names and tags say where somebody has an account: they are as private as the codes.
#[uniffi::remote(Record)]
pub struct AccountRow {
    /// The account's id.
    pub id: RecordId,
    /// How its codes are made.
    pub kind: OtpKind,
    /// Who issued it; may be empty.
    pub issuer: Name,
    /// The label's prefix where it differs from the issuer.
    pub label_issuer: Option<Name>,
    /// Whose account it is; may be empty.
    pub account: Name,
    /// Its tags, in the order in which they were given.
    pub tags: Vec<Name>,
    /// Whether it has a note.
    pub has_note: bool,
    /// Whether it stands above the others.
    pub pinned: bool,
    /// Current code, next code and the second of the change; none for HOTP and in the trash.
    pub window: Option<CodeWindow>,
    /// When it was added.
    pub created_at: UnixSeconds,
    /// When it was put into the trash; none when it is not there.
    pub trashed_at: Option<UnixSeconds>,
}

/// What became of an account that was to be added.
#[uniffi::remote(Enum)]
pub enum Added {
    /// It was added.
    New {
        /// Its id.
        id: RecordId,
        /// Accounts with the same names and another key: both are kept (A4).
        same_names: Vec<RecordId>,
        /// Accounts with the same key and anything else different (A5).
        same_secret: Vec<RecordId>,
    },
    /// The very same account is there already; nothing was changed, its counter included (A5).
    AlreadyHere {
        /// Its id.
        id: RecordId,
        /// Whether it is in the trash, from where it can be restored.
        in_trash: bool,
    },
}

/// What to change of an account; what is not given stays.
#[uniffi::remote(Record)]
pub struct Edit {
    /// The issuer's name.
    #[uniffi(default = None)]
    pub issuer: Option<Name>,
    /// The account's name.
    #[uniffi(default = None)]
    pub account: Option<Name>,
    /// The note; empty text removes it.
    #[uniffi(default = None)]
    pub note: Option<SecretText>,
    /// All tags; an empty list removes them. Repeated and empty names are dropped.
    #[uniffi(default = None)]
    pub tags: Option<Vec<Name>>,
    /// Whether it stands above the others.
    #[uniffi(default = None)]
    pub pinned: Option<bool>,
    /// Its place among the accounts of the list that are pinned alike, from 0; beyond the end means the end.
    #[uniffi(default = None)]
    pub position: Option<u32>,
}

/// What to do with a counter that came with an older file.
#[uniffi::remote(Enum)]
pub enum DoubtfulCounter {
    /// Refuse, so that the person can be asked.
    Refuse,
    /// The person was told that the code may have been used already, and wants to go on.
    GoOn,
}

/// A code of a counter account, passed for good.
#[uniffi::remote(Record)]
pub struct PassedCode {
    /// The code.
    pub code: Code,
    /// The counter that it is for.
    pub counter: Counter,
}

/// The codes of a work account.
#[uniffi::remote(Record)]
pub struct WorkCodes {
    /// The account.
    pub account: RecordId,
    /// Current code, next code, and when this device's clock will show the change.
    pub window: CodeWindow,
}
