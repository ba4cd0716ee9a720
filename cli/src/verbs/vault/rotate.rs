//! `vault rotate`: a new key for the vault.

use countersign_core::companion::Companion;
use countersign_core::vault::{LastWay, SlotKind};
use serde_json::Value;

use super::listing;
use super::slots::forget;
use crate::args::RotateArgs;
use crate::failure::Failure;
use crate::findings;
use crate::report::Report;
use crate::session::Session;
use crate::verbs::aside;

/// Renews the vault's key.
///
/// # Errors
///
/// `last_slot`, `unreadable_in_the_way`, and those of unlocking and writing.
pub(super) fn run(session: &Session, args: &RotateArgs) -> Result<Report, Failure> {
    session.with_vault(|companion| rotate(session, companion, args))
}

fn rotate(
    session: &Session,
    companion: &mut Companion,
    args: &RotateArgs,
) -> Result<Report, Failure> {
    let before = companion.slots()?;
    let damaged = aside::damaged(args.aside);
    let progress = session.console().progress("Sealing everything anew");
    let rotated = match args.lost_device {
        false => companion.renew_key(damaged, session.now()),
        true => companion.forget_other_devices(LastWay::Keep, damaged, session.now()),
    }
    .map_err(aside::refused)?;
    drop(progress);
    let after = companion.slots()?;
    let dropped: Vec<_> = before
        .into_iter()
        .filter(|slot| !after.iter().any(|left| left.id == slot.id))
        .collect();
    let ids: Vec<Value> = dropped
        .iter()
        .map(|slot| slot.id.to_string().into())
        .collect();
    let mut report = Report::new()
        .changed()
        .member("rotated", true)
        .member("removed", ids)
        .text("The vault has a new key. A copy of the file from before opens nothing that is written from now on.\n");
    for slot in &dropped {
        report = report.text(format!("Removed: {}  {}\n", listing::kind(slot), slot.id));
        if slot.kind == Some(SlotKind::Platform) {
            // On another device it is in a keyring that is not here.
            let _ = forget(session, companion.id(), slot.id);
        }
    }
    let report = aside::describe(report, &rotated);
    Ok(findings::describe_for_one(report, companion.findings()))
}
