//! Secrets are types: redacted in `Debug`, wiped when dropped, compared in constant time, never cloned.

use std::fmt;

use zeroize::Zeroizing;

/// Secret bytes: a code key, a password, a derived key.
pub struct Secret(Zeroizing<Box<[u8]>>);

impl Secret {
    /// Takes the bytes over; the vector is not copied when its capacity is its length.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes.into_boxed_slice()))
    }

    /// A copy of bytes that lie elsewhere; the caller wipes the original.
    #[must_use]
    pub fn copy_of(bytes: &[u8]) -> Self {
        Self(Zeroizing::new(bytes.into()))
    }

    /// Length in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no bytes at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The bytes themselves. Every call says why it needs them, in an `EXPOSE:` comment.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        // Lengths are not secret; contents are compared without an early end.
        self.0.len() == other.0.len()
            && self
                .0
                .iter()
                .zip(other.0.iter())
                .fold(0, |difference, (a, b)| difference | (a ^ b))
                == 0
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

/// Secret text: an exported link, a secret in Base32, a recovery code.
pub struct SecretText(Zeroizing<String>);

impl SecretText {
    /// Takes the text over.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself. Every call says why it needs it, in an `EXPOSE:` comment.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl PartialEq for SecretText {
    fn eq(&self, other: &Self) -> bool {
        let (a, b) = (self.0.as_bytes(), other.0.as_bytes());
        a.len() == b.len()
            && a.iter()
                .zip(b)
                .fold(0, |difference, (a, b)| difference | (a ^ b))
                == 0
    }
}

impl Eq for SecretText {}

impl fmt::Debug for SecretText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_is_redacted() {
        assert_eq!(
            format!("{:?}", Secret::new(b"MARKED".to_vec())),
            "[redacted]"
        );
        assert_eq!(
            format!("{:?}", SecretText::new("MARKED".into())),
            "[redacted]"
        );
    }

    #[test]
    fn equality_looks_at_every_byte() {
        assert_eq!(Secret::copy_of(b"abc"), Secret::copy_of(b"abc"));
        assert_ne!(Secret::copy_of(b"abc"), Secret::copy_of(b"abd"));
        assert_ne!(Secret::copy_of(b"abc"), Secret::copy_of(b"ab"));
        assert_ne!(SecretText::new("abc".into()), SecretText::new("abd".into()));
    }
}
