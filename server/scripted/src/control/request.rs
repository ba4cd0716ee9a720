//! Statements.

use std::net::IpAddr;

use countersign_protocol::hash::Id;
use countersign_protocol::message::{Act, Client, Details, Place};
use countersign_verifier::step::Request;
use serde::Deserialize;
use serde_json::json;

use super::{Given, done, read, views};
use crate::server::Server;

/// A statement; what is left out is that of a sign-in to "Mail".
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asking {
    account: Id,
    act: Option<Act>,
    app: Option<String>,
    origin: Option<String>,
    user: Option<String>,
    place: Option<FromPlace>,
    client: Option<FromClient>,
    pay: Option<Pay>,
    lifetime_s: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FromPlace {
    city: String,
    country: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FromClient {
    ip: IpAddr,
    browser: String,
    os: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pay {
    amount: String,
    currency: String,
    to: String,
}

impl Asking {
    fn request(self) -> Request {
        let usual = Server::sign_in("Mail");
        Request {
            act: self.act.unwrap_or(usual.act),
            app: self.app.unwrap_or(usual.app),
            origin: self.origin.unwrap_or(usual.origin),
            user: self.user.unwrap_or(usual.user),
            place: self.place.map(|place| Place {
                city: place.city,
                country: place.country,
            }),
            client: self.client.map(|client| Client {
                ip: client.ip,
                browser: client.browser,
                os: client.os,
            }),
            details: self.pay.map(|pay| Details::Pay {
                amount: pay.amount,
                currency: pay.currency,
                to: pay.to,
            }),
            lifetime_s: self.lifetime_s,
        }
    }
}

pub(super) fn ask(server: &Server, body: &[u8]) -> Given {
    let told: Asking = read(body)?;
    let account = told.account;
    let asked = server.ask(&account, told.request())?;
    Ok(json!({
        "id": asked.id,
        "number": asked.number.as_str(),
        "message": asked.message.as_str(),
        "link": Server::scan_link(&asked),
        "expires_at": asked.expires_at,
        "is_listed": asked.is_listed,
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    account: Id,
    statement: Id,
}

pub(super) fn outcome(server: &Server, body: &[u8]) -> Given {
    let told: Which = read(body)?;
    let view = server.statement(&told.account, &told.statement)?;
    Ok(views::statement(&view))
}

pub(super) fn withdraw(server: &Server, body: &[u8]) -> Given {
    let told: Which = read(body)?;
    let was_open = server.withdraw(&told.account, told.statement)?;
    Ok(json!({"was_open": was_open}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Responding {
    account: Id,
    statement: Id,
    response: String,
}

pub(super) fn respond(server: &Server, body: &[u8]) -> Given {
    let told: Responding = read(body)?;
    server.type_response(&told.account, told.statement, &told.response)?;
    done()
}
