//! `code` and `next`: one code, and nothing else, on standard output.

use countersign_core::companion::{Companion, DoubtfulCounter, PassedCode};
use countersign_core::otp::OtpKind;
use countersign_core::vault::{RecordId, VaultError};
use serde_json::Value;

use crate::args::{CodeArgs, NextArgs};
use crate::failure::Failure;
use crate::findings;
use crate::report::Report;
use crate::rows::{self, Place};
use crate::session::Session;

/// What is wrong with a counter that came with an older copy.
const DOUBTFUL: &str = "This account's counter comes from an older copy of the vault: its next code may have been used \
                        already. Where the website refuses it, the one after it may be right.";

/// Prints the current code of a time-based account.
///
/// # Errors
///
/// `counter_account` for HOTP, whose counter looking must not move; those of finding and unlocking.
pub(crate) fn code(session: &Session, args: &CodeArgs) -> Result<Report, Failure> {
    session.with_vault(|companion| current(session, companion, &args.name))
}

fn current(session: &Session, companion: &Companion, name: &str) -> Result<Report, Failure> {
    let now = session.now();
    let id = rows::find(companion, Place::List, name, now)?;
    let row = companion.row(id, now)?;
    let Some(window) = &row.window else {
        return Err(Failure::new(
            "counter_account",
            "This account counts its codes, and looking must not move the counter. Use `countersign next` for its next code.",
        )
        .with("id", id.to_string()));
    };
    // EXPOSE: this code is what was asked for.
    let text = window.current.text();
    let report = Report::new()
        .member("id", id.to_string())
        .member("code", text.expose())
        .member("next_code", window.next.text().expose())
        .member("changes_at", window.changes_at.0)
        .text(format!("{}\n", text.expose()));
    Ok(findings::describe_for_one(report, companion.findings()))
}

/// Moves an HOTP account on and prints the code.
///
/// # Errors
///
/// `no_counter` for an account whose codes change with the time; those of finding, unlocking and writing.
pub(crate) fn next(session: &Session, args: &NextArgs) -> Result<Report, Failure> {
    session.with_vault_to_write(|companion| move_on(session, companion, args))
}

fn move_on(
    session: &Session,
    companion: &mut Companion,
    args: &NextArgs,
) -> Result<Report, Failure> {
    let now = session.now();
    let id = rows::find(companion, Place::List, &args.name, now)?;
    if !matches!(companion.row(id, now)?.kind, OtpKind::Hotp { .. }) {
        return Err(Failure::new(
            "no_counter",
            "This account's codes change with the time. Use `countersign code`.",
        )
        .with("id", id.to_string()));
    }
    let passed = pass(session, companion, id, args.doubtful_counter)?;
    // EXPOSE: this code is what was asked for; its counter is committed.
    let text = passed.code.text();
    let report = Report::new()
        .changed()
        .member("id", id.to_string())
        .member("code", text.expose())
        .member("counter", Value::from(passed.counter.value()))
        .text(format!("{}\n", text.expose()));
    Ok(findings::describe_for_one(report, companion.findings()))
}

/// Moves the counter on. One that came with an older copy of the vault only when the person wants it.
fn pass(
    session: &Session,
    companion: &mut Companion,
    id: RecordId,
    goes_on: bool,
) -> Result<PassedCode, Failure> {
    if goes_on {
        return Ok(companion.next_hotp(id, DoubtfulCounter::GoOn, session.now())?);
    }
    match companion.next_hotp(id, DoubtfulCounter::Refuse, session.now()) {
        Err(VaultError::CounterDoubtful) => {}
        done => return Ok(done?),
    }
    if !session.console().can_ask() {
        return Err(Failure::new(
            "counter_doubtful",
            format!("{DOUBTFUL} Say --doubtful-counter to go on."),
        )
        .with("id", id.to_string()));
    }
    session.console().note(DOUBTFUL);
    if !session.console().confirm("Go on?", false)? {
        return Err(Failure::new("not_confirmed", "The counter was not moved."));
    }
    Ok(companion.next_hotp(id, DoubtfulCounter::GoOn, session.now())?)
}
