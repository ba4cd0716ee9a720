//! One statement and two devices: what holds in every reachable state, and which rule it rests on.

use crate::support::{assert_holds, assert_sees, is_long};
use countersign_model::answers::{Answers, Fault, properties as must};

/// Two tries are enough for a wrong number that is not the end and one that is.
const SMALL: Answers = Answers::new(2, 2, true);
/// One answer, to a statement that is only scanned.
const SCANNED: Answers = Answers::new(2, 1, false);

fn without(fault: Fault) -> Answers {
    SMALL.without(fault)
}

#[test]
fn r22_a_statement_for_two_devices_has_one_outcome_that_both_learn() {
    assert_holds("answers", &SMALL);
    if is_long() {
        assert_holds("answers, three of them", &Answers::new(2, 3, true));
    }
}

#[test]
fn r11_a_statement_that_is_only_scanned_has_one_outcome_that_both_learn() {
    assert_holds("answers to a scanned statement", &SCANNED);
    if is_long() {
        let model = Answers::new(2, 2, false);
        assert_holds("answers to a scanned statement, two of them", &model);
    }
}

#[test]
fn the_check_sees_two_answers_of_a_device_that_sends_before_it_stores() {
    let model = without(Fault::SendsBeforeStoring);
    assert_sees(&model, must::ONE_ANSWER_AT_A_TIME);
}

#[test]
fn the_check_sees_an_identical_answer_counted_twice() {
    assert_sees(&without(Fault::CountsTwice), must::COUNTED_ONCE);
}

#[test]
fn the_check_sees_an_outcome_changed_by_a_later_answer() {
    assert_sees(&without(Fault::LaterAnswerDecides), must::ONE_OUTCOME);
}

#[test]
fn the_check_sees_an_outcome_changed_by_a_later_report() {
    assert_sees(&without(Fault::ReportDecides), must::ONE_OUTCOME);
}

#[test]
fn the_check_sees_a_second_event_for_a_second_report() {
    assert_sees(&without(Fault::EachReportRaises), must::COUNTED_ONCE);
}

#[test]
fn the_check_sees_a_wrong_number_approved() {
    assert_sees(&without(Fault::TakesAnyNumber), must::PERSON_APPROVES);
}

#[test]
fn the_check_sees_an_approval_that_nobody_decided() {
    assert_sees(&without(Fault::KillConfirms), must::PERSON_APPROVES);
}

#[test]
fn the_check_sees_a_late_receipt_open_an_ended_statement_again() {
    assert_sees(&without(Fault::WrongNumberReopens), must::END_IS_FINAL);
}

#[test]
fn the_check_sees_a_scanned_statement_taken_for_ended() {
    let model = SCANNED.without(Fault::ScannedIsLeftOut);
    assert_sees(&model, must::OPEN_STAYS_OPEN);
}

#[test]
fn the_check_sees_a_statement_ended_by_the_reply_to_a_request_of_before_its_scan() {
    let model = SCANNED.without(Fault::JudgesByWhatItHolds);
    assert_sees(&model, must::OPEN_STAYS_OPEN);
}

#[test]
fn the_check_sees_a_device_that_never_learns_the_end() {
    let model = Answers::new(2, 1, true).without(Fault::ClosedIsLeftOut);
    assert_sees(&model, must::LEARN);
}
