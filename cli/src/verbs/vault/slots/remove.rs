//! `vault slots remove`: a way to unlock that is no more, and a new key without it.

use countersign_core::companion::Companion;
use countersign_core::vault::{LastWay, RecordId, SlotInfo, SlotKind};

use super::forget;
use crate::args::RemoveSlotArgs;
use crate::failure::Failure;
use crate::findings;
use crate::report::Report;
use crate::session::Session;
use crate::verbs::aside;
use crate::verbs::vault::listing;

/// Removes a way to unlock.
///
/// # Errors
///
/// `no_such_slot`, `ambiguous_slot`, `last_slot`, `not_confirmed`, `unreadable_in_the_way`, those of unlocking and writing.
pub(super) fn run(session: &Session, args: &RemoveSlotArgs) -> Result<Report, Failure> {
    if !session.console().can_ask() && !args.yes {
        return Err(Failure::new(
            "not_confirmed",
            "What is removed opens nothing any more: say --yes.",
        ));
    }
    session.with_vault(|companion| remove(session, companion, args))
}

fn remove(
    session: &Session,
    companion: &mut Companion,
    args: &RemoveSlotArgs,
) -> Result<Report, Failure> {
    let slots = companion.slots()?;
    let slot = find(&slots, &args.which)?;
    let kind = listing::kind(&slot);
    if !args.yes {
        session
            .console()
            .say(&format!("{}\n", listing::slot_line(&slot)))?;
        let question = format!("Remove this way to unlock ({kind})? The vault gets a new key.");
        if !session.console().confirm(&question, false)? {
            return Err(Failure::new("not_confirmed", "Nothing was changed."));
        }
    }
    let last = match args.managed_device {
        true => LastWay::ManagedDevice,
        false => LastWay::Keep,
    };
    let progress = session.console().progress("Sealing everything anew");
    let rotated = companion
        .remove_slot(slot.id, last, aside::damaged(args.aside), session.now())
        .map_err(aside::refused)?;
    drop(progress);
    let report = Report::new()
        .changed()
        .member("id", slot.id.to_string())
        .member("kind", kind)
        .text(format!(
            "Removed: {kind}. The vault has a new key; copies of the old file still open as they did, so delete those that you do not need.\n"
        ));
    let report = match slot.kind {
        Some(SlotKind::Platform) => forgotten(session, companion, report, slot.id),
        _ => report,
    };
    let report = aside::describe(report, &rotated);
    Ok(findings::describe_for_one(report, companion.findings()))
}

fn forgotten(session: &Session, companion: &Companion, report: Report, id: RecordId) -> Report {
    match forget(session, companion.id(), id) {
        Ok(()) => report,
        Err(_) => report.note(
            "The keyring's own entry (\"Countersign: unlock key\") could not be deleted now. It opens nothing any more.",
        ),
    }
}

/// The one slot that is meant.
fn find(slots: &[SlotInfo], which: &str) -> Result<SlotInfo, Failure> {
    let wanted = which.trim().to_lowercase();
    if let Ok(id) = wanted.parse::<RecordId>() {
        let found = slots.iter().find(|slot| slot.id == id);
        return found.copied().ok_or_else(no_such_slot);
    }
    if !["password", "recovery", "keyring"].contains(&wanted.as_str()) {
        return Err(Failure::usage(
            "Say password, recovery, keyring, or an id of `countersign vault slots list`.",
        ));
    }
    let found: Vec<&SlotInfo> = slots
        .iter()
        .filter(|slot| listing::kind(slot) == wanted)
        .collect();
    match found[..] {
        [] => Err(no_such_slot()),
        [slot] => Ok(*slot),
        _ => {
            let lines: String = found
                .iter()
                .map(|slot| format!("\n{}", listing::slot_line(slot)))
                .collect();
            let ids: Vec<String> = found.iter().map(|slot| slot.id.to_string()).collect();
            Err(Failure::new(
                "ambiguous_slot",
                format!("There are several. Say which by its id:{lines}"),
            )
            .with("slots", ids))
        }
    }
}

fn no_such_slot() -> Failure {
    Failure::new(
        "no_such_slot",
        "The vault has no such way to unlock. See `countersign vault slots list`.",
    )
}
