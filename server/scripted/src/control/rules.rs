//! The clock, the keys and the organisation's rules.

use countersign_protocol::message::{Confirm, NextStep, PresenceRule};
use countersign_protocol::time::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::{Given, read};
use crate::server::Server;

/// Where the clock is put; with neither it is only read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Time {
    set: Option<Timestamp>,
    offset_s: Option<i64>,
}

pub(super) fn clock(server: &Server, body: &[u8]) -> Given {
    let told: Time = read(body)?;
    if let Some(at) = told.set {
        server.set_clock(at)?;
    }
    if let Some(offset_s) = told.offset_s {
        server.shift_clock(offset_s)?;
    }
    Ok(json!({"now": server.now()}))
}

/// Nothing is told.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

pub(super) fn rotate(server: &Server, body: &[u8]) -> Given {
    let Nothing {} = read(body)?;
    Ok(json!({"key": server.rotate()?}))
}

/// Rules that become others; what is left out stays.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Changed {
    issuer: Option<String>,
    help: Option<String>,
    confirm: Option<Confirm>,
    presence: Option<PresenceRule>,
    digits: Option<u8>,
    lifetime_s: Option<u64>,
    offline: Option<bool>,
    may_move: Option<bool>,
    export: Option<bool>,
    needs_hardware: Option<bool>,
    after_report: Option<Vec<NextStep>>,
}

pub(super) fn change(server: &Server, body: &[u8]) -> Given {
    let told: Changed = read(body)?;
    server.change_rules(|rules| {
        replace(&mut rules.issuer, told.issuer);
        replace(&mut rules.confirm, told.confirm);
        replace(&mut rules.policy.presence, told.presence);
        replace(&mut rules.policy.digits, told.digits);
        replace(&mut rules.policy.lifetime_s, told.lifetime_s);
        replace(&mut rules.policy.offline, told.offline);
        replace(&mut rules.policy.may_move, told.may_move);
        replace(&mut rules.policy.export, told.export);
        replace(&mut rules.needs_hardware, told.needs_hardware);
        replace(&mut rules.after_report, told.after_report);
        if told.help.is_some() {
            rules.help = told.help;
        }
    })?;
    let rules = &server.setup().rules;
    Ok(json!({
        "issuer": rules.issuer,
        "help": rules.help,
        "confirm": rules.confirm,
        "presence": rules.policy.presence,
        "digits": rules.policy.digits,
        "lifetime_s": rules.policy.lifetime_s,
        "offline": rules.policy.offline,
        "may_move": rules.policy.may_move,
        "export": rules.policy.export,
        "needs_hardware": rules.needs_hardware,
        "after_report": rules.after_report,
    }))
}

fn replace<T>(rule: &mut T, told: Option<T>) {
    if let Some(told) = told {
        *rule = told;
    }
}
