//! What became of the accounts, with the first code of each so that the person can compare it.

use countersign_core::account::Account;
use countersign_core::companion::{AccountRow, Added, Companion};
use countersign_core::otp::OtpKind;
use countersign_core::time::UnixSeconds;
use countersign_core::uri::Warning;
use countersign_core::vault::RecordId;
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::report::Report;
use crate::rows::{self, named, parameters};
use crate::session::Session;
use crate::words;

/// Describes the results in the order of the accounts.
///
/// # Errors
///
/// Those of reading the accounts back, and of restoring one from the trash.
pub(super) fn describe(
    session: &Session,
    companion: &mut Companion,
    results: &[Added],
    warnings: &[Vec<Warning>],
    never_ask: bool,
) -> Result<Report, Failure> {
    let now = session.now();
    let mut text = String::new();
    let mut is_changed = false;
    let (mut added, mut already, mut odd) = (Vec::new(), Vec::new(), Vec::new());
    for (result, warnings) in results.iter().zip(warnings) {
        match result {
            Added::New {
                id,
                same_names,
                same_secret,
            } => {
                is_changed = true;
                let row = companion.row(*id, now)?;
                text.push_str(&new_words(&row, results.len() == 1));
                let mut warnings = warnings.clone();
                if !same_secret.is_empty() && !warnings.contains(&Warning::SameSecret) {
                    warnings.push(Warning::SameSecret);
                }
                for warning in &warnings {
                    text.push_str(&format!("  Note: {}\n", words::warning(*warning)));
                    odd.push(json!({"name": warning.name(), "id": id.to_string()}));
                }
                if !same_names.is_empty() {
                    text.push_str(&format!(
                        "  Note: there already, with another key: {}. Both are kept.\n",
                        titles(companion, same_names, now)
                    ));
                }
                let mut object = rows::to_json(&row);
                object.insert("same_names".into(), ids(same_names).into());
                object.insert("same_secret".into(), ids(same_secret).into());
                added.push(Value::Object(object));
            }
            Added::AlreadyHere { id, in_trash } => {
                let row = companion.row(*id, now)?;
                let restored = *in_trash && restore(session, companion, &row, never_ask, now)?;
                is_changed |= restored;
                text.push_str(&already_words(&row, *in_trash, restored));
                already.push(json!({
                    "id": id.to_string(),
                    "in_trash": *in_trash && !restored,
                }));
            }
        }
    }
    let report = if is_changed {
        Report::new().changed()
    } else {
        Report::new()
    };
    Ok(report
        .member("added", added)
        .member("already_here", already)
        .warnings(odd)
        .text(text))
}

fn ids(records: &[RecordId]) -> Vec<String> {
    records.iter().map(ToString::to_string).collect()
}

/// A single account gets sentences; a whole export a line each.
fn new_words(row: &AccountRow, is_single: bool) -> String {
    let mut text = format!(
        "Added: {}  ({}, {})\n",
        rows::title(row),
        row.kind.name(),
        parameters(row.kind)
    );
    match (&row.window, row.kind) {
        (Some(window), _) => {
            // EXPOSE: the first code is shown so that the person can compare it.
            let code = window.current.text();
            let advice = if is_single {
                " Compare it with what the website accepts before you close its page."
            } else {
                ""
            };
            text.push_str(&format!("  Its code now: {}.{advice}\n", code.expose()));
        }
        (None, OtpKind::Hotp { .. }) => text.push_str(&format!(
            "  Its codes are counted: `countersign next {}` gives the first one.\n",
            row.id
        )),
        (None, _) => {}
    }
    text
}

fn already_words(row: &AccountRow, in_trash: bool, restored: bool) -> String {
    let title = rows::title(row);
    match (in_trash, restored) {
        (false, _) => format!("Already here: {title}. Nothing was changed.\n"),
        (true, true) => format!("Back from the trash: {title}.\n"),
        (true, false) => format!(
            "Already here, in the trash: {title}. `countersign restore {}` takes it out.\n",
            row.id
        ),
    }
}

/// A5: an account that lies in the trash is offered back.
fn restore(
    session: &Session,
    companion: &mut Companion,
    row: &AccountRow,
    never_ask: bool,
    now: UnixSeconds,
) -> Result<bool, Failure> {
    if never_ask || !session.console().can_ask() {
        return Ok(false);
    }
    let question = format!(
        "{} is already here, in the trash. Take it out?",
        rows::title(row)
    );
    if !session.console().confirm(&question, true)? {
        return Ok(false);
    }
    companion.restore(row.id, now)?;
    Ok(true)
}

/// Both names, side by side (A4).
pub(super) fn same_names_words(
    companion: &Companion,
    account: &Account,
    same_names: &[RecordId],
    now: UnixSeconds,
) -> String {
    format!(
        "New: {}. There already, with another key: {}. Nothing is replaced.",
        named(
            &account.issuer,
            account.label_issuer.as_ref(),
            &account.account
        ),
        titles(companion, same_names, now)
    )
}

/// Accounts that are there, by name and id.
fn titles(companion: &Companion, ids: &[RecordId], now: UnixSeconds) -> String {
    let titles: Vec<String> = ids
        .iter()
        .filter_map(|id| companion.row(*id, now).ok())
        .map(|row| format!("{} ({})", rows::title(&row), row.id))
        .collect();
    titles.join(", ")
}
