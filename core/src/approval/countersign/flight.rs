//! A statement as the device keeps it: the signed bytes, and how far its answer has come.

use countersign_protocol::envelope::{Compact, Received};
use countersign_protocol::hash::{Id, MessageHash, Thumbprint};
use countersign_protocol::key::PublicKey;
use countersign_protocol::kind::{Kind, Role};
use countersign_protocol::lines::Lines;
use countersign_protocol::message::{Act, Expected, NextStep, Statement, Unknown};
use countersign_protocol::time::Timestamp;
use ring::digest;
use zeroize::Zeroizing;

use super::words::{DecisionWord, EndWord};
use crate::account::Name;
use crate::approval::model::{AfterReport, Match, Outcome, StatementId};
use crate::approval::view::ShownLine;
use crate::encoding::tlv::{Malformed, Reader, Writer, text_of, u8_of, u64_of};
use crate::time::UnixSeconds;
use crate::vault::RecordId;

/// How long after its end a statement may still be reported, in seconds; so long it is kept.
pub(super) const REPORT_S: u64 = 24 * 60 * 60;

/// A statement, and what became of it.
#[derive(Debug)]
pub(super) struct Flight {
    pub(super) message: Compact,
    /// The server key that signed it.
    pub(super) signer: PublicKey,
    pub(super) statement: Statement,
    /// When this device got it, by its own clock.
    pub(super) received_at: UnixSeconds,
    /// Which of its account's it is in the order in which they came.
    pub(super) nth: u64,
    /// Whether it came by a QR code: the server may not list it.
    pub(super) was_scanned: bool,
    pub(super) is_quiet: bool,
    /// Whether this device has seen its time end: no clock brings it back.
    pub(super) is_over: bool,
    /// Whether a response to it was shown.
    pub(super) was_shown_offline: bool,
    /// After a wrong number.
    pub(super) tries_left: Option<u8>,
    pub(super) stage: Stage,
    /// A report after its end, until it is received.
    pub(super) report: Option<Compact>,
    pub(super) was_reported: bool,
    pub(super) next: Vec<AfterReport>,
}

/// How far the answer has come.
#[derive(Debug)]
pub(super) enum Stage {
    /// It waits for a decision.
    Open,
    /// It was decided, and these bytes are sent until the end.
    Answered {
        decision: DecisionWord,
        message: Compact,
    },
    /// It has ended.
    Ended {
        end: EndWord,
        /// What this device had answered.
        decision: Option<DecisionWord>,
        /// What the person calls the device that ended it, where that was another.
        by: Option<Name>,
    },
}

impl Flight {
    /// The id of a statement in its account: an account's server cannot choose one of another's, and none for other bytes than
    /// those that were shown under it.
    pub(super) fn id_of(account: RecordId, statement: &Id, hash: &MessageHash) -> StatementId {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(b"countersign-flight/1\0");
        context.update(account.bytes());
        context.update(statement.bytes());
        context.update(hash.bytes());
        let mut id = [0; 16];
        for (to, from) in id.iter_mut().zip(context.finish().as_ref()) {
            *to = *from;
        }
        StatementId(id)
    }

    pub(super) fn hash(&self) -> MessageHash {
        self.message.hash()
    }

    pub(super) const fn is_open(&self) -> bool {
        matches!(self.stage, Stage::Open)
    }

    pub(super) const fn is_ended(&self) -> bool {
        matches!(self.stage, Stage::Ended { .. })
    }

    /// Whether its time is over by the server's clock.
    pub(super) fn is_past(&self, server_now: Timestamp) -> bool {
        self.is_over || server_now >= self.statement.expires_at
    }

    /// Whether the server still takes a report of it.
    fn is_reportable(&self, server_now: Timestamp) -> bool {
        let until = self.statement.expires_at.unix_s().saturating_add(REPORT_S);
        !self.was_reported && server_now.unix_s() < until
    }

    /// Whether it may still be reported although it has ended.
    pub(super) fn may_report(&self, server_now: Timestamp) -> bool {
        self.report.is_none() && self.is_reportable(server_now)
    }

    /// Whether it is kept no longer.
    pub(super) fn is_forgotten(&self, server_now: Timestamp) -> bool {
        let until = self.statement.expires_at.unix_s().saturating_add(REPORT_S);
        let is_old = server_now.unix_s() >= until;
        is_old && (self.is_ended() || server_now.unix_s() >= until + REPORT_S)
    }

    /// The answer or report that is to be sent.
    pub(super) fn to_send(&self, server_now: Timestamp) -> Option<&Compact> {
        match (&self.report, &self.stage) {
            (Some(report), _) => Some(report).filter(|_| self.is_reportable(server_now)),
            // What comes after its end gets the receipt of that end; a fetch brings that too. But for a report: that is taken.
            (None, Stage::Answered { decision, message })
                if !self.is_past(server_now)
                    || *decision == DecisionWord::Report && self.is_reportable(server_now) =>
            {
                Some(message)
            }
            _ => None,
        }
    }

    pub(super) fn outcome(&self) -> Option<Outcome> {
        let Stage::Ended { end, by, .. } = &self.stage else {
            return None;
        };
        Some(match (end, by) {
            (EndWord::Approved, Some(by)) => Outcome::Elsewhere {
                by: by.clone(),
                approved: true,
            },
            (EndWord::Denied | EndWord::Reported | EndWord::Cancelled, Some(by)) => {
                Outcome::Elsewhere {
                    by: by.clone(),
                    approved: false,
                }
            }
            (EndWord::Approved, None) => Outcome::Approved,
            (EndWord::ApprovedOffline, _) => Outcome::ApprovedOffline,
            (EndWord::Denied, None) => Outcome::Denied,
            (EndWord::Reported, None) => Outcome::Reported,
            (EndWord::Cancelled, None) => Outcome::Cancelled,
            (EndWord::Expired, _) => Outcome::Expired,
            (EndWord::Withdrawn, _) => Outcome::Withdrawn,
            (EndWord::Unknown, _) => Outcome::Unknown,
        })
    }

    /// What the person has to see, as both ends hash it.
    pub(super) fn lines(&self) -> Vec<ShownLine> {
        let lines = Lines::of(&self.statement);
        let shown = lines.lines().iter().map(|line| ShownLine {
            field: line.field.name(),
            text: line.text.clone(),
        });
        shown.collect()
    }

    pub(super) const fn matching(&self) -> Match {
        Match::EnterNumber {
            digits: self.statement.digits,
        }
    }

    pub(super) fn is_test(&self) -> bool {
        self.statement.act == Some(Act::Test)
    }

    pub(super) const fn is_unknown(&self) -> bool {
        match self.statement.unknown {
            Some(Unknown::Act | Unknown::Details | Unknown::Member) => true,
            None => false,
        }
    }

    pub(super) fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut body = Writer::new();
        body.put(field::MESSAGE, self.message.as_str().as_bytes());
        body.put(field::SIGNER, &self.signer.point());
        body.put_u64(field::RECEIVED, self.received_at.0);
        body.put_u64(field::NTH, self.nth);
        let flags = [
            self.was_scanned,
            self.is_quiet,
            self.is_over,
            self.was_shown_offline,
            self.was_reported,
        ];
        let flags = flags.iter().rev();
        let flags = flags.fold(0_u8, |flags, flag| flags << 1 | u8::from(*flag));
        body.put(field::FLAGS, &[flags]);
        if let Some(left) = self.tries_left {
            body.put(field::TRIES_LEFT, &[left]);
        }
        match &self.stage {
            Stage::Open => {}
            Stage::Answered { decision, message } => {
                body.put(field::DECISION, &[decision.number()]);
                body.put(field::ANSWER, message.as_str().as_bytes());
            }
            Stage::Ended { end, decision, by } => {
                if let Some(decision) = decision {
                    body.put(field::DECISION, &[decision.number()]);
                }
                body.put(field::END, &[end.number()]);
                if let Some(by) = by {
                    body.put(field::BY, by.as_str().as_bytes());
                }
            }
        }
        if let Some(report) = &self.report {
            body.put(field::REPORT, report.as_str().as_bytes());
        }
        for next in &self.next {
            body.put(field::NEXT, &[next_number(*next)]);
        }
        body.finish_unpadded()
    }

    /// Reads what [`Self::encode`] wrote; `expected` is the account's.
    pub(super) fn decode(
        body: &[u8],
        url: &str,
        device: &Thumbprint,
        person: &Id,
    ) -> Result<Self, Malformed> {
        let mut read = Fields::default();
        let mut reader = Reader::new(body);
        while let Some((tag, value)) = reader.next()? {
            read.take(tag, value)?;
        }
        let message = read.message.ok_or(Malformed)?;
        let signer = read.signer.ok_or(Malformed)?;
        let received = Received::parse(Kind::Statement, message).map_err(|_| Malformed)?;
        let verified = received
            .from_own_seal(Role::Server, &signer)
            .map_err(|_| Malformed)?;
        let expected = Expected {
            issuer: url,
            device,
            account: person,
        };
        let statement = Statement::read(&verified, &expected).map_err(|_| Malformed)?;
        let flag = |bit: u8| read.flags >> bit & 1 == 1;
        let stage = match (read.end, read.decision, read.answer) {
            (Some(end), decision, _) => Stage::Ended {
                end,
                decision,
                by: read.by,
            },
            (None, Some(decision), Some(message)) => Stage::Answered { decision, message },
            (None, None, None) => Stage::Open,
            (None, _, _) => return Err(Malformed),
        };
        Ok(Self {
            message: verified.compact().clone(),
            signer,
            statement,
            received_at: read.received_at,
            nth: read.nth,
            was_scanned: flag(0),
            is_quiet: flag(1),
            is_over: flag(2),
            was_shown_offline: flag(3),
            was_reported: flag(4),
            tries_left: read.tries_left,
            stage,
            report: read.report,
            next: read.next,
        })
    }
}

#[derive(Default)]
struct Fields<'a> {
    message: Option<&'a str>,
    signer: Option<PublicKey>,
    received_at: UnixSeconds,
    nth: u64,
    flags: u8,
    tries_left: Option<u8>,
    decision: Option<DecisionWord>,
    answer: Option<Compact>,
    end: Option<EndWord>,
    by: Option<Name>,
    report: Option<Compact>,
    next: Vec<AfterReport>,
}

impl<'a> Fields<'a> {
    fn take(&mut self, tag: u8, value: &'a [u8]) -> Result<(), Malformed> {
        let answer = |value| {
            let text = text_of(value)?;
            Compact::from_stored(Kind::Answer, text).map_err(|_| Malformed)
        };
        match tag {
            field::MESSAGE => self.message = Some(text_of(value)?),
            field::SIGNER => {
                self.signer = Some(PublicKey::from_point(value).map_err(|_| Malformed)?);
            }
            field::RECEIVED => self.received_at = UnixSeconds(u64_of(value)?),
            field::NTH => self.nth = u64_of(value)?,
            field::FLAGS => self.flags = u8_of(value)?,
            field::TRIES_LEFT => self.tries_left = Some(u8_of(value)?),
            field::DECISION => self.decision = Some(DecisionWord::of(u8_of(value)?)?),
            field::ANSWER => self.answer = Some(answer(value)?),
            field::END => self.end = Some(EndWord::of(u8_of(value)?)?),
            field::BY => self.by = Some(Name::new(text_of(value)?)),
            field::REPORT => self.report = Some(answer(value)?),
            field::NEXT => self.next.push(next_of(u8_of(value)?)?),
            // A field of a newer version: losing it would lose what it means.
            _ => return Err(Malformed),
        }
        Ok(())
    }
}

mod field {
    pub(super) const MESSAGE: u8 = 1;
    pub(super) const SIGNER: u8 = 2;
    pub(super) const RECEIVED: u8 = 3;
    pub(super) const FLAGS: u8 = 4;
    pub(super) const TRIES_LEFT: u8 = 5;
    pub(super) const DECISION: u8 = 6;
    pub(super) const ANSWER: u8 = 7;
    pub(super) const END: u8 = 8;
    pub(super) const BY: u8 = 9;
    pub(super) const REPORT: u8 = 10;
    pub(super) const NEXT: u8 = 11;
    pub(super) const NTH: u8 = 12;
}

pub(super) const fn after_report(step: NextStep) -> AfterReport {
    match step {
        NextStep::Locked => AfterReport::Locked,
        NextStep::PasswordChange => AfterReport::PasswordChange,
        NextStep::AdminTold => AfterReport::AdminTold,
    }
}

const fn next_number(next: AfterReport) -> u8 {
    match next {
        AfterReport::Locked => 1,
        AfterReport::PasswordChange => 2,
        AfterReport::AdminTold => 3,
    }
}

const fn next_of(number: u8) -> Result<AfterReport, Malformed> {
    match number {
        1 => Ok(AfterReport::Locked),
        2 => Ok(AfterReport::PasswordChange),
        3 => Ok(AfterReport::AdminTold),
        _ => Err(Malformed),
    }
}
