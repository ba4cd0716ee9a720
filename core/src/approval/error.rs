//! Why an approval's step was not done.

use crate::device::KeyError;
use crate::vault::VaultError;

/// Why a step was not done; who is at fault is in the name. No variant carries text from outside.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ApprovalError {
    /// There is no such work account.
    #[error("there is no such work account")]
    NoSuchAccount,
    /// There is no such statement.
    #[error("there is no such request")]
    NoSuchStatement,
    /// The statement's time is over.
    #[error("the request ended {ago_s} s ago")]
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
    #[error(
        "the request says something that this version does not know: update the app, or deny it"
    )]
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
    /// The key did not sign: nothing was sent, and it can be tried again.
    #[error("{0}")]
    Key(#[from] KeyError),
    /// The vault did not store it: nothing was sent.
    #[error("{0}")]
    Vault(#[from] VaultError),
    /// What was scanned is not a statement that this account's server signed for this device.
    #[error("this is not a request of your account's server for this device")]
    NotGenuine,
    /// The statement is signed by a key that this device has not been told of: connect once.
    #[error("the server has a new key: connect once, then try again")]
    ConnectOnce,
    /// The organisation allows no offline responses, or the device has not its key for them yet.
    #[error("offline responses are not available for this account")]
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
    /// There are more work accounts, or more open statements, than are kept.
    #[error("there are too many")]
    TooMany,
}

impl From<crate::entropy::EntropyError> for ApprovalError {
    fn from(_: crate::entropy::EntropyError) -> Self {
        Self::Entropy
    }
}
