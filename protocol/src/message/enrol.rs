//! `cs-enrol`: these new keys belong to the invited person.

use serde::{Deserialize, Serialize};

use super::URL_BYTES_MAX;
use crate::claims::{self, ClaimError, Claims};
use crate::derive::{Proof, Proven};
use crate::envelope::Verified;
use crate::hash::{Commitment, Id, Thumbprint};
use crate::json::{Json, Object};
use crate::key::PublicKey;
use crate::kind::Kind;
use crate::problem::DEVICE_NAME_BYTES_MAX;
use crate::secret::InvitationSecret;
use crate::time::Timestamp;

/// Longest platform and app in bytes.
pub const DEVICE_WORD_BYTES_MAX: usize = 32;
/// Longest attestation of a key in bytes of text. It is opaque here.
pub const ATTESTATION_BYTES_MAX: usize = 12 * 1024;

/// Which invitation it answers.
#[derive(Clone, Copy, Eq, PartialEq)]
pub enum InvitationChoice {
    /// The id of a scanned one.
    Scanned(Id),
    /// The first three digits of a typed one: 0 to 999.
    Typed(u16),
}

/// Where a key lies.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Protection {
    /// In hardware that does not give it away.
    Hardware,
    /// In the vault.
    Software,
}

const PROTECTIONS: [(&str, Protection); 2] = [
    ("hardware", Protection::Hardware),
    ("software", Protection::Software),
];

/// What a use of the approval key asks of the person.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// The chip asks for them at every use.
    EachUse,
    /// The device has to be unlocked.
    Unlocked,
    /// Nothing that the key knows of.
    None,
}

const PRESENCES: [(&str, Presence); 3] = [
    ("each_use", Presence::EachUse),
    ("unlocked", Presence::Unlocked),
    ("none", Presence::None),
];

/// What a device can do beside answering.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Capability {
    /// Scan statements.
    Scan,
    /// Show offline responses.
    Offline,
    /// Keep one-time codes.
    Otp,
}

const CAPABILITIES: [(&str, Capability); 3] = [
    ("scan", Capability::Scan),
    ("offline", Capability::Offline),
    ("otp", Capability::Otp),
];

/// A device as it describes itself.
///
/// # Privacy
///
/// `Debug` shows neither its name nor what it is.
#[derive(Clone, Eq, PartialEq)]
pub struct Device {
    /// What the person calls it, at most 64 bytes.
    pub name: String,
    /// Its platform, at most 32 bytes.
    pub platform: String,
    /// The app and its version, at most 32 bytes.
    pub app: String,
    /// Where its device key lies.
    pub protection: Protection,
}

/// What the platform says of the two keys; opaque, and judged by the server's policy.
#[derive(Clone, Eq, PartialEq)]
pub struct Attestation {
    /// Of the device key.
    pub device: String,
    /// Of the approval key.
    pub approve: String,
}

/// New keys for the invited person.
pub struct Enrol {
    /// The server's base URL.
    pub audience: String,
    /// Which invitation.
    pub invitation: InvitationChoice,
    /// That the device knows its secret.
    pub proof: Proof,
    /// The commitment to the device's nonce.
    pub commitment: Commitment,
    /// The approval key.
    pub approval_key: PublicKey,
    /// Where it lies.
    pub approval_protection: Protection,
    /// What a use of it asks of the person.
    pub presence: Presence,
    /// The device.
    pub device: Device,
    /// What it can do, each once.
    pub capabilities: Vec<Capability>,
    /// What its platform says of the keys.
    pub attestation: Option<Attestation>,
    /// The device's clock, for the record.
    pub made_at: Timestamp,
    /// The message's id.
    pub id: Id,
}

impl std::fmt::Debug for Enrol {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Enrol")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// An enrolment that was read, or the fact that it speaks no version of ours.
#[derive(Debug)]
pub enum ReadEnrol {
    /// In version 1.
    Version1(Box<Enrol>),
    /// The device speaks other versions, of which this is the newest; nothing else of it was looked at.
    OtherVersions {
        /// The newest.
        newest: u32,
    },
}

impl Enrol {
    /// Its claims.
    #[must_use]
    pub fn to_claims(&self) -> Object {
        let text = |value: &str| Json::Text(value.to_owned());
        let invitation = match self.invitation {
            InvitationChoice::Scanned(id) => id.format(),
            InvitationChoice::Typed(choice) => format!("{choice:03}"),
        };
        let approve = Object::new()
            .with("jwk", Json::Object(self.approval_key.jwk()))
            .with(
                "protection",
                claims::word_of(&PROTECTIONS, self.approval_protection),
            )
            .with("presence", claims::word_of(&PRESENCES, self.presence));
        let device = Object::new()
            .with("name", text(&self.device.name))
            .with("platform", text(&self.device.platform))
            .with("app", text(&self.device.app))
            .with(
                "protection",
                claims::word_of(&PROTECTIONS, self.device.protection),
            );
        let capabilities = self.capabilities.iter();
        let capabilities = capabilities.map(|one| claims::word_of(&CAPABILITIES, *one));
        let claims = Object::new()
            .with("v", Json::List(vec![Json::Integer(1)]))
            .with("aud", text(&self.audience))
            .with("inv", Json::Text(invitation))
            .with("proof", Json::Text(self.proof.format()))
            .with("commit", Json::Text(self.commitment.format()))
            .with("approve", Json::Object(approve))
            .with("device", Json::Object(device))
            .with("caps", Json::List(capabilities.collect()));
        let claims = match &self.attestation {
            Some(attestation) => claims.with(
                "attestation",
                Json::Object(
                    Object::new()
                        .with("device", text(&attestation.device))
                        .with("approve", text(&attestation.approve)),
                ),
            ),
            None => claims,
        };
        claims
            .with("iat", self.made_at.to_json())
            .with("jti", Json::Text(self.id.format()))
    }

    /// Reads an enrolment for the server at `audience`. The device key is the one that signed it.
    ///
    /// # Errors
    ///
    /// [`ClaimError::Audience`] before anything else is looked at; [`ClaimError::Missing`] and [`ClaimError::Form`], also
    /// where both keys are one.
    ///
    /// # Panics
    ///
    /// For another kind of message: whoever reads one knows which it is.
    pub fn read(message: &Verified, audience: &str) -> Result<ReadEnrol, ClaimError> {
        assert_eq!(message.kind(), Kind::Enrol, "an enrolment is read as one");
        let claims = Claims::of(message.claims());
        let addressed = claims.required("aud", claims::text(URL_BYTES_MAX))?;
        if addressed != audience {
            return Err(ClaimError::Audience);
        }
        let versions = claims.required("v", claims::list(1..=8, version))?;
        if !versions.contains(&1) {
            let newest = versions.into_iter().max().unwrap_or(0);
            return Ok(ReadEnrol::OtherVersions { newest });
        }
        let approve = claims.required("approve", approval)?;
        if approve.0 == *message.key() {
            return Err(ClaimError::Form { name: "approve" });
        }
        let (approval_key, approval_protection, presence) = approve;
        let commitment = |value: &Json| claims::parsed(value, Commitment::parse);
        Ok(ReadEnrol::Version1(Box::new(Self {
            audience: addressed.to_owned(),
            invitation: claims.required("inv", invitation)?,
            proof: claims.required("proof", |value| claims::parsed(value, Proof::parse))?,
            commitment: claims.required("commit", commitment)?,
            approval_key,
            approval_protection,
            presence,
            device: claims.required("device", device)?,
            capabilities: claims.required("caps", capabilities)?,
            attestation: claims.optional("attestation", attestation)?,
            made_at: claims.required("iat", claims::time)?,
            id: claims.required("jti", claims::id)?,
        })))
    }

    /// Whether its proof is the one of this invitation's secret, for the key that signed it.
    #[must_use]
    pub fn is_proven(&self, secret: &InvitationSecret, device_key: &Thumbprint) -> bool {
        let proven = Proven {
            device: device_key,
            approval: &self.approval_key.thumbprint(),
            commitment: &self.commitment,
        };
        self.proof.is_of(secret, &proven)
    }
}

fn version(value: &Json) -> Option<u32> {
    claims::counted(value).and_then(|version| u32::try_from(version).ok())
}

fn invitation(value: &Json) -> Option<InvitationChoice> {
    let Json::Text(text) = value else {
        return None;
    };
    if text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok().map(InvitationChoice::Typed);
    }
    Id::parse(text).ok().map(InvitationChoice::Scanned)
}

fn approval(value: &Json) -> Option<(PublicKey, Protection, Presence)> {
    let claims = Claims::of(claims::object(value)?);
    let key = claims.required("jwk", |value| {
        PublicKey::from_jwk(claims::object(value)?).ok()
    });
    let protection = claims.required("protection", claims::word(&PROTECTIONS));
    let presence = claims.required("presence", claims::word(&PRESENCES));
    Some((key.ok()?, protection.ok()?, presence.ok()?))
}

fn device(value: &Json) -> Option<Device> {
    let claims = Claims::of(claims::object(value)?);
    let text = |name, bytes_max| {
        let text = claims.required(name, claims::text(bytes_max));
        text.ok().map(str::to_owned)
    };
    let protection = claims.required("protection", claims::word(&PROTECTIONS));
    Some(Device {
        name: text("name", DEVICE_NAME_BYTES_MAX)?,
        platform: text("platform", DEVICE_WORD_BYTES_MAX)?,
        app: text("app", DEVICE_WORD_BYTES_MAX)?,
        protection: protection.ok()?,
    })
}

/// Words that are not known are left out: a newer device can more than this server asks for.
fn capabilities(value: &Json) -> Option<Vec<Capability>> {
    let Json::List(items) = value else {
        return None;
    };
    let word = claims::word(&CAPABILITIES);
    let mut known = vec![];
    for item in items {
        let _ = claims::text(DEVICE_WORD_BYTES_MAX)(item)?;
        match word(item) {
            Some(capability) if known.contains(&capability) => return None,
            Some(capability) => known.push(capability),
            None => {}
        }
    }
    Some(known)
}

fn attestation(value: &Json) -> Option<Attestation> {
    let claims = Claims::of(claims::object(value)?);
    let text = |name| {
        let text = claims.required(name, claims::text(ATTESTATION_BYTES_MAX));
        text.ok().map(str::to_owned)
    };
    Some(Attestation {
        device: text("device")?,
        approve: text("approve")?,
    })
}

#[cfg(test)]
mod tests;
