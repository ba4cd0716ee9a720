//! The phone's half.

use super::server::{Stage, Trial};
use super::{Document, Enrolment, Fault};
use crate::pair::{Pair, Which};

/// How the phone shows the account.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Standing {
    /// Not yet working.
    #[default]
    Unfinished,
    /// Working.
    Active,
    /// Ended, or given up.
    Ended,
}

/// What a person decides on a test.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Verdict {
    /// With the number of the page.
    Approve,
    /// Not now.
    Deny,
}

impl Verdict {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::Approve, Self::Deny];
}

/// What the phone knows of the latest test.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Test {
    /// There was none.
    #[default]
    None,
    /// It is open.
    Held(Which),
    /// It was answered, and the answer is stored until its receipt.
    Answered(Which, Verdict),
    /// It has ended.
    Ended(Which),
}

/// A fetch, which no kill survives.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Asking {
    /// None is on its way.
    #[default]
    Nothing,
    /// It was sent.
    Sent,
    /// Its reply is on its way: the device's stage, and its tests.
    Answered(Stage, Pair<Trial>),
}

/// The phone.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Phone {
    /// Which keys it enrols with: the first, or those of another attempt. Lost when they were never stored.
    pub attempt: Option<Which>,
    /// The first document that it has stored.
    pub document: Option<Document>,
    /// One that only its memory knows.
    pub unsaved: Option<Document>,
    /// Different first documents that it has taken for its present keys.
    pub taken: u8,
    /// How it shows the account.
    pub standing: Standing,
    /// What it knows of its test.
    pub test: Test,
    /// Its fetch.
    pub asking: Asking,
}

impl Phone {
    pub(super) fn new() -> Self {
        Self {
            attempt: Some(Which::First),
            ..Self::default()
        }
    }

    /// The document on which its check number rests.
    #[must_use]
    pub fn shown(&self) -> Option<Document> {
        self.document.or(self.unsaved)
    }

    /// Whether it is still enrolling.
    #[must_use]
    pub fn is_enrolling(&self) -> bool {
        self.standing == Standing::Unfinished && self.attempt.is_some()
    }

    /// A first document arrives.
    pub(super) fn take_document(&mut self, document: Document, model: &Enrolment) -> Option<()> {
        let is_pinned_out = model.is_pinned && !document.is_the_servers();
        let is_second = self.shown().is_some() && !model.lacks(Fault::TakesAnotherDocument);
        if !self.is_enrolling()
            || is_pinned_out
            || is_second
            || self.shown() == Some(document)
            || self.taken == 2
        {
            return None;
        }
        self.taken += 1;
        if model.lacks(Fault::RevealsBeforeStoring) {
            self.unsaved = Some(document);
        } else {
            self.document = Some(document);
        }
        Some(())
    }

    /// The person decides on the test that is shown.
    pub(super) fn decide(&mut self, verdict: Verdict) -> Option<()> {
        let Test::Held(which) = self.test else {
            return None;
        };
        self.test = Test::Answered(which, verdict);
        Some(())
    }

    /// A test has ended.
    pub(super) fn end_test(&mut self, which: Which) {
        match self.test {
            Test::Held(held) | Test::Answered(held, _) if held == which => {
                self.test = Test::Ended(which);
            }
            Test::None | Test::Held(_) | Test::Answered(..) | Test::Ended(_) => {}
        }
    }

    /// The reply to a fetch arrives.
    pub(super) fn take_state(&mut self) -> Option<()> {
        let Asking::Answered(stage, trials) = self.asking else {
            return None;
        };
        self.asking = Asking::Nothing;
        if self.standing == Standing::Ended {
            return Some(());
        }
        match stage {
            Stage::Unconfirmed | Stage::Confirmed => {}
            Stage::Active => self.standing = Standing::Active,
            Stage::Removed => self.standing = Standing::Ended,
        }
        for which in Which::BOTH {
            match trials.of(which) {
                Trial::Unsent => {}
                Trial::Open => self.show_test(which),
                Trial::Approved | Trial::Over => self.end_test(which),
            }
        }
        Some(())
    }

    fn show_test(&mut self, which: Which) {
        match (self.test, which) {
            (Test::None, _)
            | (
                Test::Held(Which::First)
                | Test::Answered(Which::First, _)
                | Test::Ended(Which::First),
                Which::Second,
            ) => self.test = Test::Held(which),
            _ => {}
        }
    }

    /// The process ends and starts again.
    pub(super) fn kill(&mut self, model: &Enrolment) {
        self.asking = Asking::Nothing;
        self.unsaved = None;
        if model.lacks(Fault::SendsBeforeStoring) && self.document.is_none() {
            self.attempt = None;
        }
    }
}
