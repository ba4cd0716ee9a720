//! Changes of persons, as the file gets them: those that come while it is written wait, and are written together. So many who change
//! something at once wait for the disk once.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use countersign_protocol::hash::Id;
use countersign_protocol::time::Timestamp;
use rusqlite::{Connection, Savepoint, TransactionBehavior, params};

use super::super::{ChangeError, RequestTaken, StoreError};
use super::{columns, requests, whose};
use crate::person::{Index, RequestId};

/// A change of one person, sealed before anybody is kept waiting.
pub(super) struct SealedChange {
    pub(super) account: Id,
    pub(super) based_on: i64,
    pub(super) version: i64,
    pub(super) sealed: Vec<u8>,
    pub(super) added: BTreeSet<Index>,
    pub(super) removed: BTreeSet<Index>,
    pub(super) due_at: Option<i64>,
    pub(super) request: Option<(RequestId, Timestamp)>,
    pub(super) events: Vec<SealedEvent>,
}

/// What others are to be told.
pub(super) struct SealedEvent {
    pub(super) id: Id,
    pub(super) account: Id,
    pub(super) holds_secret: bool,
    pub(super) sealed: Vec<u8>,
}

/// Changes that wait for whoever writes now.
#[derive(Default)]
pub(super) struct Queue(Mutex<Vec<Arc<Waiting>>>);

struct Waiting {
    change: SealedChange,
    /// What came of it; whoever wrote it said so before the file was free again.
    done: Mutex<Option<Result<(), ChangeError>>>,
}

impl Queue {
    /// Makes a change, with all that wait, once the file is free: `file` waits for that.
    pub(super) fn make<C: std::ops::DerefMut<Target = Connection>>(
        &self,
        change: SealedChange,
        file: impl FnOnce() -> Result<C, StoreError>,
    ) -> Result<(), ChangeError> {
        let own = Arc::new(Waiting {
            change,
            done: Mutex::default(),
        });
        self.waiting().push(Arc::clone(&own));
        // It is never free again where somebody ended in the middle of writing: nobody writes what waits.
        let mut connection = file().inspect_err(|_| {
            self.waiting().retain(|waiting| !Arc::ptr_eq(waiting, &own));
        })?;
        if let Some(done) = own.done() {
            return done;
        }
        let together = std::mem::take(&mut *self.waiting());
        let changes: Vec<_> = together.iter().map(|waiting| &waiting.change).collect();
        for (waiting, done) in together.iter().zip(make_all(&mut connection, &changes)) {
            *waiting.done.lock().unwrap_or_else(PoisonError::into_inner) = Some(done);
        }
        own.done()
            .expect("it was not done, so it still waited, and all that waited are done now")
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Waiting>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn done(&self) -> Option<Result<(), ChangeError>> {
        *self.done.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes each wholly or not at all, in one transaction that waits for the disk. What the file refuses it refuses to all: a second try
/// after the disk failed might seem to lie on it.
fn make_all(
    connection: &mut Connection,
    changes: &[&SealedChange],
) -> Vec<Result<(), ChangeError>> {
    match make_together(connection, changes) {
        Ok(done) => done,
        Err(error) => changes.iter().map(|_| Err(error.into())).collect(),
    }
}

/// Makes all but those that may not be made.
fn make_together(
    connection: &mut Connection,
    changes: &[&SealedChange],
) -> Result<Vec<Result<(), ChangeError>>, StoreError> {
    set_durable(connection)?;
    let mut transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut done = Vec::with_capacity(changes.len());
    for change in changes {
        let savepoint = transaction.savepoint()?;
        let made = make(&savepoint, change);
        match made {
            Ok(()) => savepoint.commit()?,
            Err(ChangeError::Store(error)) => return Err(error),
            // It takes back what it has.
            Err(_) => savepoint.finish()?,
        }
        done.push(made);
    }
    transaction.commit()?;
    Ok(done)
}

/// From now on a transaction lies on the disk once it is committed. Notes of requests do not wait for that.
pub(super) fn set_durable(connection: &Connection) -> Result<(), StoreError> {
    Ok(connection.execute_batch("PRAGMA synchronous = FULL")?)
}

fn make(transaction: &Savepoint<'_>, change: &SealedChange) -> Result<(), ChangeError> {
    set_person(transaction, change)?;
    if let Some((request, now)) = &change.request {
        match requests::note(transaction, request, *now)? {
            RequestTaken::First => {}
            taken => return Err(ChangeError::Request { taken }),
        }
    }
    set_indexes(transaction, change)?;
    for event in &change.events {
        let mut insert = transaction.prepare_cached(
            "INSERT INTO event(id, account, holds_secret, sealed) VALUES (?1, ?2, ?3, ?4)",
        )?;
        insert.execute(params![
            event.id.bytes().as_slice(),
            event.account.bytes().as_slice(),
            event.holds_secret,
            event.sealed
        ])?;
    }
    Ok(())
}

fn set_person(transaction: &Connection, change: &SealedChange) -> Result<(), ChangeError> {
    let account = change.account.bytes().as_slice();
    let SealedChange {
        based_on,
        version,
        sealed,
        due_at,
        ..
    } = change;
    let changed = if *based_on == 0 {
        let mut insert = transaction.prepare_cached(
            "INSERT INTO person(account, version, due_at, sealed) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO NOTHING",
        )?;
        insert.execute(params![account, version, due_at, sealed])?
    } else {
        let mut update = transaction.prepare_cached(
            "UPDATE person SET version = ?2, due_at = ?3, sealed = ?4
             WHERE account = ?1 AND version = ?5",
        )?;
        update.execute(params![account, version, due_at, sealed, based_on])?
    };
    match changed {
        0 => Err(ChangeError::Conflict),
        _ => Ok(()),
    }
}

fn set_indexes(transaction: &Connection, change: &SealedChange) -> Result<(), ChangeError> {
    let account = change.account.bytes().as_slice();
    for index in &change.removed {
        let (kind, key) = columns(index);
        let mut delete = transaction
            .prepare_cached("DELETE FROM found_by WHERE kind = ?1 AND key = ?2 AND account = ?3")?;
        delete.execute(params![kind, key, account])?;
        if let Index::Key(key) = index {
            requests::forget(transaction, key)?;
        }
    }
    for index in &change.added {
        let (kind, key) = columns(index);
        let mut insert = transaction.prepare_cached(
            "INSERT INTO found_by(kind, key, account) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        )?;
        let inserted = insert.execute(params![kind, key, account])?;
        let is_ours = || whose(transaction, kind, &key).map(|whose| whose == Some(change.account));
        if inserted == 0 && !is_ours()? {
            return Err(ChangeError::Taken { by: *index });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::MAX;

    fn change(byte: u8, based_on: i64) -> SealedChange {
        SealedChange {
            account: Id::from_bytes([byte; 16]),
            based_on,
            version: based_on + 1,
            sealed: vec![byte],
            added: BTreeSet::from([Index::Choice(byte.into())]),
            removed: BTreeSet::new(),
            due_at: None,
            request: None,
            events: vec![],
        }
    }

    fn file() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        let tables = super::super::file::SCHEMA;
        connection.execute_batch(tables).unwrap();
        connection
    }

    fn persons(connection: &Connection) -> i64 {
        let count = "SELECT count(*) FROM person";
        connection.query_row(count, [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn of_changes_together_one_that_is_refused_takes_nothing_from_its_neighbours() {
        let mut connection = file();
        let of_others = SealedChange {
            added: BTreeSet::from([Index::Choice(1), Index::Choice(9)]),
            ..change(2, 0)
        };
        let done = make_all(
            &mut connection,
            &[&change(1, 0), &of_others, &change(3, 5), &change(4, 0)],
        );
        let by = Index::Choice(1);
        let taken = Err(ChangeError::Taken { by });
        assert_eq!(done, [Ok(()), taken, Err(ChangeError::Conflict), Ok(())]);
        assert_eq!(persons(&connection), 2);
        let (kind, key) = columns(&Index::Choice(9));
        assert_eq!(whose(&connection, kind, &key), Ok(None));
    }

    #[test]
    fn two_changes_of_one_person_together_are_as_one_after_the_other() {
        let mut connection = file();
        let done = make_all(
            &mut connection,
            &[&change(1, 0), &change(1, 1), &change(1, 1)],
        );
        assert_eq!(done, [Ok(()), Ok(()), Err(ChangeError::Conflict)]);
    }

    #[test]
    fn what_the_file_refuses_it_refuses_to_all_and_keeps_none_of_them() {
        let mut connection = file();
        let impossible = SealedChange {
            version: 0,
            ..change(2, 0)
        };
        let done = make_all(&mut connection, &[&change(1, 0), &impossible]);
        let refused = Err(ChangeError::Store(StoreError::Unusable));
        assert_eq!(done, [refused, refused]);
        assert_eq!(persons(&connection), 0);
        assert_eq!(make_all(&mut connection, &[&change(1, 0)]), [Ok(())]);
    }

    #[test]
    fn a_change_waits_for_the_disk_after_a_note_that_did_not() {
        let mut connection = file();
        let synchronous = |connection: &Connection| {
            connection.query_row("PRAGMA synchronous", [], |row| row.get::<_, i64>(0))
        };
        let request = RequestId {
            device: countersign_protocol::hash::Thumbprint::from_bytes([1; 32]),
            id: Id::from_bytes([1; 16]),
            until: NOW,
        };
        let taken = requests::take(&mut connection, &request, NOW);
        assert_eq!(taken, Ok(RequestTaken::NoSuchDevice));
        assert_eq!(synchronous(&connection), Ok(1));
        assert_eq!(make_all(&mut connection, &[&change(1, 0)]), [Ok(())]);
        assert_eq!(synchronous(&connection), Ok(2));
    }

    #[test]
    fn what_could_not_be_written_does_not_wait_any_longer() {
        let queue = Queue::default();
        let never = || Err::<Box<Connection>, _>(StoreError::Unusable);
        let refused = Err(ChangeError::Store(StoreError::Unusable));
        assert_eq!(queue.make(change(1, 0), never), refused);
        assert!(queue.waiting().is_empty());
        let made = queue.make(change(1, 0), || Ok(Box::new(file())));
        assert_eq!(made, Ok(()));
    }
}
