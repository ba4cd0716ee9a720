//! One suite for every store.

use std::collections::BTreeSet;
use std::sync::Barrier;

use countersign_protocol::hash::{Id, Thumbprint};
use countersign_protocol::message::Ring;
use countersign_protocol::time::Timestamp;
use countersign_verifier::event::{Event, Fact};
use countersign_verifier::person::Index;
use countersign_verifier::store::{Change, ChangeError, MemoryStore, Store, Stored};

use crate::sqlite::store_at;
use crate::{requests, together};

pub(crate) const ANN: Id = Id::from_bytes([1; 16]);
pub(crate) const BEN: Id = Id::from_bytes([2; 16]);

pub(crate) fn at(unix_s: u64) -> Timestamp {
    Timestamp::new(unix_s).unwrap()
}

pub(crate) fn event(byte: u8) -> Event {
    Event {
        id: Id::from_bytes([byte; 16]),
        at: at(1),
        account: ANN,
        fact: Fact::OfflineStopped,
    }
}

pub(crate) fn change(account: Id, based_on: u64, text: &str) -> Change<'static> {
    Change {
        account,
        based_on,
        stored: Stored {
            version: based_on + 1,
            document: text.as_bytes().to_vec().into(),
        },
        added: BTreeSet::new(),
        removed: BTreeSet::new(),
        due_at: None,
        events: &[],
        request: None,
        now: at(5),
    }
}

pub(crate) fn text(store: &dyn Store, account: Id) -> Option<(u64, String)> {
    let stored = store.load(&account).unwrap()?;
    let text = String::from_utf8(stored.document.to_vec()).unwrap();
    Some((stored.version, text))
}

fn a_person_comes_back_as_they_were_stored(store: &dyn Store) {
    assert_eq!(text(store, ANN), None);
    store.change(&change(ANN, 0, "first")).unwrap();
    assert_eq!(text(store, ANN), Some((1, "first".into())));
    store.change(&change(ANN, 1, "second")).unwrap();
    assert_eq!(text(store, ANN), Some((2, "second".into())));
    assert_eq!(text(store, BEN), None);
}

fn a_change_of_another_version_is_a_conflict_and_stores_nothing(store: &dyn Store) {
    let events = [event(1)];
    let with_all = |based_on| Change {
        added: BTreeSet::from([Index::Choice(7)]),
        due_at: Some(at(5)),
        events: &events,
        ..change(ANN, based_on, "lost")
    };
    assert_eq!(store.change(&with_all(1)), Err(ChangeError::Conflict));
    store.change(&change(ANN, 0, "first")).unwrap();
    for based_on in [0, 2, 3] {
        let refused = store.change(&with_all(based_on));
        assert_eq!(refused, Err(ChangeError::Conflict), "{based_on}");
    }
    assert_eq!(text(store, ANN), Some((1, "first".into())));
    assert_eq!(store.find(&Index::Choice(7)), Ok(None));
    assert_eq!(store.undelivered(9), Ok(vec![]));
    assert_eq!(store.due(at(9), 9), Ok(vec![]));
}

fn of_changes_at_once_one_is_made(store: &dyn Store) {
    store.change(&change(ANN, 0, "0")).unwrap();
    let threads = 4;
    let rounds = 20;
    let barrier = Barrier::new(threads);
    let made: usize = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    let mut made = 0;
                    for round in 1..=rounds {
                        barrier.wait();
                        let version = u64::try_from(round).unwrap();
                        match store.change(&change(ANN, version, "x")) {
                            Ok(()) => made += 1,
                            Err(error) => assert_eq!(error, ChangeError::Conflict),
                        }
                        barrier.wait();
                    }
                    made
                })
            })
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap())
            .sum()
    });
    assert_eq!(made, rounds);
    let expected = u64::try_from(rounds).unwrap() + 1;
    assert_eq!(text(store, ANN), Some((expected, "x".into())));
}

fn what_one_person_is_found_by_is_no_other_persons(store: &dyn Store) {
    let indexes = BTreeSet::from([
        Index::Invitation(Id::from_bytes([9; 16])),
        Index::Choice(999),
        Index::Key(Thumbprint::from_bytes([9; 32])),
        Index::Statement(Id::from_bytes([9; 16])),
    ]);
    let ann = Change {
        added: indexes.clone(),
        ..change(ANN, 0, "ann")
    };
    store.change(&ann).unwrap();
    store.change(&change(BEN, 0, "ben")).unwrap();
    let events = [event(1)];
    for by in &indexes {
        assert_eq!(store.find(by), Ok(Some(ANN)));
        let ben = Change {
            added: BTreeSet::from([Index::Choice(1), *by]),
            events: &events,
            ..change(BEN, 1, "both")
        };
        assert_eq!(store.change(&ben), Err(ChangeError::Taken { by: *by }));
    }
    // Not half of it either.
    assert_eq!(text(store, BEN), Some((1, "ben".into())));
    assert_eq!(store.find(&Index::Choice(1)), Ok(None));
    assert_eq!(store.undelivered(9), Ok(vec![]));
    // What the one gives up the other may take, and saying it twice is the same.
    let given_up = Change {
        removed: indexes.clone(),
        ..change(ANN, 1, "ann")
    };
    store.change(&given_up).unwrap();
    for based_on in [1, 2] {
        let ben = Change {
            added: indexes.clone(),
            ..change(BEN, based_on, "ben")
        };
        store.change(&ben).unwrap();
    }
    for by in &indexes {
        assert_eq!(store.find(by), Ok(Some(BEN)));
    }
}

fn o3_an_event_is_stored_with_its_change_and_stays_until_it_was_delivered(store: &dyn Store) {
    let events = [event(3), event(1), event(2)];
    let first = Change {
        events: &events,
        ..change(ANN, 0, "first")
    };
    store.change(&first).unwrap();
    // At least once, in their order, each under one id.
    for _ in 0..2 {
        assert_eq!(store.undelivered(9), Ok(events.to_vec()));
    }
    assert_eq!(store.undelivered(1), Ok(vec![event(3)]));
    store.delivered(&event(3).id).unwrap();
    store.delivered(&event(3).id).unwrap();
    assert_eq!(store.undelivered(9), Ok(vec![event(1), event(2)]));
    let next = [event(4)];
    let second = Change {
        events: &next,
        ..change(ANN, 1, "second")
    };
    store.change(&second).unwrap();
    let expected = vec![event(1), event(2), event(4)];
    assert_eq!(store.undelivered(9), Ok(expected));
}

fn who_is_due_is_found_the_longest_due_first(store: &dyn Store) {
    let due = |account, based_on, due_at: Option<u64>| Change {
        due_at: due_at.map(at),
        ..change(account, based_on, "x")
    };
    store.change(&due(ANN, 0, Some(20))).unwrap();
    store.change(&due(BEN, 0, Some(10))).unwrap();
    store
        .change(&due(Id::from_bytes([3; 16]), 0, None))
        .unwrap();
    assert_eq!(store.due(at(9), 9), Ok(vec![]));
    assert_eq!(store.due(at(10), 9), Ok(vec![BEN]));
    assert_eq!(store.due(at(20), 9), Ok(vec![BEN, ANN]));
    assert_eq!(store.due(at(20), 1), Ok(vec![BEN]));
    store.change(&due(BEN, 1, None)).unwrap();
    assert_eq!(store.due(at(99), 9), Ok(vec![ANN]));
}

fn a_thousand_people_are_told_apart(store: &dyn Store) {
    let account = |number: u16| {
        let mut bytes = [0; 16];
        bytes[..2].copy_from_slice(&number.to_be_bytes());
        Id::from_bytes(bytes)
    };
    for number in 0..1_000 {
        let one = Change {
            added: BTreeSet::from([Index::Choice(number)]),
            ..change(account(number), 0, &number.to_string())
        };
        store.change(&one).unwrap();
    }
    for number in 0..1_000 {
        let found = store.find(&Index::Choice(number)).unwrap().unwrap();
        assert_eq!(found, account(number));
        assert_eq!(text(store, found), Some((1, number.to_string())));
    }
}

pub(crate) fn ring(byte: u8, account: Id) -> Event {
    Event {
        account,
        fact: Fact::Ring {
            device: Thumbprint::from_bytes([byte; 32]),
            to: Ring::UnifiedPush {
                to: "https://push.example.org/MARKED".to_owned(),
                bell: Id::from_bytes([byte; 16]),
            },
        },
        ..event(byte)
    }
}

fn a_deleted_person_is_gone_with_all_that_they_were_found_by(store: &dyn Store) {
    let indexes = |byte| {
        BTreeSet::from([
            Index::Invitation(Id::from_bytes([byte; 16])),
            Index::Choice(byte.into()),
            Index::Key(Thumbprint::from_bytes([byte; 32])),
            Index::Statement(Id::from_bytes([byte; 16])),
        ])
    };
    assert_eq!(store.delete(&ANN), Ok(false));
    let events = [event(1), ring(2, ANN), ring(3, BEN)];
    let ann = Change {
        added: indexes(1),
        due_at: Some(at(5)),
        events: &events,
        ..change(ANN, 0, "ann")
    };
    store.change(&ann).unwrap();
    let ben = Change {
        added: indexes(2),
        due_at: Some(at(5)),
        ..change(BEN, 0, "ben")
    };
    store.change(&ben).unwrap();
    assert_eq!(store.delete(&ANN), Ok(true));
    assert_eq!(store.delete(&ANN), Ok(false));
    assert_eq!(text(store, ANN), None);
    assert_eq!(store.due(at(9), 9), Ok(vec![BEN]));
    for by in indexes(1) {
        assert_eq!(store.find(&by), Ok(None));
    }
    // The other one is as before, and what others are to be told but for the address that was to be rung.
    assert_eq!(text(store, BEN), Some((1, "ben".into())));
    for by in indexes(2) {
        assert_eq!(store.find(&by), Ok(Some(BEN)));
    }
    assert_eq!(store.undelivered(9), Ok(vec![event(1), ring(3, BEN)]));
    // A change that was based on the person comes too late, and makes nobody again.
    let late = Change {
        added: indexes(1),
        events: &events,
        ..change(ANN, 1, "late")
    };
    assert_eq!(store.change(&late), Err(ChangeError::Conflict));
    assert_eq!(text(store, ANN), None);
    // Digits and keys are free for others.
    let ben = Change {
        added: indexes(1),
        ..change(BEN, 1, "ben")
    };
    assert_eq!(store.change(&ben), Ok(()));
}

type Case = (&'static str, fn(&dyn Store));

const SUITE: [Case; 15] = [
    ("comes back", a_person_comes_back_as_they_were_stored),
    (
        "conflict",
        a_change_of_another_version_is_a_conflict_and_stores_nothing,
    ),
    ("at once", of_changes_at_once_one_is_made),
    ("unique", what_one_person_is_found_by_is_no_other_persons),
    (
        "events",
        o3_an_event_is_stored_with_its_change_and_stays_until_it_was_delivered,
    ),
    ("due", who_is_due_is_found_the_longest_due_first),
    (
        "deleted",
        a_deleted_person_is_gone_with_all_that_they_were_found_by,
    ),
    (
        "requests",
        requests::a_request_is_taken_once_until_its_time_is_over,
    ),
    (
        "many requests",
        requests::a_device_has_so_many_requests_and_no_other_device_waits_for_it,
    ),
    (
        "request at once",
        requests::of_the_same_request_at_once_one_is_taken,
    ),
    (
        "requests of nobody",
        requests::requests_of_keys_by_which_nobody_is_found_are_gone,
    ),
    (
        "request of a change",
        requests::a_change_takes_its_request_or_is_none,
    ),
    ("together", together::changes_at_once_do_not_mix),
    (
        "refused",
        together::a_refused_change_leaves_nothing_of_itself,
    ),
    ("a thousand", a_thousand_people_are_told_apart),
];

#[test]
fn a_store_in_memory_keeps_the_suite() {
    for (name, case) in SUITE {
        println!("{name}");
        case(&MemoryStore::default());
    }
}

#[test]
fn o3_a_store_in_sqlite_keeps_the_suite() {
    for (name, case) in SUITE {
        println!("{name}");
        let folder = tempfile::tempdir().unwrap();
        case(&store_at(&folder.path().join("store")));
    }
}
