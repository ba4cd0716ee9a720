//! F11: two processes, then eight threads, at one vault; a long writer; a key that is changed elsewhere.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use countersign_core::companion::{Companion, DoubtfulCounter, LockedCompanion};
use countersign_core::uri::parse_otpauth;
use countersign_core::vault::{Credential, RecordId, VaultError};
use countersign_tests::chance::rounds;
use countersign_tests::vault_driver::{Line, NOW, describe};
use rusqlite::Connection;

use crate::scene::{SEED, Scene, code};

/// What SQLite waits for another writer.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// A vault with one counting account, and room for the anchors of these installations.
pub(crate) fn with_counter(installations: &[&str]) -> Scene {
    let scene = Scene::new();
    let said = scene.run(&["init", "count=bob"], None).said;
    assert_eq!(said, ["done 0 []", "done 1 [bob#0]"]);
    for name in installations.iter().filter(|name| **name != "state") {
        // Two of a pair may be the same.
        let _ = scene.place().seen_by(name).make_state();
    }
    scene
}

/// The child, without any library under it.
fn start(mut command: Command) -> Child {
    command.stdout(Stdio::piped()).spawn().unwrap()
}

pub(crate) fn bob(companion: &Companion) -> RecordId {
    companion.list(NOW)[0].id
}

fn said(child: Child) -> Vec<Line> {
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let said = String::from_utf8(output.stdout).unwrap();
    said.lines()
        .map(|line| Line::parse(line).unwrap())
        .collect()
}

/// The counter of bob in what a child said.
fn counter(content: &str) -> u64 {
    let (_, rest) = content.split_once("bob#").unwrap();
    rest.split([' ', ']']).next().unwrap().parse().unwrap()
}

#[test]
fn f11_two_processes_lose_no_update_and_are_never_refused() {
    two_processes(["left", "right"]);
}

#[test]
fn f11_two_processes_of_one_installation_lose_no_update_and_are_never_refused() {
    for _ in 0..10 {
        two_processes(["state", "state"]);
    }
}

fn two_processes(installations: [&str; 2]) {
    let scene = with_counter(&installations);
    let turns = rounds(20);
    let children = [0, 1].map(|who| {
        let turn = |n| [format!("add={who}-{n}"), "next=bob".to_owned()];
        let steps: Vec<String> = (0..turns).flat_map(turn).collect();
        let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
        let seed = SEED + 100 * u64::try_from(who + 1).unwrap();
        start(scene.driver_of(installations[who], seed, &steps))
    });
    let mut counters = BTreeSet::new();
    for child in children {
        for line in said(child) {
            let Line::Done { step, content } = line else {
                panic!("{line:?}");
            };
            if step % 2 == 1 {
                assert!(counters.insert(counter(&content)), "a code came twice");
            }
        }
    }
    assert_eq!(counters, (1..=u64::from(2 * turns)).collect());
    let mut companion = scene.open().unwrap();
    let content = describe(&companion);
    assert_eq!(u64::from(2 * turns), counter(&content));
    let names: BTreeSet<&str> = content.split([' ', '[', ']']).collect();
    for who in [0, 1] {
        assert!((0..turns).all(|n| names.contains(&*format!("{who}-{n}"))));
    }
    assert!(!companion.check().unwrap().is_tampered());
    println!("two processes: {} changes", 4 * turns);
}

#[test]
fn f11_eight_threads_lose_no_update_and_see_no_fork() {
    eight_threads(|number| format!("installation-{number}"));
}

#[test]
fn f11_eight_threads_of_two_installations_lose_no_update_and_see_no_fork() {
    for _ in 0..10 {
        eight_threads(|number| format!("installation-{}", number % 2));
    }
}

fn eight_threads(installation: impl Fn(u64) -> String + Sync) {
    let installations: BTreeSet<String> = (1..=8).map(&installation).collect();
    let names: Vec<&str> = installations.iter().map(String::as_str).collect();
    let scene = with_counter(&names);
    let bob = bob(&scene.open().unwrap());
    let turns = u64::from(rounds(6));
    let together = Barrier::new(8);
    let work = |number: u64| {
        let place = scene.place().seen_by(&installation(number));
        let credential = Credential::Recovery(&code());
        together.wait();
        let mut companion = place.open(&credential, SEED + 1_000 * number).unwrap();
        let mut counters = Vec::new();
        for turn in 0..turns {
            let link = format!("otpauth://totp/{number}-{turn}?secret=GEZDGNBVGY3TQOJQ");
            let account = parse_otpauth(&link).unwrap().account;
            companion.add(account, NOW).unwrap();
            let counter = companion
                .next_hotp(bob, DoubtfulCounter::Refuse, NOW)
                .unwrap()
                .counter;
            counters.push(counter.value());
            companion.refresh().unwrap();
            assert_eq!(companion.findings().lineage, None);
        }
        counters
    };
    let counters: Vec<u64> = thread::scope(|scope| {
        let threads: Vec<_> = (1..=8)
            .map(|number| scope.spawn(move || work(number)))
            .collect();
        let done = threads.into_iter().map(|thread| thread.join().unwrap());
        done.flatten().collect()
    });
    let distinct: BTreeSet<u64> = counters.iter().copied().collect();
    assert_eq!(distinct, (0..8 * turns).collect());
    let mut companion = scene.open().unwrap();
    let accounts = u64::try_from(companion.list(NOW).len()).unwrap();
    assert_eq!(accounts, 1 + 8 * turns);
    assert!(!companion.check().unwrap().is_tampered());
    println!("eight threads: {} changes", 16 * turns);
}

#[test]
fn f11_a_writer_in_the_way_makes_a_vault_busy_after_five_seconds_and_not_before() {
    let scene = with_counter(&[]);
    let writer = Connection::open(scene.place().vault().path()).unwrap();
    writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut child = start(scene.driver(SEED + 1, &["unlock", "next=bob"]));
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    // Reading and unlocking wait for nobody.
    assert_eq!(lines.next().unwrap().unwrap(), "done 0 [bob#0]");
    let start = Instant::now();
    assert_eq!(lines.next().unwrap().unwrap(), "failed 1 busy");
    // SQLite counts its pauses, not the clock.
    assert!(start.elapsed() > BUSY_TIMEOUT / 2, "{:?}", start.elapsed());
    writer.execute_batch("ROLLBACK").unwrap();
    assert_eq!(lines.next().unwrap().unwrap(), "done 1 [bob#1]");
    assert!(child.wait().unwrap().success());
}

#[test]
fn f11_a_new_password_elsewhere_locks_and_unlocking_again_goes_on() {
    let scene = with_counter(&[]);
    let mut here = scene.open().unwrap();
    let bob = bob(&here);
    let elsewhere = start(scene.driver(SEED + 1, &["password=new", "next=bob"]));
    assert_eq!(said(elsewhere).len(), 2);
    assert_eq!(
        here.next_hotp(bob, DoubtfulCounter::Refuse, NOW).err(),
        Some(VaultError::Locked)
    );
    assert_eq!(here.refresh(), Err(VaultError::Locked));
    let mut here = unlock(here.lock()).unwrap();
    let counter = here
        .next_hotp(bob, DoubtfulCounter::Refuse, NOW)
        .unwrap()
        .counter;
    assert_eq!(counter.value(), 1, "the code after the one from elsewhere");
    assert_eq!(here.check().unwrap(), Default::default());
}

#[test]
fn f11_a_reader_during_rotations_sees_whole_states_or_is_locked() {
    let scene = with_counter(&[]);
    let steps = [
        "password=1",
        "next=bob",
        "password=2",
        "next=bob",
        "password=3",
        "next=bob",
    ];
    let mut elsewhere = start(scene.driver(SEED + 1, &steps));
    let mut here = scene.open().unwrap();
    let (mut last, mut reads, mut locked) = (0, 0_u32, 0_u32);
    loop {
        let is_over = elsewhere.try_wait().unwrap().is_some();
        match here.refresh() {
            Ok(_) => {}
            Err(VaultError::Locked) => {
                locked += 1;
                here = unlock_in_time(here.lock());
            }
            Err(error) => panic!("{error:?}"),
        }
        let content = describe(&here);
        let counter = counter(&content);
        assert!(content == format!("[bob#{counter}]"), "{content}");
        assert!(counter >= last, "{counter} after {last}");
        assert_eq!(*here.findings(), Default::default());
        last = counter;
        reads += 1;
        if is_over {
            break;
        }
    }
    assert_eq!(last, 3);
    assert!((1..=3).contains(&locked), "{locked}");
    assert_eq!(said(elsewhere).len(), steps.len());
    println!("rotations: {reads} reads, locked {locked} times");
}

fn unlock(locked: LockedCompanion) -> Result<Companion, (LockedCompanion, VaultError)> {
    locked.unlock(&Credential::Recovery(&code()), NOW)
}

/// The next rotation may come while the slot is being opened.
fn unlock_in_time(mut locked: LockedCompanion) -> Companion {
    loop {
        match unlock(locked) {
            Ok(companion) => return companion,
            Err((again, VaultError::Locked)) => locked = again,
            Err((_, error)) => panic!("{error:?}"),
        }
    }
}
