//! `vault slots`: the ways to unlock.

mod add;
mod remove;

use countersign_core::companion::Companion;
use countersign_core::vault::{PlatformContext, PlatformKeyError, RecordId, VaultId};
use countersign_keyring::DesktopKeyring;

use super::listing;
use crate::args::SlotsVerb;
use crate::failure::Failure;
use crate::findings;
use crate::report::Report;
use crate::session::Session;

/// Does what is asked of the ways to unlock.
///
/// # Errors
///
/// Those of the verb, and of unlocking.
pub(super) fn run(session: &Session, verb: &SlotsVerb) -> Result<Report, Failure> {
    match verb {
        SlotsVerb::List(_) => session.with_vault(|companion| list(companion)),
        SlotsVerb::Add(args) => add::run(session, args),
        SlotsVerb::Remove(args) => remove::run(session, args),
    }
}

fn list(companion: &Companion) -> Result<Report, Failure> {
    let slots = companion.slots()?;
    let lines: String = slots
        .iter()
        .map(|slot| format!("{}\n", listing::slot_line(slot)))
        .collect();
    let report = Report::new()
        .member("slots", listing::slots_to_json(&slots))
        .text(lines);
    Ok(findings::describe_for_one(report, companion.findings()))
}

/// Deletes the keyring's key of a slot that is no more.
///
/// # Errors
///
/// The key may still be there; it opens nothing.
pub(super) fn forget(
    session: &Session,
    vault: VaultId,
    slot: RecordId,
) -> Result<(), PlatformKeyError> {
    let _progress = session.console().progress("Asking the desktop's keyring");
    DesktopKeyring::new().forget(&PlatformContext { vault, slot })
}
