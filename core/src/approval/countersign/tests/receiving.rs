//! Statements, states, clocks and documents as they come.

use countersign_protocol::envelope::Compact;
use countersign_protocol::kind::Kind;
use countersign_protocol::message::{Confirm, Outcome as Said, Secrets, Standing as Stands};
use countersign_protocol::secret::OfflineKey;
use countersign_protocol::signing::SigningKey;

use super::peer::*;
use crate::approval::exchange::{Attention, Cause, Event, Lane, Reply};
use crate::approval::model::{CannotApprove, Outcome};
use crate::approval::{ApprovalError, Standing};
use crate::device::NoDeviceKeys;
use crate::time::UnixSeconds;

#[test]
fn r1_what_was_signed_is_shown_line_by_line() {
    let (_, device, _) = asked();
    let view = device.statements(NOW)[0].clone();
    let lines: Vec<(&str, &str)> = view
        .lines
        .iter()
        .map(|line| (line.field, line.text.as_str()))
        .collect();
    assert_eq!(
        lines,
        [
            ("server", "login.example.org"),
            ("act", "sign-in"),
            ("app", "Mail"),
            ("origin", "mail.example.org"),
            ("user", "ann"),
            ("time", "2027-01-15 08:00:00 UTC"),
        ]
    );
    assert_eq!(view.left_s, 120);
}

#[test]
fn r2_the_same_request_twice_is_one() {
    let (peer, mut device) = active();
    let statement = peer.signed_statement(&peer.statement(1, NOW));
    let link = statement.as_str().to_owned();
    let (id, is_new) = device.account.work.scan(&link, NOW).unwrap();
    assert!(is_new);
    let events = device.fetch(&peer, Stands::Active, NOW, |state| {
        state.statements.push(statement);
    });
    assert!(
        !events
            .iter()
            .any(|event| matches!(event, Event::Rings { .. }))
    );
    assert_eq!(device.only_statement(NOW), id);
}

#[test]
fn r11_bombs_ring_twice_and_the_real_one_is_answered_from_the_queue() {
    let (peer, mut device) = active();
    let mut listed: Vec<Compact> = vec![];
    let mut rang = 0;
    for number in 1..=10 {
        listed.push(peer.signed_statement(&peer.statement(number, NOW)));
        let now = NOW.plus(u64::from(number));
        let newest = listed.iter().rev().take(5).rev().cloned().collect();
        let events = device.fetch(&peer, Stands::Active, now, |state| {
            state.statements = newest;
        });
        let is_ring = |event: &&Event| matches!(event, Event::Rings { .. });
        rang += events.iter().filter(is_ring).count();
    }
    assert_eq!(rang, 2);
    let views = device.statements(NOW.plus(10));
    let last = views.last().unwrap();
    assert!(last.is_quiet && last.cannot_approve.is_none());
}

#[test]
fn r8_the_oldest_comes_first_and_a_newer_one_hides_none() {
    let (peer, mut device) = active();
    let mut listed = vec![];
    for (number, after_s) in [(3, 1), (1, 2), (2, 3)] {
        listed.push(peer.signed_statement(&peer.statement(number, NOW)));
        // Whatever order the server lists them in.
        let mut open = listed.clone();
        open.reverse();
        device.fetch(&peer, Stands::Active, NOW.plus(after_s), |state| {
            state.statements = open;
        });
    }
    let views = device.statements(NOW.plus(3));
    let lines: Vec<UnixSeconds> = views.iter().map(|view| view.received_at).collect();
    assert_eq!(lines, [NOW.plus(1), NOW.plus(2), NOW.plus(3)]);
    assert!(views.iter().all(|view| view.outcome.is_none()));
}

#[test]
fn one_that_is_asked_after_and_in_no_list_has_ended_and_nobody_says_how() {
    let (peer, mut device, id) = asked();
    let events = device.fetch(&peer, Stands::Active, NOW.plus(5), |_| {});
    let account = device.account.id;
    let outcome = Outcome::Unknown;
    assert_eq!(
        events,
        [Event::Outcome {
            account,
            statement: id,
            outcome
        }]
    );
    // One that was scanned may be open and on no list.
    let (peer, mut device) = active();
    let statement = peer.signed_statement(&peer.statement(1, NOW));
    device.account.work.scan(statement.as_str(), NOW).unwrap();
    let events = device.fetch(&peer, Stands::Active, NOW.plus(5), |_| {});
    assert!(events.is_empty());
    let events = device.fetch(&peer, Stands::Active, NOW.plus(120), |_| {});
    assert_eq!(events.len(), 1);
}

#[test]
fn a_receipt_in_closed_ends_what_was_open() {
    let (peer, mut device, id) = asked();
    let signed = device
        .account
        .work
        .answer(id, &crate::approval::Decision::Deny, &NoDeviceKeys, NOW)
        .unwrap();
    // The answer was never stored: the receipt is another device's business, or a withdrawal.
    let mut receipt = peer.receipt(&signed.message, Said::Withdrawn, NOW);
    receipt.by = None;
    receipt.answer_hash = None;
    let receipt = peer.says(Kind::Receipt, &receipt.to_claims());
    device.fetch(&peer, Stands::Active, NOW, |state| {
        state.closed.push(receipt)
    });
    assert_eq!(device.statements(NOW)[0].outcome, Some(Outcome::Withdrawn));
}

#[test]
fn a_device_clock_wrong_by_a_day_still_approves() {
    for off_s in [-86_400_i64, 86_400] {
        let mut peer = Peer::new();
        let at = |server: UnixSeconds| UnixSeconds(server.0.saturating_add_signed(off_s));
        let mut device = Device::new(&peer.invitation());
        device.make_keys(at(NOW));
        let outgoing = device.request(Lane::Say, at(NOW));
        let account = peer.take_enrol(&outgoing.body);
        device.take(&outgoing.errand, account.as_str(), at(NOW));
        // The first fetch is stale, and teaches the time.
        let outgoing = device.request(Lane::Ask, at(NOW));
        let fetch = peer.read_fetch(&outgoing.body);
        assert!(!fetch.request.is_fresh(time(NOW)));
        assert_eq!(fetch.wait_s, 0);
        let mut state = peer.state(&outgoing.body, Stands::Unconfirmed, NOW);
        state.is_stale = true;
        let state = peer.says(Kind::State, &state.to_claims());
        device.take(&outgoing.errand, state.as_str(), at(NOW));
        let outgoing = device.request(Lane::Ask, at(NOW.plus(1)));
        let fetch = peer.read_fetch(&outgoing.body);
        assert!(fetch.request.is_fresh(time(NOW.plus(1))));
        let statement = peer.signed_statement(&peer.statement(1, NOW));
        let mut state = peer.state(&outgoing.body, Stands::Active, NOW.plus(1));
        state.statements.push(statement);
        let state = peer.says(Kind::State, &state.to_claims());
        device.take(&outgoing.errand, state.as_str(), at(NOW.plus(1)));
        let view = device.statements(at(NOW.plus(2)))[0].clone();
        assert_eq!((view.left_s, view.cannot_approve), (118, None));
        let ahead_s = device.account.view(at(NOW)).clock_ahead_s;
        assert_eq!(ahead_s, Some(off_s));
    }
}

#[test]
fn clock_rolled_back_revives_nothing() {
    let (peer, mut device) = active();
    // The server says a later time, and the device's clock is set back behind it.
    let statement = peer.signed_statement(&peer.statement(1, NOW));
    device.fetch(&peer, Stands::Active, NOW.plus(100), |state| {
        state.statements.push(statement);
    });
    let view = device.statements(UnixSeconds(NOW.0 - 3_600))[0].clone();
    assert_eq!(view.left_s, 20);
}

#[test]
fn a_reply_that_was_held_back_teaches_no_time() {
    let (peer, mut device) = active();
    let outgoing = device.request(Lane::Ask, NOW);
    let state = peer.state(&outgoing.body, Stands::Active, NOW);
    let state = peer.says(Kind::State, &state.to_claims());
    // Somebody held it for two minutes: the server's time is not what it says.
    device.take(&outgoing.errand, state.as_str(), NOW.plus(120));
    assert_eq!(device.account.view(NOW).clock_ahead_s, None);
}

#[test]
fn an_older_state_after_a_newer_is_not_applied() {
    let (mut peer, mut device) = active();
    let early = device.request(Lane::Ask, NOW);
    let old = peer.state(&early.body, Stands::Active, NOW);
    peer.sequence = 9;
    device.fetch(&peer, Stands::Confirmed, NOW, |_| {});
    let old = peer.says(Kind::State, &old.to_claims());
    let account = device.account.id;
    let events = device.take(&early.errand, old.as_str(), NOW);
    let cause = Cause::Older;
    assert_eq!(events, [Event::Refused { account, cause }]);
    assert_eq!(device.account.standing(), Standing::Confirmed);
    // Signed after the newer one had arrived, a lower number is a server that was restored.
    peer.sequence = 2;
    device.fetch(&peer, Stands::Active, NOW, |_| {});
    assert_eq!(device.account.standing(), Standing::Active);
}

#[test]
fn unsigned_410_changes_nothing() {
    let (_, mut device, id) = asked();
    let outgoing = device.request(Lane::Ask, NOW);
    for status in [302, 401, 403, 404, 410, 500] {
        let reply = Reply::Answered {
            status,
            retry_after_s: None,
            body: b"<html>gone</html>".to_vec(),
        };
        assert!(device.take_reply(&outgoing.errand, &reply, NOW).is_empty());
        assert_eq!(device.account.standing(), Standing::Active);
        assert_eq!(device.only_statement(NOW), id);
    }
    assert!(device.account.contact.failing_since.is_some());
}

#[test]
fn a_newer_document_brings_new_keys_and_an_older_one_changes_nothing() {
    let (mut peer, mut device) = active();
    let old_key = peer.keys.remove(0);
    peer.keys = vec![old_key, SigningKey::generate().unwrap()];
    peer.version = 2;
    let outgoing = device.request(Lane::Ask, NOW);
    let document = signed(&peer.keys[0], Kind::Account, &peer.document().to_claims());
    let mut state = peer.state(&outgoing.body, Stands::Active, NOW);
    state.account = Some(document.clone());
    // Statements may be signed by what the document brings.
    state
        .statements
        .push(peer.signed_statement(&peer.statement(1, NOW)));
    let state = signed(&peer.keys[0], Kind::State, &state.to_claims());
    device.take(&outgoing.errand, state.as_str(), NOW);
    assert_eq!(device.statements(NOW).len(), 1);
    assert_eq!(
        peer.read_fetch(&device.request(Lane::Ask, NOW).body).have,
        2
    );
    let account = device.account.id;
    let statement = peer.signed_statement(&peer.statement(1, NOW));
    peer.version = 1;
    let older = peer.account();
    let events = device.fetch(&peer, Stands::Active, NOW, |state| {
        state.account = Some(older);
        state.statements.push(statement);
    });
    let cause = Cause::NotNewer;
    assert!(events.contains(&Event::Refused { account, cause }));
}

#[test]
fn a_document_by_a_stranger_or_of_another_account_is_refused() {
    let (mut peer, mut device) = active();
    peer.version = 2;
    let stranger = SigningKey::generate().unwrap();
    let forged = signed(&stranger, Kind::Account, &peer.document().to_claims());
    let mut other = peer.document();
    other.account = id(200);
    let other = peer.says(Kind::Account, &other.to_claims());
    let account = device.account.id;
    for (document, cause) in [(forged, Cause::UnknownKey), (other, Cause::Account)] {
        let events = device.fetch(&peer, Stands::Active, NOW, |state| {
            state.account = Some(document);
        });
        assert_eq!(events, [Event::Refused { account, cause }]);
        assert_eq!(
            peer.read_fetch(&device.request(Lane::Ask, NOW).body).have,
            1
        );
    }
}

#[test]
fn the_same_document_twice_is_no_refusal() {
    let (mut peer, mut device) = active();
    peer.version = 2;
    let document = peer.account();
    for times in 0..2 {
        let document = document.clone();
        let events = device.fetch(&peer, Stands::Active, NOW, |state| {
            state.account = Some(document);
        });
        assert!(
            !events
                .iter()
                .any(|event| matches!(event, Event::Refused { .. })),
            "{times}: {events:?}"
        );
    }
    // Another of the same version is one.
    peer.confirm = Confirm::Type;
    let other = peer.account();
    let events = device.fetch(&peer, Stands::Active, NOW, |state| {
        state.account = Some(other);
    });
    let cause = Cause::NotNewer;
    let account = device.account.id;
    assert_eq!(events, [Event::Refused { account, cause }]);
}

#[test]
fn a_scanned_statement_under_a_new_key_means_connect_once() {
    let (mut peer, mut device) = active();
    peer.keys.push(SigningKey::generate().unwrap());
    let statement = peer.signed_statement(&peer.statement(1, NOW));
    let refused = device.account.work.scan(statement.as_str(), NOW);
    assert_eq!(refused, Err(ApprovalError::ConnectOnce.into()));
}

#[test]
fn r14_the_response_is_shown_only_where_it_is_allowed() {
    let (peer, mut device) = active();
    let statement = peer.signed_statement(&peer.statement(1, NOW));
    let (id, _) = device.account.work.scan(statement.as_str(), NOW).unwrap();
    let response = device.account.work.offline_response(id, &NoDeviceKeys, NOW);
    assert_eq!(response.err(), Some(ApprovalError::NoOffline));
    assert!(
        peer.read_fetch(&device.request(Lane::Ask, NOW).body)
            .wants_secrets
    );
    device.fetch(&peer, Stands::Active, NOW, |state| {
        state.secrets = Some(Secrets {
            otp: None,
            offline_key: Some(OfflineKey::copy_of(&[5; 32])),
        });
    });
    assert!(
        !peer
            .read_fetch(&device.request(Lane::Ask, NOW).body)
            .wants_secrets
    );
    let statement = peer.signed_statement(&peer.statement(2, NOW));
    let (id, _) = device.account.work.scan(statement.as_str(), NOW).unwrap();
    let response = device
        .account
        .work
        .offline_response(id, &NoDeviceKeys, NOW)
        .unwrap();
    // EXPOSE: it is for the person.
    assert_eq!(response.expose().len(), 8);
    let key = OfflineKey::copy_of(&[5; 32]);
    let expected = countersign_protocol::derive::offline_response(&key, &statement.hash());
    assert_eq!(response.expose(), expected.as_str());
    let late = device
        .account
        .work
        .offline_response(id, &NoDeviceKeys, NOW.plus(120));
    assert!(matches!(
        late.err(),
        Some(ApprovalError::Expired { ago_s: 0 })
    ));
}

#[test]
fn secrets_die_with_the_device() {
    let (peer, mut device) = active();
    device.fetch(&peer, Stands::Active, NOW, |state| {
        state.secrets = Some(Secrets {
            otp: countersign_protocol::message::OtpLink::new(
                "otpauth://totp/a?secret=GEZDGNBV".into(),
            ),
            offline_key: Some(OfflineKey::copy_of(&[5; 32])),
        });
    });
    assert!(device.account.work.otp_link().is_some());
    let moved = Stands::Moved {
        to: "Pixel".to_owned(),
    };
    device.fetch(&peer, moved, NOW, |_| {});
    assert!(device.account.work.otp_link().is_none());
    assert!(!device.account.view(NOW).can_offline);
    let Standing::Moved { to } = device.account.standing() else {
        panic!("it has moved");
    };
    assert_eq!(to.as_str(), "Pixel");
}

#[test]
fn nobody_is_asked_without_need() {
    let (_, device) = active();
    let mut contact = device.account.contact.clone();
    contact.asked_at = Some(NOW);
    let due = |attention, now| device.account.work.due(attention, &contact, now).ask;
    // Not as fast as the server answers.
    assert_eq!(due(Attention::Waiting, NOW), Some(NOW.plus(1)));
    assert_eq!(due(Attention::Waiting, NOW.plus(30)), Some(NOW.plus(30)));
    // It wants its secrets still.
    assert_eq!(due(Attention::Idle, NOW.plus(30)), Some(NOW.plus(30)));
    // A server that has none is not asked for them again, but every quarter of an hour what is there.
    let (peer, mut device) = active();
    device.fetch(&peer, Stands::Active, NOW, |_| {});
    let due = |attention, now| device.account.work.due(attention, &contact, now).ask;
    assert_eq!(due(Attention::Idle, NOW), Some(NOW.plus(900)));
    assert_eq!(due(Attention::Idle, NOW.plus(901)), Some(NOW.plus(901)));
    // A clock that was set back puts nothing off.
    assert_eq!(due(Attention::Idle, UnixSeconds(5)), Some(UnixSeconds(5)));
}

#[test]
fn a_suspended_statement_shows_why_it_cannot_be_approved() {
    let (_, device, _) = asked();
    assert_eq!(device.statements(NOW)[0].cannot_approve, None);
    let late = device.statements(NOW.plus(121))[0].clone();
    assert_eq!(late.cannot_approve, Some(CannotApprove::Expired));
}

#[test]
fn k5_what_comes_for_an_account_that_went_into_the_trash_meanwhile_makes_no_sound() {
    let (peer, mut device) = active();
    device.account.trashed_at = Some(NOW);
    let statement = peer.signed_statement(&peer.statement(1, NOW));
    let events = device.fetch(&peer, Stands::Active, NOW, |state| {
        state.statements.push(statement);
    });
    assert_eq!(events, []);
    assert!(device.statements(NOW)[0].is_quiet);
}
