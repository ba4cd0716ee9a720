//! What came back from the server: verified, in order, and applied.

use countersign_protocol::envelope::{EnvelopeError, Received, Verified};
use countersign_protocol::hash::{MessageHash, Thumbprint};
use countersign_protocol::key::PublicKey;
use countersign_protocol::kind::{Kind, Role};
use countersign_protocol::message::{RemovedWhy, Standing, State};
use countersign_protocol::problem::Problem;

use super::apply::Said;
use super::cause_of;
use super::entry::{Enrolled, Entry};
use super::flight::Flight;
use super::request::Topic;
use crate::approval::exchange::{Cause, Errand, Reply};
use crate::approval::model::Hint;
use crate::approval::work::{Taken, Verdict};
use crate::time::UnixSeconds;

impl Entry {
    /// Takes what came back for an errand.
    pub(super) fn take_back(&mut self, errand: &Errand, reply: &Reply, now: UnixSeconds) -> Taken {
        let swept = self.sweep(now);
        let mut taken = self.taken(errand, reply, now);
        if let (
            Verdict::Failed { retry_after_s },
            Reply::Answered {
                retry_after_s: said,
                ..
            },
        ) = (&mut taken.verdict, reply)
        {
            *retry_after_s = *said;
        }
        taken.changed |= swept;
        taken
    }

    fn taken(&mut self, errand: &Errand, reply: &Reply, now: UnixSeconds) -> Taken {
        let Some(topic) = Topic::ALL
            .into_iter()
            .find(|topic| topic.number() == errand.topic)
        else {
            return Taken::new(Verdict::Refused(Hint::Defect));
        };
        let (status, body) = match reply {
            Reply::Answered { status, body, .. } => (*status, body.as_slice()),
            Reply::Unreachable(_) => {
                return Taken::new(Verdict::Failed {
                    retry_after_s: None,
                });
            }
        };
        if topic == Topic::Enrol {
            return self.take_enrolled(status, body, now);
        }
        if status != 200 {
            return self.refused(topic, errand, status, body);
        }
        let verified = match self.verified(topic.reply(), body, &[]) {
            Ok(verified) => verified,
            Err(cause) => return misbehaved(cause),
        };
        match topic {
            Topic::Answer => self.take_receipt(errand, &verified, now),
            _ => self.take_state(topic, errand, &verified, now),
        }
    }

    /// A message that a server key signed which this device knows, or knew when it asked.
    pub(super) fn verified(
        &self,
        kind: Kind,
        body: &[u8],
        known_before: &[PublicKey],
    ) -> Result<Verified, Cause> {
        let text = str::from_utf8(body).map_err(|_| Cause::Form)?;
        let received = Received::parse(kind, text).map_err(|_| Cause::Form)?;
        let keys = self.enrolled().map(|enrolled| &enrolled.account.keys);
        let keys = keys.into_iter().flatten().chain(known_before);
        received
            .verify(keys.map(|key| (Role::Server, key)))
            .map_err(|error| match error {
                EnvelopeError::UnknownKey => Cause::UnknownKey,
                _ => Cause::Signature,
            })
    }

    /// What is not signed proves nothing: it is a hint, and no account changes by it.
    fn refused(&mut self, topic: Topic, errand: &Errand, status: u16, body: &[u8]) -> Taken {
        let failed = Verdict::Failed {
            retry_after_s: None,
        };
        let verdict = match Problem::read(status, body) {
            None | Some(Problem::RateLimited | Problem::Unavailable) => failed,
            Some(Problem::Replayed) => Verdict::Again,
            // A step of an earlier move: what is signed says that it has ended, and then the step is not sent any more.
            Some(Problem::UnknownInvitation) if topic == Topic::Move => Verdict::Again,
            Some(Problem::Order { last }) if topic == Topic::Delivery => {
                // A delivery of this device's own, from before it was restored.
                let delivery = &mut self.delivery;
                if delivery.sequence == errand.number && last < MANY {
                    delivery.sequence = last.max(delivery.sequence) + 1;
                }
                let mut taken = Taken::new(Verdict::Again);
                taken.changed = true;
                return taken;
            }
            Some(problem) => Verdict::Refused(hint(&problem)),
        };
        Taken::new(verdict)
    }

    fn take_state(
        &mut self,
        topic: Topic,
        errand: &Errand,
        verified: &Verified,
        now: UnixSeconds,
    ) -> Taken {
        let Some(device) = self.device() else {
            return Taken::new(Verdict::Answered);
        };
        let request = MessageHash::from_bytes(errand.request);
        let state = match State::read(verified, &device, &request) {
            Ok(state) => state,
            Err(error) => return misbehaved(cause_of(error)),
        };
        let before = self.clock;
        if topic == Topic::Fetch {
            let (sent_at, wait_s) = (errand.sent_at, errand.wait_s);
            self.clock.learn(state.now, sent_at, now, wait_s);
        }
        let mut taken = Taken::new(Verdict::Answered);
        taken.changed = self.clock.is_news_to(before);
        if state.is_stale {
            taken.verdict = Verdict::Stale;
            return taken;
        }
        let said = Said {
            state: &state,
            message: verified.compact(),
        };
        self.apply(topic, errand, said, now, &mut taken);
        if !taken.refused.is_empty() {
            // It would say the same at once if it were asked at once.
            taken.verdict = Verdict::Again;
        }
        if topic == Topic::Leave && !self.has_been_left() {
            // It is still to be asked for, and not as fast as the server answers.
            taken.verdict = Verdict::Failed {
                retry_after_s: None,
            };
        }
        taken
    }

    pub(super) fn device(&self) -> Option<Thumbprint> {
        self.keys().map(|keys| keys.device.thumbprint())
    }

    /// Whether the server has said that it has forgotten this device because it was asked to.
    pub(super) fn has_been_left(&self) -> bool {
        self.enrolled().is_some_and(|enrolled: &Enrolled| {
            let left = Standing::Removed {
                why: RemovedWhy::Left,
            };
            enrolled.is_leaving && (enrolled.standing == left || enrolled.standing.is_end())
        })
    }

    /// Flights by which the wearer of this device could still be asked something.
    pub(super) fn unended(&self) -> impl Iterator<Item = &Flight> {
        self.flights.values().filter(|flight| !flight.is_ended())
    }
}

/// No delivery has been changed so often: a number from here on is no count, and a server takes none that jumps beyond the next.
const MANY: u64 = (1 << 40) - 1;

/// What a refusal says, for the person.
const fn hint(problem: &Problem) -> Hint {
    match problem {
        Problem::NotActive => Hint::NotActive,
        Problem::UnknownDevice => Hint::UnknownDevice,
        Problem::UnknownStatement => Hint::UnknownStatement,
        _ => Hint::Defect,
    }
}

/// What came is not what it has to be: a defect or an attack. Nothing changed, and the same is tried again later.
pub(super) fn misbehaved(cause: Cause) -> Taken {
    let mut taken = Taken::new(Verdict::Failed {
        retry_after_s: None,
    });
    taken.refused.push(cause);
    taken
}
