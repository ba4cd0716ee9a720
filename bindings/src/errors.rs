//! What a companion's steps can fail with: one exhaustive match from core's errors, and no text from anywhere.

use countersign_core::approval::ApprovalError;
use countersign_core::approval::history::{BadEntry, ExportError};
use countersign_core::companion::FindError;
use countersign_core::device::KeyError;
use countersign_core::vault::{RecordId, VaultError};

/// Which of the shell's ports.
#[derive(Clone, Copy, Debug, Eq, PartialEq, uniffi::Enum)]
pub enum Port {
    /// The clock.
    Clock,
    /// The network.
    Transport,
    /// The keys of work accounts.
    DeviceKeys,
    /// The key that wraps the vault's.
    PlatformKey,
    /// What tells of events.
    Notifier,
}

/// Why a companion did not do what was asked. No variant carries text from outside, so every one is safe to show and to log.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error, uniffi::Error)]
pub enum CountersignError {
    /// The companion was shut.
    #[error("the companion was shut")]
    Closed,
    /// The vault is locked.
    #[error("the vault is locked")]
    NotUnlocked,
    /// The vault is unlocked already.
    #[error("the vault is unlocked already")]
    NotLocked,
    /// The step needs a port that was not given.
    #[error("a port was not given")]
    NoPort {
        /// Which.
        port: Port,
    },
    /// A port of the shell failed in a way that it does not name. What the core did before stays done.
    #[error("a port of the shell failed")]
    PortFailed {
        /// Which.
        port: Port,
    },
    /// The vault did not do it.
    #[error("{fault}")]
    Vault {
        /// The fact.
        fault: VaultError,
    },
    /// A work account's step was not done.
    #[error("{fault}")]
    Approval {
        /// The fact.
        fault: ApprovalFault,
    },
    /// The platform's key did not do what was asked.
    #[error("{fault}")]
    Key {
        /// The fact.
        fault: KeyError,
    },
    /// No account has this name.
    #[error("no account has this name")]
    NoSuchName,
    /// Several accounts have this name.
    #[error("several accounts have this name")]
    AmbiguousName {
        /// Their ids, in the order of the list.
        candidates: Vec<RecordId>,
    },
    /// What was read holds nothing that could be added so.
    #[error("this is nothing that can be added")]
    NothingToAdd,
    /// The history is not as it was written, from this place on: nothing that can be relied on was exported.
    #[error("the history is not as it was written")]
    BadHistory {
        /// The first place that is not.
        place: BadEntry,
    },
    /// What stands in the vault's place is not what was shown before: look again.
    #[error("this is not what was shown before")]
    Changed,
}

/// Why a work account's step was not done; who is at fault is in the name.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error, uniffi::Enum)]
pub enum ApprovalFault {
    /// There is no such work account.
    #[error("there is no such work account")]
    NoSuchAccount,
    /// There is no such request.
    #[error("there is no such request")]
    NoSuchStatement,
    /// The request's time is over.
    #[error("the request's time is over")]
    Expired {
        /// Seconds since then, by the server's clock.
        ago_s: u64,
    },
    /// It has an answer already.
    #[error("the request has an answer already")]
    Answered,
    /// It has ended.
    #[error("the request has ended")]
    Ended,
    /// It says something that this version does not know, so it cannot be approved.
    #[error("the request says something that this version does not know")]
    Unknown,
    /// The account is not active.
    #[error("the account is not active here")]
    NotActive,
    /// The account is suspended.
    #[error("the account is suspended")]
    Suspended,
    /// The account is in the trash.
    #[error("the account is in the trash")]
    InTrash,
    /// No number was typed, or not one of this length: nothing was sent.
    #[error("the number has {digits} digits")]
    Number {
        /// How many it has.
        digits: u8,
    },
    /// What was scanned is not a request that this account's server signed for this device.
    #[error("this is not a request of an account's server for this device")]
    NotGenuine,
    /// The request is signed by a key that this device has not been told of: connect once.
    #[error("the server has a new key: connect once")]
    ConnectOnce,
    /// The organisation allows no offline responses, or the device has not its key for them yet.
    #[error("offline responses are not available")]
    NoOffline,
    /// The organisation does not allow it.
    #[error("the organisation does not allow this")]
    NotAllowed,
    /// There is nothing to send.
    #[error("there is nothing to send")]
    NothingToSend,
    /// The number that the new device shows was not typed in full.
    #[error("the check number has six digits")]
    CheckNumber,
    /// There is no move to go on with.
    #[error("there is no move to go on with")]
    NoMove,
    /// The stored account is of another version or damaged; it is kept as it is.
    #[error("the stored account cannot be read by this version")]
    Unreadable,
    /// The system gave no randomness.
    #[error("the system gave no randomness")]
    Entropy,
    /// There are more work accounts, or more open requests, than are kept.
    #[error("there are too many")]
    TooMany,
}

impl From<VaultError> for CountersignError {
    fn from(fault: VaultError) -> Self {
        Self::Vault { fault }
    }
}

impl From<ApprovalError> for CountersignError {
    fn from(error: ApprovalError) -> Self {
        use ApprovalError as Core;
        let fault = match error {
            Core::Vault(fault) => return Self::Vault { fault },
            Core::Key(fault) => return Self::Key { fault },
            Core::NoSuchAccount => ApprovalFault::NoSuchAccount,
            Core::NoSuchStatement => ApprovalFault::NoSuchStatement,
            Core::Expired { ago_s } => ApprovalFault::Expired { ago_s },
            Core::Answered => ApprovalFault::Answered,
            Core::Ended => ApprovalFault::Ended,
            Core::Unknown => ApprovalFault::Unknown,
            Core::NotActive => ApprovalFault::NotActive,
            Core::Suspended => ApprovalFault::Suspended,
            Core::InTrash => ApprovalFault::InTrash,
            Core::Number { digits } => ApprovalFault::Number { digits },
            Core::NotGenuine => ApprovalFault::NotGenuine,
            Core::ConnectOnce => ApprovalFault::ConnectOnce,
            Core::NoOffline => ApprovalFault::NoOffline,
            Core::NotAllowed => ApprovalFault::NotAllowed,
            Core::NothingToSend => ApprovalFault::NothingToSend,
            Core::CheckNumber => ApprovalFault::CheckNumber,
            Core::NoMove => ApprovalFault::NoMove,
            Core::Unreadable => ApprovalFault::Unreadable,
            Core::Entropy => ApprovalFault::Entropy,
            Core::TooMany => ApprovalFault::TooMany,
        };
        Self::Approval { fault }
    }
}

impl From<FindError> for CountersignError {
    fn from(error: FindError) -> Self {
        match error {
            FindError::NoSuchAccount => Self::NoSuchName,
            FindError::Ambiguous(candidates) => Self::AmbiguousName { candidates },
        }
    }
}

impl From<BadEntry> for CountersignError {
    fn from(place: BadEntry) -> Self {
        Self::BadHistory { place }
    }
}

impl From<ExportError> for CountersignError {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::Bad(place) => BadEntry::from(place).into(),
            ExportError::Key => ApprovalError::Unreadable.into(),
            ExportError::NotWritten => VaultError::Io.into(),
        }
    }
}
