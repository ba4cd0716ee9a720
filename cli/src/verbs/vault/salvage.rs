//! `vault salvage`: what can still be read of a damaged vault. First it is shown, then it is written.

use countersign_core::companion::Companion;
use countersign_core::entropy::SystemEntropy;
use countersign_core::vault::{
    AnchorFolder, Beyond, RecordId, Salvage, SalvageReport, Salvaged, VaultError, VaultLocation,
};
use serde_json::Value;

use super::{AFTERWARDS, COUNTERS, EITHER_KEY, describe_ways, listing};
use crate::args::SalvageArgs;
use crate::dates;
use crate::failure::Failure;
use crate::report::Report;
use crate::session::Session;
use crate::terminal::shown;
use crate::unlock::{Key, not_unlocked};

/// Recovers what can be recovered.
///
/// # Errors
///
/// `nothing_recovered`, and those of unlocking and reading. What stops the writing stands beside what was found.
pub(super) fn run(session: &Session, args: &SalvageArgs) -> Result<Report, Failure> {
    session.unlock_sources()?;
    let (location, anchors) = session.place()?;
    let entropy = SystemEntropy::new();
    let found = session.with_either_key(EITHER_KEY, |key| {
        if is_whole(session, &location, key)? {
            return Ok(None);
        }
        let _progress = session.console().progress("Reading what can be read");
        Companion::examine_damaged(&location, &key.credential(), &*anchors, &entropy)
            .map(Some)
            .map_err(refused)
    })?;
    let Some(salvage) = found else {
        return Ok(Report::new()
            .member("needed", false)
            .member("written", false)
            .warnings(Vec::new())
            .text("Nothing is damaged: the vault opens, and everything in it can be read.\n"));
    };
    let report = members(salvage.report());
    match apply(session, args, salvage) {
        Ok((salvaged, words)) => {
            let report = done(report.text(words), &salvaged);
            Ok(describe_ways(session, report)?.text(AFTERWARDS))
        }
        Err(failure) => Ok(report.member("written", false).fail(Some(failure))),
    }
}

/// Whether the vault opens and all of it can be read, so that there is nothing to do.
///
/// # Errors
///
/// A wrong password, and the wait after wrong ones: they are no damage.
fn is_whole(session: &Session, location: &VaultLocation, key: &Key) -> Result<bool, Failure> {
    let (_, anchors): (_, Box<AnchorFolder>) = session.place()?;
    let Ok(locked) = Companion::open(location, anchors, Box::new(SystemEntropy::new())) else {
        return Ok(false);
    };
    let _progress = session.unlocking();
    match locked.unlock(&key.credential(), session.now()) {
        Ok(mut companion) => Ok(companion.check().is_ok_and(|found| found.is_whole())),
        Err((_, error @ (VaultError::WrongPassword | VaultError::Wait { .. }))) => {
            Err(not_unlocked(error, key))
        }
        Err(_) => Ok(false),
    }
}

fn refused(error: VaultError) -> Failure {
    let message = match error {
        VaultError::NothingRecovered => {
            "No way to unlock can be read any more, so nothing can be recovered; nothing was changed. If there is a snapshot: \
             `countersign vault restore`."
        }
        VaultError::NoSuchSlot | VaultError::DamagedSlot => {
            "The vault's slot for this cannot be read any more. Try the other way (the recovery code, or the password), or \
             `countersign vault restore`."
        }
        VaultError::Busy => {
            "Another program has the vault open. Close every other `countersign` and try again; nothing was changed."
        }
        _ => return error.into(),
    };
    Failure::new(error.name(), message)
}

/// Asks what is to be taken, and writes it.
fn apply(
    session: &Session,
    args: &SalvageArgs,
    salvage: Salvage<'_>,
) -> Result<(Salvaged, String), Failure> {
    let words = words(salvage.report());
    let asks = session.console().can_ask();
    if asks {
        session.console().say(&words)?;
    }
    let beyond = choose(session, args, salvage.report())?;
    if !args.yes {
        if !asks {
            return Err(Failure::new(
                "not_confirmed",
                "Nothing was written. Say --yes to put what can be recovered in the vault's place.",
            ));
        }
        let question = "Put this in the vault's place? The damaged files are kept beside it.";
        if !session.console().confirm(question, false)? {
            return Err(Failure::new("not_confirmed", "Nothing was changed."));
        }
    }
    let progress = session.console().progress("Writing what was recovered");
    let salvaged = salvage.apply(beyond, session.now())?;
    drop(progress);
    Ok((salvaged, if asks { String::new() } else { words }))
}

/// Whether accounts that only the snapshot has are taken.
fn choose(session: &Session, args: &SalvageArgs, found: &SalvageReport) -> Result<Beyond, Failure> {
    if found.beyond.is_empty() || args.no_snapshot {
        return Ok(Beyond::Leave);
    }
    if args.take_snapshot {
        return Ok(Beyond::Take);
    }
    if !session.console().can_ask() {
        return Err(Failure::new(
            "snapshot_choice_needed",
            "The newest snapshot has accounts that cannot be read in the vault any more. Say --take-snapshot or --no-snapshot.",
        ));
    }
    let question = "Take these accounts from the snapshot, as they were then?";
    Ok(match session.console().confirm(question, true)? {
        true => Beyond::Take,
        false => Beyond::Leave,
    })
}

fn ids(records: &[RecordId]) -> Vec<Value> {
    records.iter().map(|id| id.to_string().into()).collect()
}

fn members(found: &SalvageReport) -> Report {
    Report::new()
        .member("needed", true)
        .member("recovered", found.recovered)
        .member("expected", found.expected)
        .member("lost", ids(&found.lost))
        .member("older", ids(&found.older))
        .member("beyond", ids(&found.beyond))
        .member("snapshot_at", found.snapshot_at.map(|at| at.0))
        .warnings(Vec::new())
}

/// What was found. Names are in what is recovered; here there are only ids.
fn words(found: &SalvageReport) -> String {
    let of = match found.expected {
        Some(expected) => format!("{} of {expected} accounts", found.recovered),
        None => format!(
            "{} (nobody knows of how many)",
            listing::accounts(found.recovered)
        ),
    };
    let mut text = format!("{of} can be recovered.\n");
    for id in found.lost.iter().filter(|id| !found.beyond.contains(id)) {
        text.push_str(&format!("  lost: {id}\n"));
    }
    for id in &found.older {
        text.push_str(&format!("  only as it was before its last change: {id}\n"));
    }
    if let (Some(at), false) = (found.snapshot_at, found.beyond.is_empty()) {
        text.push_str(&format!(
            "The newest snapshot, of {} UTC, has {} more:\n",
            dates::minute(at),
            found.beyond.len()
        ));
        for id in &found.beyond {
            text.push_str(&format!("  only in the snapshot: {id}\n"));
        }
    }
    text
}

fn done(report: Report, salvaged: &Salvaged) -> Report {
    let aside = salvaged
        .set_aside
        .as_deref()
        .map(|path| path.to_string_lossy());
    let kept = aside.as_deref().map_or_else(String::new, |path| {
        format!(
            "The damaged files are kept in {}. When all is well, `countersign vault snapshots --delete-damaged` deletes them.\n",
            shown(path)
        )
    });
    report
        .changed()
        .member("written", true)
        .member("account_count", salvaged.account_count)
        .member("from_snapshot", salvaged.from_snapshot)
        .member(
            "set_aside",
            aside.as_deref().map_or(Value::Null, Value::from),
        )
        .text(format!(
            "Recovered: {}, {} of them from the snapshot, under a new key.\n{kept}{COUNTERS}",
            listing::accounts(salvaged.account_count),
            salvaged.from_snapshot,
        ))
}
