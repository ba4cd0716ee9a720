//! A message of an enrolled device: verified with its keys, in the order of the specification's checks.

use countersign_protocol::envelope::{Received, Verified};
use countersign_protocol::hash::{MessageHash, Thumbprint};
use countersign_protocol::kind::Kind;
use countersign_protocol::message::{Answer, Delivery, Fetch, Leave, Move, RemovedWhy, Request};
use countersign_protocol::problem::Problem;

use super::state::Question;
use super::{Answered, Halt, Input, StepError, Turn};
use crate::address::may_be_rung;
use crate::person::{RequestId, SEEN_MAX, Seen};
use crate::reply::{Refusal, Reply};

/// How long a device waits that sent more requests than are remembered, in seconds.
pub(crate) const TOO_MANY_WAIT_S: u64 = 60;

/// From here on a delivery is taken only as the next after the last one.
const SEQUENCE_MAX: u64 = 1 << 40;

/// `cs-fetch`, `cs-answer`, `cs-delivery`, `cs-move` or `cs-leave`, as it was received.
#[derive(Clone, Copy)]
pub struct DeviceMessage<'a> {
    /// Which it is.
    pub kind: Kind,
    /// Its compact bytes.
    pub text: &'a str,
}

impl std::fmt::Debug for DeviceMessage<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_tuple("DeviceMessage")
            .field(&self.kind)
            .finish()
    }
}

impl Input for DeviceMessage<'_> {
    type Reply = Reply;

    fn take(&self, turn: &mut Turn<'_>) -> Result<Reply, StepError> {
        answered(turn.device_message(self))
    }
}

/// A refusal is a reply too.
pub(super) fn answered(answer: Answered<Reply>) -> Result<Reply, StepError> {
    match answer {
        Ok(reply) => Ok(reply),
        Err(Halt::Refused(refusal)) => Ok(Reply::Refused(refusal)),
        Err(Halt::Failed(error)) => Err(error),
    }
}

/// A request that has passed the checks which all of them have.
pub(super) enum Checked {
    /// Its time was too far off; nothing is done.
    Stale(Reply),
    /// The same bytes came before: what they asked for was done then.
    Again,
    /// It is new; it is remembered once it was taken.
    New(Seen),
}

impl Turn<'_> {
    fn device_message(&mut self, message: &DeviceMessage<'_>) -> Answered<Reply> {
        // Size and form, then the signature by a key of this person's, then what it says.
        let received = Received::parse(message.kind, message.text)?;
        let id = self.device_of(&received.key_id())?;
        let keys = self.person.device(&id).map(|device| device.keys());
        let verified = received.verify(keys.into_iter().flatten())?;
        let url = &self.desk.rules.url;
        match message.kind {
            Kind::Fetch => {
                let fetch = Fetch::read(&verified, url)?;
                self.fetch(id, &verified, fetch)
            }
            Kind::Answer => {
                let answer = Answer::read(&verified, url)?;
                self.answer(id, &verified, &answer)
            }
            Kind::Delivery => {
                let delivery = Delivery::read(&verified, url)?;
                self.deliver(id, &verified, &delivery)
            }
            Kind::Move => {
                let step = Move::read(&verified, url)?;
                self.move_step(id, &verified, &step)
            }
            Kind::Leave => {
                let leave = Leave::read(&verified, url)?;
                self.leave(id, &verified, &leave)
            }
            _ => Err(Problem::Malformed.into()),
        }
    }

    fn device_of(&self, key: &Thumbprint) -> Answered<Thumbprint> {
        let device = self
            .person
            .devices
            .iter()
            .find(|device| device.has_key(key));
        let device = device.ok_or(Problem::UnknownDevice)?;
        Ok(device.id)
    }

    /// The checks of every request: its account, its time, and that it was not received before.
    pub(super) fn check_request(
        &self,
        id: &Thumbprint,
        message: &Verified,
        request: &Request,
    ) -> Answered<Checked> {
        if request.account != self.person.account {
            return Err(Problem::UnknownDevice.into());
        }
        let hash = message.compact().hash();
        let now = self.now();
        let Some(device) = self.person.device(id) else {
            return Err(Problem::UnknownDevice.into());
        };
        if !request.is_fresh(now) {
            let state = self.stale_state(device, hash)?;
            return Ok(Checked::Stale(Reply::State(state)));
        }
        match device.seen.iter().find(|seen| seen.id == request.id) {
            Some(seen) if seen.hash == hash && message.kind() != Kind::Fetch => {
                return Ok(Checked::Again);
            }
            Some(_) => return Err(Problem::Replayed.into()),
            None => {}
        }
        if device.seen.len() >= SEEN_MAX {
            return Err(Refusal::rate_limited(TOO_MANY_WAIT_S).into());
        }
        let tolerance_s = countersign_protocol::message::CLOCK_TOLERANCE_S;
        Ok(Checked::New(Seen {
            id: request.id,
            hash,
            // At `iat` + 300 s itself it is still fresh.
            until: request.made_at.plus_s(tolerance_s + 1),
        }))
    }

    /// A request was taken: it is not taken again. One that was refused may come again, and is refused again.
    pub(super) fn remember_request(&mut self, id: &Thumbprint, seen: Seen) {
        self.use_up(id, &seen);
        if let Some(device) = self.person.device_mut(id) {
            device.seen.push(seen);
        }
    }

    /// The id of a request is used up, in other bytes and other kinds of message too.
    pub(super) fn use_up(&mut self, device: &Thumbprint, seen: &Seen) {
        self.request = Some(RequestId {
            device: *device,
            id: seen.id,
            until: seen.until,
        });
    }

    /// The state as the answer to a message that is not a fetch.
    pub(super) fn state_after(&mut self, id: Thumbprint, hash: MessageHash) -> Answered<Reply> {
        let state = self.state(&Question::after(id, hash))?;
        Ok(Reply::State(state))
    }

    /// `cs-delivery`: ring me here from now on.
    fn deliver(
        &mut self,
        id: Thumbprint,
        message: &Verified,
        delivery: &Delivery,
    ) -> Answered<Reply> {
        match self.check_request(&id, message, &delivery.request)? {
            Checked::Stale(reply) => return Ok(reply),
            Checked::Again => {}
            Checked::New(seen) => {
                self.set_ring(&id, delivery)?;
                self.remember_request(&id, seen);
            }
        }
        self.state_after(id, message.compact().hash())
    }

    fn set_ring(&mut self, id: &Thumbprint, delivery: &Delivery) -> Answered<()> {
        use countersign_protocol::message::Ring;
        let test_mode = self.desk.rules.test_mode;
        let device = self.person.device_mut(id);
        let Some(enrolled) = device.and_then(|device| device.enrolled.as_mut()) else {
            // It has ended. The state says so, signed.
            return Ok(());
        };
        let last = enrolled.ring_sequence;
        // Nobody counts so far but one by one: a jump there would leave no number for what comes after it.
        let is_jump = delivery.sequence >= SEQUENCE_MAX && delivery.sequence != last + 1;
        if delivery.sequence <= last || is_jump {
            return Err(Problem::Order { last }.into());
        }
        match &delivery.ring {
            Ring::None => {}
            Ring::UnifiedPush { to, .. } | Ring::WebPush { to, .. } | Ring::Gateway { to, .. } => {
                if !may_be_rung(to, test_mode) {
                    return Err(Problem::Malformed.into());
                }
            }
        }
        enrolled.ring_sequence = delivery.sequence;
        enrolled.ring = Some(delivery.ring.clone()).filter(|ring| *ring != Ring::None);
        Ok(())
    }

    /// `cs-leave`: forget this device. Said twice it is the same.
    fn leave(&mut self, id: Thumbprint, message: &Verified, leave: &Leave) -> Answered<Reply> {
        match self.check_request(&id, message, &leave.request)? {
            Checked::Stale(reply) => return Ok(reply),
            Checked::Again => {}
            Checked::New(seen) => {
                self.remove(&id, RemovedWhy::Left)?;
                self.remember_request(&id, seen);
            }
        }
        self.state_after(id, message.compact().hash())
    }
}
