//! Offline responses: the device has no network, and the person types what it shows into the page.

use countersign_protocol::derive::offline_response;
use countersign_protocol::digits::OfflineResponse;
use countersign_protocol::hash::Id;
use countersign_protocol::message::{Act, Outcome, Via};

use super::{Input, StepError, Turn};
use crate::event::Fact;
use crate::person::{Asked, By, End, RESPONSE_TRIES};

/// Why a response was not taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NotTaken {
    /// The rules allow none, or no device of the statement has a key for one.
    #[error("offline responses are not used here")]
    Off,
    /// Too many were wrong in a row; an approval on a device starts them again.
    #[error("too many responses were wrong in a row")]
    Stopped,
    /// There is no such statement, or it has ended.
    #[error("the statement is not open")]
    NotOpen,
    /// Three were wrong for this statement; it can still be answered on a device.
    #[error("too many responses were wrong for this statement")]
    TriesSpent,
    /// It is the response of no device for this statement.
    #[error("a wrong response; {left} tries left")]
    Wrong {
        /// Tries left for this statement.
        left: u8,
    },
}

/// A response was typed into the page of a statement.
#[derive(Clone, Debug)]
pub struct TypeResponse {
    /// The statement of that page.
    pub statement: Id,
    /// What was typed.
    pub response: OfflineResponse,
}

impl Input for TypeResponse {
    type Reply = Result<(), NotTaken>;

    fn take(&self, turn: &mut Turn<'_>) -> Result<Self::Reply, StepError> {
        if !turn.desk.rules.policy.offline {
            return Ok(Err(NotTaken::Off));
        }
        let asked = turn.person.statement(&self.statement);
        let Some(asked) = asked.filter(|asked| asked.is_open()) else {
            return Ok(Err(NotTaken::NotOpen));
        };
        let has_key = turn
            .person
            .active()
            .any(|device| asked.is_for(&device.id) && device.offline_key().is_some());
        // A test has to prove the approval key.
        if asked.act == Act::Test || !has_key {
            return Ok(Err(NotTaken::Off));
        }
        if !turn.person.calm.takes_responses() {
            return Ok(Err(NotTaken::Stopped));
        }
        if asked.wrong_responses >= RESPONSE_TRIES {
            return Ok(Err(NotTaken::TriesSpent));
        }
        match turn.whose_response(asked, &self.response) {
            Some(by) => turn.approve_offline(&self.statement, by).map(Ok),
            None => turn.wrong_response(&self.statement).map(Err),
        }
    }
}

impl Turn<'_> {
    fn whose_response(&self, asked: &Asked, typed: &OfflineResponse) -> Option<By> {
        let devices = self
            .person
            .active()
            .filter(|device| asked.is_for(&device.id));
        let mut fits = devices.filter(|device| {
            let key = device.offline_key();
            key.is_some_and(|key| offline_response(key, &asked.hash) == *typed)
        });
        fits.next().map(|device| By {
            device: device.id,
            key: device.id,
            name: device.name.clone(),
        })
    }

    fn approve_offline(&mut self, id: &Id, by: By) -> Result<(), StepError> {
        let (outcome, device) = (Outcome::Approved, by.device);
        let end = End {
            by: Some(by),
            via: Some(Via::Offline),
            ..End::unanswered(outcome, self.now())
        };
        self.end(id, end);
        self.person.calm.approved();
        let receipt = self.receipt_of_end(id, &device)?;
        let hash = self.person.statement(id).map(|asked| asked.hash);
        let Some(hash) = hash else {
            return Ok(());
        };
        self.tell(Fact::Ended {
            statement: *id,
            hash,
            outcome,
            device: Some(device),
            via: Some(Via::Offline),
            answer: None,
            receipt: receipt.map(|receipt| receipt.as_str().to_owned()),
        })
    }

    /// Anybody at the page can type these: they count apart from the numbers that are typed on a phone, and stop nothing else.
    fn wrong_response(&mut self, id: &Id) -> Result<NotTaken, StepError> {
        if self.person.calm.wrong_response() {
            self.tell(Fact::OfflineStopped)?;
        }
        let wrong = self.person.statement_mut(id).map(|asked| {
            asked.wrong_responses = asked.wrong_responses.saturating_add(1);
            asked.wrong_responses
        });
        Ok(NotTaken::Wrong {
            left: RESPONSE_TRIES.saturating_sub(wrong.unwrap_or(RESPONSE_TRIES)),
        })
    }
}
