//! One-time codes: TOTP (RFC 6238), HOTP (RFC 4226) and Steam.

mod code;
mod generator;
mod kept;
mod parameters;

use std::sync::OnceLock;

pub use code::{Code, CodeText};
pub use generator::{CodeWindow, Generator};
pub use parameters::{Algorithm, Counter, Digits, OtpKind, Period};

use crate::secret::Secret;

/// The longest key that is taken, in bytes.
pub const KEY_BYTES_MAX: usize = 512;

/// Why a key or one of its parameters cannot make codes.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum OtpError {
    /// The key has no bytes.
    #[error("the key is empty")]
    EmptyKey,
    /// The key is longer than [`KEY_BYTES_MAX`].
    #[error("the key has {got_bytes} bytes, more than {KEY_BYTES_MAX}")]
    KeyTooLong {
        /// Its length in bytes.
        got_bytes: u64,
    },
    /// The digit count is 0 or above 10.
    #[error("a code has 1 to 10 digits, not {got}")]
    Digits {
        /// The count asked for.
        got: u64,
    },
    /// The period is 0 or above 2^31-1 seconds.
    #[error("a period is 1 to 2147483647 seconds, not {got_s}")]
    Period {
        /// The period asked for, in seconds.
        got_s: u64,
    },
    /// The counter is above 2^63-1.
    #[error("a counter is at most 2^63-1")]
    Counter,
}

/// What makes codes: a key and how it is used.
pub struct Otp {
    key: Secret,
    kind: OtpKind,
    /// Made for the first code: most accounts of a vault that is opened are not looked at.
    generator: OnceLock<Box<Generator>>,
}

impl Otp {
    /// # Errors
    ///
    /// [`OtpError::EmptyKey`] and [`OtpError::KeyTooLong`].
    pub fn new(key: Secret, kind: OtpKind) -> Result<Self, OtpError> {
        match key.len() {
            0 => Err(OtpError::EmptyKey),
            1..=KEY_BYTES_MAX => Ok(Self {
                key,
                kind,
                generator: OnceLock::new(),
            }),
            got => Err(OtpError::KeyTooLong {
                got_bytes: u64::try_from(got).unwrap_or(u64::MAX),
            }),
        }
    }

    /// The key's bytes, 1 to [`KEY_BYTES_MAX`].
    #[must_use]
    pub const fn key(&self) -> &Secret {
        &self.key
    }

    /// How the key is used.
    #[must_use]
    pub const fn kind(&self) -> OtpKind {
        self.kind
    }

    /// The same key used in another way.
    #[must_use]
    pub fn with_kind(self, kind: OtpKind) -> Self {
        Self {
            key: self.key,
            kind,
            generator: OnceLock::new(),
        }
    }

    /// The key, ready for making codes.
    #[must_use]
    pub fn generator(&self) -> &Generator {
        self.generator
            .get_or_init(|| Box::new(Generator::new(self)))
    }
}

impl PartialEq for Otp {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind && self.key == other.key
    }
}

impl Eq for Otp {}

impl std::fmt::Debug for Otp {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Otp")
            .field("key", &self.key)
            .field("kind", &self.kind)
            .finish()
    }
}

#[cfg(test)]
mod tests;
