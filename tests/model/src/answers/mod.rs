//! One statement, two devices, and everything that can become of it (R3, R5 to R7, R22).
//!
//! Either device may get the statement by fetch or by scan, answer it in every way, lose its requests and their replies,
//! and be killed; an answer that was sent may arrive at any later time, twice, or never. The server expires the statement
//! and, a day later, forgets it.

mod actions;
mod device;
pub mod properties;
mod server;

pub use actions::Action;
pub use device::{Asking, Device, Told, View};
pub use server::{Outcome, Reply, Server};

use crate::bits::Bits;
use crate::pair::Pair;

/// How many answers a device makes at most: each wrong number and the end, or a report.
pub const ANSWERS_MAX: u8 = 3;

/// What a person decides on a device.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Decision {
    /// It is me, with the number that the sign-in page shows.
    Approve,
    /// It is me, with another number.
    ApproveWrong,
    /// Not now.
    Deny,
    /// It was not me.
    Report,
}

/// A rule that is left out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    /// A device sends its answer before it stores it.
    SendsBeforeStoring,
    /// The server counts an answer again that it has counted.
    CountsTwice,
    /// The server lets an answer change an outcome.
    LaterAnswerDecides,
    /// The server takes any number.
    TakesAnyNumber,
    /// A device that was killed takes what was typed for what was decided.
    KillConfirms,
    /// A device takes a wrong number's receipt for news of a statement that has ended.
    WrongNumberReopens,
    /// A state leaves out a statement that is open, not listed, and held by the device that asks.
    ScannedIsLeftOut,
    /// A device holds a state against the statements that it has when it arrives, and not those that its request named.
    JudgesByWhatItHolds,
    /// A state does not say what became of the statements that it was asked after.
    ClosedIsLeftOut,
    /// Each report raises its event, whatever was reported before.
    EachReportRaises,
    /// A report that comes after the end changes the outcome.
    ReportDecides,
}

/// The model and its bounds.
#[derive(Clone, Copy, Debug)]
pub struct Answers {
    /// How often the number may be typed.
    pub tries: u8,
    /// How many answers both devices together may make.
    pub answers_max: u8,
    /// Whether states list the statement; otherwise it can only be scanned.
    pub listed: bool,
    /// The rule that is left out.
    pub fault: Option<Fault>,
}

impl Answers {
    /// The rules of the protocol.
    #[must_use]
    pub const fn new(tries: u8, answers_max: u8, listed: bool) -> Self {
        Self {
            tries,
            answers_max,
            listed,
            fault: None,
        }
    }

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

/// Both devices, the server, and what is on its way.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct State {
    /// The devices.
    pub devices: Pair<Device>,
    /// The server.
    pub server: Server,
    /// Answers that were sent and may still arrive, by number.
    pub sent: Pair<Bits>,
    /// Receipts that were sent and may still arrive, by the number of their answer.
    pub receipts: Pair<Bits>,
}
