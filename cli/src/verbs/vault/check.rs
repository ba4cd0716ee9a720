//! `vault check`: everything about the file, and the way out when somebody changed it.

use countersign_core::companion::Companion;
use countersign_core::time::UnixSeconds;
use countersign_core::vault::Findings;

use crate::advice;
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
    let progress = session.console().progress("Checking the whole file");
    let found = companion.check()?;
    drop(progress);
    let accounts = beside::accounts(companion, now);
    let count = accounts.len();
    let may_accept = found.write_error().is_some() || found.history.is_some();
    if !args.accept || !may_accept {
        let report = Report::new()
            .member("accepted", false)
            .member("account_count", count)
            .member("accounts", accounts);
        let next = next(session, &found)?;
        let report = report.member("next", next.clone());
        let report = if found.is_whole() {
            report.text(format!(
                "All is well: {count} accounts, and nobody changed the vault without its key.\n"
            ))
        } else {
            report
                .text(details(companion, &found, now))
                .text(advice::line(&next))
        };
        let report = findings::describe_all(report, &found);
        return Ok(report.fail(findings::history_failure(&found)));
    }
    if session.console().can_ask() {
        if let Some(failure) = failure(&found) {
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
        .member("next", Vec::<String>::new())
        .member("was_tampered", findings::tampered(&accepted))
        .text("Accepted: what is there now is sealed anew, and the vault can be written again.\n");
    Ok(findings::describe_all(report, companion.findings()))
}

/// What is wrong, the history included.
fn failure(found: &Findings) -> Option<Failure> {
    findings::failure(found).or_else(|| findings::history_failure(found))
}

/// The commands that come next.
fn next(session: &Session, found: &Findings) -> Result<Vec<String>, Failure> {
    let Some(failure) = failure(found) else {
        return Ok(Vec::new());
    };
    let (location, _) = session.place()?;
    let has_snapshots = !location.snapshots()?.is_empty();
    Ok(advice::next(session, failure.name(), has_snapshots))
}

/// What was found, one a line, by name where it can be read, and what it means.
fn details(companion: &Companion, found: &Findings, now: UnixSeconds) -> String {
    let groups = [
        (
            "damaged",
            &found.unreadable,
            "Damaged accounts: a salvage tries their bytes and the newest snapshot. What is left then has to be set up anew.",
        ),
        (
            "missing",
            &found.missing,
            "Missing accounts: a snapshot may have them. Accepting gives them up.",
        ),
        (
            "added",
            &found.extra,
            "Added records: nobody with your key wrote them here. Accepting keeps those that can be read; look at them first.",
        ),
        (
            "put back or exchanged",
            &found.changed,
            "Put back: an older state of the account. Accepting keeps that; its counter or names may be behind.",
        ),
    ];
    let mut text = String::new();
    let mut meanings = String::new();
    for (what, ids, meaning) in groups {
        for id in ids {
            let title = companion
                .row(*id, now)
                .map_or_else(|_| String::new(), |row| format!("  {}", rows::title(&row)));
            text.push_str(&format!("  {what}: {id}{title}\n"));
        }
        if !ids.is_empty() {
            meanings.push_str(&format!("{meaning}\n"));
        }
    }
    for slot in &found.slots {
        text.push_str(&format!("  a way to unlock was changed: {}\n", slot.id));
    }
    if !found.slots.is_empty() {
        meanings.push_str(
            "Ways to unlock: accepting removes those that are not as you left them; add them again with `countersign vault slots add`.\n",
        );
    }
    if found.index {
        meanings
            .push_str("The table of contents: accepting makes it anew from what can be read.\n");
    }
    if found.history.is_some() {
        meanings.push_str(
            "The history: accepting keeps what can be read and says of the rest, in its place, that it is lost.\n",
        );
    }
    if found.lineage.is_some() {
        meanings.push_str(
            "An older copy: if you put it there yourself, accept it. If not, a snapshot may be newer.\n",
        );
    }
    text + &meanings
}
