//! Changes that are made together: part of the suite for every store.

use std::collections::BTreeSet;
use std::sync::Barrier;

use countersign_protocol::hash::Id;
use countersign_verifier::event::Event;
use countersign_verifier::person::Index;
use countersign_verifier::store::{Change, ChangeError, Store};

use crate::suite::{ANN, BEN, change, event, text};

const THREADS: u8 = 15;
const TURNS: u64 = 20;
/// What BEN is found by.
const BENS: Index = Index::Choice(7);

/// Somebody of a thread's own.
const fn id(thread: u8) -> Id {
    Id::from_bytes([thread + 10; 16])
}

/// Many at once, so that a store that writes them together does: each is made or refused as if it had come alone. Of three threads
/// one's are made, one's are based on versions that nobody has, and one's want what is another's, after all else of them was written.
pub(crate) fn changes_at_once_do_not_mix(store: &dyn Store) {
    let ben = Change {
        added: BTreeSet::from([BENS]),
        ..change(BEN, 0, "ben")
    };
    store.change(&ben).unwrap();
    for thread in 0..THREADS {
        store.change(&change(id(thread), 0, "first")).unwrap();
    }
    let barrier = Barrier::new(THREADS.into());
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let barrier = &barrier;
            scope.spawn(move || {
                barrier.wait();
                for turn in 1..=TURNS {
                    assert_eq!(make(store, thread, turn), expected(thread), "{thread}");
                }
            });
        }
    });
    for thread in 0..THREADS {
        let version = text(store, id(thread)).map(|(version, _)| version);
        let made = expected(thread).map_or(1, |()| 1 + TURNS);
        assert_eq!(version, Some(made), "{thread}");
        let own = Index::Choice(100 + u16::from(thread));
        let is_found = store.find(&own).unwrap().is_some();
        assert_eq!(is_found, made > 1, "{thread}");
    }
    // Of those that were made each event, and of the others none.
    let events = store.undelivered(usize::MAX).unwrap();
    for thread in 0..THREADS {
        let told = events.iter().filter(|event| event.account == id(thread));
        let made = expected(thread).map_or(0, |()| TURNS);
        assert_eq!(u64::try_from(told.count()).unwrap(), made, "{thread}");
    }
}

fn expected(thread: u8) -> Result<(), ChangeError> {
    match thread % 3 {
        0 => Ok(()),
        1 => Err(ChangeError::Conflict),
        _ => Err(ChangeError::Taken { by: BENS }),
    }
}

fn make(store: &dyn Store, thread: u8, turn: u64) -> Result<(), ChangeError> {
    let account = id(thread);
    let own = Index::Choice(100 + u16::from(thread));
    let events = [Event {
        account,
        ..event(thread)
    }];
    let based_on = match thread % 3 {
        0 => turn,
        1 => turn + 1,
        _ => 1,
    };
    let mut added = BTreeSet::from([own]);
    if thread % 3 == 2 {
        added.insert(BENS);
    }
    store.change(&Change {
        events: &events,
        added,
        ..change(account, based_on, "mine")
    })
}

/// One that fails at its last step has written all else by then.
pub(crate) fn a_refused_change_leaves_nothing_of_itself(store: &dyn Store) {
    let kept = Index::Choice(1);
    for (account, by) in [(ANN, kept), (BEN, BENS)] {
        let person = Change {
            added: BTreeSet::from([by]),
            ..change(account, 0, "first")
        };
        store.change(&person).unwrap();
    }
    let events = [event(1)];
    let refused = Change {
        added: BTreeSet::from([Index::Choice(2), BENS]),
        removed: BTreeSet::from([kept]),
        events: &events,
        ..change(ANN, 1, "second")
    };
    assert_eq!(store.change(&refused), Err(ChangeError::Taken { by: BENS }));
    assert_eq!(text(store, ANN), Some((1, "first".into())));
    assert_eq!(store.find(&kept), Ok(Some(ANN)));
    assert_eq!(store.find(&Index::Choice(2)), Ok(None));
    assert_eq!(store.undelivered(9), Ok(vec![]));
    store.change(&change(ANN, 1, "second")).unwrap();
}
