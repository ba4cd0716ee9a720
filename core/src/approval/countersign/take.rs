//! What came back from the server: verified, in order, and applied.

use countersign_protocol::envelope::{Compact, EnvelopeError, Received, Verified};
use countersign_protocol::hash::{MessageHash, Thumbprint};
use countersign_protocol::key::PublicKey;
use countersign_protocol::kind::{Kind, Role};
use countersign_protocol::message::{
    Account, Moving, OtpLink, RemovedWhy, Secrets, Standing, State,
};
use countersign_protocol::problem::Problem;
use countersign_protocol::secret::OfflineKey;

use super::entry::{Enrolled, Entry, Step};
use super::flight::{Flight, Stage};
use super::request::Topic;
use super::statements::Came;
use super::words::EndWord;
use super::{cause_of, label};
use crate::approval::exchange::{Cause, Errand, Reply};
use crate::approval::history::{Entry as Note, Kind as NoteKind};
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
    fn verified(
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
        self.apply(topic, errand, &state, now, &mut taken);
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

    fn apply(
        &mut self,
        topic: Topic,
        errand: &Errand,
        state: &State,
        now: UnixSeconds,
        taken: &mut Taken,
    ) {
        let Some(enrolled) = self.enrolled_mut() else {
            return;
        };
        // Signed before a later state arrived, it may be overtaken; signed after, the server was restored.
        if state.sequence < enrolled.sequence && errand.applied != enrolled.applied {
            taken.refused.push(Cause::Older);
            return;
        }
        enrolled.sequence = state.sequence;
        enrolled.applied += 1;
        if topic == Topic::Fetch && std::mem::take(&mut self.has_bell) {
            taken.changed = true;
        }
        let Some(enrolled) = self.enrolled_mut() else {
            return;
        };
        // The document first: what follows may be signed by keys that it brings. It may as well be signed by those that it takes
        // away: whoever asked did not know better, and what was made before them stays as it was made.
        let known_before = enrolled.account.keys.clone();
        if let Some(document) = &state.account {
            self.take_document(document, now, taken);
        }
        self.take_standing(state, now, taken);
        self.take_progress(topic, errand, state, taken);
        for statement in &state.statements {
            match self.take_statement(statement.as_str(), false, &known_before, now) {
                Came::New(id) => {
                    taken.arrived.push(id);
                    taken.changed = true;
                }
                Came::Known(_) | Came::Over { .. } | Came::NoRoom => {}
                // Only what answers a fetch brings the document with the key: connect once.
                Came::Refused(Cause::UnknownKey) if topic != Topic::Fetch => {
                    self.has_bell = true;
                    taken.changed = true;
                }
                Came::Refused(cause) => taken.refused.push(cause),
            }
        }
        for receipt in &state.closed {
            let receipt = receipt.as_str().as_bytes();
            match self.verified(Kind::Receipt, receipt, &known_before) {
                Ok(verified) => self.apply_receipt(&verified, None, now, taken),
                Err(cause) => taken.refused.push(cause),
            }
        }
        if state.standing.is_end() {
            // Nobody will ask after them any more. What came of an answer whose receipt is not here is not known.
            let word = |flight: &Flight| match flight.stage {
                Stage::Answered { .. } => EndWord::Unknown,
                Stage::Open | Stage::Ended { .. } => EndWord::Withdrawn,
            };
            let open = self.flights.iter().filter(|(_, flight)| !flight.is_ended());
            let open: Vec<_> = open.map(|(id, flight)| (*id, word(flight))).collect();
            for (id, word) in open {
                self.end(id, word, None, None, now, taken);
            }
        }
        if topic == Topic::Fetch {
            self.end_unlisted(errand, state, now, taken);
        }
    }

    fn take_document(&mut self, document: &Compact, now: UnixSeconds, taken: &mut Taken) {
        let id = self.id;
        let verified = match self.verified(Kind::Account, document.as_str().as_bytes(), &[]) {
            Ok(verified) => verified,
            Err(cause) => return taken.refused.push(cause),
        };
        let Some(enrolled) = self.enrolled_mut() else {
            return;
        };
        let device = enrolled.keys.device.thumbprint();
        let account = match Account::read(&verified, &device, &enrolled.enrol_hash) {
            Ok(account) => account,
            Err(error) => return taken.refused.push(cause_of(error)),
        };
        if account.version <= enrolled.account.version {
            return taken.refused.push(Cause::NotNewer);
        }
        // It is the same account for ever.
        if account.account != enrolled.account.account {
            return taken.refused.push(Cause::Account);
        }
        enrolled.account = account;
        enrolled.signer = *verified.key();
        enrolled.document = verified.compact().clone();
        // Its rules may bring what they did not before.
        enrolled.wants_secrets = true;
        // Asked again, the server hears that this device has it, and signs with the new keys.
        self.has_bell = true;
        let note = Note::new(now, id, NoteKind::Document)
            .with_message(label(Kind::Account), document.as_str());
        taken.notes.push(note);
        taken.changed = true;
        taken.standing_changed = true;
    }

    fn take_standing(&mut self, state: &State, now: UnixSeconds, taken: &mut Taken) {
        let (id, replaces) = (self.id, self.replaces);
        let Some(enrolled) = self.enrolled_mut() else {
            return;
        };
        if enrolled.standing == state.standing {
            return;
        }
        taken.standing_changed = true;
        taken.changed = true;
        let happened = match &state.standing {
            Standing::Unconfirmed | Standing::Confirmed => None,
            Standing::Active => Some(NoteKind::Active),
            Standing::Suspended { .. } => Some(NoteKind::Suspended),
            Standing::Moved { .. } => Some(NoteKind::Moved),
            Standing::Removed { .. } => Some(NoteKind::Removed),
        };
        taken
            .notes
            .extend(happened.map(|kind| Note::new(now, id, kind)));
        enrolled.standing = state.standing.clone();
        if enrolled.standing == Standing::Active {
            enrolled.nonce = None;
            taken.replaced = replaces.map(|replaced| replaced.record);
            self.replaces = None;
            return;
        }
        if enrolled.standing.is_end() {
            enrolled.clear();
        }
    }

    /// Secrets, a move, and what the server has taken note of.
    fn take_progress(&mut self, topic: Topic, errand: &Errand, state: &State, taken: &mut Taken) {
        if topic == Topic::Delivery && self.delivery.sequence == errand.number {
            self.delivery.is_told = true;
            taken.changed = true;
        }
        let Some(enrolled) = self.enrolled_mut() else {
            return;
        };
        let has_asked = topic == Topic::Fetch && errand.number == 1;
        if has_asked && enrolled.wants_secrets && enrolled.standing == Standing::Active {
            // A server that has none says nothing of them, and is not asked again before its document is another.
            if let Some(secrets) = &state.secrets {
                enrolled.secrets = copied(secrets);
            }
            enrolled.wants_secrets = false;
            taken.changed = true;
        }
        // The person may have gone on meanwhile: what is to be said now was not answered by this.
        let step = enrolled.step.as_ref().map(Step::number);
        if topic == Topic::Move && step == Some(errand.number) {
            enrolled.step = None;
            taken.changed = true;
        }
        // A move that the state does not have any more has ended: no step of it is left to be sent.
        let open = state.moving.as_ref().map(Moving::id);
        let concerns = enrolled.step.as_ref().and_then(Step::concerns);
        if concerns.is_some() && concerns != open {
            enrolled.step = None;
            taken.changed = true;
        }
        if enrolled.moving != state.moving {
            enrolled.moving.clone_from(&state.moving);
            taken.standing_changed = true;
            taken.changed = true;
        }
    }

    /// What was asked after and is in neither list has ended, and nobody says how.
    fn end_unlisted(
        &mut self,
        errand: &Errand,
        state: &State,
        now: UnixSeconds,
        taken: &mut Taken,
    ) {
        let listed = state.statements.iter().map(Compact::hash);
        let listed: Vec<MessageHash> = listed.collect();
        let server_now = self.clock.server_time(now);
        let ended: Vec<_> = errand
            .asked
            .iter()
            .filter(|id| {
                self.flights.get(id).is_some_and(|flight| {
                    // One that was scanned may be open and on no list.
                    let may_be_unlisted = flight.was_scanned && !flight.is_past(server_now);
                    !flight.is_ended() && !may_be_unlisted && !listed.contains(&flight.hash())
                })
            })
            .copied()
            .collect();
        for id in ended {
            self.end(id, EndWord::Unknown, None, None, now, taken);
        }
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

/// No delivery has been changed so often: a number beyond it is no count.
const MANY: u64 = 1 << 52;

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

fn copied(secrets: &Secrets) -> Secrets {
    let (otp, key) = (&secrets.otp, &secrets.offline_key);
    Secrets {
        // EXPOSE: the copies are secrets again.
        otp: otp
            .as_ref()
            .and_then(|link| OtpLink::new(link.expose().to_owned())),
        offline_key: key.as_ref().map(|key| OfflineKey::copy_of(key.expose())),
    }
}
