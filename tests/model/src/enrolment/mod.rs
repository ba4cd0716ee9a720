//! From an invitation to an active device, with somebody who knows the invitation's secret (A14, W4 to W9).
//!
//! The phone enrols, stores the first account document, reveals its nonce, shows the check number; the person brings the
//! number to the page; the test statement is approved. Mallory has photographed the QR code, or stands in the middle after a
//! wrong URL was typed. A check number is a fact: who chose which of its parts, and who knew what when they did. Two numbers
//! that nobody could aim at one another are equal by luck alone, which the model allows and counts.

mod actions;
mod phone;
pub mod properties;
mod server;
mod steps;

pub use actions::Action;
pub use phone::{Asking, Phone, Standing, Test, Verdict};
pub use server::{Enrolled, Server, Stage, Trial, Who};

use crate::bits::Bits;

/// A first account document, as the phone may be offered it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Document {
    /// The server's. A server that made two tells them apart.
    Server,
    /// The server's second, for the same bytes.
    ServerAgain,
    /// Mallory's, chosen without knowing one of the two numbers.
    Blind,
    /// Another of that kind.
    BlindAgain,
    /// Mallory's, chosen so that the phone's number is that of Mallory's own device.
    Aimed,
}

impl Document {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Server,
        Self::ServerAgain,
        Self::Blind,
        Self::BlindAgain,
        Self::Aimed,
    ];

    /// Its place in a set.
    #[must_use]
    pub const fn place(self) -> u8 {
        match self {
            Self::Server => 0,
            Self::ServerAgain => 1,
            Self::Blind => 2,
            Self::BlindAgain => 3,
            Self::Aimed => 4,
        }
    }

    /// Whether the server signed it.
    #[must_use]
    pub const fn is_the_servers(self) -> bool {
        matches!(self, Self::Server | Self::ServerAgain)
    }
}

/// A rule that is left out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    /// The phone takes another first document after its first.
    TakesAnotherDocument,
    /// The phone reveals its nonce before it stores the document.
    RevealsBeforeStoring,
    /// The phone sends its nonce with its enrolment, instead of a commitment to it.
    RevealsAtOnce,
    /// The server does not hold the reveal against the commitment.
    TakesAnyReveal,
    /// The server gives identical bytes another document.
    AnotherDocumentForTheSame,
    /// An invitation takes a second enrolment while its device is unfinished.
    InvitationTwice,
    /// The phone enrols again with a code for which it has revealed a nonce.
    SameCodeAgain,
    /// Three wrong check numbers do not end the device.
    WrongNumbersGoOn,
    /// The server refuses identical bytes.
    RefusesTheSame,
    /// The phone sends its enrolment before it stores its keys.
    SendsBeforeStoring,
    /// The server forgets a device that it has removed.
    NoTombstone,
    /// A device is active once its number was confirmed, without a test.
    ActiveWithoutTest,
    /// A test's answer is taken after the device's time.
    TestAfterItsTime,
}

/// The model and its bounds.
#[derive(Clone, Copy, Debug)]
pub struct Enrolment {
    /// Whether the invitation pins the server's key, as a QR code does; otherwise Mallory is in the middle.
    pub is_pinned: bool,
    /// Wrong check numbers that end a device.
    pub wrong_max: u8,
    /// The rule that is left out.
    pub fault: Option<Fault>,
}

impl Enrolment {
    /// By a QR code, which somebody else has photographed.
    pub const SCANNED: Self = Self {
        is_pinned: true,
        wrong_max: 3,
        fault: None,
    };
    /// By a code and a URL, with somebody in the middle.
    pub const TYPED: Self = Self {
        is_pinned: false,
        wrong_max: 3,
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

/// The phone, the server, what is on its way, and what Mallory knows.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct State {
    /// The phone.
    pub phone: Phone,
    /// The server.
    pub server: Server,
    /// Whether the phone's enrolment was sent.
    pub enrol_sent: bool,
    /// First documents that were sent to the phone.
    pub documents_sent: Bits,
    /// Whether the phone's nonce was sent.
    pub reveal_sent: bool,
    /// Answers to a test that were sent.
    pub answers_sent: Bits,
    /// Receipts that were sent, by test.
    pub receipts_sent: Bits,
    /// Whether Mallory knows the nonce of the phone's present keys.
    pub nonce_known: bool,
    /// Pairs of numbers, the phone's and Mallory's, that were held against one another.
    pub guesses: Bits,
    /// Whether one of them was equal by luck.
    pub is_lucky: bool,
}
