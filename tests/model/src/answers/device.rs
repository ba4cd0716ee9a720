//! A device's half: what it stores, what it only remembers, and what it makes of what it hears.

use super::server::{Outcome, Reply};
use super::{ANSWERS_MAX, Answers, Decision, Fault};
use crate::bits::Bits;

/// What a device knows of the statement.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum View {
    /// It has not seen it.
    #[default]
    Unseen,
    /// It is open.
    Held,
    /// It has ended, as far as it is known how.
    Ended(Option<Outcome>),
}

/// A fetch, which no kill survives.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Asking {
    /// None is on its way.
    #[default]
    Nothing,
    /// It was sent, and names the statement or not.
    Sent {
        /// Whether the statement is in `open`.
        names: bool,
    },
    /// Its reply is on its way.
    Answered {
        /// Whether the statement was in `open`.
        names: bool,
        /// What the reply says of it.
        told: Told,
    },
}

/// What a state says of the statement.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Told {
    /// It is among `statements`.
    Open,
    /// Its receipt is among `closed`.
    Closed,
    /// Nothing.
    Nothing,
}

/// A device.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Device {
    /// What it knows.
    pub view: View,
    /// The answers that were ever made on it.
    made: [Option<Decision>; 3],
    /// Those that are stored and have no receipt yet.
    pub waiting: Bits,
    /// Those that only its memory knows.
    pub unsaved: Bits,
    /// Its fetch.
    pub asking: Asking,
    /// Whether the person approved here with the right number.
    pub person_approved: bool,
    /// Whether it has ever known the end.
    pub knew_the_end: bool,
}

impl Device {
    /// How many answers were made.
    #[must_use]
    pub fn made_count(&self) -> u8 {
        (0..ANSWERS_MAX)
            .map(|number| u8::from(self.decision(number).is_some()))
            .sum()
    }

    /// What the answer with this number says.
    #[must_use]
    pub fn decision(&self, number: u8) -> Option<Decision> {
        self.made.get(usize::from(number)).copied().flatten()
    }

    fn has_reported(&self) -> bool {
        self.made.contains(&Some(Decision::Report))
    }

    /// Whether a person can decide this now: one answer at a time, and one report beside or after it.
    #[must_use]
    pub fn can_decide(&self, decision: Decision) -> bool {
        let is_answering = !self.waiting.is_empty() || !self.unsaved.is_empty();
        match (self.view, decision) {
            (View::Unseen, _) => false,
            (_, Decision::Report) => !self.has_reported(),
            (View::Held, _) => !is_answering,
            (View::Ended(_), _) => false,
        }
    }

    /// Stores an answer and gives its number; nothing is sent.
    pub fn make(&mut self, decision: Decision, is_stored: bool) -> Option<u8> {
        let number = self.made_count();
        *self.made.get_mut(usize::from(number))? = Some(decision);
        if is_stored {
            self.waiting = self.waiting.with(number);
        } else {
            self.unsaved = self.unsaved.with(number);
        }
        Some(number)
    }

    /// Whether a fetch names the statement.
    #[must_use]
    pub fn names_it(&self) -> bool {
        self.view == View::Held || !self.waiting.is_empty()
    }

    /// The device takes a receipt for the answer with this number.
    pub fn take_receipt(&mut self, number: u8, reply: Reply, model: &Answers) {
        self.waiting = self.waiting.without(number);
        self.unsaved = self.unsaved.without(number);
        match reply {
            Reply::WrongNumber => {
                if model.lacks(Fault::WrongNumberReopens) {
                    self.view = View::Held;
                }
            }
            Reply::End(outcome) => self.end(Some(outcome)),
        }
    }

    /// The device takes the reply to its fetch.
    pub fn take_state(&mut self, names: bool, told: Told, end: Option<Outcome>, model: &Answers) {
        let names = names || model.lacks(Fault::JudgesByWhatItHolds) && self.names_it();
        match told {
            Told::Open if self.view == View::Unseen => self.view = View::Held,
            Told::Open => {}
            Told::Closed => self.end(end),
            // What is in neither list has ended, outcome unknown, and nobody takes a report of it any more.
            Told::Nothing if names => {
                self.end(None);
                self.waiting = Bits::NONE;
            }
            Told::Nothing => {}
        }
        self.asking = Asking::Nothing;
    }

    /// An end is final, and settles every answer but a report, which is taken later too.
    fn end(&mut self, outcome: Option<Outcome>) {
        if self.view == View::Held || self.view == View::Unseen {
            self.view = View::Ended(outcome);
        }
        self.knew_the_end = true;
        for number in 0..ANSWERS_MAX {
            if self.decision(number) != Some(Decision::Report) {
                self.waiting = self.waiting.without(number);
            }
        }
    }

    /// The process ends and starts again.
    pub fn kill(&mut self, model: &Answers) {
        self.asking = Asking::Nothing;
        self.unsaved = Bits::NONE;
        if model.lacks(Fault::KillConfirms) && self.can_decide(Decision::Approve) {
            self.make(Decision::Approve, true);
        }
    }
}
