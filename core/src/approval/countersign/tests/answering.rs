//! Decisions: what is signed, what is stored, what is sent, and what never happens by itself.

use countersign_protocol::hash::MessageHash;
use countersign_protocol::hash::Thumbprint;
use countersign_protocol::kind::{Kind, Role};
use countersign_protocol::lines::Lines;
use countersign_protocol::message::{
    Act, Decision as Spoken, Ended, NextStep, Outcome as Said, Standing as Stands, SuspendedWhy,
};

use super::peer::*;
use crate::approval::ApprovalError;
use crate::approval::evidence::Proof;
use crate::approval::exchange::{Event, Lane, Reply, Unreachable};
use crate::approval::history::{
    Decision as Decided, Kind as NoteKind, NotGenuine, Outcome as Noted,
};
use crate::approval::model::{AfterReport, CannotApprove, Decision, Outcome, StatementId, Typed};
use crate::device::NoDeviceKeys;
use crate::time::UnixSeconds;

fn approve(digits: &str) -> Decision {
    Decision::Approve {
        number: Typed::new(digits),
    }
}

fn decide(
    device: &mut Device,
    id: StatementId,
    decision: &Decision,
    now: UnixSeconds,
) -> Result<(), ApprovalError> {
    let signed = device
        .account
        .work
        .answer(id, decision, &NoDeviceKeys, now)?;
    device.account.work.store_answer(&signed, now)?;
    if signed.is_report {
        device.account.shield.reported(now);
    }
    device.restart();
    Ok(())
}

fn says_something(device: &Device, now: UnixSeconds) -> bool {
    let contact = device.account.contact.clone();
    let due = device
        .account
        .work
        .due(crate::approval::Attention::Waiting, &contact, now);
    due.say.is_some()
}

#[test]
fn r3_without_a_number_nothing_is_sent() {
    let (_, mut device, id) = asked();
    for typed in ["", " ", "12345", "1234567", "12345a", "１２３４５６"] {
        let error = decide(&mut device, id, &approve(typed), NOW);
        assert_eq!(error, Err(ApprovalError::Number { digits: 6 }), "{typed:?}");
    }
    assert!(!says_something(&device, NOW));
    assert!(decide(&mut device, id, &approve(" 123 456 "), NOW).is_ok());
    assert!(says_something(&device, NOW));
}

#[test]
fn an_approval_is_the_approval_keys_and_says_what_was_shown() {
    let (peer, mut device, id) = asked();
    decide(&mut device, id, &approve("123456"), NOW).unwrap();
    let outgoing = device.request(Lane::Say, NOW);
    assert_eq!(outgoing.url, format!("{URL}/v1/answers"));
    let verified = peer.verified(Kind::Answer, &outgoing.body);
    assert_eq!(verified.role(), Role::Approval);
    let answer = peer.read_answer(&outgoing.body);
    let statement = peer.statement(1, NOW);
    assert_eq!(answer.shown, Lines::of(&statement).hash());
    assert!(
        answer.decision
            == Spoken::Approve {
                number: number("123456")
            }
    );
    for (decision, spoken) in [
        (Decision::Deny, Spoken::Deny),
        (Decision::Report, Spoken::Report),
        (Decision::Cancel, Spoken::Cancel),
    ] {
        let (peer, mut device, id) = asked();
        decide(&mut device, id, &decision, NOW).unwrap();
        let outgoing = device.request(Lane::Say, NOW);
        let verified = peer.verified(Kind::Answer, &outgoing.body);
        assert_eq!(verified.role(), Role::Device);
        assert!(peer.read_answer(&outgoing.body).decision == spoken);
    }
}

#[test]
fn r7_an_answer_is_sent_with_the_same_bytes_until_its_receipt_and_never_after_the_end() {
    let (peer, mut device, id) = asked();
    decide(&mut device, id, &approve("123456"), NOW).unwrap();
    let first = device.request(Lane::Say, NOW);
    for after_s in [1, 10, 100] {
        let lost = Reply::Unreachable(Unreachable::NoConnection);
        device.take_reply(&first.errand, &lost, NOW.plus(after_s));
        let again = device.request(Lane::Say, NOW.plus(after_s));
        assert_eq!(again.body, first.body);
    }
    // A second decision is none.
    let error = decide(&mut device, id, &Decision::Deny, NOW);
    assert_eq!(error, Err(ApprovalError::Answered));
    assert!(says_something(&device, NOW.plus(119)));
    assert!(!says_something(&device, NOW.plus(120)));
    let receipt = peer.receipt(&first.body, Said::Approved, NOW.plus(101));
    let receipt = peer.says(Kind::Receipt, &receipt.to_claims());
    let events = device.take(&first.errand, receipt.as_str(), NOW.plus(101));
    let account = device.account.id;
    let outcome = Outcome::Approved;
    assert_eq!(
        events,
        [Event::Outcome {
            account,
            statement: id,
            outcome
        }]
    );
    assert!(!says_something(&device, NOW.plus(101)));
    let error = decide(&mut device, id, &Decision::Deny, NOW.plus(102));
    assert_eq!(error, Err(ApprovalError::Ended));
}

#[test]
fn r3_a_wrong_number_leaves_tries_and_the_third_ends_it() {
    let (peer, mut device, id) = asked();
    for left in [2, 1] {
        decide(&mut device, id, &approve("000000"), NOW).unwrap();
        let outgoing = device.request(Lane::Say, NOW);
        let mut receipt = peer.receipt(&outgoing.body, Said::WrongNumber, NOW);
        receipt.left = Some(left);
        let receipt = peer.says(Kind::Receipt, &receipt.to_claims());
        let events = device.take(&outgoing.errand, receipt.as_str(), NOW);
        let account = device.account.id;
        let outcome = Outcome::WrongNumber { left };
        assert_eq!(
            events,
            [Event::Outcome {
                account,
                statement: id,
                outcome
            }]
        );
        assert_eq!(device.statements(NOW)[0].tries_left, Some(left));
        assert_eq!(device.statements(NOW)[0].cannot_approve, None);
    }
    decide(&mut device, id, &approve("000000"), NOW).unwrap();
    let outgoing = device.request(Lane::Say, NOW);
    let mut receipt = peer.receipt(&outgoing.body, Said::Denied, NOW);
    receipt.left = Some(0);
    let receipt = peer.says(Kind::Receipt, &receipt.to_claims());
    device.take(&outgoing.errand, receipt.as_str(), NOW);
    assert_eq!(device.statements(NOW)[0].outcome, Some(Outcome::Denied));
}

#[test]
fn r6_what_has_ended_by_the_servers_clock_is_not_answered_and_no_clock_brings_it_back() {
    let (peer, mut device, id) = asked();
    let late = NOW.plus(160);
    let error = decide(&mut device, id, &approve("123456"), late);
    assert_eq!(error, Err(ApprovalError::Expired { ago_s: 40 }));
    assert_eq!(device.statements(late)[0].left_s, -40);
    // It is nothing that waits, although its server has not been heard of.
    assert_eq!(device.statements(late)[0].outcome, Some(Outcome::Expired));
    assert_eq!(device.account.view(late).open, 0);
    assert_eq!(device.account.view(NOW).open, 1);
    // It is seen to be over by whatever happens next, and from then on it stays so.
    device.fetch(&peer, Stands::Active, late, |state| {
        state
            .statements
            .push(peer.signed_statement(&peer.statement(2, late)));
    });
    let first = device.statements(NOW)[0].clone();
    assert_eq!(first.id, id);
    assert!(matches!(
        first.cannot_approve,
        Some(CannotApprove::Expired | CannotApprove::Ended)
    ));
    let error = decide(&mut device, id, &approve("123456"), NOW);
    assert!(matches!(
        error,
        Err(ApprovalError::Expired { .. } | ApprovalError::Ended)
    ));
}

#[test]
fn r9_not_me_mutes_for_twenty_minutes_and_says_what_comes_next() {
    let (peer, mut device, id) = asked();
    decide(&mut device, id, &Decision::Report, NOW).unwrap();
    let outgoing = device.request(Lane::Say, NOW);
    let mut receipt = peer.receipt(&outgoing.body, Said::Reported, NOW);
    receipt.is_reported = true;
    receipt.next = vec![NextStep::PasswordChange, NextStep::AdminTold];
    let receipt = peer.says(Kind::Receipt, &receipt.to_claims());
    device.take(&outgoing.errand, receipt.as_str(), NOW);
    let view = device.statements(NOW)[0].clone();
    assert_eq!(view.outcome, Some(Outcome::Reported));
    assert_eq!(
        view.next,
        [AfterReport::PasswordChange, AfterReport::AdminTold]
    );
    let muted = device.account.view(NOW).muted_until;
    assert_eq!(muted, Some(NOW.plus(20 * 60)));
    let next = peer.signed_statement(&peer.statement(2, NOW));
    let events = device.fetch(&peer, Stands::Active, NOW.plus(5), |state| {
        state.statements.push(next);
    });
    assert!(matches!(events[..], [Event::Queued { .. }]));
}

#[test]
fn r10_it_was_me_cancel_raises_no_alarm() {
    let (peer, mut device, id) = asked();
    decide(&mut device, id, &Decision::Cancel, NOW).unwrap();
    let outgoing = device.request(Lane::Say, NOW);
    let receipt = peer.receipt(&outgoing.body, Said::Cancelled, NOW);
    let receipt = peer.says(Kind::Receipt, &receipt.to_claims());
    device.take(&outgoing.errand, receipt.as_str(), NOW);
    assert_eq!(device.statements(NOW)[0].outcome, Some(Outcome::Cancelled));
    assert_eq!(device.account.view(NOW).muted_until, None);
}

#[test]
fn r22_what_another_device_answered_cannot_be_answered_here() {
    let (peer, mut device, id) = asked();
    decide(&mut device, id, &approve("123456"), NOW).unwrap();
    let outgoing = device.request(Lane::Say, NOW);
    let mut receipt = peer.receipt(&outgoing.body, Said::Denied, NOW);
    receipt.by = Some(Ended {
        key: Thumbprint::from_bytes([8; 32]),
        name: "Pixel".to_owned(),
    });
    receipt.answer_hash = Some(MessageHash::from_bytes([8; 32]));
    let receipt = peer.says(Kind::Receipt, &receipt.to_claims());
    device.take(&outgoing.errand, receipt.as_str(), NOW);
    let outcome = device.statements(NOW)[0].outcome.clone();
    let Some(Outcome::Elsewhere { by, approved }) = outcome else {
        panic!("answered elsewhere");
    };
    assert_eq!((by.as_str(), approved), ("Pixel", false));
    let error = decide(&mut device, id, &approve("123456"), NOW);
    assert_eq!(error, Err(ApprovalError::Ended));
}

#[test]
fn an_approval_that_names_nobody_is_not_this_devices() {
    let (peer, mut device, id) = asked();
    let signed = device
        .account
        .work
        .answer(id, &approve("123456"), &NoDeviceKeys, NOW)
        .unwrap();
    // Signed and never stored: this device has said nothing.
    let mut receipt = peer.receipt(&signed.message, Said::Approved, NOW);
    receipt.by = None;
    let receipt = peer.says(Kind::Receipt, &receipt.to_claims());
    device.fetch(&peer, Stands::Active, NOW, |state| {
        state.closed.push(receipt);
    });
    let outcome = device.statements(NOW)[0].outcome.clone();
    assert!(matches!(
        outcome,
        Some(Outcome::Elsewhere { approved: true, .. })
    ));
}

#[test]
fn a_receipt_of_other_bytes_under_this_devices_key_is_not_its_own_end() {
    let (peer, mut device, id) = asked();
    decide(&mut device, id, &approve("123456"), NOW).unwrap();
    let outgoing = device.request(Lane::Say, NOW);
    let mut receipt = peer.receipt(&outgoing.body, Said::Approved, NOW);
    receipt.answer_hash = Some(MessageHash::from_bytes([0; 32]));
    let receipt = peer.says(Kind::Receipt, &receipt.to_claims());
    let took = device
        .account
        .take(&outgoing.errand, &ok(receipt.as_str()), NOW);
    let outcome = device.statements(NOW)[0].outcome.clone();
    assert!(matches!(
        outcome,
        Some(Outcome::Elsewhere { approved: true, .. })
    ));
    assert_eq!(took.notes[0].outcome, Some(Noted::Elsewhere));
}

#[test]
fn r15_a_receipt_of_another_answer_proves_nothing_of_this_one() {
    let (peer, mut device, id) = asked();
    decide(&mut device, id, &approve("123456"), NOW).unwrap();
    let outgoing = device.request(Lane::Say, NOW);
    let mut receipt = peer.receipt(&outgoing.body, Said::Approved, NOW);
    let honest = peer.says(Kind::Receipt, &receipt.to_claims());
    let reply = ok(honest.as_str());
    let mut note = device
        .account
        .take(&outgoing.errand, &reply, NOW)
        .notes
        .remove(0);
    let mut evidence = device.account.work.evidence();
    assert_eq!(evidence.check(&note), Ok(Proof::Proven));
    receipt.answer_hash = Some(MessageHash::from_bytes([0; 32]));
    let other = peer.says(Kind::Receipt, &receipt.to_claims());
    note.messages[2].text = other.as_str().to_owned();
    assert_eq!(evidence.check(&note), Err(NotGenuine));
    // What another device did is proven by its receipt alone.
    note.outcome = Some(Noted::Elsewhere);
    assert_eq!(evidence.check(&note), Ok(Proof::Proven));
}

#[test]
fn what_came_in_one_second_is_in_the_servers_order() {
    let (peer, mut device, _) = asked();
    let numbers = [9, 3, 7, 2, 8, 4, 6, 5];
    let made = numbers.map(|number| peer.signed_statement(&peer.statement(number, NOW)));
    device.fetch(&peer, Stands::Active, NOW, |state| {
        state
            .statements
            .push(peer.signed_statement(&peer.statement(1, NOW)));
        state.statements.extend(made);
    });
    device.restart();
    let sorted = device.statements(NOW);
    let references: Vec<&str> = sorted.iter().map(|one| one.reference.as_str()).collect();
    let expected: Vec<String> = std::iter::once(1)
        .chain(numbers)
        .map(|number| super::peer::id(number).format())
        .collect();
    // The first is another statement than the one that came before: the same id with other bytes is not taken.
    assert_eq!(references[1..], expected[1..]);
}

#[test]
fn a_report_is_taken_after_the_end_once() {
    let (peer, mut device, id) = asked();
    decide(&mut device, id, &approve("123456"), NOW).unwrap();
    let outgoing = device.request(Lane::Say, NOW);
    let receipt = peer.receipt(&outgoing.body, Said::Approved, NOW);
    let receipt = peer.says(Kind::Receipt, &receipt.to_claims());
    device.take(&outgoing.errand, receipt.as_str(), NOW);
    // Whoever was tricked must be able to say so.
    decide(&mut device, id, &Decision::Report, NOW.plus(3_600)).unwrap();
    let outgoing = device.request(Lane::Say, NOW.plus(3_600));
    let mut receipt = peer.receipt(&outgoing.body, Said::Approved, NOW.plus(3_600));
    receipt.is_reported = true;
    let receipt = peer.says(Kind::Receipt, &receipt.to_claims());
    let took = device
        .account
        .take(&outgoing.errand, &ok(receipt.as_str()), NOW.plus(3_601));
    assert_eq!(took.notes[0].decision, Some(Decided::Report));
    assert_eq!(took.notes[0].messages.len(), 3);
    assert_eq!(device.statements(NOW)[0].outcome, Some(Outcome::Approved));
    assert!(!says_something(&device, NOW.plus(3_602)));
    let error = decide(&mut device, id, &Decision::Report, NOW.plus(3_602));
    assert_eq!(error, Err(ApprovalError::Ended));
    let (_, mut device, id) = asked();
    let error = decide(
        &mut device,
        id,
        &Decision::Report,
        NOW.plus(120 + 24 * 3_600),
    );
    assert_eq!(error, Err(ApprovalError::Ended));
}

#[test]
fn r15_an_approval_leaves_one_entry_with_all_that_proves_it() {
    let (peer, mut device, id) = asked();
    decide(&mut device, id, &approve("123456"), NOW).unwrap();
    let outgoing = device.request(Lane::Say, NOW);
    let receipt = peer.receipt(&outgoing.body, Said::Approved, NOW);
    let receipt = peer.says(Kind::Receipt, &receipt.to_claims());
    let took = device
        .account
        .take(&outgoing.errand, &ok(receipt.as_str()), NOW);
    assert_eq!(took.notes.len(), 1);
    let note = &took.notes[0];
    assert_eq!(note.kind, NoteKind::Answered);
    assert_eq!(note.decision, Some(Decided::Approve));
    assert_eq!(note.outcome, Some(Noted::Approved));
    let statement = note.messages[0].text.as_str();
    assert_eq!(note.statement, Some(*MessageHash::of(statement).bytes()));
    let texts: Vec<&str> = note.messages[1..]
        .iter()
        .map(|one| one.text.as_str())
        .collect();
    assert_eq!(texts, [outgoing.body.as_str(), receipt.as_str()]);
}

#[test]
fn what_is_not_known_is_denied_or_reported_and_never_approved() {
    let (peer, mut device) = active();
    // An act of a later version.
    let claims = peer.statement(1, NOW).to_claims().unwrap();
    let mut later = countersign_protocol::json::Object::new();
    for name in claims.names() {
        let value = match name {
            "act" => countersign_protocol::json::Json::Text("transfer".to_owned()),
            _ => claims.get(name).unwrap().clone(),
        };
        later = later.with(name, value);
    }
    let with_member = peer
        .statement(2, NOW)
        .to_claims()
        .unwrap()
        .with("later", countersign_protocol::json::Json::Integer(1));
    let statements = [later, with_member].map(|claims| peer.says(Kind::Statement, &claims));
    device.fetch(&peer, Stands::Active, NOW, |state| {
        state.statements.extend(statements);
    });
    let views = device.statements(NOW);
    assert_eq!(views.len(), 2);
    for view in views {
        assert_eq!(view.cannot_approve, Some(CannotApprove::Unknown));
        let error = decide(&mut device, view.id, &approve("123456"), NOW);
        assert_eq!(error, Err(ApprovalError::Unknown));
        let error = decide(&mut device, view.id, &Decision::Cancel, NOW);
        assert_eq!(error, Err(ApprovalError::Unknown));
        decide(&mut device, view.id, &Decision::Deny, NOW).unwrap();
    }
}

#[test]
fn only_an_active_device_approves_and_an_unfinished_one_only_its_test() {
    let (peer, mut device) = enrolled();
    let mut test = peer.statement(1, NOW);
    test.act = Some(Act::Test);
    let statements = [
        peer.signed_statement(&test),
        peer.signed_statement(&peer.statement(2, NOW)),
    ];
    device.fetch(&peer, Stands::Confirmed, NOW, |state| {
        state.statements.extend(statements);
    });
    let views = device.statements(NOW);
    let is_test = |view: &&crate::approval::StatementView| view.is_test;
    let test = views.iter().find(is_test).unwrap().id;
    let other = views.iter().find(|view| !view.is_test).unwrap().id;
    let error = decide(&mut device, other, &approve("123456"), NOW);
    assert_eq!(error, Err(ApprovalError::NotActive));
    decide(&mut device, test, &approve("123456"), NOW).unwrap();
    let (peer, mut device, id) = asked();
    let suspended = Stands::Suspended {
        until: None,
        why: SuspendedWhy::WrongNumbers,
    };
    // A suspension withdraws what is open.
    device.fetch(&peer, suspended, NOW, |_| {});
    let error = decide(&mut device, id, &approve("123456"), NOW);
    assert_eq!(error, Err(ApprovalError::Ended));
}

#[test]
fn r5_nothing_but_a_decision_answers() {
    let (_, mut device, id) = asked();
    // Started again, asked again, waited for, rung again: nothing is said by it.
    for after_s in [1, 30, 60, 119] {
        device.restart();
        assert!(!says_something(&device, NOW.plus(after_s)));
        assert_eq!(device.only_statement(NOW.plus(after_s)), id);
        assert!(device.statements(NOW.plus(after_s))[0].outcome.is_none());
    }
}
