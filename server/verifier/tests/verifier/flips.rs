//! Each byte of each message of a device, changed: it is refused, and nothing is done.

use countersign_protocol::envelope::Compact;
use countersign_protocol::hash::Id;
use countersign_protocol::kind::Kind;
use countersign_protocol::message::{Decision, MoveStep, Ring};
use countersign_verifier::reply::Reply;

use crate::phone::{Phone, approve};
use crate::world::World;

/// The message with one byte changed to another that its encoding has too, and to one that it has not.
fn changed(message: &Compact, at: usize) -> [String; 2] {
    let text = message.as_str();
    let with = |letter: char| {
        let (before, after) = (&text[..at], &text[at + 1..]);
        format!("{before}{letter}{after}")
    };
    let other = if &text[at..=at] == "A" { 'B' } else { 'A' };
    [with(other), with('=')]
}

fn each_byte_counts(world: &World, kind: Kind, message: &Compact) {
    let version = world.person().version();
    for at in 0..message.as_str().len() {
        // So that no limit of a source hides what is tested.
        world
            .source
            .set(std::net::Ipv4Addr::from(u32::try_from(at).unwrap()).into());
        for text in changed(message, at) {
            let reply = world.send_text(kind, &text);
            assert!(matches!(reply, Reply::Refused(_)), "{kind:?} at {at}");
        }
    }
    assert_eq!(world.person().version(), version, "{kind:?}");
    let reply = world.send(kind, message);
    assert!(!matches!(reply, Reply::Refused(_)), "{kind:?}: {reply:?}");
}

#[test]
fn each_byte_of_an_enrolment_counts() {
    let world = World::new();
    let enrol = Phone::new("Pixel").enrol(&world.invite(), world.now());
    each_byte_counts(&world, Kind::Enrol, &enrol);
}

#[test]
fn each_byte_of_an_answer_counts() {
    let world = World::new();
    let phone = world.phone("Pixel");
    let asked = world.ask();
    let answer = phone.answer(&asked.message, approve(&asked.number), world.now());
    each_byte_counts(&world, Kind::Answer, &answer);
    let asked = world.ask();
    let answer = phone.answer(&asked.message, Decision::Report, world.now());
    each_byte_counts(&world, Kind::Answer, &answer);
}

#[test]
fn each_byte_of_a_fetch_counts() {
    let world = World::new();
    let phone = world.phone("Pixel");
    let fetch = phone.fetch(&phone.fetching(world.now()));
    each_byte_counts(&world, Kind::Fetch, &fetch);
}

#[test]
fn each_byte_of_a_delivery_a_move_and_a_leave_counts() {
    let world = World::new();
    let phone = world.phone("Pixel");
    let ring = Ring::Gateway {
        to: "https://push.example.org/a".to_owned(),
        bell: Id::from_bytes([5; 16]),
    };
    each_byte_counts(
        &world,
        Kind::Delivery,
        &phone.delivery(1, ring, world.now()),
    );
    each_byte_counts(
        &world,
        Kind::Move,
        &phone.step(MoveStep::Start, world.now()),
    );
    each_byte_counts(&world, Kind::Leave, &phone.leave(world.now()));
}
