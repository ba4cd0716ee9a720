//! `vault status`: how the vault stands, also where it does not open.

use countersign_core::approval::WorkView;
use countersign_core::approval::history::BadEntry;
use countersign_core::companion::{Companion, VaultStatus};
use countersign_core::vault::{Snapshot, VaultLocation};
use serde_json::Value;

use super::listing::{self, DamagedCopy, size};
use crate::advice;
use crate::dates;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::findings;
use crate::report::Report;
use crate::session::Session;
use crate::terminal::shown;

/// Shows how the vault stands.
///
/// # Errors
///
/// Those of unlocking; where the vault itself does not open, what can be seen from outside is in the report.
pub(super) fn run(session: &Session) -> Result<Report, Failure> {
    let (location, _) = session.place()?;
    match session.with_vault(|companion| describe(session, companion, &location)) {
        Err(failure) if is_about_the_file(&failure) => closed(session, &location, failure),
        done => done,
    }
}

/// Whether the vault's own state is why it did not open.
fn is_about_the_file(failure: &Failure) -> bool {
    failure.exit() == Exit::Damaged || matches!(failure.name(), "no_vault" | "leftovers")
}

fn describe(
    session: &Session,
    companion: &Companion,
    location: &VaultLocation,
) -> Result<Report, Failure> {
    let status = companion.status()?;
    let damaged = DamagedCopy::of(location)?;
    let work = companion.work_accounts(session.now());
    let bad = companion.verify_history_chain()?.err();
    let worst = findings::failure(&status.findings).or_else(|| bad.map(damaged_history));
    let next = worst.as_ref().map_or_else(Vec::new, |failure| {
        advice::next(session, failure.name(), !status.snapshots.is_empty())
    });
    let report = Report::new()
        .member("vault", location.path().to_string_lossy().as_ref())
        .member("format", status.format)
        .member("generation", status.generation)
        .member("last_change_at", status.last_change_at.0)
        .member("epoch", status.epoch)
        .member("bytes", status.bytes)
        .member("account_count", status.account_count)
        .member("trashed_count", status.trashed_count)
        .member("work_count", work.len())
        .member("record_count", status.record_count)
        .member("slots", listing::slots_to_json(&status.slots))
        .member("cleanup_due", status.cleanup_due)
        .member("read_only", status.is_read_only);
    let report = siblings(report, location, &damaged)?
        .member("next", next.clone())
        .text(words(&status, worst.as_ref(), &work, location, &damaged))
        .text(advice::line(&next));
    Ok(findings::describe_all(report, &status.findings).fail(bad.map(damaged_history)))
}

/// Entries of the history that were changed or taken out: the signatures in it are another question, of `history verify`.
fn damaged_history(bad: BadEntry) -> Failure {
    Failure::new(
        "damaged_history",
        format!(
            "Entry {} of the history is not where or what it was. What stands before it is as it was written.",
            bad.seq
        ),
    )
    .with("seq", bad.seq)
}

/// The members about what lies beside the vault.
fn siblings(
    report: Report,
    location: &VaultLocation,
    damaged: &[DamagedCopy],
) -> Result<Report, Failure> {
    let copies: Vec<Value> = damaged.iter().map(DamagedCopy::to_json).collect();
    Ok(report
        .member(
            "snapshots",
            listing::snapshots_to_json(&location.snapshots()?),
        )
        .member("damaged_copies", copies))
}

/// Work accounts that are not in the trash, in words.
fn work_words(work: &[WorkView]) -> String {
    let kept = work.iter().filter(|view| view.trashed_at.is_none());
    let count = kept.clone().count();
    let unfinished = kept.filter(|view| view.standing.is_unfinished()).count();
    match (count, unfinished) {
        (0, _) => String::new(),
        (count, 0) => format!("Approvals  {count} work accounts\n"),
        (count, unfinished) => {
            format!("Approvals  {count} work accounts, {unfinished} unfinished\n")
        }
    }
}

fn words(
    status: &VaultStatus,
    worst: Option<&Failure>,
    work: &[WorkView],
    location: &VaultLocation,
    damaged: &[DamagedCopy],
) -> String {
    let trash = match status.trashed_count {
        0 => String::new(),
        count => format!(", and {count} in the trash"),
    };
    let integrity = match worst {
        None => "all is well".to_owned(),
        Some(failure) => failure.name().replace('_', " "),
    };
    let mut text = format!(
        "Vault      {}\n\
         Format     {}, {}{}\n\
         Changed    {} UTC, change {}, key {}\n\
         Accounts   {}{trash} ({} records)\n\
         {}Integrity  {integrity}\n\
         Unlock\n",
        shown(&location.path().to_string_lossy()),
        status.format,
        size(status.bytes),
        if status.is_read_only {
            ", read-only"
        } else {
            ""
        },
        dates::minute(status.last_change_at),
        status.generation,
        status.epoch,
        status.account_count,
        status.record_count,
        work_words(work),
    );
    for slot in &status.slots {
        text.push_str(&format!("{}\n", listing::slot_line(slot)));
    }
    text.push_str(&beside(&status.snapshots, damaged));
    if status.cleanup_due {
        text.push_str(
            "Copies that open with an earlier password, or hold what was deleted, are still there; the next change removes them.\n",
        );
    }
    text
}

/// Snapshots and damaged copies.
fn beside(snapshots: &[Snapshot], damaged: &[DamagedCopy]) -> String {
    let mut text = match snapshots.is_empty() {
        true => "Snapshots  none\n".to_owned(),
        false => "Snapshots\n".to_owned(),
    };
    for (number, snapshot) in (1..).zip(snapshots) {
        text.push_str(&format!("{}\n", listing::snapshot_line(number, snapshot)));
    }
    if !damaged.is_empty() {
        text.push_str(
            "Set aside because it was damaged (`countersign vault snapshots --delete-damaged`)\n",
        );
    }
    for copy in damaged {
        text.push_str(&format!("{}\n", listing::damaged_line(copy)));
    }
    text
}

/// A vault that does not open: what is wrong, what is there, and the next command.
fn closed(
    session: &Session,
    location: &VaultLocation,
    failure: Failure,
) -> Result<Report, Failure> {
    let damaged = DamagedCopy::of(location)?;
    let snapshots = location.snapshots()?;
    if failure.name() == "no_vault" && snapshots.is_empty() && damaged.is_empty() {
        return Err(failure);
    }
    let next = advice::next(session, failure.name(), !snapshots.is_empty());
    let report = siblings(Report::new(), location, &damaged)?
        .member("vault", location.path().to_string_lossy().as_ref())
        .member("next", next.clone())
        .text(format!(
            "Vault      {}\nIntegrity  {}\n{}{}",
            shown(&location.path().to_string_lossy()),
            failure.name().replace('_', " "),
            beside(&snapshots, &damaged),
            advice::line(&next)
        ));
    Ok(report.fail(Some(failure)))
}
