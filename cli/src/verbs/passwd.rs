//! `passwd`: a new password, and with it a new key for the whole vault.

use countersign_core::companion::Companion;
use countersign_core::secret::Secret;

use super::aside;
use crate::args::PasswdArgs;
use crate::cost;
use crate::failure::Failure;
use crate::findings;
use crate::input::{Source, refuse_shared};
use crate::report::Report;
use crate::session::Session;

/// Changes the password.
///
/// # Errors
///
/// `password_needed` when nobody can be asked for the new one; those of unlocking and writing.
pub(crate) fn run(session: &Session, args: &PasswdArgs) -> Result<Report, Failure> {
    let new_source = args
        .new_password_file
        .as_deref()
        .map(Source::parse)
        .transpose()?;
    let unlocking = session.unlock_sources()?;
    refuse_shared(unlocking.iter().chain(&new_source))?;
    let given = session.given_new_password(args.new_password_file.as_deref())?;
    if given.is_none() && !session.console().can_ask_secret() {
        return Err(Failure::new(
            "password_needed",
            "There is no terminal to ask for the new password on. Use --new-password-file FILE (or - or fd:3), or the variable COUNTERSIGN_NEW_PASSWORD.",
        ));
    }
    session.with_vault(|companion| change(session, companion, args, given))
}

fn change(
    session: &Session,
    companion: &mut Companion,
    args: &PasswdArgs,
    given: Option<Secret>,
) -> Result<Report, Failure> {
    let new: Secret = match given {
        Some(password) => password,
        None => session.console().ask_new_password("The new password:")?,
    };
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
