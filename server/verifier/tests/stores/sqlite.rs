//! What the store in a file does beside the suite.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use countersign_verifier::entropy::SystemEntropy;
use countersign_verifier::person::Index;
use countersign_verifier::store::{
    Change, ChangeError, RequestTaken, SqliteStore, Store, StoreError, StoreKey,
};

use crate::requests::{add, request};
use crate::suite::{ANN, BEN, at, change, event, ring, text};

pub(crate) fn open_with(path: &Path, key: u8) -> Result<SqliteStore, StoreError> {
    let entropy = Box::new(SystemEntropy::default());
    SqliteStore::open(path, &StoreKey::copy_of(&[key; 32]), entropy)
}

fn try_open(path: &Path) -> Result<SqliteStore, StoreError> {
    open_with(path, 3)
}

pub(crate) fn store_at(path: &Path) -> SqliteStore {
    try_open(path).unwrap()
}

#[test]
fn what_was_changed_is_there_after_a_restart_and_in_another_process_view() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let events = [event(1), event(2)];
    {
        let store = store_at(&path);
        let all = Change {
            added: BTreeSet::from([Index::Choice(5)]),
            due_at: Some(at(7)),
            events: &events,
            ..change(ANN, 0, "kept")
        };
        store.change(&all).unwrap();
        store.delivered(&event(1).id).unwrap();
        // A second one beside it sees the same, and what each changes the other sees.
        let beside = store_at(&path);
        assert_eq!(text(&beside, ANN), Some((1, "kept".into())));
        beside.change(&change(ANN, 1, "beside")).unwrap();
        assert_eq!(text(&store, ANN), Some((2, "beside".into())));
        let late = store.change(&change(ANN, 1, "late"));
        assert_eq!(late, Err(ChangeError::Conflict));
    }
    let store = store_at(&path);
    assert_eq!(text(&store, ANN), Some((2, "beside".into())));
    assert_eq!(store.find(&Index::Choice(5)), Ok(Some(ANN)));
    assert_eq!(store.undelivered(9), Ok(vec![event(2)]));
}

#[test]
fn a_request_that_was_taken_stays_so_after_a_restart_and_for_another_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let store = store_at(&path);
    add(&store, ANN, [1]);
    let beside = store_at(&path);
    let take = |store: &SqliteStore, id| store.take_request(&request(1, id, 100), at(5));
    assert_eq!(take(&store, 1), Ok(RequestTaken::First));
    assert_eq!(take(&beside, 1), Ok(RequestTaken::Again));
    drop((store, beside));
    assert_eq!(take(&store_at(&path), 1), Ok(RequestTaken::Again));
}

#[test]
fn requests_of_devices_that_never_come_again_go_with_those_of_others() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let store = store_at(&path);
    add(&store, ANN, 0..=100);
    for device in 0..=100 {
        store.take_request(&request(device, 1, 100), at(5)).unwrap();
    }
    let noted = || {
        let connection = rusqlite::Connection::open(&path).unwrap();
        let count = "SELECT count(*) FROM request";
        connection.query_row(count, [], |row| row.get::<_, u32>(0))
    };
    assert_eq!(noted(), Ok(101));
    // Places are random; these are spread. The last and the first never come again.
    for (turn, device) in (12..=92).step_by(8).enumerate() {
        let id = u8::try_from(turn + 2).unwrap();
        let taken = store.take_request(&request(device, id, 200), at(100));
        assert_eq!(taken, Ok(RequestTaken::First));
    }
    assert_eq!(noted(), Ok(11));
}

#[test]
fn a_file_that_this_program_did_not_write_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes");
    std::fs::write(
        &path,
        "not a database, and long enough to be looked at as one",
    )
    .unwrap();
    assert_eq!(try_open(&path).err(), Some(StoreError::Damaged));
    let kept = std::fs::read_to_string(&path).unwrap();
    assert!(kept.starts_with("not a database"));

    let other = folder.path().join("other");
    let connection = rusqlite::Connection::open(&other).unwrap();
    connection.execute_batch("CREATE TABLE theirs(a)").unwrap();
    assert_eq!(try_open(&other).err(), Some(StoreError::Damaged));

    let newer = folder.path().join("newer");
    drop(store_at(&newer));
    let connection = rusqlite::Connection::open(&newer).unwrap();
    let format = |number: u32| connection.pragma_update(None, "user_version", number);
    format(5).unwrap();
    assert_eq!(try_open(&newer).err(), Some(StoreError::TooNew));
    // One of before the first release.
    format(3).unwrap();
    assert_eq!(try_open(&newer).err(), Some(StoreError::Damaged));

    let nowhere = folder.path().join("missing").join("store");
    assert_eq!(try_open(&nowhere).err(), Some(StoreError::Unusable));
}

/// All bytes of the files in a folder.
pub(crate) fn bytes_in(folder: &Path) -> Vec<u8> {
    let files = std::fs::read_dir(folder).unwrap();
    let bytes = files.map(|file| std::fs::read(file.unwrap().path()).unwrap());
    bytes.flatten().collect()
}

pub(crate) fn has(bytes: &[u8], mark: &str) -> bool {
    bytes
        .windows(mark.len())
        .any(|part| part == mark.as_bytes())
}

#[test]
fn nothing_of_a_deleted_person_stays_in_the_file_or_its_log() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_at(&folder.path().join("store"));
    let events = [ring(2, ANN)];
    let long = "MARKED".repeat(2_000);
    let ann = Change {
        events: &events,
        ..change(ANN, 0, &long)
    };
    store.change(&ann).unwrap();
    store.change(&change(BEN, 0, "OTHERS")).unwrap();
    assert_eq!(store.delete(&ANN), Ok(true));
    let bytes = bytes_in(folder.path());
    assert!(!has(&bytes, "MARKED"));
    // The file is still the store.
    assert_eq!(text(&store, BEN), Some((1, "OTHERS".into())));
}

#[test]
fn a_file_whose_maker_was_killed_at_once_gets_its_log_when_it_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    drop(store_at(&path));
    let connection = rusqlite::Connection::open(&path).unwrap();
    let unset: String = connection
        .query_row("PRAGMA journal_mode = DELETE", [], |row| row.get(0))
        .unwrap();
    assert_eq!(unset, "delete");
    drop(connection);
    let store = store_at(&path);
    store.change(&change(ANN, 0, "x")).unwrap();
    let connection = rusqlite::Connection::open(&path).unwrap();
    let mode: String = connection
        .query_row("PRAGMA journal_mode", [], |row| row.get(0))
        .unwrap();
    assert_eq!(mode, "wal");
}

#[cfg(unix)]
#[test]
fn the_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let store = store_at(&folder.path().join("store"));
    store.change(&change(ANN, 0, "x")).unwrap();
    let modes: BTreeMap<_, _> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
            (entry.file_name(), mode)
        })
        .collect();
    assert!(modes.len() >= 2, "{modes:?}");
    assert!(modes.values().all(|mode| *mode == 0o600), "{modes:?}");
}
