//! `code` and `next`: one code, and nothing else, on standard output.

use countersign_core::companion::Companion;
use countersign_core::otp::OtpKind;
use serde_json::Value;

use crate::args::{CodeArgs, NextArgs};
use crate::failure::Failure;
use crate::findings;
use crate::report::Report;
use crate::rows::{self, Place};
use crate::session::Session;

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
    session.with_vault_to_write(|companion| move_on(session, companion, &args.name))
}

fn move_on(session: &Session, companion: &mut Companion, name: &str) -> Result<Report, Failure> {
    let now = session.now();
    let id = rows::find(companion, Place::List, name, now)?;
    if !matches!(companion.row(id, now)?.kind, OtpKind::Hotp { .. }) {
        return Err(Failure::new(
            "no_counter",
            "This account's codes change with the time. Use `countersign code`.",
        )
        .with("id", id.to_string()));
    }
    let (code, counter) = companion.next_hotp(id, now)?;
    // EXPOSE: this code is what was asked for; its counter is committed.
    let text = code.text();
    let report = Report::new()
        .changed()
        .member("id", id.to_string())
        .member("code", text.expose())
        .member("counter", Value::from(counter.value()))
        .text(format!("{}\n", text.expose()));
    Ok(findings::describe_for_one(report, companion.findings()))
}
