//! A store that lasts as long as the process: for tests and demonstrations.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard};

use countersign_protocol::hash::{Id, Thumbprint};
use countersign_protocol::time::Timestamp;

use super::{Change, ChangeError, RequestTaken, Store, StoreError, Stored};
use crate::event::Event;
use crate::person::{Index, RequestId, SEEN_MAX};

/// Persons and events in memory.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    persons: HashMap<Id, (Stored, Option<Timestamp>)>,
    indexes: HashMap<Index, Id>,
    requests: HashMap<Thumbprint, HashMap<Id, Timestamp>>,
    events: BTreeMap<u64, Event>,
    next_event: u64,
}

impl MemoryStore {
    fn inner(&self) -> Result<MutexGuard<'_, Inner>, StoreError> {
        // A thread that panicked inside may have left half a change.
        self.0.lock().map_err(|_| StoreError::Unusable)
    }
}

impl Inner {
    fn note(&mut self, request: &RequestId, now: Timestamp) -> RequestTaken {
        let noted = self.requests.entry(request.device).or_default();
        noted.retain(|_, until| now < *until);
        if noted.contains_key(&request.id) {
            return RequestTaken::Again;
        }
        if noted.len() >= SEEN_MAX {
            return RequestTaken::TooMany;
        }
        noted.insert(request.id, request.until);
        RequestTaken::First
    }
}

impl Store for MemoryStore {
    fn load(&self, account: &Id) -> Result<Option<Stored>, StoreError> {
        let inner = self.inner()?;
        Ok(inner.persons.get(account).map(|(stored, _)| stored.clone()))
    }

    fn find(&self, index: &Index) -> Result<Option<Id>, StoreError> {
        Ok(self.inner()?.indexes.get(index).copied())
    }

    fn change(&self, change: &Change<'_>) -> Result<(), ChangeError> {
        let mut inner = self.inner()?;
        let known = inner.persons.get(&change.account);
        let version = known.map_or(0, |(stored, _)| stored.version);
        if version != change.based_on {
            return Err(ChangeError::Conflict);
        }
        for by in &change.added {
            let whose = inner.indexes.get(by);
            if whose.is_some_and(|account| *account != change.account) {
                return Err(ChangeError::Taken { by: *by });
            }
        }
        if let Some(request) = &change.request {
            match inner.note(request, change.now) {
                RequestTaken::First => {}
                taken => return Err(ChangeError::Request { taken }),
            }
        }
        for by in &change.removed {
            inner.indexes.remove(by);
            if let Index::Key(key) = by {
                inner.requests.remove(key);
            }
        }
        for by in &change.added {
            inner.indexes.insert(*by, change.account);
        }
        let stored = (change.stored.clone(), change.due_at);
        inner.persons.insert(change.account, stored);
        for event in change.events {
            let number = inner.next_event;
            inner.events.insert(number, event.clone());
            inner.next_event += 1;
        }
        Ok(())
    }

    fn delete(&self, account: &Id) -> Result<bool, StoreError> {
        let mut inner = self.inner()?;
        let deleted = inner.persons.remove(account);
        let Inner {
            indexes, requests, ..
        } = &mut *inner;
        indexes.retain(|index, whose| {
            if whose == account
                && let Index::Key(key) = index
            {
                requests.remove(key);
            }
            whose != account
        });
        inner
            .events
            .retain(|_, event| event.account != *account || !event.fact.holds_secret());
        Ok(deleted.is_some())
    }

    fn take_request(
        &self,
        request: &RequestId,
        now: Timestamp,
    ) -> Result<RequestTaken, StoreError> {
        let mut inner = self.inner()?;
        if !inner.indexes.contains_key(&Index::Key(request.device)) {
            return Ok(RequestTaken::NoSuchDevice);
        }
        Ok(inner.note(request, now))
    }

    fn due(&self, now: Timestamp, at_most: usize) -> Result<Vec<Id>, StoreError> {
        let inner = self.inner()?;
        let due = inner.persons.iter().filter_map(|(account, (_, due_at))| {
            due_at
                .filter(|due_at| *due_at <= now)
                .map(|due_at| (due_at, *account))
        });
        let mut due: Vec<_> = due.collect();
        due.sort();
        Ok(due
            .into_iter()
            .take(at_most)
            .map(|(_, account)| account)
            .collect())
    }

    fn undelivered(&self, at_most: usize) -> Result<Vec<Event>, StoreError> {
        let inner = self.inner()?;
        Ok(inner.events.values().take(at_most).cloned().collect())
    }

    fn delivered(&self, event: &Id) -> Result<(), StoreError> {
        self.inner()?.events.retain(|_, known| known.id != *event);
        Ok(())
    }
}
