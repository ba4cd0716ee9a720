//! `approve`: waits for sign-ins, shows each with what its server signed, and answers it as the person decides.

use std::time::Duration;

use countersign_core::approval::{Attention, StatementId};
use countersign_core::companion::Companion;
use countersign_core::device::NoDeviceKeys;

use crate::args::ApproveArgs;
use crate::desk::{Desk, Ended, Goal, Input, Teller};
use crate::driver::Driver;
use crate::failure::Failure;
use crate::findings;
use crate::input::{Source, refuse_shared};
use crate::report::Report;
use crate::session::Session;
use crate::verbs::images;
use crate::work::{grouped, hex, request};

/// Waits and answers.
///
/// # Errors
///
/// `nothing_came` after `--timeout`, or when a script has decided nothing; those of unlocking, and of what the vault says meanwhile.
pub(crate) fn run(session: &Session, args: &ApproveArgs) -> Result<Report, Failure> {
    let decisions = args.decisions.as_deref().map(Source::parse).transpose()?;
    let image = args.qr.as_deref().map(Source::from_path);
    let unlock = session.unlock_sources()?;
    refuse_shared(unlock.iter().chain(&decisions).chain(&image))?;
    let scanned = image.map(|image| read_code(&image)).transpose()?;
    session.with_vault(|companion| {
        let done = match &scanned {
            Some(text) if args.offline => return offline(session, companion, text),
            Some(text) => answer_scanned(session, companion, args, text),
            None => serve(session, companion, args, decisions.as_ref(), Goal::None),
        };
        Ok(findings::describe_for_one(
            streamed(session, done)?,
            companion.findings(),
        ))
    })
}

/// Everything is out already, but for what went wrong: a script gets that as the last line.
fn streamed(session: &Session, done: Result<(), Failure>) -> Result<Report, Failure> {
    let report = Report::streamed();
    match done {
        Ok(()) => Ok(report),
        Err(failure) => {
            if session.console().is_json() {
                let line = serde_json::json!({"event": "error", "error": failure.to_json()});
                session.console().document(&line)?;
            }
            Ok(report.fail(Some(failure)))
        }
    }
}

fn serve(
    session: &Session,
    companion: &mut Companion,
    args: &ApproveArgs,
    decisions: Option<&Source>,
    goal: Goal,
) -> Result<(), Failure> {
    if companion.work_accounts(session.now()).is_empty() {
        return Err(Failure::new(
            "no_such_account",
            "There is no work account here, so nothing can come. Add one with `countersign add`.",
        ));
    }
    let input = match decisions {
        Some(source) => Input::of_script(source)?,
        None => Input::of_person(session.console())?,
    };
    let goal = if args.once && goal == Goal::None {
        Goal::FirstEnd
    } else {
        goal
    };
    let patience = args
        .timeout
        .map(|seconds| Duration::from_secs(seconds.into()));
    let driver = Driver::new(session, Attention::Waiting)?;
    let mut desk = Desk::new(session, driver, input, Teller::new(session.console()));
    match desk.serve(companion, goal, patience)? {
        Ended::Done | Ended::Quit => Ok(()),
        Ended::NothingCame => Err(nothing_came(companion.statements(session.now()).is_empty())),
    }
}

fn nothing_came(is_empty: bool) -> Failure {
    let message = match is_empty {
        true => "No request came.",
        false => "Nothing was decided. What is open stays open until its time is over.",
    };
    Failure::new("nothing_came", message)
}

/// The one code of a sign-in page's picture.
fn read_code(image: &Source) -> Result<countersign_core::secret::SecretText, Failure> {
    let mut symbols = images::read(image)?;
    match (symbols.pop(), symbols.is_empty()) {
        (Some(symbol), true) => Ok(symbol.text),
        _ => Err(Failure::new(
            "several_codes",
            "There are several codes in the image. Cut out the sign-in page's one.",
        )),
    }
}

fn answer_scanned(
    session: &Session,
    companion: &mut Companion,
    args: &ApproveArgs,
    text: &countersign_core::secret::SecretText,
) -> Result<(), Failure> {
    let id = scan(session, companion, text)?;
    let view = companion.statement(id, session.now())?;
    if view.outcome.is_some() {
        Teller::new(session.console()).ended(id, Some(&view))?;
        return Err(Failure::new(
            "request_ended",
            "The request has ended already. Nothing was sent.",
        ));
    }
    serve(session, companion, args, None, Goal::End(id))
}

fn scan(
    session: &Session,
    companion: &mut Companion,
    text: &countersign_core::secret::SecretText,
) -> Result<StatementId, Failure> {
    // EXPOSE: the code is a signed request, to be verified.
    Ok(companion.scan_statement(text.expose(), session.test_mode(), session.now())?)
}

/// R14: without a network the request is shown, and after the person's word the digits for the page.
fn offline(
    session: &Session,
    companion: &mut Companion,
    text: &countersign_core::secret::SecretText,
) -> Result<Report, Failure> {
    let id = scan(session, companion, text)?;
    let view = companion.statement(id, session.now())?;
    let console = session.console();
    if !console.can_ask() {
        return Err(Failure::new(
            "not_confirmed",
            "A response is only shown to somebody who has seen the request. Run it on a terminal.",
        ));
    }
    console.say(&request::shown_card(&view))?;
    if !console.confirm("Is this you, and is it what you want?", false)? {
        return Err(Failure::new("not_confirmed", "No response was made."));
    }
    let response = companion.offline_response(id, &NoDeviceKeys, session.now())?;
    // EXPOSE: the response is what was asked for.
    let digits = response.expose();
    Ok(Report::new()
        .changed()
        .member("id", hex(id.bytes()))
        .member("response", digits)
        .text(format!(
            "Type this into the sign-in page: {}\n",
            grouped(digits)
        )))
}
