//! `watch`: asks the servers all the time and shows a notification for each request. It answers nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use countersign_core::approval::{Attention, CannotApprove, StatementId, StatementView};
use countersign_core::companion::Companion;
use countersign_core::vault::RecordId;
use serde_json::{Map, Value, json};

use crate::args::WatchArgs;
use crate::dates;
use crate::driver::{Driver, Said};
use crate::failure::Failure;
use crate::notices::{Loudness, Notice, Notices};
use crate::report::Report;
use crate::session::Session;
use crate::work::{account, hex, request, tidings_name, tidings_to_json, tidings_words};

/// How often what other processes did is looked for.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// What to do about a request, in our own words alone: desktops read markup in a notification's text.
const ANSWER: &str = "Answer it with `countersign approve`.";

/// Watches until it is ended.
///
/// # Errors
///
/// Those of unlocking; `locked` when the password is changed elsewhere.
pub(crate) fn run(session: &Session, args: &WatchArgs) -> Result<Report, Failure> {
    session.with_vault(|companion| {
        if session.console().is_json() {
            session.console().interrupts().streams_documents();
        }
        let failed = watch(session, args, companion).err();
        if let (true, Some(failure)) = (session.console().is_json(), &failed) {
            let line = json!({"event": "error", "error": failure.to_json()});
            session.console().document(&line)?;
        }
        Ok(Report::streamed().fail(failed))
    })
}

fn watch(session: &Session, args: &WatchArgs, companion: &mut Companion) -> Result<(), Failure> {
    let notices = if args.quiet {
        None
    } else {
        let notices = Notices::connect().ok().map(Arc::new);
        match &notices {
            Some(notices) => {
                let notices = Arc::downgrade(notices);
                let end = move || drop(notices.upgrade().inspect(|notices| notices.end()));
                session.console().interrupts().do_at_end(end);
            }
            None => session
                .console()
                .note("There is no desktop that shows notifications; requests are printed only."),
        }
        notices
    };
    let mut driver = Driver::new(session, Attention::Waiting)?;
    let mut watch = Watch {
        session,
        notices,
        open: BTreeMap::new(),
        cards: BTreeMap::new(),
        said: Said::new(),
    };
    watch.look(companion, Knows::Already)?;
    loop {
        watch.look(companion, Knows::SinceNow)?;
        watch.look_at_servers(companion, &driver)?;
        driver.turn(companion, None, LOOK_EVERY)?;
    }
}

/// Since when the vault knows of what is open and was not seen yet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Knows {
    /// From before this program began: it has rung when it came, or was not to.
    Already,
    /// It came while this program watches.
    SinceNow,
}

/// A request that was seen.
struct Seen {
    account: RecordId,
    reference: String,
    title: String,
    is_quiet: bool,
    /// Whether somebody is to know that it waits.
    waits: bool,
    notice: Option<Notice>,
}

/// The one card of an account's quiet requests.
#[derive(Default)]
struct Card {
    notice: Option<Notice>,
    count: usize,
}

/// Whether a request waits for somebody to answer it.
const fn waits(view: &StatementView) -> bool {
    !matches!(
        view.cannot_approve,
        Some(CannotApprove::Expired | CannotApprove::Answered | CannotApprove::Ended)
    )
}

struct Watch<'a> {
    session: &'a Session,
    notices: Option<Arc<Notices>>,
    open: BTreeMap<StatementId, Seen>,
    cards: BTreeMap<RecordId, Card>,
    said: Said,
}

impl Watch<'_> {
    /// Tells which servers give no answer that can be taken, and which do again. Nobody is called to it.
    fn look_at_servers(
        &mut self,
        companion: &Companion,
        driver: &Driver<'_>,
    ) -> Result<(), Failure> {
        for view in companion.work_accounts(self.session.now()) {
            let Some(tidings) = self.said.tidings(view.id, driver.trouble_of(&view)) else {
                continue;
            };
            let mut members = tidings_to_json(tidings);
            members.insert("account".into(), view.id.to_string().into());
            let words = format!(
                "{}  {}",
                account::title(&view),
                tidings_words(&view, tidings)
            );
            self.print(tidings_name(tidings), &words, members.into())?;
        }
        Ok(())
    }

    /// Tells what has come and what has ended.
    fn look(&mut self, companion: &Companion, knows: Knows) -> Result<(), Failure> {
        let open = companion.statements(self.session.now());
        for view in &open {
            if !self.open.contains_key(&view.id) {
                self.came(view, view.is_quiet || knows == Knows::Already)?;
            }
        }
        let ended: Vec<StatementId> = self
            .open
            .keys()
            .filter(|id| open.iter().all(|view| view.id != **id))
            .copied()
            .collect();
        for id in ended {
            self.ended(companion, id)?;
        }
        let accounts = companion.work_accounts(self.session.now()).into_iter();
        let muted = accounts.filter(|account| account.muted_until.is_some());
        let muted: BTreeSet<RecordId> = muted.map(|account| account.id).collect();
        for view in &open {
            self.stays(view, muted.contains(&view.account));
        }
        self.count_quiet();
        Ok(())
    }

    /// Nobody is called any more to what is answered, or over: also where its server cannot say yet how it ended. After a report
    /// nobody is called at all for a while.
    fn stays(&mut self, view: &StatementView, is_muted: bool) {
        let Some(seen) = self.open.get_mut(&view.id) else {
            return;
        };
        seen.waits = waits(view) && !is_muted;
        seen.is_quiet |= is_muted;
        if let (Some(notices), false) = (&self.notices, seen.waits)
            && let Some(notice) = seen.notice.take()
        {
            notices.close(notice);
        }
    }

    fn came(&mut self, view: &StatementView, is_quiet: bool) -> Result<(), Failure> {
        let title = request::title(view);
        let notice = match (&self.notices, is_quiet || !waits(view)) {
            (Some(notices), false) => {
                let title = format!("Sign-in request: {title}");
                notices.show(None, &title, ANSWER, Loudness::Rings).ok()
            }
            _ => None,
        };
        let what = if is_quiet { "queued" } else { "rings" };
        self.print(
            what,
            &title,
            json!({
                "id": hex(view.id.bytes()),
                "jti": view.reference.as_str(),
                "account": view.account.to_string(),
            }),
        )?;
        let seen = Seen {
            account: view.account,
            reference: view.reference.as_str().to_owned(),
            title,
            is_quiet,
            waits: waits(view),
            notice,
        };
        self.open.insert(view.id, seen);
        Ok(())
    }

    fn ended(&mut self, companion: &Companion, id: StatementId) -> Result<(), Failure> {
        let Some(seen) = self.open.remove(&id) else {
            return Ok(());
        };
        if let (Some(notices), Some(notice)) = (&self.notices, seen.notice) {
            notices.close(notice);
        }
        let view = companion.statement(id, self.session.now()).ok();
        let outcome = view
            .as_ref()
            .and_then(|view| view.outcome.as_ref())
            .map(request::outcome_name);
        let words = format!(
            "{}  {}",
            seen.title,
            outcome.unwrap_or("unknown").replace('_', " ")
        );
        self.print(
            "ended",
            &words,
            json!({
                "id": hex(id.bytes()),
                "jti": seen.reference,
                "account": seen.account.to_string(),
                "outcome": outcome,
            }),
        )
    }

    /// R11: however many wait quietly, they are one card an account.
    fn count_quiet(&mut self) {
        let mut counts: BTreeMap<RecordId, (usize, &str)> = BTreeMap::new();
        let waiting = self.open.values().filter(|seen| seen.waits);
        for seen in waiting.filter(|seen| seen.is_quiet) {
            let entry = counts.entry(seen.account).or_insert((0, &seen.title));
            entry.0 = entry.0.saturating_add(1);
        }
        let Some(notices) = &self.notices else {
            return;
        };
        for (account, (count, title)) in &counts {
            let card = self.cards.entry(*account).or_default();
            if card.count == *count {
                continue;
            }
            card.count = *count;
            let title = match count {
                1 => format!("1 request waits quietly: {title}"),
                count => format!("{count} requests wait quietly: {title}"),
            };
            if let Ok(shown) = notices.show(card.notice, &title, ANSWER, Loudness::Quiet) {
                card.notice = Some(shown);
            }
        }
        self.cards.retain(|account, card| {
            let stays = counts.contains_key(account);
            if let (false, Some(notice)) = (stays, card.notice) {
                notices.close(notice);
            }
            stays
        });
    }

    /// One line an event.
    fn print(&self, event: &str, words: &str, members: Value) -> Result<(), Failure> {
        let console = self.session.console();
        let now = self.session.now();
        if !console.is_json() {
            let at = dates::minute(now);
            let event = event.replace('_', " ");
            return console.say_sentences(&format!("{at}  {event}  {words}\n"));
        }
        let mut line = Map::new();
        line.insert("event".into(), event.into());
        line.insert("at".into(), now.0.into());
        if let Value::Object(members) = members {
            line.extend(members);
        }
        console.document(&Value::Object(line))
    }
}
