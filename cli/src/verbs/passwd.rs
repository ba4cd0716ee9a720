//! `passwd`: a new password, and with it a new key for the whole vault.

use countersign_core::companion::Companion;

use super::aside;
use crate::args::PasswdArgs;
use crate::cost;
use crate::failure::Failure;
use crate::findings;
use crate::new_password::{NewPassword, refuse_shared_source};
use crate::report::Report;
use crate::session::Session;

/// Changes the password.
///
/// # Errors
///
/// `password_needed` when nobody can be asked for the new one; those of unlocking and writing.
pub(crate) fn run(session: &Session, args: &PasswdArgs) -> Result<Report, Failure> {
    let new_file = args.new_password_file.as_deref();
    refuse_shared_source(session, new_file)?;
    let new = NewPassword::prepare(session, new_file)?;
    session.with_vault(|companion| change(session, companion, args, new))
}

fn change(
    session: &Session,
    companion: &mut Companion,
    args: &PasswdArgs,
    new: NewPassword,
) -> Result<Report, Failure> {
    let new = new.take(session)?;
    let kdf = cost::choose(session, args.cost)?;
    let progress = session.console().progress("Sealing everything anew");
    let rotated = companion
        .change_password(&new, kdf, aside::damaged(args.aside), session.now())
        .map_err(aside::refused)?;
    drop(progress);
    let report = Report::new()
        .changed()
        .member("changed", true)
        .text("The password is changed, and the vault has a new key. Copies of the old file still open with the old password: delete those that you do not need.\n");
    let report = aside::describe(report, &rotated);
    Ok(findings::describe_for_one(report, companion.findings()))
}
