//! `vault check`: everything about the file, and the way out when somebody changed it.

use countersign_core::companion::Companion;
use countersign_core::time::UnixSeconds;
use countersign_core::vault::Findings;

use crate::args::CheckArgs;
use crate::beside;
use crate::failure::Failure;
use crate::findings;
use crate::report::Report;
use crate::rows;
use crate::session::Session;

/// Checks the whole file; with `--accept` takes over what is there.
///
/// # Errors
///
/// Those of unlocking and reading; with `--accept` those of writing.
pub(crate) fn run(session: &Session, args: &CheckArgs) -> Result<Report, Failure> {
    session.with_vault(|companion| check(session, companion, args))
}

fn check(
    session: &Session,
    companion: &mut Companion,
    args: &CheckArgs,
) -> Result<Report, Failure> {
    let now = session.now();
    let found = companion.check()?;
    let accounts = beside::accounts(companion, now);
    let count = accounts.len();
    if !args.accept || found.write_error().is_none() {
        let report = Report::new()
            .member("accepted", false)
            .member("account_count", count)
            .member("accounts", accounts);
        let report = if found.is_whole() {
            report.text(format!(
                "All is well: {count} accounts, and nobody changed the vault without its key.\n"
            ))
        } else {
            report.text(details(companion, &found, now))
        };
        return Ok(findings::describe_all(report, &found));
    }
    if session.console().can_ask() {
        if let Some(failure) = findings::failure(&found) {
            session.console().note(failure.message());
        }
        session.console().say(&details(companion, &found, now))?;
        if !session
            .console()
            .confirm("Take over what is there now as right?", false)?
        {
            return Err(Failure::new("not_confirmed", "Nothing was changed."));
        }
    }
    let accepted = companion.accept(now)?;
    let report = Report::new()
        .changed()
        .member("accepted", true)
        .member("account_count", companion.list(now).len())
        .member("accounts", beside::accounts(companion, now))
        .member("was_tampered", findings::tampered(&accepted))
        .text("Accepted: what is there now is sealed anew, and the vault can be written again.\n");
    Ok(findings::describe_all(report, companion.findings()))
}

/// What was found, one a line, by name where it can be read.
fn details(companion: &Companion, found: &Findings, now: UnixSeconds) -> String {
    let groups = [
        ("damaged", &found.unreadable),
        ("missing", &found.missing),
        ("added", &found.extra),
        ("put back or exchanged", &found.changed),
    ];
    let mut text = String::new();
    for (what, ids) in groups {
        for id in ids {
            let title = companion
                .row(*id, now)
                .map_or_else(|_| String::new(), |row| format!("  {}", rows::title(&row)));
            text.push_str(&format!("  {what}: {id}{title}\n"));
        }
    }
    for slot in &found.slots {
        text.push_str(&format!("  a way to unlock was changed: {}\n", slot.id));
    }
    text
}
