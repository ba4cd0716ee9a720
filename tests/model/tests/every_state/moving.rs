//! From an old phone to a new one: what holds in every reachable state, and which rule it rests on.

use countersign_model::moving::{Fault, Moving, properties as must};

use crate::support::{assert_holds, assert_sees, is_long};

const ONCE: Moving = Moving::ONCE;
const TWICE: Moving = Moving::TWICE;
/// One move, and nothing else.
const QUIET: Moving = Moving {
    is_disturbed: false,
    ..ONCE
};

#[test]
fn k8_exactly_one_of_two_phones_gets_real_statements_whatever_is_lost() {
    assert_holds("move", &ONCE);
    if is_long() {
        let model = Moving {
            wrong_max: 3,
            ..ONCE
        };
        assert_holds("move, three wrong numbers", &model);
    }
}

#[test]
fn k8_a_move_that_ended_can_be_begun_again() {
    assert_holds("two moves", &TWICE);
    if is_long() {
        let model = Moving {
            is_disturbed: true,
            ..TWICE
        };
        assert_holds("two moves, and a statement", &model);
    }
}

#[test]
fn the_check_sees_two_active_phones_when_the_old_one_is_not_withdrawn() {
    assert_sees(&ONCE.without(Fault::OldStaysActive), must::NEVER_TWO);
}

#[test]
fn the_check_sees_no_active_phone_when_the_old_one_goes_too_early() {
    assert_sees(&ONCE.without(Fault::OldGoesAtTheNumber), must::ALWAYS_ONE);
}

#[test]
fn the_check_sees_a_new_phone_left_over_by_a_move_that_ended() {
    assert_sees(&ONCE.without(Fault::EndLeavesTheNew), must::NO_LOOSE_END);
}

#[test]
fn the_check_sees_an_answer_of_a_phone_that_has_moved() {
    assert_sees(
        &ONCE.without(Fault::AnswersOfTheMovedCount),
        must::ACTIVE_ANSWERS,
    );
}

#[test]
fn the_check_sees_a_new_phone_confirmed_by_a_wrong_number() {
    assert_sees(&ONCE.without(Fault::AnyNumberConfirms), must::NUMBER_TYPED);
}

#[test]
fn the_check_sees_a_late_step_of_an_earlier_move() {
    assert_sees(&TWICE.without(Fault::StepsNameNoMove), must::NO_CROSSING);
}

#[test]
fn the_check_sees_a_suspended_phone_move() {
    assert_sees(
        &ONCE.without(Fault::SuspendedPhoneMoves),
        must::MOVED_BY_ACTIVE,
    );
}

#[test]
fn the_check_sees_a_move_stuck_when_the_new_phones_keys_are_lost() {
    assert_sees(&QUIET.without(Fault::SendsBeforeStoring), must::CAN_FINISH);
}

#[test]
fn the_check_sees_an_old_phone_that_never_learns_that_it_moved() {
    assert_sees(&QUIET.without(Fault::NoTombstone), must::AGREE);
}

#[test]
fn the_check_sees_an_answer_that_waits_for_ever_on_the_old_phone() {
    assert_sees(&ONCE.without(Fault::MovedIsToldNothing), must::AGREE);
}
