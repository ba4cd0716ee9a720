//! The envelope of every message: a JWS in compact form (RFC 7515 §3.1), ES256 only, with a header of exactly `alg`, `typ`
//! and `kid`, and in `cs-enrol` alone also `jwk` (RFC 8725 §3.1, §3.11). What was received is verified, never what was
//! read from it and written again.
//!
//! Order of checks: size, form, signature; then the caller asks `aud` and what the message is about.

use std::fmt;

use crate::base64url;
use crate::json::{Json, JsonError, Object};
use crate::key::{Hash, KeyError, PublicKey};
use crate::signature::{Signature, SignatureError};

/// Which message it is: `typ` separates what one key signs, so that no message is taken for another.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Kind {
    /// Device to server: these new keys belong to the invited person.
    Enrol,
    /// Server to device: the account, its rules and the server's keys.
    Account,
    /// Device to server: what is there for me?
    Fetch,
    /// Server to device: this device's state, and what is open.
    State,
    /// Server to device: please approve this.
    Statement,
    /// Device to server: the decision over a statement.
    Answer,
    /// Server to device: what became of a statement.
    Receipt,
    /// Device to server: ring me here from now on.
    Delivery,
    /// Device to server: a new phone takes over from this one.
    Move,
    /// Device to server: forget this device.
    Leave,
    /// Device to whoever reads an exported history: where it ends.
    History,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 11] = [
        Self::Enrol,
        Self::Account,
        Self::Fetch,
        Self::State,
        Self::Statement,
        Self::Answer,
        Self::Receipt,
        Self::Delivery,
        Self::Move,
        Self::Leave,
        Self::History,
    ];

    /// The header's `typ`.
    #[must_use]
    pub const fn typ(self) -> &'static str {
        match self {
            Self::Enrol => "cs-enrol+jws",
            Self::Account => "cs-account+jws",
            Self::Fetch => "cs-fetch+jws",
            Self::State => "cs-state+jws",
            Self::Statement => "cs-statement+jws",
            Self::Answer => "cs-answer+jws",
            Self::Receipt => "cs-receipt+jws",
            Self::Delivery => "cs-delivery+jws",
            Self::Move => "cs-move+jws",
            Self::Leave => "cs-leave+jws",
            Self::History => "cs-history+jws",
        }
    }

    /// Longest compact form in bytes. A statement has to fit into a QR code.
    #[must_use]
    pub const fn bytes_max(self) -> usize {
        match self {
            Self::Statement => 1_600,
            Self::State => 64 * 1024,
            Self::Enrol => 32 * 1024,
            _ => 8 * 1024,
        }
    }
}

/// Why a message was refused. No variant carries anything of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum EnvelopeError {
    /// It is longer than its kind may be.
    #[error("{got_bytes} bytes are more than {max_bytes}")]
    TooLarge {
        /// Its length in bytes.
        got_bytes: u64,
        /// The longest of its kind.
        max_bytes: u64,
    },
    /// It is not three parts with dots between them.
    #[error("not three parts with dots between them")]
    Parts,
    /// A part is not base64url.
    #[error("a part is not base64url")]
    Base64url,
    /// The header is not an object in the protocol's JSON.
    #[error("the header: {0}")]
    HeaderJson(JsonError),
    /// The header has other members than it may have, or one of another type.
    #[error("the header has other members than alg, typ and kid")]
    HeaderMembers,
    /// `alg` is not `ES256`.
    #[error("the algorithm is not ES256")]
    Algorithm,
    /// `typ` says another message.
    #[error("another kind of message")]
    Kind,
    /// `kid` is not a thumbprint, or not the one of the key beside it.
    #[error("the key id is not the key's thumbprint")]
    KeyId,
    /// `jwk` is not a key of the protocol's.
    #[error("the key: {0}")]
    Key(KeyError),
    /// The claims are not an object in the protocol's JSON.
    #[error("the claims: {0}")]
    ClaimsJson(JsonError),
    /// The signature does not have the one form that it may have.
    #[error("the signature: {0}")]
    SignatureForm(SignatureError),
    /// None of the keys that may have signed it is the one that it names.
    #[error("signed by a key that is not known here")]
    UnknownKey,
    /// The key that it names did not sign these bytes.
    #[error("the signature does not fit")]
    Signature,
}

/// A message to be signed.
pub struct Unsigned {
    kind: Kind,
    input: String,
}

impl Unsigned {
    /// A message that `key` is to sign.
    #[must_use]
    pub fn new(kind: Kind, key: &PublicKey, claims: &Object) -> Self {
        let text = |value: &str| Json::Text(value.to_owned());
        let mut header = Object::new()
            .with("alg", text("ES256"))
            .with("typ", text(kind.typ()))
            .with("kid", Json::Text(key.thumbprint().format()));
        if kind == Kind::Enrol {
            header = header.with("jwk", Json::Object(key.jwk()));
        }
        let [header, claims] =
            [header, claims.clone()].map(|part| base64url::format(&part.format()));
        Self {
            kind,
            input: [header, claims].join("."),
        }
    }

    /// The bytes to be signed with ES256 (RFC 7515 §5.1 step 8).
    #[must_use]
    pub fn signing_input(&self) -> &[u8] {
        self.input.as_bytes()
    }

    /// The message.
    ///
    /// # Errors
    ///
    /// [`EnvelopeError::TooLarge`]: what does not fit is refused where it is made.
    pub fn signed(self, signature: &Signature) -> Result<Compact, EnvelopeError> {
        let text = format!("{}.{}", self.input, base64url::format(signature.bytes()));
        check_size(self.kind, &text)?;
        Ok(Compact(text))
    }
}

impl fmt::Debug for Unsigned {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Unsigned").field(&self.kind).finish()
    }
}

/// A message's compact bytes, as they are sent and stored.
///
/// # Privacy
///
/// It says who signs in where; `Debug` shows nothing.
#[derive(Clone, Eq, PartialEq)]
pub struct Compact(String);

impl Compact {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The SHA-256 hash of the bytes: `re`, `sth` and `ath` of other messages.
    #[must_use]
    pub fn hash(&self) -> Hash {
        Hash::of(self.0.as_bytes())
    }
}

impl fmt::Debug for Compact {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

/// A message that was received and has its form. Who signed it is not known yet, so what it says cannot be asked.
pub struct Received {
    kind: Kind,
    compact: Compact,
    /// Where the second dot is: what was signed ends there.
    signed_bytes: usize,
    key_id: Hash,
    own_key: Option<PublicKey>,
    claims: Object,
    signature: Signature,
}

impl Received {
    /// Reads a message of this kind.
    ///
    /// # Errors
    ///
    /// Every [`EnvelopeError`] but [`EnvelopeError::UnknownKey`] and [`EnvelopeError::Signature`].
    pub fn parse(kind: Kind, text: &str) -> Result<Self, EnvelopeError> {
        check_size(kind, text)?;
        let mut parts = text.split('.');
        let (Some(header), Some(claims), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(EnvelopeError::Parts);
        };
        let signed_bytes = header.len() + 1 + claims.len();
        let decoded = |part| base64url::parse(part).map_err(|_| EnvelopeError::Base64url);
        let (header, claims, signature) = (decoded(header)?, decoded(claims)?, decoded(signature)?);
        let header = Object::parse(&header).map_err(EnvelopeError::HeaderJson)?;
        let (key_id, own_key) = read_header(kind, &header)?;
        let signature = Signature::parse(&signature).map_err(EnvelopeError::SignatureForm)?;
        let claims = Object::parse(&claims).map_err(EnvelopeError::ClaimsJson)?;
        Ok(Self {
            kind,
            compact: Compact(text.to_owned()),
            signed_bytes,
            key_id,
            own_key,
            claims,
            signature,
        })
    }

    /// The thumbprint of the key that it names. Nothing is proven yet.
    #[must_use]
    pub const fn key_id(&self) -> Hash {
        self.key_id
    }

    /// Verifies it with the one of these keys that it names.
    ///
    /// # Errors
    ///
    /// [`EnvelopeError::UnknownKey`], [`EnvelopeError::Signature`].
    pub fn verify<'a>(
        self,
        keys: impl IntoIterator<Item = &'a PublicKey>,
    ) -> Result<Verified, EnvelopeError> {
        let key = keys
            .into_iter()
            .find(|key| key.thumbprint() == self.key_id)
            .copied()
            .ok_or(EnvelopeError::UnknownKey)?;
        self.verify_with(key)
    }

    /// Verifies a `cs-enrol` with the key that it brings: it proves that whoever made it has that key.
    ///
    /// # Errors
    ///
    /// [`EnvelopeError::UnknownKey`] for every other kind, [`EnvelopeError::Signature`].
    pub fn verify_with_own_key(self) -> Result<Verified, EnvelopeError> {
        let key = self.own_key.ok_or(EnvelopeError::UnknownKey)?;
        self.verify_with(key)
    }

    fn verify_with(self, key: PublicKey) -> Result<Verified, EnvelopeError> {
        let signed = self.compact.0.as_bytes().get(..self.signed_bytes);
        if !signed.is_some_and(|signed| self.signature.is_of(&key, signed)) {
            return Err(EnvelopeError::Signature);
        }
        Ok(Verified {
            kind: self.kind,
            key,
            claims: self.claims,
            compact: self.compact,
        })
    }
}

impl fmt::Debug for Received {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Received").field(&self.kind).finish()
    }
}

/// A message whose signature fits.
#[derive(Clone)]
pub struct Verified {
    /// Which message it is.
    pub kind: Kind,
    /// The key that signed it.
    pub key: PublicKey,
    /// What it says.
    pub claims: Object,
    /// Its bytes as received.
    pub compact: Compact,
}

impl fmt::Debug for Verified {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Verified").field(&self.kind).finish()
    }
}

fn check_size(kind: Kind, text: &str) -> Result<(), EnvelopeError> {
    let wide = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
    if text.len() > kind.bytes_max() {
        return Err(EnvelopeError::TooLarge {
            got_bytes: wide(text.len()),
            max_bytes: wide(kind.bytes_max()),
        });
    }
    Ok(())
}

/// The key id, and the key that a `cs-enrol` brings.
fn read_header(kind: Kind, header: &Object) -> Result<(Hash, Option<PublicKey>), EnvelopeError> {
    let text = |name| match header.get(name) {
        Some(Json::Text(text)) => Ok(text.as_str()),
        _ => Err(EnvelopeError::HeaderMembers),
    };
    let (alg, typ, kid) = (text("alg")?, text("typ")?, text("kid")?);
    let jwk = match (kind, header.get("jwk")) {
        (Kind::Enrol, Some(Json::Object(jwk))) => Some(jwk),
        (Kind::Enrol, _) | (_, Some(_)) => return Err(EnvelopeError::HeaderMembers),
        (_, None) => None,
    };
    // Each is there, and no name is there twice: so many names are these. `crit`, `jku`, `x5c` and all others are refused.
    if header.names().count() != 3 + usize::from(jwk.is_some()) {
        return Err(EnvelopeError::HeaderMembers);
    }
    if alg != "ES256" {
        return Err(EnvelopeError::Algorithm);
    }
    if typ != kind.typ() {
        return Err(EnvelopeError::Kind);
    }
    let key_id = Hash::parse(kid).map_err(|_| EnvelopeError::KeyId)?;
    let own_key = jwk
        .map(PublicKey::from_jwk)
        .transpose()
        .map_err(EnvelopeError::Key)?;
    match own_key {
        Some(key) if key.thumbprint() != key_id => Err(EnvelopeError::KeyId),
        _ => Ok((key_id, own_key)),
    }
}

#[cfg(test)]
mod tests;
