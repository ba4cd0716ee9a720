//! What device and server share in secret. Wiped when dropped, shown to nobody, compared without an early end.

use std::fmt;

use zeroize::Zeroizing;

/// Declares secret bytes of fixed length.
macro_rules! secret_bytes {
    ($(#[$doc:meta])* $name:ident, $bytes:literal) => {
        $(#[$doc])*
        pub struct $name(Box<Zeroizing<[u8; $bytes]>>);

        impl $name {
            /// Takes a copy of the bytes; the caller wipes the original.
            #[must_use]
            pub fn copy_of(bytes: &[u8; $bytes]) -> Self {
                Self(Box::new(Zeroizing::new(*bytes)))
            }

            /// The bytes themselves. Every call says why it needs them, in an `EXPOSE:` comment.
            #[must_use]
            pub fn expose(&self) -> &[u8; $bytes] {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("[redacted]")
            }
        }
    };
}

secret_bytes! {
    /// The device's nonce of one enrolment: only its commitment is sent until the server's document is stored.
    DeviceNonce, 16
}
secret_bytes! {
    /// A device's own key for offline responses.
    OfflineKey, 32
}

/// The secret of an invitation: it is never sent, only proven.
pub enum InvitationSecret {
    /// 16 bytes, from a QR code or a link.
    Scanned(ScannedSecret),
    /// 13 digits, typed: the code without the three that choose the invitation. Their ASCII bytes are the secret.
    Typed(TypedSecret),
}

secret_bytes! {
    /// The 16 bytes of a scanned invitation.
    ScannedSecret, 16
}
secret_bytes! {
    /// The 13 ASCII digits of a typed invitation.
    TypedSecret, 13
}

impl TypedSecret {
    /// Reads 13 digits; none for anything else.
    #[must_use]
    pub fn parse(digits: &[u8]) -> Option<Self> {
        let digits: &[u8; 13] = digits.try_into().ok()?;
        let is_digits = digits.iter().all(u8::is_ascii_digit);
        is_digits.then(|| Self::copy_of(digits))
    }
}

impl InvitationSecret {
    /// The key of the proof's MAC.
    pub(crate) fn key(&self) -> &[u8] {
        // EXPOSE: a MAC is keyed with it.
        match self {
            Self::Scanned(secret) => secret.expose(),
            Self::Typed(secret) => secret.expose(),
        }
    }
}

impl fmt::Debug for InvitationSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typed_secret_is_thirteen_digits() {
        assert!(TypedSecret::parse(b"0123456789012").is_some());
        for typed in [
            &b""[..],
            b"012345678901",
            b"01234567890123",
            b"012345678901a",
            b"\x00123456789012",
        ] {
            assert!(TypedSecret::parse(typed).is_none());
        }
    }

    #[test]
    fn nothing_is_shown() {
        let typed = InvitationSecret::Typed(TypedSecret::parse(b"0123456789012").unwrap());
        let shown = format!(
            "{typed:?}{:?}{:?}",
            DeviceNonce::copy_of(&[1; 16]),
            OfflineKey::copy_of(&[1; 32])
        );
        assert_eq!(shown, "[redacted][redacted][redacted]");
    }
}
