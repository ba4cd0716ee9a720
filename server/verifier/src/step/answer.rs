//! `cs-answer`: the decision over a statement. One end a statement; the same answer gets the same receipt.

use countersign_protocol::envelope::{Compact, Verified};
use countersign_protocol::hash::{Id, Thumbprint};
use countersign_protocol::kind::Kind;
use countersign_protocol::message::{Act, Answer, Decision, Ended, Outcome, RemovedWhy, Via};
use countersign_protocol::problem::Problem;

use super::receipt::outline;
use super::{Answered, StepError, Turn};
use crate::event::Fact;
use crate::person::{Asked, By, End, Stage};
use crate::reply::Reply;

/// An answer that passed its checks.
struct Given<'a> {
    device: Thumbprint,
    by: By,
    message: &'a Verified,
    answer: &'a Answer,
}

impl Turn<'_> {
    pub(super) fn answer(
        &mut self,
        id: Thumbprint,
        message: &Verified,
        answer: &Answer,
    ) -> Answered<Reply> {
        if answer.account != self.person.account {
            return Err(Problem::UnknownDevice.into());
        }
        let Some(device) = self.person.device(&id) else {
            return Err(Problem::UnknownDevice.into());
        };
        let asked = self.person.statement(&answer.statement);
        let is_it = |asked: &&Asked| asked.hash == answer.statement_hash && asked.is_for(&id);
        let asked = asked.filter(is_it).ok_or(Problem::UnknownStatement)?;
        let may_answer = match &device.stage {
            Stage::Active { .. } => true,
            Stage::Confirmed { test, .. } => *test == asked.id,
            _ => false,
        };
        let is_open = asked.is_open();
        let by = By {
            device: id,
            key: message.key().thumbprint(),
            name: device.name.clone(),
        };
        let given = Given {
            device: id,
            by,
            message,
            answer,
        };
        let hash = message.compact().hash();
        if let Some(receipt) = self.receipt_again(&answer.statement, &hash, &id)? {
            return Ok(Reply::Receipt(receipt));
        }
        if !may_answer {
            return Err(Problem::NotActive.into());
        }
        let receipt = match is_open {
            true => self.decide(given)?,
            false => self.answer_late(&given)?,
        };
        Ok(Reply::Receipt(receipt))
    }

    /// An answer to a statement that has ended: its end stands, and a report is still noted, once.
    fn answer_late(&mut self, given: &Given<'_>) -> Answered<Compact> {
        let id = given.answer.statement;
        let is_report = given.answer.decision == Decision::Report;
        let asked = self.person.statement_mut(&id);
        let is_news = is_report && asked.is_some_and(Asked::report);
        let receipt = self.receipt_of_end(&id, &given.device)?;
        let receipt = receipt.ok_or(Problem::UnknownStatement)?;
        if is_news {
            self.remember(given, &receipt)?;
            self.report(given, &receipt)?;
        }
        Ok(receipt)
    }

    fn decide(&mut self, given: Given<'_>) -> Result<Compact, StepError> {
        let (id, device) = (given.answer.statement, given.device);
        self.compare_lines(&given)?;
        let receipt = match &given.answer.decision {
            Decision::Approve { number } => {
                let is_right = self
                    .person
                    .statement(&id)
                    .is_some_and(|asked| asked.number.0 == *number);
                match is_right {
                    true => self.end_by(&given, Outcome::Approved, None)?,
                    false => self.wrong_number(&given)?,
                }
            }
            Decision::Deny => self.end_by(&given, Outcome::Denied, None)?,
            Decision::Cancel => self.end_by(&given, Outcome::Cancelled, None)?,
            Decision::Report => {
                let receipt = self.end_by(&given, Outcome::Reported, None)?;
                self.report(&given, &receipt)?;
                receipt
            }
        };
        self.remember(&given, &receipt)?;
        self.after_answer(&id, &device)?;
        Ok(receipt)
    }

    /// What an end means beyond the statement.
    fn after_answer(&mut self, id: &Id, device: &Thumbprint) -> Result<(), StepError> {
        let Some(asked) = self.person.statement(id) else {
            return Ok(());
        };
        let Some(end) = &asked.end else {
            return Ok(());
        };
        match (asked.act, end.outcome, end.left) {
            (Act::Test, Outcome::Approved, _) => self.activate(device),
            (Act::Test, Outcome::Denied, Some(0)) => self.remove(device, RemovedWhy::WrongCheck),
            (Act::Test, ..) if self.person.newcomer().is_some_and(|new| new.id == *device) => {
                self.end_move()
            }
            (Act::Test, ..) => Ok(()),
            (_, Outcome::Approved, _) => {
                self.person.calm.approved();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn wrong_number(&mut self, given: &Given<'_>) -> Result<Compact, StepError> {
        let (id, now) = (given.answer.statement, self.now());
        let Some(asked) = self.person.statement_mut(&id) else {
            return Err(StepError::Inconsistent);
        };
        asked.tries_left = asked.tries_left.saturating_sub(1);
        let (left, act) = (asked.tries_left, asked.act);
        self.tell(Fact::WrongNumber {
            statement: id,
            device: given.device,
            left,
        })?;
        // A test is about its device alone: who guesses there guesses at no sign-in.
        let is_one_too_many = act != Act::Test && self.person.calm.wrong_number(now);
        if is_one_too_many {
            let until = self
                .person
                .calm
                .suspended()
                .and_then(|suspended| suspended.until);
            self.tell(Fact::Suspended { until })?;
            self.end_move()?;
        }
        if left == 0 {
            let receipt = self.end_by(given, Outcome::Denied, Some(0))?;
            if is_one_too_many {
                self.withdraw_all()?;
            }
            return Ok(receipt);
        }
        if is_one_too_many {
            self.withdraw_all()?;
            let receipt = self.receipt_of_end(&id, &given.device)?;
            return receipt.ok_or(StepError::Inconsistent);
        }
        self.receipt_of_try(given, left)
    }

    /// The receipt of a wrong number that is not the last.
    fn receipt_of_try(&self, given: &Given<'_>, left: u8) -> Result<Compact, StepError> {
        let asked = self.person.statement(&given.answer.statement);
        let device = self.person.device(&given.device);
        let (Some(asked), Some(device)) = (asked, device) else {
            return Err(StepError::Inconsistent);
        };
        let mut receipt = outline(asked, Outcome::WrongNumber, self.now());
        receipt.answer_hash = Some(given.message.compact().hash());
        receipt.by = Some(Ended {
            key: given.by.key,
            name: given.by.name.clone(),
        });
        receipt.via = Some(Via::Online);
        receipt.left = Some(left);
        let key = self
            .desk
            .keys
            .for_reader(device.documents.known_keys(), self.now());
        Self::sign(key, Kind::Receipt, &receipt.to_claims())
    }

    fn end_by(
        &mut self,
        given: &Given<'_>,
        outcome: Outcome,
        left: Option<u8>,
    ) -> Result<Compact, StepError> {
        let (id, answer) = (given.answer.statement, given.message.compact().hash());
        let end = End {
            outcome,
            at: self.now(),
            left,
            answer: Some(answer),
            by: Some(By {
                device: given.device,
                key: given.by.key,
                name: given.by.name.clone(),
            }),
            via: Some(Via::Online),
            is_reported: outcome == Outcome::Reported,
            receipts: vec![],
        };
        self.end(&id, end);
        let receipt = self.receipt_of_end(&id, &given.device)?;
        let receipt = receipt.ok_or(StepError::Inconsistent)?;
        self.tell(Fact::Ended {
            statement: id,
            hash: given.answer.statement_hash,
            outcome,
            device: Some(given.device),
            via: Some(Via::Online),
            answer: Some(answer),
            receipt: Some(receipt.as_str().to_owned()),
        })?;
        Ok(receipt)
    }

    fn report(&mut self, given: &Given<'_>, receipt: &Compact) -> Result<(), StepError> {
        let now = self.now();
        let Some(asked) = self.person.statement(&given.answer.statement) else {
            return Ok(());
        };
        let outcome = asked
            .end
            .as_ref()
            .map_or(Outcome::Reported, |end| end.outcome);
        // A device that is not active yet cannot quieten those that are.
        if asked.act != Act::Test {
            self.person.calm.reported(now);
            // Somebody else may have begun it.
            self.end_move()?;
        }
        self.tell(Fact::Reported {
            statement: given.answer.statement,
            hash: given.answer.statement_hash,
            outcome,
            device: given.device,
            answer: given.message.compact().as_str().to_owned(),
            receipt: receipt.as_str().to_owned(),
        })
    }

    fn compare_lines(&mut self, given: &Given<'_>) -> Result<(), StepError> {
        let asked = self.person.statement(&given.answer.statement);
        let is_else = asked.is_some_and(|asked| asked.shown != given.answer.shown);
        match is_else {
            true => self.tell(Fact::ShownElse {
                statement: given.answer.statement,
                device: given.device,
            }),
            false => Ok(()),
        }
    }

    /// Keeps the receipt for when the same bytes come again.
    fn remember(&mut self, given: &Given<'_>, receipt: &Compact) -> Result<(), StepError> {
        let answer = given.message.compact().hash();
        self.keep_receipt(&given.answer.statement, answer, receipt)
    }
}
