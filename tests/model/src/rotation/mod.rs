//! The server's keys change, a statement is open meanwhile, and the server is restored from a backup.
//!
//! A device has two fetches on their way at once, as two processes or a long poll make them, so that an older state can
//! arrive after a newer one. It knows the server by the keys of the account document that it holds, and tells its version
//! with fetches alone. A backup holds what the server knows of the person; keys are kept apart from it.

mod actions;
mod device;
pub mod properties;
mod server;

pub use actions::Action;
pub use device::{Ask, Device, Reply, Seen, Told};
pub use server::{Document, Documents, Fate, Number, Record, Server};

use crate::bits::Bits;

/// A rule that is left out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    /// The server signs with its newest key, whatever the device knows.
    SignsWithTheNewest,
    /// A receipt keeps the signature that it had first, also for a device that has a newer document since.
    ReceiptsKeepTheirSignature,
    /// A new list leaves out a key while a statement under it is open.
    ReplacesAtOnce,
    /// The server counts its documents, so that a restored one gives a number a second time.
    CountsDocuments,
    /// A restored server has lost the keys that it made since its backup.
    LosesKeys,
    /// A restored server signs for a device with a version above its own as if the device had its own.
    SignsForItsOwnDocument,
    /// A restored server sends its older document as it was.
    SendsItsOlderDocument,
    /// A device takes any document of the server's.
    TakesAnyDocument,
    /// A device takes states as they come.
    TakesAnyState,
    /// A device never takes a state with a lower number, whenever its request was signed.
    NeverTakesALowerState,
}

/// The model and its bounds.
#[derive(Clone, Copy, Debug)]
pub struct Rotation {
    /// How many keys the server makes at most, its first among them.
    pub keys_max: u8,
    /// How many documents it makes at most, its first among them, and without the one that a restored server makes.
    pub documents_max: u8,
    /// Whether it may be restored.
    pub may_be_restored: bool,
    /// Whether the device has two fetches at once.
    pub two_fetches: bool,
    /// Whether every request says under which key its reply can be read; otherwise the server remembers which document the
    /// device last said it has.
    pub requests_name_a_key: bool,
    /// The rule that is left out.
    pub fault: Option<Fault>,
}

impl Rotation {
    /// The keys change, and the server is never restored.
    pub const STEADY: Self = Self {
        keys_max: 3,
        documents_max: 5,
        may_be_restored: false,
        two_fetches: true,
        requests_name_a_key: false,
        fault: None,
    };
    /// The server is restored to before a change of its key.
    pub const RESTORED: Self = Self {
        keys_max: 2,
        documents_max: 4,
        may_be_restored: true,
        two_fetches: false,
        requests_name_a_key: false,
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

/// The device, the server, and what is on its way.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct State {
    /// The device.
    pub device: Device,
    /// The server.
    pub server: Server,
    /// Answers to the statement that were sent, by the key that they may name.
    pub answers_sent: Bits,
    /// Receipts that were sent, by the key that signed them.
    pub receipts_sent: Bits,
}
