//! `cs-statement`: please approve this.

mod parts;

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use self::parts::{Unknowns, client, details, lifetime, origin, place, word_or_unknown};
use super::{AUDIENCE_MAX, URL_BYTES_MAX};
use crate::claims::{self, ClaimError, Claims};
use crate::envelope::Verified;
use crate::hash::{Id, Thumbprint};
use crate::json::{Json, Object};
use crate::kind::Kind;
use crate::time::Timestamp;

/// The longest that a statement may be open, in seconds.
pub const LIFETIME_MAX_S: u64 = 600;

/// How often a number may be typed at most.
pub(super) const TRIES_MAX: u8 = 9;
const APP_BYTES_MAX: usize = 64;
const ORIGIN_BYTES_MAX: usize = 96;
const USER_BYTES_MAX: usize = 96;
const CITY_BYTES_MAX: usize = 48;
const CLIENT_BYTES_MAX: usize = 32;
const PAYEE_BYTES_MAX: usize = 64;
const AMOUNT_BYTES_MAX: usize = 16;

const MEMBERS: [&str; 15] = [
    "iss", "aud", "account", "jti", "iat", "exp", "act", "app", "origin", "user", "place",
    "client", "details", "digits", "tries",
];

/// What is to be approved.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// A new device's first: it proves the approval key.
    Test,
    /// A sign-in.
    SignIn,
    /// A new password for one that is lost.
    Reset,
    /// A change of the person's security information.
    Change,
    /// Something that the details say.
    Action,
}

const ACTS: [(&str, Act); 5] = [
    ("test", Act::Test),
    ("sign-in", Act::SignIn),
    ("reset", Act::Reset),
    ("change", Act::Change),
    ("action", Act::Action),
];

impl Act {
    /// The word that the claim has for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        claims::name_of(&ACTS, self)
    }
}

/// Where the request comes from, as the server believes.
#[derive(Clone, Eq, PartialEq)]
pub struct Place {
    /// The city, at most 48 bytes.
    pub city: String,
    /// Two capital letters (ISO 3166-1).
    pub country: String,
}

/// What asks, as the server sees it.
#[derive(Clone, Eq, PartialEq)]
pub struct Client {
    /// Its address.
    pub ip: IpAddr,
    /// The browser, at most 32 bytes.
    pub browser: String,
    /// The operating system, at most 32 bytes.
    pub os: String,
}

/// What exactly is asked, of a closed list.
#[derive(Clone, Eq, PartialEq)]
pub enum Details {
    /// A payment.
    Pay {
        /// Decimal digits, with a point and one to three more where there are fractions.
        amount: String,
        /// Three capital letters (ISO 4217).
        currency: String,
        /// Who is paid, at most 64 bytes.
        to: String,
    },
}

/// Why a statement of the right form cannot be approved: it would be signed unseen. It can be denied and reported.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Unknown {
    /// What is to be approved.
    Act,
    /// The kind of its details.
    Details,
    /// A member of it.
    Member,
}

/// A server's signed request.
///
/// # Privacy
///
/// It says who signs in where and from where; `Debug` shows none of it.
#[derive(Clone, Eq, PartialEq)]
pub struct Statement {
    /// The server's base URL.
    pub issuer: String,
    /// The person's active devices, one to five.
    pub audience: Vec<Thumbprint>,
    /// The person's account there.
    pub account: Id,
    /// Its `jti`.
    pub id: Id,
    /// When it was made, by the server's clock.
    pub made_at: Timestamp,
    /// From then on it has ended, by the server's clock.
    pub expires_at: Timestamp,
    /// What is to be approved; none for what this version does not know.
    pub act: Option<Act>,
    /// The application, at most 64 bytes.
    pub app: String,
    /// The site that asks: a host of A-labels, with a port where it is not the usual one.
    pub origin: String,
    /// Who signs in, at most 96 bytes.
    pub user: String,
    /// From where.
    pub place: Option<Place>,
    /// With what.
    pub client: Option<Client>,
    /// What exactly.
    pub details: Option<Details>,
    /// How many digits the number has that the person has to type: 6 to 8.
    pub digits: u8,
    /// How often it may be typed: 1 to 9.
    pub tries: u8,
    /// Why it cannot be approved; none when it can.
    pub unknown: Option<Unknown>,
}

impl std::fmt::Debug for Statement {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Statement")
            .field("id", &self.id)
            .field("unknown", &self.unknown)
            .finish_non_exhaustive()
    }
}

/// The account that a statement was fetched for.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// The server's base URL.
    pub issuer: &'a str,
    /// The device's own key.
    pub device: &'a Thumbprint,
    /// The person's account.
    pub account: &'a Id,
}

impl Statement {
    /// Its claims, as a device will read them.
    ///
    /// # Errors
    ///
    /// [`ClaimError::Missing`] and [`ClaimError::Form`] by the claim's name: what a device would refuse, or could not approve, is
    /// refused where it is made.
    pub fn to_claims(&self) -> Result<Object, ClaimError> {
        let claims = self.written();
        let device = self.audience.first();
        let expected = Expected {
            issuer: &self.issuer,
            device: device.ok_or(ClaimError::Form { name: "aud" })?,
            account: &self.account,
        };
        match Self::read_claims(&claims, &expected)? {
            read if read == *self => Ok(claims),
            _ => Err(ClaimError::Form { name: "act" }),
        }
    }

    fn written(&self) -> Object {
        let text = |value: &str| Json::Text(value.to_owned());
        let audience = self.audience.iter().map(|key| Json::Text(key.format()));
        let mut claims = Object::new()
            .with("iss", text(&self.issuer))
            .with("aud", Json::List(audience.collect()))
            .with("account", Json::Text(self.account.format()))
            .with("jti", Json::Text(self.id.format()))
            .with("iat", self.made_at.to_json())
            .with("exp", self.expires_at.to_json())
            .with("act", text(self.act.map_or("", Act::word)))
            .with("app", text(&self.app))
            .with("origin", text(&self.origin))
            .with("user", text(&self.user));
        if let Some(Place { city, country }) = &self.place {
            let place = Object::new().with("city", text(city));
            claims = claims.with("place", Json::Object(place.with("country", text(country))));
        }
        if let Some(Client { ip, browser, os }) = &self.client {
            let client = Object::new()
                .with("ip", Json::Text(ip.to_string()))
                .with("browser", text(browser))
                .with("os", text(os));
            claims = claims.with("client", Json::Object(client));
        }
        if let Some(Details::Pay {
            amount,
            currency,
            to,
        }) = &self.details
        {
            let details = Object::new()
                .with("type", text("pay"))
                .with("amount", text(amount))
                .with("currency", text(currency))
                .with("to", text(to));
            claims = claims.with("details", Json::Object(details));
        }
        claims
            .with("digits", Json::Integer(self.digits.into()))
            .with("tries", Json::Integer(self.tries.into()))
    }

    /// Reads a statement. Whether it has ended is the caller's to ask.
    ///
    /// # Errors
    ///
    /// [`ClaimError::Issuer`], [`ClaimError::Audience`] and [`ClaimError::Account`], in this order and before anything else is
    /// looked at: a server cannot pass on another's statement. Then [`ClaimError::Missing`] and [`ClaimError::Form`]. What is
    /// only not known makes no error, but a statement that cannot be approved.
    ///
    /// # Panics
    ///
    /// For another kind of message: whoever reads one knows which it is.
    pub fn read(message: &Verified, expected: &Expected<'_>) -> Result<Self, ClaimError> {
        assert_eq!(
            message.kind(),
            Kind::Statement,
            "a statement is read as one"
        );
        Self::read_claims(message.claims(), expected)
    }

    fn read_claims(object: &Object, expected: &Expected<'_>) -> Result<Self, ClaimError> {
        let claims = Claims::of(object);
        let issuer = claims.required("iss", claims::text(URL_BYTES_MAX))?;
        if issuer != expected.issuer {
            return Err(ClaimError::Issuer);
        }
        let audience = claims.required("aud", claims::audience(AUDIENCE_MAX))?;
        if !audience.contains(expected.device) {
            return Err(ClaimError::Audience);
        }
        let account = claims.required("account", claims::id)?;
        if account != *expected.account {
            return Err(ClaimError::Account);
        }
        let (made_at, expires_at) = lifetime(claims)?;
        let act = claims.required("act", word_or_unknown(&ACTS))?;
        let mut unknown = Unknowns::default();
        unknown.note(act.is_none(), Unknown::Act);
        let details = claims.optional("details", |value| details(value, &mut unknown))?;
        if act == Some(Act::Action) && details.is_none() {
            return Err(ClaimError::Missing { name: "details" });
        }
        let place = claims.optional("place", |value| place(value, &mut unknown))?;
        let client = claims.optional("client", |value| client(value, &mut unknown))?;
        unknown.note_members(object, &MEMBERS);
        let text = |name, bytes_max| {
            let text = claims.required(name, claims::text(bytes_max));
            text.map(str::to_owned)
        };
        Ok(Self {
            issuer: issuer.to_owned(),
            audience,
            account,
            id: claims.required("jti", claims::id)?,
            made_at,
            expires_at,
            act,
            app: text("app", APP_BYTES_MAX)?,
            origin: claims.required("origin", origin)?.to_owned(),
            user: text("user", USER_BYTES_MAX)?,
            place,
            client,
            details: details.flatten(),
            digits: claims.required("digits", claims::count(6..=8))?,
            tries: claims.required("tries", claims::count(1..=TRIES_MAX))?,
            unknown: unknown.0,
        })
    }
}

#[cfg(test)]
mod tests;
