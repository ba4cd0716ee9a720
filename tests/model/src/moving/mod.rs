//! A new phone takes over from an old one (K8, K9).
//!
//! The old phone begins the move, the new one enrols with its invitation, the person types the new phone's number into
//! the old one, and the new one approves its test. Meanwhile a real statement is made, the old phone is suspended or
//! removed, either phone is killed, and a step that was sent arrives late: in a second move, perhaps.

mod actions;
mod new_phone;
mod old_phone;
pub mod properties;
mod server;
mod steps;

pub use actions::Action;
pub use new_phone::{NewPhone, Progress, Test};
pub use old_phone::{OldPhone, Sees};
pub use server::{Enrolled, Fate, Move, OldStands, Server, Stage};

use crate::bits::Bits;
use crate::pair::{Pair, Which};

/// One of the two phones.
pub type Phone = Which;

/// The phone that is left.
pub const OLD: Phone = Which::First;
/// The phone that takes over.
pub const NEW: Phone = Which::Second;

/// A rule that is left out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    /// The old phone stays active when the new one becomes it.
    OldStaysActive,
    /// The old phone is moved when the number is confirmed.
    OldGoesAtTheNumber,
    /// A move that ends leaves its new phone as it is.
    EndLeavesTheNew,
    /// An answer of a phone that is not active any more is counted.
    AnswersOfTheMovedCount,
    /// The server takes any number.
    AnyNumberConfirms,
    /// A step does not say of which move it is.
    StepsNameNoMove,
    /// A suspension lets a move go on.
    SuspendedPhoneMoves,
    /// The new phone sends its enrolment before it stores its keys.
    SendsBeforeStoring,
    /// The server does not answer a phone that it has moved or removed.
    NoTombstone,
    /// A phone that has moved is not told what became of its statements.
    MovedIsToldNothing,
}

/// The model and its bounds.
#[derive(Clone, Copy, Debug)]
pub struct Moving {
    /// Wrong numbers that end a move.
    pub wrong_max: u8,
    /// How many moves are begun at most: one or two.
    pub moves_max: u8,
    /// Whether a real statement is made, and the old phone may be suspended or removed.
    pub is_disturbed: bool,
    /// The rule that is left out.
    pub fault: Option<Fault>,
}

impl Moving {
    /// One move, a real statement at some time, and an old phone that may be suspended or removed.
    pub const ONCE: Self = Self {
        wrong_max: 1,
        moves_max: 1,
        is_disturbed: true,
        fault: None,
    };
    /// A second move after the first, and nothing else.
    pub const TWICE: Self = Self {
        wrong_max: 2,
        moves_max: 2,
        is_disturbed: false,
        fault: None,
    };

    /// The same without one rule.
    #[must_use]
    pub const fn without(self, fault: Fault) -> Self {
        Self {
            fault: Some(fault),
            ..self
        }
    }

    fn lacks(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }
}

/// What a phone knows of the real statement.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Seen {
    /// Nothing.
    #[default]
    Nothing,
    /// It is open.
    Held,
    /// It was approved; the answer is stored until its end.
    Answered,
    /// It has ended.
    Ended,
}

impl Seen {
    /// A state arrives that lists the statement, or has its receipt.
    fn learn(&mut self, is_listed: bool, is_closed: bool) {
        match *self {
            Self::Nothing if is_listed => *self = Self::Held,
            Self::Held | Self::Answered if is_closed => *self = Self::Ended,
            Self::Nothing | Self::Held | Self::Answered | Self::Ended => {}
        }
    }
}

/// Both phones, the server, and what is on its way.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct State {
    /// The old phone.
    pub old: OldPhone,
    /// The new phone.
    pub new: NewPhone,
    /// What each knows of the real statement.
    pub seen: Pair<Seen>,
    /// The server.
    pub server: Server,
    /// Whether a start was sent.
    pub start_sent: bool,
    /// Right numbers that were sent, by move.
    pub right_sent: Bits,
    /// Wrong numbers that were sent, by move.
    pub wrong_sent: Bits,
    /// Ends that were sent, by move.
    pub abort_sent: Bits,
    /// Whether the new phone's enrolment was sent.
    pub enrol_sent: bool,
    /// Whether its document was sent.
    pub document_sent: bool,
    /// Whether its answer to the test was sent.
    pub test_sent: bool,
    /// Phones whose answer to the real statement was sent.
    pub answer_sent: Bits,
}
