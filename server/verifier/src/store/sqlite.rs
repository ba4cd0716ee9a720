//! A store in one SQLite file: for one machine, any number of processes. Every change is one durable transaction.

use std::fs::OpenOptions;
use std::path::Path;
use std::sync::{Mutex, MutexGuard};

use countersign_protocol::hash::Id;
use countersign_protocol::time::Timestamp;
use rusqlite::{
    Connection, ErrorCode, OptionalExtension as _, Transaction, TransactionBehavior, params,
};
use zeroize::Zeroizing;

use super::{Change, ChangeError, Store, StoreError, Stored};
use crate::event::Event;
use crate::person::Index;

/// "CSv1": files of this store, and of nothing else.
const APPLICATION: i32 = 0x4353_7631;
/// The version of the tables.
const FORMAT: i32 = 2;

const SCHEMA: &str = "
CREATE TABLE person(
    account BLOB PRIMARY KEY NOT NULL CHECK(length(account) = 16),
    version INTEGER NOT NULL CHECK(version > 0),
    due_at INTEGER CHECK(due_at >= 0),
    document BLOB NOT NULL
) STRICT;
CREATE INDEX person_due ON person(due_at) WHERE due_at IS NOT NULL;
CREATE TABLE found_by(
    kind INTEGER NOT NULL CHECK(kind BETWEEN 1 AND 4),
    key BLOB NOT NULL,
    account BLOB NOT NULL CHECK(length(account) = 16),
    PRIMARY KEY(kind, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE event(
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE CHECK(length(id) = 16),
    account BLOB NOT NULL CHECK(length(account) = 16),
    holds_secret INTEGER NOT NULL CHECK(holds_secret IN (0, 1)),
    body BLOB NOT NULL
) STRICT;
";

/// Wipes what is deleted where that costs nothing.
const USUAL_DELETE: &str = "PRAGMA secure_delete = FAST";

/// Persons and events in one file.
#[derive(Debug)]
pub struct SqliteStore {
    /// Apart, so that nobody who reads waits for the disk of somebody who writes.
    reader: Mutex<Connection>,
    writer: Mutex<Connection>,
}

impl SqliteStore {
    /// Opens the file, or makes it where there is none, readable for its owner alone.
    ///
    /// # Errors
    ///
    /// [`StoreError::Damaged`] for a file that this program did not write, [`StoreError::TooNew`] for one of a newer version:
    /// neither is changed. [`StoreError::Busy`], [`StoreError::Full`], [`StoreError::Unusable`].
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        create(path)?;
        let mut writer = connect(path)?;
        prepare(&mut writer)?;
        Ok(Self {
            reader: Mutex::new(connect(path)?),
            writer: Mutex::new(writer),
        })
    }

    fn read(&self) -> Result<MutexGuard<'_, Connection>, StoreError> {
        self.reader.lock().map_err(|_| StoreError::Unusable)
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

/// Makes an empty file for its owner alone; SQLite gives the log beside it the same mode.
fn create(path: &Path) -> Result<(), StoreError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(_) => Err(StoreError::Unusable),
    }
}

fn connect(path: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    // FULL: a reply is sent only after what it says lies on the disk.
    connection.execute_batch(
        "PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;
         PRAGMA cell_size_check = ON;",
    )?;
    connection.execute_batch(USUAL_DELETE)?;
    Ok(connection)
}

/// Makes the tables, or sees that they are ours.
fn prepare(connection: &mut Connection) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let number =
        |name: &str| transaction.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let (application, format) = (number("application_id")?, number("user_version")?);
    let tables: u32 =
        transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    match (application, format, tables) {
        (APPLICATION, FORMAT, _) => {}
        (APPLICATION, newer, _) if newer > FORMAT => return Err(StoreError::TooNew),
        (0, 0, 0) => {
            transaction.execute_batch(SCHEMA)?;
            transaction.pragma_update(None, "application_id", APPLICATION)?;
            transaction.pragma_update(None, "user_version", FORMAT)?;
        }
        _ => return Err(StoreError::Damaged),
    }
    transaction.commit()?;
    // At each opening: whoever made the file may have been killed before this.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    Ok(())
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
            connection.prepare_cached("SELECT version, document FROM person WHERE account = ?1")?;
        let row = query.query_row([account.bytes().as_slice()], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?))
        });
        let Some((version, document)) = row.optional()? else {
            return Ok(None);
        };
        Ok(Some(Stored {
            version: u64::try_from(version).map_err(|_| StoreError::Damaged)?,
            document: Zeroizing::new(document),
        }))
    }

    fn find(&self, index: &Index) -> Result<Option<Id>, StoreError> {
        let connection = self.read()?;
        let (kind, key) = columns(index);
        whose(&connection, kind, &key)
    }

    fn change(&self, change: &Change<'_>) -> Result<(), ChangeError> {
        let mut connection = self.write()?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        set_person(&transaction, change)?;
        set_indexes(&transaction, change)?;
        for event in change.events {
            let body = serde_json::to_vec(event).map_err(|_| StoreError::Unusable)?;
            let mut insert = transaction.prepare_cached(
                "INSERT INTO event(id, account, holds_secret, body) VALUES (?1, ?2, ?3, ?4)",
            )?;
            insert.execute(params![
                event.id.bytes().as_slice(),
                event.account.bytes().as_slice(),
                event.fact.holds_secret(),
                body
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
        let mut query =
            connection.prepare_cached("SELECT body FROM event ORDER BY number LIMIT ?1")?;
        let at_most = i64::try_from(at_most).unwrap_or(i64::MAX);
        let rows = query.query_map([at_most], |row| row.get::<_, Vec<u8>>(0))?;
        let bodies: Result<Vec<_>, _> = rows.collect();
        let events = bodies?
            .into_iter()
            .map(|body| serde_json::from_slice(&body));
        events
            .collect::<Result<_, _>>()
            .map_err(|_| StoreError::Damaged)
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

fn set_person(transaction: &Transaction<'_>, change: &Change<'_>) -> Result<(), ChangeError> {
    let account = change.account.bytes().as_slice();
    let version = integer(change.stored.version)?;
    let due_at = change
        .due_at
        .map(|due_at| integer(due_at.unix_s()))
        .transpose()?;
    let document = change.stored.document.as_slice();
    let changed = if change.based_on == 0 {
        let mut insert = transaction.prepare_cached(
            "INSERT INTO person(account, version, due_at, document) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO NOTHING",
        )?;
        insert.execute(params![account, version, due_at, document])?
    } else {
        let mut update = transaction.prepare_cached(
            "UPDATE person SET version = ?2, due_at = ?3, document = ?4
             WHERE account = ?1 AND version = ?5",
        )?;
        let based_on = integer(change.based_on)?;
        update.execute(params![account, version, due_at, document, based_on])?
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
