//! What a state of the server changes: documents and standing first, then statements, receipts, and what is not listed any more.

use countersign_protocol::envelope::Compact;
use countersign_protocol::hash::MessageHash;
use countersign_protocol::kind::Kind;
use countersign_protocol::message::{
    Account, Moving, OtpLink, RemovedWhy, Secrets, Standing, State,
};
use countersign_protocol::secret::OfflineKey;

use super::entry::{Entry, Step};
use super::flight::{Flight, Stage};
use super::request::Topic;
use super::statements::Came;
use super::words::EndWord;
use super::{cause_of, label};
use crate::approval::exchange::{Cause, Errand};
use crate::approval::history::{Entry as Note, Kind as NoteKind};
use crate::approval::work::Taken;
use crate::time::UnixSeconds;

/// A state, and the message that it is.
#[derive(Clone, Copy)]
pub(super) struct Said<'a> {
    pub(super) state: &'a State,
    pub(super) message: &'a Compact,
}

impl<'a> Said<'a> {
    /// The message for the history, where it says nothing that is secret and is no longer than a short one.
    fn to_keep(self) -> Option<&'a Compact> {
        let is_open = self.state.secrets.is_none() && self.state.moving.is_none();
        let is_short = self.message.as_str().len() <= KEPT_BYTES_MAX;
        Some(self.message).filter(|_| is_open && is_short)
    }
}

/// Bytes of a state that the history keeps at most.
const KEPT_BYTES_MAX: usize = 16 * 1024;

impl Entry {
    pub(super) fn apply(
        &mut self,
        topic: Topic,
        errand: &Errand,
        said: Said<'_>,
        now: UnixSeconds,
        taken: &mut Taken,
    ) {
        let state = said.state;
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
        self.take_standing(said, now, taken);
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
        if *verified.compact() == enrolled.document {
            // The same came twice.
            return;
        }
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

    fn take_standing(&mut self, said: Said<'_>, now: UnixSeconds, taken: &mut Taken) {
        let state = said.state;
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
            Standing::Removed {
                why: RemovedWhy::Left,
            } if enrolled.is_leaving => Some(NoteKind::Left),
            Standing::Removed { .. } => Some(NoteKind::Removed),
        };
        taken.notes.extend(happened.map(|kind| {
            let note = Note::new(now, id, kind);
            match said.to_keep() {
                Some(message) => note.with_message(label(Kind::State), message.as_str()),
                None => note,
            }
        }));
        enrolled.standing = state.standing.clone();
        if enrolled.standing == Standing::Active {
            enrolled.nonce = None;
            self.invitation = None;
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
