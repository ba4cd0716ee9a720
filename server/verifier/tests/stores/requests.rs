//! Requests whose ids are used up: part of the suite for every store.

use std::collections::BTreeSet;
use std::sync::Barrier;

use countersign_protocol::hash::{Id, Thumbprint};
use countersign_verifier::person::{Index, RequestId, SEEN_MAX};
use countersign_verifier::store::{Change, ChangeError, RequestTaken, Store};

use crate::suite::{ANN, BEN, at, change, event, text};

pub(crate) const fn key(device: u8) -> Index {
    Index::Key(Thumbprint::from_bytes([device; 32]))
}

/// A request of the device with this number.
pub(crate) fn request(device: u8, id: u8, until: u64) -> RequestId {
    RequestId {
        device: Thumbprint::from_bytes([device; 32]),
        id: Id::from_bytes([id; 16]),
        until: at(until),
    }
}

/// Somebody with these devices, at version 1.
pub(crate) fn add(store: &dyn Store, account: Id, devices: impl IntoIterator<Item = u8>) {
    let added = devices.into_iter().map(key).collect();
    let person = change(account, 0, "x");
    store.change(&Change { added, ..person }).unwrap();
}

pub(crate) fn a_request_is_taken_once_until_its_time_is_over(store: &dyn Store) {
    add(store, ANN, [1, 2]);
    let take = |device, id, until, now| store.take_request(&request(device, id, until), at(now));
    assert_eq!(take(1, 1, 100, 5), Ok(RequestTaken::First));
    assert_eq!(take(1, 1, 100, 5), Ok(RequestTaken::Again));
    // Whatever else it says.
    assert_eq!(take(1, 1, 200, 99), Ok(RequestTaken::Again));
    // Another one, and another device's.
    assert_eq!(take(1, 2, 100, 5), Ok(RequestTaken::First));
    assert_eq!(take(2, 1, 100, 5), Ok(RequestTaken::First));
    assert_eq!(take(1, 1, 200, 100), Ok(RequestTaken::First));
    // A clock that was set back forgets nothing.
    assert_eq!(take(1, 1, 100, 5), Ok(RequestTaken::Again));
}

pub(crate) fn a_device_has_so_many_requests_and_no_other_device_waits_for_it(store: &dyn Store) {
    add(store, ANN, [1, 2]);
    let most = u8::try_from(SEEN_MAX).unwrap();
    let take = |device, id, now| store.take_request(&request(device, id, 100), at(now));
    for id in 0..most {
        assert_eq!(take(1, id, 5), Ok(RequestTaken::First), "{id}");
    }
    for id in [most, most + 1] {
        assert_eq!(take(1, id, 99), Ok(RequestTaken::TooMany), "{id}");
    }
    assert_eq!(take(1, 0, 99), Ok(RequestTaken::Again));
    assert_eq!(take(2, most, 99), Ok(RequestTaken::First));
    assert_eq!(take(1, most, 100), Ok(RequestTaken::First));
}

pub(crate) fn of_the_same_request_at_once_one_is_taken(store: &dyn Store) {
    add(store, ANN, [1]);
    let barrier = Barrier::new(8);
    let taken = std::thread::scope(|scope| {
        let threads = [(); 8].map(|()| {
            scope.spawn(|| {
                barrier.wait();
                store.take_request(&request(1, 1, 100), at(5)).unwrap()
            })
        });
        threads.map(|thread| thread.join().unwrap())
    });
    let first = taken.iter().filter(|taken| **taken == RequestTaken::First);
    assert_eq!(first.count(), 1);
}

pub(crate) fn a_change_takes_its_request_or_is_none(store: &dyn Store) {
    add(store, ANN, [1]);
    let events = [event(1)];
    let brought = |based_on, text, id| Change {
        request: Some(request(1, id, 100)),
        events: &events,
        added: BTreeSet::from([Index::Choice(7)]),
        ..change(ANN, based_on, text)
    };
    let take = |id| store.take_request(&request(1, id, 100), at(5)).unwrap();
    let again = ChangeError::Request {
        taken: RequestTaken::Again,
    };
    assert_eq!(take(1), RequestTaken::First);
    assert_eq!(store.change(&brought(1, "again", 1)), Err(again));
    assert_eq!(text(store, ANN), Some((1, "x".into())));
    assert_eq!(store.find(&Index::Choice(7)), Ok(None));
    assert_eq!(store.undelivered(9), Ok(vec![]));
    // One that is not made uses nothing up.
    assert_eq!(
        store.change(&brought(5, "late", 2)),
        Err(ChangeError::Conflict)
    );
    let taken_by_ben = Change {
        added: BTreeSet::from([Index::Choice(8)]),
        ..change(BEN, 0, "ben")
    };
    store.change(&taken_by_ben).unwrap();
    let by = Index::Choice(8);
    let others = Change {
        added: BTreeSet::from([by]),
        ..brought(1, "others", 2)
    };
    assert_eq!(store.change(&others), Err(ChangeError::Taken { by }));
    assert_eq!(store.change(&brought(1, "made", 2)), Ok(()));
    assert_eq!(take(2), RequestTaken::Again);
    assert_eq!(text(store, ANN), Some((2, "made".into())));
    for id in 3..=u8::try_from(SEEN_MAX).unwrap() {
        take(id);
    }
    let too_many = ChangeError::Request {
        taken: RequestTaken::TooMany,
    };
    assert_eq!(store.change(&brought(2, "much", 200)), Err(too_many));
    // When its time is over the id is free again, as it is for others.
    let later = Change {
        now: at(100),
        ..brought(2, "later", 1)
    };
    assert_eq!(store.change(&later), Ok(()));
}

pub(crate) fn requests_of_keys_by_which_nobody_is_found_are_gone(store: &dyn Store) {
    add(store, ANN, [1]);
    add(store, BEN, [2, 3]);
    let take = |device| store.take_request(&request(device, 1, 100), at(5));
    for device in [1, 2, 3] {
        assert_eq!(take(device), Ok(RequestTaken::First));
    }
    assert_eq!(store.delete(&ANN), Ok(true));
    let forgotten = Change {
        removed: BTreeSet::from([key(2)]),
        ..change(BEN, 1, "x")
    };
    store.change(&forgotten).unwrap();
    for device in [1, 2, 4] {
        assert_eq!(take(device), Ok(RequestTaken::NoSuchDevice), "{device}");
    }
    assert_eq!(take(3), Ok(RequestTaken::Again));
    // Nothing was kept of them, nor noted of what was asked since.
    add(store, ANN, [1, 2, 4]);
    for device in [1, 2, 4] {
        assert_eq!(take(device), Ok(RequestTaken::First), "{device}");
    }
}
