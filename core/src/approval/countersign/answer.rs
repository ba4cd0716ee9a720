//! A decision put into words, signed and stored; and the response for a page without a network.

use countersign_protocol::derive::offline_response;
use countersign_protocol::digits::Digits;
use countersign_protocol::envelope::{Compact, Unsigned};
use countersign_protocol::hash::LinesHash;
use countersign_protocol::kind::{Kind, Role};
use countersign_protocol::lines::Lines;
use countersign_protocol::message::{self, Answer, Standing};
use countersign_protocol::time::Timestamp;
use zeroize::Zeroizing;

use super::entry::{Enrolled, Entry};
use super::flight::{Flight, Stage};
use super::words::DecisionWord;
use crate::approval::ApprovalError;
use crate::approval::model::{CannotApprove, Decision, StatementId};
use crate::approval::work::SignedAnswer;
use crate::device::DeviceKeys;
use crate::secret::SecretText;
use crate::time::UnixSeconds;

impl Entry {
    fn flight(&self, id: StatementId) -> Result<(&Enrolled, &Flight), ApprovalError> {
        let enrolled = self.enrolled().ok_or(ApprovalError::NoSuchStatement)?;
        let flight = self
            .flights
            .get(&id)
            .ok_or(ApprovalError::NoSuchStatement)?;
        Ok((enrolled, flight))
    }

    /// Puts a decision into words and signs it. Nothing is used up: a cancelled prompt can be tried again.
    pub(super) fn signed_answer(
        &self,
        id: StatementId,
        decision: &Decision,
        keys: &dyn DeviceKeys,
        now: UnixSeconds,
    ) -> Result<SignedAnswer, ApprovalError> {
        let (enrolled, flight) = self.flight(id)?;
        self.may_decide(flight, word_of(decision), now)?;
        let spoken = match decision {
            Decision::Approve { number } => {
                let digits = flight.statement.digits;
                let number = Digits::parse(number.as_str(), digits)
                    .map_err(|_| ApprovalError::Number { digits })?;
                message::Decision::Approve { number }
            }
            Decision::Deny => message::Decision::Deny,
            Decision::Report => message::Decision::Report,
            Decision::Cancel => message::Decision::Cancel,
        };
        let key = match spoken.role() {
            Role::Approval => &enrolled.keys.approval,
            Role::Device | Role::Server => &enrolled.keys.device,
        };
        let shown: LinesHash = Lines::of(&flight.statement).hash();
        let answer = Answer {
            audience: self.url.as_str().to_owned(),
            account: enrolled.account.account,
            statement: flight.statement.id,
            statement_hash: flight.hash(),
            decision: spoken,
            shown,
            made_at: Timestamp::new(now.0).unwrap_or(Timestamp::MAX),
        };
        let unsigned = Unsigned::new(Kind::Answer, &key.public, &answer.to_claims())
            .map_err(|_| ApprovalError::TooMany)?;
        let message = key.sign(&unsigned, keys)?;
        Ok(SignedAnswer {
            statement: id,
            is_report: *decision == Decision::Report,
            decision: word_of(decision).number(),
            message: Zeroizing::new(message.as_str().to_owned()),
        })
    }

    /// Whether a decision can be made over a statement as it stands.
    fn may_decide(
        &self,
        flight: &Flight,
        decision: DecisionWord,
        now: UnixSeconds,
    ) -> Result<(), ApprovalError> {
        let server_now = self.clock.server_time(now);
        if decision == DecisionWord::Report {
            // Also of one that has ended or was answered: whoever sees a sign-in that was not theirs must be able to say so.
            return match flight.stage {
                Stage::Answered {
                    decision: DecisionWord::Report,
                    ..
                } => Err(ApprovalError::Answered),
                _ if flight.may_report(server_now) => Ok(()),
                _ => Err(ApprovalError::Ended),
            };
        }
        match (self.cannot_approve(flight, now), decision) {
            (None, _) => Ok(()),
            (Some(CannotApprove::Expired), _) => Err(ApprovalError::Expired {
                ago_s: server_now
                    .unix_s()
                    .saturating_sub(flight.statement.expires_at.unix_s()),
            }),
            (Some(CannotApprove::Answered), _) => Err(ApprovalError::Answered),
            (Some(CannotApprove::Ended), _) => Err(ApprovalError::Ended),
            (Some(CannotApprove::InTrash), _) => Err(ApprovalError::InTrash),
            // "It was me" says as much as an approval of what this version cannot show.
            (Some(CannotApprove::Unknown), DecisionWord::Cancel) => Err(ApprovalError::Unknown),
            // What cannot be approved can be denied.
            (Some(_), DecisionWord::Deny | DecisionWord::Cancel) => Ok(()),
            (Some(CannotApprove::Unknown), _) => Err(ApprovalError::Unknown),
            (Some(CannotApprove::Suspended), _) => Err(ApprovalError::Suspended),
            (Some(CannotApprove::NotActive), _) => Err(ApprovalError::NotActive),
            (Some(CannotApprove::KeyGone), _) => {
                Err(ApprovalError::Key(crate::device::KeyError::Invalidated))
            }
        }
    }

    /// Stores a signed decision. The bytes are on the disk before they are sent, and only those are ever sent.
    pub(super) fn keep_answer(
        &mut self,
        answer: &SignedAnswer,
        now: UnixSeconds,
    ) -> Result<(), ApprovalError> {
        let decision = DecisionWord::of(answer.decision).map_err(|_| ApprovalError::Unreadable)?;
        let (_, flight) = self.flight(answer.statement)?;
        self.may_decide(flight, decision, now)?;
        let message = Compact::from_stored(Kind::Answer, &answer.message)
            .map_err(|_| ApprovalError::Unreadable)?;
        let flight = self
            .flights
            .get_mut(&answer.statement)
            .ok_or(ApprovalError::NoSuchStatement)?;
        let is_late =
            !matches!(flight.stage, Stage::Open) || flight.is_past(self.clock.server_time(now));
        if decision == DecisionWord::Report && is_late {
            flight.report = Some(message);
        } else {
            flight.stage = Stage::Answered { decision, message };
        }
        Ok(())
    }

    /// The response to a statement for its page.
    pub(super) fn response(
        &self,
        id: StatementId,
        keys: &dyn DeviceKeys,
        now: UnixSeconds,
    ) -> Result<SecretText, ApprovalError> {
        let (enrolled, flight) = self.flight(id)?;
        self.may_decide(flight, DecisionWord::Approve, now)?;
        let key = match &enrolled.secrets.offline_key {
            Some(key) if self.can_offline() => key,
            _ => return Err(ApprovalError::NoOffline),
        };
        enrolled.keys.approval.prove_presence(keys)?;
        let response = offline_response(key, &flight.hash());
        Ok(SecretText::new(response.as_str().to_owned()))
    }

    /// Whether responses can be shown.
    pub(super) fn can_offline(&self) -> bool {
        self.enrolled().is_some_and(|enrolled| {
            enrolled.account.policy.offline
                && enrolled.standing == Standing::Active
                && enrolled.secrets.offline_key.is_some()
        })
    }
}

const fn word_of(decision: &Decision) -> DecisionWord {
    match decision {
        Decision::Approve { .. } => DecisionWord::Approve,
        Decision::Deny => DecisionWord::Deny,
        Decision::Report => DecisionWord::Report,
        Decision::Cancel => DecisionWord::Cancel,
    }
}
