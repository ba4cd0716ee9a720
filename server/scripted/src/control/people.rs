//! Persons, their invitations and devices.

use countersign_protocol::hash::{Id, Thumbprint};
use countersign_protocol::message::OtpLink;
use countersign_protocol::time::Timestamp;
use countersign_verifier::VerifierError;
use countersign_verifier::step::{GiveCode, Invite, Rename};
use serde::Deserialize;
use serde_json::json;

use super::refused::Refused;
use super::{Given, done, read, views};
use crate::server::{Server, ServerError};

/// A person.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Whose {
    account: Id,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Label {
    label: String,
}

pub(super) fn add(server: &Server, body: &[u8]) -> Given {
    let account = server.add_person(&read::<Label>(body)?.label)?;
    Ok(json!({"account": account}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Inviting {
    account: Id,
    /// Whether its code is asked for too.
    #[serde(default)]
    code: bool,
    replaces: Option<Thumbprint>,
}

pub(super) fn invite(server: &Server, body: &[u8]) -> Given {
    let told: Inviting = read(body)?;
    let invite = Invite {
        replaces: told.replaces,
    };
    let invited = server.take(&told.account, &invite)?;
    let invited = invited.map_err(ServerError::from)?;
    let typed = match told.code {
        true => Some(server.code_of(&told.account, invited.id)?),
        false => None,
    };
    Ok(json!({
        "id": invited.id,
        "link": *invited.link,
        "expires_at": invited.expires_at,
        "code": typed.as_ref().map(|typed| typed.code.as_str()),
        "url": typed.as_ref().map(|typed| typed.url.as_str()),
    }))
}

/// Which number was typed, or whether it is the one that the page shows.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Confirming {
    account: Id,
    /// The newest one that waits, where none is named.
    device: Option<Thumbprint>,
    number: Option<String>,
    #[serde(default)]
    mine: bool,
}

pub(super) fn confirm(server: &Server, body: &[u8]) -> Given {
    let told: Confirming = read(body)?;
    let device = match told.device {
        Some(device) => device,
        None => server.unconfirmed(&told.account)?.id,
    };
    match told.number {
        Some(number) => server.type_number(&told.account, device, &number)?,
        None => server.compare(&told.account, device, told.mine)?,
    }
    done()
}

/// Which test has ended.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Testing {
    account: Id,
    /// The newest one that waits for its test, where none is named.
    device: Option<Thumbprint>,
    /// The one that it has now, where none is named.
    ended: Option<Id>,
}

pub(super) fn ask_test_again(server: &Server, body: &[u8]) -> Given {
    let told: Testing = read(body)?;
    let (device, ended) = match (told.device, told.ended) {
        (Some(device), Some(ended)) => (device, ended),
        (device, ended) => {
            let newest = server.untested(&told.account)?;
            (device.unwrap_or(newest.0), ended.unwrap_or(newest.1))
        }
    };
    let test = server.ask_test_again(&told.account, device, ended)?;
    let asked = server.statement(&told.account, &test)?;
    Ok(json!({"test": test, "number": asked.number.as_str()}))
}

pub(super) fn look(server: &Server, body: &[u8]) -> Given {
    let person = server.person(&read::<Whose>(body)?.account)?;
    Ok(views::person(&person, server.now()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Device {
    account: Id,
    device: Thumbprint,
}

pub(super) fn remove(server: &Server, body: &[u8]) -> Given {
    let told: Device = read(body)?;
    server.remove(&told.account, told.device)?;
    done()
}

pub(super) fn delete(server: &Server, body: &[u8]) -> Given {
    let was_there = server.delete_person(&read::<Whose>(body)?.account)?;
    Ok(json!({"was_there": was_there}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Renaming {
    account: Id,
    label: String,
}

pub(super) fn rename(server: &Server, body: &[u8]) -> Given {
    let told: Renaming = read(body)?;
    let renamed = server.take(&told.account, &Rename { label: told.label })?;
    renamed
        .map_err(VerifierError::from)
        .map_err(ServerError::from)?;
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Giving {
    account: Id,
    device: Thumbprint,
    /// None takes it away.
    otp: Option<String>,
}

pub(super) fn give_code(server: &Server, body: &[u8]) -> Given {
    let told: Giving = read(body)?;
    let link = match told.otp {
        Some(link) => Some(OtpLink::new(link).ok_or(Refused::Otp)?),
        None => None,
    };
    let give = GiveCode {
        device: told.device,
        link,
    };
    let given = server.take(&told.account, &give)?;
    given.map_err(ServerError::from)?;
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Suspending {
    account: Id,
    until: Option<Timestamp>,
}

pub(super) fn suspend(server: &Server, body: &[u8]) -> Given {
    let told: Suspending = read(body)?;
    server.suspend(&told.account, told.until)?;
    done()
}

pub(super) fn resume(server: &Server, body: &[u8]) -> Given {
    server.resume(&read::<Whose>(body)?.account)?;
    done()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reading {
    /// Whether they are forgotten then, as if they had been delivered.
    #[serde(default)]
    forget: bool,
}

pub(super) fn events(server: &Server, body: &[u8]) -> Given {
    let told: Reading = read(body)?;
    let events = server.events()?;
    if told.forget {
        server.forget_events()?;
    }
    Ok(json!({"events": events}))
}
