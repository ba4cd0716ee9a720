//! `list`: all accounts with their codes, live on a terminal and plain in a pipe.

mod live;
mod table;
mod work;

use countersign_core::account::Name;
use countersign_core::approval::WorkView;
use countersign_core::companion::{AccountRow, Companion, TRASH_DAYS};
use countersign_core::time::UnixSeconds;
use serde_json::Value;

use crate::args::ListArgs;
use crate::dates;
use crate::failure::Failure;
use crate::findings;
use crate::report::Report;
use crate::rows;
use crate::session::Session;
use crate::terminal::shown;
use crate::work::account::title;
use crate::work::account_to_json;

pub(crate) use table::{Style, render};

/// Seconds of a day.
const DAY_S: u64 = 86_400;

/// Shows the accounts, or the trash.
///
/// # Errors
///
/// Those of unlocking; `locked` when the password changes elsewhere under the live list.
pub(crate) fn run(session: &Session, args: &ListArgs) -> Result<Report, Failure> {
    session.with_vault(|companion| show(session, companion, args))
}

fn show(session: &Session, companion: &mut Companion, args: &ListArgs) -> Result<Report, Failure> {
    let now = session.now();
    if args.trash {
        return Ok(trash(companion, args, now));
    }
    let accounts = select(companion, args, now);
    let work = work::select(companion, args, now);
    let is_empty = accounts.is_empty() && work.is_empty();
    if session.console().shows_live() && !args.once && !args.notes && !is_empty {
        if let Some(failure) = findings::failure(companion.findings()) {
            session.console().note(failure.message());
        }
        let words = live::show(session, companion, args)?;
        let report = Report::new().text(words);
        return Ok(findings::describe_all(report, companion.findings()));
    }
    let has_none = companion.list(now).is_empty() && companion.work_accounts(now).is_empty();
    let text = match (is_empty, has_none) {
        (true, true) if findings::failure(companion.findings()).is_some() => {
            "No account of this vault can be read.\n".into()
        }
        (true, true) => {
            "No accounts yet. Add one with `countersign add --qr IMAGE`, or type it with `countersign add`.\n".into()
        }
        (true, false) => "No account has that.\n".into(),
        (false, _) => words(companion, args, &accounts, now)? + &work_words(&work),
    };
    let mut members: Vec<Value> = Vec::new();
    for row in &accounts {
        let mut object = rows::to_json(row);
        if args.notes {
            object.insert("note".into(), note(companion, row)?.into());
        }
        members.push(object.into());
    }
    let mut report = Report::new()
        .member("accounts", members)
        .member("work", work_members(&work))
        .text(text);
    for note in work::clock_notes(&work) {
        report = report.note(note);
    }
    Ok(findings::describe_all(report, companion.findings()))
}

/// Work accounts, below the others.
fn work_words(views: &[WorkView]) -> String {
    let lines = work::lines(views, None);
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn work_members(views: &[WorkView]) -> Vec<Value> {
    views
        .iter()
        .map(|view| account_to_json(view).into())
        .collect()
}

/// The table, with each note below its account where notes are wanted.
fn words(
    companion: &Companion,
    args: &ListArgs,
    accounts: &[AccountRow],
    now: UnixSeconds,
) -> Result<String, Failure> {
    let mut text = String::new();
    for (row, line) in accounts
        .iter()
        .zip(render(accounts, now, Style::Plain, None))
    {
        text.push_str(&line);
        text.push('\n');
        let note = if args.notes {
            note(companion, row)?
        } else {
            None
        };
        for line in note.iter().flat_map(|note| note.lines()) {
            text.push_str(&format!("     {}\n", shown(line)));
        }
    }
    Ok(text)
}

/// An account's note, where it has one.
fn note(companion: &Companion, row: &AccountRow) -> Result<Option<String>, Failure> {
    if !row.has_note {
        return Ok(None);
    }
    // EXPOSE: `--notes` asks for it.
    Ok(Some(companion.note(row.id)?.expose().to_owned()))
}

/// The accounts that `--search` and `--tag` leave.
fn select(companion: &Companion, args: &ListArgs, now: UnixSeconds) -> Vec<AccountRow> {
    let mut accounts = match &args.search {
        Some(words) => companion.search(words, now),
        None => companion.list(now),
    };
    accounts.retain(|row| has_tags(row, &args.tag));
    accounts
}

fn has_tags(row: &AccountRow, tags: &[String]) -> bool {
    tags.iter().all(|tag| {
        let wanted = Name::new(tag).as_str().to_lowercase();
        row.tags
            .iter()
            .any(|tag| tag.as_str().to_lowercase() == wanted)
    })
}

fn trash(companion: &Companion, args: &ListArgs, now: UnixSeconds) -> Report {
    let mut accounts = companion.trash();
    accounts.retain(|row| has_tags(row, &args.tag));
    let work = work::select(companion, args, now);
    let text: String = if accounts.is_empty() && work.is_empty() {
        "The trash is empty.\n".into()
    } else {
        let lines = accounts.iter().map(|row| trash_line(row, now));
        lines
            .chain(work.iter().map(|view| work_trash_line(view, now)))
            .collect()
    };
    let members: Vec<Value> = accounts
        .iter()
        .map(|row| {
            let mut object = rows::to_json(row);
            object.insert("purged_at".into(), purged_at(row).map(|at| at.0).into());
            object.into()
        })
        .collect();
    let report = Report::new()
        .member("accounts", members)
        .member("work", work_members(&work))
        .text(text);
    findings::describe_all(report, companion.findings())
}

fn purged_at(row: &AccountRow) -> Option<UnixSeconds> {
    row.trashed_at.map(|at| at.plus(TRASH_DAYS * DAY_S))
}

fn trash_line(row: &AccountRow, now: UnixSeconds) -> String {
    let until = purged_at(row).unwrap_or(now);
    format!(
        "{}  {}  deleted for good on {} (UTC)\n",
        row.id,
        rows::title(row),
        dates::day(until)
    )
}

fn work_trash_line(view: &WorkView, now: UnixSeconds) -> String {
    let until = view
        .trashed_at
        .map_or(now, |at| at.plus(TRASH_DAYS * DAY_S));
    format!(
        "{}  {}  work account, mute; deleted for good on {} (UTC)\n",
        view.id,
        title(view),
        dates::day(until)
    )
}

/// Tags as they are shown.
fn tags_of(row: &AccountRow) -> String {
    let tags: Vec<String> = row
        .tags
        .iter()
        .map(|tag| format!("#{}", shown(tag.as_str())))
        .collect();
    tags.join(" ")
}
