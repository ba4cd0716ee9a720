//! The vault's file: checked before SQLite sees it, opened with the settings of §"SQLite" in
//! `docs/vault-format.md`, and made so that it appears whole or not at all.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags};

use super::error::VaultError;
use super::format::{APPLICATION_ID, FORMAT};
use super::location::VaultLocation;
use super::schema::check_schema;
use super::wal::{LogState, inspect_log};

/// How long a writer waits for another one.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// No value of a vault is larger, so none is ever read.
const VALUE_BYTES_MAX: i32 = 1024 * 1024;

/// A vault's file, open, with the lock that says so.
pub(super) struct OpenFile {
    pub(super) db: Connection,
    /// How the log was found; where it is not whole, the anchor decides what that means.
    pub(super) log: LogState,
    pub(super) is_read_only: bool,
    /// Held for as long as the connection is open. Declared after it, so dropped after it.
    lock: File,
}

impl OpenFile {
    /// From alone to shared, once a doubtful log is settled.
    pub(super) fn share(&self) -> Result<(), VaultError> {
        share(&self.lock)
    }
}

/// Opens an existing vault. Nothing is created but SQLite's own files, nothing renamed, nothing deleted.
///
/// # Errors
///
/// What the file is instead, as its own variant; the file is untouched.
pub(super) fn open(location: &VaultLocation) -> Result<OpenFile, VaultError> {
    check_type(location)?;
    let (lock, mut is_read_only) = open_lock(location)?;
    // Whoever is alone may read the files directly: closing such a descriptor would drop SQLite's locks in this
    // process. Whoever is not alone relies on the check of the one who was, and who was waited for may have refused.
    let mut is_alone = take_alone(&lock)?;
    if !is_alone {
        share(&lock)?;
        is_alone = take_alone(&lock)?;
    }
    let mut log = LogState::Whole;
    if is_alone {
        check_header(location.path())?;
        is_read_only = is_read_only || is_on_read_only_medium(location.path());
        log = inspect_log(&location.log())?;
    }
    match log {
        // The lock is shared again, also where taking it alone has cost it.
        LogState::Whole => share(&lock)?,
        // Nobody else may come to rely on a check that has not come to its end.
        LogState::Unfinished | LogState::Doubtful => {}
        LogState::Damaged => return Err(VaultError::DamagedLog),
    }
    let db = match checked(location, is_read_only, IndexPlace::File) {
        // There is no room for the log's index. In memory it needs none, but only for one at a time: codes can be read.
        Err(VaultError::DiskFull) => checked(location, is_read_only, IndexPlace::Memory)?,
        other => other?,
    };
    Ok(OpenFile {
        db,
        log,
        is_read_only,
        lock,
    })
}

/// Whether nobody else has the lock, and this descriptor has it alone now.
fn take_alone(lock: &File) -> Result<bool, VaultError> {
    match lock.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

/// Shares the lock; waits like SQLite does for a check, a restore or a migration of somebody else.
///
/// # Errors
///
/// [`VaultError::Busy`] after five seconds.
fn share(lock: &File) -> Result<(), VaultError> {
    let pause = Duration::from_millis(10);
    let mut waited = Duration::ZERO;
    loop {
        match lock.try_lock_shared() {
            Ok(()) => return Ok(()),
            Err(TryLockError::Error(error)) => return Err(error.into()),
            Err(TryLockError::WouldBlock) if waited >= BUSY_TIMEOUT => {
                return Err(VaultError::Busy);
            }
            Err(TryLockError::WouldBlock) => std::thread::sleep(pause),
        }
        waited += pause;
    }
}

/// Makes a vault: `build` fills it under another name, and it gets its own when it is whole.
///
/// # Errors
///
/// [`VaultError::VaultExists`] and [`VaultError::Leftovers`] before anything is made; on any error no vault is left behind.
pub(super) fn create<T>(
    location: &VaultLocation,
    build: impl FnOnce(&Connection) -> Result<T, VaultError>,
) -> Result<T, VaultError> {
    check_absent(location)?;
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(location.folder())?;
    let lock = private_file()
        .create(true)
        .truncate(false)
        .open(location.lock())?;
    lock.try_lock().map_err(|_| VaultError::Busy)?;
    // Again, now that nobody else can be making one.
    check_absent(location)?;
    let new = location.under_construction();
    remove_database(&new)?;
    let made = build_at(&new, build).and_then(|made| publish(location, &new).map(|()| made));
    // Whether it was published or not, the other name goes; a stale one is discarded by the next attempt.
    let _ = remove_database(&new);
    sync_folder(location.folder())?;
    made
}

fn build_at<T>(
    new: &Path,
    build: impl FnOnce(&Connection) -> Result<T, VaultError>,
) -> Result<T, VaultError> {
    drop(private_file().create_new(true).open(new)?);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(new, flags)?;
    db.pragma_update(None, "page_size", 4096)?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    configure(&db)?;
    db.pragma_update(None, "application_id", APPLICATION_ID)?;
    db.pragma_update(None, "user_version", FORMAT)?;
    let made = build(&db)?;
    checkpoint(&db)?;
    db.close().map_err(|(_, error)| VaultError::from(error))?;
    File::open(new)?.sync_all()?;
    Ok(made)
}

/// A link never replaces. Where links are not allowed (Android), the lock and a look keep the promise.
fn publish(location: &VaultLocation, new: &Path) -> Result<(), VaultError> {
    match fs::hard_link(new, location.path()) {
        Ok(()) => Ok(()),
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::PermissionDenied | ErrorKind::Unsupported
            ) =>
        {
            check_absent(location)?;
            Ok(fs::rename(new, location.path())?)
        }
        Err(error) => Err(error.into()),
    }
}

/// Moves the log's content into the file and empties the log, so that no old ciphertext stays in it.
/// A reader may hold it up; it is tried again at every unlock and close.
pub(super) fn checkpoint(db: &Connection) -> Result<(), VaultError> {
    Ok(db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?)
}

/// The same without waiting for anybody.
pub(super) fn checkpoint_at_once(db: &Connection) -> Result<(), VaultError> {
    db.busy_timeout(Duration::ZERO)?;
    let tried = checkpoint(db);
    db.busy_timeout(BUSY_TIMEOUT)?;
    tried
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
) -> Result<Connection, VaultError> {
    let db = connect(location, is_read_only)?;
    if index == IndexPlace::Memory {
        db.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    }
    configure(&db)?;
    check_version(&db)?;
    check_schema(&db)?;
    Ok(db)
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

fn configure(db: &Connection) -> Result<(), VaultError> {
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

fn check_absent(location: &VaultLocation) -> Result<(), VaultError> {
    match fs::symlink_metadata(location.path()) {
        Ok(_) => Err(VaultError::VaultExists),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            if has_leftovers(location)? {
                Err(VaultError::Leftovers)
            } else {
                Ok(())
            }
        }
        Err(error) => Err(error.into()),
    }
}

/// A log, a snapshot, an earlier copy or a damaged one: somebody's accounts may be in them.
fn has_leftovers(location: &VaultLocation) -> Result<bool, VaultError> {
    let Some(name) = location
        .path()
        .file_name()
        .map(std::ffi::OsStr::as_encoded_bytes)
    else {
        return Err(VaultError::NotAVault);
    };
    let entries = match fs::read_dir(location.folder()) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error.into()),
    };
    for entry in entries {
        let found = entry?.file_name();
        let ending = found.as_encoded_bytes().strip_prefix(name);
        let endings = [b".damaged".as_slice(), b".snap", b".pre-"];
        if ending.is_some_and(|ending| {
            matches!(ending, b"-wal" | b"-journal")
                || endings.iter().any(|known| ending.starts_with(known))
        }) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The lock's file, and whether the place is read-only. A vault copied without it is locked by its folder.
fn open_lock(location: &VaultLocation) -> Result<(File, bool), VaultError> {
    let path = location.lock();
    match OpenOptions::new().read(true).write(true).open(&path) {
        Ok(file) => Ok((file, false)),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Ok((File::open(location.folder())?, false))
        }
        Err(error) if error.kind() == ErrorKind::ReadOnlyFilesystem => {
            Ok((File::open(&path)?, true))
        }
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Err(VaultError::ReadOnly),
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
    judge_version(number(60))
}

fn check_version(db: &Connection) -> Result<(), VaultError> {
    let application: i64 = db.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    if application != i64::from(APPLICATION_ID) {
        return Err(VaultError::NotAVault);
    }
    let version: i64 = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    judge_version(u32::try_from(version).unwrap_or(u32::MAX))
}

fn judge_version(found: u32) -> Result<(), VaultError> {
    match found.cmp(&FORMAT) {
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => Err(VaultError::VaultTooNew {
            found,
            known: FORMAT,
        }),
        std::cmp::Ordering::Less => Err(VaultError::VaultTooOld { found }),
    }
}

/// Removes a database that was never published, with SQLite's own files.
fn remove_database(path: &Path) -> Result<(), VaultError> {
    let place = VaultLocation::new(path);
    for file in [
        path.to_owned(),
        place.log(),
        place.beside("-shm"),
        place.beside("-journal"),
    ] {
        match fs::remove_file(file) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600);
    options
}

fn sync_folder(folder: &Path) -> Result<(), VaultError> {
    Ok(File::open(folder)?.sync_all()?)
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
    use super::*;

    fn made(name: &str) -> (tempfile::TempDir, VaultLocation) {
        let folder = tempfile::tempdir().unwrap();
        let location = VaultLocation::new(&folder.path().join(name));
        create(&location, super::super::schema::create_tables).unwrap();
        (folder, location)
    }

    #[test]
    fn a_read_only_place_is_read_without_a_log() {
        let (_folder, location) = made("a?b%20#.vault");
        let db = connect(&location, true).unwrap();
        configure(&db).unwrap();
        assert_eq!(check_schema(&db), Ok(()));
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
        assert!(matches!(alone.try_lock(), Err(TryLockError::WouldBlock)));
        drop((first, second));
        assert!(alone.try_lock().is_ok());
    }

    #[test]
    fn a_vault_copied_without_its_lock_is_locked_by_its_folder() {
        let (folder, location) = made("vault");
        fs::remove_file(location.lock()).unwrap();
        let opened = open(&location).unwrap();
        assert!(!location.lock().exists(), "opening makes nothing");
        let alone = File::open(folder.path()).unwrap();
        assert!(matches!(alone.try_lock(), Err(TryLockError::WouldBlock)));
        drop(opened);
    }
}
