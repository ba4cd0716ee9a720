//! The vault's file: checked before SQLite sees it, and opened with the settings of `docs/vault-format.md` §10.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags};

use super::build::has_leftovers;
use super::error::VaultError;
use super::format::{APPLICATION_ID, FORMAT};
use super::formats::tables;
use super::location::VaultLocation;
use super::lock::{BUSY_TIMEOUT, Hold, VaultLock};
use super::schema::check_schema;
use super::wal::{LogState, inspect_log};

/// No value of a vault is larger, so none is ever read.
const VALUE_BYTES_MAX: i32 = 1024 * 1024;

/// A vault's file, open, with the lock that says so.
pub(super) struct OpenFile {
    pub(super) db: Connection,
    /// The format that the file says it has: the present one, or an earlier one that can be migrated.
    pub(super) format: u32,
    /// How the log was found; where it is not whole, the anchor decides what that means.
    pub(super) log: LogState,
    /// Whether the last one to have it open left changes in the log: it did not come to its end.
    pub(super) was_unclean: bool,
    pub(super) is_read_only: bool,
    /// Held for as long as the connection is open. Declared after it, so dropped after it.
    lock: VaultLock,
}

impl OpenFile {
    /// From alone to shared, once a doubtful log is settled.
    pub(super) fn share(&self) -> Result<(), VaultError> {
        self.lock.share()
    }

    /// Waits until nobody else has the vault open. Where it fails the lock is to be shared again.
    ///
    /// # Errors
    ///
    /// [`VaultError::Busy`] after five seconds.
    pub(super) fn hold_alone(&self) -> Result<(), VaultError> {
        self.lock.hold_alone()
    }
}

/// Opens an existing vault. Nothing is created but SQLite's own files, nothing renamed, nothing deleted.
///
/// # Errors
///
/// What the file is instead, as its own variant; the file is untouched.
pub(super) fn open(location: &VaultLocation) -> Result<OpenFile, VaultError> {
    check_type(location)?;
    let lock = VaultLock::of(location)?;
    let hold = lock.hold()?;
    open_held(location, lock, hold)
}

/// Opens an existing vault whose lock is held.
///
/// # Errors
///
/// As [`open`].
pub(super) fn open_held(
    location: &VaultLocation,
    lock: VaultLock,
    hold: Hold,
) -> Result<OpenFile, VaultError> {
    let mut is_read_only = lock.is_read_only;
    let (mut log, mut was_unclean) = (LogState::Whole, false);
    // Whoever is alone may read the files directly: closing such a descriptor would drop SQLite's locks in this process.
    if hold == Hold::Alone {
        check_header(location.path())?;
        is_read_only = is_read_only || is_on_read_only_medium(location.path());
        log = inspect_log(&location.log())?;
        was_unclean = fs::metadata(location.log()).is_ok_and(|log| log.len() > 0);
    }
    match log {
        // The lock is shared again, also where taking it alone has cost it.
        LogState::Whole => lock.share()?,
        // Nobody else may come to rely on a check that has not come to its end.
        LogState::Unfinished | LogState::Doubtful => {}
        LogState::Damaged => return Err(VaultError::DamagedLog),
    }
    let (db, format) = match checked(location, is_read_only, IndexPlace::File) {
        // There is no room for the log's index. In memory it needs none, but only for one at a time: codes can be read.
        Err(VaultError::DiskFull) => checked(location, is_read_only, IndexPlace::Memory)?,
        other => other?,
    };
    Ok(OpenFile {
        db,
        format,
        log,
        was_unclean,
        is_read_only,
        lock,
    })
}

/// Whether SQLite finds its own structure of the file sound.
pub(super) fn is_sound(db: &Connection) -> Result<bool, VaultError> {
    let verdict: String = db.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    Ok(verdict == "ok")
}

/// Moves the log's content into the file and empties the log, so that no old ciphertext stays in it.
/// A reader may hold it up; it is tried again at every unlock and close.
pub(super) fn checkpoint(db: &Connection) -> Result<(), VaultError> {
    Ok(db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?)
}

/// The same without waiting for anybody.
pub(super) fn checkpoint_at_once(db: &Connection) -> Result<(), VaultError> {
    without_waiting(db, || checkpoint(db))
}

/// Does something without waiting for anybody else who writes.
pub(super) fn without_waiting<T>(
    db: &Connection,
    work: impl FnOnce() -> Result<T, VaultError>,
) -> Result<T, VaultError> {
    db.busy_timeout(Duration::ZERO)?;
    let done = work();
    db.busy_timeout(BUSY_TIMEOUT)?;
    done
}

/// Lets SQLite tidy its log again, once the vault is unlocked and found whole.
pub(super) fn allow_checkpoints(db: &Connection) -> Result<(), VaultError> {
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    Ok(db.pragma_update(None, "wal_autocheckpoint", 1000)?)
}

/// Where SQLite keeps the index of the log.
#[derive(Clone, Copy, Eq, PartialEq)]
enum IndexPlace {
    /// In the file that ends in `-shm`, shared by all who have the vault open.
    File,
    /// In memory: nobody else can have the vault open.
    Memory,
}

fn checked(
    location: &VaultLocation,
    is_read_only: bool,
    index: IndexPlace,
) -> Result<(Connection, u32), VaultError> {
    let db = connect(location, is_read_only)?;
    if index == IndexPlace::Memory {
        db.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    }
    configure(&db)?;
    let format = check_tables(&db)?;
    Ok((db, format))
}

/// The format that the file says it has, once its tables are those of the format.
fn check_tables(db: &Connection) -> Result<u32, VaultError> {
    let format = check_version(db)?;
    let known = tables(format).ok_or(VaultError::VaultTooOld { found: format })?;
    check_schema(db, known)?;
    Ok(format)
}

/// Opens a copy of a vault that nobody else writes, to read it: neither a log nor a lock is needed or made.
///
/// # Errors
///
/// What the file is instead.
pub(super) fn open_copy(path: &Path, format: u32) -> Result<Connection, VaultError> {
    let (db, found) = open_copy_of_any_format(path)?;
    if found == format {
        Ok(db)
    } else {
        Err(VaultError::NotAVault)
    }
}

/// The same for whatever format this version reads, with its number.
pub(super) fn open_copy_of_any_format(path: &Path) -> Result<(Connection, u32), VaultError> {
    fs::metadata(path)?;
    let db = connect(&VaultLocation::new(path), true)?;
    configure(&db)?;
    let format = check_tables(&db)?;
    Ok((db, format))
}

fn connect(location: &VaultLocation, is_read_only: bool) -> Result<Connection, VaultError> {
    if !is_read_only {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        return Ok(Connection::open_with_flags(location.path(), flags)?);
    }
    // A log would need the files that a read-only place cannot have.
    if fs::metadata(location.log()).is_ok_and(|log| log.len() > 0) {
        return Err(VaultError::ReadOnly);
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    let uri = format!("file:{}?immutable=1", percent_path(location.path()));
    Ok(Connection::open_with_flags(uri, flags)?)
}

pub(super) fn configure(db: &Connection) -> Result<(), VaultError> {
    db.busy_timeout(BUSY_TIMEOUT)?;
    for (setting, value) in [
        ("synchronous", "FULL"),
        ("secure_delete", "ON"),
        ("temp_store", "MEMORY"),
        ("foreign_keys", "ON"),
        ("trusted_schema", "OFF"),
        ("cell_size_check", "ON"),
        ("mmap_size", "0"),
        ("fullfsync", "1"),
        ("checkpoint_fullfsync", "1"),
        ("wal_autocheckpoint", "0"),
    ] {
        db.pragma_update(None, setting, value)?;
    }
    for (switch, on) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
        (DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true),
    ] {
        db.set_db_config(switch, on)?;
    }
    db.set_limit(Limit::SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX)?;
    db.set_limit(Limit::SQLITE_LIMIT_SQL_LENGTH, 64 * 1024)?;
    db.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 1)?;
    Ok(())
}

fn check_type(location: &VaultLocation) -> Result<(), VaultError> {
    match fs::symlink_metadata(location.path()) {
        Ok(file) if !file.is_file() => Err(VaultError::NotAVault),
        Ok(file) if file.len() == 0 => Err(VaultError::EmptyFile),
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(if has_leftovers(location)? {
            VaultError::Leftovers
        } else {
            VaultError::NoVault
        }),
        Err(error) => Err(error.into()),
    }
}

/// Only asked while nobody has the vault open: closing the file would drop SQLite's locks.
fn is_on_read_only_medium(path: &Path) -> bool {
    let opened = OpenOptions::new().write(true).open(path);
    opened.is_err_and(|error| error.kind() == ErrorKind::ReadOnlyFilesystem)
}

/// Type and version from the first 100 bytes (SQLite's file format description, §1.3).
fn check_header(path: &Path) -> Result<(), VaultError> {
    let mut header = [0; 100];
    match File::open(path)?.read_exact(&mut header) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
            return Err(VaultError::NotAVault);
        }
        Err(error) => return Err(error.into()),
    }
    let number = |at: usize| {
        header
            .get(at..at + 4)
            .and_then(|bytes| bytes.try_into().ok())
            .map_or(0, u32::from_be_bytes)
    };
    if !header.starts_with(b"SQLite format 3\0") || number(68) != APPLICATION_ID {
        return Err(VaultError::NotAVault);
    }
    // Write and read version 2: a write-ahead log. Without one SQLite would trust a rollback journal.
    if header.get(18..20) != Some(&[2, 2]) {
        return Err(VaultError::DamagedData);
    }
    judge_version(number(60)).map(|_| ())
}

fn check_version(db: &Connection) -> Result<u32, VaultError> {
    let application: i64 = db.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    if application != i64::from(APPLICATION_ID) {
        return Err(VaultError::NotAVault);
    }
    let version: i64 = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    judge_version(u32::try_from(version).unwrap_or(u32::MAX))
}

fn judge_version(found: u32) -> Result<u32, VaultError> {
    match found.cmp(&FORMAT) {
        std::cmp::Ordering::Equal => Ok(found),
        std::cmp::Ordering::Greater => Err(VaultError::VaultTooNew {
            found,
            known: FORMAT,
        }),
        std::cmp::Ordering::Less if tables(found).is_some() => Ok(found),
        std::cmp::Ordering::Less => Err(VaultError::VaultTooOld { found }),
    }
}

/// A path inside a `file:` URI: everything but letters, digits and `/._-~` is escaped.
fn percent_path(path: &Path) -> String {
    let mut text = String::new();
    for &byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'_' | b'-' | b'~' => {
                text.push(char::from(byte));
            }
            other => text.push_str(&format!("%{other:02X}")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::flock;
    use super::*;

    fn made(name: &str) -> (tempfile::TempDir, VaultLocation) {
        let folder = tempfile::tempdir().unwrap();
        let location = VaultLocation::new(&folder.path().join(name));
        super::super::build::create(&location, super::super::schema::create_tables).unwrap();
        (folder, location)
    }

    #[test]
    fn a_read_only_place_is_read_without_a_log() {
        let (_folder, location) = made("a?b%20#.vault");
        let db = connect(&location, true).unwrap();
        configure(&db).unwrap();
        assert_eq!(check_schema(&db, &super::super::schema::TABLES), Ok(()));
        assert!(db.execute("DELETE FROM record", []).is_err());
        drop(db);
        fs::write(location.log(), b"a change that is not in the file").unwrap();
        assert_eq!(connect(&location, true).err(), Some(VaultError::ReadOnly));
    }

    #[test]
    fn every_setting_is_in_force() {
        let (_folder, location) = made("vault");
        let file = open(&location).unwrap();
        for (setting, expected) in [
            ("journal_mode", "wal"),
            ("synchronous", "2"),
            ("secure_delete", "1"),
            ("temp_store", "2"),
            ("trusted_schema", "0"),
            ("cell_size_check", "1"),
            ("wal_autocheckpoint", "0"),
            ("page_size", "4096"),
        ] {
            let found = file
                .db
                .pragma_query_value(None, setting, |row| {
                    let value: rusqlite::types::Value = row.get(0)?;
                    Ok(match value {
                        rusqlite::types::Value::Integer(number) => number.to_string(),
                        rusqlite::types::Value::Text(text) => text,
                        other => format!("{other:?}"),
                    })
                })
                .unwrap();
            assert_eq!(found, expected, "{setting}");
        }
        // Defensive: the schema cannot be edited behind SQLite's back.
        assert!(
            file.db
                .execute("UPDATE sqlite_schema SET sql = ''", [])
                .is_err()
        );
        allow_checkpoints(&file.db).unwrap();
    }

    #[test]
    fn whoever_is_not_alone_does_not_touch_the_files() {
        let (_folder, location) = made("vault");
        let first = open(&location).unwrap();
        let second = open(&location).unwrap();
        assert_eq!((first.log, second.log), (LogState::Whole, LogState::Whole));
        // The first one's lock keeps a restore out.
        let alone = File::open(location.lock()).unwrap();
        assert!(!flock::try_alone(&alone).unwrap());
        drop((first, second));
        assert!(flock::try_alone(&alone).unwrap());
    }

    #[test]
    fn a_vault_copied_without_its_lock_is_locked_by_its_folder() {
        let (folder, location) = made("vault");
        fs::remove_file(location.lock()).unwrap();
        let opened = open(&location).unwrap();
        assert!(!location.lock().exists(), "opening makes nothing");
        let alone = File::open(folder.path()).unwrap();
        assert!(!flock::try_alone(&alone).unwrap());
        drop(opened);
    }
}
