//! `vault snapshots`: what lies beside the vault, and an end for what was set aside.

use std::fs;

use countersign_core::companion::Companion;
use countersign_core::entropy::SystemEntropy;
use countersign_core::vault::Snapshot;
use serde_json::Value;

use super::listing::{self, DamagedCopy};
use crate::args::SnapshotsArgs;
use crate::failure::Failure;
use crate::report::Report;
use crate::session::Session;
use crate::unlock::not_opened;

/// Lists the snapshots and damaged copies; no key is needed for that.
///
/// # Errors
///
/// Those of reading the folder; with `--delete-damaged` also `not_confirmed`, and those of opening the vault.
pub(super) fn run(session: &Session, args: &SnapshotsArgs) -> Result<Report, Failure> {
    let (location, anchors) = session.place()?;
    let damaged = DamagedCopy::of(&location)?;
    if args.delete_damaged && !damaged.is_empty() {
        // While the vault does not open, the copies may be all that there is.
        Companion::open(&location, anchors, Box::new(SystemEntropy::new()))
            .map_err(|error| not_opened(error, &location))?;
        delete(session, args, &damaged)?;
    }
    let snapshots = location.snapshots()?;
    let left = DamagedCopy::of(&location)?;
    let to_json = |copies: &[DamagedCopy]| -> Vec<Value> {
        copies.iter().map(DamagedCopy::to_json).collect()
    };
    let report = Report::new()
        .member("snapshots", listing::snapshots_to_json(&snapshots))
        .member("damaged_copies", to_json(&left))
        .text(words(&snapshots, &left));
    if !args.delete_damaged {
        return Ok(report);
    }
    let report = report.member("deleted", to_json(&damaged));
    Ok(match damaged.len() {
        0 => report.text("There is nothing that was set aside.\n"),
        count => report.changed().text(format!(
            "Deleted: {count} damaged {}.\n",
            if count == 1 { "copy" } else { "copies" }
        )),
    })
}

fn words(snapshots: &[Snapshot], damaged: &[DamagedCopy]) -> String {
    let mut text = String::new();
    if snapshots.is_empty() {
        text.push_str("No snapshots yet: one is made after every change.\n");
    }
    for (number, snapshot) in (1..).zip(snapshots) {
        text.push_str(&format!("{}\n", listing::snapshot_line(number, snapshot)));
    }
    if !damaged.is_empty() {
        text.push_str("Set aside because it was damaged (--delete-damaged deletes it):\n");
    }
    for copy in damaged {
        text.push_str(&format!("{}\n", listing::damaged_line(copy)));
    }
    text
}

fn delete(session: &Session, args: &SnapshotsArgs, damaged: &[DamagedCopy]) -> Result<(), Failure> {
    if !args.yes {
        if !session.console().can_ask() {
            return Err(Failure::new(
                "not_confirmed",
                "Deleting damaged copies cannot be undone: say --yes.",
            ));
        }
        let lines: String = damaged
            .iter()
            .map(|copy| format!("{}\n", listing::damaged_line(copy)))
            .collect();
        session.console().say(&lines)?;
        let question = "Delete these? What could not be read of them is gone then.";
        if !session.console().confirm(question, false)? {
            return Err(Failure::new("not_confirmed", "Nothing was deleted."));
        }
    }
    for file in damaged.iter().flat_map(DamagedCopy::files) {
        fs::remove_file(file).map_err(|error| Failure::io(&error, "damaged copy"))?;
    }
    Ok(())
}
