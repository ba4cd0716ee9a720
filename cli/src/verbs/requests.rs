//! `requests`: what is open, the oldest first.

use std::time::Duration;

use countersign_core::approval::{Attention, Lane, StatementView, Unreachable, WorkView};
use countersign_core::companion::Companion;
use countersign_core::vault::RecordId;
use serde_json::Value;

use crate::args::RequestsArgs;
use crate::driver::{Driver, Trouble};
use crate::failure::Failure;
use crate::findings;
use crate::report::Report;
use crate::session::Session;
use crate::work::{request, request_to_json, trouble_name, trouble_to_json, trouble_words};

/// How long servers are given to say what is open.
const PATIENCE_S: u64 = 10;

/// Lists them.
///
/// # Errors
///
/// Those of unlocking.
pub(crate) fn run(session: &Session, args: &RequestsArgs) -> Result<Report, Failure> {
    session.with_vault(|companion| {
        let asked = match args.offline {
            true => Vec::new(),
            false => ask(session, companion)?,
        };
        let open = companion.statements(session.now());
        let members: Vec<Value> = open
            .iter()
            .map(|view| request_to_json(view).into())
            .collect();
        let stale: Vec<Value> = asked.iter().map(Stale::to_json).collect();
        let mut report = Report::new()
            .member("requests", members)
            .member("stale", stale)
            .text(words(&open));
        for stale in asked {
            report = report.note(stale.words);
        }
        Ok(findings::describe_for_one(report, companion.findings()))
    })
}

/// A server that did not say what is open, so that what is shown of its account is what was known before.
struct Stale {
    account: RecordId,
    trouble: Trouble,
    words: String,
}

impl Stale {
    fn new(view: &WorkView, trouble: Trouble) -> Self {
        Self {
            account: view.id,
            trouble,
            words: trouble_words(view, trouble),
        }
    }

    fn to_json(&self) -> Value {
        let mut object = trouble_to_json(self.trouble);
        object.insert("account".into(), self.account.to_string().into());
        object.insert("is".into(), trouble_name(self.trouble).into());
        object.into()
    }
}

/// Asks each server once.
fn ask(session: &Session, companion: &mut Companion) -> Result<Vec<Stale>, Failure> {
    let mut driver = Driver::new(session, Attention::Looking)?;
    let begun = session.now();
    loop {
        let views = companion.work_accounts(session.now());
        let is_awaited = |view: &&WorkView| {
            let is_asked = view.trashed_at.is_none() && !view.standing.is_end();
            let has_come =
                driver.answers(view.id, Lane::Ask) > 0 || driver.why_unreachable(view.id).is_some();
            is_asked && !has_come
        };
        let left_s = PATIENCE_S.saturating_sub(session.now().since(begun));
        if left_s == 0 || !views.iter().any(|view| is_awaited(&view)) {
            let stale = views.iter().filter_map(|view| {
                let is_late = is_awaited(&view);
                let late = is_late.then_some(Trouble::Silent(Some(Unreachable::TimedOut)));
                Some(Stale::new(view, driver.trouble(view.id).or(late)?))
            });
            return Ok(stale.collect());
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
