//! The test of a new device: its approval proves the approval key. One that was denied or ran out can be asked again.

use countersign_protocol::hash::{Id, Thumbprint};
use countersign_protocol::message::{Act, Outcome};
use countersign_protocol::time::Timestamp;

use super::{Input, Request, StepError, Turn};
use crate::person::Stage;

/// Why a test was not asked again.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NotAskedAgain {
    /// There is no such device, or it waits for no test here: that of a move ends with the move.
    #[error("no device that waits for a test here")]
    NotWaiting,
    /// The person said that it was not them. Only a new invitation goes on.
    #[error("the test was reported")]
    Reported,
    /// It was asked three times again within ten minutes: the page offers a code instead.
    #[error("a test was asked again too often")]
    TooOften {
        /// When it may be asked again.
        until: Timestamp,
    },
}

/// Asks for a device's test again, after it was denied, cancelled or ran out. Said twice of the same test it is the same.
#[derive(Clone, Copy, Debug)]
pub struct AskTestAgain {
    /// The device.
    pub device: Thumbprint,
    /// The test that has ended, as the page knows it.
    pub ended: Id,
}

impl Input for AskTestAgain {
    /// The test that the device has now: another one, or the one that the page did not know of, or the one that it named where
    /// that is still open.
    type Reply = Result<Id, NotAskedAgain>;

    fn take(&self, turn: &mut Turn<'_>) -> Result<Self::Reply, StepError> {
        let device = turn.person.device(&self.device);
        let stage = device.map(|device| &device.stage);
        let Some(&Stage::Confirmed { deadline, test, .. }) = stage else {
            return Ok(Err(NotAskedAgain::NotWaiting));
        };
        if turn.is_newcomer(&self.device) {
            return Ok(Err(NotAskedAgain::NotWaiting));
        }
        if test != self.ended {
            return Ok(Ok(test));
        }
        let asked = turn.person.statement(&test);
        let asked = asked.ok_or(StepError::Inconsistent)?;
        let Some(end) = &asked.end else {
            return Ok(Ok(test));
        };
        if end.is_reported || end.outcome == Outcome::Reported {
            return Ok(Err(NotAskedAgain::Reported));
        }
        // A new one does not begin the count of wrong numbers anew.
        let tries = asked.tries_left;
        let now = turn.now();
        if let Err(until) = turn.person.calm.ask_test_again(now) {
            return Ok(Err(NotAskedAgain::TooOften { until }));
        }
        let again = turn.ask_test(&self.device, deadline, tries)?;
        if let Some(device) = turn.person.device_mut(&self.device)
            && let Stage::Confirmed { test, .. } = &mut device.stage
        {
            *test = again;
        }
        Ok(Ok(again))
    }
}

impl Turn<'_> {
    /// Makes a device's test, for itself alone.
    pub(super) fn ask_test(
        &mut self,
        id: &Thumbprint,
        deadline: Timestamp,
        tries: u8,
    ) -> Result<Id, StepError> {
        let rules = self.desk.rules;
        let left_s = deadline.unix_s().saturating_sub(self.now().unix_s());
        // That of a move ends with the move: nobody at a page could ask for it again.
        let lifetime_s = match self.is_newcomer(id) {
            true => left_s,
            false => left_s.min(rules.policy.lifetime_s),
        };
        let request = Request {
            act: Act::Test,
            app: rules.test_app().to_owned(),
            origin: rules.host(),
            user: self.person.label.clone(),
            place: None,
            client: None,
            details: None,
            lifetime_s: Some(lifetime_s.max(1)),
        };
        // The rules and the label were checked, so a device takes what is made of them; otherwise nothing is asked.
        match self.ask(&request, vec![*id], true, tries)? {
            Ok(made) => Ok(made.id),
            Err(_) => Err(StepError::Inconsistent),
        }
    }
}
