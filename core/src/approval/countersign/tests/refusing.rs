//! What is refused: each check by a case that fails only by it (R12), each recorded, none shown.

use countersign_protocol::kind::Kind;
use countersign_protocol::message::{Outcome as Said, Standing as Stands};
use countersign_protocol::signing::SigningKey;

use super::peer::*;
use crate::approval::countersign::entry::Step;
use crate::approval::exchange::{Cause, Event, Lane};
use crate::approval::{ApprovalError, Decision};
use crate::device::NoDeviceKeys;

/// The causes of what a state with this statement was refused for.
fn causes(events: &[Event]) -> Vec<Cause> {
    let causes = events.iter().map(|event| match event {
        Event::Refused { cause, .. } => *cause,
        other => panic!("{other:?}"),
    });
    causes.collect()
}

#[test]
fn r12_each_check_of_a_statement_refuses_alone() {
    let bend: [(&str, Cause); 3] = [
        ("issuer", Cause::Issuer),
        ("audience", Cause::Audience),
        ("account", Cause::Account),
    ];
    for (what, cause) in bend {
        let (peer, mut device) = active();
        let mut statement = peer.statement(1, NOW);
        match what {
            "issuer" => statement.issuer = "https://login.example.net".to_owned(),
            "audience" => statement.audience = vec![peer.key().public().thumbprint()],
            _ => statement.account = id(200),
        }
        let statement = peer.signed_statement(&statement);
        let events = device.fetch(&peer, Stands::Active, NOW, |state| {
            state.statements.push(statement);
        });
        assert_eq!(causes(&events), [cause], "{what}");
        assert!(device.statements(NOW).is_empty());
    }
}

#[test]
fn a_server_that_passes_on_anothers_statement_is_refused() {
    let (honest, _) = active();
    let (peer, mut device) = active();
    // For this very device and account, signed by the honest server's key.
    let statement = honest.says(
        Kind::Statement,
        &peer.statement(1, NOW).to_claims().unwrap(),
    );
    let events = device.fetch(&peer, Stands::Active, NOW, |state| {
        state.statements.push(statement);
    });
    assert_eq!(causes(&events), [Cause::UnknownKey]);
}

#[test]
fn the_same_number_for_another_content_is_refused() {
    let (peer, mut device, id) = asked();
    let mut other = peer.statement(1, NOW);
    other.app = "Payroll".to_owned();
    let (genuine, other) = (
        device.statements(NOW)[0].clone(),
        peer.signed_statement(&other),
    );
    let events = device.fetch(&peer, Stands::Active, NOW, |state| {
        state.statements.push(other);
    });
    assert!(events.iter().any(|event| matches!(
        event,
        Event::Refused {
            cause: Cause::Reused,
            ..
        }
    )));
    assert_eq!(device.statements(NOW)[0].lines, genuine.lines);
    assert_eq!(device.statements(NOW)[0].id, id);
}

#[test]
fn r12_what_has_ended_comes_back_as_nothing() {
    let (peer, mut device) = active();
    let statement = peer.signed_statement(&peer.statement(1, NOW));
    let late = NOW.plus(120);
    let events = device.fetch(&peer, Stands::Active, late, |state| {
        state.statements.push(statement);
    });
    assert!(events.is_empty());
    assert!(device.statements(late).is_empty());
}

#[test]
fn each_check_of_a_state_refuses_alone_and_the_device_stays_usable() {
    let (peer, mut device) = active();
    let outgoing = device.request(Lane::Ask, NOW);
    let plain = || peer.state(&outgoing.body, Stands::Confirmed, NOW);
    let mut for_another = plain();
    for_another.audience = peer.key().public().thumbprint();
    let mut of_another = plain();
    of_another.request_hash = peer.account().hash();
    let stranger = SigningKey::generate().unwrap();
    let says = |state: &countersign_protocol::message::State| {
        peer.says(Kind::State, &state.to_claims())
            .as_str()
            .to_owned()
    };
    let genuine = says(&plain());
    let mut flipped = genuine.clone().into_bytes();
    *flipped.last_mut().unwrap() = match flipped.last() {
        Some(b'A') => b'Q',
        _ => b'A',
    };
    for (body, cause) in [
        (says(&for_another), Cause::Audience),
        (says(&of_another), Cause::Reply),
        (
            signed(&stranger, Kind::State, &plain().to_claims())
                .as_str()
                .to_owned(),
            Cause::UnknownKey,
        ),
        (String::from_utf8(flipped).unwrap(), Cause::Signature),
        ("a".repeat(70_000), Cause::Form),
        (peer.account().as_str().to_owned(), Cause::Form),
    ] {
        let events = device.take(&outgoing.errand, &body, NOW);
        assert_eq!(causes(&events), [cause], "{cause:?}");
        assert_eq!(device.account.standing(), crate::approval::Standing::Active);
    }
    device.take(&outgoing.errand, &genuine, NOW);
    assert_eq!(
        device.account.standing(),
        crate::approval::Standing::Confirmed
    );
}

#[test]
fn a_receipt_of_another_statement_or_device_ends_nothing() {
    let (peer, mut device, id_of) = asked();
    let signed_answer = device
        .account
        .work
        .answer(id_of, &Decision::Deny, &NoDeviceKeys, NOW)
        .unwrap();
    device
        .account
        .work
        .store_answer(&signed_answer, NOW)
        .unwrap();
    let outgoing = device.request(Lane::Say, NOW);
    let plain = || peer.receipt(&outgoing.body, Said::Denied, NOW);
    let mut other_statement = plain();
    other_statement.statement = id(77);
    let mut other_bytes = plain();
    other_bytes.statement_hash = peer.account().hash();
    let mut other_device = plain();
    other_device.audience = vec![peer.key().public().thumbprint()];
    for (receipt, cause) in [
        (other_statement, Cause::Reply),
        (other_bytes, Cause::Reply),
        (other_device, Cause::Audience),
    ] {
        let receipt = peer.says(Kind::Receipt, &receipt.to_claims());
        let events = device.take(&outgoing.errand, receipt.as_str(), NOW);
        assert_eq!(causes(&events), [cause]);
        assert!(device.statements(NOW)[0].outcome.is_none());
        // The answer is still sent, with the same bytes.
        assert_eq!(device.request(Lane::Say, NOW.plus(5)).body, outgoing.body);
    }
    let receipt = peer.says(Kind::Receipt, &plain().to_claims());
    device.take(&outgoing.errand, receipt.as_str(), NOW);
    assert!(device.statements(NOW)[0].outcome.is_some());
}

#[test]
fn junk_against_the_history_is_noted_by_cause_alone() {
    let (peer, mut device) = active();
    let mut notes = 0;
    for number in 0..20 {
        let outgoing = device.request(Lane::Ask, NOW);
        let mut statement = peer.statement(number, NOW);
        statement.account = id(200);
        let mut state = peer.state(&outgoing.body, Stands::Active, NOW);
        state.statements.push(peer.signed_statement(&statement));
        let state = peer.says(Kind::State, &state.to_claims());
        let took = device
            .account
            .take(&outgoing.errand, &ok(state.as_str()), NOW);
        assert!(took.notes.is_empty());
        notes += took.refused.len();
        assert!(took.refused.iter().all(|note| note.messages.is_empty()));
    }
    // The desk keeps one of each cause and hour.
    assert_eq!(notes, 20);
}

#[test]
fn a_scanned_statement_that_is_not_for_this_device_is_not_genuine() {
    let (peer, mut device) = active();
    let mut statement = peer.statement(1, NOW);
    statement.issuer = "https://evil.example".to_owned();
    let statement = peer.signed_statement(&statement);
    assert!(device.account.work.is_addressed(statement.as_str()));
    let refused = device
        .account
        .work
        .scan(statement.as_str(), NOW)
        .unwrap_err();
    assert_eq!(refused.error, ApprovalError::NotGenuine);
    assert_eq!(refused.cause, Some(Cause::Issuer));
    assert!(!device.account.work.is_addressed("a.b.c"));
}

#[test]
fn no_error_and_no_debug_shows_what_came() {
    let (_, device, id) = asked();
    let shown = format!("{:?}{:?}{:?}", device.account, device.statements(NOW), id);
    for secret in ["Mail", "ann@", "ACME", "example"] {
        assert!(!shown.contains(secret), "{secret}: {shown}");
    }
    let step = Step::Confirm(
        super::peer::id(31),
        zeroize::Zeroizing::new("123456".to_owned()),
    );
    assert_eq!(format!("{step:?}"), "Confirm([redacted])");
}
