//! The server's half: one end for a statement, one reply for an answer.

use super::{Answers, Decision, Fault};
use crate::pair::{Pair, Which};

/// How a statement ended.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Outcome {
    /// With the right number.
    Approved,
    /// By a denial, or by the last wrong number.
    Denied,
    /// By a report.
    Reported,
    /// By time.
    Expired,
}

/// What a receipt says to an answer.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Reply {
    /// The number was wrong, and may be typed again.
    WrongNumber,
    /// What became of the statement.
    End(Outcome),
}

/// The server and its one statement.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Server {
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// Whose answer approved it.
    pub approved_by: Option<Which>,
    /// Wrong numbers that are left.
    pub left: u8,
    /// What each answer was told, by number.
    replies: Pair<[Option<Reply>; 3]>,
    /// Whether it is forgotten, a day after its end.
    pub is_forgotten: bool,
    /// How many reports raised an event.
    pub events: u8,
    /// How many wrong numbers were counted.
    pub counted: u8,
    /// How it ended first.
    pub first_outcome: Option<Outcome>,
}

impl Server {
    pub(super) const fn new(tries: u8) -> Self {
        Self {
            outcome: None,
            approved_by: None,
            left: tries,
            replies: Pair::both([None; 3]),
            is_forgotten: false,
            events: 0,
            counted: 0,
            first_outcome: None,
        }
    }

    /// What the answer was told.
    #[must_use]
    pub fn reply(&self, which: Which, number: u8) -> Option<Reply> {
        let replies = self.replies.of(which);
        replies.get(usize::from(number)).copied().flatten()
    }

    /// An answer arrives; whether a receipt goes out. What is forgotten gets an unsigned refusal, which changes nothing.
    pub(super) fn take(
        &mut self,
        which: Which,
        number: u8,
        decision: Decision,
        model: &Answers,
    ) -> bool {
        if self.is_forgotten {
            return false;
        }
        let is_again = self.reply(which, number).is_some();
        if is_again && !(model.lacks(Fault::CountsTwice) && self.outcome.is_none()) {
            return true;
        }
        let reply = match self.outcome {
            Some(outcome) if !model.lacks(Fault::LaterAnswerDecides) => {
                Reply::End(self.take_late(outcome, decision, model))
            }
            _ => self.judge(which, decision, model),
        };
        if let Some(slot) = self.replies.of_mut(which).get_mut(usize::from(number)) {
            *slot = Some(reply);
        }
        true
    }

    fn judge(&mut self, which: Which, decision: Decision, model: &Answers) -> Reply {
        match decision {
            Decision::ApproveWrong if !model.lacks(Fault::TakesAnyNumber) => {
                self.counted += 1;
                self.left = self.left.saturating_sub(1);
                if self.left > 0 {
                    return Reply::WrongNumber;
                }
                self.end(Outcome::Denied)
            }
            Decision::Approve | Decision::ApproveWrong => {
                self.approved_by = Some(which);
                self.end(Outcome::Approved)
            }
            Decision::Deny => self.end(Outcome::Denied),
            Decision::Report => {
                self.events += 1;
                self.end(Outcome::Reported)
            }
        }
    }

    /// After the end a report is heard, once for a statement, and everything else only learns the end.
    fn take_late(&mut self, outcome: Outcome, decision: Decision, model: &Answers) -> Outcome {
        if decision != Decision::Report {
            return outcome;
        }
        if self.events == 0 || model.lacks(Fault::EachReportRaises) {
            self.events += 1;
        }
        if model.lacks(Fault::ReportDecides) {
            self.outcome = Some(Outcome::Reported);
        }
        self.outcome.unwrap_or(outcome)
    }

    pub(super) fn end(&mut self, outcome: Outcome) -> Reply {
        self.outcome = Some(outcome);
        self.first_outcome.get_or_insert(outcome);
        Reply::End(outcome)
    }
}
