//! `history`: what was asked, what was decided and what came of it; checked, and handed out for others to check.

use std::collections::BTreeMap;
use std::path::Path;

use countersign_core::account::Name;
use countersign_core::approval::history::{
    About, BadEntry, EntryFault, ExportError, Exported, Item, ItemKind, Kind, Scope,
};
use countersign_core::companion::{Companion, HistoryReport};
use countersign_core::device::NoDeviceKeys;
use countersign_core::time::UnixSeconds;
use countersign_core::vault::RecordId;
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use crate::args::{HistoryArgs, HistoryVerb};
use crate::dates;
use crate::failure::Failure;
use crate::findings;
use crate::new_file;
use crate::report::Report;
use crate::rows::named;
use crate::session::Session;
use crate::terminal::shown;
use crate::work::{account, find_work};

/// Entries that are shown when nobody says how many.
const SHOWN: usize = 50;

/// Shows, verifies or exports the history.
///
/// # Errors
///
/// `damaged_history` with the first place that is not as it was written; `file_exists`; those of unlocking.
pub(crate) fn run(session: &Session, args: &HistoryArgs) -> Result<Report, Failure> {
    session.with_vault(|companion| {
        let report = match &args.verb {
            None => show(session, companion, args)?,
            Some(HistoryVerb::Verify) => verify(companion)?,
            Some(HistoryVerb::Export { file }) => export(session, companion, file)?,
        };
        Ok(findings::describe_for_one(report, companion.findings()))
    })
}

fn show(session: &Session, companion: &Companion, args: &HistoryArgs) -> Result<Report, Failure> {
    let now = session.now();
    let account = match &args.name {
        Some(name) => Some(find(companion, name, now)?),
        None => None,
    };
    let count = match args.all {
        true => usize::MAX,
        false => SHOWN,
    };
    let items = companion.history(account, count)?;
    let titles = titles(companion, &items, now)?;
    let members: Vec<Value> = items.iter().map(|item| to_json(item).into()).collect();
    let text: String = match items.is_empty() {
        true => "Nothing has happened yet.\n".into(),
        false => items.iter().map(|item| line(item, &titles)).collect(),
    };
    Ok(Report::new().member("entries", members).text(text))
}

/// The account that a name means: one that is there, or one that only the history knows any more.
fn find(companion: &Companion, name: &str, now: UnixSeconds) -> Result<RecordId, Failure> {
    let failure = match find_work(companion, name, now) {
        Err(failure) if failure.name() == "no_such_account" => failure,
        found => return found,
    };
    let wanted = name.trim().to_lowercase();
    let names = companion.history_names()?;
    let mut found = names.iter().filter(|(id, (issuer, label))| {
        let title = format!("{}:{}", issuer.as_str(), label.as_str());
        id.to_string() == wanted || !wanted.is_empty() && title.to_lowercase().contains(&wanted)
    });
    match (found.next(), found.next()) {
        (Some((id, _)), None) => Ok(*id),
        (Some(_), Some(_)) => Err(Failure::new(
            "ambiguous_name",
            "Several accounts that are gone have this in their name. Say the id: `countersign history --json` shows it.",
        )),
        (None, _) => Err(failure),
    }
}

/// What the accounts of items are called, those that are gone included.
fn titles(
    companion: &Companion,
    items: &[Item],
    now: UnixSeconds,
) -> Result<BTreeMap<RecordId, String>, Failure> {
    let views = companion.work_accounts(now);
    let there = views.iter().map(|view| (view.id, account::title(view)));
    let mut titles: BTreeMap<RecordId, String> = there.collect();
    let is_gone = |item: &Item| match &item.kind {
        ItemKind::Entry { account, .. } => !titles.contains_key(account),
        _ => false,
    };
    if items.iter().any(is_gone) {
        for (id, (issuer, label)) in companion.history_names()? {
            let title = titles.entry(id);
            title.or_insert_with(|| format!("{} (gone)", named(&issuer, None, &label)));
        }
    }
    Ok(titles)
}

/// What was asked for, in words; none where the entry is about something else.
fn about_words(about: &About) -> Option<String> {
    said(&about.app)?;
    let parts = [&about.act, &about.app, &about.origin, &about.user];
    let [act, app, origin, user] = parts.map(|part| shown(part.as_str()));
    Some(format!("{act}, {app} at {origin} as {user}"))
}

fn line(item: &Item, titles: &BTreeMap<RecordId, String>) -> String {
    let at = item
        .at
        .map_or_else(|| "                ".to_owned(), dates::minute);
    let what = match &item.kind {
        ItemKind::Entry {
            account,
            kind,
            decision,
            outcome,
            cause,
            about,
        } => {
            let title = titles
                .get(account)
                .map_or("an account that is gone", String::as_str);
            // What was asked says that it was a request.
            let about = about_words(about);
            let mut parts = vec![about.unwrap_or_else(|| kind_words(*kind).to_owned())];
            parts.extend(decision.map(|decision| format!("you said {}", decision.name())));
            parts.extend(outcome.map(|outcome| outcome.name().replace('_', " ")));
            parts.extend(cause.as_ref().map(|cause| shown(cause.as_str())));
            format!("{title}: {}", parts.join(", "))
        }
        ItemKind::Cut { gone } => {
            format!("{gone} earlier entries were cut, since the history was full")
        }
        ItemKind::Lost { gone } => {
            format!("{gone} entries could not be read any more, and you accepted that")
        }
        ItemKind::PorchLost { .. } => "what was noted while the vault was locked is missing".into(),
        ItemKind::Newer => "a newer version of the program wrote this".into(),
    };
    format!("{:>6}  {at}  {what}\n", item.seq)
}

const fn kind_words(kind: Kind) -> &'static str {
    match kind {
        Kind::Enrolled => "this device was added",
        Kind::Document => "the server changed its rules, names or keys",
        Kind::Answered => "a request was answered",
        Kind::Closed => "a request ended without an answer from here",
        Kind::Refused => "something from the server was refused",
        Kind::Muted => "quiet after a report",
        Kind::Suspended => "suspended",
        Kind::Moved => "moved to another device",
        Kind::Removed => "the server removed this device",
        Kind::Left => "the server was asked to forget this device",
        Kind::KeyReplaced => "this device has other keys",
        Kind::Active => "it works",
    }
}

fn to_json(item: &Item) -> Map<String, Value> {
    let mut object = Map::new();
    object.insert("seq".into(), item.seq.into());
    object.insert("at".into(), item.at.map(|at| at.0).into());
    let members = match &item.kind {
        ItemKind::Entry {
            account,
            kind,
            decision,
            outcome,
            cause,
            about,
        } => json!({
            "kind": kind.name(),
            "account": account.to_string(),
            "decision": decision.map(|decision| decision.name()),
            "outcome": outcome.map(|outcome| outcome.name()),
            "cause": cause.as_ref().map(|cause| cause.as_str()),
            "act": said(&about.act),
            "app": said(&about.app),
            "origin": said(&about.origin),
            "user": said(&about.user),
        }),
        ItemKind::Cut { gone } => json!({"kind": "cut", "gone": gone}),
        ItemKind::Lost { gone } => json!({"kind": "lost", "gone": gone}),
        ItemKind::PorchLost { gone } => json!({"kind": "porch_lost", "gone": gone}),
        ItemKind::Newer => json!({"kind": "newer"}),
    };
    if let Value::Object(members) = members {
        object.extend(members);
    }
    object
}

/// A text where there is one.
fn said(name: &Name) -> Option<&str> {
    Some(name.as_str()).filter(|text| !text.is_empty())
}

fn verify(companion: &Companion) -> Result<Report, Failure> {
    match companion.verify_history()? {
        Ok(holds) => Ok(Report::new()
            .member("entries", holds.chain.entries)
            .member("cut", holds.chain.cut)
            .member("lost", holds.chain.lost)
            .member("unproven", holds.unproven)
            .text(holds_words(&holds))),
        Err(bad) => Err(damaged(bad)),
    }
}

fn holds_words(holds: &HistoryReport) -> String {
    let mut words = format!(
        "All {} entries of the history are as they were written.\n",
        holds.chain.entries
    );
    if holds.chain.cut > 0 {
        words.push_str(&format!(
            "{} earlier ones were cut when it was full.\n",
            holds.chain.cut
        ));
    }
    if holds.chain.lost > 0 {
        words.push_str(&format!(
            "{} could not be read any more, and you accepted that.\n",
            holds.chain.lost
        ));
    }
    if holds.unproven > 0 {
        words.push_str(&format!(
            "The signatures of {} could not be checked: what brought their keys is gone with the oldest.\n",
            holds.unproven
        ));
    }
    words
}

fn damaged(bad: BadEntry) -> Failure {
    let fault = match bad.fault {
        EntryFault::Chain(_) => "is not where or what the chain says",
        EntryFault::Form => "has not the form of an entry",
        EntryFault::Message => "has a message that is not genuine",
    };
    Failure::new(
        "damaged_history",
        format!(
            "Entry {} {fault}. What stands before it is as it was written.",
            bad.seq
        ),
    )
    .with("seq", bad.seq)
}

fn export(session: &Session, companion: &mut Companion, file: &Path) -> Result<Report, Failure> {
    // It is made whole before the file is: no half history is left behind.
    let mut lines = Zeroizing::new(String::new());
    let mut take = |line: &str| {
        lines.push_str(line);
        lines.push('\n');
        true
    };
    let exported = companion.export_history(Scope::All, &NoDeviceKeys, session.now(), &mut take)?;
    let exported = exported.map_err(not_exported)?;
    let report = Report::new()
        .member("entries", exported.entries)
        .member("signed", ids(&exported.signed))
        .member("unsigned", ids(&exported.unsigned));
    if file == Path::new("-") {
        if session.console().is_json() {
            return Err(Failure::usage(
                "Standard output has the document already: name a file.",
            ));
        }
        return Ok(report.text(&*lines).note(words(&exported)));
    }
    new_file::write(file, lines.as_bytes())?;
    Ok(report
        .member("file", file.to_string_lossy().as_ref())
        .text(format!("{}\n", words(&exported))))
}

fn ids(accounts: &[RecordId]) -> Vec<String> {
    accounts.iter().map(ToString::to_string).collect()
}

fn words(exported: &Exported) -> String {
    let mut words = format!(
        "{} entries are written; anybody can check them (docs/history.md). They say who signed in where.",
        exported.entries
    );
    if !exported.unsigned.is_empty() {
        words.push_str(" The key of an account that is gone could not sign the end.");
    }
    words
}

fn not_exported(error: ExportError) -> Failure {
    match error {
        ExportError::Bad(place) => damaged(place.into()),
        ExportError::Key | ExportError::NotWritten => {
            Failure::new("io", "The history could not be written.")
        }
    }
}
