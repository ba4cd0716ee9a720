//! A work account as this device keeps it, whatever its protocol: what its protocol knows, and what is the same for all.

mod record;

use zeroize::Zeroizing;

use super::chatter::Chatter;
use super::contact::{Contact, Said};
use super::countersign;
use super::error::ApprovalError;
use super::exchange::{Cause, Errand, Event, Reply};
use super::history::{Entry, Label};
use super::model::{CannotApprove, Standing, StatementId};
use super::shield::{Shield, Sound};
use super::view::{StatementView, WorkView};
use super::work::{Taken, Verdict, Work};
use crate::time::UnixSeconds;
use crate::vault::RecordId;

/// Takes an account of a protocol back from its record.
type Restore = fn(RecordId, &[u8]) -> Result<Box<dyn Work>, ApprovalError>;

/// The protocols, by their numbers in the vault. Adding one is a folder and a line.
const PROTOCOLS: [(u8, Restore); 1] = [(COUNTERSIGN, countersign::restore)];

/// How long a server is told that this device leaves, in seconds.
const LEAVING_S: u64 = 7 * 24 * 60 * 60;

/// Our own protocol.
pub(crate) const COUNTERSIGN: u8 = 1;

/// A work account.
#[derive(Debug)]
pub(crate) struct WorkAccount {
    pub(crate) id: RecordId,
    protocol: u8,
    pub(crate) contact: Contact,
    pub(crate) shield: Shield,
    pub(crate) trashed_at: Option<UnixSeconds>,
    /// How much its server has said lately beside decisions.
    chatter: Chatter,
    /// When a clock that was not to be believed first said that its time in the trash is over.
    pub(crate) expiry_seen_at: Option<UnixSeconds>,
    /// Records whose place it has taken: their history is its own.
    pub(crate) earlier: Vec<RecordId>,
    /// Since when its server is to forget this device, and the entry to go.
    leaving_since: Option<UnixSeconds>,
    /// Whether another record has taken its place: only its keys are left to be deleted.
    pub(crate) is_superseded: bool,
    /// Whether it comes from an older file, so that its keys may be somebody else's by now.
    pub(crate) is_doubtful: bool,
    pub(crate) work: Box<dyn Work>,
}

impl WorkAccount {
    pub(crate) fn new(id: RecordId, protocol: u8, work: Box<dyn Work>) -> Self {
        Self {
            id,
            protocol,
            contact: Contact::default(),
            shield: Shield::default(),
            trashed_at: None,
            expiry_seen_at: None,
            chatter: Chatter::default(),
            earlier: vec![],
            leaving_since: None,
            is_superseded: false,
            is_doubtful: false,
            work,
        }
    }

    /// The same account with another record of its protocol.
    pub(crate) fn with_work(&self, work: &[u8]) -> Result<Self, ApprovalError> {
        Ok(Self {
            contact: self.contact.clone(),
            shield: self.shield.clone(),
            earlier: self.earlier.clone(),
            work: restored(self.protocol, self.id, work)?,
            ..*self
        })
    }

    /// How it stands, also to the person: one whose keys may be somebody else's has to be activated again.
    pub(crate) fn standing(&self) -> Standing {
        let standing = self.work.standing();
        if self.is_doubtful && !standing.is_end() {
            return Standing::NeedsReactivation;
        }
        standing
    }

    /// Whether it takes part: not in the trash, not to be activated again, not replaced.
    pub(crate) const fn is_awake(&self) -> bool {
        self.trashed_at.is_none() && !self.is_doubtful && !self.is_superseded
    }

    /// Has its server forget this device, and the entry go with it.
    pub(crate) fn leave(&mut self, now: UnixSeconds) {
        self.work.leave();
        self.leaving_since.get_or_insert(now);
    }

    /// Whether its server has still to be told that this device leaves.
    pub(crate) const fn is_leaving(&self) -> bool {
        self.leaving_since.is_some()
    }

    /// Whether only its keys and its records are left to be deleted. A server that cannot be told for a week is told no more:
    /// there the device is one that never answers.
    pub(crate) fn is_gone(&self, now: UnixSeconds) -> bool {
        let is_told = |since: UnixSeconds| {
            self.work.has_left() || now.since(since) >= LEAVING_S || !self.work.has_server()
        };
        self.is_superseded || self.leaving_since.is_some_and(is_told)
    }

    pub(crate) fn view(&self, now: UnixSeconds) -> WorkView {
        WorkView {
            standing: self.standing(),
            trashed_at: self.trashed_at,
            last_answer_at: self.contact.last_answer_at,
            unreachable_since: self.contact.failing_since,
            hint: self.contact.hint,
            muted_until: self.shield.muted_until(now),
            ..self.work.view(now)
        }
    }

    pub(crate) fn statements(&self, now: UnixSeconds) -> Vec<StatementView> {
        let mut statements = self.work.statements(now);
        let why = match (self.trashed_at, self.is_doubtful) {
            (Some(_), _) => Some(CannotApprove::InTrash),
            (None, true) => Some(CannotApprove::KeyGone),
            (None, false) => None,
        };
        for statement in &mut statements {
            if statement.outcome.is_none() && why.is_some() {
                statement.cannot_approve = why;
            }
        }
        statements
    }

    /// Why nothing can be decided in it; none when it can.
    pub(crate) const fn asleep(&self) -> Option<ApprovalError> {
        if self.trashed_at.is_some() {
            return Some(ApprovalError::InTrash);
        }
        if self.is_doubtful {
            return Some(ApprovalError::Key(crate::device::KeyError::Invalidated));
        }
        None
    }

    /// Takes what came back, and says what a shell has to know.
    pub(crate) fn take(&mut self, errand: &Errand, reply: &Reply, now: UnixSeconds) -> Took {
        let Taken {
            verdict,
            arrived,
            outcomes,
            standing_changed,
            replaced,
            refused,
            notes,
            approved,
            changed,
        } = self.work.take(errand, reply, now);
        self.meet(errand, verdict, now);
        let account = self.id;
        let mut events = vec![];
        if approved {
            self.shield.approved();
        }
        for statement in arrived {
            if !self.is_awake() {
                // It went into the trash while its server was asked: there it is mute.
                self.work.quieten(statement);
                continue;
            }
            events.push(match self.arrived(statement, now) {
                Sound::Rings => Event::Rings { account, statement },
                Sound::Quiet => Event::Queued { account, statement },
            });
        }
        events.extend(
            outcomes
                .into_iter()
                .map(|(statement, outcome)| Event::Outcome {
                    account,
                    statement,
                    outcome,
                }),
        );
        if standing_changed {
            events.push(Event::Standing { account });
        }
        let refused_notes = self.refusals(refused.iter().copied(), now);
        events.extend(
            refused
                .into_iter()
                .map(|cause| Event::Refused { account, cause }),
        );
        if let Some(earlier) = replaced {
            events.push(Event::Replaced { account, earlier });
        }
        let (notes, too_many) = self.chatter.sifted(notes, now);
        let too_many = too_many.then(|| Entry::refused(now, account, named(TOO_MANY)));
        Took {
            is_worth_storing: changed || !notes.is_empty(),
            refused: refused_notes.into_iter().chain(too_many).collect(),
            events,
            notes,
            replaced,
        }
    }

    /// What the history says of what was refused.
    pub(crate) fn refusals(
        &self,
        causes: impl IntoIterator<Item = Cause>,
        now: UnixSeconds,
    ) -> Vec<Entry> {
        let causes = causes.into_iter();
        causes
            .map(|cause| Entry::refused(now, self.id, label(cause)))
            .collect()
    }

    /// A statement's record, whose account it says.
    pub(crate) fn join_flight(account: RecordId, flight: &[u8]) -> Zeroizing<Vec<u8>> {
        let mut body = Zeroizing::new(Vec::with_capacity(16 + flight.len()));
        body.extend_from_slice(account.bytes());
        body.extend_from_slice(flight);
        body
    }

    /// The same, taken apart.
    pub(crate) fn split_flight(body: &[u8]) -> Option<(RecordId, &[u8])> {
        let (account, flight) = body.split_first_chunk::<16>()?;
        Some((RecordId::from_bytes(*account), flight))
    }

    /// Lets the shield decide over a new statement.
    pub(crate) fn arrived(&mut self, statement: StatementId, now: UnixSeconds) -> Sound {
        let sound = self.shield.arrived(now);
        if sound == Sound::Quiet {
            self.work.quieten(statement);
        }
        sound
    }

    fn meet(&mut self, errand: &Errand, verdict: Verdict, now: UnixSeconds) {
        let (lane, said) = (errand.lane, Said::of(errand));
        if lane == super::exchange::Lane::Ask {
            self.contact.asked_at = Some(errand.sent_at);
        }
        match verdict {
            Verdict::Answered => {
                self.contact.answered(lane, said, now);
                self.contact.fresh();
            }
            Verdict::Failed { retry_after_s } => self.contact.failed(lane, retry_after_s, now),
            Verdict::Refused(hint) => self.contact.refused(lane, said, hint, now),
            Verdict::Again => {
                // At once, but not for ever.
                self.contact.again(lane, now);
            }
            Verdict::Stale => self.contact.stale(lane, now),
        }
    }
}

/// What a protocol keeps of an account, taken back from its record.
fn restored(protocol: u8, id: RecordId, body: &[u8]) -> Result<Box<dyn Work>, ApprovalError> {
    let restore = PROTOCOLS.iter().find(|(known, _)| *known == protocol);
    let (_, restore) = restore.ok_or(ApprovalError::Unreadable)?;
    restore(id, body)
}

/// What came of a reply, for whoever stores the account.
#[derive(Debug)]
pub(crate) struct Took {
    pub(crate) is_worth_storing: bool,
    pub(crate) events: Vec<Event>,
    pub(crate) notes: Vec<Entry>,
    /// The same, of what was refused: once a cause and hour.
    pub(crate) refused: Vec<Entry>,
    pub(crate) replaced: Option<RecordId>,
}

/// What a server said beside decisions, and too often for the history.
const TOO_MANY: &str = "too_many";

fn label(cause: Cause) -> Label {
    named(cause.name())
}

fn named(name: &str) -> Label {
    Label::new(name).expect("names of causes are letters and low lines")
}
