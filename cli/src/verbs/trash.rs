//! `remove` and `restore`: into the trash and out of it.

use countersign_core::companion::{Companion, TRASH_DAYS};
use countersign_core::vault::RecordId;

use crate::args::{RemoveArgs, RestoreArgs};
use crate::dates;
use crate::failure::Failure;
use crate::findings;
use crate::report::Report;
use crate::rows::{self, Place};
use crate::session::Session;
use crate::verbs::leave;
use crate::work::{Found, account, account_to_json, find_any};

/// What people forget (K5).
const STILL_EXPECTED: &str =
    "The website still expects codes: switch two-factor off there, or you may lock yourself out.";

/// The same for a work account.
const STILL_ASKED: &str = "The server still asks this device: `countersign leave` lets it forget the device, or you may lock yourself out.";
/// The same for one whose server asks it nothing any more, or never did.
const NOT_ASKED: &str = "Its server asks nothing of this device.";
/// Seconds of a day.
const DAY_S: u64 = 86_400;

/// Puts an account into the trash, or deletes one that is there for good.
///
/// # Errors
///
/// `not_confirmed`, and those of finding, unlocking and writing.
pub(crate) fn remove(session: &Session, args: &RemoveArgs) -> Result<Report, Failure> {
    session.with_vault_to_write(|companion| take_away(session, companion, args))
}

fn take_away(
    session: &Session,
    companion: &mut Companion,
    args: &RemoveArgs,
) -> Result<Report, Failure> {
    let place = if args.purge {
        Place::Trash
    } else {
        Place::List
    };
    let now = session.now();
    let id = match find_any(companion, place, &args.name, now)? {
        Found::Codes(id) => id,
        Found::Work(id) => return take_work_away(session, companion, args, id),
    };
    let title = rows::title(&companion.row(id, now)?);
    confirm(session, args, &title, STILL_EXPECTED)?;
    let report = Report::new().changed().member("id", id.to_string());
    let report = if args.purge {
        companion.purge(id, now)?;
        report
            .member("purged", true)
            .text(format!("Deleted for good: {title}\n"))
    } else {
        let purged_at = companion.remove(id, now)?;
        let until = dates::day(purged_at);
        report
            .member("purged", false)
            .member("purged_at", purged_at.0)
            .text(format!(
                "In the trash: {title}. It is deleted for good on {until} (UTC); until then: `countersign restore {id}`.\n{STILL_EXPECTED}\n"
            ))
    };
    Ok(findings::describe_for_one(report, companion.findings()))
}

/// A work account in the trash is mute, and its server is told when it is deleted for good.
fn take_work_away(
    session: &Session,
    companion: &mut Companion,
    args: &RemoveArgs,
    id: RecordId,
) -> Result<Report, Failure> {
    let now = session.now();
    let view = companion.work_account(id, now)?;
    let title = account::title(&view);
    let asked = match leave::is_known(&view.standing) {
        true => STILL_ASKED,
        false => NOT_ASKED,
    };
    confirm(session, args, &title, asked)?;
    let report = Report::new().changed().member("id", id.to_string());
    let report = if args.purge {
        companion.leave(id, now)?;
        let done = leave::wait(session, companion, id);
        report
            .member("purged", done.is_ok())
            .text(match &done {
                Ok(()) => format!("Deleted for good, and the server has forgotten this device: {title}\n"),
                Err(_) => "It is deleted as soon as the server knows; `countersign approve` goes on telling it.\n".into(),
            })
            .fail(done.err())
    } else {
        companion.trash_work(id, now)?;
        let purged_at = now.plus(TRASH_DAYS * DAY_S);
        let until = dates::day(purged_at);
        report
            .member("purged", false)
            .member("purged_at", purged_at.0)
            .text(format!(
                "In the trash, and mute: {title}. It is deleted for good on {until} (UTC); until then: `countersign restore {id}`.\n{asked}\n"
            ))
    };
    Ok(findings::describe_for_one(report, companion.findings()))
}

/// Asks on a terminal; in a script the command itself is the answer, and the trash keeps the account.
fn confirm(
    session: &Session,
    args: &RemoveArgs,
    title: &str,
    forgotten: &str,
) -> Result<(), Failure> {
    if args.yes {
        return Ok(());
    }
    if !session.console().can_ask() {
        if args.purge {
            return Err(Failure::new(
                "not_confirmed",
                "Deleting for good cannot be undone: say --yes.",
            ));
        }
        return Ok(());
    }
    let question = if args.purge {
        format!("Delete {title} for good? This cannot be undone.")
    } else {
        session.console().note(forgotten);
        format!("Put {title} into the trash?")
    };
    if session.console().confirm(&question, false)? {
        Ok(())
    } else {
        Err(Failure::new("not_confirmed", "Nothing was changed."))
    }
}

/// Takes an account out of the trash, exactly as it was.
///
/// # Errors
///
/// Those of finding, unlocking and writing.
pub(crate) fn restore(session: &Session, args: &RestoreArgs) -> Result<Report, Failure> {
    session.with_vault(|companion| take_out(session, companion, &args.name))
}

fn take_out(session: &Session, companion: &mut Companion, name: &str) -> Result<Report, Failure> {
    let now = session.now();
    let id = match find_any(companion, Place::Trash, name, now)? {
        Found::Codes(id) => id,
        Found::Work(id) => {
            companion.restore_work(id, now)?;
            let view = companion.work_account(id, now)?;
            let report = Report::new()
                .changed()
                .member("work", account_to_json(&view))
                .text(format!("Back in the list: {}\n", account::title(&view)));
            return Ok(findings::describe_for_one(report, companion.findings()));
        }
    };
    companion.restore(id, now)?;
    let row = companion.row(id, now)?;
    let report = Report::new()
        .changed()
        .member("account", rows::to_json(&row))
        .text(format!("Back in the list: {}\n", rows::title(&row)));
    Ok(findings::describe_for_one(report, companion.findings()))
}
