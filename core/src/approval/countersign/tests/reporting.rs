//! Reports that come late, and receipts that do not end what they answer: nothing is lost, and nothing is sent without a pause.

use countersign_protocol::kind::Kind;
use countersign_protocol::message::{Outcome as Said, Standing as Stands};

use super::peer::*;
use crate::approval::exchange::{Lane, Outgoing, Reply, Unreachable};
use crate::approval::history::{Decision as Decided, Outcome as Noted};
use crate::approval::model::{Decision, Outcome, StatementId, Typed};
use crate::approval::work::Taken;
use crate::device::NoDeviceKeys;
use crate::time::UnixSeconds;

fn approve() -> Decision {
    Decision::Approve {
        number: Typed::new("123456"),
    }
}

fn decide(device: &mut Device, id: StatementId, decision: &Decision, now: UnixSeconds) {
    let work = &mut device.account.work;
    let signed = work.answer(id, decision, &NoDeviceKeys, now).unwrap();
    work.store_answer(&signed, now).unwrap();
    device.restart();
}

fn says(device: &Device, now: UnixSeconds) -> bool {
    let contact = device.account.contact.clone();
    let attention = crate::approval::Attention::Idle;
    device
        .account
        .work
        .due(attention, &contact, now)
        .say
        .is_some()
}

/// When the lane may be used again.
fn retry_at(device: &Device) -> Option<UnixSeconds> {
    device.account.contact.retry_at(Lane::Say, NOW)
}

fn closed_as_expired(peer: &Peer, device: &mut Device, answer: &str, now: UnixSeconds) {
    let mut receipt = peer.receipt(answer, Said::Expired, now);
    (receipt.answer_hash, receipt.by) = (None, None);
    let receipt = peer.says(Kind::Receipt, &receipt.to_claims());
    device.fetch(peer, Stands::Active, now, |state| {
        state.closed.push(receipt);
    });
}

fn reply(
    peer: &Peer,
    device: &mut Device,
    outgoing: &Outgoing,
    outcome: Said,
    is_reported: bool,
    now: UnixSeconds,
) -> Taken {
    let mut receipt = peer.receipt(&outgoing.body, outcome, now);
    receipt.is_reported = is_reported;
    if outcome == Said::Expired {
        (receipt.answer_hash, receipt.by) = (None, None);
    }
    let receipt = peer.says(Kind::Receipt, &receipt.to_claims());
    let work = &mut device.account.work;
    let taken = work.take(&outgoing.errand, &ok(receipt.as_str()), now);
    device.restart();
    taken
}

#[test]
fn r9_a_report_that_was_not_received_before_the_end_is_received_after_it() {
    let (peer, mut device, id) = asked();
    decide(&mut device, id, &Decision::Report, NOW);
    let first = device.request(Lane::Say, NOW);
    let lost = Reply::Unreachable(Unreachable::NoConnection);
    device.take_reply(&first.errand, &lost, NOW);
    // Its time is over, and the server has not said so yet.
    let late = NOW.plus(200);
    assert_eq!(device.request(Lane::Say, late).body, first.body);
    closed_as_expired(&peer, &mut device, &first.body, late);
    assert_eq!(device.statements(late)[0].outcome, Some(Outcome::Expired));
    let again = device.request(Lane::Say, late);
    assert_eq!(again.body, first.body);
    let taken = reply(&peer, &mut device, &again, Said::Expired, true, late);
    assert_eq!(taken.notes.len(), 1);
    assert_eq!(taken.notes[0].decision, Some(Decided::Report));
    assert_eq!(taken.notes[0].outcome, Some(Noted::Reported));
    assert!(!says(&device, late));
    // A day after the end nobody takes it any more.
    let (_, mut device, id) = asked();
    decide(&mut device, id, &Decision::Report, NOW);
    assert!(says(&device, NOW.plus(119 + 24 * 3_600)));
    assert!(!says(&device, NOW.plus(120 + 24 * 3_600)));
}

#[test]
fn a_report_that_the_server_answers_and_does_not_take_is_sent_no_more() {
    let (peer, mut device, id) = asked();
    decide(&mut device, id, &approve(), NOW);
    let outgoing = device.request(Lane::Say, NOW);
    reply(&peer, &mut device, &outgoing, Said::Approved, false, NOW);
    let late = NOW.plus(3_600);
    decide(&mut device, id, &Decision::Report, late);
    let report = device.request(Lane::Say, late);
    let taken = reply(&peer, &mut device, &report, Said::Approved, false, late);
    assert!(!says(&device, late));
    // What was said and what came of it are in the history all the same.
    assert_eq!(taken.notes[0].decision, Some(Decided::Report));
    assert_eq!(taken.notes[0].messages[1].text, report.body);
}

#[test]
fn a_report_that_overtakes_an_approval_is_what_the_history_has() {
    let (peer, mut device, id) = asked();
    decide(&mut device, id, &approve(), NOW);
    decide(&mut device, id, &Decision::Report, NOW.plus(1));
    let report = device.request(Lane::Say, NOW.plus(1));
    let taken = reply(&peer, &mut device, &report, Said::Reported, true, NOW);
    assert_eq!(device.statements(NOW)[0].outcome, Some(Outcome::Reported));
    assert_eq!(taken.notes.len(), 1);
    assert_eq!(taken.notes[0].decision, Some(Decided::Report));
    assert_eq!(taken.notes[0].messages[1].text, report.body);
    assert!(!says(&device, NOW.plus(1)));
}

#[test]
fn an_answer_in_time_does_not_wait_behind_a_report_of_what_has_ended() {
    let (peer, mut device, id) = asked();
    let late = NOW.plus(200);
    decide(&mut device, id, &Decision::Report, late);
    let second = peer.signed_statement(&peer.statement(2, late));
    device.fetch(&peer, Stands::Active, late, |state| {
        state.statements.push(second);
    });
    let open = device.statements(late);
    let open = open.iter().find(|one| one.outcome.is_none()).unwrap().id;
    decide(&mut device, open, &approve(), late);
    let outgoing = device.request(Lane::Say, late);
    assert_eq!(outgoing.errand.statement, Some(open));
}

#[test]
fn an_answer_that_its_receipt_does_not_end_is_not_sent_as_fast_as_it_is_answered() {
    let (peer, mut device, id) = asked();
    decide(&mut device, id, &approve(), NOW);
    let outgoing = device.request(Lane::Say, NOW);
    let mut receipt = peer.receipt(&outgoing.body, Said::WrongNumber, NOW);
    (receipt.left, receipt.answer_hash) = (Some(2), None);
    let receipt = peer.says(Kind::Receipt, &receipt.to_claims());
    let account = &mut device.account;
    account.take(&outgoing.errand, &ok(receipt.as_str()), NOW);
    assert_eq!(retry_at(&device), Some(NOW.plus(1)));
    device.restart();
    assert_eq!(device.request(Lane::Say, NOW).body, outgoing.body);
}

#[test]
fn a_wrong_number_undoes_no_decision_that_had_none() {
    let (peer, mut device, id) = asked();
    decide(&mut device, id, &Decision::Deny, NOW);
    let outgoing = device.request(Lane::Say, NOW);
    let mut receipt = peer.receipt(&outgoing.body, Said::WrongNumber, NOW);
    receipt.left = Some(2);
    let receipt = peer.says(Kind::Receipt, &receipt.to_claims());
    device.take(&outgoing.errand, receipt.as_str(), NOW);
    assert_eq!(device.request(Lane::Say, NOW).body, outgoing.body);
}

#[test]
fn a_server_that_does_not_let_go_is_not_asked_as_fast_as_it_answers() {
    let (peer, mut device) = active();
    device.account.leave(NOW);
    let outgoing = device.request(Lane::Say, NOW);
    let state = peer.state(&outgoing.body, Stands::Active, NOW);
    let state = peer.says(Kind::State, &state.to_claims());
    device
        .account
        .take(&outgoing.errand, &ok(state.as_str()), NOW);
    assert_eq!(retry_at(&device), Some(NOW.plus(1)));
    assert!(device.account.is_leaving() && !device.account.is_gone(NOW));
}
