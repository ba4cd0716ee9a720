//! `cs-receipt`: what became of a statement.

use serde::{Deserialize, Serialize};

use super::AUDIENCE_MAX;
use super::statement::TRIES_MAX;
use crate::claims::{self, ClaimError, Claims};
use crate::envelope::Verified;
use crate::hash::{Id, MessageHash, Thumbprint};
use crate::json::{Json, Object};
use crate::kind::Kind;
use crate::problem::DEVICE_NAME_BYTES_MAX;
use crate::time::Timestamp;

/// Most tries that are left after a wrong number: it used one up.
const LEFT_MAX: u8 = TRIES_MAX - 1;

/// How a statement stands.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was approved.
    Approved,
    /// It was denied, or the number was wrong too often.
    Denied,
    /// It was reported as not the person's.
    Reported,
    /// The person stopped it.
    Cancelled,
    /// Nobody answered in time.
    Expired,
    /// The server took it back.
    Withdrawn,
    /// The number was wrong: the only outcome that is not the end.
    WrongNumber,
}

const OUTCOMES: [(&str, Outcome); 7] = [
    ("approved", Outcome::Approved),
    ("denied", Outcome::Denied),
    ("reported", Outcome::Reported),
    ("cancelled", Outcome::Cancelled),
    ("expired", Outcome::Expired),
    ("withdrawn", Outcome::Withdrawn),
    ("wrong_number", Outcome::WrongNumber),
];

/// How an answer came.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// As a `cs-answer`.
    Online,
    /// As a response that was typed into the page.
    Offline,
}

const VIAS: [(&str, Via); 2] = [("online", Via::Online), ("offline", Via::Offline)];

/// What the organisation does, or asks the person to do, after a report.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NextStep {
    /// The account is locked.
    Locked,
    /// The password has to be changed.
    PasswordChange,
    /// An administrator was told.
    AdminTold,
}

const NEXT_STEPS: [(&str, NextStep); 3] = [
    ("locked", NextStep::Locked),
    ("password_change", NextStep::PasswordChange),
    ("admin_told", NextStep::AdminTold),
];

/// The device whose answer it is.
#[derive(Clone, Eq, PartialEq)]
pub struct Ended {
    /// The thumbprint of the key that signed the answer; of the device key after an offline response.
    pub key: Thumbprint,
    /// What the person calls that device.
    pub name: String,
}

impl std::fmt::Debug for Ended {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("[redacted]")
    }
}

/// What became of a statement.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Receipt {
    /// The devices that the statement addressed, one to five.
    pub audience: Vec<Thumbprint>,
    /// The statement's `jti`.
    pub statement: Id,
    /// The hash of the statement's bytes.
    pub statement_hash: MessageHash,
    /// The hash of the answer that decided; none where none did.
    pub answer_hash: Option<MessageHash>,
    /// Whose answer it was; a device sees by it that it was not its own.
    pub by: Option<Ended>,
    /// How the answer came.
    pub via: Option<Via>,
    /// How the statement stands.
    pub outcome: Outcome,
    /// Tries that are left: 1 to 8 with [`Outcome::WrongNumber`], 0 with the denial after the last one, none otherwise.
    pub left: Option<u8>,
    /// Whether it was reported, whatever its outcome is.
    pub is_reported: bool,
    /// What comes after a report.
    pub next: Vec<NextStep>,
    /// The server's time.
    pub now: Timestamp,
}

impl Receipt {
    /// Its claims.
    #[must_use]
    pub fn to_claims(&self) -> Object {
        let audience = self.audience.iter().map(|key| Json::Text(key.format()));
        let mut claims = Object::new()
            .with("aud", Json::List(audience.collect()))
            .with("st", Json::Text(self.statement.format()))
            .with("sth", Json::Text(self.statement_hash.format()));
        if let Some(answer) = self.answer_hash {
            claims = claims.with("ath", Json::Text(answer.format()));
        }
        if let Some(Ended { key, name }) = &self.by {
            let by = Object::new()
                .with("kid", Json::Text(key.format()))
                .with("name", Json::Text(name.clone()));
            claims = claims.with("by", Json::Object(by));
        }
        if let Some(via) = self.via {
            claims = claims.with("via", claims::word_of(&VIAS, via));
        }
        claims = claims.with("outcome", claims::word_of(&OUTCOMES, self.outcome));
        if let Some(left) = self.left {
            claims = claims.with("left", Json::Integer(left.into()));
        }
        if self.is_reported {
            claims = claims.with("reported", Json::Bool(true));
        }
        if !self.next.is_empty() {
            let next = self
                .next
                .iter()
                .map(|step| claims::word_of(&NEXT_STEPS, *step));
            claims = claims.with("next", Json::List(next.collect()));
        }
        claims.with("now", self.now.to_json())
    }

    /// Reads a receipt for the device whose key this is.
    ///
    /// # Errors
    ///
    /// [`ClaimError::Audience`] when the statement did not address the device, before anything else is looked at;
    /// [`ClaimError::Missing`], [`ClaimError::Form`], also for tries left that do not go with the outcome.
    ///
    /// # Panics
    ///
    /// For another kind of message: whoever reads one knows which it is.
    pub fn read(message: &Verified, device: &Thumbprint) -> Result<Self, ClaimError> {
        assert_eq!(message.kind(), Kind::Receipt, "a receipt is read as one");
        let claims = Claims::of(message.claims());
        let audience = claims.required("aud", claims::audience(AUDIENCE_MAX))?;
        if !audience.contains(device) {
            return Err(ClaimError::Audience);
        }
        let outcome = claims.required("outcome", claims::word(&OUTCOMES))?;
        let left = claims.optional("left", claims::count(0..=LEFT_MAX))?;
        let steps = claims::list(1..=NEXT_STEPS.len(), claims::word(&NEXT_STEPS));
        match (outcome, left) {
            (Outcome::WrongNumber, None) => return Err(ClaimError::Missing { name: "left" }),
            (Outcome::WrongNumber, Some(1..)) | (Outcome::Denied, Some(0)) | (_, None) => {}
            (_, Some(_)) => return Err(ClaimError::Form { name: "left" }),
        }
        Ok(Self {
            audience,
            statement: claims.required("st", claims::id)?,
            statement_hash: claims.required("sth", claims::message_hash)?,
            answer_hash: claims.optional("ath", claims::message_hash)?,
            by: claims.optional("by", ended)?,
            via: claims.optional("via", claims::word(&VIAS))?,
            outcome,
            left,
            is_reported: claims.optional("reported", claims::truth)?.is_some(),
            next: claims.optional("next", steps)?.unwrap_or_default(),
            now: claims.required("now", claims::time)?,
        })
    }
}

fn ended(value: &Json) -> Option<Ended> {
    let claims = Claims::of(claims::object(value)?);
    let name = claims.required("name", claims::text(DEVICE_NAME_BYTES_MAX));
    Some(Ended {
        key: claims.required("kid", claims::thumbprint).ok()?,
        name: name.ok()?.to_owned(),
    })
}

#[cfg(test)]
mod tests;
