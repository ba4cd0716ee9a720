//! Making a vault's file so that it appears whole or not at all.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::error::VaultError;
use super::file::{checkpoint, configure};
use super::format::{APPLICATION_ID, FORMAT};
use super::location::VaultLocation;
use super::lock::VaultLock;

/// Makes a vault: `build` fills it under another name, and it gets its own when it is whole. Its lock comes back held
/// alone: whoever cannot go on [takes it back](take_back) before anybody else comes.
///
/// # Errors
///
/// [`VaultError::VaultExists`] and [`VaultError::Leftovers`] before anything is made; on any error no vault is left behind.
pub(super) fn create<T>(
    location: &VaultLocation,
    build: impl FnOnce(&Connection) -> Result<T, VaultError>,
) -> Result<(T, VaultLock), VaultError> {
    check_absent(location)?;
    make_folder(location.folder())?;
    let lock_file = private_file()
        .create(true)
        .truncate(false)
        .open(location.lock())?;
    let lock = VaultLock::new(lock_file);
    if !lock.take_alone()? {
        return Err(VaultError::Busy);
    }
    // Again, now that nobody else can be making one.
    check_absent(location)?;
    let new = location.under_construction();
    remove_database(&new)?;
    let made = build_at(&new, build).and_then(|made| publish(location, &new).map(|()| made));
    let made = made.map_err(|error| match error {
        // A file that is being made has nothing that could be damaged: the disk failed.
        VaultError::DamagedData => VaultError::Io,
        other => other,
    });
    // Whether it was published or not, the other name goes; a stale one is discarded by the next attempt.
    let _ = remove_database(&new);
    let made = made?;
    if let Err(error) = sync_folder(location.folder()) {
        take_back(location);
        return Err(error);
    }
    Ok((made, lock))
}

/// Removes a vault that was made a moment ago and that nobody has used, so that no vault is left behind after an error.
/// Only with its lock in hand.
pub(super) fn take_back(location: &VaultLocation) {
    let _ = remove_database(location.path());
}

/// Makes a folder for its owner with all above it, each on the disk with its name.
fn make_folder(folder: &Path) -> Result<(), VaultError> {
    let is_missing = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
    let missing: Vec<&Path> = folder.ancestors().take_while(is_missing).collect();
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    for made in missing {
        match made.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => sync_folder(parent)?,
            _ => sync_folder(Path::new("."))?,
        }
    }
    Ok(())
}

pub(super) fn build_at<T>(
    new: &Path,
    build: impl FnOnce(&Connection) -> Result<T, VaultError>,
) -> Result<T, VaultError> {
    drop(private_file().create_new(true).open(new)?);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(new, flags)?;
    db.pragma_update(None, "page_size", 4096)?;
    use_log(&db)?;
    configure(&db)?;
    db.pragma_update(None, "application_id", APPLICATION_ID)?;
    db.pragma_update(None, "user_version", FORMAT)?;
    let made = build(&db)?;
    checkpoint(&db)?;
    db.close().map_err(|(_, error)| VaultError::from(error))?;
    File::open(new)?.sync_all()?;
    Ok(made)
}

/// Gives a database a write-ahead log. Where that fails SQLite only says that it still has another journal, or nothing.
pub(super) fn use_log(db: &Connection) -> Result<(), VaultError> {
    let mode =
        db.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0));
    match mode {
        Ok(mode) if mode == "wal" => Ok(()),
        Err(error @ rusqlite::Error::SqliteFailure(..)) => Err(error.into()),
        _ => Err(VaultError::Io),
    }
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
pub(super) fn has_leftovers(location: &VaultLocation) -> Result<bool, VaultError> {
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

/// Removes a database that is not used, with SQLite's own files.
pub(super) fn remove_database(path: &Path) -> Result<(), VaultError> {
    remove_if_there(path)?;
    remove_journals(path)
}

/// Removes SQLite's own files beside a database that nobody has open and that needs none of them.
pub(super) fn remove_journals(path: &Path) -> Result<(), VaultError> {
    let place = VaultLocation::new(path);
    for ending in ["-wal", "-shm", "-journal"] {
        remove_if_there(&place.beside(ending))?;
    }
    Ok(())
}

fn remove_if_there(path: &Path) -> Result<(), VaultError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

pub(super) fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600);
    options
}

pub(super) fn sync_folder(folder: &Path) -> Result<(), VaultError> {
    Ok(File::open(folder)?.sync_all()?)
}
