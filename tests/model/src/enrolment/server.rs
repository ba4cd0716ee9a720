//! The server's half: one invitation, and the device that took it.

use super::phone::Verdict;
use super::{Document, Enrolment, Fault};
use crate::pair::{Pair, Which};

/// Whose keys were enrolled.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Who {
    /// The phone's, of one of its attempts.
    Phone(Which),
    /// Mallory's, whose number could not be aimed at the phone's.
    Mallory,
    /// Mallory's, with the phone's number.
    MalloryAimed,
}

impl Who {
    /// Whether it is Mallory.
    #[must_use]
    pub const fn is_mallory(self) -> bool {
        matches!(self, Self::Mallory | Self::MalloryAimed)
    }
}

/// How far a device is.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Stage {
    /// Its number was not confirmed yet.
    Unconfirmed,
    /// Its test is not approved yet.
    Confirmed,
    /// It works.
    Active,
    /// It ended.
    Removed,
}

/// What became of a test.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Trial {
    /// It was not sent.
    #[default]
    Unsent,
    /// It is open.
    Open,
    /// It was approved.
    Approved,
    /// It was denied, or its time or its device's is up.
    Over,
}

/// The device that took the invitation.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Enrolled {
    /// Whose it is.
    pub who: Who,
    /// The document that it was given last.
    pub document: Document,
    /// How far it is.
    pub stage: Stage,
    /// Whether it has revealed its nonce, so that the server knows its number.
    pub is_revealed: bool,
    /// Wrong numbers so far.
    pub wrong: u8,
    /// Its tests.
    pub trials: Pair<Trial>,
    /// Whether its number was ever confirmed.
    pub was_confirmed: bool,
}

/// The server.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Server {
    /// The device.
    pub device: Option<Enrolled>,
    /// Enrolments that were accepted.
    pub accepted: u8,
    /// Whether the invitation's time is up.
    pub is_expired: bool,
}

impl Server {
    /// An enrolment arrives; the document with which it is answered.
    pub(super) fn enrol(&mut self, who: Who, model: &Enrolment) -> Option<Document> {
        match &mut self.device {
            None if self.is_expired => None,
            None => Some(self.accept(who)),
            Some(device) if device.who == who => {
                if model.lacks(Fault::RefusesTheSame) {
                    return None;
                }
                if model.lacks(Fault::AnotherDocumentForTheSame) {
                    device.document = Document::ServerAgain;
                }
                Some(device.document)
            }
            Some(device) => {
                let is_unfinished = device.stage == Stage::Unconfirmed;
                (model.lacks(Fault::InvitationTwice) && is_unfinished && self.accepted < 3)
                    .then(|| self.accept(who))
            }
        }
    }

    fn accept(&mut self, who: Who) -> Document {
        self.accepted += 1;
        self.device = Some(Enrolled {
            who,
            document: Document::Server,
            stage: Stage::Unconfirmed,
            is_revealed: false,
            wrong: 0,
            trials: Pair::default(),
            was_confirmed: false,
        });
        Document::Server
    }
}

impl Enrolled {
    pub(super) fn is_unfinished(&self) -> bool {
        matches!(self.stage, Stage::Unconfirmed | Stage::Confirmed)
    }

    /// Whether the page asks for its number.
    pub(super) fn is_asked_after(&self) -> bool {
        self.stage == Stage::Unconfirmed && self.is_revealed
    }

    /// The number was brought to the page.
    pub(super) fn confirm(&mut self, is_right: bool, model: &Enrolment) {
        if is_right {
            self.was_confirmed = true;
            self.stage = if model.lacks(Fault::ActiveWithoutTest) {
                Stage::Active
            } else {
                Stage::Confirmed
            };
            return;
        }
        self.wrong = model.wrong_max.min(self.wrong + 1);
        if self.wrong == model.wrong_max && !model.lacks(Fault::WrongNumbersGoOn) {
            self.end();
        }
    }

    /// The device's time is up, or it failed.
    pub(super) fn end(&mut self) {
        self.stage = Stage::Removed;
        for which in Which::BOTH {
            let trial = self.trials.of_mut(which);
            if *trial == Trial::Open {
                *trial = Trial::Over;
            }
        }
    }

    /// The test that can be sent next: one, and one more when it was denied or not answered.
    pub(super) fn next_test(&self) -> Option<Which> {
        if self.stage != Stage::Confirmed {
            return None;
        }
        match (self.trials.of(Which::First), self.trials.of(Which::Second)) {
            (Trial::Unsent, _) => Some(Which::First),
            (Trial::Over, Trial::Unsent) => Some(Which::Second),
            _ => None,
        }
    }

    /// An answer to a test arrives.
    pub(super) fn judge(&mut self, which: Which, verdict: Verdict, model: &Enrolment) {
        let is_late = self.stage == Stage::Removed && model.lacks(Fault::TestAfterItsTime);
        let trial = self.trials.of_mut(which);
        if *trial != Trial::Open && !(is_late && *trial == Trial::Over) {
            return;
        }
        match verdict {
            Verdict::Approve => {
                *trial = Trial::Approved;
                self.stage = Stage::Active;
            }
            Verdict::Deny => *trial = Trial::Over,
        }
    }
}
