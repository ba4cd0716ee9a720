//! A move to another device: `cs-move`, by which the old device asks for its steps, and the member of a state that says how it goes.

use std::fmt;

use zeroize::Zeroizing;

use super::request::Request;
use super::state::device_name;
use crate::claims::{self, ClaimError, Claims};
use crate::digits::{CheckNumber, Digits};
use crate::envelope::Verified;
use crate::hash::Id;
use crate::json::{Json, Object};
use crate::kind::Kind;
use crate::problem::DEVICE_NAME_BYTES_MAX;
use crate::time::Timestamp;

/// Longest link of an invitation in bytes.
pub const INVITATION_BYTES_MAX: usize = 1024;
/// How often a device's check number may be typed; the last wrong one ends the device.
pub const CHECK_TRIES: u8 = 3;

/// What is done with a move.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum MoveStep {
    /// It begins.
    Start,
    /// The new device showed this number, and the person typed it here.
    Confirm {
        /// The move's invitation: a step that comes late does nothing to a later move.
        invitation: Id,
        /// The number.
        check: CheckNumber,
    },
    /// It ends, and nothing changed.
    Abort {
        /// The move's invitation.
        invitation: Id,
    },
}

/// `cs-move`: a new phone takes over from this one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Move {
    /// What every request says.
    pub request: Request,
    /// What is done.
    pub step: MoveStep,
}

impl Move {
    /// Its claims.
    #[must_use]
    pub fn to_claims(&self) -> Object {
        let claims = self.request.to_claims();
        let text = |word: &str| Json::Text(word.to_owned());
        match &self.step {
            MoveStep::Start => claims.with("step", text("start")),
            MoveStep::Abort { invitation } => claims
                .with("step", text("abort"))
                .with("inv", Json::Text(invitation.format())),
            MoveStep::Confirm { invitation, check } => claims
                .with("step", text("confirm"))
                .with("inv", Json::Text(invitation.format()))
                .with("check", text(check.as_str())),
        }
    }

    /// Reads a move for the server at `audience`.
    ///
    /// # Errors
    ///
    /// [`ClaimError::Audience`] before anything else is looked at; [`ClaimError::Missing`] and [`ClaimError::Form`], also for
    /// a number beside another step than the confirmation, and for an invitation beside the start.
    ///
    /// # Panics
    ///
    /// For another kind of message: whoever reads one knows which it is.
    pub fn read(message: &Verified, audience: &str) -> Result<Self, ClaimError> {
        let request = Request::read(message, Kind::Move, audience)?;
        let claims = Claims::of(message.claims());
        let words = ["start", "confirm", "abort"].map(|word| (word, word));
        let check = |value: &Json| claims::parsed(value, CheckNumber::parse);
        let step = match claims.required("step", claims::word(&words))? {
            "confirm" => MoveStep::Confirm {
                invitation: claims.required("inv", claims::id)?,
                check: claims.required("check", check)?,
            },
            _ if claims.optional("check", Some)?.is_some() => {
                return Err(ClaimError::Form { name: "check" });
            }
            "abort" => MoveStep::Abort {
                invitation: claims.required("inv", claims::id)?,
            },
            _ if claims.optional("inv", Some)?.is_some() => {
                return Err(ClaimError::Form { name: "inv" });
            }
            _ => MoveStep::Start,
        };
        Ok(Self { request, step })
    }
}

/// A move that an old device is in.
#[derive(Clone, Eq, PartialEq)]
pub enum Moving {
    /// The new device has to scan this; then its check number is typed into the old one.
    Invited {
        /// The invitation's id, by which the move is known.
        id: Id,
        /// A link of the invitation.
        invitation: Zeroizing<String>,
        /// What the new device is called, once one has taken the invitation.
        device: Option<String>,
        /// How often its check number may still be typed, from 1 to [`CHECK_TRIES`].
        left: u8,
        /// When the move ends by itself.
        until: Timestamp,
    },
    /// The new device has its test: the old one shows the number.
    Testing {
        /// The id of the move's invitation.
        id: Id,
        /// The test's number, six to eight digits.
        number: Digits,
        /// What the new device is called.
        device: String,
        /// When the move ends by itself.
        until: Timestamp,
    },
}

impl Moving {
    /// The id of its invitation, by which the move is known.
    #[must_use]
    pub const fn id(&self) -> Id {
        match self {
            Self::Invited { id, .. } | Self::Testing { id, .. } => *id,
        }
    }
}

impl fmt::Debug for Moving {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

pub(super) fn to_claims(moving: &Moving) -> Object {
    let claims = Object::new().with("inv", Json::Text(moving.id().format()));
    match moving {
        Moving::Invited {
            id: _,
            invitation,
            device,
            left,
            until,
        } => {
            let claims = claims
                .with("invitation", Json::Text(invitation.to_string()))
                .with("left", Json::Integer((*left).into()))
                .with("until", until.to_json());
            match device {
                Some(device) => claims.with("device", Json::Text(device.clone())),
                None => claims,
            }
        }
        Moving::Testing {
            id: _,
            number,
            device,
            until,
        } => claims
            .with("number", Json::Text(number.as_str().to_owned()))
            .with("device", Json::Text(device.clone()))
            .with("until", until.to_json()),
    }
}

pub(super) fn read(value: &Json) -> Option<Moving> {
    let claims = Claims::of(claims::object(value)?);
    let id = claims.required("inv", claims::id).ok()?;
    let until = claims.required("until", claims::time).ok()?;
    let invitation = claims.optional("invitation", |value| {
        claims::text(INVITATION_BYTES_MAX)(value).map(|link| Zeroizing::new(link.to_owned()))
    });
    let number = claims.optional("number", |value| {
        (6..=8).find_map(|count| claims::parsed(value, |text| Digits::parse(text, count)))
    });
    match (invitation.ok()?, number.ok()?) {
        (Some(invitation), None) => Some(Moving::Invited {
            id,
            invitation,
            device: match claims.optional("device", claims::text(DEVICE_NAME_BYTES_MAX)) {
                Ok(device) => device.map(str::to_owned),
                Err(_) => return None,
            },
            left: claims
                .required("left", claims::count(1..=CHECK_TRIES))
                .ok()?,
            until,
        }),
        (None, Some(number)) => Some(Moving::Testing {
            id,
            number,
            device: device_name(claims, "device")?,
            until,
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
