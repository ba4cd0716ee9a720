//! Messages before they are signed.

use std::fmt;

use super::{Compact, EnvelopeError, check_size};
use crate::base64url;
use crate::json::{Json, Object};
use crate::key::PublicKey;
use crate::kind::Kind;
use crate::signature::Signature;

/// A message to be signed.
pub struct Unsigned {
    kind: Kind,
    key: PublicKey,
    input: String,
}

impl Unsigned {
    /// Characters of a signature and the dot before it.
    const SIGNATURE_CHARACTERS: usize = 1 + 86;

    /// A message that `key` is to sign.
    ///
    /// # Errors
    ///
    /// [`EnvelopeError::TooLarge`] and [`EnvelopeError::ClaimsJson`]: what no reader would take is refused where it is made,
    /// before anybody is asked to sign it.
    pub fn new(kind: Kind, key: &PublicKey, claims: &Object) -> Result<Self, EnvelopeError> {
        let text = |value: &str| Json::Text(value.to_owned());
        let mut header = Object::new()
            .with("alg", text("ES256"))
            .with("typ", text(kind.typ()))
            .with("kid", Json::Text(key.thumbprint().format()));
        if kind == Kind::Enrol {
            header = header.with("jwk", Json::Object(key.jwk()));
        }
        let header = header.format().map_err(EnvelopeError::HeaderJson)?;
        let claims = claims.format().map_err(EnvelopeError::ClaimsJson)?;
        let input = [header, claims]
            .map(|part| base64url::format(&part))
            .join(".");
        check_size(kind, input.len() + Self::SIGNATURE_CHARACTERS)?;
        Ok(Self {
            kind,
            key: *key,
            input,
        })
    }

    /// The bytes to be signed with ES256 (RFC 7515 §5.1 step 8).
    #[must_use]
    pub fn signing_input(&self) -> &[u8] {
        self.input.as_bytes()
    }

    /// The message. Whatever holds the key may be asked again.
    ///
    /// # Errors
    ///
    /// [`EnvelopeError::Signature`] when it is not the named key's signature: what is stored to be sent must be good.
    pub fn signed(&self, signature: &Signature) -> Result<Compact, EnvelopeError> {
        if !signature.is_of(&self.key, self.signing_input()) {
            return Err(EnvelopeError::Signature);
        }
        Ok(self.assembled(signature))
    }

    pub(crate) fn assembled(&self, signature: &Signature) -> Compact {
        let signature = base64url::format(signature.bytes());
        Compact(format!("{}.{signature}", self.input))
    }

    /// The key that is to sign it.
    #[must_use]
    pub const fn key(&self) -> &PublicKey {
        &self.key
    }
}

impl fmt::Debug for Unsigned {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Unsigned").field(&self.kind).finish()
    }
}
