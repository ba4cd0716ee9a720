//! What devices send: whose it is, and the answer.

use std::net::IpAddr;
use std::sync::PoisonError;

use countersign_protocol::envelope::Received;
use countersign_protocol::hash::{Id, MessageHash};
use countersign_protocol::kind::Kind;
use countersign_protocol::message::InvitationChoice;
use countersign_protocol::problem::Problem;
use countersign_protocol::time::Timestamp;

use super::{Verifier, VerifierError};
use crate::person::Index;
use crate::reply::{Refusal, Reply};
use crate::sources::{Proven, Sources};
use crate::step::{DeviceMessage, Enrolment, Resume, TOO_MANY_WAIT_S, read_enrolment};
use crate::store::Store;

impl<S: Store> Verifier<S> {
    /// Answers a device's message that came from this address. What cannot be answered now is refused as unavailable.
    pub fn message(&self, kind: Kind, text: &str, source: IpAddr, now: Timestamp) -> Reply {
        let answered = match kind {
            Kind::Enrol => self.enrol(text, source, now),
            Kind::Fetch | Kind::Answer | Kind::Delivery | Kind::Move | Kind::Leave => {
                self.device_message(DeviceMessage { kind, text }, now)
            }
            _ => Err(Problem::Malformed.into()),
        };
        answered.unwrap_or_else(Reply::Refused)
    }

    /// Asks again for a fetch that was parked: its person changed, or its time is over.
    pub fn resume(&self, resume: &Resume<'_>, now: Timestamp) -> Reply {
        let account = resume.parked.account();
        let answered = self.take(&account, resume, now);
        answered.unwrap_or_else(|error| Reply::Refused(unanswered(error, Problem::UnknownDevice)))
    }

    fn enrol(&self, text: &str, source: IpAddr, now: Timestamp) -> Result<Reply, Refusal> {
        let (message, enrol) = read_enrolment(text, &self.setup().rules.url)?;
        let (proven, invitation) = match enrol.invitation {
            InvitationChoice::Scanned(id) => (Proven::Link, Index::Invitation(id)),
            InvitationChoice::Typed(choice) => (Proven::Code, Index::Choice(choice)),
        };
        // An enrolment whose reply was lost comes again when its code's digits may be another's.
        let own = self.found(&Index::Key(message.key().thumbprint()))?;
        let wait_s = self.sources().wait_s(source, proven, now);
        // One that was accepted proves nothing any more: its reply is the same wherever it comes from.
        if let Some(wait_s) = wait_s
            && !self.is_accepted(own, &message.compact().hash())?
        {
            return Err(Refusal::rate_limited(wait_s));
        }
        let account = match own {
            Some(account) => Some(account),
            None => self.found(&invitation)?,
        };
        let reply = match account {
            None => Err(Problem::UnknownInvitation.into()),
            Some(account) => match self.take(&account, &Enrolment { text }, now) {
                // One of its keys is another person's: it was seen before.
                Err(VerifierError::Taken { by: Index::Key(_) }) => Err(Problem::Malformed.into()),
                Ok(reply) => Ok(reply),
                Err(error) => Err(unanswered(error, Problem::UnknownInvitation)),
            },
        };
        let problem = match &reply {
            Ok(Reply::Refused(refusal)) | Err(refusal) => Some(&refusal.problem),
            Ok(_) => None,
        };
        if matches!(
            problem,
            Some(Problem::Proof { .. } | Problem::UnknownInvitation)
        ) {
            self.sources().note(source, proven, now);
        }
        reply
    }

    /// Whether an enrolment of these bytes was accepted for this account.
    fn is_accepted(&self, account: Option<Id>, enrol: &MessageHash) -> Result<bool, Refusal> {
        let Some(account) = account else {
            return Ok(false);
        };
        let person = self.load(&account);
        let person = person.map_err(|error| unanswered(error, Problem::UnknownInvitation))?;
        Ok(person.accepted(enrol).is_some())
    }

    fn device_message(&self, message: DeviceMessage<'_>, now: Timestamp) -> Result<Reply, Refusal> {
        let received = Received::parse(message.kind, message.text)?;
        let account = self.found(&Index::Key(received.key_id()))?;
        let account = account.ok_or(Problem::UnknownDevice)?;
        let answered = self.take(&account, &message, now);
        answered.map_err(|error| unanswered(error, Problem::UnknownDevice))
    }

    fn found(&self, index: &Index) -> Result<Option<Id>, Refusal> {
        self.store.find(index).map_err(|_| Refusal::unavailable())
    }

    fn sources(&self) -> std::sync::MutexGuard<'_, Sources> {
        self.sources.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is said where an input was not taken. A person who was deleted between two looks is as one who never was.
fn unanswered(error: VerifierError, unknown: Problem) -> Refusal {
    match error {
        VerifierError::NoSuchPerson => unknown.into(),
        VerifierError::Replayed => Problem::Replayed.into(),
        VerifierError::TooManyRequests => Refusal::rate_limited(TOO_MANY_WAIT_S),
        _ => Refusal::unavailable(),
    }
}
