//! Scenarios R11 and R18: bells, and what keeps them quiet.

use countersign_core::approval::{Address, ApprovalError, Attention, Event, Outgoing, Reply};
use countersign_core::uri::TestMode;
use countersign_protocol::base64url;
use countersign_protocol::message::{Outcome as Said, Ring};
use countersign_protocol::problem::Problem;
use countersign_verifier::event::Fact;

use crate::device::{Device, Did};
use crate::server::Server;

fn push(to: &str) -> Address {
    Address::UnifiedPush { to: to.to_owned() }
}

fn rings(events: &[Event]) -> usize {
    events
        .iter()
        .filter(|event| matches!(event, Event::Rings { .. }))
        .count()
}

#[test]
fn r11_ten_requests_in_five_minutes_ring_twice_and_a_real_one_is_answered_from_the_queue() {
    let server = Server::new();
    let mut device = Device::terminal("desk");
    device.enrol(&server);
    let mut events = vec![];
    let mut last = None;
    for _ in 0..10 {
        let asked = server.ask_as(|request| request.lifetime_s = Some(600));
        if asked.is_listed {
            last = Some(asked);
        }
        events.extend(device.run(&[&server]));
        server.pass_s(30);
    }
    assert_eq!(rings(&events), 2);
    let open = device.open(&server);
    assert_eq!(open.len(), 5, "the others wait at their pages");
    assert_eq!(open.iter().filter(|one| one.is_quiet).count(), 3);
    let last = last.unwrap();
    let id = open.last().unwrap().id;
    device.approve(id, last.number.as_str(), &server).unwrap();
    device.run(&[&server]);
    assert_eq!(server.statement(&last.id).outcome, Some(Said::Approved));
}

#[test]
fn r11_when_the_queue_is_full_the_pages_qr_code_still_works_and_ends_the_stop() {
    let server = Server::new();
    let mut device = Device::terminal("desk");
    device.enrol(&server);
    for _ in 0..5 {
        assert!(server.ask().is_listed);
    }
    device.run(&[&server]);
    let mine = server.ask();
    assert!(!mine.is_listed);
    device.run(&[&server]);
    assert_eq!(device.open(&server).len(), 5);
    let now = device.now(&server);
    let link = Server::link(&mine);
    let id = device
        .companion()
        .scan_statement(&link, TestMode::Off, now)
        .unwrap();
    device.approve(id, mine.number.as_str(), &server).unwrap();
    device.run(&[&server]);
    assert_eq!(server.statement(&mine.id).outcome, Some(Said::Approved));
    server.pass_s(121);
    server.ask();
    assert_eq!(rings(&device.run(&[&server])), 1);
}

#[test]
fn r18_every_server_hears_of_a_new_address_and_until_then_the_account_says_so() {
    let (acme, bank) = (Server::new(), Server::at("https://id.bank.test", "Bank"));
    let servers = [&acme, &bank];
    let mut device = Device::terminal("desk");
    let first = device.enrol(&acme);
    let second = device.enrol(&bank);
    let now = device.now(&acme);
    device
        .companion()
        .ring_at(Some(&push("https://push.example.org/one")), now)
        .unwrap();
    bank.is_down.set(true);
    device.run(&servers);
    assert!(!device.view(first, &acme).may_not_ring);
    assert!(device.view(second, &bank).may_not_ring);
    device.restart();
    assert!(device.view(second, &bank).may_not_ring);
    // Changed again before the second has heard of it.
    let now = device.now(&acme);
    device
        .companion()
        .ring_at(Some(&push("https://push.example.org/two")), now)
        .unwrap();
    bank.is_down.set(false);
    acme.pass_s(70);
    bank.pass_s(70);
    device.run(&servers);
    for (server, account) in [(&acme, first), (&bank, second)] {
        assert!(!device.view(account, server).may_not_ring);
        server.facts();
        server.ask();
        let told = server.facts().into_iter();
        let to: Vec<Ring> = told
            .filter_map(|fact| match fact {
                Fact::Ring { to, .. } => Some(to),
                _ => None,
            })
            .collect();
        let is_newest = matches!(&to[..], [Ring::UnifiedPush { to, .. }] if to == "https://push.example.org/two");
        assert!(is_newest, "one bell, at the newest address");
    }
}

/// The device's next delivery, and the number that it has; its other requests are answered.
fn next_delivery(device: &mut Device, server: &Server) -> (Outgoing, u64) {
    loop {
        match device.step(&[server], Attention::Waiting) {
            Did::Sent(sent) if sent.url.ends_with("/v1/delivery") => {
                let claims = sent.body.split('.').nth(1).unwrap();
                let claims = base64url::parse(claims).unwrap();
                let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
                return (sent, claims["seq"].as_u64().unwrap());
            }
            Did::Sent(sent) => {
                if let Ok(reply) = server.answer(&sent) {
                    device.hear(&sent, &reply, server);
                }
            }
            Did::Something => {}
            Did::Waits(wait_s) => server.pass_s(wait_s),
            Did::Nothing => panic!("there is a delivery to send"),
        }
    }
}

#[test]
fn r18_no_refusal_leads_a_device_to_a_number_that_no_server_takes() {
    let server = Server::new();
    let mut device = Device::terminal("desk");
    let id = device.enrol(&server);
    let ring_at = |device: &mut Device, to: &str| {
        let now = device.now(&server);
        device.companion().ring_at(Some(&push(to)), now).unwrap();
    };
    ring_at(&mut device, "https://push.example.org/one");
    let (mut sent, first) = next_delivery(&mut device, &server);
    // What is not signed may be anybody's.
    let limit = 1 << 40;
    for (last, expected) in [
        ((1 << 53) - 2, first),
        (1 << 52, first),
        (limit, first),
        (limit - 1, first),
        (limit - 2, limit - 1),
    ] {
        let problem = Problem::Order { last };
        let reply = Reply::Answered {
            status: problem.name_and_status().1,
            retry_after_s: None,
            body: problem.to_document().format().unwrap(),
        };
        device.hear(&sent, &reply, &server);
        let again = next_delivery(&mut device, &server);
        assert_eq!(again.1, expected, "{last}");
        sent = again.0;
    }
    // That one is taken, and so is what comes after it.
    for next in [
        "https://push.example.org/two",
        "https://push.example.org/three",
    ] {
        let reply = server.answer(&sent).ok().unwrap();
        device.hear(&sent, &reply, &server);
        assert!(!device.view(id, &server).may_not_ring);
        ring_at(&mut device, next);
        sent = next_delivery(&mut device, &server).0;
    }
}

#[test]
fn r18_a_bell_brings_the_account_to_ask() {
    let server = Server::new();
    let mut device = Device::terminal("desk");
    device.enrol(&server);
    let now = device.now(&server);
    device
        .companion()
        .ring_at(Some(&push("https://push.example.org/one")), now)
        .unwrap();
    device.run(&[&server]);
    server.facts();
    server.ask();
    let told = server.facts().into_iter();
    let mut bells = told.filter_map(|fact| match fact {
        Fact::Ring {
            to: Ring::UnifiedPush { bell, .. },
            ..
        } => Some(bell),
        _ => None,
    });
    let bell = bells.next_back().unwrap().format();
    let idle = countersign_core::approval::Attention::Idle;
    use countersign_core::approval::NextAction::{Send, WaitUntil};
    server.pass_s(5);
    let now = device.now(&server);
    let before = device.read().next_action(idle, now);
    assert!(matches!(before, WaitUntil { .. }), "{before:?}");
    assert_eq!(
        device.companion().take_bell("AAAAAAAAAAAAAAAAAAAAAA", now),
        Ok(false)
    );
    assert_eq!(device.companion().take_bell(&bell, now), Ok(true));
    assert!(matches!(device.read().next_action(idle, now), Send { .. }));
    device.run(&[&server]);
    assert_eq!(device.open(&server).len(), 1);
}

#[test]
fn r18_an_address_without_tls_or_of_no_host_is_not_told_to_anybody() {
    let server = Server::new();
    let mut device = Device::terminal("desk");
    device.enrol(&server);
    let now = device.now(&server);
    for to in [
        "http://push.example.org/one",
        "",
        "https://push.example.org/a b",
        "ftp://push.example.org",
        "http://127.0.0.1:8080/one",
        "https://push..example.org/one",
        "https://push.example.org:0/one",
        "https://push.example.org/one#two",
        "https://ann@push.example.org/one",
    ] {
        let refused = device.companion().ring_at(Some(&push(to)), now);
        assert_eq!(refused, Err(ApprovalError::NotAllowed), "{to}");
    }
}
