//! `cs-account`: the account, its rules and the server's keys, in numbered versions.

use serde::{Deserialize, Serialize};

use super::statement::LIFETIME_MAX_S;
use crate::claims::{self, ClaimError, Claims};
use crate::envelope::{Verified, server_keys};
use crate::hash::{Id, MessageHash, Thumbprint};
use crate::json::{Json, Object};
use crate::key::PublicKey;
use crate::kind::Kind;

/// Longest issuer and label in bytes.
pub const ACCOUNT_NAME_BYTES_MAX: usize = 96;
/// Longest address of a help page in bytes.
pub const HELP_BYTES_MAX: usize = 256;

/// What the organisation asks of the approval key.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PresenceRule {
    /// Every use has to ask for the person.
    Required,
    /// It should.
    Preferred,
}

const PRESENCE_RULES: [(&str, PresenceRule); 2] = [
    ("required", PresenceRule::Required),
    ("preferred", PresenceRule::Preferred),
];

/// How the person confirms the check number.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Confirm {
    /// They type the device's number into the page.
    Type,
    /// They compare it with the page's.
    Compare,
}

const CONFIRMS: [(&str, Confirm); 2] = [("type", Confirm::Type), ("compare", Confirm::Compare)];

/// The organisation's rules.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub struct Policy {
    /// What it asks of the approval key.
    pub presence: PresenceRule,
    /// Digits of a sign-in's number: 6 to 8.
    pub digits: u8,
    /// How long a statement is open by default, in seconds: 1 to 600.
    pub lifetime_s: u64,
    /// Whether a response may be typed when the device has no network.
    pub offline: bool,
    /// Whether a device may move the account to another.
    pub may_move: bool,
    /// Whether the account's codes may leave the device.
    pub export: bool,
}

/// An account document.
///
/// # Privacy
///
/// `Debug` shows neither names nor addresses.
#[derive(Clone, Eq, PartialEq)]
pub struct Account {
    /// The device.
    pub audience: Thumbprint,
    /// The hash of the `cs-enrol` that it answers, in every version.
    pub enrol_hash: MessageHash,
    /// Its version, from 1; the first is 1.
    pub version: u64,
    /// The server's nonce.
    pub nonce: Id,
    /// The person's account, the same on all their devices.
    pub account: Id,
    /// Who issued it.
    pub issuer: String,
    /// Whose it is.
    pub label: String,
    /// The server's keys, one to four: the whole list.
    pub keys: Vec<PublicKey>,
    /// The rules.
    pub policy: Policy,
    /// How the check number is confirmed.
    pub confirm: Confirm,
    /// An https address where the organisation helps.
    pub help: Option<String>,
    /// The server's key for Web Push (RFC 8292): an uncompressed point on P-256.
    pub vapid: Option<PublicKey>,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Account")
            .field("version", &self.version)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

impl Account {
    /// Its claims.
    ///
    /// # Panics
    ///
    /// For a version or lifetime beyond 2^53: no server counts so far.
    #[must_use]
    pub fn to_claims(&self) -> Object {
        let text = |value: &str| Json::Text(value.to_owned());
        let policy = &self.policy;
        let rules = Object::new()
            .with(
                "presence",
                claims::word_of(&PRESENCE_RULES, policy.presence),
            )
            .with("digits", Json::Integer(policy.digits.into()))
            .with("lifetime_s", claims::number_to_json(policy.lifetime_s))
            .with("offline", Json::Bool(policy.offline))
            .with("move", Json::Bool(policy.may_move))
            .with("export", Json::Bool(policy.export));
        let keys = self.keys.iter().map(|key| Json::Object(key.jwk()));
        let mut claims = Object::new()
            .with("v", Json::Integer(1))
            .with("aud", Json::Text(self.audience.format()))
            .with("re", Json::Text(self.enrol_hash.format()))
            .with("n", claims::number_to_json(self.version))
            .with("nonce", Json::Text(self.nonce.format()))
            .with("account", Json::Text(self.account.format()))
            .with("issuer", text(&self.issuer))
            .with("label", text(&self.label))
            .with("keys", Json::List(keys.collect()))
            .with("policy", Json::Object(rules))
            .with("confirm", claims::word_of(&CONFIRMS, self.confirm));
        if let Some(help) = &self.help {
            claims = claims.with("help", text(help));
        }
        if let Some(vapid) = &self.vapid {
            claims = claims.with("vapid", claims::point_of(vapid));
        }
        claims
    }

    /// Reads a document for the device and the enrolment that these name.
    ///
    /// # Errors
    ///
    /// [`ClaimError::Audience`], then [`ClaimError::Reply`] when it answers another enrolment, before anything else is looked
    /// at; [`ClaimError::Missing`], [`ClaimError::Form`].
    ///
    /// # Panics
    ///
    /// For another kind of message: whoever reads one knows which it is.
    pub fn read(
        message: &Verified,
        device: &Thumbprint,
        enrol: &MessageHash,
    ) -> Result<Self, ClaimError> {
        assert_eq!(message.kind(), Kind::Account, "a document is read as one");
        Self::read_claims(message.claims(), device, enrol)
    }

    /// Whether a device would take it.
    ///
    /// # Errors
    ///
    /// [`ClaimError::Form`] by the claim's name.
    pub fn check(&self) -> Result<(), ClaimError> {
        Self::read_claims(&self.to_claims(), &self.audience, &self.enrol_hash).map(|_| ())
    }

    fn read_claims(
        object: &Object,
        device: &Thumbprint,
        enrol: &MessageHash,
    ) -> Result<Self, ClaimError> {
        let claims = Claims::of(object);
        let audience = claims.required("aud", claims::thumbprint)?;
        if audience != *device {
            return Err(ClaimError::Audience);
        }
        let enrol_hash = claims.required("re", claims::message_hash)?;
        if enrol_hash != *enrol {
            return Err(ClaimError::Reply);
        }
        claims.required("v", claims::count(1..=1))?;
        let name = |name| {
            let text = claims.required(name, claims::text(ACCOUNT_NAME_BYTES_MAX));
            text.map(str::to_owned)
        };
        Ok(Self {
            audience,
            enrol_hash,
            version: claims.required("n", claims::counted)?,
            nonce: claims.required("nonce", claims::id)?,
            account: claims.required("account", claims::id)?,
            issuer: name("issuer")?,
            label: name("label")?,
            keys: claims.required("keys", |_| server_keys(object).ok())?,
            policy: claims.required("policy", policy)?,
            confirm: claims.required("confirm", claims::word(&CONFIRMS))?,
            help: claims.optional("help", claims::https_address(HELP_BYTES_MAX))?,
            vapid: claims.optional("vapid", claims::point)?,
        })
    }
}

fn policy(value: &Json) -> Option<Policy> {
    let claims = Claims::of(claims::object(value)?);
    let flag = |name| {
        let flag = claims.required(name, |value| match value {
            Json::Bool(flag) => Some(*flag),
            _ => None,
        });
        flag.ok()
    };
    let lifetime =
        |value: &Json| claims::counted(value).filter(|seconds| *seconds <= LIFETIME_MAX_S);
    let presence = claims.required("presence", claims::word(&PRESENCE_RULES));
    Some(Policy {
        presence: presence.ok()?,
        digits: claims.required("digits", claims::count(6..=8)).ok()?,
        lifetime_s: claims.required("lifetime_s", lifetime).ok()?,
        offline: flag("offline")?,
        may_move: flag("move")?,
        export: flag("export")?,
    })
}

#[cfg(test)]
mod tests;
