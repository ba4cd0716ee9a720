//! Receipts: what became of a statement, as its server signed it.

use countersign_protocol::envelope::{Compact, Verified};
use countersign_protocol::hash::Thumbprint;
use countersign_protocol::kind::Kind;
use countersign_protocol::message::{Outcome as Said, Receipt, Via};

use super::entry::Entry;
use super::flight::{Flight, Stage, after_report};
use super::words::{DecisionWord, EndWord};
use super::{cause_of, label, named};
use crate::account::Name;
use crate::approval::exchange::{Cause, Errand};
use crate::approval::history::{
    Decision as Decided, Entry as Note, Kind as NoteKind, Outcome as Stands,
};
use crate::approval::model::{Outcome, StatementId};
use crate::approval::work::{Taken, Verdict};
use crate::time::UnixSeconds;
use crate::vault::RecordId;

impl Entry {
    /// The receipt that answers an answer.
    pub(super) fn take_receipt(
        &mut self,
        errand: &Errand,
        verified: &Verified,
        now: UnixSeconds,
    ) -> Taken {
        let mut taken = Taken::new(Verdict::Answered);
        self.apply_receipt(verified, Some(errand), now, &mut taken);
        let server_now = self.clock.server_time(now);
        let flight = errand.statement.and_then(|id| self.flights.get(&id));
        let to_send = flight.and_then(|flight| flight.to_send(server_now));
        let is_to_be_sent_again =
            to_send.is_some_and(|message| *message.hash().bytes() == errand.request);
        if taken.refused.is_empty() && !is_to_be_sent_again {
            return taken;
        }
        // The answer is still to be sent, and not as fast as the server says nothing to it.
        Taken {
            verdict: Verdict::Failed {
                retry_after_s: None,
            },
            ..taken
        }
    }

    /// Applies a receipt; the one that an answer got, where there is its errand.
    pub(super) fn apply_receipt(
        &mut self,
        verified: &Verified,
        errand: Option<&Errand>,
        now: UnixSeconds,
        taken: &mut Taken,
    ) {
        let Some(device) = self.device() else {
            return;
        };
        let receipt = match Receipt::read(verified, &device) {
            Ok(receipt) => receipt,
            Err(error) => return taken.refused.push(cause_of(error)),
        };
        let id = Flight::id_of(self.id, &receipt.statement, &receipt.statement_hash);
        let is_expected = errand.is_none_or(|errand| errand.statement == Some(id));
        let own = self.is_own(id, &receipt);
        let account = self.id;
        let Some(flight) = self.flights.get_mut(&id).filter(|_| is_expected) else {
            // A receipt of a statement that this device does not have, or of another one than it answered.
            return taken.refused.push(Cause::Reply);
        };
        let had_ended = flight.is_ended();
        // A server that has answered a report of what has ended has taken it or will not.
        let is_its_reply = |report: &Compact| {
            let is_reply = errand.is_some_and(|one| one.request == *report.hash().bytes());
            receipt.is_reported || (had_ended && is_reply)
        };
        let mut report = flight.report.take_if(|report| is_its_reply(report));
        let is_report = matches!(
            flight.stage,
            Stage::Answered {
                decision: DecisionWord::Report,
                ..
            }
        );
        flight.was_reported |= receipt.is_reported && (report.is_some() || is_report);
        taken.changed |= report.is_some();
        if receipt.outcome == Said::Reported
            && !had_ended
            && let Some(message) = report.take()
        {
            // It came before what was answered first, and is what ended it.
            flight.stage = Stage::Answered {
                decision: DecisionWord::Report,
                message,
            };
        }
        flight.next = receipt
            .next
            .iter()
            .map(|step| after_report(*step))
            .collect();
        if receipt.outcome == Said::WrongNumber {
            self.wrong_number(id, &receipt, verified, now, taken);
            return;
        }
        let is_answer = matches!(
            receipt.outcome,
            Said::Approved | Said::Denied | Said::Reported | Said::Cancelled
        );
        // Whose answer it was is said, also when it is nobody's name: never this device's because nobody is named.
        let by = (is_answer && !own).then(|| {
            let name = receipt.by.as_ref().map_or("", |by| by.name.as_str());
            named(name)
        });
        let end = match (receipt.outcome, receipt.via) {
            (Said::Approved, Some(Via::Offline)) => EndWord::ApprovedOffline,
            (Said::Approved, _) => EndWord::Approved,
            (Said::Denied, _) => EndWord::Denied,
            (Said::Reported, _) => EndWord::Reported,
            (Said::Cancelled, _) => EndWord::Cancelled,
            (Said::Expired, _) => EndWord::Expired,
            (Said::Withdrawn, _) | (Said::WrongNumber, _) => EndWord::Withdrawn,
        };
        if !had_ended {
            self.end(id, end, by, Some(verified), now, taken);
        }
        // A late report changed no outcome; it is news all the same.
        if let (Some(report), Some(flight)) = (report, self.flights.get(&id)) {
            let stands = match receipt.is_reported {
                true => Stands::Reported,
                false => Stands::Unknown,
            };
            let note = late_report(account, flight, stands, now)
                .with_message(label(Kind::Answer), report.as_str())
                .with_message(label(Kind::Receipt), verified.compact().as_str());
            taken.notes.push(note);
            let outcome = flight.outcome().filter(|_| had_ended);
            taken.outcomes.extend(outcome.map(|outcome| (id, outcome)));
        }
    }

    /// Whether a receipt's answer was this device's: by the key that it names and the very bytes, as far as it names them. One
    /// of these keys and of other bytes is somebody's who has them too, or of this device's before it was restored.
    fn is_own(&self, id: StatementId, receipt: &Receipt) -> bool {
        let is_own_key = |key: Thumbprint| {
            let keys = self.keys();
            keys.is_some_and(|keys| {
                key == keys.device.thumbprint() || key == keys.approval.thumbprint()
            })
        };
        if let Some(by) = &receipt.by
            && !is_own_key(by.key)
        {
            return false;
        }
        let (Some(flight), Some(answer)) = (self.flights.get(&id), receipt.answer_hash) else {
            return receipt.by.is_some() && receipt.answer_hash.is_none();
        };
        let answered = match &flight.stage {
            Stage::Answered { message, .. } => Some(message),
            Stage::Open | Stage::Ended { .. } => None,
        };
        let mut said = answered.into_iter().chain(&flight.report);
        said.any(|message| message.hash() == answer)
    }

    /// The number was wrong: the statement is open again, for what was this device's answer.
    fn wrong_number(
        &mut self,
        id: StatementId,
        receipt: &Receipt,
        verified: &Verified,
        now: UnixSeconds,
        taken: &mut Taken,
    ) {
        let account = self.id;
        let Some(flight) = self.flights.get_mut(&id) else {
            return;
        };
        let Some(left) = receipt.left else {
            return;
        };
        let is_its_answer = match &flight.stage {
            Stage::Answered {
                decision: DecisionWord::Approve,
                message,
            } => Some(message.hash()) == receipt.answer_hash,
            Stage::Answered { .. } | Stage::Open | Stage::Ended { .. } => false,
        };
        if !is_its_answer {
            // An earlier answer's, another device's, or of one without a number: nothing of this one's is undone.
            return;
        }
        let decided = Some(Decided::Approve);
        let note = said(account, flight, decided, Stands::WrongNumber, now)
            .with_message(label(Kind::Receipt), verified.compact().as_str());
        taken.notes.push(note);
        flight.stage = Stage::Open;
        flight.tries_left = Some(left);
        taken.outcomes.push((id, Outcome::WrongNumber { left }));
        taken.changed = true;
    }

    /// Ends a statement.
    pub(super) fn end(
        &mut self,
        id: StatementId,
        end: EndWord,
        by: Option<Name>,
        receipt: Option<&Verified>,
        now: UnixSeconds,
        taken: &mut Taken,
    ) {
        let account = self.id;
        let Some(flight) = self.flights.get_mut(&id) else {
            return;
        };
        let decision = match &flight.stage {
            Stage::Answered { decision, .. } => Some(*decision),
            Stage::Open | Stage::Ended { .. } => None,
        };
        let decided = match (decision, flight.was_shown_offline) {
            (Some(DecisionWord::Approve), _) => Some(Decided::Approve),
            (Some(DecisionWord::Deny), _) => Some(Decided::Deny),
            (Some(DecisionWord::Report), _) => Some(Decided::Report),
            (Some(DecisionWord::Cancel), _) => Some(Decided::Cancel),
            (None, true) => Some(Decided::Offline),
            (None, false) => None,
        };
        let stands = match (end, &by) {
            (
                EndWord::Approved | EndWord::Denied | EndWord::Reported | EndWord::Cancelled,
                Some(_),
            ) => Stands::Elsewhere,
            (EndWord::Approved | EndWord::ApprovedOffline, _) => Stands::Approved,
            (EndWord::Denied, _) => Stands::Denied,
            (EndWord::Reported, _) => Stands::Reported,
            (EndWord::Cancelled, _) => Stands::Cancelled,
            (EndWord::Expired, _) => Stands::Expired,
            (EndWord::Withdrawn, _) => Stands::Withdrawn,
            (EndWord::Unknown, _) => Stands::Unknown,
        };
        let mut note = said(account, flight, decided, stands, now);
        if let Some(receipt) = receipt {
            note = note.with_message(label(Kind::Receipt), receipt.compact().as_str());
        }
        taken.notes.push(note);
        let ended = Stage::Ended { end, decision, by };
        let before = std::mem::replace(&mut flight.stage, ended);
        if let Stage::Answered {
            decision: DecisionWord::Report,
            message,
        } = before
            && !flight.was_reported
        {
            // The server has not got it, and takes it after the end too.
            flight.report = Some(message);
        }
        flight.is_over = true;
        taken.approved |= matches!(end, EndWord::Approved | EndWord::ApprovedOffline);
        if let Some(outcome) = flight.outcome() {
            taken.outcomes.push((id, outcome));
        }
        taken.changed = true;
    }
}

/// What belongs into the history of a report after the end: the statement, and what was said comes beside it.
fn late_report(account: RecordId, flight: &Flight, stands: Stands, now: UnixSeconds) -> Note {
    let note = Note {
        statement: Some(*flight.hash().bytes()),
        decision: Some(Decided::Report),
        outcome: Some(stands),
        ..Note::new(now, account, NoteKind::Answered)
    };
    note.with_message(label(Kind::Statement), flight.message.as_str())
}

/// What belongs into the history of a statement: what the server signed, and what this device said to it.
fn said(
    account: RecordId,
    flight: &Flight,
    decided: Option<Decided>,
    stands: Stands,
    now: UnixSeconds,
) -> Note {
    let answer = match &flight.stage {
        Stage::Answered { message, .. } => Some(message),
        Stage::Open | Stage::Ended { .. } => flight.report.as_ref(),
    };
    let kind = match decided {
        Some(_) => NoteKind::Answered,
        None => NoteKind::Closed,
    };
    let note = Note {
        statement: Some(*flight.hash().bytes()),
        decision: decided,
        outcome: Some(stands),
        ..Note::new(now, account, kind)
    };
    let note = note.with_message(label(Kind::Statement), flight.message.as_str());
    match answer {
        Some(answer) => note.with_message(label(Kind::Answer), answer.as_str()),
        None => note,
    }
}
