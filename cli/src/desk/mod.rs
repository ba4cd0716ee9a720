//! The desk: where a person sits and answers requests, while the driver speaks with the servers.
//!
//! Everything that is said follows from how the vault stands now against how it stood at the last look, so that it does not
//! matter which process took a server's answer.

mod decided;
mod input;
mod news;
mod question;
mod queue;
mod said;
mod teller;

use std::time::Duration;

use countersign_core::approval::{
    ApprovalError, CannotApprove, Decision, Event, Lane, StatementId, StatementView, Unreachable,
    WorkView,
};
use countersign_core::companion::Companion;
use countersign_core::device::NoDeviceKeys;
use countersign_core::time::UnixSeconds;
use countersign_core::vault::RecordId;

use crate::driver::{self, Driver, Trouble, Turn};
use crate::failure::Failure;
use crate::session::Session;
use crate::work::{refused_failure, request, unreachable_failure};

use decided::Decided;
pub(crate) use input::{Heard, Input};
use news::News;
use queue::{Change, Choice, Queue};
use said::Said;
pub(crate) use teller::Teller;

/// How often the countdown moves, and what other processes did is looked for.
const LOOK_EVERY: Duration = Duration::from_secs(1);

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
    /// Nothing was decided in the time that was given, or nothing more can be.
    NothingCame,
}

/// The desk.
pub(crate) struct Desk<'a> {
    session: &'a Session,
    driver: Driver<'a>,
    input: Input,
    teller: Teller,
    queue: Queue,
    ended: Vec<StatementId>,
    /// Accounts whose test has ended: they have still to hear that they work.
    tested: Vec<RecordId>,
    news: News,
    said: driver::Said,
    /// Answers that are on their way.
    answers: usize,
    /// What was decided here.
    decided: Decided,
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
            queue: Queue::new(),
            ended: Vec::new(),
            tested: Vec::new(),
            news: News::new(),
            said: driver::Said::new(),
            answers: 0,
            decided: Decided::new(),
            looks: 0,
        }
    }

    /// Serves until the goal is reached, the person ends it, nothing was decided for `patience`, or a script has said everything
    /// and nothing of it is on its way any more.
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
            let is_over = self.input.is_over();
            // What was decided is waited for, but by a script that has gone not for ever.
            if self.decided.has_news(is_over) || now < last {
                last = now;
            }
            if is_over && !self.is_awaited(goal) {
                return Ok(self.decided.end(goal, &self.ended));
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

    /// Whether an account's server may have taken something that this desk sent.
    pub(crate) fn may_be_taken(&self, account: RecordId) -> bool {
        self.driver.may_be_taken(account)
    }

    /// What is only worth a word when it happens; all else is seen at the next look.
    fn happened(&mut self, companion: &Companion, event: &Event) -> Result<(), Failure> {
        let Event::Replaced { account, earlier } = event else {
            return Ok(());
        };
        let view = companion.work_account(*account, self.session.now()).ok();
        self.say(|teller| teller.replaced(view.as_ref(), *account, *earlier))
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
        self.decided.look(&open);
        self.tell_ended(companion, &open, now)?;
        for view in &open {
            match self.queue.follow(view) {
                Change::Came => self.say(|teller| teller.came(view))?,
                Change::Tries => self.say(|teller| teller.tries(view))?,
                Change::Nothing => {}
            }
        }
        self.give_turn(&open)
    }

    fn tell_account(&mut self, view: &WorkView) -> Result<(), Failure> {
        if self.news.is_new(view) {
            self.say(|teller| teller.account(view))?;
        }
        let tidings = self.said.tidings(view.id, self.driver.trouble_of(view));
        tidings.map_or(Ok(()), |tidings| {
            self.say(|teller| teller.server(view, tidings))
        })
    }

    fn tell_ended(
        &mut self,
        companion: &Companion,
        open: &[StatementView],
        now: UnixSeconds,
    ) -> Result<(), Failure> {
        for id in self.queue.take_ended(open) {
            self.ended.push(id);
            let view = companion.statement(id, now).ok();
            let test = view.as_ref().filter(|view| view.is_test);
            self.tested.extend(test.map(|view| view.account));
            self.say(|teller| teller.ended(id, view.as_ref()))?;
        }
        Ok(())
    }

    /// Puts the card of the request whose turn it is before the person.
    fn give_turn(&mut self, open: &[StatementView]) -> Result<(), Failure> {
        let now = self.session.now();
        let is_silent = |account| self.driver.is_silent(account);
        let choice = self.queue.choose(open, now, is_silent);
        if choice != Choice::Same {
            // What was typed for the one before is not meant for this one.
            self.input.forget();
        }
        match choice {
            Choice::Next { view, others } => self.say(|teller| teller.card(view, others)),
            Choice::Same | Choice::Nobody => Ok(()),
        }
    }

    /// Whether something can still come of what a script has said, or somebody else before it: an end, or what follows a test's.
    fn is_awaited(&self, goal: Goal) -> bool {
        let has_tested = goal == Goal::FirstEnd && !self.tested.is_empty();
        self.answers > 0 || has_tested
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
                return Ok(self.ended.contains(&id) || !self.queue.has(id));
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
        match self.driver.trouble(id) {
            // Nothing better will come of trying again.
            Some(Trouble::Silent(why @ Some(Unreachable::Redirect | Unreachable::Certificate))) => {
                Err(unreachable_failure(host, why))
            }
            // Before that nobody who cannot see it waits. What an earlier program has met is no answer to this one.
            Some(Trouble::Silent(why)) if needs_check => Err(unreachable_failure(host, why)),
            Some(Trouble::Refused(cause)) if needs_check => Err(refused_failure(host, cause)),
            _ => Ok(false),
        }
    }

    fn show_prompt(&mut self, companion: &Companion) {
        let now = self.session.now();
        let shown = self.queue.shown();
        let view = shown.and_then(|id| companion.statement(id, now).ok());
        let is_sent = self.queue.is_sent();
        let question = question::question(view.as_ref(), is_sent, self.answers, self.looks);
        self.input.draw(&question);
    }

    /// Takes what was typed; true when the person ends it.
    fn hear(&mut self, companion: &mut Companion) -> Result<bool, Failure> {
        for heard in self.input.read() {
            let said = match heard {
                Heard::End => return Ok(true),
                Heard::Escape => {
                    self.queue.skip();
                    continue;
                }
                Heard::Line(line) => said::typed(&line),
                Heard::Document(line) => said::document(&line),
            };
            match said {
                Said::Quit => return Ok(true),
                Said::Nothing(why) => self.say(|teller| teller.nothing(None, why))?,
                Said::Decision { id, decision } => match id.or(self.queue.shown()) {
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
        decision: &Decision,
    ) -> Result<(), Failure> {
        let now = self.session.now();
        let view = companion.statement(id, now).ok();
        let is_unknown = view.is_some_and(|view| !request::may_cancel(&view));
        let done = match (decision, is_unknown) {
            (Decision::Cancel, true) => Err(ApprovalError::Unknown),
            _ => companion.decide(id, decision, &NoDeviceKeys, now),
        };
        match done {
            Ok(()) => {
                self.decided.add(id);
                if self.queue.answered(id, self.session.now()) {
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

    fn say(&mut self, tell: impl FnOnce(&Teller) -> Result<(), Failure>) -> Result<(), Failure> {
        self.input.clear();
        tell(&self.teller)
    }
}
