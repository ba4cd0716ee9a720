//! `cs-state`: how a device stands with its server, what is open, what has ended, and the server's time.

use std::fmt;

use zeroize::Zeroizing;

use serde::{Deserialize, Serialize};

use super::OPEN_MAX;
use super::moving::{self, Moving};
use crate::base64url;
use crate::claims::{self, ClaimError, Claims};
use crate::envelope::{Compact, Verified};
use crate::hash::{MessageHash, Thumbprint};
use crate::json::{Json, Object};
use crate::kind::Kind;
use crate::problem::DEVICE_NAME_BYTES_MAX;
use crate::secret::OfflineKey;
use crate::time::Timestamp;

/// Most statements that are listed: those that may ring.
pub const LISTED_MAX: usize = 5;
/// Most statements of a state: those that are listed, and those that the request asked after. One that was made for scanning
/// only is not listed, and whoever asks after it would take it for ended if it were not there.
pub const STATEMENTS_MAX: usize = LISTED_MAX + OPEN_MAX;
/// Longest link with a code's key in bytes.
pub const OTP_BYTES_MAX: usize = 1024;

/// How a device stands with its server.
#[derive(Clone, Eq, PartialEq)]
pub enum Standing {
    /// It is enrolled, and its check number was not confirmed yet.
    Unconfirmed,
    /// The number was confirmed; it has still to approve its test.
    Confirmed,
    /// It works.
    Active,
    /// It gets no statements for now.
    Suspended {
        /// When it ends by itself; none where somebody has to end it.
        until: Option<Timestamp>,
        /// Why.
        why: SuspendedWhy,
    },
    /// Another device took its place.
    Moved {
        /// What the person calls that device.
        to: String,
    },
    /// It is no device of the account any more.
    Removed {
        /// Why.
        why: RemovedWhy,
    },
}

impl fmt::Debug for Standing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

impl Standing {
    /// Its word in the specification.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Unconfirmed => "unconfirmed",
            Self::Confirmed => "confirmed",
            Self::Active => "active",
            Self::Suspended { .. } => "suspended",
            Self::Moved { .. } => "moved",
            Self::Removed { .. } => "removed",
        }
    }

    /// Whether it is the end of this device: nothing but a new invitation helps.
    #[must_use]
    pub const fn is_end(&self) -> bool {
        matches!(self, Self::Moved { .. } | Self::Removed { .. })
    }
}

/// Why a device is suspended.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SuspendedWhy {
    /// The number was wrong too often in a row.
    WrongNumbers,
    /// An administrator did it.
    Administrator,
}

const SUSPENDED: [(&str, SuspendedWhy); 2] = [
    ("wrong_numbers", SuspendedWhy::WrongNumbers),
    ("administrator", SuspendedWhy::Administrator),
];

/// Why a device was removed.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RemovedWhy {
    /// Its check number was wrong three times.
    WrongCheck,
    /// It revealed a nonce to which it had not committed itself.
    WrongReveal,
    /// It was not active within its ten minutes.
    TimedOut,
    /// It asked for it.
    Left,
    /// Another device was enrolled in its place.
    Replaced,
    /// There were five active devices when it was to become one.
    TooMany,
    /// The move for which it was invited was ended.
    MoveEnded,
    /// The person or an administrator removed it.
    Administrator,
}

const REMOVED: [(&str, RemovedWhy); 8] = [
    ("wrong_check", RemovedWhy::WrongCheck),
    ("wrong_reveal", RemovedWhy::WrongReveal),
    ("timed_out", RemovedWhy::TimedOut),
    ("left", RemovedWhy::Left),
    ("replaced", RemovedWhy::Replaced),
    ("too_many", RemovedWhy::TooMany),
    ("move_ended", RemovedWhy::MoveEnded),
    ("administrator", RemovedWhy::Administrator),
];

/// What only an active device gets, when it asks for it.
#[derive(Debug, Default)]
pub struct Secrets {
    /// A link with a code's key (`otpauth`).
    pub otp: Option<OtpLink>,
    /// The device's own key for offline responses.
    pub offline_key: Option<OfflineKey>,
}

/// A link with a code's key, wiped when dropped and shown to nobody.
#[derive(Eq, PartialEq)]
pub struct OtpLink(Zeroizing<String>);

impl OtpLink {
    /// Takes the link over; nothing of it is checked here but its length.
    #[must_use]
    pub fn new(link: String) -> Option<Self> {
        let link = Zeroizing::new(link);
        (1..=OTP_BYTES_MAX)
            .contains(&link.len())
            .then_some(Self(link))
    }

    /// The link itself. Every call says why it needs it, in an `EXPOSE:` comment.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for OtpLink {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

/// What a server says of a device.
#[derive(Debug)]
pub struct State {
    /// The device.
    pub audience: Thumbprint,
    /// The hash of the request that it answers.
    pub request_hash: MessageHash,
    /// The version of what the server has of the person, from 1: a later state has a higher one, or the same.
    pub sequence: u64,
    /// The server's time.
    pub now: Timestamp,
    /// How the device stands.
    pub standing: Standing,
    /// Statements that are open and listed or asked after, oldest first, as their own signed messages.
    pub statements: Vec<Compact>,
    /// Receipts of those that the request asked after and that have ended.
    pub closed: Vec<Compact>,
    /// A newer account document.
    pub account: Option<Compact>,
    /// What an active device asked for.
    pub secrets: Option<Secrets>,
    /// The move that this device began.
    pub moving: Option<Moving>,
    /// Whether the request's time was too far off: nothing was done but to say the time.
    pub is_stale: bool,
}

impl State {
    /// Its claims.
    ///
    /// # Panics
    ///
    /// For a version beyond 2^53: no server counts so far.
    #[must_use]
    pub fn to_claims(&self) -> Object {
        let messages = |messages: &[Compact]| {
            let texts = messages
                .iter()
                .map(|message| Json::Text(message.as_str().to_owned()));
            Json::List(texts.collect())
        };
        let mut claims = Object::new()
            .with("aud", Json::Text(self.audience.format()))
            .with("re", Json::Text(self.request_hash.format()))
            .with("seq", claims::number_to_json(self.sequence))
            .with("now", self.now.to_json())
            .with("state", Json::Object(standing_to_claims(&self.standing)))
            .with("statements", messages(&self.statements))
            .with("closed", messages(&self.closed));
        if let Some(account) = &self.account {
            claims = claims.with("account", Json::Text(account.as_str().to_owned()));
        }
        if let Some(secrets) = &self.secrets {
            claims = claims.with("secrets", Json::Object(secrets_to_claims(secrets)));
        }
        if let Some(moving) = &self.moving {
            claims = claims.with("move", Json::Object(moving::to_claims(moving)));
        }
        if self.is_stale {
            claims = claims.with("stale", Json::Bool(true));
        }
        claims
    }

    /// Reads a state for the device whose key this is, as the answer to the request with this hash. The messages in it have
    /// their form; each is still to be verified.
    ///
    /// # Errors
    ///
    /// [`ClaimError::Audience`], then [`ClaimError::Reply`], before anything else is looked at; [`ClaimError::Missing`],
    /// [`ClaimError::Form`].
    ///
    /// # Panics
    ///
    /// For another kind of message: whoever reads one knows which it is.
    pub fn read(
        message: &Verified,
        device: &Thumbprint,
        request: &MessageHash,
    ) -> Result<Self, ClaimError> {
        assert_eq!(message.kind(), Kind::State, "a state is read as one");
        let claims = Claims::of(message.claims());
        let audience = claims.required("aud", claims::thumbprint)?;
        if audience != *device {
            return Err(ClaimError::Audience);
        }
        let request_hash = claims.required("re", claims::message_hash)?;
        if request_hash != *request {
            return Err(ClaimError::Reply);
        }
        Ok(Self {
            audience,
            request_hash,
            sequence: claims.required("seq", claims::counted)?,
            now: claims.required("now", claims::time)?,
            standing: claims.required("state", standing)?,
            statements: claims.required(
                "statements",
                claims::list(0..=STATEMENTS_MAX, compact(Kind::Statement)),
            )?,
            closed: claims
                .required("closed", claims::list(0..=OPEN_MAX, compact(Kind::Receipt)))?,
            account: claims.optional("account", compact(Kind::Account))?,
            secrets: claims.optional("secrets", secrets)?,
            moving: claims.optional("move", moving::read)?,
            is_stale: claims.optional("stale", claims::truth)?.is_some(),
        })
    }
}

fn standing_to_claims(standing: &Standing) -> Object {
    let claims = Object::new().with("is", Json::Text(standing.word().to_owned()));
    match standing {
        Standing::Unconfirmed | Standing::Confirmed | Standing::Active => claims,
        Standing::Suspended { until, why } => {
            let claims = claims.with("why", claims::word_of(&SUSPENDED, *why));
            match until {
                Some(until) => claims.with("until", until.to_json()),
                None => claims,
            }
        }
        Standing::Moved { to } => claims.with("to", Json::Text(to.clone())),
        Standing::Removed { why } => claims.with("why", claims::word_of(&REMOVED, *why)),
    }
}

fn standing(value: &Json) -> Option<Standing> {
    let claims = Claims::of(claims::object(value)?);
    let word = claims.required("is", |value| match value {
        Json::Text(word) => Some(word.as_str()),
        _ => None,
    });
    Some(match word.ok()? {
        "unconfirmed" => Standing::Unconfirmed,
        "confirmed" => Standing::Confirmed,
        "active" => Standing::Active,
        "suspended" => Standing::Suspended {
            until: claims.optional("until", claims::time).ok()?,
            why: claims.required("why", claims::word(&SUSPENDED)).ok()?,
        },
        "moved" => Standing::Moved {
            to: device_name(claims, "to")?,
        },
        "removed" => Standing::Removed {
            why: claims.required("why", claims::word(&REMOVED)).ok()?,
        },
        _ => return None,
    })
}

pub(super) fn device_name(claims: Claims<'_>, name: &'static str) -> Option<String> {
    let name = claims.required(name, claims::text(DEVICE_NAME_BYTES_MAX));
    name.ok().map(str::to_owned)
}

fn secrets_to_claims(secrets: &Secrets) -> Object {
    let mut claims = Object::new();
    if let Some(otp) = &secrets.otp {
        // EXPOSE: to bring it to the device is what the message is for.
        claims = claims.with("otp", Json::Text(otp.expose().to_owned()));
    }
    if let Some(key) = &secrets.offline_key {
        // EXPOSE: the same.
        let key = base64url::format(key.expose());
        claims = claims.with("offline_key", Json::Text(key));
    }
    claims
}

fn secrets(value: &Json) -> Option<Secrets> {
    let claims = Claims::of(claims::object(value)?);
    let otp = claims.optional("otp", |value| match value {
        Json::Text(link) => OtpLink::new(link.clone()),
        _ => None,
    });
    let offline_key = claims.optional("offline_key", |value| {
        claims::parsed(value, base64url::parse_exact).map(|key| OfflineKey::copy_of(&key))
    });
    Some(Secrets {
        otp: otp.ok()?,
        offline_key: offline_key.ok()?,
    })
}

/// A message inside the message: of this kind, and of its form.
fn compact(kind: Kind) -> impl Fn(&Json) -> Option<Compact> {
    move |value| claims::parsed(value, |text| Compact::from_stored(kind, text))
}

#[cfg(test)]
mod tests;
