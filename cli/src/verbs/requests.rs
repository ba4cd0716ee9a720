//! `requests`: what is open, the oldest first.

use std::time::Duration;

use countersign_core::approval::{Attention, Lane, StatementView};
use countersign_core::companion::Companion;
use serde_json::Value;

use crate::args::RequestsArgs;
use crate::driver::Driver;
use crate::failure::Failure;
use crate::findings;
use crate::report::Report;
use crate::session::Session;
use crate::work::{request, request_to_json, unreachable_words};

/// How long servers are given to say what is open.
const PATIENCE_S: u64 = 10;

/// Lists them.
///
/// # Errors
///
/// Those of unlocking.
pub(crate) fn run(session: &Session, args: &RequestsArgs) -> Result<Report, Failure> {
    session.with_vault(|companion| {
        let mut notes = Vec::new();
        if !args.offline {
            notes = ask(session, companion)?;
        }
        let open = companion.statements(session.now());
        let members: Vec<Value> = open
            .iter()
            .map(|view| request_to_json(view).into())
            .collect();
        let mut report = Report::new().member("requests", members).text(words(&open));
        for note in notes {
            report = report.note(note);
        }
        Ok(findings::describe_for_one(report, companion.findings()))
    })
}

/// Asks each server once.
fn ask(session: &Session, companion: &mut Companion) -> Result<Vec<String>, Failure> {
    let mut driver = Driver::new(session, Attention::Looking)?;
    let begun = session.now();
    loop {
        let views = companion.work_accounts(session.now());
        let mut awaited = views.iter().filter(|view| {
            let is_asked = view.trashed_at.is_none() && !view.standing.is_end();
            let has_come =
                driver.answers(view.id, Lane::Ask) > 0 || driver.why_unreachable(view.id).is_some();
            is_asked && !has_come
        });
        let left_s = PATIENCE_S.saturating_sub(session.now().since(begun));
        if awaited.next().is_none() || left_s == 0 {
            return Ok(views
                .iter()
                .filter_map(|view| unreachable_words(view, driver.why_unreachable(view.id)))
                .collect());
        }
        driver.turn(companion, None, Duration::from_secs(left_s))?;
    }
}

fn words(open: &[StatementView]) -> String {
    if open.is_empty() {
        return "No request is open.\n".into();
    }
    open.iter()
        .map(|view| {
            format!(
                "{}  {}  {}, {} left\n",
                crate::work::hex(view.id.bytes()),
                request::title(view),
                request::summary(view),
                request::left_words(view.left_s)
            )
        })
        .collect()
}
