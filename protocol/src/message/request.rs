//! What an enrolled device asks of its server: `cs-fetch`, `cs-delivery` and `cs-leave`, and what these say as `cs-move` does. Each is
//! signed afresh for every try, and its time is judged.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::URL_BYTES_MAX;
use crate::address;
use crate::base64url;
use crate::claims::{self, ClaimError, Claims};
use crate::envelope::Verified;
use crate::hash::{Id, Thumbprint};
use crate::json::{Json, Object};
use crate::key::PublicKey;
use crate::kind::Kind;
use crate::secret::DeviceNonce;
use crate::time::Timestamp;

/// A request whose time is further off than this, either way, is stale, in seconds.
pub const CLOCK_TOLERANCE_S: u64 = 300;
/// Most statements that a fetch asks after.
pub const OPEN_MAX: usize = 16;
/// The longest that a fetch may be kept waiting, in seconds.
pub const WAIT_MAX_S: u8 = 25;
/// Longest address of a push service in bytes.
pub const DELIVERY_BYTES_MAX: usize = 1024;

/// What every request says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Request {
    /// The server's base URL.
    pub audience: String,
    /// The person's account there.
    pub account: Id,
    /// The device's clock.
    pub made_at: Timestamp,
    /// The request's id: refused a second time.
    pub id: Id,
}

impl Request {
    pub(super) fn to_claims(&self) -> Object {
        Object::new()
            .with("aud", Json::Text(self.audience.clone()))
            .with("account", Json::Text(self.account.format()))
            .with("iat", self.made_at.to_json())
            .with("jti", Json::Text(self.id.format()))
    }

    pub(super) fn read(message: &Verified, kind: Kind, audience: &str) -> Result<Self, ClaimError> {
        assert_eq!(message.kind(), kind, "a request is read as what it is");
        let claims = Claims::of(message.claims());
        let addressed = claims.required("aud", claims::text(URL_BYTES_MAX))?;
        if addressed != audience {
            return Err(ClaimError::Audience);
        }
        Ok(Self {
            audience: addressed.to_owned(),
            account: claims.required("account", claims::id)?,
            made_at: claims.required("iat", claims::time)?,
            id: claims.required("jti", claims::id)?,
        })
    }

    /// Whether its time is at most [`CLOCK_TOLERANCE_S`] from the server's, either way.
    #[must_use]
    pub const fn is_fresh(&self, now: Timestamp) -> bool {
        self.made_at.unix_s().abs_diff(now.unix_s()) <= CLOCK_TOLERANCE_S
    }
}

/// `cs-fetch`: what is there for me?
#[derive(Debug)]
pub struct Fetch {
    /// What every request says.
    pub request: Request,
    /// The version of the account document that the device has, from 1.
    pub have: u64,
    /// Statements that the device holds, at most 16.
    pub open: Vec<Id>,
    /// The nonce that the device committed itself to, until it is active.
    pub reveal: Option<DeviceNonce>,
    /// An earlier device of the account whose place it takes; only beside `reveal`.
    pub replaces: Option<Thumbprint>,
    /// Whether the device asks for its secrets.
    pub wants_secrets: bool,
    /// How long the server may wait for something new, in seconds: 0 to 25.
    pub wait_s: u8,
}

impl Fetch {
    /// Its claims.
    ///
    /// # Panics
    ///
    /// For a version beyond 2^53: no server counts so far.
    #[must_use]
    pub fn to_claims(&self) -> Object {
        let open = self.open.iter().map(|id| Json::Text(id.format()));
        let mut claims = self
            .request
            .to_claims()
            .with("have", claims::number_to_json(self.have))
            .with("open", Json::List(open.collect()))
            .with("wait_s", Json::Integer(self.wait_s.into()));
        if let Some(nonce) = &self.reveal {
            // EXPOSE: to reveal it is what the message is for.
            let nonce = base64url::format(nonce.expose());
            claims = claims.with("reveal", Json::Text(nonce));
        }
        if let Some(replaces) = &self.replaces {
            claims = claims.with("replaces", Json::Text(replaces.format()));
        }
        if self.wants_secrets {
            let secrets = Json::Text("secrets".to_owned());
            claims = claims.with("want", Json::List(vec![secrets]));
        }
        claims
    }

    /// Reads a fetch for the server at `audience`.
    ///
    /// # Errors
    ///
    /// [`ClaimError::Audience`] before anything else is looked at; [`ClaimError::Missing`], [`ClaimError::Form`].
    ///
    /// # Panics
    ///
    /// For another kind of message: whoever reads one knows which it is.
    pub fn read(message: &Verified, audience: &str) -> Result<Self, ClaimError> {
        let request = Request::read(message, Kind::Fetch, audience)?;
        let claims = Claims::of(message.claims());
        let reveal = claims.optional("reveal", |value| {
            claims::parsed(value, base64url::parse_exact).map(|nonce| DeviceNonce::copy_of(&nonce))
        })?;
        let replaces = claims.optional("replaces", claims::thumbprint)?;
        if replaces.is_some() && reveal.is_none() {
            return Err(ClaimError::Missing { name: "reveal" });
        }
        let wanted = claims::list(1..=1, claims::word(&[("secrets", ())]));
        Ok(Self {
            have: claims.required("have", claims::counted)?,
            open: claims.required("open", claims::list(0..=OPEN_MAX, claims::id))?,
            reveal,
            replaces,
            wants_secrets: claims.optional("want", wanted)?.is_some(),
            wait_s: claims.required("wait_s", claims::count(0..=WAIT_MAX_S))?,
            request,
        })
    }
}

/// Where a device is rung.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ring {
    /// Nowhere: it asks by itself.
    None,
    /// A UnifiedPush address.
    UnifiedPush {
        /// The https address.
        to: String,
        /// The token that the bell brings.
        bell: Id,
    },
    /// A Web Push subscription (RFC 8030, RFC 8291).
    WebPush {
        /// The https address.
        to: String,
        /// The token that the bell brings.
        bell: Id,
        /// The device's key for the bell's encryption.
        p256dh: PublicKey,
        /// The secret beside it, 16 bytes.
        auth: Id,
    },
    /// A relay of the app's vendor.
    Gateway {
        /// The https address.
        to: String,
        /// The token that the bell brings.
        bell: Id,
    },
}

impl fmt::Debug for Ring {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

/// `cs-delivery`: ring me here from now on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Delivery {
    /// What every request says.
    pub request: Request,
    /// Grows with every change, from 1: a late one does not undo a later one.
    pub sequence: u64,
    /// Where.
    pub ring: Ring,
}

impl Delivery {
    /// Its claims.
    ///
    /// # Panics
    ///
    /// For a sequence beyond 2^53: no device counts so far.
    #[must_use]
    pub fn to_claims(&self) -> Object {
        let text = |value: &str| Json::Text(value.to_owned());
        let with = |kind: &str, to: &str, bell: &Id| {
            Object::new()
                .with("kind", text(kind))
                .with("to", text(to))
                .with("bell", Json::Text(bell.format()))
        };
        let delivery = match &self.ring {
            Ring::None => Object::new().with("kind", text("none")),
            Ring::UnifiedPush { to, bell } => with("unifiedpush", to, bell),
            Ring::Gateway { to, bell } => with("gateway", to, bell),
            Ring::WebPush {
                to,
                bell,
                p256dh,
                auth,
            } => with("webpush", to, bell)
                .with("p256dh", claims::point_of(p256dh))
                .with("auth", Json::Text(auth.format())),
        };
        self.request
            .to_claims()
            .with("seq", claims::number_to_json(self.sequence))
            .with("delivery", Json::Object(delivery))
    }

    /// Reads a delivery for the server at `audience`.
    ///
    /// # Errors
    ///
    /// [`ClaimError::Audience`] before anything else is looked at; [`ClaimError::Missing`], [`ClaimError::Form`].
    ///
    /// # Panics
    ///
    /// For another kind of message: whoever reads one knows which it is.
    pub fn read(message: &Verified, audience: &str) -> Result<Self, ClaimError> {
        let request = Request::read(message, Kind::Delivery, audience)?;
        let claims = Claims::of(message.claims());
        Ok(Self {
            sequence: claims.required("seq", claims::counted)?,
            ring: claims.required("delivery", ring)?,
            request,
        })
    }
}

/// `cs-leave`: forget this device.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Leave {
    /// What every request says.
    pub request: Request,
}

impl Leave {
    /// Its claims.
    #[must_use]
    pub fn to_claims(&self) -> Object {
        self.request.to_claims()
    }

    /// Reads a leave for the server at `audience`.
    ///
    /// # Errors
    ///
    /// [`ClaimError::Audience`] before anything else is looked at; [`ClaimError::Missing`], [`ClaimError::Form`].
    ///
    /// # Panics
    ///
    /// For another kind of message: whoever reads one knows which it is.
    pub fn read(message: &Verified, audience: &str) -> Result<Self, ClaimError> {
        let request = Request::read(message, Kind::Leave, audience)?;
        Ok(Self { request })
    }
}

fn ring(value: &Json) -> Option<Ring> {
    let claims = Claims::of(claims::object(value)?);
    let words = ["none", "unifiedpush", "webpush", "gateway"].map(|word| (word, word));
    let kind = claims.required("kind", claims::word(&words)).ok()?;
    if kind == "none" {
        return Some(Ring::None);
    }
    let to = claims.required("to", push_address).ok()?;
    let bell = claims.required("bell", claims::id).ok()?;
    Some(match kind {
        "unifiedpush" => Ring::UnifiedPush { to, bell },
        "gateway" => Ring::Gateway { to, bell },
        _ => Ring::WebPush {
            to,
            bell,
            p256dh: claims.required("p256dh", claims::point).ok()?,
            auth: claims.required("auth", claims::id).ok()?,
        },
    })
}

/// Whether a device may name this as the address where it is rung. A server takes one of `http`, which is of its own machine, in
/// test mode only.
#[must_use]
pub fn is_push_address(text: &str) -> bool {
    text.len() <= DELIVERY_BYTES_MAX && address::is_push(text)
}

fn push_address(value: &Json) -> Option<String> {
    let text = claims::text(DELIVERY_BYTES_MAX)(value)?;
    is_push_address(text).then(|| text.to_owned())
}

#[cfg(test)]
mod tests;
