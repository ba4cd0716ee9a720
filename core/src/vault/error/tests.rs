//! Facts are kept, words from elsewhere are dropped.

use std::collections::BTreeSet;
use std::io;

use rusqlite::ffi;

use super::*;

#[test]
fn sqlites_words_are_dropped_and_its_facts_kept() {
    for (code, expected) in [
        (ffi::SQLITE_BUSY, VaultError::Busy),
        (ffi::SQLITE_LOCKED, VaultError::Busy),
        (ffi::SQLITE_FULL, VaultError::DiskFull),
        (ffi::SQLITE_IOERR_SHMSIZE, VaultError::DiskFull),
        (ffi::SQLITE_READONLY, VaultError::ReadOnly),
        (ffi::SQLITE_PERM, VaultError::NoAccess),
        (ffi::SQLITE_CANTOPEN, VaultError::NoAccess),
        (ffi::SQLITE_CORRUPT, VaultError::DamagedData),
        (ffi::SQLITE_CONSTRAINT, VaultError::DamagedData),
        (ffi::SQLITE_TOOBIG, VaultError::DamagedData),
        (ffi::SQLITE_NOTADB, VaultError::NotAVault),
        (ffi::SQLITE_IOERR, VaultError::Io),
    ] {
        let words = Some("MARKED words of SQLite".to_owned());
        let error = VaultError::from(rusqlite::Error::SqliteFailure(ffi::Error::new(code), words));
        assert_eq!(error, expected);
        assert!(!format!("{error} {error:?}").contains("MARKED"));
    }
    assert_eq!(
        VaultError::from(rusqlite::Error::QueryReturnedNoRows),
        VaultError::DamagedData
    );
}

#[test]
fn the_systems_words_are_dropped_and_its_facts_kept() {
    for (kind, expected) in [
        (io::ErrorKind::NotFound, VaultError::NoVault),
        (io::ErrorKind::PermissionDenied, VaultError::NoAccess),
        (io::ErrorKind::AlreadyExists, VaultError::VaultExists),
        (io::ErrorKind::ReadOnlyFilesystem, VaultError::ReadOnly),
        (io::ErrorKind::StorageFull, VaultError::DiskFull),
        (io::ErrorKind::QuotaExceeded, VaultError::DiskFull),
        (io::ErrorKind::TimedOut, VaultError::Io),
    ] {
        assert_eq!(VaultError::from(io::Error::new(kind, "MARKED")), expected);
    }
    assert_eq!(VaultError::from(EntropyError), VaultError::Entropy);
}

#[test]
fn only_a_wait_says_how_long() {
    assert_eq!(
        VaultError::Wait { retry_after_s: 7 }.retry_after_s(),
        Some(7)
    );
    assert_eq!(VaultError::Busy.retry_after_s(), None);
    let names = [
        VaultError::Wait { retry_after_s: 7 }.name(),
        VaultError::Busy.name(),
    ];
    assert_eq!(names.into_iter().collect::<BTreeSet<_>>().len(), 2);
}
