//! The test of a new device, asked again (W8): counted, once for each that ended, and no way to more guesses.

use countersign_protocol::envelope::Compact;
use countersign_protocol::hash::Id;
use countersign_protocol::message::{Decision, MoveStep, Moving, Outcome, RemovedWhy, Standing};
use countersign_verifier::person::{NUMBER_TRIES, StageView, TESTS_AGAIN_MAX, TESTS_AGAIN_S};
use countersign_verifier::step::{AskTestAgain, NotAskedAgain, Withdraw};

use crate::phone::{Known, Phone, approve_wrongly};
use crate::world::{World, count};

fn confirmed(world: &World) -> Phone {
    let phone = Phone::new("Pixel");
    world.enrol(&phone, &world.invite());
    world.reveal(&phone);
    world.confirm(&phone);
    phone
}

/// The test that a page sees.
fn test(world: &World, phone: &Phone) -> Id {
    match world.device(phone).stage {
        StageView::Confirmed { test, .. } => test,
        other => panic!("{other:?}"),
    }
}

/// The test that the phone has got.
fn got(world: &World, phone: &Phone) -> Compact {
    world.reveal(phone).statements.remove(0)
}

fn again(world: &World, phone: &Phone, ended: Id) -> Result<Id, NotAskedAgain> {
    let device = phone.id();
    world.take(&AskTestAgain { device, ended })
}

fn deny(world: &World, phone: &Phone) -> Id {
    let ended = test(world, phone);
    world.answer(phone, &got(world, phone), Decision::Deny);
    ended
}

#[test]
fn w8_a_denied_test_is_asked_again_and_makes_the_device_active() {
    let world = World::new();
    let phone = confirmed(&world);
    let ended = deny(&world, &phone);
    assert_eq!(world.reveal(&phone).standing, Standing::Confirmed);
    let second = again(&world, &phone, ended).unwrap();
    assert_ne!(second, ended);
    assert_eq!(test(&world, &phone), second);
    assert_eq!(phone.statement(&got(&world, &phone)).id, second);
    assert_eq!(world.pass_test(&phone).outcome, Outcome::Approved);
    assert_eq!(world.fetch(&phone).standing, Standing::Active);
}

#[test]
fn w8_a_test_that_timed_out_leaves_the_device_unfinished_and_is_asked_again() {
    let world = World::new();
    let phone = confirmed(&world);
    let ended = test(&world, &phone);
    world.pass_s(world.verifier.setup().rules.policy.lifetime_s - 1);
    assert_eq!(world.outcome(&ended).outcome, None);
    world.pass_s(1);
    assert_eq!(world.outcome(&ended).outcome, Some(Outcome::Expired));
    let state = world.reveal(&phone);
    assert_eq!(state.standing, Standing::Confirmed);
    assert!(state.statements.is_empty());
    again(&world, &phone, ended).unwrap();
    world.pass_test(&phone);
    assert_eq!(world.fetch(&phone).standing, Standing::Active);
}

#[test]
fn w8_a_cancelled_or_withdrawn_test_is_asked_again_too() {
    let world = World::new();
    let phone = confirmed(&world);
    let first = test(&world, &phone);
    world.answer(&phone, &got(&world, &phone), Decision::Cancel);
    let second = again(&world, &phone, first).unwrap();
    assert!(world.take(&Withdraw { statement: second }));
    assert!(again(&world, &phone, second).is_ok());
}

#[test]
fn w8_at_most_three_in_ten_minutes_for_a_person_whatever_the_device() {
    let world = World::new();
    let begun = world.now();
    let (phone, other) = (confirmed(&world), confirmed(&world));
    for _ in 0..TESTS_AGAIN_MAX - 1 {
        let ended = deny(&world, &phone);
        again(&world, &phone, ended).unwrap();
    }
    let ended = deny(&world, &other);
    again(&world, &other, ended).unwrap();
    let until = begun.plus_s(TESTS_AGAIN_S);
    let too_often = Err(NotAskedAgain::TooOften { until });
    for phone in [&phone, &other] {
        let ended = deny(&world, phone);
        assert_eq!(again(&world, phone, ended), too_often);
        // The device is unfinished, and no test was made.
        assert_eq!(test(&world, phone), ended);
        assert!(world.reveal(phone).statements.is_empty());
    }
    // The devices have ended by then; another one has its own tests.
    world.pass_s(TESTS_AGAIN_S - 1);
    let late = confirmed(&world);
    let ended = deny(&world, &late);
    assert_eq!(again(&world, &late, ended), too_often);
    world.pass_s(1);
    assert!(again(&world, &late, ended).is_ok());
}

#[test]
fn asked_twice_of_one_test_it_is_asked_once_and_counted_once() {
    let world = World::new();
    let phone = confirmed(&world);
    let first = deny(&world, &phone);
    let second = again(&world, &phone, first).unwrap();
    for _ in 0..5 {
        assert_eq!(again(&world, &phone, first), Ok(second));
    }
    // One that is open is not asked again either.
    assert_eq!(again(&world, &phone, second), Ok(second));
    assert_eq!(count(&world, "asked"), 2);
    // A late click on the page of the first, when the second has been denied too, asks nothing.
    let second = deny(&world, &phone);
    assert_eq!(again(&world, &phone, first), Ok(second));
    assert_eq!(count(&world, "asked"), 2);
    for _ in 1..TESTS_AGAIN_MAX {
        let ended = test(&world, &phone);
        again(&world, &phone, ended).unwrap();
        deny(&world, &phone);
    }
}

#[test]
fn w9_a_test_that_is_asked_again_does_not_begin_the_wrong_numbers_anew() {
    let world = World::new();
    let phone = confirmed(&world);
    let guess = |by| {
        let message = got(&world, &phone);
        let number = world.outcome(&phone.statement(&message).id).number;
        world
            .answer(&phone, &message, approve_wrongly(&number, by))
            .left
    };
    assert_eq!(guess(1), Some(NUMBER_TRIES - 1));
    assert_eq!(guess(2), Some(NUMBER_TRIES - 2));
    let ended = deny(&world, &phone);
    again(&world, &phone, ended).unwrap();
    let statement = phone.statement(&got(&world, &phone));
    assert_eq!(statement.tries, NUMBER_TRIES - 2);
    assert_eq!(guess(3), Some(0));
    let why = RemovedWhy::WrongCheck;
    let standing = world.reveal(&phone).standing;
    assert_eq!(standing, Standing::Removed { why });
}

#[test]
fn a_test_that_the_person_reported_is_not_asked_again() {
    let world = World::new();
    let phone = confirmed(&world);
    let ended = test(&world, &phone);
    world.answer(&phone, &got(&world, &phone), Decision::Report);
    let refused = Err(NotAskedAgain::Reported);
    assert_eq!(again(&world, &phone, ended), refused);
    // Nor one that was denied first.
    let phone = confirmed(&world);
    let message = got(&world, &phone);
    let ended = deny(&world, &phone);
    world.answer(&phone, &message, Decision::Report);
    assert_eq!(again(&world, &phone, ended), refused);
}

#[test]
fn a_device_that_waits_for_no_test_gets_none() {
    let world = World::new();
    let not_waiting = Err(NotAskedAgain::NotWaiting);
    let stranger = Phone::new("stranger");
    let nothing = Id::from_bytes([9; 16]);
    assert_eq!(again(&world, &stranger, nothing), not_waiting);
    let phone = Phone::new("Pixel");
    world.enrol(&phone, &world.invite());
    world.reveal(&phone);
    assert_eq!(again(&world, &phone, nothing), not_waiting);
    world.confirm(&phone);
    let passed = test(&world, &phone);
    world.pass_test(&phone);
    assert_eq!(again(&world, &phone, passed), not_waiting);
    let phone = confirmed(&world);
    let ended = deny(&world, &phone);
    world.pass_s(600);
    assert_eq!(again(&world, &phone, ended), not_waiting);
    assert!(world.try_ask().is_ok());
}

#[test]
fn the_test_of_a_move_lasts_as_long_as_the_move_and_no_page_asks_it_again() {
    let world = World::new();
    let (old, new) = (world.phone("old"), Phone::new("new"));
    let begun = world.now();
    let Some(Moving::Invited { id, invitation, .. }) = world.step(&old, MoveStep::Start).moving
    else {
        panic!("no invitation");
    };
    world.enrol(&new, &Known::by_link(&invitation));
    world.reveal(&new);
    let (invitation, check) = (id, new.check());
    world.step(&old, MoveStep::Confirm { invitation, check });
    let test = test(&world, &new);
    assert_eq!(world.outcome(&test).expires_at, begun.plus_s(600));
    let not_waiting = Err(NotAskedAgain::NotWaiting);
    assert_eq!(again(&world, &new, test), not_waiting);
}
