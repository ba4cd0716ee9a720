//! Moves (protocol, §7): at every moment exactly one of the two phones gets real statements.

use countersign_protocol::digits::CheckNumber;
use countersign_protocol::hash::Id;
use countersign_protocol::kind::Kind;
use countersign_protocol::message::{
    Act, Confirm, Decision, MoveStep, Moving, Outcome, RemovedWhy, Standing, State,
};
use countersign_protocol::problem::Problem;
use countersign_verifier::event::Fact;
use countersign_verifier::step::{NotConfirmed, TypeNumber};

use crate::phone::{Known, Phone, approve};
use crate::world::{World, state_of};

/// An old phone that began to move, and what it shows.
pub(crate) struct Move {
    pub(crate) old: Phone,
    pub(crate) new: Phone,
    pub(crate) known: Known,
    /// The move's invitation.
    pub(crate) id: Id,
}

pub(crate) fn invited(state: &State) -> Known {
    match state.moving.as_ref().unwrap() {
        Moving::Invited { invitation, .. } => Known::by_link(invitation),
        Moving::Testing { .. } => panic!("testing already"),
    }
}

pub(crate) fn begin(world: &World) -> Move {
    let (old, new) = (world.phone("old"), Phone::new("new"));
    let state = world.step(&old, MoveStep::Start);
    Move {
        known: invited(&state),
        id: named(&state),
        old,
        new,
    }
}

pub(crate) fn named(state: &State) -> Id {
    state.moving.as_ref().unwrap().id()
}

/// How often the new phone's number may still be typed.
pub(crate) fn left(state: &State) -> u8 {
    match state.moving.as_ref().unwrap() {
        Moving::Invited { left, .. } => *left,
        Moving::Testing { .. } => panic!("testing already"),
    }
}

pub(crate) fn confirm(world: &World, phones: &Move) -> State {
    world.step(&phones.old, right_check(&phones.new, phones.id))
}

pub(crate) fn right_check(phone: &Phone, invitation: Id) -> MoveStep {
    let check = phone.check();
    MoveStep::Confirm { invitation, check }
}

pub(crate) fn wrong_check(phone: &Phone, invitation: Id) -> MoveStep {
    let number: u32 = phone.check().as_str().parse().unwrap();
    let check = CheckNumber::parse(&format!("{:06}", (number + 1) % 1_000_000)).unwrap();
    MoveStep::Confirm { invitation, check }
}

pub(crate) fn abort(phones: &Move) -> MoveStep {
    MoveStep::Abort {
        invitation: phones.id,
    }
}

pub(crate) fn removed(why: RemovedWhy) -> Standing {
    Standing::Removed { why }
}

/// Whose real statements are now: a sign-in is asked for and taken back.
pub(crate) fn is_the_one(world: &World, phone: &Phone) {
    let asked = world.ask();
    assert_eq!(phone.statement(&asked.message).audience, [phone.id()]);
    world.answer(phone, &asked.message, Decision::Deny);
}

#[test]
fn k9_after_a_move_the_new_phone_works_and_the_old_one_is_told_where_it_went() {
    let world = World::new();
    let phones = begin(&world);
    let waiting = world.ask();
    world.enrol(&phones.new, &phones.known);
    // In a move the number is typed, into the old phone.
    assert_eq!(phones.new.account().confirm, Confirm::Type);
    assert_eq!(phones.new.account().account, phones.old.account().account);
    world.reveal(&phones.new);
    let state = confirm(&world, &phones);
    let Some(Moving::Testing { number, device, .. }) = state.moving else {
        panic!("no test");
    };
    assert_eq!(device, "new");
    let test = world.reveal(&phones.new).statements.remove(0);
    assert_eq!(phones.new.statement(&test).act, Some(Act::Test));
    world.quiet();
    let receipt = world.answer(&phones.new, &test, approve(&number));
    assert_eq!(receipt.outcome, Outcome::Approved);
    let to = "new".to_owned();
    let state = world.fetch_as(&phones.old, |fetch| fetch.open = vec![waiting.id]);
    assert_eq!(state.standing, Standing::Moved { to });
    assert!(state.moving.is_none());
    // What was the old one's alone is withdrawn.
    let closed = phones.old.receipt(&state.closed[0]);
    assert_eq!(closed.outcome, Outcome::Withdrawn);
    assert_eq!(world.fetch(&phones.new).standing, Standing::Active);
    is_the_one(&world, &phones.new);
    let moved = Fact::Moved {
        from: phones.old.id(),
        to: phones.new.id(),
        name: "new".to_owned(),
    };
    assert!(world.facts().contains(&moved));
}

#[test]
fn k9_the_old_phones_keys_and_address_are_retired() {
    let world = World::new();
    let phones = begin(&world);
    let ring = countersign_protocol::message::Ring::UnifiedPush {
        to: "https://push.example.org/old".to_owned(),
        bell: countersign_protocol::hash::Id::from_bytes([5; 16]),
    };
    let message = phones.old.delivery(1, ring, world.now());
    state_of(world.send(Kind::Delivery, &message));
    world.enrol(&phones.new, &phones.known);
    world.reveal(&phones.new);
    confirm(&world, &phones);
    world.pass_test(&phones.new);
    world.quiet();
    let asked = world.ask();
    assert!(!world.words().contains(&"ring"));
    let answer = phones
        .new
        .answering(&asked.message, approve(&asked.number), world.now());
    let by_old = Phone::sign(&phones.old.approval, Kind::Answer, &answer.to_claims());
    assert_eq!(
        world.refused(Kind::Answer, &by_old),
        Problem::UnknownStatement
    );
    // It cannot begin another move either.
    assert!(world.step(&phones.old, MoveStep::Start).moving.is_none());
    assert_eq!(world.fetch(&phones.new).standing, Standing::Active);
}

#[test]
fn k8_at_every_moment_exactly_one_phone_gets_real_statements() {
    let world = World::new();
    let phones = begin(&world);
    is_the_one(&world, &phones.old);
    world.enrol(&phones.new, &phones.known);
    is_the_one(&world, &phones.old);
    world.reveal(&phones.new);
    is_the_one(&world, &phones.old);
    confirm(&world, &phones);
    is_the_one(&world, &phones.old);
    world.pass_test(&phones.new);
    is_the_one(&world, &phones.new);
}

#[test]
fn k8_a_link_that_drops_at_any_step_leaves_the_old_phone_as_it_was() {
    for steps in 0..4 {
        let world = World::new();
        let phones = begin(&world);
        if steps > 0 {
            world.enrol(&phones.new, &phones.known);
        }
        if steps > 1 {
            world.reveal(&phones.new);
        }
        if steps > 2 {
            confirm(&world, &phones);
        }
        world.pass_s(599);
        assert!(world.fetch(&phones.old).moving.is_some(), "{steps}");
        world.pass_s(1);
        let state = world.fetch(&phones.old);
        assert!(state.moving.is_none());
        assert_eq!(state.standing, Standing::Active);
        is_the_one(&world, &phones.old);
        if steps > 0 {
            let standing = world.reveal(&phones.new).standing;
            assert_eq!(standing, removed(RemovedWhy::MoveEnded));
        } else {
            let enrol = phones.new.enrol(&phones.known, world.now());
            let refused = world.refused(Kind::Enrol, &enrol);
            assert_eq!(refused, Problem::ExpiredInvitation);
        }
        // Begun again it is another invitation, for another try with new keys.
        let again = world.step(&phones.old, MoveStep::Start);
        assert_ne!(named(&again), phones.id);
        let new = Phone::new("new again");
        world.enrol(&new, &invited(&again));
        world.reveal(&new);
        world.step(&phones.old, right_check(&new, named(&again)));
        world.pass_test(&new);
        is_the_one(&world, &new);
    }
}

#[test]
fn k8_messages_of_a_move_that_come_twice_change_nothing_more() {
    let world = World::new();
    let (old, new) = (world.phone("old"), Phone::new("new"));
    let start = old.step(MoveStep::Start, world.now());
    let mut links = vec![];
    for _ in 0..2 {
        let state = old.state(&start, &state_of(world.send(Kind::Move, &start)));
        links.push(state.moving);
    }
    // Signed afresh it is the same move too, and a fetch shows it again.
    links.push(world.step(&old, MoveStep::Start).moving);
    links.push(world.fetch(&old).moving);
    assert!(links.iter().all(|moving| *moving == links[0]));
    let Some(Moving::Invited { id, invitation, .. }) = &links[0] else {
        panic!("no invitation");
    };
    world.enrol(&new, &Known::by_link(invitation));
    world.reveal(&new);
    let confirm = old.step(right_check(&new, *id), world.now());
    let mut tests = vec![];
    for _ in 0..2 {
        let state = old.state(&confirm, &state_of(world.send(Kind::Move, &confirm)));
        tests.push(state.moving);
    }
    tests.push(world.step(&old, right_check(&new, *id)).moving);
    assert!(matches!(tests[0], Some(Moving::Testing { .. })));
    assert!(tests.iter().all(|moving| *moving == tests[0]));
    let asked = world.words().into_iter().filter(|word| *word == "asked");
    // The old one's test, and one for the new one.
    assert_eq!(asked.count(), 2);
}

#[test]
fn the_old_phone_sees_who_took_its_invitation() {
    let world = World::new();
    let phones = begin(&world);
    let device = |state: State| match state.moving {
        Some(Moving::Invited { device, .. }) => device,
        _ => panic!("not invited"),
    };
    assert_eq!(device(world.fetch(&phones.old)), None);
    world.enrol(&phones.new, &phones.known);
    let shown = device(world.fetch(&phones.old));
    assert_eq!(shown, Some("new".to_owned()));
    // Before the new phone showed its number nothing can be confirmed, and no try is lost.
    let state = world.step(&phones.old, wrong_check(&phones.new, phones.id));
    assert!(matches!(state.moving, Some(Moving::Invited { .. })));
    world.reveal(&phones.new);
    assert!(matches!(
        confirm(&world, &phones).moving,
        Some(Moving::Testing { .. })
    ));
}

#[test]
fn the_new_phones_number_is_typed_into_the_old_phone_and_not_into_the_page() {
    let world = World::new();
    let phones = begin(&world);
    world.enrol(&phones.new, &phones.known);
    world.reveal(&phones.new);
    let typed = world.take(&TypeNumber {
        device: phones.new.id(),
        number: phones.new.check(),
    });
    assert_eq!(typed, Err(NotConfirmed::NotWaiting));
}

#[test]
fn a_move_is_signed_by_the_approval_key() {
    let world = World::new();
    let old = world.phone("old");
    let step = countersign_protocol::message::Move {
        request: old.request(world.now()),
        step: MoveStep::Start,
    };
    let by_device_key = Phone::sign(&old.key, Kind::Move, &step.to_claims());
    assert_eq!(
        world.refused(Kind::Move, &by_device_key),
        Problem::Signature
    );
    assert!(world.fetch(&old).moving.is_none());
}

#[test]
fn an_unfinished_phone_begins_no_move() {
    let world = World::new();
    let new = Phone::new("new");
    world.enrol(&new, &world.invite());
    let state = world.step(&new, MoveStep::Start);
    assert!(state.moving.is_none());
    assert_eq!(state.standing, Standing::Unconfirmed);
}

#[test]
fn a_person_moves_one_phone_at_a_time() {
    let world = World::new();
    let phones = begin(&world);
    let other = world.phone("other");
    assert!(world.step(&other, MoveStep::Start).moving.is_none());
    // To name a move is not enough: the other phone is in none.
    assert!(world.step(&other, abort(&phones)).moving.is_none());
    assert!(world.fetch(&phones.old).moving.is_some());
}

#[test]
fn a_move_brings_no_sixth_phone() {
    let world = World::new();
    let phones = begin(&world);
    for name in ["b", "c", "d", "e"] {
        world.phone(name);
    }
    world.enrol(&phones.new, &phones.known);
    world.reveal(&phones.new);
    confirm(&world, &phones);
    world.pass_test(&phones.new);
    assert_eq!(world.fetch(&phones.new).standing, Standing::Active);
    let asked = world.ask();
    assert_eq!(phones.new.statement(&asked.message).audience.len(), 5);
}

#[test]
fn statements_that_others_can_answer_stay_open_through_a_move() {
    let world = World::new();
    let other = world.phone("other");
    let phones = begin(&world);
    let asked = world.ask();
    world.enrol(&phones.new, &phones.known);
    world.reveal(&phones.new);
    confirm(&world, &phones);
    world.pass_test(&phones.new);
    let receipt = world.answer(&other, &asked.message, approve(&asked.number));
    assert_eq!(receipt.outcome, Outcome::Approved);
}
