//! Reports, and what is kept of an end (protocol, §6).

use countersign_protocol::hash::Id;
use countersign_protocol::kind::Kind;
use countersign_protocol::message::{Decision, NextStep, Outcome};
use countersign_protocol::problem::Problem;
use countersign_verifier::event::Fact;
use countersign_verifier::person::RECEIPT_KEEP_S;
use countersign_verifier::step::Withdraw;

use crate::phone::approve;
use crate::world::{World, count, receipt_of};

#[test]
fn r9_o3_not_me_reaches_the_log_with_its_proof_and_quietens_the_account() {
    let world = World::with(|rules| {
        rules.after_report = vec![NextStep::PasswordChange, NextStep::AdminTold];
    });
    let phone = world.phone("Pixel");
    let asked = world.ask();
    world.quiet();
    let answer = phone.answer(&asked.message, Decision::Report, world.now());
    let message = receipt_of(world.send(Kind::Answer, &answer));
    let receipt = phone.receipt(&message);
    assert_eq!(receipt.outcome, Outcome::Reported);
    assert!(receipt.is_reported);
    let next = [NextStep::PasswordChange, NextStep::AdminTold];
    assert_eq!(receipt.next, next);
    let expected = Fact::Reported {
        statement: asked.id,
        hash: asked.message.hash(),
        outcome: Outcome::Reported,
        device: phone.id(),
        answer: answer.as_str().to_owned(),
        receipt: message.as_str().to_owned(),
    };
    assert!(world.facts().contains(&expected));
    // Sent again it raises nothing again.
    world.send(Kind::Answer, &answer);
    assert_eq!(count(&world, "reported"), 1);
    assert!(!world.ask().is_listed);
    world.pass_s(20 * 60);
    assert!(world.ask().is_listed);
}

#[test]
fn r22_when_one_phone_answers_the_other_learns_which_and_cannot_answer() {
    let world = World::new();
    let (pixel, iphone) = (world.phone("Pixel"), world.phone("iPhone"));
    let asked = world.ask();
    for phone in [&pixel, &iphone] {
        let listed = world.fetch(phone).statements;
        assert_eq!(listed.as_slice(), std::slice::from_ref(&asked.message));
    }
    let own = world.answer(&pixel, &asked.message, approve(&asked.number));
    let state = world.fetch_as(&iphone, |fetch| fetch.open = vec![asked.id]);
    assert!(state.statements.is_empty());
    let closed = iphone.receipt(&state.closed[0]);
    assert_eq!(closed.by.as_ref().unwrap().name, "Pixel");
    assert_eq!(closed.answer_hash, own.answer_hash);
    // An answer that was on its way gets the receipt of that end.
    let late = iphone.answer(&asked.message, Decision::Deny, world.now());
    let receipt = iphone.receipt(&receipt_of(world.send(Kind::Answer, &late)));
    assert_eq!(receipt.outcome, Outcome::Approved);
    assert_ne!(receipt.answer_hash, Some(late.hash()));
    assert_eq!(world.outcome(&asked.id).outcome, Some(Outcome::Approved));
}

#[test]
fn a_report_after_the_end_changes_no_outcome_and_is_raised_once() {
    let world = World::new();
    let (pixel, iphone) = (world.phone("Pixel"), world.phone("iPhone"));
    let asked = world.ask();
    // Somebody had the number.
    world.answer(&pixel, &asked.message, approve(&asked.number));
    let receipt = world.answer(&pixel, &asked.message, Decision::Report);
    assert_eq!(receipt.outcome, Outcome::Approved);
    assert!(receipt.is_reported);
    assert_eq!(receipt.next, [NextStep::AdminTold]);
    world.pass_s(1);
    let again = world.answer(&pixel, &asked.message, Decision::Report);
    let other = world.answer(&iphone, &asked.message, Decision::Report);
    assert!(again.is_reported && other.is_reported);
    assert_eq!(count(&world, "reported"), 1);
    // Whoever asks what became of it hears it too.
    let state = world.fetch_as(&iphone, |fetch| fetch.open = vec![asked.id]);
    assert!(iphone.receipt(&state.closed[0]).is_reported);
    assert!(!world.ask().is_listed);
}

#[test]
fn a_late_report_changes_no_receipt_that_an_answer_got() {
    let world = World::new();
    let (pixel, iphone) = (world.phone("Pixel"), world.phone("iPhone"));
    let asked = world.ask();
    let answer = pixel.answer(&asked.message, approve(&asked.number), world.now());
    let receipt = receipt_of(world.send(Kind::Answer, &answer));
    assert!(!pixel.receipt(&receipt).is_reported);
    let report = iphone.answer(&asked.message, Decision::Report, world.now());
    let reported = receipt_of(world.send(Kind::Answer, &report));
    assert!(iphone.receipt(&reported).is_reported);
    for _ in 0..2 {
        assert_eq!(receipt_of(world.send(Kind::Answer, &answer)), receipt);
        assert_eq!(receipt_of(world.send(Kind::Answer, &report)), reported);
    }
    // Who asks what became of it hears of the report.
    let state = world.fetch_as(&pixel, |fetch| fetch.open = vec![asked.id]);
    assert!(pixel.receipt(&state.closed[0]).is_reported);
}

#[test]
fn a_statement_that_nobody_answered_can_be_reported_for_a_day_after_its_expiry() {
    let world = World::new();
    let phone = world.phone("Pixel");
    let [first, second] = [world.ask(), world.ask()];
    world.pass_s(120 + RECEIPT_KEEP_S - 1);
    let receipt = world.answer(&phone, &first.message, Decision::Report);
    assert_eq!(receipt.outcome, Outcome::Expired);
    assert!(receipt.is_reported);
    world.pass_s(1);
    let late = phone.answer(&second.message, Decision::Report, world.now());
    assert_eq!(
        world.refused(Kind::Answer, &late),
        Problem::UnknownStatement
    );
    assert_eq!(count(&world, "reported"), 1);
}

#[test]
fn receipts_are_kept_for_a_day_after_expiry() {
    let world = World::new();
    let phone = world.phone("Pixel");
    let asked = world.ask();
    world.answer(&phone, &asked.message, Decision::Deny);
    world.pass_s(120 + RECEIPT_KEEP_S - 1);
    let closed = |id: Id| world.fetch_as(&phone, |fetch| fetch.open = vec![id]).closed;
    let receipt = phone.receipt(&closed(asked.id)[0]);
    assert_eq!(receipt.outcome, Outcome::Denied);
    world.pass_s(1);
    assert!(closed(asked.id).is_empty());
}

#[test]
fn each_receipt_of_one_end_is_the_same_bytes() {
    let world = World::new();
    let phones = [world.phone("Pixel"), world.phone("iPhone")];
    let asked = world.ask();
    world.take(&Withdraw {
        statement: asked.id,
    });
    let closed = |phone| {
        world
            .fetch_as(phone, |fetch| fetch.open = vec![asked.id])
            .closed
    };
    let first = closed(&phones[0]);
    world.pass_s(7);
    assert_eq!(closed(&phones[0]), first);
    assert_eq!(closed(&phones[1]), first);
    assert_eq!(phones[1].receipt(&first[0]).outcome, Outcome::Withdrawn);
}
