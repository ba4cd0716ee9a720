//! A person is deleted: their devices are strangers, and nobody else notices.

use countersign_protocol::kind::Kind;
use countersign_protocol::message::{Decision, MoveStep, Ring, Standing};
use countersign_protocol::problem::Problem;
use countersign_verifier::VerifierError;
use countersign_verifier::reply::Reply;
use countersign_verifier::step::{PassTime, Resume};

use crate::phone::Phone;
use crate::world::{World, problem_of};

#[test]
fn every_message_of_a_deleted_persons_device_is_of_an_unknown_device() {
    let world = World::new();
    let phone = world.phone("Pixel");
    let asked = world.ask();
    let now = world.now();
    let messages = [
        (Kind::Fetch, phone.fetch(&phone.fetching(now))),
        (
            Kind::Answer,
            phone.answer(&asked.message, Decision::Deny, now),
        ),
        (Kind::Delivery, phone.delivery(1, Ring::None, now)),
        (Kind::Move, phone.step(MoveStep::Start, now)),
        (Kind::Leave, phone.leave(now)),
    ];
    assert_eq!(world.verifier.delete_person(&world.account), Ok(true));
    for (kind, message) in &messages {
        let refused = world.refused(*kind, message);
        assert_eq!(refused, Problem::UnknownDevice, "{kind:?}");
    }
    assert_eq!(world.verifier.delete_person(&world.account), Ok(false));
}

#[test]
fn an_invitation_of_a_deleted_person_is_unknown() {
    let world = World::new();
    let known = world.invite();
    assert_eq!(world.verifier.delete_person(&world.account), Ok(true));
    let enrol = Phone::new("Pixel").enrol(&known, world.now());
    let refused = world.refused(Kind::Enrol, &enrol);
    assert_eq!(refused, Problem::UnknownInvitation);
}

#[test]
fn a_page_of_a_deleted_person_hears_that_there_is_nobody() {
    let world = World::new();
    world.phone("Pixel");
    assert_eq!(world.verifier.delete_person(&world.account), Ok(true));
    let taken = world.verifier.take(&world.account, &PassTime, world.now());
    assert_eq!(taken, Err(VerifierError::NoSuchPerson));
    let person = world.verifier.person(&world.account, world.now());
    assert_eq!(person.err(), Some(VerifierError::NoSuchPerson));
    // Nobody waits for their time to come.
    world.pass_s(24 * 3_600);
    assert_eq!(world.verifier.pass_time(world.now(), 9), Ok(0));
}

#[test]
fn a_fetch_that_waits_is_woken_and_answered() {
    let world = World::new();
    let phone = world.phone("Pixel");
    world.fetch(&phone);
    let mut fetch = phone.fetching(world.now());
    fetch.wait_s = 25;
    let Reply::Parked(parked) = world.send(Kind::Fetch, &phone.fetch(&fetch)) else {
        panic!("not parked");
    };
    let woken = std::sync::Arc::new(std::sync::Mutex::new(vec![]));
    let hears = std::sync::Arc::clone(&woken);
    world
        .verifier
        .watch(move |account| hears.lock().unwrap().push(account));
    assert_eq!(world.verifier.delete_person(&world.account), Ok(true));
    assert_eq!(*woken.lock().unwrap(), [world.account]);
    let resume = Resume {
        parked: &parked,
        is_over: false,
    };
    let reply = world.verifier.resume(&resume, world.now());
    assert_eq!(problem_of(reply), Problem::UnknownDevice);
}

#[test]
fn an_address_that_was_to_be_rung_goes_and_what_others_are_told_stays() {
    let world = World::new();
    let phone = world.phone("Pixel");
    let ring = Ring::UnifiedPush {
        to: "https://push.example.org/a".to_owned(),
        bell: countersign_protocol::hash::Id::from_bytes([5; 16]),
    };
    world.send(Kind::Delivery, &phone.delivery(1, ring, world.now()));
    world.ask();
    assert!(world.words().contains(&"ring"));
    assert_eq!(world.verifier.delete_person(&world.account), Ok(true));
    let words = world.words();
    assert!(!words.contains(&"ring") && words.contains(&"added"));
}

#[test]
fn nobody_else_notices_and_the_same_keys_may_be_enrolled_by_somebody_else() {
    let mut world = World::new();
    let phone = world.phone("Pixel");
    let first = world.account;
    let ben = world.verifier.add_person("ben@example.org", world.now());
    world.account = ben.unwrap();
    let bens = world.phone("Bens");
    assert_eq!(world.verifier.delete_person(&first), Ok(true));
    assert_eq!(world.fetch(&bens).standing, Standing::Active);
    // What was forgotten cannot be recognised.
    world.activate(&phone, &world.invite());
    assert_eq!(world.fetch(&phone).standing, Standing::Active);
}
