//! The controls over HTTP: JSON to `/control/NAME`, JSON back. What each takes and gives is in docs/scripted-server.md.

mod network;
mod people;
mod refused;
mod request;
mod rules;
mod views;

use axum::http::HeaderValue;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::server::Server;
use refused::Refused;

/// The media type of both ways.
pub(crate) const MEDIA_TYPE: &str = "application/json";

/// What a control gives.
type Given = Result<Value, Refused>;

/// Whether a request's media type is the one that controls take: no form of a web page has it.
pub(crate) fn is_json(media_type: &HeaderValue) -> bool {
    let text = media_type.to_str().unwrap_or("");
    let text = text.split(';').next().unwrap_or("").trim();
    text.eq_ignore_ascii_case(MEDIA_TYPE)
}

/// The answer to what is no control: status and document.
pub(crate) fn not_a_control() -> (u16, String) {
    Refused::NotJson.answer()
}

/// Does what a control says: status and document.
pub(crate) async fn take(server: &Server, name: &str, body: &[u8]) -> (u16, String) {
    let given = match name {
        "requests" => network::requests(server, body).await,
        _ => at_once(server, name, body),
    };
    match given {
        Ok(document) => (200, document.to_string()),
        Err(refused) => refused.answer(),
    }
}

fn at_once(server: &Server, name: &str, body: &[u8]) -> Given {
    match name {
        "clock" => rules::clock(server, body),
        "rotate" => rules::rotate(server, body),
        "rules" => rules::change(server, body),
        "person" => people::add(server, body),
        "invitation" => people::invite(server, body),
        "confirm" => people::confirm(server, body),
        "test_again" => people::ask_test_again(server, body),
        "look" => people::look(server, body),
        "remove" => people::remove(server, body),
        "delete" => people::delete(server, body),
        "rename" => people::rename(server, body),
        "give_code" => people::give_code(server, body),
        "suspend" => people::suspend(server, body),
        "resume" => people::resume(server, body),
        "events" => people::events(server, body),
        "statement" => request::ask(server, body),
        "outcome" => request::outcome(server, body),
        "withdraw" => request::withdraw(server, body),
        "respond" => request::respond(server, body),
        "network" => network::add(server, body),
        "network_clear" => network::clear(server, body),
        "release" => network::release(server, body),
        _ => Err(Refused::NoSuchControl),
    }
}

/// What a control was told. An empty body is an empty object.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refused> {
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|error| Refused::Body {
        column: error.column(),
    })
}

/// What a control gives that only does something.
fn done() -> Given {
    Ok(json!({}))
}
