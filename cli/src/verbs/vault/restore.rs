//! `vault restore`: a snapshot in the vault's place, on the person's word.

use countersign_core::companion::Companion;
use countersign_core::entropy::SystemEntropy;
use countersign_core::vault::{
    AnchorFolder, OlderKey, Restored, Snapshot, VaultError, VaultLocation,
};
use serde_json::Value;

use super::listing::{self, size};
use super::{AFTERWARDS, COUNTERS, EITHER_KEY, describe_ways};
use crate::args::RestoreSnapshotArgs;
use crate::dates;
use crate::failure::Failure;
use crate::report::Report;
use crate::session::Session;
use crate::terminal::shown;
use crate::unlock::Key;

/// What it means to take a snapshot from before a change of the key.
const OLDER_KEY: &str = "This snapshot is from before the last change of the password or of the ways to unlock: the vault would \
                         open as it did then, also for whoever knows an old password.";

/// Puts a snapshot in the vault's place.
///
/// # Errors
///
/// `no_such_snapshot`, `not_confirmed`, `snapshot_older_key`, `damaged_snapshot`, and those of unlocking and writing.
pub(super) fn run(session: &Session, args: &RestoreSnapshotArgs) -> Result<Report, Failure> {
    session.unlock_sources()?;
    let (location, anchors) = session.place()?;
    let snapshots = location.snapshots()?;
    let (number, snapshot) = chosen(&snapshots, &args.snapshot)?;
    confirm(session, args, &location, number, snapshot)?;
    let older = match args.older_key {
        true => OlderKey::Accept,
        false => OlderKey::Refuse,
    };
    let put = |key: &Key, older: OlderKey| {
        let _progress = session.console().progress("Restoring the snapshot");
        put_in_place(session, &location, snapshot, key, older, &anchors)
    };
    let restored = session.with_either_key(EITHER_KEY, |key| match put(key, older) {
        Err(VaultError::SnapshotOlderKey) => {
            accept_older_key(session)?;
            put(key, OlderKey::Accept).map_err(|error| refused(error, snapshots.len()))
        }
        done => done.map_err(|error| refused(error, snapshots.len())),
    })?;
    let report = describe(number, &restored, snapshots.len());
    Ok(describe_ways(session, report)?.text(AFTERWARDS))
}

/// The snapshot that `1`, `2`, … or `newest` means.
fn chosen<'a>(snapshots: &'a [Snapshot], name: &str) -> Result<(usize, &'a Snapshot), Failure> {
    let number = match name {
        "newest" => Some(1),
        _ => name.parse::<usize>().ok(),
    };
    let Some(number) = number else {
        return Err(Failure::usage(
            "Say which snapshot by its number in `countersign vault snapshots`, or `newest`. For an account in the trash \
             there is `countersign restore`.",
        ));
    };
    let found = number.checked_sub(1).and_then(|index| snapshots.get(index));
    match found {
        Some(snapshot) => Ok((number, snapshot)),
        None => Err(Failure::new(
            "no_such_snapshot",
            match snapshots.len() {
                0 => "There are no snapshots beside the vault.".to_owned(),
                count => format!(
                    "There is no such snapshot; there are {count}. See `countersign vault snapshots`."
                ),
            },
        )),
    }
}

fn confirm(
    session: &Session,
    args: &RestoreSnapshotArgs,
    location: &VaultLocation,
    number: usize,
    snapshot: &Snapshot,
) -> Result<(), Failure> {
    if args.yes {
        return Ok(());
    }
    if !session.console().can_ask() {
        return Err(Failure::new(
            "not_confirmed",
            "Restoring a snapshot takes back every change since then: say --yes.",
        ));
    }
    let name = location.path().file_name().unwrap_or_default();
    session.console().say(&format!(
        "Snapshot {number} is of {} UTC ({}). It takes the vault's place, and every change since then is missing afterwards. \
         What lies there now is kept beside it, as {}.damaged-….\n",
        dates::minute(snapshot.taken_at),
        size(snapshot.bytes),
        shown(&name.to_string_lossy()),
    ))?;
    if session.console().confirm("Restore it?", false)? {
        Ok(())
    } else {
        Err(Failure::new("not_confirmed", "Nothing was changed."))
    }
}

fn put_in_place(
    session: &Session,
    location: &VaultLocation,
    snapshot: &Snapshot,
    key: &Key,
    older: OlderKey,
    anchors: &AnchorFolder,
) -> Result<Restored, VaultError> {
    Companion::restore_snapshot(
        location,
        snapshot,
        &key.credential(),
        older,
        (anchors, &SystemEntropy::new()),
        session.now(),
    )
}

fn accept_older_key(session: &Session) -> Result<(), Failure> {
    if !session.console().can_ask() {
        return Err(Failure::new(
            "snapshot_older_key",
            format!("{OLDER_KEY} Say --older-key if you want that. Nothing was changed."),
        ));
    }
    session.console().note(OLDER_KEY);
    if session
        .console()
        .confirm("Restore it all the same?", false)?
    {
        Ok(())
    } else {
        Err(Failure::new("not_confirmed", "Nothing was changed."))
    }
}

fn refused(error: VaultError, count: usize) -> Failure {
    let message = match (error, count) {
        (VaultError::DamagedSnapshot, 2..) => {
            "This snapshot is damaged; nothing was changed. Try another one of `countersign vault snapshots`, or \
             `countersign vault salvage`."
        }
        (VaultError::DamagedSnapshot, _) => {
            "This snapshot is damaged, and there is no other; nothing was changed. `countersign vault salvage` recovers what \
             can still be read of the vault."
        }
        (VaultError::WrongPassword, _) => {
            "The snapshot does not open with this. It opens with the password or recovery code of when it was made."
        }
        (VaultError::NoSuchSlot, _) => "The snapshot cannot be unlocked this way.",
        (VaultError::Busy, _) => {
            "Another program has the vault open. Close every other `countersign` and try again; nothing was changed."
        }
        _ => return error.into(),
    };
    Failure::new(error.name(), message)
}

fn describe(number: usize, restored: &Restored, count: usize) -> Report {
    let others = match count {
        0 | 1 => "",
        _ => {
            "If it was the wrong one, restore another now: the next unlock replaces all of them by a new one.\n"
        }
    };
    let aside = restored
        .set_aside
        .as_deref()
        .map(|path| path.to_string_lossy());
    let kept = aside.as_deref().map_or_else(String::new, |path| {
        format!(
            "What lay there is kept in {}. When all is well, `countersign vault snapshots --delete-damaged` deletes it.\n",
            shown(path)
        )
    });
    Report::new()
        .changed()
        .member("restored", true)
        .member("number", number)
        .member("taken_at", restored.taken_at.0)
        .member("account_count", restored.account_count)
        .member(
            "set_aside",
            aside.as_deref().map_or(Value::Null, Value::from),
        )
        .warnings(Vec::new())
        .text(format!(
            "Restored: {} as of {} UTC, under a new key.\n{kept}{others}{COUNTERS}",
            listing::accounts(restored.account_count),
            dates::minute(restored.taken_at),
        ))
}
