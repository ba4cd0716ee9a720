//! Whether the history is as it was written: its chain, and the signatures in its entries.

use super::entry::Entry;
use crate::vault::{BadPlace, ChainFault, ChainReport, Link, Vault, VaultError};

/// A message of an entry is not what it says, or is signed by nobody who may.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a message is not genuine")]
pub struct NotGenuine;

/// What is wrong with an entry.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum EntryFault {
    /// It is not where or what the chain says.
    Chain(ChainFault),
    /// It has not the form of an entry that this version knows.
    Form,
    /// One of its messages is not genuine.
    Message,
}

/// The first entry that is not as it was written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BadEntry {
    /// Its number, counted from 1 over everything ever written.
    pub seq: u64,
    /// What is wrong.
    pub fault: EntryFault,
}

impl From<BadPlace> for BadEntry {
    fn from(place: BadPlace) -> Self {
        Self {
            seq: place.seq,
            fault: EntryFault::Chain(place.fault),
        }
    }
}

/// What a verification came to: how much holds, or the first entry that does not.
pub type Verified = Result<ChainReport, BadEntry>;

/// Goes along the whole history. `check` looks at the messages of each entry, in the order in which they were written, so
/// that it meets an account's keys before what they sign.
///
/// # Errors
///
/// [`VaultError::DamagedData`], [`VaultError::Io`]: nothing can be said then.
pub fn verify(
    vault: &Vault,
    mut check: impl FnMut(&Entry) -> Result<(), NotGenuine>,
) -> Result<Verified, VaultError> {
    vault.walk_history(|seq, link| {
        let bad = |fault| BadEntry { seq, fault };
        let Link::Entry(entry) = link else {
            return Ok(());
        };
        // EXPOSE: its messages are checked.
        let entry = Entry::decode(entry.expose()).map_err(|_| bad(EntryFault::Form))?;
        check(&entry).map_err(|NotGenuine| bad(EntryFault::Message))
    })
}
