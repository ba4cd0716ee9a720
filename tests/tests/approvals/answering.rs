//! Scenarios R3, R5–R7, R9, R10, R13, R14 and R22: a statement is answered, and answered once.

use countersign_core::approval::{
    AfterReport, ApprovalError, CannotApprove, Decision, Outcome, Reply, Standing, Unreachable,
};
use countersign_core::device::KeyError;
use countersign_core::uri::TestMode;
use countersign_protocol::digits::OfflineResponse;
use countersign_protocol::message::{NextStep, Outcome as Said, Via};
use countersign_verifier::event::Fact;
use countersign_verifier::step::{NotTaken, TypeResponse};

use crate::device::{Device, Did, approve, other};
use crate::server::Server;

/// Answers that were sent.
fn answers(device: &Device) -> Vec<&String> {
    let sent = device.sent.iter();
    let answers = sent.filter(|(url, _)| url.ends_with("/v1/answers"));
    answers.map(|(_, body)| body).collect()
}

fn asked() -> (Server, Device, countersign_verifier::step::AskedStatement) {
    let server = Server::new();
    let mut device = Device::new("Pixel");
    device.enrol(&server);
    device.sent.clear();
    server.facts();
    let asked = server.ask();
    device.run(&[&server]);
    (server, device, asked)
}

#[test]
fn r3_without_a_number_nothing_is_sent() {
    let (server, mut device, asked) = asked();
    let id = device.only(&server).id;
    let right = asked.number.as_str();
    for typed in ["", " ", "12345", "1234567", "12345a", &right[1..]] {
        let refused = device.approve(id, typed, &server);
        assert_eq!(refused, Err(ApprovalError::Number { digits: 6 }), "{typed}");
    }
    device.run(&[&server]);
    assert!(answers(&device).is_empty());
    let spaced = format!(" {} {}", &right[..3], &right[3..]);
    device.approve(id, &spaced, &server).unwrap();
    device.run(&[&server]);
    assert_eq!(server.statement(&asked.id).outcome, Some(Said::Approved));
}

#[test]
fn r3_wrong_numbers_get_signed_receipts_and_the_third_ends_it() {
    let (server, mut device, asked) = asked();
    let id = device.only(&server).id;
    for left in [2, 1] {
        device
            .approve(id, &other(asked.number.as_str(), left), &server)
            .unwrap();
        device.run(&[&server]);
        let view = device.statement(id, &server);
        assert_eq!((view.outcome, view.tries_left), (None, Some(left)));
    }
    device
        .approve(id, &other(asked.number.as_str(), 3), &server)
        .unwrap();
    device.run(&[&server]);
    assert_eq!(device.statement(id, &server).outcome, Some(Outcome::Denied));
    assert_eq!(server.statement(&asked.id).outcome, Some(Said::Denied));
    let late = device.approve(id, asked.number.as_str(), &server);
    assert_eq!(late, Err(ApprovalError::Ended));
}

#[test]
fn r5_who_goes_away_answers_nothing_and_finds_it_again() {
    let (server, mut device, asked) = asked();
    let id = device.only(&server).id;
    // Back, home, a call: no call of the core. A crash: the same, and the vault is opened again.
    for _ in 0..3 {
        device.restart();
        device.run(&[&server]);
        assert_eq!(device.only(&server).id, id);
    }
    assert!(answers(&device).is_empty());
    server.pass_s(121);
    device.run(&[&server]);
    assert!(device.open(&server).is_empty());
    assert_eq!(server.statement(&asked.id).outcome, Some(Said::Expired));
}

#[test]
fn r6_it_ends_by_the_servers_clock_and_no_clock_of_the_phone_brings_it_back() {
    let (server, mut device, asked) = asked();
    let id = device.only(&server).id;
    server.now_s.set(asked.expires_at.unix_s() + 40);
    let number = asked.number.as_str().to_owned();
    let refused = device.approve(id, &number, &server);
    assert_eq!(refused, Err(ApprovalError::Expired { ago_s: 40 }));
    assert_eq!(device.statement(id, &server).left_s, -40);
    device.run(&[&server]);
    for ahead_s in [-86_400, -160, 86_400] {
        device.ahead_s = ahead_s;
        device.restart();
        let refused = device.approve(id, &number, &server);
        assert!(refused.is_err(), "{ahead_s}: {refused:?}");
    }
}

#[test]
fn r6_a_clock_that_is_a_day_off_approves_all_the_same() {
    for ahead_s in [-86_400, 86_400] {
        let server = Server::new();
        let mut device = Device::terminal("desk");
        device.ahead_s = ahead_s;
        device.enrol(&server);
        let asked = server.ask();
        device.run(&[&server]);
        let left_s = asked.expires_at.unix_s() - server.now_s.get();
        assert_eq!(device.only(&server).left_s, i64::try_from(left_s).unwrap());
        let id = device.only(&server).id;
        device.approve(id, asked.number.as_str(), &server).unwrap();
        device.run(&[&server]);
        assert_eq!(server.statement(&asked.id).outcome, Some(Said::Approved));
    }
}

#[test]
fn r7_what_could_not_be_sent_is_sent_again_in_the_same_bytes() {
    let (server, mut device, asked) = asked();
    let id = device.only(&server).id;
    device.approve(id, asked.number.as_str(), &server).unwrap();
    server.is_down.set(true);
    for _ in 0..3 {
        device.run(&[&server]);
        device.restart();
        server.pass_s(20);
    }
    assert!(device.statement(id, &server).outcome.is_none());
    assert_eq!(
        device.decide(id, &Decision::Deny, &server),
        Err(ApprovalError::Answered)
    );
    server.is_down.set(false);
    device.run(&[&server]);
    let sent = answers(&device);
    assert!(sent.len() >= 4);
    assert!(sent.iter().all(|body| *body == sent[0]));
    assert_eq!(
        device.statement(id, &server).outcome,
        Some(Outcome::Approved)
    );
    let ends = server.facts().into_iter();
    assert_eq!(
        ends.filter(|fact| matches!(fact, Fact::Ended { .. }))
            .count(),
        1
    );
}

#[test]
fn r7_of_two_processes_at_one_vault_one_answers() {
    let (server, mut device, asked) = asked();
    let id = device.only(&server).id;
    let now = device.now(&server);
    let mut beside = device.unlock_beside();
    beside
        .decide(id, &Decision::Deny, &device.keys, now)
        .unwrap();
    let late = device.approve(id, asked.number.as_str(), &server);
    assert_eq!(late, Err(ApprovalError::Answered));
    device.run(&[&server]);
    assert_eq!(server.statement(&asked.id).outcome, Some(Said::Denied));
    let ends = server.facts().into_iter();
    assert_eq!(
        ends.filter(|fact| matches!(fact, Fact::Ended { .. }))
            .count(),
        1
    );
}

#[test]
fn r7_two_processes_that_send_one_answer_count_once() {
    let (server, mut device, asked) = asked();
    let id = device.only(&server).id;
    let wrong = other(asked.number.as_str(), 1);
    device.approve(id, &wrong, &server).unwrap();
    let now = device.now(&server);
    let mut beside = device.unlock_beside();
    let lane = countersign_core::approval::Lane::Say;
    let attention = countersign_core::approval::Attention::Waiting;
    let account = device.only(&server).account;
    let outgoing = beside
        .prepare(account, lane, attention, &device.keys, now)
        .unwrap();
    let receipt = server.answer(&outgoing).unwrap();
    beside.take_reply(&outgoing.errand, &receipt, now).unwrap();
    let Did::Sent(again) = device.step(&[&server], attention) else {
        panic!("it sends what it has stored");
    };
    if again.body == outgoing.body {
        let receipt = server.answer(&again).unwrap();
        device.hear(&again, &receipt, &server);
    }
    assert_eq!(device.statement(id, &server).tries_left, Some(2));
    let tried = server.facts().into_iter();
    assert_eq!(
        tried
            .filter(|fact| matches!(fact, Fact::WrongNumber { .. }))
            .count(),
        1
    );
}

#[test]
fn r9_not_me_reaches_the_server_signed_and_the_account_goes_quiet() {
    let server = Server::new();
    server.change_rules(|rules| {
        rules.after_report = vec![NextStep::PasswordChange, NextStep::AdminTold];
    });
    let mut device = Device::new("Pixel");
    let account = device.enrol(&server);
    let asked = server.ask();
    device.run(&[&server]);
    let id = device.only(&server).id;
    device.decide(id, &Decision::Report, &server).unwrap();
    device.run(&[&server]);
    let view = device.statement(id, &server);
    assert_eq!(view.outcome, Some(Outcome::Reported));
    assert_eq!(
        view.next,
        [AfterReport::PasswordChange, AfterReport::AdminTold]
    );
    assert_eq!(server.statement(&asked.id).outcome, Some(Said::Reported));
    let until = device.view(account, &server).muted_until.unwrap();
    let muted_s = until.since(device.now(&server));
    assert!((20 * 60 - 5..=20 * 60).contains(&muted_s), "{muted_s}");
    server.pass_s(20 * 60);
    assert_eq!(device.view(account, &server).muted_until, None);
}

#[test]
fn r10_it_was_me_stop_raises_no_alarm() {
    let (server, mut device, asked) = asked();
    let view = device.only(&server);
    device.decide(view.id, &Decision::Cancel, &server).unwrap();
    device.run(&[&server]);
    assert_eq!(
        device.statement(view.id, &server).outcome,
        Some(Outcome::Cancelled)
    );
    assert_eq!(server.statement(&asked.id).outcome, Some(Said::Cancelled));
    assert!(server.facts().iter().all(|fact| fact.word() != "reported"));
    assert_eq!(device.view(view.account, &server).muted_until, None);
}

#[test]
fn r13_where_the_presence_is_refused_no_signature_exists() {
    let (server, mut device, asked) = asked();
    let id = device.only(&server).id;
    let number = asked.number.as_str();
    for says in [
        KeyError::Cancelled,
        KeyError::Failed,
        KeyError::LockedOut,
        KeyError::NotAvailable,
    ] {
        device.keys.says(Some(says));
        let (asked_before, signed_before) = (device.keys.asked(), device.keys.signed());
        assert_eq!(
            device.approve(id, number, &server),
            Err(ApprovalError::Key(says))
        );
        assert_eq!(device.keys.asked(), asked_before + 1);
        assert_eq!(device.keys.signed(), signed_before);
        assert_eq!(device.statement(id, &server).cannot_approve, None);
    }
    assert!(answers(&device).is_empty());
    device.keys.says(None);
    device.approve(id, number, &server).unwrap();
    device.run(&[&server]);
    assert_eq!(server.statement(&asked.id).outcome, Some(Said::Approved));
}

#[test]
fn r13_to_deny_nobody_has_to_be_present() {
    let (server, mut device, asked) = asked();
    device.keys.says(Some(KeyError::Cancelled));
    let before = device.keys.asked();
    let id = device.only(&server).id;
    device.decide(id, &Decision::Deny, &server).unwrap();
    device.run(&[&server]);
    assert_eq!(server.statement(&asked.id).outcome, Some(Said::Denied));
    assert_eq!(device.keys.asked(), before);
}

#[test]
fn r13_a_key_that_is_gone_for_good_asks_for_reactivation() {
    let (server, mut device, asked) = asked();
    let view = device.only(&server);
    device.keys.says(Some(KeyError::Invalidated));
    let refused = device.approve(view.id, asked.number.as_str(), &server);
    assert_eq!(refused, Err(ApprovalError::Key(KeyError::Invalidated)));
    device.restart();
    assert_eq!(
        device.view(view.account, &server).standing,
        Standing::NeedsReactivation
    );
    let shown = device.statement(view.id, &server);
    assert_eq!(shown.cannot_approve, Some(CannotApprove::KeyGone));
    // What needs no presence still works.
    device.decide(view.id, &Decision::Deny, &server).unwrap();
    device.run(&[&server]);
    assert_eq!(server.statement(&asked.id).outcome, Some(Said::Denied));
}

#[test]
fn r14_without_a_network_a_response_is_shown_and_taken_once_for_that_statement() {
    let (server, mut device, first) = asked();
    let second = server.ask_as(|request| request.app = "Files".to_owned());
    server.is_down.set(true);
    let now = device.now(&server);
    let link = Server::link(&second);
    let id = device
        .companion()
        .scan_statement(&link, TestMode::Off, now)
        .unwrap();
    let before = device.keys.asked();
    let keys = std::mem::take(&mut device.keys);
    let shown = device.companion().offline_response(id, &keys, now).unwrap();
    device.keys = keys;
    assert_eq!(device.keys.asked(), before + 1, "the person is asked for");
    // EXPOSE: the person types it into the page.
    let response = OfflineResponse::parse(shown.expose()).unwrap();
    let typed = |statement| TypeResponse {
        statement,
        response: response.clone(),
    };
    assert_eq!(
        server.take(&typed(first.id)),
        Err(NotTaken::Wrong { left: 2 })
    );
    assert_eq!(server.take(&typed(second.id)), Ok(()));
    assert_eq!(server.take(&typed(second.id)), Err(NotTaken::NotOpen));
    assert_eq!(server.statement(&second.id).via, Some(Via::Offline));
    server.is_down.set(false);
    server.pass_s(30);
    device.run(&[&server]);
    assert_eq!(
        device.statement(id, &server).outcome,
        Some(Outcome::ApprovedOffline)
    );
    assert_eq!(server.statement(&first.id).outcome, None);
}

#[test]
fn r14_who_is_not_present_gets_no_response() {
    let (server, mut device, _) = asked();
    let id = device.only(&server).id;
    device.keys.says(Some(KeyError::Cancelled));
    let now = device.now(&server);
    let keys = std::mem::take(&mut device.keys);
    let refused = device.companion().offline_response(id, &keys, now).err();
    assert_eq!(refused, Some(ApprovalError::Key(KeyError::Cancelled)));
}

#[test]
fn r22_what_one_phone_answered_the_other_names_and_cannot_answer() {
    let server = Server::new();
    let (mut pixel, mut other_phone) = (Device::new("Pixel"), Device::new("Fairphone"));
    pixel.enrol(&server);
    other_phone.enrol(&server);
    let asked = server.ask();
    pixel.run(&[&server]);
    other_phone.run(&[&server]);
    let (id, there) = (pixel.only(&server).id, other_phone.only(&server).id);
    // The other one has decided too, and is not heard before.
    other_phone.decide(there, &Decision::Deny, &server).unwrap();
    pixel.approve(id, asked.number.as_str(), &server).unwrap();
    pixel.run(&[&server]);
    other_phone.run(&[&server]);
    let outcome = other_phone.statement(there, &server).outcome.unwrap();
    let Outcome::Elsewhere { by, approved } = outcome else {
        panic!("answered elsewhere, not {outcome:?}");
    };
    assert_eq!((by.as_str(), approved), ("Pixel", true));
    let refused = other_phone.approve(there, asked.number.as_str(), &server);
    assert_eq!(refused, Err(ApprovalError::Ended));
    assert_eq!(server.statement(&asked.id).outcome, Some(Said::Approved));
}

#[test]
fn r7_an_answer_that_never_arrives_is_not_approved_and_says_nothing_else() {
    let (server, mut device, asked) = asked();
    let id = device.only(&server).id;
    let decision = approve(asked.number.as_str());
    device.decide(id, &decision, &server).unwrap();
    let attention = countersign_core::approval::Attention::Waiting;
    let Did::Sent(outgoing) = device.step(&[&server], attention) else {
        panic!("it is sent");
    };
    device.hear(
        &outgoing,
        &Reply::Unreachable(Unreachable::NoConnection),
        &server,
    );
    server.pass_s(200);
    device.run(&[&server]);
    assert_eq!(
        device.statement(id, &server).outcome,
        Some(Outcome::Expired)
    );
    assert_eq!(server.statement(&asked.id).outcome, Some(Said::Expired));
}
