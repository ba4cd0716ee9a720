//! The device's half: the document that it holds, the statement, and the states that it hears.

use super::server::{Documents, Number};
use super::{Fault, Rotation};
use crate::pair::{Pair, Which};

/// What the device knows of the statement.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Seen {
    /// Nothing.
    #[default]
    Nothing,
    /// It is open.
    Held,
    /// It was answered; the answer is stored until its receipt.
    Answered,
    /// It has ended.
    Ended,
}

/// What a state says of the statement.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Told {
    /// Nothing.
    Nothing,
    /// It is open, signed by this key.
    Open(u8),
    /// It has ended; the receipt is signed by this key.
    Closed(u8),
}

/// A state on its way.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Reply {
    /// The key that signed it, and the document in it.
    pub key: u8,
    /// Its number.
    pub sequence: u8,
    /// When it was made.
    pub change: u8,
    /// A document.
    pub document: Option<Number>,
    /// The statement.
    pub told: Told,
}

/// A fetch, which no kill survives.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Ask {
    /// None is on its way.
    #[default]
    Nothing,
    /// It was sent.
    Sent {
        /// The document that it says the device has.
        have: Number,
        /// Whether it names the statement.
        names: bool,
        /// Whether it was signed after the last applied state had arrived.
        is_fresh: bool,
    },
    /// Its reply is on its way.
    Answered {
        /// Whether the request named the statement.
        names: bool,
        /// Whether the request was signed after the last applied state had arrived.
        is_fresh: bool,
        /// The reply.
        reply: Reply,
    },
}

/// The device.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Device {
    /// The document that it holds.
    pub document: Number,
    /// The highest version that it ever held.
    pub version_max: u8,
    /// The number of the state that it applied last.
    pub sequence: u8,
    /// When that state was made.
    pub change: u8,
    /// Whether it ever applied a state that was made before the last one.
    pub went_back: bool,
    /// The statement.
    pub seen: Seen,
    /// Its fetches.
    pub asks: Pair<Ask>,
}

impl Device {
    pub(super) fn fetch(&mut self, which: Which) -> Option<()> {
        let have = self.document;
        let names = matches!(self.seen, Seen::Held | Seen::Answered);
        let ask = self.asks.of_mut(which);
        if *ask != Ask::Nothing {
            return None;
        }
        *ask = Ask::Sent {
            have,
            names,
            is_fresh: true,
        };
        Some(())
    }

    pub(super) fn knows(&self, key: u8, documents: &Documents) -> bool {
        documents.of(self.document).keys.has(key)
    }

    /// The newest key that it knows.
    pub(super) fn newest_key(&self, documents: &Documents) -> u8 {
        documents.of(self.document).newest_key()
    }

    /// The reply to a fetch arrives.
    pub(super) fn take_state(
        &mut self,
        which: Which,
        documents: &Documents,
        model: &Rotation,
    ) -> Option<()> {
        let Ask::Answered {
            names,
            is_fresh,
            reply,
        } = *self.asks.of(which)
        else {
            return None;
        };
        *self.asks.of_mut(which) = Ask::Nothing;
        if !self.knows(reply.key, documents) || !self.is_newer(reply, is_fresh, model) {
            return Some(());
        }
        self.went_back |= reply.change < self.change;
        self.sequence = reply.sequence;
        self.change = reply.change;
        for other in Which::BOTH {
            match self.asks.of_mut(other) {
                Ask::Nothing => {}
                Ask::Sent { is_fresh, .. } | Ask::Answered { is_fresh, .. } => *is_fresh = false,
            }
        }
        // The document first: what else the state holds may be signed by a key that only it lists.
        if let Some(document) = reply.document {
            self.take_document(document, documents, model);
        }
        match reply.told {
            Told::Nothing if names => self.seen = Seen::Ended,
            Told::Open(key) if self.seen == Seen::Nothing && self.knows(key, documents) => {
                self.seen = Seen::Held;
            }
            Told::Closed(key) if names && self.knows(key, documents) => {
                self.seen = Seen::Ended;
            }
            Told::Nothing | Told::Open(_) | Told::Closed(_) => {}
        }
        Some(())
    }

    fn is_newer(&self, reply: Reply, is_fresh: bool, model: &Rotation) -> bool {
        reply.sequence >= self.sequence
            || is_fresh && !model.lacks(Fault::NeverTakesALowerState)
            || model.lacks(Fault::TakesAnyState)
    }

    fn take_document(&mut self, document: Number, documents: &Documents, model: &Rotation) {
        let version = documents.of(document).version;
        let is_higher = version > documents.of(self.document).version;
        if is_higher || model.lacks(Fault::TakesAnyDocument) {
            self.document = document;
            self.version_max = self.version_max.max(version);
        }
    }
}
