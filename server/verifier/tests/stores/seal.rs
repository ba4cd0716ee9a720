//! No secret lies readable in the file of a store, and without its key nothing is changed.

use std::collections::BTreeMap;
use std::path::Path;

use countersign_protocol::hash::Id;
use countersign_verifier::entropy::{Entropy, EntropyError};
use countersign_verifier::event::{Event, Fact};
use countersign_verifier::store::{Change, ChangeError, SqliteStore, Store, StoreError, StoreKey};

use crate::sqlite::{bytes_in, has, open_with, store_at};
use crate::suite::{ANN, BEN, change, event, ring, text};

const DOCUMENT: &str = "MARKED document, the first";

/// A file with a person and events, and no log beside it.
fn filled(path: &Path) {
    let store = store_at(path);
    let events = [event(1), ring(2, ANN)];
    let first = Change {
        events: &events,
        ..change(ANN, 0, DOCUMENT)
    };
    store.change(&first).unwrap();
}

/// Every file of a folder, byte for byte.
fn files(folder: &Path) -> BTreeMap<std::ffi::OsString, Vec<u8>> {
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap());
    files
        .map(|file| (file.file_name(), std::fs::read(file.path()).unwrap()))
        .collect()
}

#[test]
fn no_document_and_no_event_lies_readable_in_the_file_or_its_log() {
    let folder = tempfile::tempdir().unwrap();
    let store = store_at(&folder.path().join("store"));
    let long = "MARKED".repeat(3_000);
    let reported = Event {
        fact: Fact::Reported {
            statement: Id::from_bytes([1; 16]),
            hash: countersign_protocol::hash::MessageHash::from_bytes([1; 32]),
            outcome: countersign_protocol::message::Outcome::Denied,
            device: countersign_protocol::hash::Thumbprint::from_bytes([1; 32]),
            answer: "MARKED answer".to_owned(),
            receipt: "MARKED receipt".to_owned(),
        },
        ..event(1)
    };
    let events = [reported, ring(2, ANN)];
    let first = Change {
        events: &events,
        ..change(ANN, 0, &long)
    };
    store.change(&first).unwrap();
    store.change(&change(ANN, 1, DOCUMENT)).unwrap();
    store.change(&change(BEN, 0, &long)).unwrap();
    // While it is open, when it is closed, and after what was delivered and changed left its pages.
    assert!(!has(&bytes_in(folder.path()), "MARKED"));
    for event in &events {
        store.delivered(&event.id).unwrap();
    }
    assert!(!has(&bytes_in(folder.path()), "MARKED"));
    drop(store);
    let bytes = bytes_in(folder.path());
    assert!(!has(&bytes, "MARKED"));
    // It is there all the same.
    assert!(bytes.len() > long.len());
    assert_eq!(
        text(&store_at(&folder.path().join("store")), BEN),
        Some((1, long))
    );
}

#[test]
fn a_wrong_key_is_said_so_and_changes_not_a_byte() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    filled(&path);
    let before = files(folder.path());
    for _ in 0..2 {
        assert_eq!(open_with(&path, 4).err(), Some(StoreError::WrongKey));
    }
    assert!(files(folder.path()) == before);
    assert_eq!(text(&store_at(&path), ANN), Some((1, DOCUMENT.into())));
}

#[test]
fn a_wrong_key_leaves_the_log_of_a_server_that_was_killed_where_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let killed = folder.path().join("killed");
    std::fs::create_dir(&killed).unwrap();
    let path = folder.path().join("store");
    let store = store_at(&path);
    store.change(&change(ANN, 0, DOCUMENT)).unwrap();
    // As they lie there when nobody closes them.
    for name in ["store", "store-wal"] {
        std::fs::copy(folder.path().join(name), killed.join(name)).unwrap();
    }
    let before = files(&killed);
    let path = killed.join("store");
    assert_eq!(open_with(&path, 4).err(), Some(StoreError::WrongKey));
    let after = files(&killed);
    for (name, bytes) in &before {
        assert!(after.get(name) == Some(bytes), "{name:?}");
    }
    assert_eq!(text(&store_at(&path), ANN), Some((1, DOCUMENT.into())));
}

#[test]
fn a_row_that_was_changed_or_exchanged_is_damaged_and_stays_where_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    filled(&path);
    let store = store_at(&path);
    store.change(&change(BEN, 0, "MARKED second")).unwrap();
    let connection = rusqlite::Connection::open(&path).unwrap();
    let spoil = |statement: &str| {
        assert_eq!(connection.execute(statement, []), Ok(1), "{statement}");
    };
    let ann = "account = x'01010101010101010101010101010101'";
    let ben = "account = x'02020202020202020202020202020202'";
    let sealed: Vec<u8> = connection
        .query_row(
            &format!("SELECT sealed FROM person WHERE {ann}"),
            [],
            |row| row.get(0),
        )
        .unwrap();
    for bad in [
        format!("UPDATE person SET version = 2 WHERE {ann}"),
        format!("UPDATE person SET sealed = (SELECT sealed FROM person WHERE {ben}) WHERE {ann}"),
        format!("UPDATE person SET sealed = x'' WHERE {ann}"),
        format!("UPDATE person SET sealed = zeroblob(60) WHERE {ann}"),
        format!("UPDATE person SET sealed = substr(sealed, 2) WHERE {ann}"),
    ] {
        spoil(&bad);
        assert_eq!(store.load(&ANN), Err(StoreError::Damaged), "{bad}");
        let kept: u32 = connection
            .query_row(
                &format!("SELECT count(*) FROM person WHERE {ann}"),
                [],
                |row| row.get(0),
            )
            .unwrap();
        assert_eq!(kept, 1);
        connection
            .execute(
                &format!("UPDATE person SET version = 1, sealed = ?1 WHERE {ann}"),
                [&sealed],
            )
            .unwrap();
        assert_eq!(text(&store, ANN), Some((1, DOCUMENT.into())));
    }
    // Nobody else is held up by it.
    spoil(&format!("UPDATE person SET sealed = x'' WHERE {ann}"));
    assert_eq!(text(&store, BEN), Some((1, "MARKED second".into())));
    // It can still be deleted.
    assert_eq!(store.delete(&ANN), Ok(true));
}

#[test]
fn an_event_that_was_exchanged_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    filled(&path);
    let connection = rusqlite::Connection::open(&path).unwrap();
    let exchange = "UPDATE event SET sealed = (SELECT sealed FROM event WHERE number = 1)";
    assert_eq!(connection.execute(exchange, []), Ok(2));
    let store = store_at(&path);
    assert_eq!(store.undelivered(1), Ok(vec![event(1)]));
    assert_eq!(store.undelivered(2), Err(StoreError::Damaged));
}

#[test]
fn rows_of_another_store_under_the_same_key_do_not_open() {
    let folder = tempfile::tempdir().unwrap();
    let (path, other) = (folder.path().join("store"), folder.path().join("other"));
    filled(&path);
    filled(&other);
    let connection = rusqlite::Connection::open(&path).unwrap();
    let attach = format!("ATTACH '{}' AS other", other.display());
    connection.execute_batch(&attach).unwrap();
    let bring = "UPDATE person SET sealed = (SELECT sealed FROM other.person)";
    assert_eq!(connection.execute(bring, []), Ok(1));
    assert_eq!(store_at(&path).load(&ANN), Err(StoreError::Damaged));
    assert_eq!(text(&store_at(&other), ANN), Some((1, DOCUMENT.into())));
}

#[test]
fn a_file_whose_seal_is_gone_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    filled(&path);
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute("DELETE FROM seal", []).unwrap();
    assert_eq!(open_with(&path, 3).err(), Some(StoreError::Damaged));
}

#[test]
fn without_randomness_nothing_is_stored() {
    /// Enough for the seal of a new file.
    struct Ends(std::sync::atomic::AtomicU32);
    impl Entropy for Ends {
        fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyError> {
            let left = self.0.load(std::sync::atomic::Ordering::Relaxed);
            let left = left.checked_sub(1).ok_or(EntropyError)?;
            self.0.store(left, std::sync::atomic::Ordering::Relaxed);
            buffer.fill(7);
            Ok(())
        }
    }
    let open = |path: &Path, fills| {
        let entropy = Box::new(Ends(std::sync::atomic::AtomicU32::new(fills)));
        SqliteStore::open(path, &StoreKey::copy_of(&[3; 32]), entropy)
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    for fills in [0, 1] {
        assert_eq!(open(&path, fills).err(), Some(StoreError::Entropy));
    }
    let store = open(&path, 2).unwrap();
    let refused = store.change(&change(ANN, 0, DOCUMENT));
    assert_eq!(refused, Err(ChangeError::Store(StoreError::Entropy)));
    assert_eq!(text(&store, ANN), None);
}
