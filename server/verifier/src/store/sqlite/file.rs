//! The file itself: made, opened, and seen to be ours and sealed under the right key.

use std::fs::OpenOptions;
use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::super::StoreError;
use super::super::seal::{Place, Sealer, StoreKey};
use crate::entropy::{Entropy, generate_bytes};

/// "CSv1": files of this store, and of nothing else.
const APPLICATION: i32 = 0x4353_7631;
/// The version of the tables.
const FORMAT: i32 = 4;

pub(super) const SCHEMA: &str = "
CREATE TABLE seal(
    store BLOB NOT NULL CHECK(length(store) = 16),
    check_value BLOB NOT NULL
) STRICT;
CREATE TABLE person(
    account BLOB PRIMARY KEY NOT NULL CHECK(length(account) = 16),
    version INTEGER NOT NULL CHECK(version > 0),
    due_at INTEGER CHECK(due_at >= 0),
    sealed BLOB NOT NULL
) STRICT;
CREATE INDEX person_due ON person(due_at) WHERE due_at IS NOT NULL;
CREATE TABLE found_by(
    kind INTEGER NOT NULL CHECK(kind BETWEEN 1 AND 4),
    key BLOB NOT NULL,
    account BLOB NOT NULL CHECK(length(account) = 16),
    PRIMARY KEY(kind, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE request(
    device BLOB NOT NULL CHECK(length(device) = 32),
    id BLOB NOT NULL CHECK(length(id) = 16),
    until INTEGER NOT NULL CHECK(until >= 0),
    PRIMARY KEY(device, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE event(
    number INTEGER PRIMARY KEY,
    id BLOB NOT NULL CHECK(length(id) = 16),
    account BLOB NOT NULL CHECK(length(account) = 16),
    holds_secret INTEGER NOT NULL CHECK(holds_secret IN (0, 1)),
    sealed BLOB NOT NULL
) STRICT;
";

/// Wipes what is deleted where that costs nothing.
pub(super) const USUAL_DELETE: &str = "PRAGMA secure_delete = FAST";

/// How long the log grows before it is brought into the file, in pages of 4 KiB: 16 MiB. Persons who sign in again and again are
/// brought there once for all of that.
const LOG_PAGES: u32 = 4_096;

/// Makes an empty file for its owner alone; SQLite gives the log beside it the same mode.
pub(super) fn create(path: &Path) -> Result<(), StoreError> {
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

pub(super) fn connect(path: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    // FULL: a reply is sent only after what it says lies on the disk.
    connection.execute_batch(
        "PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;
         PRAGMA cell_size_check = ON;",
    )?;
    connection.execute_batch(USUAL_DELETE)?;
    connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES)?;
    Ok(connection)
}

/// Makes the tables, or sees that they are ours and sealed under this key.
pub(super) fn prepare(
    connection: &mut Connection,
    path: &Path,
    key: &StoreKey,
    entropy: &dyn Entropy,
) -> Result<Sealer, StoreError> {
    // Before it is known that the file is ours nothing of it is changed: the log of who was killed stays what it is.
    let keeps_log = has_log(path);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, keeps_log)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let number =
        |name: &str| transaction.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let (application, format) = (number("application_id")?, number("user_version")?);
    let tables: u32 =
        transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let sealer = match (application, format, tables) {
        (APPLICATION, FORMAT, _) => sealer_of(&transaction, key)?,
        (APPLICATION, newer, _) if newer > FORMAT => return Err(StoreError::TooNew),
        (0, 0, 0) => {
            transaction.execute_batch(SCHEMA)?;
            transaction.pragma_update(None, "application_id", APPLICATION)?;
            transaction.pragma_update(None, "user_version", FORMAT)?;
            new_sealer(&transaction, key, entropy)?
        }
        _ => return Err(StoreError::Damaged),
    };
    transaction.commit()?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    // At each opening: whoever made the file may have been killed before this.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    Ok(sealer)
}

/// Whether there is something in the log beside the file.
fn has_log(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    std::fs::metadata(log).is_ok_and(|log| log.len() > 0)
}

/// That of a file which is sealed already; the check value opens under the right key alone.
fn sealer_of(transaction: &Transaction<'_>, key: &StoreKey) -> Result<Sealer, StoreError> {
    let (store, check): ([u8; 16], Vec<u8>) = transaction
        .query_row("SELECT store, check_value FROM seal", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .map_err(|_| StoreError::Damaged)?;
    let sealer = Sealer::new(key, &store);
    match sealer.open(Place::Check, check) {
        Ok(_) => Ok(sealer),
        Err(_) => Err(StoreError::WrongKey),
    }
}

/// That of a new file.
fn new_sealer(
    transaction: &Transaction<'_>,
    key: &StoreKey,
    entropy: &dyn Entropy,
) -> Result<Sealer, StoreError> {
    let store: [u8; 16] = generate_bytes(entropy)?;
    let sealer = Sealer::new(key, &store);
    let check = sealer.seal(Place::Check, b"", entropy)?;
    transaction.execute(
        "INSERT INTO seal(store, check_value) VALUES (?1, ?2)",
        params![store, check],
    )?;
    Ok(sealer)
}
