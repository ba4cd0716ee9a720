//! What the device sends: stored bytes again, or a request that is signed afresh for every try.

use countersign_protocol::digits::CheckNumber;
use countersign_protocol::envelope::{Compact, Unsigned};
use countersign_protocol::hash::{Id, MessageHash};
use countersign_protocol::json::Object;
use countersign_protocol::kind::Kind;
use countersign_protocol::message::{
    self, Fetch, Leave, Move, MoveStep, OPEN_MAX, Request, Standing,
};
use countersign_protocol::secret::DeviceNonce;

use super::entry::{Enrolled, Entry, Progress, Step};
use super::flight::Flight;
use super::keys::Key;
use crate::approval::contact::{Contact, Said};
use crate::approval::exchange::{Attention, Errand, Lane, MESSAGE_TYPE, Outgoing};
use crate::approval::work::{Kept, Preparing};
use crate::approval::{ApprovalError, StatementId};
use crate::entropy::generate_bytes;
use crate::time::UnixSeconds;

/// How long a server has for an answer beside what it may wait, in seconds.
const TIMEOUT_S: u32 = 20;
/// How long a fetch may be kept waiting, in seconds.
pub(super) const WAIT_S: u8 = message::WAIT_MAX_S;

/// What a request is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Topic {
    Enrol,
    Fetch,
    Answer,
    Delivery,
    Move,
    Leave,
}

impl Topic {
    pub(super) const ALL: [Self; 6] = [
        Self::Enrol,
        Self::Fetch,
        Self::Answer,
        Self::Delivery,
        Self::Move,
        Self::Leave,
    ];

    pub(super) const fn number(self) -> u8 {
        match self {
            Self::Enrol => 1,
            Self::Fetch => 2,
            Self::Answer => 3,
            Self::Delivery => 4,
            Self::Move => 5,
            Self::Leave => 6,
        }
    }

    const fn path(self) -> &'static str {
        match self {
            Self::Enrol => "/v1/enrolments",
            Self::Fetch => "/v1/fetch",
            Self::Answer => "/v1/answers",
            Self::Delivery => "/v1/delivery",
            Self::Move => "/v1/moves",
            Self::Leave => "/v1/leave",
        }
    }

    /// What answers it.
    pub(super) const fn reply(self) -> Kind {
        match self {
            Self::Enrol => Kind::Account,
            Self::Answer => Kind::Receipt,
            Self::Fetch | Self::Delivery | Self::Move | Self::Leave => Kind::State,
        }
    }
}

/// What is to be said next.
pub(super) enum Saying<'a> {
    Enrol(&'a Compact),
    Answer(StatementId, &'a Compact),
    Leave(&'a Enrolled),
    Move(&'a Enrolled, &'a Step),
    Delivery(&'a Enrolled),
}

impl Saying<'_> {
    /// Which it is.
    pub(super) const fn said(&self) -> Said {
        let (topic, statement) = match self {
            Self::Enrol(_) => (Topic::Enrol, None),
            Self::Answer(id, _) => (Topic::Answer, Some(*id)),
            Self::Leave(_) => (Topic::Leave, None),
            Self::Move(..) => (Topic::Move, None),
            Self::Delivery(_) => (Topic::Delivery, None),
        };
        Said {
            topic: topic.number(),
            statement,
        }
    }
}

impl Entry {
    /// What is to be said next: what the server refused lately comes after all else, and is said again in its turn.
    pub(super) fn saying(&self, contact: &Contact, now: UnixSeconds) -> Option<Saying<'_>> {
        let sayings = self.sayings(now).into_iter();
        sayings.min_by_key(|saying| contact.turn_of(saying.said()))
    }

    /// All that is to be said: the oldest answer before all else, and a report of what has ended holds up none that is in time.
    fn sayings(&self, now: UnixSeconds) -> Vec<Saying<'_>> {
        let enrolled = match &self.progress {
            Progress::Enrolling(enrolling) => return vec![Saying::Enrol(&enrolling.message)],
            Progress::Enrolled(enrolled) => enrolled,
            Progress::Planned(_) | Progress::Failed(_) => return vec![],
        };
        if enrolled.standing.is_end() {
            return vec![];
        }
        let server_now = self.clock.server_time(now);
        let mut answered: Vec<(StatementId, &Flight, &Compact)> = self
            .flights
            .iter()
            .filter_map(|(id, flight)| Some((*id, flight, flight.to_send(server_now)?)))
            .collect();
        answered.sort_by_key(|(_, flight, _)| {
            let is_late = flight.is_ended() || flight.is_past(server_now);
            (is_late, flight.received_at, flight.nth)
        });
        let answered = answered.into_iter();
        let mut sayings: Vec<Saying<'_>> = answered
            .map(|(id, _, message)| Saying::Answer(id, message))
            .collect();
        if enrolled.is_leaving {
            sayings.push(Saying::Leave(enrolled));
            return sayings;
        }
        let step = enrolled.step.as_ref();
        sayings.extend(step.map(|step| Saying::Move(enrolled, step)));
        if enrolled.standing == Standing::Active && !self.delivery.is_told {
            sayings.push(Saying::Delivery(enrolled));
        }
        sayings
    }

    /// The next request of a lane.
    pub(super) fn outgoing(
        &self,
        lane: Lane,
        preparing: Preparing<'_>,
    ) -> Result<Outgoing, ApprovalError> {
        match lane {
            Lane::Ask => self.fetch(preparing),
            Lane::Say => self.say(preparing),
        }
    }

    fn say(&self, preparing: Preparing<'_>) -> Result<Outgoing, ApprovalError> {
        let saying = self
            .saying(preparing.contact, preparing.now)
            .ok_or(ApprovalError::NothingToSend)?;
        match saying {
            Saying::Enrol(message) => Ok(self.sent(Topic::Enrol, message, None, 0, preparing)),
            Saying::Answer(id, message) => {
                Ok(self.sent(Topic::Answer, message, Some(id), 0, preparing))
            }
            Saying::Leave(enrolled) => {
                let request = self.request_of(enrolled, preparing)?;
                let claims = Leave { request }.to_claims();
                self.fresh(Topic::Leave, &enrolled.keys.device, &claims, 0, preparing)
            }
            Saying::Move(enrolled, step) => {
                let step = match step {
                    Step::Start => MoveStep::Start,
                    Step::Abort(invitation) => MoveStep::Abort {
                        invitation: *invitation,
                    },
                    Step::Confirm(invitation, check) => MoveStep::Confirm {
                        invitation: *invitation,
                        check: CheckNumber::parse(check).map_err(|_| ApprovalError::CheckNumber)?,
                    },
                };
                let request = self.request_of(enrolled, preparing)?;
                let claims = Move { request, step }.to_claims();
                self.fresh(Topic::Move, &enrolled.keys.approval, &claims, 0, preparing)
            }
            Saying::Delivery(enrolled) => {
                let delivery = message::Delivery {
                    request: self.request_of(enrolled, preparing)?,
                    sequence: self.delivery.sequence,
                    ring: self.delivery.ring.clone(),
                };
                let claims = delivery.to_claims();
                self.fresh(
                    Topic::Delivery,
                    &enrolled.keys.device,
                    &claims,
                    0,
                    preparing,
                )
            }
        }
    }

    fn fetch(&self, preparing: Preparing<'_>) -> Result<Outgoing, ApprovalError> {
        let enrolled = self.enrolled().ok_or(ApprovalError::NothingToSend)?;
        let is_active = enrolled.standing == Standing::Active;
        let is_watched = match preparing.attention {
            Attention::Waiting => true,
            Attention::Looking => false,
            Attention::Idle => !is_active || enrolled.moving.is_some(),
        };
        // The first is answered at once: it teaches the time.
        let wait_s = match self.clock.ahead_s {
            Some(_) if is_watched => WAIT_S,
            _ => 0,
        };
        // EXPOSE: the copy is a secret again; it is revealed to the server whose document is stored.
        let nonce = enrolled.nonce.as_ref();
        let reveal = nonce.map(|nonce| DeviceNonce::copy_of(nonce.expose()));
        let replaces = self.replaces.filter(|_| reveal.is_some());
        let fetch = Fetch {
            request: self.request_of(enrolled, preparing)?,
            have: enrolled.account.version,
            open: self.open().into_iter().map(|(_, id)| id).collect(),
            reveal,
            replaces: replaces.map(|replaced| replaced.device),
            wants_secrets: enrolled.wants_secrets
                && is_active
                && preparing.kept == Kept::InTheVault,
            wait_s,
        };
        let claims = fetch.to_claims();
        let key = &enrolled.keys.device;
        let mut outgoing = self.fresh(Topic::Fetch, key, &claims, wait_s, preparing)?;
        outgoing.errand.number = u64::from(fetch.wants_secrets);
        Ok(outgoing)
    }

    /// Statements whose end the server has not told, oldest first, as many as a fetch may ask after.
    pub(super) fn open(&self) -> Vec<(StatementId, Id)> {
        let mut open: Vec<(&StatementId, &Flight)> = self
            .flights
            .iter()
            .filter(|(_, flight)| !flight.is_ended())
            .collect();
        open.sort_by_key(|(_, flight)| (flight.received_at, flight.nth));
        let open = open.into_iter().take(OPEN_MAX);
        open.map(|(id, flight)| (*id, flight.statement.id))
            .collect()
    }

    fn request_of(
        &self,
        enrolled: &Enrolled,
        preparing: Preparing<'_>,
    ) -> Result<Request, ApprovalError> {
        Ok(Request {
            audience: self.url.as_str().to_owned(),
            account: enrolled.account.account,
            made_at: self.clock.request_time(preparing.now),
            id: Id::from_bytes(generate_bytes(preparing.entropy)?),
        })
    }

    fn fresh(
        &self,
        topic: Topic,
        key: &Key,
        claims: &Object,
        wait_s: u8,
        preparing: Preparing<'_>,
    ) -> Result<Outgoing, ApprovalError> {
        let kind = match topic {
            Topic::Enrol => Kind::Enrol,
            Topic::Fetch => Kind::Fetch,
            Topic::Answer => Kind::Answer,
            Topic::Delivery => Kind::Delivery,
            Topic::Move => Kind::Move,
            Topic::Leave => Kind::Leave,
        };
        let unsigned =
            Unsigned::new(kind, &key.public, claims).map_err(|_| ApprovalError::TooMany)?;
        let message = key.sign(&unsigned, preparing.keys)?;
        Ok(self.sent(topic, &message, None, wait_s, preparing))
    }

    fn sent(
        &self,
        topic: Topic,
        message: &Compact,
        statement: Option<StatementId>,
        wait_s: u8,
        preparing: Preparing<'_>,
    ) -> Outgoing {
        let asked = match topic {
            Topic::Fetch => self.open().into_iter().map(|(id, _)| id).collect(),
            _ => vec![],
        };
        let step = self.enrolled().and_then(|enrolled| enrolled.step.as_ref());
        let number = match topic {
            Topic::Delivery => self.delivery.sequence,
            Topic::Move => step.map_or(0, Step::number),
            _ => 0,
        };
        let errand = Errand {
            account: self.id,
            lane: match topic {
                Topic::Fetch => Lane::Ask,
                _ => Lane::Say,
            },
            turn: 0,
            request: *MessageHash::of(message.as_str()).bytes(),
            topic: topic.number(),
            statement,
            asked,
            number,
            applied: self.enrolled().map_or(0, |enrolled| enrolled.applied),
            sent_at: preparing.now,
            wait_s: wait_s.into(),
        };
        Outgoing {
            errand,
            url: format!("{}{}", self.url.as_str(), topic.path()),
            content_type: MESSAGE_TYPE,
            body: message.as_str().to_owned(),
            timeout_s: TIMEOUT_S + u32::from(wait_s),
            reply_bytes_max: topic.reply().bytes_max(),
        }
    }
}
