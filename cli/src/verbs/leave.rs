//! `leave`: the server forgets this device.

use std::time::Duration;

use countersign_core::approval::{ApprovalError, Attention, Standing, Unreachable};
use countersign_core::companion::Companion;
use countersign_core::vault::RecordId;

use crate::args::LeaveArgs;
use crate::driver::Driver;
use crate::failure::Failure;
use crate::findings;
use crate::report::Report;
use crate::session::Session;
use crate::work::{account, find_work, unreachable_failure};

/// How long one look takes.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long the server is given.
const PATIENCE_S: u64 = 30;

/// Lets the server forget this device.
///
/// # Errors
///
/// `not_confirmed`; `unreachable` when the server gave no answer: it is told later then.
pub(crate) fn run(session: &Session, args: &LeaveArgs) -> Result<Report, Failure> {
    session.with_vault_to_write(|companion| {
        let id = find_work(companion, &args.name, session.now())?;
        let view = companion.work_account(id, session.now())?;
        let title = account::title(&view);
        let is_known = is_known(&view.standing);
        confirm(session, args, &title)?;
        companion.leave(id, session.now())?;
        let done = wait(session, companion, id);
        let text = match &done {
            Ok(()) if is_known => {
                format!("The server has forgotten this device, and the account is gone: {title}\n")
            }
            Ok(()) => format!("The account is gone; its server had not to be told: {title}\n"),
            Err(_) => {
                "It is stored that you leave; `countersign approve` goes on telling the server.\n"
                    .into()
            }
        };
        let report = Report::new()
            .changed()
            .member("id", id.to_string())
            .member("is_told", is_known && done.is_ok())
            .text(text)
            .fail(done.err());
        Ok(findings::describe_for_one(report, companion.findings()))
    })
}

/// Whether the server knows this device. Whether it has taken what was begun with it is not known, and it forgets that by itself.
pub(super) const fn is_known(standing: &Standing) -> bool {
    !matches!(
        standing,
        Standing::Planned
            | Standing::Enrolling
            | Standing::Failed { .. }
            | Standing::Moved { .. }
            | Standing::Removed { .. }
    )
}

fn confirm(session: &Session, args: &LeaveArgs, title: &str) -> Result<(), Failure> {
    if args.yes {
        return Ok(());
    }
    if !session.console().can_ask() {
        return Err(Failure::new(
            "not_confirmed",
            "Leaving cannot be undone without a new invitation: say --yes.",
        ));
    }
    let question = format!(
        "Shall the server of {title} forget this device? It can then approve nothing, and only a new invitation brings it back."
    );
    if session.console().confirm(&question, false)? {
        Ok(())
    } else {
        Err(Failure::new("not_confirmed", "Nothing was changed."))
    }
}

/// Until the entry is gone: the server has said that it knows this device no more, or never did.
///
/// # Errors
///
/// `unreachable`, `redirected`, `untrusted_server`; what the vault says.
pub(super) fn wait(
    session: &Session,
    companion: &mut Companion,
    id: RecordId,
) -> Result<(), Failure> {
    let _progress = session.console().progress("Telling the server");
    let mut driver = Driver::new(session, Attention::Idle)?;
    let begun = session.now();
    loop {
        let view = match companion.work_account(id, session.now()) {
            Err(ApprovalError::NoSuchAccount) => return Ok(()),
            found => found?,
        };
        let is_over = session.now().since(begun) >= PATIENCE_S;
        let why = driver
            .why_unreachable(id)
            .or(is_over.then_some(Unreachable::TimedOut));
        if let Some(why) = why {
            return Err(unreachable_failure(view.host.as_str(), Some(why)));
        }
        driver.turn(companion, None, LOOK_EVERY)?;
    }
}
