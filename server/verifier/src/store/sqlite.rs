//! A store in one SQLite file: for one machine, any number of processes. A change lies on the disk once it is made.
//!
//! Persons and events are sealed under a key that the program gives ([`StoreKey`]): whoever has a copy of the file has no secret of
//! anybody. What stays visible is what the file is searched by: ids of accounts, invitations, statements and events, thumbprints of
//! keys, the first three digits of typed codes, versions, when time alone will change something, which requests a device made in the
//! last minutes (`jti` and until when it was good), and sizes. Rows that were changed or exchanged are [`StoreError::Damaged`]; an
//! older state of a person, or of the whole file, is not recognised.

mod changing;
mod file;
mod requests;

use std::path::Path;
use std::sync::{Mutex, MutexGuard};

use countersign_protocol::hash::Id;
use countersign_protocol::time::Timestamp;
use rusqlite::{Connection, ErrorCode, OptionalExtension as _, TransactionBehavior, params};
use zeroize::Zeroizing;

use self::changing::{Queue, SealedChange, SealedEvent, set_durable};
use self::file::{USUAL_DELETE, connect, create, prepare};
use super::seal::{Place, Sealer, StoreKey};
use super::{Change, ChangeError, RequestTaken, Store, StoreError, Stored};
use crate::entropy::Entropy;
use crate::event::Event;
use crate::person::{Index, RequestId};

/// Persons and events in one file.
pub struct SqliteStore {
    /// Apart, so that nobody who reads waits for the disk of somebody who writes.
    reader: Mutex<Connection>,
    writer: Mutex<Connection>,
    queue: Queue,
    sealer: Sealer,
    entropy: Box<dyn Entropy>,
}

impl std::fmt::Debug for SqliteStore {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("SqliteStore")
            .finish_non_exhaustive()
    }
}

impl SqliteStore {
    /// Opens the file, or makes it where there is none, readable for its owner alone and sealed under this key from then on.
    ///
    /// # Errors
    ///
    /// [`StoreError::WrongKey`] for a file that was sealed with another key, [`StoreError::Damaged`] for one that this program did not
    /// write, [`StoreError::TooNew`] for one of a newer version: none of them is changed. [`StoreError::Busy`],
    /// [`StoreError::Full`], [`StoreError::Entropy`], [`StoreError::Unusable`].
    pub fn open(
        path: &Path,
        key: &StoreKey,
        entropy: Box<dyn Entropy>,
    ) -> Result<Self, StoreError> {
        create(path)?;
        let mut writer = connect(path)?;
        let sealer = prepare(&mut writer, path, key, &*entropy)?;
        Ok(Self {
            reader: Mutex::new(connect(path)?),
            writer: Mutex::new(writer),
            queue: Queue::default(),
            sealer,
            entropy,
        })
    }

    fn read(&self) -> Result<MutexGuard<'_, Connection>, StoreError> {
        self.reader.lock().map_err(|_| StoreError::Unusable)
    }

    fn row(&self, account: &Id) -> Result<Option<(i64, Vec<u8>)>, StoreError> {
        let connection = self.read()?;
        let mut query =
            connection.prepare_cached("SELECT version, sealed FROM person WHERE account = ?1")?;
        let row = query.query_row([account.bytes().as_slice()], |row| {
            Ok((row.get(0)?, row.get(1)?))
        });
        Ok(row.optional()?)
    }

    fn sealed(&self, change: &Change<'_>) -> Result<SealedChange, StoreError> {
        let (account, version) = (change.account, change.stored.version);
        let place = Place::Person { account, version };
        let document = &change.stored.document;
        let events = change.events.iter().map(|event| self.sealed_event(event));
        Ok(SealedChange {
            account,
            based_on: integer(change.based_on)?,
            version: integer(version)?,
            sealed: self.sealer.seal(place, document, &*self.entropy)?,
            added: change.added.clone(),
            removed: change.removed.clone(),
            due_at: change.due_at.map(|at| integer(at.unix_s())).transpose()?,
            request: change.request.map(|request| (request, change.now)),
            events: events.collect::<Result<_, _>>()?,
        })
    }

    fn sealed_event(&self, event: &Event) -> Result<SealedEvent, StoreError> {
        let body = serde_json::to_vec(event).map_err(|_| StoreError::Unusable)?;
        let body = Zeroizing::new(body);
        let (id, account) = (event.id, event.account);
        let place = Place::Event { id, account };
        Ok(SealedEvent {
            id,
            account,
            holds_secret: event.fact.holds_secret(),
            sealed: self.sealer.seal(place, &body, &*self.entropy)?,
        })
    }

    /// To write, once nobody else does. Whether to wait for the disk was set for somebody else.
    fn write(&self) -> Result<MutexGuard<'_, Connection>, StoreError> {
        // A transaction that a panic left open is rolled back when it is dropped, but what else was left nobody knows.
        self.writer.lock().map_err(|_| StoreError::Unusable)
    }
}

impl From<rusqlite::Error> for StoreError {
    /// Drops SQLite's words: they may hold a path or a name.
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Self::Damaged,
            _ => Self::Unusable,
        }
    }
}

impl From<rusqlite::Error> for ChangeError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Its kind and key as the table has them.
fn columns(index: &Index) -> (i64, Vec<u8>) {
    match index {
        Index::Invitation(id) => (1, id.bytes().to_vec()),
        Index::Choice(choice) => (2, choice.to_be_bytes().to_vec()),
        Index::Key(key) => (3, key.bytes().to_vec()),
        Index::Statement(id) => (4, id.bytes().to_vec()),
    }
}

/// A version or time as SQLite has integers.
fn integer(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(|_| StoreError::Unusable)
}

impl Store for SqliteStore {
    fn load(&self, account: &Id) -> Result<Option<Stored>, StoreError> {
        let Some((version, sealed)) = self.row(account)? else {
            return Ok(None);
        };
        let version = u64::try_from(version).map_err(|_| StoreError::Damaged)?;
        let account = *account;
        let document = self
            .sealer
            .open(Place::Person { account, version }, sealed)?;
        Ok(Some(Stored { version, document }))
    }

    fn find(&self, index: &Index) -> Result<Option<Id>, StoreError> {
        let connection = self.read()?;
        let (kind, key) = columns(index);
        whose(&connection, kind, &key)
    }

    fn change(&self, change: &Change<'_>) -> Result<(), ChangeError> {
        self.queue.make(self.sealed(change)?, || self.write())
    }

    fn delete(&self, account: &Id) -> Result<bool, StoreError> {
        let mut connection = self.write()?;
        set_durable(&connection)?;
        // Here the bytes are to go, whatever it costs.
        connection.execute_batch("PRAGMA secure_delete = ON")?;
        let deleted = delete(&mut connection, account);
        // What was deleted is, whatever comes of this: what somebody still reads stays in the log until it is written over.
        drop(connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())));
        drop(connection.execute_batch(USUAL_DELETE));
        deleted
    }

    fn take_request(
        &self,
        request: &RequestId,
        now: Timestamp,
    ) -> Result<RequestTaken, StoreError> {
        requests::take(&mut *self.write()?, request, now)
    }

    fn due(&self, now: Timestamp, at_most: usize) -> Result<Vec<Id>, StoreError> {
        let connection = self.read()?;
        let mut query = connection.prepare_cached(
            "SELECT account FROM person WHERE due_at <= ?1 ORDER BY due_at, account LIMIT ?2",
        )?;
        let at_most = i64::try_from(at_most).unwrap_or(i64::MAX);
        let rows = query.query_map(params![integer(now.unix_s())?, at_most], |row| {
            row.get::<_, [u8; 16]>(0)
        })?;
        let accounts: Result<Vec<_>, _> = rows.collect();
        Ok(accounts?.into_iter().map(Id::from_bytes).collect())
    }

    fn undelivered(&self, at_most: usize) -> Result<Vec<Event>, StoreError> {
        let connection = self.read()?;
        let mut query = connection
            .prepare_cached("SELECT id, account, sealed FROM event ORDER BY number LIMIT ?1")?;
        let at_most = i64::try_from(at_most).unwrap_or(i64::MAX);
        let rows = query.query_map([at_most], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get::<_, Vec<u8>>(2)?))
        })?;
        let rows: Result<Vec<_>, _> = rows.collect();
        let events = rows?.into_iter().map(|(id, account, sealed)| {
            let (id, account) = (Id::from_bytes(id), Id::from_bytes(account));
            let body = self.sealer.open(Place::Event { id, account }, sealed)?;
            serde_json::from_slice(&body).map_err(|_| StoreError::Damaged)
        });
        events.collect()
    }

    fn delivered(&self, event: &Id) -> Result<(), StoreError> {
        let connection = self.write()?;
        set_durable(&connection)?;
        // Whoever takes them takes the oldest first, and it is found at once.
        let mut delete = connection.prepare_cached(
            "DELETE FROM event WHERE number = (SELECT number FROM event WHERE id = ?1 ORDER BY number LIMIT 1)",
        )?;
        delete.execute([event.bytes().as_slice()])?;
        Ok(())
    }
}

fn delete(connection: &mut Connection, account: &Id) -> Result<bool, StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let account = [account.bytes().as_slice()];
    let deleted = transaction.execute("DELETE FROM person WHERE account = ?1", account)?;
    transaction.execute(
        "DELETE FROM request WHERE device IN (SELECT key FROM found_by WHERE account = ?1)",
        account,
    )?;
    transaction.execute("DELETE FROM found_by WHERE account = ?1", account)?;
    transaction.execute(
        "DELETE FROM event WHERE account = ?1 AND holds_secret = 1",
        account,
    )?;
    transaction.commit()?;
    Ok(deleted > 0)
}

fn whose(connection: &Connection, kind: i64, key: &[u8]) -> Result<Option<Id>, StoreError> {
    let mut query =
        connection.prepare_cached("SELECT account FROM found_by WHERE kind = ?1 AND key = ?2")?;
    let account = query.query_row(params![kind, key], |row| row.get::<_, [u8; 16]>(0));
    Ok(account.optional()?.map(Id::from_bytes))
}
