//! `cs-answer`: the decision over a statement. One end a statement; the same answer gets the same receipt.

use countersign_protocol::envelope::{Compact, Received, Verified};
use countersign_protocol::hash::{Id, MessageHash, Thumbprint};
use countersign_protocol::kind::Kind;
use countersign_protocol::message::{Act, Answer, Decision, Ended, Outcome, RemovedWhy, Via};
use countersign_protocol::problem::Problem;

use super::receipt::{outline, stored};
use super::{Answered, StepError, Turn};
use crate::event::Fact;
use crate::person::{self, Asked, By, End, Message, Stage, Tried};
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
        let hash = message.compact().hash();
        if asked.answers.iter().any(|earlier| earlier.hash == hash) {
            let receipt = self.receipt_again(&answer.statement, &hash, &id)?;
            return Ok(Reply::Receipt(receipt));
        }
        if !may_answer {
            return Err(Problem::NotActive.into());
        }
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
        let receipt = match asked.is_open() {
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
        let end = asked.and_then(|asked| asked.end.as_mut());
        let news = end.filter(|end| is_report && !end.is_reported).map(|end| {
            end.is_reported = true;
            // They did not say so.
            end.receipts.clear();
        });
        let receipt = self.receipt_of_end(&id, &given.device)?;
        let receipt = receipt.ok_or(Problem::UnknownStatement)?;
        if news.is_some() {
            self.remember(given, &receipt);
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
        self.remember(&given, &receipt);
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
            (Act::Test, ..)
                if self
                    .person
                    .newcomer()
                    .is_some_and(|new| new.id() == *device) =>
            {
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
            return Err(StepError::Signing);
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
            return receipt.ok_or(StepError::Signing);
        }
        let tried = Tried {
            at: now,
            left,
            by: given.by.clone(),
        };
        self.receipt_of_try(&id, given.message.compact().hash(), &tried)
    }

    /// The receipt of a wrong number that is not the last.
    fn receipt_of_try(
        &self,
        id: &Id,
        answer: MessageHash,
        tried: &Tried,
    ) -> Result<Compact, StepError> {
        let asked = self.person.statement(id);
        let device = self.person.device(&tried.by.device);
        let (Some(asked), Some(device)) = (asked, device) else {
            return Err(StepError::Signing);
        };
        let mut receipt = outline(asked, Outcome::WrongNumber, tried.at);
        receipt.answer_hash = Some(answer);
        receipt.by = Some(Ended {
            key: tried.by.key,
            name: tried.by.name.clone(),
        });
        receipt.via = Some(Via::Online);
        receipt.left = Some(tried.left);
        let key = self
            .desk
            .keys
            .for_reader(device.documents.known_keys(), self.now());
        Self::sign(key, Kind::Receipt, &receipt.to_claims())
    }

    /// The receipt of an answer that came before: the same bytes, unless the device has meanwhile heard that their key was
    /// replaced, and would refuse them for ever.
    fn receipt_again(
        &mut self,
        id: &Id,
        answer: &MessageHash,
        reader: &Thumbprint,
    ) -> Result<Compact, StepError> {
        let asked = self.person.statement(id);
        let answers = asked.map_or(&[][..], |asked| &asked.answers);
        let earlier = answers.iter().find(|earlier| earlier.hash == *answer);
        let earlier = earlier.ok_or(StepError::Signing)?;
        let receipt = stored(&earlier.receipt)?;
        let device = self.person.device(reader);
        let known = device.map_or(&[][..], |device| device.documents.known_keys());
        let signer = Received::parse(Kind::Receipt, receipt.as_str());
        if signer.is_ok_and(|signer| known.contains(&signer.key_id())) {
            return Ok(receipt);
        }
        let renewed = match earlier.tried.clone() {
            Some(tried) => self.receipt_of_try(id, *answer, &tried)?,
            None => {
                let receipt = self.receipt_of_end(id, reader)?;
                receipt.ok_or(StepError::Signing)?
            }
        };
        let asked = self.person.statement_mut(id);
        let answers = asked.map_or(&mut [][..], |asked| &mut asked.answers);
        if let Some(earlier) = answers.iter_mut().find(|earlier| earlier.hash == *answer) {
            earlier.receipt = Message(renewed.as_str().to_owned());
        }
        Ok(renewed)
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
        let receipt = receipt.ok_or(StepError::Signing)?;
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
    fn remember(&mut self, given: &Given<'_>, receipt: &Compact) {
        let now = self.now();
        if let Some(asked) = self.person.statement_mut(&given.answer.statement) {
            let tried = asked.is_open().then(|| Tried {
                at: now,
                left: asked.tries_left,
                by: given.by.clone(),
            });
            asked.answers.push(person::Answered {
                hash: given.message.compact().hash(),
                receipt: Message(receipt.as_str().to_owned()),
                tried,
            });
        }
    }
}
