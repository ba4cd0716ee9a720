//! The envelope of every message: a JWS in compact form (RFC 7515 §3.1), ES256 only, with a header of exactly `alg`, `typ`
//! and `kid`, and in `cs-enrol` alone also `jwk` (RFC 8725 §3.1, §3.11). What was received is verified, never what was
//! read from it and written again.
//!
//! Order of checks: size, form, signature; then the caller asks `aud` and what the message is about.

mod unsigned;

pub use unsigned::Unsigned;

use std::fmt;

use crate::base64url;
use crate::hash::{MessageHash, Thumbprint};
use crate::json::{Json, JsonError, Object};
use crate::key::{KeyError, PublicKey};
use crate::kind::{Kind, Role};
use crate::signature::{Signature, SignatureError};

/// Most keys in a server's list.
pub const SERVER_KEYS_MAX: usize = 4;

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
    /// The key that it names signs other messages, and not this one.
    #[error("signed by a key that does not sign such messages")]
    Role,
    /// The first account document does not bring one to four keys, each once.
    #[error("the account document does not bring one to four keys")]
    ServerKeys,
    /// The key that it names did not sign these bytes.
    #[error("the signature does not fit")]
    Signature,
}

/// A message's compact bytes, as they are sent and stored.
///
/// # Privacy
///
/// It says who signs in where; `Debug` shows nothing.
#[derive(Clone, Eq, PartialEq)]
pub struct Compact(String);

impl Compact {
    /// Takes a message back from where this device or server stored it. What it says has to be asked anew.
    ///
    /// # Errors
    ///
    /// Those of [`Received::parse`].
    pub fn from_stored(kind: Kind, text: &str) -> Result<Self, EnvelopeError> {
        Received::parse(kind, text).map(|received| received.compact)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The SHA-256 hash of the bytes: `re`, `sth` and `ath` of other messages.
    #[must_use]
    pub fn hash(&self) -> MessageHash {
        MessageHash::of(&self.0)
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
    key_id: Thumbprint,
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
        check_size(kind, text.len())?;
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
    pub const fn key_id(&self) -> Thumbprint {
        self.key_id
    }

    /// Whether a device is among those that its `aud` names. Nothing is proven yet: it says whose checks are to be asked.
    #[must_use]
    pub fn names_reader(&self, device: &Thumbprint) -> bool {
        let device = device.format();
        match self.claims.get("aud") {
            Some(Json::Text(reader)) => *reader == device,
            Some(Json::List(readers)) => readers.contains(&Json::Text(device)),
            _ => false,
        }
    }

    /// What it says. Nothing is proven: for showing what was verified when it came, and for nothing that acts on it.
    #[must_use]
    pub const fn peek(&self) -> &Object {
        &self.claims
    }

    /// Verifies it with the one of these keys that it names.
    ///
    /// # Errors
    ///
    /// [`EnvelopeError::UnknownKey`], [`EnvelopeError::Role`], [`EnvelopeError::Signature`].
    pub fn verify<'a>(
        self,
        keys: impl IntoIterator<Item = (Role, &'a PublicKey)>,
    ) -> Result<Verified, EnvelopeError> {
        let (role, key) = keys
            .into_iter()
            .find(|(_, key)| key.thumbprint() == self.key_id)
            .ok_or(EnvelopeError::UnknownKey)?;
        self.verify_with(role, *key)
    }

    /// Verifies a `cs-enrol` with the key that it brings: it proves that whoever made it has that key.
    ///
    /// # Errors
    ///
    /// [`EnvelopeError::UnknownKey`] for every other kind, [`EnvelopeError::Signature`].
    pub fn verify_with_own_key(self) -> Result<Verified, EnvelopeError> {
        let key = self.own_key.ok_or(EnvelopeError::UnknownKey)?;
        self.verify_with(Role::Device, key)
    }

    /// Verifies a device's first `cs-account` with the key of its own list that it names. After a QR code that has to be the
    /// pinned key; after a code and URL nothing is pinned, and the check number decides.
    ///
    /// # Errors
    ///
    /// [`EnvelopeError::UnknownKey`] for every other kind, for another key than the pinned one and for one that is not in the
    /// list; [`EnvelopeError::ServerKeys`], [`EnvelopeError::Key`], [`EnvelopeError::Signature`].
    pub fn verify_first_account(
        self,
        pinned: Option<&Thumbprint>,
    ) -> Result<Verified, EnvelopeError> {
        let is_pinned = pinned.is_none_or(|pinned| *pinned == self.key_id);
        if self.kind != Kind::Account || !is_pinned {
            return Err(EnvelopeError::UnknownKey);
        }
        let keys = server_keys(&self.claims)?;
        self.verify(keys.iter().map(|key| (Role::Server, key)))
    }

    /// Takes a message back that this end verified with this key before it sealed it in storage of its own: the seal vouches for
    /// it, and its signature is not verified again. Never for what comes from outside.
    ///
    /// # Errors
    ///
    /// [`EnvelopeError::UnknownKey`] when it names another key, [`EnvelopeError::Role`].
    pub fn from_own_seal(self, role: Role, key: &PublicKey) -> Result<Verified, EnvelopeError> {
        if key.thumbprint() != self.key_id {
            return Err(EnvelopeError::UnknownKey);
        }
        if !self.kind.is_signed_by(role) {
            return Err(EnvelopeError::Role);
        }
        Ok(self.into_verified(role, *key))
    }

    fn verify_with(self, role: Role, key: PublicKey) -> Result<Verified, EnvelopeError> {
        if !self.kind.is_signed_by(role) {
            return Err(EnvelopeError::Role);
        }
        let signed = self.compact.0.as_bytes().get(..self.signed_bytes);
        if !signed.is_some_and(|signed| self.signature.is_of(&key, signed)) {
            return Err(EnvelopeError::Signature);
        }
        Ok(self.into_verified(role, key))
    }

    fn into_verified(self, role: Role, key: PublicKey) -> Verified {
        Verified {
            kind: self.kind,
            role,
            key,
            claims: self.claims,
            compact: self.compact,
        }
    }
}

/// The keys that an account document brings, in its order.
///
/// # Errors
///
/// [`EnvelopeError::ServerKeys`], [`EnvelopeError::Key`].
pub fn server_keys(claims: &Object) -> Result<Vec<PublicKey>, EnvelopeError> {
    let Some(Json::List(listed)) = claims.get("keys") else {
        return Err(EnvelopeError::ServerKeys);
    };
    if !(1..=SERVER_KEYS_MAX).contains(&listed.len()) {
        return Err(EnvelopeError::ServerKeys);
    }
    let mut keys: Vec<PublicKey> = vec![];
    for listed in listed {
        let Json::Object(jwk) = listed else {
            return Err(EnvelopeError::ServerKeys);
        };
        let key = PublicKey::from_jwk(jwk).map_err(EnvelopeError::Key)?;
        if keys.contains(&key) {
            return Err(EnvelopeError::ServerKeys);
        }
        keys.push(key);
    }
    Ok(keys)
}

impl fmt::Debug for Received {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Received").field(&self.kind).finish()
    }
}

/// A message whose signature fits. Only [`Received`] makes one.
pub struct Verified {
    kind: Kind,
    role: Role,
    key: PublicKey,
    claims: Object,
    compact: Compact,
}

impl Verified {
    /// Which message it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Whose key signed it.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.role
    }

    /// The key that signed it.
    #[must_use]
    pub const fn key(&self) -> &PublicKey {
        &self.key
    }

    /// What it says.
    #[must_use]
    pub const fn claims(&self) -> &Object {
        &self.claims
    }

    /// Its bytes as received.
    #[must_use]
    pub const fn compact(&self) -> &Compact {
        &self.compact
    }
}

impl fmt::Debug for Verified {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Verified").field(&self.kind).finish()
    }
}

fn check_size(kind: Kind, got: usize) -> Result<(), EnvelopeError> {
    let wide = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
    if got > kind.bytes_max() {
        return Err(EnvelopeError::TooLarge {
            got_bytes: wide(got),
            max_bytes: wide(kind.bytes_max()),
        });
    }
    Ok(())
}

/// The key id, and the key that a `cs-enrol` brings.
fn read_header(
    kind: Kind,
    header: &Object,
) -> Result<(Thumbprint, Option<PublicKey>), EnvelopeError> {
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
    let key_id = Thumbprint::parse(kid).map_err(|_| EnvelopeError::KeyId)?;
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
