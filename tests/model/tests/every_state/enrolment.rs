//! From an invitation to an active device: what holds in every reachable state, and which rule it rests on.

use crate::support::{assert_holds, assert_sees};
use countersign_model::enrolment::{Enrolment, Fault, properties as must};

const SCANNED: Enrolment = Enrolment::SCANNED;
const TYPED: Enrolment = Enrolment::TYPED;

#[test]
fn a14_an_enrolment_by_scan_is_resumed_or_ended_whatever_is_lost() {
    assert_holds("enrolment by scan", &SCANNED);
}

#[test]
fn a14_an_enrolment_by_code_leaves_somebody_in_the_middle_one_guess() {
    assert_holds("enrolment by code and URL", &TYPED);
}

#[test]
fn the_check_sees_grinding_when_a_second_first_document_is_taken() {
    let model = TYPED.without(Fault::TakesAnotherDocument);
    assert_sees(&model, must::LUCK_ALONE);
    assert_sees(&model, must::ONE_DOCUMENT);
}

#[test]
fn the_check_sees_a_kill_between_account_and_reveal() {
    let model = TYPED.without(Fault::RevealsBeforeStoring);
    assert_sees(&model, must::LUCK_ALONE);
    assert_sees(&model, must::ONE_DOCUMENT);
}

#[test]
fn the_check_sees_grinding_when_the_nonce_is_sent_at_once() {
    let model = TYPED.without(Fault::RevealsAtOnce);
    assert_sees(&model, must::LUCK_ALONE);
}

#[test]
fn the_check_sees_grinding_when_a_reveal_is_not_held_against_its_commitment() {
    let model = TYPED.without(Fault::TakesAnyReveal);
    assert_sees(&model, must::LUCK_ALONE);
}

#[test]
fn the_check_sees_grinding_when_identical_bytes_get_another_document() {
    let model = TYPED.without(Fault::AnotherDocumentForTheSame);
    assert_sees(&model, must::LUCK_ALONE);
    assert_sees(&model, must::SAME_NUMBER);
}

#[test]
fn the_check_sees_grinding_when_an_invitation_is_taken_twice() {
    let model = TYPED.without(Fault::InvitationTwice);
    assert_sees(&model, must::LUCK_ALONE);
    assert_sees(
        &SCANNED.without(Fault::InvitationTwice),
        must::ONE_ENROLMENT,
    );
}

#[test]
fn the_check_sees_a_second_guess_when_a_code_is_used_again_after_its_reveal() {
    let model = TYPED.without(Fault::SameCodeAgain);
    assert_sees(&model, must::ONE_GUESS);
}

#[test]
fn the_check_sees_wrong_numbers_without_an_end() {
    let model = TYPED.without(Fault::WrongNumbersGoOn);
    assert_sees(&model, must::WRONG_END);
}

#[test]
fn the_check_sees_an_enrolment_stuck_when_its_reply_is_lost_and_not_given_again() {
    let model = SCANNED.without(Fault::RefusesTheSame);
    assert_sees(&model, must::CAN_FINISH);
}

#[test]
fn the_check_sees_an_enrolment_stuck_when_its_keys_are_lost() {
    let model = SCANNED.without(Fault::SendsBeforeStoring);
    assert_sees(&model, must::CAN_FINISH);
}

#[test]
fn the_check_sees_a_phone_that_never_learns_its_end() {
    let model = SCANNED.without(Fault::NoTombstone);
    assert_sees(&model, must::AGREE);
}

#[test]
fn the_check_sees_a_device_active_without_a_test() {
    let model = SCANNED.without(Fault::ActiveWithoutTest);
    assert_sees(&model, must::PROVEN);
}

#[test]
fn the_check_sees_a_test_that_revives_an_ended_device() {
    let model = SCANNED.without(Fault::TestAfterItsTime);
    assert_sees(&model, must::NO_HALF_ACCOUNT);
}
