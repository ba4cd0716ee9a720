//! Several threads at one person, and restarts between any two steps.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::Barrier;

use countersign_protocol::envelope::Compact;
use countersign_protocol::kind::Kind;
use countersign_protocol::message::{Confirm, Outcome, Standing};
use countersign_protocol::problem::Problem;
use countersign_verifier::reply::Reply;
use countersign_verifier::store::{MemoryStore, SqliteStore, Store};
use countersign_verifier::{Setup, Verifier};

use crate::deliveries::to;
use crate::phone::{Phone, approve, approve_wrongly};
use crate::world::{Seeded, World, receipt_of, rules, setup, sqlite, state_of};

const SOURCE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Sends all of these at once.
fn at_once<S: Store>(world: &World<S>, kind: Kind, messages: &[Compact]) -> Vec<Reply> {
    let (verifier, now) = (&world.verifier, world.now());
    let barrier = Barrier::new(messages.len());
    std::thread::scope(|scope| {
        let threads: Vec<_> = messages
            .iter()
            .map(|message| {
                scope.spawn(|| {
                    barrier.wait();
                    verifier.message(kind, message.as_str(), SOURCE, now)
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    })
}

fn of_two_answers_at_once_one_decides<S: Store>(world: &World<S>) {
    let phones = [world.phone("Pixel"), world.phone("iPhone")];
    for _ in 0..10 {
        let asked = world.ask();
        let answers = phones
            .each_ref()
            .map(|phone| phone.answer(&asked.message, approve(&asked.number), world.now()));
        let replies = at_once(world, Kind::Answer, &answers);
        let receipts: Vec<_> = phones
            .iter()
            .zip(replies)
            .map(|(phone, reply)| phone.receipt(&receipt_of(reply)))
            .collect();
        assert_eq!(receipts[0], receipts[1]);
        assert_eq!(receipts[0].outcome, Outcome::Approved);
    }
}

fn wrong_numbers_at_once_are_each_counted<S: Store>(world: &World<S>) {
    let phone = world.phone("Pixel");
    let asked = world.ask();
    let answers = [1, 2, 3, 4].map(|by| {
        phone.answer(
            &asked.message,
            approve_wrongly(&asked.number, by),
            world.now(),
        )
    });
    let replies = at_once(world, Kind::Answer, &answers);
    let mut left: Vec<_> = replies
        .into_iter()
        .map(|reply| phone.receipt(&receipt_of(reply)).left.unwrap())
        .collect();
    left.sort_unstable();
    // The fourth comes after the end.
    assert_eq!(left, [0, 0, 1, 2]);
}

fn w4_of_two_phones_at_once_one_takes_the_invitation<S: Store>(world: &World<S>) {
    for _ in 0..10 {
        let known = world.invite();
        let phones = [Phone::new("Pixel"), Phone::new("iPhone")];
        let enrols = phones
            .each_ref()
            .map(|phone| phone.enrol(&known, world.now()));
        let replies = at_once(world, Kind::Enrol, &enrols);
        let taken = replies
            .iter()
            .filter(|reply| matches!(reply, Reply::Account(_)));
        assert_eq!(taken.count(), 1);
        let used = replies.iter().filter(|reply| {
            matches!(reply, Reply::Refused(refusal) if refusal.problem == Problem::UsedInvitation)
        });
        assert_eq!(used.count(), 1);
    }
}

fn the_same_enrolment_at_once_gets_one_reply<S: Store>(world: &World<S>) {
    let phone = Phone::new("Pixel");
    let enrol = phone.enrol(&world.invite(), world.now());
    let replies = at_once(world, Kind::Enrol, &[enrol.clone(), enrol.clone(), enrol]);
    let documents: Vec<_> = replies
        .into_iter()
        .map(|reply| match reply {
            Reply::Account(document) => document,
            other => panic!("not an account document: {other:?}"),
        })
        .collect();
    assert!(documents.iter().all(|document| *document == documents[0]));
}

fn a_request_that_comes_twice_at_once_is_done_once_and_answered_twice<S: Store>(world: &World<S>) {
    let phone = world.phone("Pixel");
    let version = |world: &World<S>| world.person().version();
    for sequence in 1..=5 {
        let before = version(world);
        let ring = to("https://push.example.org/a");
        let delivery = phone.delivery(sequence, ring, world.now());
        for reply in at_once(world, Kind::Delivery, &[delivery.clone(), delivery.clone()]) {
            let state = phone.state(&delivery, &state_of(reply));
            assert_eq!(state.standing, Standing::Active);
        }
        assert_eq!(version(world), before + 1);
    }
    let leave = phone.leave(world.now());
    for reply in at_once(world, Kind::Leave, &[leave.clone(), leave.clone()]) {
        let state = phone.state(&leave, &state_of(reply));
        assert!(matches!(state.standing, Standing::Removed { .. }));
    }
}

fn of_a_fetch_that_comes_twice_at_once_one_is_answered<S: Store>(world: &World<S>) {
    let phone = world.phone("Pixel");
    for _ in 0..10 {
        let fetch = phone.fetch(&phone.fetching(world.now()));
        let replies = at_once(world, Kind::Fetch, &[fetch.clone(), fetch]);
        let is_state = |reply: &&Reply| matches!(reply, Reply::State(_));
        assert_eq!(replies.iter().filter(is_state).count(), 1);
        let refused = replies.iter().filter(|reply| {
            matches!(reply, Reply::Refused(refusal) if refusal.problem == Problem::Replayed)
        });
        assert_eq!(refused.count(), 1);
    }
}

#[test]
fn in_memory_of_several_at_once_each_counts_once() {
    of_two_answers_at_once_one_decides(&World::new());
    wrong_numbers_at_once_are_each_counted(&World::new());
    w4_of_two_phones_at_once_one_takes_the_invitation(&World::new());
    the_same_enrolment_at_once_gets_one_reply(&World::<MemoryStore>::new());
    a_request_that_comes_twice_at_once_is_done_once_and_answered_twice(&World::new());
    of_a_fetch_that_comes_twice_at_once_one_is_answered(&World::new());
}

#[test]
fn in_sqlite_of_several_at_once_each_counts_once() {
    let folder = tempfile::tempdir().unwrap();
    let world = |name: &str| {
        let store = sqlite(&folder.path().join(name));
        World::over(store, setup(rules()))
    };
    of_two_answers_at_once_one_decides(&world("answers"));
    wrong_numbers_at_once_are_each_counted(&world("numbers"));
    w4_of_two_phones_at_once_one_takes_the_invitation(&world("enrolments"));
    the_same_enrolment_at_once_gets_one_reply(&world("same"));
    a_request_that_comes_twice_at_once_is_done_once_and_answered_twice(&world("requests"));
    of_a_fetch_that_comes_twice_at_once_one_is_answered(&world("fetches"));
}

/// The server as it comes back after it was stopped, with the keys that it kept.
fn restarted(world: &mut World<SqliteStore>, path: &Path) {
    let setup = world.verifier.setup();
    let setup = Setup {
        rules: setup.rules.clone(),
        keys: setup.keys.clone(),
    };
    let store = sqlite(path);
    // Randomness does not begin anew.
    let seed = world.now().unix_s() ^ world.person().version() << 32;
    world.verifier = Verifier::new(store, setup, Box::new(Seeded::new(seed))).unwrap();
}

#[test]
fn a_server_that_stops_after_any_step_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let mut rules = rules();
    rules.confirm = Confirm::Type;
    let mut world = World::over(sqlite(&path), setup(rules));
    let phone = Phone::new("Pixel");
    let known = world.invite_by_code();
    restarted(&mut world, &path);
    let enrol = phone.enrol(&known, world.now());
    // The reply is lost, and the server stops.
    world.send(Kind::Enrol, &enrol);
    restarted(&mut world, &path);
    let reply = crate::world::account_of(world.send(Kind::Enrol, &enrol));
    phone.keep(&enrol, &reply, None);
    restarted(&mut world, &path);
    world.reveal(&phone);
    restarted(&mut world, &path);
    world.confirm(&phone);
    restarted(&mut world, &path);
    world.pass_test(&phone);
    restarted(&mut world, &path);
    assert_eq!(world.fetch(&phone).standing, Standing::Active);
    let asked = world.ask();
    restarted(&mut world, &path);
    let wrong = phone.answer(
        &asked.message,
        approve_wrongly(&asked.number, 1),
        world.now(),
    );
    let first = receipt_of(world.send(Kind::Answer, &wrong));
    restarted(&mut world, &path);
    assert_eq!(receipt_of(world.send(Kind::Answer, &wrong)), first);
    let answer = phone.answer(&asked.message, approve(&asked.number), world.now());
    let receipt = receipt_of(world.send(Kind::Answer, &answer));
    restarted(&mut world, &path);
    assert_eq!(receipt_of(world.send(Kind::Answer, &answer)), receipt);
    assert_eq!(phone.receipt(&receipt).outcome, Outcome::Approved);
    // Every event is there, each once.
    let events = world.verifier.store().undelivered(99).unwrap();
    let ids: std::collections::BTreeSet<_> = events.iter().map(|event| event.id).collect();
    assert_eq!(ids.len(), events.len());
    let words: Vec<_> = events.iter().map(|event| event.fact.word()).collect();
    let expected = [
        "enrolled",
        "asked",
        "ended",
        "added",
        "asked",
        "wrong_number",
        "ended",
    ];
    assert_eq!(words, expected);
}
