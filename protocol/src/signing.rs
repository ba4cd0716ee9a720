//! A signing key in software: the server's keys, and a device's where the platform has none. Wiped when dropped, shown to nobody.

use std::fmt;

use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use zeroize::Zeroizing;

use crate::envelope::{Compact, Unsigned};
use crate::key::PublicKey;
use crate::signature::Signature;

/// Why there is no key, or no signature.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SigningError {
    /// The system gave no randomness.
    #[error("the system gave no randomness")]
    Entropy,
    /// The stored bytes are not a P-256 key in PKCS#8.
    #[error("not a P-256 key in PKCS#8")]
    Form,
}

/// A P-256 key that signs with ES256. ring blinds each signature with the system's randomness and has no other source.
pub struct SigningKey {
    pair: Box<EcdsaKeyPair>,
    pkcs8: Zeroizing<Box<[u8]>>,
    public: PublicKey,
}

impl SigningKey {
    /// Makes a new one with the system's randomness.
    ///
    /// # Errors
    ///
    /// [`SigningError::Entropy`].
    pub fn generate() -> Result<Self, SigningError> {
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new())
            .map_err(|_| SigningError::Entropy)?;
        Self::from_pkcs8(document.as_ref())
    }

    /// Takes a key back from where it was stored (PKCS#8, RFC 5208, with its public key).
    ///
    /// # Errors
    ///
    /// [`SigningError::Form`].
    pub fn from_pkcs8(pkcs8: &[u8]) -> Result<Self, SigningError> {
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8, &SystemRandom::new())
            .map_err(|_| SigningError::Form)?;
        let public =
            PublicKey::from_point(pair.public_key().as_ref()).map_err(|_| SigningError::Form)?;
        Ok(Self {
            pair: Box::new(pair),
            pkcs8: Zeroizing::new(pkcs8.into()),
            public,
        })
    }

    /// The key as it is stored. Every call says why it needs it, in an `EXPOSE:` comment.
    #[must_use]
    pub fn expose_pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    /// Its public half.
    #[must_use]
    pub const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Signs, with the low one of both numbers s.
    ///
    /// # Errors
    ///
    /// [`SigningError::Entropy`].
    ///
    /// # Panics
    ///
    /// Never: ring's signatures have the form that it says.
    pub fn sign(&self, message: &[u8]) -> Result<Signature, SigningError> {
        let signature = self
            .pair
            .sign(&SystemRandom::new(), message)
            .map_err(|_| SigningError::Entropy)?;
        Ok(Signature::lowered(signature.as_ref()).expect("ring makes r and s of 32 bytes each"))
    }

    /// Signs a message that names this key.
    ///
    /// # Errors
    ///
    /// [`SigningError::Entropy`].
    ///
    /// # Panics
    ///
    /// For a message that names another key: whoever made it had this one at hand.
    pub fn sign_message(&self, message: &Unsigned) -> Result<Compact, SigningError> {
        assert_eq!(
            *message.key(),
            self.public,
            "a message is signed by the key that it names"
        );
        let signature = self.sign(message.signing_input())?;
        Ok(message.assembled(&signature))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_was_stored_is_the_same_key() {
        let key = SigningKey::generate().unwrap();
        // EXPOSE: it is stored and taken back.
        let again = SigningKey::from_pkcs8(key.expose_pkcs8()).unwrap();
        assert_eq!(key.public(), again.public());
        for _ in 0..20 {
            // Half of all signatures come with the high s.
            let signature = again.sign(b"message").unwrap();
            assert!(signature.is_of(key.public(), b"message"));
            assert!(!signature.is_of(key.public(), b"massage"));
        }
        assert_eq!(format!("{key:?}"), "[redacted]");
    }

    #[test]
    fn anything_else_is_no_key() {
        let key = SigningKey::generate().unwrap();
        // EXPOSE: it is bent.
        let stored = key.expose_pkcs8();
        for bad in [&[][..], &stored[1..], &stored[..stored.len() - 1]] {
            assert_eq!(SigningKey::from_pkcs8(bad).err(), Some(SigningError::Form));
        }
    }
}
