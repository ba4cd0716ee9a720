//! How a move does not begin, ends, and is not confused with another one (protocol, §7).

use countersign_protocol::digits::CheckNumber;
use countersign_protocol::hash::Id;
use countersign_protocol::kind::Kind;
use countersign_protocol::message::{
    CHECK_TRIES, Decision, MoveStep, Moving, RemovedWhy, Standing,
};
use countersign_protocol::problem::Problem;
use countersign_verifier::step::SuspendApprovals;

use crate::moves::{
    Move, abort, begin, confirm, invited, is_the_one, left, named, removed, right_check,
    wrong_check,
};
use crate::phone::Phone;
use crate::world::{World, rules, state_of};

#[test]
fn k8_with_a_wrong_check_number_nothing_moves_and_the_third_ends_it() {
    let world = World::new();
    let phones = begin(&world);
    world.enrol(&phones.new, &phones.known);
    world.reveal(&phones.new);
    for wrong in 0..CHECK_TRIES - 1 {
        assert_eq!(left(&world.fetch(&phones.old)), CHECK_TRIES - wrong);
        let state = world.step(&phones.old, wrong_check(&phones.new, phones.id));
        assert_eq!(left(&state), CHECK_TRIES - wrong - 1);
        is_the_one(&world, &phones.old);
    }
    let state = world.step(&phones.old, wrong_check(&phones.new, phones.id));
    assert!(state.moving.is_none());
    assert_eq!(state.standing, Standing::Active);
    let standing = world.reveal(&phones.new).standing;
    assert_eq!(standing, removed(RemovedWhy::WrongCheck));
    is_the_one(&world, &phones.old);
    // The right number comes too late; a new move is possible.
    assert!(confirm(&world, &phones).moving.is_none());
    assert!(world.step(&phones.old, MoveStep::Start).moving.is_some());
}

#[test]
fn a_wrong_number_that_comes_twice_counts_once() {
    let world = World::new();
    let phones = begin(&world);
    world.enrol(&phones.new, &phones.known);
    world.reveal(&phones.new);
    let wrong = phones
        .old
        .step(wrong_check(&phones.new, phones.id), world.now());
    for _ in 0..5 {
        let state = phones
            .old
            .state(&wrong, &state_of(world.send(Kind::Move, &wrong)));
        assert!(state.moving.is_some());
    }
    assert_eq!(left(&world.fetch(&phones.old)), CHECK_TRIES - 1);
    let state = confirm(&world, &phones);
    assert!(matches!(state.moving, Some(Moving::Testing { .. })));
}

#[test]
fn k8_a_step_that_was_held_up_does_nothing_to_a_later_move() {
    let world = World::new();
    let phones = begin(&world);
    world.enrol(&phones.new, &phones.known);
    world.reveal(&phones.new);
    let late = [abort(&phones), right_check(&phones.new, phones.id)];
    let late = late.map(|step| phones.old.step(step, world.now()));
    let done = phones.old.step(abort(&phones), world.now());
    world.send(Kind::Move, &done);
    let (old, new) = (phones.old, Phone::new("another"));
    let second = world.step(&old, MoveStep::Start);
    world.enrol(&new, &invited(&second));
    world.reveal(&new);
    let phones = Move {
        known: invited(&second),
        id: named(&second),
        old,
        new,
    };
    let before = world.fetch(&phones.old).moving;
    for message in &late {
        // Also when it comes again.
        for _ in 0..2 {
            let refused = world.refused(Kind::Move, message);
            assert_eq!(refused, Problem::UnknownInvitation);
        }
    }
    // What was done in its own move is answered as ever, and ends no other one.
    let state = state_of(world.send(Kind::Move, &done));
    assert_eq!(phones.old.state(&done, &state).moving, before);
    assert_eq!(world.fetch(&phones.old).moving, before);
    // No try was used up by the number of the earlier one.
    assert_eq!(left(&world.fetch(&phones.old)), CHECK_TRIES);
    assert!(matches!(
        confirm(&world, &phones).moving,
        Some(Moving::Testing { .. })
    ));
}

#[test]
fn a_step_of_a_move_that_has_ended_or_was_never_begun_gets_a_state_that_has_none() {
    let world = World::new();
    let old = world.phone("old");
    let invitation = Id::from_bytes([9; 16]);
    let check = CheckNumber::parse("012345").unwrap();
    for step in [
        MoveStep::Abort { invitation },
        MoveStep::Confirm { invitation, check },
    ] {
        assert!(world.step(&old, step).moving.is_none());
    }
    let phones = begin(&world);
    world.enrol(&phones.new, &phones.known);
    world.step(&phones.old, abort(&phones));
    assert!(confirm(&world, &phones).moving.is_none());
}

#[test]
fn the_old_phone_may_end_a_move_at_any_time_before_its_end() {
    for steps in 0..3 {
        let world = World::new();
        let phones = begin(&world);
        if steps > 0 {
            world.enrol(&phones.new, &phones.known);
            world.reveal(&phones.new);
        }
        if steps > 1 {
            confirm(&world, &phones);
        }
        let state = world.step(&phones.old, abort(&phones));
        assert!(state.moving.is_none());
        is_the_one(&world, &phones.old);
        if steps > 0 {
            let standing = world.reveal(&phones.new).standing;
            assert_eq!(standing, removed(RemovedWhy::MoveEnded));
        }
        // Said twice it is the same.
        assert!(world.step(&phones.old, abort(&phones)).moving.is_none());
    }
}

#[test]
fn no_move_begins_where_the_rules_forbid_it_or_approvals_are_suspended() {
    let world = World::with(|changed| {
        let policy = rules().policy;
        changed.policy = countersign_protocol::message::Policy {
            may_move: false,
            ..policy
        };
    });
    let old = world.phone("old");
    assert!(world.step(&old, MoveStep::Start).moving.is_none());
    let world = World::new();
    let old = world.phone("old");
    world.take(&SuspendApprovals { until: None });
    let state = world.step(&old, MoveStep::Start);
    assert!(state.moving.is_none());
    assert_eq!(state.standing.word(), "suspended");
}

#[test]
fn no_move_begins_within_a_day_of_a_report() {
    let world = World::new();
    let old = world.phone("old");
    world.answer(&old, &world.ask().message, Decision::Report);
    assert!(world.step(&old, MoveStep::Start).moving.is_none());
    world.pass_s(24 * 3_600 - 1);
    assert!(world.step(&old, MoveStep::Start).moving.is_none());
    world.pass_s(1);
    assert!(world.step(&old, MoveStep::Start).moving.is_some());
}

#[test]
fn a_report_or_a_suspension_ends_a_move_that_somebody_else_may_have_begun() {
    for reported in [true, false] {
        let world = World::new();
        let other = world.phone("other");
        let phones = begin(&world);
        world.enrol(&phones.new, &phones.known);
        world.reveal(&phones.new);
        match reported {
            true => {
                world.answer(&other, &world.ask().message, Decision::Report);
            }
            false => world.take(&SuspendApprovals { until: None }),
        }
        assert!(confirm(&world, &phones).moving.is_none());
        let standing = world.reveal(&phones.new).standing;
        assert_eq!(standing, removed(RemovedWhy::MoveEnded));
    }
}

#[test]
fn a_move_ends_when_either_phone_leaves_or_the_test_is_denied() {
    let world = World::new();
    let phones = begin(&world);
    world.enrol(&phones.new, &phones.known);
    world.send(Kind::Leave, &phones.old.leave(world.now()));
    let standing = world.reveal(&phones.new).standing;
    assert_eq!(standing, removed(RemovedWhy::MoveEnded));

    let world = World::new();
    let phones = begin(&world);
    world.enrol(&phones.new, &phones.known);
    world.send(Kind::Leave, &phones.new.leave(world.now()));
    assert!(world.fetch(&phones.old).moving.is_none());
    is_the_one(&world, &phones.old);

    let world = World::new();
    let phones = begin(&world);
    world.enrol(&phones.new, &phones.known);
    world.reveal(&phones.new);
    confirm(&world, &phones);
    let test = world.reveal(&phones.new).statements.remove(0);
    world.answer(&phones.new, &test, Decision::Deny);
    assert!(world.fetch(&phones.old).moving.is_none());
    let standing = world.reveal(&phones.new).standing;
    assert_eq!(standing, removed(RemovedWhy::MoveEnded));
    is_the_one(&world, &phones.old);
}
