//! A store in one SQLite file: for one machine, any number of processes. Every change is one durable transaction.
//!
//! Persons and events are sealed under a key that the program gives ([`StoreKey`]): whoever has a copy of the file has no secret of
//! anybody. What stays visible is what the file is searched by: ids of accounts, invitations, statements and events, thumbprints of
//! keys, the first three digits of typed codes, versions, when time alone will change something, and sizes. Rows that were changed or
//! exchanged are [`StoreError::Damaged`]; an older state of a person, or of the whole file, is not recognised.

mod file;

use std::path::Path;
use std::sync::{Mutex, MutexGuard};

use countersign_protocol::hash::Id;
use countersign_protocol::time::Timestamp;
use rusqlite::{
    Connection, ErrorCode, OptionalExtension as _, Transaction, TransactionBehavior, params,
};
use zeroize::Zeroizing;

use self::file::{USUAL_DELETE, connect, create, prepare};
use super::seal::{Place, Sealer, StoreKey};
use super::{Change, ChangeError, Store, StoreError, Stored};
use crate::entropy::Entropy;
use crate::event::Event;
use crate::person::Index;

/// Persons and events in one file.
pub struct SqliteStore {
    /// Apart, so that nobody who reads waits for the disk of somebody who writes.
    reader: Mutex<Connection>,
    writer: Mutex<Connection>,
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
            sealer,
            entropy,
        })
    }

    fn read(&self) -> Result<MutexGuard<'_, Connection>, StoreError> {
        self.reader.lock().map_err(|_| StoreError::Unusable)
    }

    fn sealed_person(&self, change: &Change<'_>) -> Result<Vec<u8>, StoreError> {
        let (account, version) = (change.account, change.stored.version);
        let place = Place::Person { account, version };
        let document = &change.stored.document;
        Ok(self.sealer.seal(place, document, &*self.entropy)?)
    }

    fn sealed_event(&self, event: &Event) -> Result<Vec<u8>, StoreError> {
        let body = serde_json::to_vec(event).map_err(|_| StoreError::Unusable)?;
        let body = Zeroizing::new(body);
        let (id, account) = (event.id, event.account);
        let place = Place::Event { id, account };
        Ok(self.sealer.seal(place, &body, &*self.entropy)?)
    }

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
        let connection = self.read()?;
        let mut query =
            connection.prepare_cached("SELECT version, sealed FROM person WHERE account = ?1")?;
        let row = query.query_row([account.bytes().as_slice()], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?))
        });
        let Some((version, sealed)) = row.optional()? else {
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
        // Sealed before anybody is kept waiting.
        let sealed = self.sealed_person(change)?;
        let events = change.events.iter().map(|event| self.sealed_event(event));
        let events: Vec<_> = events.collect::<Result<_, _>>()?;
        let mut connection = self.write()?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        set_person(&transaction, change, &sealed)?;
        set_indexes(&transaction, change)?;
        for (event, sealed) in change.events.iter().zip(events) {
            let mut insert = transaction.prepare_cached(
                "INSERT INTO event(id, account, holds_secret, sealed) VALUES (?1, ?2, ?3, ?4)",
            )?;
            insert.execute(params![
                event.id.bytes().as_slice(),
                event.account.bytes().as_slice(),
                event.fact.holds_secret(),
                sealed
            ])?;
        }
        Ok(transaction.commit()?)
    }

    fn delete(&self, account: &Id) -> Result<bool, StoreError> {
        let mut connection = self.write()?;
        // Here the bytes are to go, whatever it costs.
        connection.execute_batch("PRAGMA secure_delete = ON")?;
        let deleted = delete(&mut connection, account);
        // What was deleted is, whatever comes of this: what somebody still reads stays in the log until it is written over.
        drop(connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())));
        drop(connection.execute_batch(USUAL_DELETE));
        deleted
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
        let mut delete = connection.prepare_cached("DELETE FROM event WHERE id = ?1")?;
        delete.execute([event.bytes().as_slice()])?;
        Ok(())
    }
}

fn delete(connection: &mut Connection, account: &Id) -> Result<bool, StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let account = [account.bytes().as_slice()];
    let deleted = transaction.execute("DELETE FROM person WHERE account = ?1", account)?;
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

fn set_person(
    transaction: &Transaction<'_>,
    change: &Change<'_>,
    sealed: &[u8],
) -> Result<(), ChangeError> {
    let account = change.account.bytes().as_slice();
    let version = integer(change.stored.version)?;
    let due_at = change
        .due_at
        .map(|due_at| integer(due_at.unix_s()))
        .transpose()?;
    let changed = if change.based_on == 0 {
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
        let based_on = integer(change.based_on)?;
        update.execute(params![account, version, due_at, sealed, based_on])?
    };
    match changed {
        0 => Err(ChangeError::Conflict),
        _ => Ok(()),
    }
}

fn set_indexes(transaction: &Transaction<'_>, change: &Change<'_>) -> Result<(), ChangeError> {
    let account = change.account.bytes().as_slice();
    for index in &change.removed {
        let (kind, key) = columns(index);
        let mut delete = transaction
            .prepare_cached("DELETE FROM found_by WHERE kind = ?1 AND key = ?2 AND account = ?3")?;
        delete.execute(params![kind, key, account])?;
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
