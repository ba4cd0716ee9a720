//! `cs-answer`: the device's decision over a statement.

use super::URL_BYTES_MAX;
use crate::claims::{self, ClaimError, Claims};
use crate::digits::Digits;
use crate::envelope::Verified;
use crate::hash::{Id, LinesHash, MessageHash};
use crate::json::{Json, Object};
use crate::kind::{Kind, Role};
use crate::time::Timestamp;

/// Fewest and most digits of a sign-in's number.
const NUMBER_DIGITS: std::ops::RangeInclusive<usize> = 6..=8;

/// What the person decided.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Decision {
    /// It is me: with the number from the sign-in screen. Signed by the approval key and no other.
    Approve {
        /// Six to eight digits.
        number: Digits,
    },
    /// Not now.
    Deny,
    /// It was not me: the server should lock and alert.
    Report,
    /// It was me: stop.
    Cancel,
}

impl Decision {
    const fn word(&self) -> &'static str {
        match self {
            Self::Approve { .. } => "approve",
            Self::Deny => "deny",
            Self::Report => "report",
            Self::Cancel => "cancel",
        }
    }

    /// Whose key signs it: an approval is the approval key's, all else is signed without asking.
    #[must_use]
    pub const fn role(&self) -> Role {
        match self {
            Self::Approve { .. } => Role::Approval,
            Self::Deny | Self::Report | Self::Cancel => Role::Device,
        }
    }
}

/// A decision over one statement's bytes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Answer {
    /// The server's base URL.
    pub audience: String,
    /// The person's account there.
    pub account: Id,
    /// The statement's `jti`.
    pub statement: Id,
    /// The hash of the statement's bytes as the device received them.
    pub statement_hash: MessageHash,
    /// What was decided.
    pub decision: Decision,
    /// The hash of the lines that the person was shown.
    pub shown: LinesHash,
    /// The device's clock, for the record.
    pub made_at: Timestamp,
}

impl Answer {
    /// Its claims.
    #[must_use]
    pub fn to_claims(&self) -> Object {
        let text = |value: &str| Json::Text(value.to_owned());
        let claims = Object::new()
            .with("aud", text(&self.audience))
            .with("account", Json::Text(self.account.format()))
            .with("st", Json::Text(self.statement.format()))
            .with("sth", Json::Text(self.statement_hash.format()))
            .with("decision", text(self.decision.word()));
        let claims = match &self.decision {
            Decision::Approve { number } => claims.with("number", text(number.as_str())),
            Decision::Deny | Decision::Report | Decision::Cancel => claims,
        };
        claims
            .with("shown", Json::Text(self.shown.format()))
            .with("iat", self.made_at.to_json())
    }

    /// Reads an answer for the server at `audience`.
    ///
    /// # Errors
    ///
    /// [`ClaimError::Audience`] before anything else is looked at; [`ClaimError::Missing`] and [`ClaimError::Form`], also for a
    /// number beside another decision than an approval; [`ClaimError::Role`] for an approval that the device key signed and
    /// for anything else that the approval key signed.
    ///
    /// # Panics
    ///
    /// For another kind of message: whoever reads one knows which it is.
    pub fn read(message: &Verified, audience: &str) -> Result<Self, ClaimError> {
        assert_eq!(message.kind(), Kind::Answer, "an answer is read as one");
        let claims = Claims::of(message.claims());
        let addressed = claims.required("aud", claims::text(URL_BYTES_MAX))?;
        if addressed != audience {
            return Err(ClaimError::Audience);
        }
        let decision = read_decision(claims)?;
        if message.role() != decision.role() {
            return Err(ClaimError::Role);
        }
        Ok(Self {
            audience: addressed.to_owned(),
            account: claims.required("account", claims::id)?,
            statement: claims.required("st", claims::id)?,
            statement_hash: claims.required("sth", claims::message_hash)?,
            decision,
            shown: claims.required("shown", |value| claims::parsed(value, LinesHash::parse))?,
            made_at: claims.required("iat", claims::time)?,
        })
    }
}

fn read_decision(claims: Claims<'_>) -> Result<Decision, ClaimError> {
    let words = ["approve", "deny", "report", "cancel"].map(|word| (word, word));
    let number = |value: &Json| match value {
        Json::Text(text) if NUMBER_DIGITS.contains(&text.len()) => {
            Digits::parse(text, u8::try_from(text.len()).ok()?).ok()
        }
        _ => None,
    };
    let decision = match claims.required("decision", claims::word(&words))? {
        "approve" => {
            return Ok(Decision::Approve {
                number: claims.required("number", number)?,
            });
        }
        "deny" => Decision::Deny,
        "report" => Decision::Report,
        _ => Decision::Cancel,
    };
    // It would say that the person typed one, and decided against it.
    match claims.optional("number", Some)? {
        Some(_) => Err(ClaimError::Form { name: "number" }),
        None => Ok(decision),
    }
}

#[cfg(test)]
mod tests;
