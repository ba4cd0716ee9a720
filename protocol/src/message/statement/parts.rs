//! What stands inside a statement: each part has one form, and says what of it is not known.

use std::net::IpAddr;

use super::{
    AMOUNT_BYTES_MAX, CITY_BYTES_MAX, CLIENT_BYTES_MAX, Client, Details, LIFETIME_MAX_S,
    ORIGIN_BYTES_MAX, PAYEE_BYTES_MAX, Place, Unknown,
};
use crate::address::{has_labels, port_of};
use crate::claims::{self, ClaimError, Claims};
use crate::json::{Json, Object};
use crate::time::Timestamp;

/// The first thing that is not known.
#[derive(Default)]
pub(super) struct Unknowns(pub(super) Option<Unknown>);

impl Unknowns {
    pub(super) fn note(&mut self, is_unknown: bool, what: Unknown) {
        self.0 = self.0.or(is_unknown.then_some(what));
    }

    pub(super) fn note_members(&mut self, object: &Object, known: &[&str]) {
        let is_unknown = object.names().any(|name| !known.contains(&name));
        self.note(is_unknown, Unknown::Member);
    }
}

pub(super) fn lifetime(claims: Claims<'_>) -> Result<(Timestamp, Timestamp), ClaimError> {
    let made_at = claims.required("iat", claims::time)?;
    let expires_at = claims.required("exp", claims::time)?;
    let lifetime_s = expires_at.unix_s().checked_sub(made_at.unix_s());
    if lifetime_s.is_some_and(|lifetime_s| (1..=LIFETIME_MAX_S).contains(&lifetime_s)) {
        Ok((made_at, expires_at))
    } else {
        Err(ClaimError::Form { name: "exp" })
    }
}

/// One of the words, or none for another text that is not empty.
pub(super) fn word_or_unknown<T: Copy>(words: &[(&str, T)]) -> impl Fn(&Json) -> Option<Option<T>> {
    let word = claims::word(words);
    move |value| match value {
        Json::Text(text) if !text.is_empty() => Some(word(value)),
        _ => None,
    }
}

pub(super) fn place(value: &Json, unknown: &mut Unknowns) -> Option<Place> {
    let place = claims::object(value)?;
    unknown.note_members(place, &["city", "country"]);
    let claims = Claims::of(place);
    let city = claims.required("city", claims::text(CITY_BYTES_MAX)).ok()?;
    let country = claims.required("country", capitals::<2>).ok()?;
    Some(Place {
        city: city.to_owned(),
        country: country.to_owned(),
    })
}

pub(super) fn client(value: &Json, unknown: &mut Unknowns) -> Option<Client> {
    let client = claims::object(value)?;
    unknown.note_members(client, &["ip", "browser", "os"]);
    let claims = Claims::of(client);
    let text = |name| claims.required(name, claims::text(CLIENT_BYTES_MAX)).ok();
    Some(Client {
        ip: claims.required("ip", address).ok()?,
        browser: text("browser")?.to_owned(),
        os: text("os")?.to_owned(),
    })
}

/// Details of a kind that is known, or none for another kind.
pub(super) fn details(value: &Json, unknown: &mut Unknowns) -> Option<Option<Details>> {
    let details = claims::object(value)?;
    let claims = Claims::of(details);
    let kind = claims.required("type", word_or_unknown(&[("pay", ())]));
    if kind.ok()?.is_none() {
        unknown.note(true, Unknown::Details);
        return Some(None);
    }
    unknown.note_members(details, &["type", "amount", "currency", "to"]);
    let payee = claims.required("to", claims::text(PAYEE_BYTES_MAX)).ok()?;
    Some(Some(Details::Pay {
        amount: claims.required("amount", amount).ok()?.to_owned(),
        currency: claims.required("currency", capitals::<3>).ok()?.to_owned(),
        to: payee.to_owned(),
    }))
}

fn capitals<const N: usize>(value: &Json) -> Option<&str> {
    match value {
        Json::Text(text) if text.len() == N && is_all(text, |byte| byte.is_ascii_uppercase()) => {
            Some(text)
        }
        _ => None,
    }
}

/// An address in its one form (RFC 5952 for IPv6).
fn address(value: &Json) -> Option<IpAddr> {
    match value {
        Json::Text(text) => text
            .parse::<IpAddr>()
            .ok()
            .filter(|address| address.to_string() == *text),
        _ => None,
    }
}

/// Digits without a zero that is not needed, then perhaps a point and one to three digits.
fn amount(value: &Json) -> Option<&str> {
    let Json::Text(text) = value else {
        return None;
    };
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text.as_str(), None),
    };
    let is_digits = |text: &str| !text.is_empty() && is_all(text, |byte| byte.is_ascii_digit());
    let is_whole = is_digits(whole) && (whole == "0" || !whole.starts_with('0'));
    let is_fraction = fraction.is_none_or(|digits| is_digits(digits) && digits.len() <= 3);
    (is_whole && is_fraction && text.len() <= AMOUNT_BYTES_MAX).then_some(text.as_str())
}

/// A host of A-labels in lower case, with a port where it is not the usual one.
pub(super) fn origin(value: &Json) -> Option<&str> {
    let Json::Text(text) = value else {
        return None;
    };
    let (host, port) = match text.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (text.as_str(), None),
    };
    let is_port = port.is_none_or(|port| port_of(port).is_some_and(|port| port != 443));
    let is_lower = is_all(host, |byte| !byte.is_ascii_uppercase());
    let is_origin = text.len() <= ORIGIN_BYTES_MAX && is_port && is_lower && has_labels(host);
    is_origin.then_some(text.as_str())
}

fn is_all(text: &str, is_one: impl Fn(u8) -> bool) -> bool {
    text.bytes().all(is_one)
}
