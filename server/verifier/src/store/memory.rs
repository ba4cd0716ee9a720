//! A store that lasts as long as the process: for tests and demonstrations.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard};

use countersign_protocol::hash::Id;
use countersign_protocol::time::Timestamp;

use super::{Change, ChangeError, Store, StoreError, Stored};
use crate::event::Event;
use crate::person::Index;

/// Persons and events in memory.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    persons: HashMap<Id, (Stored, Option<Timestamp>)>,
    indexes: HashMap<Index, Id>,
    events: BTreeMap<u64, Event>,
    next_event: u64,
}

impl MemoryStore {
    fn inner(&self) -> Result<MutexGuard<'_, Inner>, StoreError> {
        // A thread that panicked inside may have left half a change.
        self.0.lock().map_err(|_| StoreError::Unusable)
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
        for by in &change.removed {
            inner.indexes.remove(by);
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
        inner.indexes.retain(|_, whose| whose != account);
        inner
            .events
            .retain(|_, event| event.account != *account || !event.fact.holds_secret());
        Ok(deleted.is_some())
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
