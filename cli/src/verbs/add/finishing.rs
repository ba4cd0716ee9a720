//! A new work account is followed until it works, until its check number is known where nobody waits, or until nothing can come of
//! it: then it is said what was refused, and what stays of it.

use countersign_core::approval::{Attention, Standing};
use countersign_core::companion::Companion;
use countersign_core::device::NoDeviceKeys;
use countersign_core::vault::RecordId;

use crate::args::AddArgs;
use crate::desk::{Desk, Ended, Goal, Input, Teller};
use crate::driver::Driver;
use crate::failure::Failure;
use crate::report::Report;
use crate::session::Session;
use crate::work::account::{self, failed_words, why_name};
use crate::work::account_to_json;

/// When an account was begun.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Begun {
    /// By this very program.
    Now,
    /// By an earlier one: its server may know of it.
    Before,
}

/// Follows an account. What went wrong with one that stays stands beside it.
///
/// # Errors
///
/// `redirected`, `untrusted_server`, `unreachable` where its server can have taken nothing: then nothing was added, and the same
/// invitation does the next time.
pub(super) fn follow(
    session: &Session,
    args: &AddArgs,
    companion: &mut Companion,
    (id, begun): (RecordId, Begun),
) -> Result<Report, Failure> {
    let console = session.console();
    if begun == Begun::Before {
        console.note("This invitation was begun before: it goes on.");
    }
    let waits = console.can_ask() && !args.work.no_wait;
    let (input, goal, attention) = if waits {
        let input = Input::of_person(console)?;
        (input, Goal::Works(id), Attention::Waiting)
    } else {
        (Input::Nobody, Goal::Check(id), Attention::Looking)
    };
    let driver = Driver::new(session, attention)?;
    let mut desk = Desk::new(session, driver, input, Teller::with_one_document(console));
    let failed = match desk.serve(companion, goal, None) {
        Ok(ended) => judged(session, companion, id, ended),
        Err(failure) => {
            let is_known = begun == Begun::Before || desk.may_be_taken(id);
            match advice(failure.name()).filter(|_| !is_known) {
                Some(advice) if is_forgotten(session, companion, id) => {
                    return Err(failure.and(advice));
                }
                _ => Some(failure),
            }
        }
    };
    Ok(described(session, companion, id).fail(failed))
}

/// What a person does about a server that took nothing, by the name of what was wrong with it.
fn advice(name: &str) -> Option<&'static str> {
    match name {
        "redirected" => Some(
            "Nothing was added. Ask whoever gave you the address for the right one, and add it again.",
        ),
        "untrusted_server" => Some(
            "Nothing was added. Check the address and this machine's clock; where both are right, ask your organisation, and add it again.",
        ),
        "unreachable" => Some(
            "Nothing was added. Check the address and the network, and add it again while the invitation lasts.",
        ),
        _ => None,
    }
}

/// Takes away what was begun with a server that cannot know of it. False where it stays, as when another process of this vault
/// has got further with it.
fn is_forgotten(session: &Session, companion: &mut Companion, id: RecordId) -> bool {
    let now = session.now();
    if companion.refresh().is_err() {
        return false;
    }
    let is_begun = companion
        .work_account(id, now)
        .is_ok_and(|view| matches!(view.standing, Standing::Planned | Standing::Enrolling));
    is_begun
        && companion.leave(id, now).is_ok()
        && companion.remove_keys(id, &NoDeviceKeys, now).is_ok()
}

/// What is wrong with how it stands at the end, if anything.
fn judged(session: &Session, companion: &Companion, id: RecordId, ended: Ended) -> Option<Failure> {
    let view = companion.work_account(id, session.now()).ok()?;
    let standing = view.standing;
    let not_added = |words: String| {
        Failure::new("not_added", format!("It was not added: {words}."))
            .with("why", why_name(&standing))
    };
    match (ended, &standing) {
        (_, Standing::Failed { why }) => Some(not_added(failed_words(*why, &view.full_with))),
        (_, standing) if standing.is_end() => Some(not_added(account::standing_words(standing))),
        (Ended::Quit, standing) if standing.is_unfinished() => {
            Some(Failure::new("not_confirmed", "It is not finished."))
        }
        _ => None,
    }
}

fn described(session: &Session, companion: &Companion, id: RecordId) -> Report {
    let report = Report::new();
    let Ok(view) = companion.work_account(id, session.now()) else {
        return report;
    };
    let text = match &view.standing {
        Standing::Active => format!(
            "Added: {}. `countersign approve` waits for its sign-ins.\n",
            account::title(&view)
        ),
        standing if standing.is_unfinished() => {
            "It is stored as unfinished: `countersign approve` goes on with it, and `countersign leave NAME` drops it.\n".into()
        }
        _ => String::new(),
    };
    report.member("work", account_to_json(&view)).text(text)
}
