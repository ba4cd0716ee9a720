//! Where persons are kept: loaded and saved whole, by version, with the events of a change in the same transaction.

mod memory;
#[cfg(feature = "sqlite")]
mod seal;
#[cfg(feature = "sqlite")]
mod sqlite;

use std::collections::BTreeSet;
use std::sync::Arc;

use countersign_protocol::hash::Id;
use countersign_protocol::time::Timestamp;
use zeroize::Zeroizing;

pub use memory::MemoryStore;
#[cfg(feature = "sqlite")]
pub use seal::StoreKey;
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteStore;

use crate::entropy::EntropyError;
use crate::event::Event;
use crate::person::{Index, RequestId};

/// A person as they are stored.
#[derive(Clone, Eq, PartialEq)]
pub struct Stored {
    /// The version, from 1; every change has the next one.
    pub version: u64,
    /// The person's stored form.
    pub document: Zeroizing<Vec<u8>>,
}

impl std::fmt::Debug for Stored {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Stored")
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// A change of one person.
#[derive(Debug)]
pub struct Change<'a> {
    /// The person's account.
    pub account: Id,
    /// The version that the change is based on; 0 where there is no such person yet.
    pub based_on: u64,
    /// What is stored now.
    pub stored: Stored,
    /// What the person is found by now and was not before.
    pub added: BTreeSet<Index>,
    /// What they were found by and are no longer.
    pub removed: BTreeSet<Index>,
    /// When time alone will change something.
    pub due_at: Option<Timestamp>,
    /// What others are to be told.
    pub events: &'a [Event],
    /// The request that brought the change: its id is used up by it.
    pub request: Option<RequestId>,
    /// Now.
    pub now: Timestamp,
}

/// Why a change was not made. Nothing was stored.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ChangeError {
    /// Somebody else changed the person meanwhile.
    #[error("changed by somebody else meanwhile")]
    Conflict,
    /// Somebody else is found by this already.
    #[error("somebody else is found by this already")]
    Taken {
        /// By which.
        by: Index,
    },
    /// The request that brought it may not be taken.
    #[error("the request may not be taken")]
    Request {
        /// Why not: never [`RequestTaken::First`].
        taken: RequestTaken,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The store failed. Its own words stay in it: they may hold a path or a name.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum StoreError {
    /// Somebody else held it for too long.
    #[error("the store is busy")]
    Busy,
    /// It is full.
    #[error("the store is full")]
    Full,
    /// What is in it is not what this program writes.
    #[error("what is stored was not written by this program")]
    Damaged,
    /// It was sealed with another key.
    #[error("the store was sealed with another key")]
    WrongKey,
    /// The source of randomness failed.
    #[error("the system gave no randomness")]
    Entropy,
    /// A newer version of this program wrote it.
    #[error("the store was written by a newer version")]
    TooNew,
    /// It cannot be read or written.
    #[error("the store cannot be used")]
    Unusable,
}

impl From<EntropyError> for StoreError {
    fn from(_: EntropyError) -> Self {
        Self::Entropy
    }
}

/// Whether a request is to be taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RequestTaken {
    /// It is: it was noted, and was not there before.
    First,
    /// Its id was noted before.
    Again,
    /// It is not: nobody is found by the device's key any more.
    NoSuchDevice,
    /// It is not, and was not noted: of this device there are [`crate::person::SEEN_MAX`] already.
    TooMany,
}

/// Keeps persons and events. Any number of threads and processes may use one store.
pub trait Store: Send + Sync {
    /// A person.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    fn load(&self, account: &Id) -> Result<Option<Stored>, StoreError>;

    /// Whose this is.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    fn find(&self, index: &Index) -> Result<Option<Id>, StoreError>;

    /// Makes a change, wholly or not at all, and notes the id of the request that brought it. `change.now` is when: notes whose time is
    /// over by then are none.
    ///
    /// # Errors
    ///
    /// [`ChangeError`].
    fn change(&self, change: &Change<'_>) -> Result<(), ChangeError>;

    /// Deletes a person: what is stored of them, all that they were found by, notes of their devices' requests, and events that hold a
    /// secret ([`crate::event::Fact::holds_secret`]). What else others are to be told of them they are told. False where there is no
    /// such person: said twice it is the same.
    ///
    /// # Errors
    ///
    /// [`StoreError`], and nothing was deleted.
    fn delete(&self, account: &Id) -> Result<bool, StoreError>;

    /// Notes the id of a request that changes nobody and is about to be answered, for whoever uses the store. The note outlasts the
    /// process. It need not outlast the loss of power: what comes of such a request, taken twice, is a state, twice. Notes whose time
    /// is over by `now` are none.
    ///
    /// # Errors
    ///
    /// [`StoreError`], and nothing was noted.
    fn take_request(&self, request: &RequestId, now: Timestamp)
    -> Result<RequestTaken, StoreError>;

    /// Persons whom time has changed by now, the longest due first, at most so many.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    fn due(&self, now: Timestamp, at_most: usize) -> Result<Vec<Id>, StoreError>;

    /// Events that nobody has taken yet, in the order in which they were stored, at most so many. They stay until
    /// [`Store::delivered`]: whoever stops between the two gets them again, under the same ids.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    fn undelivered(&self, at_most: usize) -> Result<Vec<Event>, StoreError>;

    /// Forgets an event that was delivered. Said twice it is the same.
    ///
    /// # Errors
    ///
    /// [`StoreError`].
    fn delivered(&self, event: &Id) -> Result<(), StoreError>;
}

/// Several verifiers in one process, as for several organisations, share one store by its pointer.
impl<S: Store + ?Sized> Store for Arc<S> {
    fn load(&self, account: &Id) -> Result<Option<Stored>, StoreError> {
        S::load(self, account)
    }

    fn find(&self, index: &Index) -> Result<Option<Id>, StoreError> {
        S::find(self, index)
    }

    fn change(&self, change: &Change<'_>) -> Result<(), ChangeError> {
        S::change(self, change)
    }

    fn delete(&self, account: &Id) -> Result<bool, StoreError> {
        S::delete(self, account)
    }

    fn take_request(
        &self,
        request: &RequestId,
        now: Timestamp,
    ) -> Result<RequestTaken, StoreError> {
        S::take_request(self, request, now)
    }

    fn due(&self, now: Timestamp, at_most: usize) -> Result<Vec<Id>, StoreError> {
        S::due(self, now, at_most)
    }

    fn undelivered(&self, at_most: usize) -> Result<Vec<Event>, StoreError> {
        S::undelivered(self, at_most)
    }

    fn delivered(&self, event: &Id) -> Result<(), StoreError> {
        S::delivered(self, event)
    }
}
