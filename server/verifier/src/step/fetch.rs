//! `cs-fetch`: what is there for me? Until a device is active its fetches also reveal the nonce that it committed itself to.

use countersign_protocol::derive::{check_number, commitment};
use countersign_protocol::envelope::Verified;
use countersign_protocol::hash::{Id, Thumbprint};
use countersign_protocol::message::{Fetch, RemovedWhy};
use countersign_protocol::problem::Problem;
use countersign_protocol::time::Timestamp;

use super::device::Checked;
use super::state::Question;
use super::{Answered, Input, StepError, Turn};
use crate::kept::Kept;
use crate::person::Stage;
use crate::reply::Reply;

/// A fetch for which there was nothing new. It is answered when the person changes, by somebody's doing or by time alone, or
/// when its own time is over.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Parked {
    account: Id,
    until: Timestamp,
    asked_again_at: Timestamp,
    question: Question,
}

impl Parked {
    /// Whose change wakes it.
    #[must_use]
    pub const fn account(&self) -> Id {
        self.account
    }

    /// When its time is over.
    #[must_use]
    pub const fn until(&self) -> Timestamp {
        self.until
    }

    /// When [`Resume`] is to be asked even if nobody changed the person: something of theirs ends then, which may be news, or the
    /// fetch's own time is over.
    #[must_use]
    pub const fn asked_again_at(&self) -> Timestamp {
        self.asked_again_at
    }
}

/// The person changed, or may have by time alone, or the time of a parked fetch is over.
#[derive(Clone, Copy, Debug)]
pub struct Resume<'a> {
    /// The fetch.
    pub parked: &'a Parked,
    /// Whether it is to be answered in any case.
    pub is_over: bool,
}

impl Input for Resume<'_> {
    type Reply = Reply;

    fn take(&self, turn: &mut Turn<'_>) -> Result<Reply, StepError> {
        let Parked {
            until, question, ..
        } = self.parked;
        if turn.person.device(&question.device).is_none() {
            return Ok(Reply::Refused(Problem::UnknownDevice.into()));
        }
        turn.refresh(&question.device);
        let waits = !self.is_over && turn.now() < *until && !turn.has_news(question);
        if waits {
            return Ok(Reply::Parked(turn.parked(*until, question.clone())));
        }
        turn.state(question).map(Reply::State)
    }
}

impl Turn<'_> {
    pub(super) fn fetch(
        &mut self,
        id: Thumbprint,
        message: &Verified,
        fetch: Fetch,
    ) -> Answered<Reply> {
        let seen = match self.check_request(&id, message, &fetch.request)? {
            Checked::Stale(reply) => return Ok(reply),
            Checked::Again => return Err(Problem::Replayed.into()),
            Checked::New(seen) => seen,
        };
        if let Some(device) = self.person.device_mut(&id)
            && !device.documents.note_have(fetch.have)
        {
            return Err(Problem::Malformed.into());
        }
        self.use_up(&id, &seen);
        self.refresh(&id);
        self.reveal(&id, &fetch)?;
        if fetch.wants_secrets {
            self.make_offline_key(&id)?;
        }
        let question = Question {
            device: id,
            request_hash: message.compact().hash(),
            have: Some(fetch.have),
            open: fetch.open,
            wants_secrets: fetch.wants_secrets,
        };
        if fetch.wait_s > 0 && !self.has_news(&question) {
            let until = self.now().plus_s(fetch.wait_s.into());
            return Ok(Reply::Parked(self.parked(until, question)));
        }
        let state = self.state(&question)?;
        Ok(Reply::State(state))
    }

    /// Keeps a question until there is news, or its time is over. What ends by itself meanwhile has to be looked at when it does.
    fn parked(&self, until: Timestamp, question: Question) -> Parked {
        let next_end = self.person.due_at();
        Parked {
            account: self.person.account,
            until,
            asked_again_at: next_end.map_or(until, |end| end.min(until)),
            question,
        }
    }

    /// The device's nonce, as long as it is unfinished. Another one than it committed itself to ends it: somebody is between.
    fn reveal(&mut self, id: &Thumbprint, fetch: &Fetch) -> Result<(), StepError> {
        let Some(nonce) = &fetch.reveal else {
            return Ok(());
        };
        let replaces = fetch.replaces.filter(|earlier| {
            let earlier = self.person.device(earlier);
            earlier.is_some_and(|earlier| earlier.is_active() && earlier.id != *id)
        });
        let Some(device) = self
            .person
            .device_mut(id)
            .filter(|device| device.is_unfinished())
        else {
            return Ok(());
        };
        let Some(enrolled) = &device.enrolled else {
            return Ok(());
        };
        if commitment(nonce) != enrolled.commitment {
            return self.remove(id, RemovedWhy::WrongReveal);
        }
        let (enrol_hash, first_account) = (enrolled.enrol_hash, enrolled.first_account);
        // Once the person has confirmed, what they saw stays so.
        if let Stage::Unconfirmed {
            number,
            replaces: place,
            ..
        } = &mut device.stage
        {
            *number = Some(Kept(check_number(nonce, &enrol_hash, &first_account)));
            *place = replaces.or(*place);
        }
        Ok(())
    }
}
