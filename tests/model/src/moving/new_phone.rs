//! The new phone's half.

use super::server::Stage;
use super::{Fault, Moving};
use crate::pair::Which;

/// How the new phone shows the account.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Progress {
    /// Not yet working.
    #[default]
    Unfinished,
    /// Working.
    Active,
    /// Ended, or given up.
    Ended,
}

/// What it knows of its test.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Test {
    /// Nothing.
    #[default]
    Nothing,
    /// It is open.
    Held,
    /// It was approved; the answer is stored.
    Answered,
}

/// A fetch of the new phone, which no kill survives.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Asking {
    /// None is on its way.
    #[default]
    Nothing,
    /// It was sent.
    Sent,
    /// Its reply is on its way.
    Answered {
        /// How far the phone is.
        stage: Stage,
        /// Whether the real statement is listed.
        is_listed: bool,
        /// Whether its receipt is there.
        is_closed: bool,
    },
}

/// The new phone.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct NewPhone {
    /// The move whose invitation it scanned, and for which it made keys.
    pub scanned: Option<Which>,
    /// The move for which it may have sent an enrolment whose keys it has lost.
    pub lost: Option<Which>,
    /// Whether it has stored the account document.
    pub has_document: bool,
    /// How it shows the account.
    pub progress: Progress,
    /// Its test.
    pub test: Test,
    /// Its fetch.
    pub asking: Asking,
}

impl NewPhone {
    /// Fresh keys, for an invitation that was scanned.
    pub(super) fn scan(&mut self, which: Which) -> Option<()> {
        let is_later = match self.scanned {
            None => true,
            Some(scanned) => scanned == Which::First && which == Which::Second,
        };
        if !is_later || self.progress == Progress::Active {
            return None;
        }
        *self = Self {
            scanned: Some(which),
            lost: self.lost,
            ..Self::default()
        };
        Some(())
    }

    /// Whether it is enrolling.
    #[must_use]
    pub fn is_unfinished(&self) -> bool {
        self.scanned.is_some() && self.progress == Progress::Unfinished
    }

    pub(super) fn take_stage(&mut self, stage: Stage) {
        match stage {
            Stage::Unconfirmed => {}
            Stage::Confirmed => {
                if self.test == Test::Nothing {
                    self.test = Test::Held;
                }
            }
            Stage::Active => {
                self.progress = Progress::Active;
                self.test = Test::Nothing;
            }
            Stage::Removed => {
                self.progress = Progress::Ended;
                self.test = Test::Nothing;
            }
        }
    }

    /// The process ends and starts again.
    pub(super) fn kill(&mut self, model: &Moving) {
        self.asking = Asking::Nothing;
        if model.lacks(Fault::SendsBeforeStoring) && !self.has_document {
            self.lost = self.scanned.take().or(self.lost);
        }
    }
}
