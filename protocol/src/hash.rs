//! SHA-256 hashes and random ids, each with its meaning in its type: one is never taken for another.

use std::fmt;

use ring::digest::{SHA256, digest};

use crate::base64url::{self, NotBase64url};
use crate::stored::stored_as_text;

/// SHA-256.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}

/// Declares a public value of fixed length that is base64url as text.
macro_rules! fixed_bytes {
    ($(#[$doc:meta])* $name:ident, $bytes:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub struct $name([u8; $bytes]);

        impl $name {
            /// Takes the bytes.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; $bytes]) -> Self {
                Self(bytes)
            }

            /// Its bytes.
            #[must_use]
            pub const fn bytes(&self) -> &[u8; $bytes] {
                &self.0
            }

            /// Reads its base64url.
            ///
            /// # Errors
            ///
            /// [`NotBase64url`].
            pub fn parse(text: &str) -> Result<Self, NotBase64url> {
                base64url::parse_exact(text).map(Self)
            }

            /// Its base64url.
            #[must_use]
            pub fn format(&self) -> String {
                base64url::format(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, "{}({})", stringify!($name), self.format())
            }
        }

        stored_as_text!($name, Self::format, Self::parse);
    };
}

fixed_bytes! {
    /// A key's RFC 7638 SHA-256 thumbprint: `kid`, and the reader of what a server sends to a device.
    Thumbprint, 32
}
fixed_bytes! {
    /// The SHA-256 hash of a message's compact bytes as received: `re`, `sth`, `ath`.
    MessageHash, 32
}
fixed_bytes! {
    /// What a device commits itself to before it sees the server's document: the SHA-256 hash of its nonce.
    Commitment, 32
}
fixed_bytes! {
    /// The SHA-256 hash of the lines that a statement is shown as: `shown`.
    LinesHash, 32
}
fixed_bytes! {
    /// What a device's history comes to: the hash of its last entry over all before it.
    HistoryHead, 32
}
fixed_bytes! {
    /// 16 random bytes that name one thing: an invitation, a message (`jti`), an account.
    Id, 16
}

impl MessageHash {
    /// The hash of a message's compact bytes.
    #[must_use]
    pub fn of(compact: &str) -> Self {
        Self(sha256(compact.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_one_text_of_its_length() {
        let id = Id::from_bytes([0xff; 16]);
        assert_eq!(id.format().len(), 22);
        assert_eq!(Id::parse(&id.format()), Ok(id));
        let hash = Thumbprint::from_bytes([0xff; 32]);
        assert_eq!(hash.format().len(), 43);
        assert_eq!(Thumbprint::parse(&hash.format()), Ok(hash));
        for text in ["", &id.format(), &format!("{}A", hash.format())] {
            assert_eq!(MessageHash::parse(text), Err(NotBase64url));
        }
        // The last character of 16 bytes has four bits to spare: they are zero.
        assert!(Id::parse("AAAAAAAAAAAAAAAAAAAAAA").is_ok());
        assert_eq!(Id::parse("AAAAAAAAAAAAAAAAAAAAAB"), Err(NotBase64url));
    }

    #[test]
    fn a_message_is_hashed_as_it_was_received() {
        // FIPS 180-2 appendix B.1.
        let text = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        let hash = MessageHash::of("abc");
        let hexadecimal: String = hash
            .bytes()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(hexadecimal, text);
    }
}
