//! What one message, one call of a page or the passing of time does to a person. Pure: no store, no socket, no clock.
//!
//! Each input decides first and signs last, on a copy: where a signature or randomness fails, nothing has changed.

mod account;
mod activate;
mod answer;
mod confirm;
mod device;
mod enrol;
mod fetch;
mod invite;
mod moving;
mod offline;
mod receipt;
mod settle;
mod state;
mod statement;
mod supervise;
mod test;

use countersign_protocol::envelope::{Compact, EnvelopeError, Unsigned};
use countersign_protocol::json::Object;
use countersign_protocol::kind::Kind;
use countersign_protocol::signing::SigningKey;
use countersign_protocol::time::Timestamp;
use zeroize::Zeroizing;

use crate::entropy::{Entropy, EntropyError, generate_id};
use crate::event::{Event, Fact};
use crate::keys::ServerKeys;
use crate::person::{Person, RequestId};
use crate::reply::Refusal;
use crate::rules::Rules;

pub use confirm::{CompareNumber, NotConfirmed, TypeNumber};
pub use device::DeviceMessage;
pub use enrol::Enrolment;
pub use fetch::{Parked, Resume};
pub use invite::{AskForCode, Invite, Invited, NotInvited, TypedInvitation, WithdrawInvitation};
pub use offline::{NotTaken, TypeResponse};
pub use settle::PassTime;
pub use statement::{Ask, AskError, AskedStatement, Request, Withdraw};
pub use supervise::{GiveCode, NotThere, RemoveDevice, Rename, ResumeApprovals, SuspendApprovals};
pub use test::{AskTestAgain, NotAskedAgain};

pub(crate) use device::TOO_MANY_WAIT_S;
pub(crate) use enrol::read as read_enrolment;

/// What a step has beside the person.
#[derive(Clone, Copy)]
pub struct Desk<'a> {
    /// The server's clock.
    pub now: Timestamp,
    /// Randomness.
    pub entropy: &'a dyn Entropy,
    /// The server's keys.
    pub keys: &'a ServerKeys,
    /// The organisation's rules.
    pub rules: &'a Rules,
}

/// Why a step could not be taken. Nothing was changed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum StepError {
    /// The source of randomness failed.
    #[error("the system gave no randomness")]
    Entropy,
    /// A message would be longer than its kind may be.
    #[error("a message would be longer than its kind may be")]
    TooLarge,
    /// A message could not be signed.
    #[error("a message could not be signed")]
    Signing,
    /// A part of the person names another one that is not there, or not of its form.
    #[error("what is stored of the person does not fit together")]
    Inconsistent,
}

impl From<EntropyError> for StepError {
    fn from(_: EntropyError) -> Self {
        Self::Entropy
    }
}

/// Something that happens to a person. Taken again, from the start, when somebody else changed the person meanwhile.
pub trait Input {
    /// What is said to whoever brought it.
    type Reply;

    /// Decides, changes the person and signs the reply.
    ///
    /// # Errors
    ///
    /// [`StepError`], and the turn is to be thrown away.
    fn take(&self, turn: &mut Turn<'_>) -> Result<Self::Reply, StepError>;
}

/// What came of an input.
#[derive(Debug)]
pub struct Step<R> {
    /// The person as they are now.
    pub person: Person,
    /// What is said.
    pub reply: R,
    /// What others are to be told, once the person is stored.
    pub events: Vec<Event>,
    /// The new request that the reply answers, which is said only where the store takes its id.
    pub request: Option<RequestId>,
    /// The person's stored form, where there is anything to store. Their version is then one higher than before.
    pub changed: Option<Zeroizing<Vec<u8>>>,
}

/// Takes one input.
///
/// # Errors
///
/// [`StepError`]: the person is as they are stored.
pub fn step<I: Input>(
    person: Person,
    input: &I,
    desk: &Desk<'_>,
) -> Result<Step<I::Reply>, StepError> {
    let mut person = person;
    let before = person.stored.take();
    let before = before.unwrap_or_else(|| person.encode());
    let mut turn = Turn {
        person,
        desk: *desk,
        before,
        after: None,
        request: None,
        events: vec![],
    };
    turn.settle()?;
    let reply = input.take(&mut turn)?;
    let after = match turn.after.take() {
        Some(after) => {
            debug_assert!(after == turn.person.encode(), "a state was signed last");
            after
        }
        None => turn.person.encode(),
    };
    let is_changed = after != turn.before || turn.person.version == 0;
    // What was never stored is version 1 whatever happens in its first step.
    turn.person.version += u64::from(is_changed);
    Ok(Step {
        person: turn.person,
        reply,
        events: turn.events,
        request: turn.request,
        changed: is_changed.then_some(after),
    })
}

/// A person in the middle of a step. Time has passed for them already: what has ended by now has ended.
pub struct Turn<'a> {
    pub(crate) person: Person,
    pub(crate) desk: Desk<'a>,
    before: Zeroizing<Vec<u8>>,
    /// The person's form since it was last asked for the version that this turn makes: nothing is changed after that.
    after: Option<Zeroizing<Vec<u8>>>,
    request: Option<RequestId>,
    events: Vec<Event>,
}

impl Turn<'_> {
    /// The person.
    #[must_use]
    pub const fn person(&self) -> &Person {
        &self.person
    }

    pub(crate) const fn now(&self) -> Timestamp {
        self.desk.now
    }

    /// Notes what others are to be told.
    pub(crate) fn tell(&mut self, fact: Fact) -> Result<(), StepError> {
        self.events.push(Event {
            id: generate_id(self.desk.entropy)?,
            at: self.desk.now,
            account: self.person.account,
            fact,
        });
        Ok(())
    }

    pub(crate) fn sign(
        key: &SigningKey,
        kind: Kind,
        claims: &Object,
    ) -> Result<Compact, StepError> {
        let unsigned = Unsigned::new(kind, key.public(), claims).map_err(|error| match error {
            EnvelopeError::TooLarge { .. } => StepError::TooLarge,
            _ => StepError::Signing,
        })?;
        key.sign_message(&unsigned).map_err(|_| StepError::Signing)
    }

    /// The version that the person has once this turn is stored. Nothing more is changed after it.
    pub(crate) fn sequence(&mut self) -> u64 {
        let after = self.person.encode();
        let version = self.version_of(&after);
        self.after = Some(after);
        version
    }

    /// The version under which this form of the person is stored.
    fn version_of(&self, form: &Zeroizing<Vec<u8>>) -> u64 {
        // What was never stored is version 1 whatever happens in its first step.
        let is_changed = *form != self.before || self.person.version == 0;
        self.person.version + u64::from(is_changed)
    }
}

/// What a message is answered with: a refusal is an answer, and what it counted is stored.
pub(crate) type Answered<T> = Result<T, Halt>;

/// Why a message is not answered with what it asks for.
#[derive(Debug)]
pub(crate) enum Halt {
    /// It is refused.
    Refused(Refusal),
    /// The step failed.
    Failed(StepError),
}

impl From<StepError> for Halt {
    fn from(error: StepError) -> Self {
        Self::Failed(error)
    }
}

impl From<EntropyError> for Halt {
    fn from(error: EntropyError) -> Self {
        Self::Failed(error.into())
    }
}

impl<R: Into<Refusal>> From<R> for Halt {
    fn from(refusal: R) -> Self {
        Self::Refused(refusal.into())
    }
}
