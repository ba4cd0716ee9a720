//! What an account's codes depend on beside the key. Bounds live in the types; nothing is clamped.

use super::OtpError;
use crate::time::UnixSeconds;

/// The hash inside the HMAC (RFC 6238 §1.2).
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Algorithm {
    /// HMAC-SHA-1, what a link means when it names none.
    #[default]
    Sha1,
    /// HMAC-SHA-256.
    Sha256,
    /// HMAC-SHA-512.
    Sha512,
}

impl Algorithm {
    /// The canonical name in links and exports: `SHA1`, `SHA256`, `SHA512`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha512 => "SHA512",
        }
    }
}

/// How many decimal digits a code has: 1 to 10. RFC 4226 §5.3 asks for 6 to 8; another count gets a warning where it is read.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Digits(u8);

impl Digits {
    /// What a link means when it names no count.
    pub const DEFAULT: Self = Self(6);
    /// The largest count.
    pub const MAX: u8 = 10;

    /// # Errors
    ///
    /// [`OtpError::Digits`] when `count` is 0 or above 10.
    pub const fn new(count: u64) -> Result<Self, OtpError> {
        match count {
            1 => Ok(Self(1)),
            2 => Ok(Self(2)),
            3 => Ok(Self(3)),
            4 => Ok(Self(4)),
            5 => Ok(Self(5)),
            6 => Ok(Self(6)),
            7 => Ok(Self(7)),
            8 => Ok(Self(8)),
            9 => Ok(Self(9)),
            10 => Ok(Self(10)),
            got => Err(OtpError::Digits { got }),
        }
    }

    /// The count itself, 1 to 10.
    #[must_use]
    pub const fn count(self) -> u8 {
        self.0
    }

    /// The modulus of RFC 4226 §5.3. Needs 64 bits: 10^10 > 2^32.
    pub(super) const fn modulus(self) -> u64 {
        match self.0 {
            1 => 10,
            2 => 100,
            3 => 1_000,
            4 => 10_000,
            5 => 100_000,
            6 => 1_000_000,
            7 => 10_000_000,
            8 => 100_000_000,
            9 => 1_000_000_000,
            _ => 10_000_000_000,
        }
    }
}

/// How long a TOTP code is current: 1 to 2^31-1 seconds (the time step X of RFC 6238 §4.1).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Period(u32);

impl Period {
    /// What a link means when it names none.
    pub const DEFAULT: Self = Self(30);
    /// The largest period in seconds.
    pub const MAX_S: u32 = 0x7fff_ffff;

    /// # Errors
    ///
    /// [`OtpError::Period`] when `seconds` is 0 or above 2^31-1.
    pub fn new(seconds: u64) -> Result<Self, OtpError> {
        match u32::try_from(seconds) {
            Ok(got @ 1..=Self::MAX_S) => Ok(Self(got)),
            _ => Err(OtpError::Period { got_s: seconds }),
        }
    }

    /// The period in seconds.
    #[must_use]
    pub const fn seconds(self) -> u32 {
        self.0
    }
}

/// An HOTP counter: 0 to 2^63-1 (RFC 4226 §5.1 has 64 bits; the sign bit is kept free for every store and language).
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Counter(u64);

impl Counter {
    /// The largest counter.
    pub const MAX: u64 = 0x7fff_ffff_ffff_ffff;

    /// # Errors
    ///
    /// [`OtpError::Counter`] when `value` is above 2^63-1.
    pub const fn new(value: u64) -> Result<Self, OtpError> {
        match value {
            0..=Self::MAX => Ok(Self(value)),
            _ => Err(OtpError::Counter),
        }
    }

    /// The counter itself.
    #[must_use]
    pub const fn value(self) -> u64 {
        self.0
    }

    /// The counter after this one.
    ///
    /// # Errors
    ///
    /// [`OtpError::Counter`] at the end of the range.
    pub const fn next(self) -> Result<Self, OtpError> {
        Self::new(self.0 + 1)
    }
}

/// How a key makes codes.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
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

impl OtpKind {
    /// What `otpauth://totp/…` means when it names no parameter.
    pub const TOTP: Self = Self::Totp {
        algorithm: Algorithm::Sha1,
        digits: Digits::DEFAULT,
        period: Period::DEFAULT,
    };

    /// The type's name: `totp`, `hotp` or `steam`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Totp { .. } => "totp",
            Self::Hotp { .. } => "hotp",
            Self::Steam => "steam",
        }
    }

    /// The hash; SHA-1 for Steam.
    #[must_use]
    pub const fn algorithm(self) -> Algorithm {
        match self {
            Self::Totp { algorithm, .. } | Self::Hotp { algorithm, .. } => algorithm,
            Self::Steam => Algorithm::Sha1,
        }
    }

    /// Characters of a code; 5 for Steam.
    #[must_use]
    pub const fn digits(self) -> u8 {
        match self {
            Self::Totp { digits, .. } | Self::Hotp { digits, .. } => digits.count(),
            Self::Steam => 5,
        }
    }

    /// How long a code is current; none for HOTP.
    #[must_use]
    pub const fn period(self) -> Option<Period> {
        match self {
            Self::Totp { period, .. } => Some(period),
            Self::Hotp { .. } => None,
            Self::Steam => Some(Period::DEFAULT),
        }
    }

    /// The first second after `now` at which the code changes by itself; none for HOTP.
    #[must_use]
    pub fn next_change(self, now: UnixSeconds) -> Option<UnixSeconds> {
        let period_s = u64::from(self.period()?.seconds());
        // At the end of time the sum saturates.
        Some(now.plus(period_s - now.0 % period_s))
    }

    /// The counter of the next code; HOTP only.
    #[must_use]
    pub const fn counter(self) -> Option<Counter> {
        match self {
            Self::Hotp { counter, .. } => Some(counter),
            Self::Totp { .. } | Self::Steam => None,
        }
    }
}
