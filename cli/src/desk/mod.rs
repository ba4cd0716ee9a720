//! The desk: where a person sits and answers requests, while the driver speaks with the servers.
//!
//! Everything that is said follows from how the vault stands now against how it stood at the last look, so that it does not
//! matter which process took a server's answer.

mod input;
mod news;
mod question;
mod said;
mod teller;

use std::collections::BTreeMap;
use std::time::Duration;

use countersign_core::approval::{
    ApprovalError, CannotApprove, Cause, Event, Lane, StatementId, StatementView, Unreachable,
    WorkView,
};
use countersign_core::companion::Companion;
use countersign_core::device::NoDeviceKeys;
use countersign_core::time::UnixSeconds;
use countersign_core::vault::RecordId;

use crate::driver::{Driver, Turn};
use crate::failure::Failure;
use crate::session::Session;
use crate::work::{refused_failure, unreachable_failure};

pub(crate) use input::{Heard, Input};
use news::News;
use said::Said;
pub(crate) use teller::Teller;

/// How often the countdown moves, and what other processes did is looked for.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How long a server may take to confirm an answer before the next request comes before the person.
const CONFIRMED_WITHIN_S: u64 = 5;

/// What the desk is kept for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Goal {
    /// Until the person ends it.
    None,
    /// Until the first request has ended.
    FirstEnd,
    /// Until this request has ended.
    End(StatementId),
    /// Until this account has its check number, and its server too.
    Check(RecordId),
    /// Until this account works.
    Works(RecordId),
}

/// How it ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Ended {
    /// The goal was reached, or nothing can come of it any more.
    Done,
    /// The person ended it.
    Quit,
    /// Nothing came in the time that was given.
    NothingCame,
}

/// What was told of a request.
#[derive(Debug, Default)]
struct Followed {
    tries_left: Option<u8>,
    is_skipped: bool,
}

/// The desk.
pub(crate) struct Desk<'a> {
    session: &'a Session,
    driver: Driver<'a>,
    input: Input,
    teller: Teller,
    /// Whose card is before the person.
    shown: Option<StatementId>,
    followed: BTreeMap<StatementId, Followed>,
    /// What was answered here and has still to be confirmed, and since when.
    sent: Option<(StatementId, UnixSeconds)>,
    ended: Vec<StatementId>,
    /// Accounts whose test has ended: they have still to hear that they work.
    tested: Vec<RecordId>,
    /// Why the last answer of an account's server was refused.
    refused: BTreeMap<RecordId, Cause>,
    news: News,
    /// Answers that are on their way.
    answers: usize,
    looks: u64,
}

impl<'a> Desk<'a> {
    /// A desk at which nobody has sat yet.
    pub(crate) const fn new(
        session: &'a Session,
        driver: Driver<'a>,
        input: Input,
        teller: Teller,
    ) -> Self {
        Self {
            session,
            driver,
            input,
            teller,
            shown: None,
            followed: BTreeMap::new(),
            sent: None,
            ended: Vec::new(),
            tested: Vec::new(),
            refused: BTreeMap::new(),
            news: News::new(),
            answers: 0,
            looks: 0,
        }
    }

    /// Serves until the goal is reached, the person ends it, or nothing came for `patience`.
    ///
    /// # Errors
    ///
    /// What the vault says; `redirected`, `untrusted_server`, `unreachable`, `refused_reply` where the goal is an account whose
    /// server gives no answer, or none that can be taken, and nobody can wait for it.
    pub(crate) fn serve(
        &mut self,
        companion: &mut Companion,
        goal: Goal,
        patience: Option<Duration>,
    ) -> Result<Ended, Failure> {
        let mut last = self.session.now();
        loop {
            self.look(companion)?;
            if self.is_reached(companion, goal)? {
                return Ok(Ended::Done);
            }
            let now = self.session.now();
            if !self.followed.is_empty() || now < last {
                last = now;
            }
            if patience.is_some_and(|patience| now.since(last) >= patience.as_secs()) {
                return Ok(Ended::NothingCame);
            }
            self.show_prompt(companion);
            match self
                .driver
                .turn(companion, self.input.descriptor(), LOOK_EVERY)?
            {
                Turn::Events(events) => {
                    for event in &events {
                        self.happened(companion, event)?;
                    }
                }
                Turn::Input => {
                    if self.hear(companion)? {
                        return Ok(Ended::Quit);
                    }
                }
                Turn::Time => {}
            }
        }
    }

    /// What is only worth a word when it happens; all else is seen at the next look.
    fn happened(&mut self, companion: &Companion, event: &Event) -> Result<(), Failure> {
        let now = self.session.now();
        match event {
            Event::Refused { account, cause } => {
                self.refused.insert(*account, *cause);
                let view = companion.work_account(*account, now).ok();
                self.say(|teller| teller.refused(view.as_ref(), *account, *cause))
            }
            Event::Replaced { account, earlier } => {
                let view = companion.work_account(*account, now).ok();
                self.say(|teller| teller.replaced(view.as_ref(), *account, *earlier))
            }
            _ => Ok(()),
        }
    }

    /// Tells what is new.
    fn look(&mut self, companion: &Companion) -> Result<(), Failure> {
        self.looks = self.looks.wrapping_add(1);
        let now = self.session.now();
        for view in companion.work_accounts(now) {
            self.tell_account(&view)?;
        }
        let open = companion.statements(now);
        let is_answered =
            |view: &&StatementView| view.cannot_approve == Some(CannotApprove::Answered);
        self.answers = open.iter().filter(is_answered).count();
        self.tell_ended(companion, &open, now)?;
        for view in &open {
            let is_new = !self.followed.contains_key(&view.id);
            let followed = self.followed.entry(view.id).or_default();
            if is_new {
                followed.tries_left = view.tries_left;
                self.say(|teller| teller.came(view))?;
            } else if followed.tries_left != view.tries_left {
                followed.tries_left = view.tries_left;
                self.say(|teller| teller.tries(view))?;
            }
        }
        self.choose(&open)
    }

    fn tell_account(&mut self, view: &WorkView) -> Result<(), Failure> {
        let why = self.driver.why_unreachable(view.id);
        let new = self.news.of(view, why);
        if new.stands {
            self.say(|teller| teller.account(view))?;
        }
        if new.is_gone {
            self.say(|teller| teller.server(view, why))?;
        }
        Ok(())
    }

    fn tell_ended(
        &mut self,
        companion: &Companion,
        open: &[StatementView],
        now: UnixSeconds,
    ) -> Result<(), Failure> {
        let gone: Vec<StatementId> = self
            .followed
            .keys()
            .filter(|id| open.iter().all(|view| view.id != **id))
            .copied()
            .collect();
        for id in gone {
            self.followed.remove(&id);
            self.ended.push(id);
            let view = companion.statement(id, now).ok();
            let test = view.as_ref().filter(|view| view.is_test);
            self.tested.extend(test.map(|view| view.account));
            self.say(|teller| teller.ended(id, view.as_ref()))?;
        }
        Ok(())
    }

    /// Keeps the card that stands there as long as it can be answered, and takes the oldest one otherwise (R8).
    fn choose(&mut self, open: &[StatementView]) -> Result<(), Failure> {
        if let Some((id, since)) = self.sent {
            match open.iter().find(|view| view.id == id) {
                Some(view) if view.cannot_approve == Some(CannotApprove::Answered) => {
                    // Most servers confirm at once. One that does not keeps nobody from the next request.
                    let is_late = self.session.now().since(since) >= CONFIRMED_WITHIN_S;
                    if !is_late && self.driver.why_unreachable(view.account).is_none() {
                        return Ok(());
                    }
                }
                // The number was wrong: it is before the person again.
                Some(view) => self.shown = Some(view.id),
                None => {}
            }
            self.sent = None;
        }
        let can_be_answered =
            |view: &&StatementView| view.cannot_approve != Some(CannotApprove::Answered);
        let stays = open
            .iter()
            .filter(can_be_answered)
            .any(|view| Some(view.id) == self.shown);
        if stays {
            return Ok(());
        }
        let waiting: Vec<&StatementView> = open.iter().filter(can_be_answered).collect();
        let is_skipped = |view: &&&StatementView| {
            self.followed
                .get(&view.id)
                .is_some_and(|followed| followed.is_skipped)
        };
        let next = waiting
            .iter()
            .find(|view| !is_skipped(view))
            .or_else(|| waiting.first());
        let before = std::mem::replace(&mut self.shown, next.map(|view| view.id));
        if self.shown != before {
            // What was typed for the one before is not meant for this one.
            self.input.forget();
        }
        match next {
            Some(view) => {
                let others = waiting.len().saturating_sub(1);
                self.say(|teller| teller.card(view, others))
            }
            None => Ok(()),
        }
    }

    fn is_reached(&self, companion: &Companion, goal: Goal) -> Result<bool, Failure> {
        let now = self.session.now();
        let (id, needs_check) = match goal {
            Goal::None => return Ok(false),
            Goal::FirstEnd => {
                let is_settled = |id: &RecordId| {
                    let view = companion.work_account(*id, now);
                    !view.is_ok_and(|view| view.standing.is_unfinished())
                };
                return Ok(!self.ended.is_empty() && self.tested.iter().all(is_settled));
            }
            Goal::End(id) => {
                return Ok(self.ended.contains(&id) || !self.followed.contains_key(&id));
            }
            Goal::Check(id) => (id, true),
            Goal::Works(id) => (id, false),
        };
        let view = companion.work_account(id, now)?;
        // The page knows the number only once the server has taken the fetch that reveals it.
        let has_shown = view.check.is_some() && self.driver.answers(id, Lane::Ask) > 0;
        if !view.standing.is_unfinished() || (needs_check && has_shown) {
            return Ok(true);
        }
        let host = view.host.as_str();
        match (self.driver.why_unreachable(id), self.refused.get(&id)) {
            // Nothing better will come of trying again.
            (Some(why @ (Unreachable::Redirect | Unreachable::Certificate)), _) => {
                Err(unreachable_failure(host, Some(why)))
            }
            // Before that nobody who cannot see it waits.
            (why @ Some(_), _) if needs_check => Err(unreachable_failure(host, why)),
            (None, Some(cause)) if needs_check => Err(refused_failure(host, *cause)),
            (None, None) if needs_check && view.unreachable_since.is_some() => {
                Err(unreachable_failure(host, None))
            }
            _ => Ok(false),
        }
    }

    fn show_prompt(&mut self, companion: &Companion) {
        let now = self.session.now();
        let view = self.shown.and_then(|id| companion.statement(id, now).ok());
        let question =
            question::question(view.as_ref(), self.sent.is_some(), self.answers, self.looks);
        self.input.draw(&question);
    }

    /// Takes what was typed; true when the person ends it.
    fn hear(&mut self, companion: &mut Companion) -> Result<bool, Failure> {
        for heard in self.input.read() {
            let said = match heard {
                Heard::End => return Ok(true),
                Heard::Escape => {
                    self.skip();
                    continue;
                }
                Heard::Line(line) => said::typed(&line),
                Heard::Document(line) => said::document(&line),
            };
            match said {
                Said::Quit => return Ok(true),
                Said::Nothing(why) => self.say(|teller| teller.nothing(None, why))?,
                Said::Decision { id, decision } => match id.or(self.shown) {
                    Some(id) => self.decide(companion, id, &decision)?,
                    None => self.say(|teller| {
                        teller.nothing(None, "There is no request. Nothing was sent.")
                    })?,
                },
            }
        }
        Ok(false)
    }

    fn decide(
        &mut self,
        companion: &mut Companion,
        id: StatementId,
        decision: &countersign_core::approval::Decision,
    ) -> Result<(), Failure> {
        match companion.decide(id, decision, &NoDeviceKeys, self.session.now()) {
            Ok(()) => {
                if self.shown == Some(id) {
                    self.shown = None;
                    self.sent = Some((id, self.session.now()));
                    self.input.forget();
                }
                self.say(|teller| teller.sent(id))
            }
            Err(error @ ApprovalError::Vault(_)) => Err(error.into()),
            Err(error) => {
                let failure = Failure::from(error);
                self.say(|teller| teller.not_decided(id, &failure))
            }
        }
    }

    /// Esc: the request stays open, and the next one comes before the person.
    fn skip(&mut self) {
        if let Some(followed) = self.shown.and_then(|id| self.followed.get_mut(&id)) {
            followed.is_skipped = true;
        }
        // When all were left once, they come around again.
        if self.followed.values().all(|followed| followed.is_skipped) {
            for (id, followed) in &mut self.followed {
                followed.is_skipped = Some(*id) == self.shown;
            }
        }
        self.shown = None;
    }

    fn say(&mut self, tell: impl FnOnce(&Teller) -> Result<(), Failure>) -> Result<(), Failure> {
        self.input.clear();
        tell(&self.teller)
    }
}
