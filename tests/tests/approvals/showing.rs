//! Scenarios R1, R2, R8, R12, R16 and R19: what of a statement is shown, and what is not.

use countersign_core::approval::history::{ItemKind, Kind as NoteKind};
use countersign_core::approval::{ApprovalError, Attention, Cause, Event, Reply};
use countersign_core::uri::TestMode;
use countersign_protocol::message::{Client, Place};

use crate::device::{Device, Did};
use crate::server::Server;

fn lines(device: &Device, server: &Server) -> Vec<(&'static str, String)> {
    let shown = device.only(server).lines.into_iter();
    shown.map(|line| (line.field, line.text)).collect()
}

fn text<'a>(lines: &'a [(&'static str, String)], field: &str) -> &'a str {
    &lines.iter().find(|(known, _)| *known == field).unwrap().1
}

/// What the history says was refused, newest first.
fn refused(device: &Device) -> Vec<String> {
    let items = device.read().history(None, 1_000).unwrap().into_iter();
    items
        .filter_map(|item| match item.kind {
            ItemKind::Entry {
                kind: NoteKind::Refused,
                cause,
                ..
            } => Some(cause.unwrap().as_str().to_owned()),
            _ => None,
        })
        .collect()
}

/// The device's fetch, and what the server answers to it.
fn fetched(device: &mut Device, server: &Server) -> (countersign_core::approval::Outgoing, Reply) {
    loop {
        match device.step(&[server], Attention::Waiting) {
            Did::Sent(outgoing) => {
                let reply = server.answer(&outgoing);
                let reply = reply.unwrap_or_else(|parked| server.let_go(&parked));
                return (outgoing, reply);
            }
            Did::Waits(wait_s) => server.pass_s(wait_s),
            Did::Something | Did::Nothing => panic!("it asks"),
        }
    }
}

#[test]
fn r1_a_statement_is_shown_as_it_was_signed() {
    let server = Server::new();
    let mut device = Device::new("Pixel");
    device.enrol(&server);
    let asked = server.ask_as(|request| {
        request.place = Some(Place {
            city: "Berlin".to_owned(),
            country: "DE".to_owned(),
        });
        request.client = Some(Client {
            ip: "192.0.2.7".parse().unwrap(),
            browser: "Firefox".to_owned(),
            os: "Linux".to_owned(),
        });
    });
    device.run(&[&server]);
    let shown = lines(&device, &server);
    assert_eq!(text(&shown, "server"), "login.acme.test");
    assert_eq!(text(&shown, "app"), "Mail");
    assert_eq!(text(&shown, "origin"), "mail.acme.test");
    assert_eq!(text(&shown, "user"), "ann@acme.test");
    assert!(text(&shown, "place").contains("Berlin"));
    assert_eq!(text(&shown, "ip"), "192.0.2.7");
    assert_eq!(text(&shown, "browser"), "Firefox");
    assert_eq!(text(&shown, "os"), "Linux");
    let statement = device.only(&server);
    assert_eq!(statement.expires_at.0, asked.expires_at.unix_s());
    let left_s = asked.expires_at.unix_s() - server.now_s.get();
    assert_eq!(statement.left_s, i64::try_from(left_s).unwrap());
}

#[test]
fn r1_with_any_byte_changed_nothing_is_shown_and_that_is_recorded() {
    let server = Server::new();
    let mut device = Device::terminal("desk");
    device.enrol(&server);
    server.ask();
    let (outgoing, reply) = fetched(&mut device, &server);
    let Reply::Answered { body, .. } = reply else {
        panic!("it is answered");
    };
    // Not each byte: the vault writes each time.
    for place in (0..body.len()).step_by(body.len() / 40) {
        let mut changed = body.clone();
        changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
        let reply = Reply::Answered {
            status: 200,
            retry_after_s: None,
            body: changed,
        };
        let events = device.hear(&outgoing, &reply, &server);
        assert!(
            matches!(events[..], [Event::Refused { .. }]),
            "at byte {place}: {events:?}"
        );
        assert!(device.open(&server).is_empty());
    }
    let refused = refused(&device);
    assert!(
        !refused.is_empty() && refused.len() <= 3,
        "once a cause and hour: {refused:?}"
    );
}

#[test]
fn r1_a_scanned_statement_with_a_byte_changed_is_not_genuine() {
    let server = Server::new();
    let mut device = Device::terminal("desk");
    device.enrol(&server);
    let link = Server::link(&server.ask());
    let now = device.now(&server);
    for place in (30..link.len()).step_by(37) {
        let mut changed = link.clone().into_bytes();
        changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        let scanned = device
            .companion()
            .scan_statement(&changed, TestMode::Off, now);
        let is_refused = matches!(
            scanned,
            Err(ApprovalError::NotGenuine | ApprovalError::ConnectOnce)
        );
        assert!(is_refused, "at byte {place}: {scanned:?}");
    }
    assert!(device.open(&server).is_empty());
    device
        .companion()
        .scan_statement(&link, TestMode::Off, now)
        .unwrap();
    assert_eq!(device.open(&server).len(), 1);
}

#[test]
fn r2_by_a_fetch_and_by_a_scan_it_is_one_request_and_says_the_same() {
    let server = Server::new();
    let (mut one, mut other) = (Device::terminal("desk"), Device::terminal("lap"));
    one.enrol(&server);
    other.enrol(&server);
    let asked = server.ask();
    one.run(&[&server]);
    let now = other.now(&server);
    let link = Server::link(&asked);
    let scanned = other
        .companion()
        .scan_statement(&link, TestMode::Off, now)
        .unwrap();
    assert_eq!(lines(&one, &server), lines(&other, &server));
    // And the other way as well: it stays one.
    one.companion()
        .scan_statement(&link, TestMode::Off, now)
        .unwrap();
    other.run(&[&server]);
    assert_eq!(other.only(&server).id, scanned);
    assert_eq!(one.open(&server).len(), 1);
}

#[test]
fn r8_five_requests_of_three_accounts_at_two_servers_are_listed_oldest_first() {
    let (acme, bank) = (Server::new(), Server::at("https://id.bank.test", "Bank"));
    let servers = [&acme, &bank];
    let mut device = Device::terminal("desk");
    let first = device.enrol(&acme);
    let second = device.enrol(&acme);
    let third = device.enrol(&bank);
    let mut numbers = vec![];
    for (server, app) in [(&acme, "one"), (&bank, "two"), (&acme, "three")] {
        numbers.push((
            app,
            server.ask_as(|request| request.app = app.to_owned()).number,
        ));
        acme.pass_s(1);
        bank.pass_s(1);
        device.run(&servers);
    }
    let open = device.open(&acme);
    let shown: Vec<_> = open
        .iter()
        .map(|one| (one.account, one.received_at))
        .collect();
    // Both accounts at ACME are devices of one person there: each of its statements is for both.
    assert_eq!(open.len(), 5);
    assert!(shown.is_sorted_by_key(|(_, at)| *at));
    let of = |account| open.iter().filter(|one| one.account == account).count();
    assert_eq!((of(first), of(second), of(third)), (2, 2, 1));
    let bank_statement = open.iter().find(|one| one.account == third).unwrap();
    let number = numbers[1].1.as_str();
    device.approve(bank_statement.id, number, &acme).unwrap();
    device.run(&servers);
    let left = device.open(&acme);
    assert_eq!(left.len(), 4);
    assert!(left.iter().all(|one| one.account != third));
    assert!(left.iter().all(|one| one.cannot_approve.is_none()));
}

#[test]
fn r12_a_statement_of_another_account_or_key_or_a_used_number_is_dropped_and_recorded() {
    let (acme, evil) = (Server::new(), Server::at("https://login.acme.test", "ACME"));
    let mut device = Device::terminal("desk");
    device.enrol(&acme);
    // A server with another key at the same address.
    let mut there = Device::terminal("lap");
    there.enrol(&evil);
    evil.ask();
    let (theirs, reply) = fetched(&mut there, &evil);
    drop(theirs);
    let (outgoing, _) = fetched(&mut device, &acme);
    let events = device.hear(&outgoing, &reply, &acme);
    let cause = Cause::UnknownKey;
    assert!(matches!(events[..], [Event::Refused { cause: found, .. }] if found == cause));
    // An answer of its own server to an earlier request.
    acme.pass_s(5);
    let (earlier, said) = fetched(&mut device, &acme);
    device.hear(&earlier, &said, &acme);
    acme.ask();
    let (outgoing, _) = fetched(&mut device, &acme);
    let events = device.hear(&outgoing, &said, &acme);
    assert!(
        matches!(
            events[..],
            [Event::Refused {
                cause: Cause::Reply,
                ..
            }]
        ),
        "{events:?}"
    );
    assert!(device.open(&acme).is_empty());
    let mut recorded = refused(&device);
    recorded.sort();
    assert_eq!(recorded, ["reply", "unknown_key"]);
}

#[test]
fn r16_an_unreachable_server_is_named_with_when_it_last_answered_and_others_still_work() {
    let (acme, bank) = (Server::new(), Server::at("https://id.bank.test", "Bank"));
    let mut device = Device::terminal("desk");
    let down = device.enrol(&acme);
    let up = device.enrol(&bank);
    acme.pass_s(5);
    bank.pass_s(5);
    device.run(&[&acme, &bank]);
    let answered = device.view(down, &acme).last_answer_at.unwrap();
    acme.pass_s(600);
    bank.pass_s(600);
    acme.is_down.set(true);
    bank.ask();
    device.run(&[&acme, &bank]);
    let view = device.view(down, &acme);
    assert_eq!(view.host.as_str(), "login.acme.test");
    let since = view.unreachable_since.unwrap();
    assert!(device.now(&acme).since(since) < 5);
    assert_eq!(view.last_answer_at, Some(answered));
    assert_eq!(device.view(up, &bank).unreachable_since, None);
    assert_eq!(device.open(&bank).len(), 1);
    acme.is_down.set(false);
    acme.pass_s(70);
    device.run(&[&acme, &bank]);
    assert_eq!(device.view(down, &acme).unreachable_since, None);
}

#[test]
fn r19_text_from_a_server_is_escaped_cut_and_answered_as_it_was_signed() {
    let server = Server::new();
    let mut device = Device::terminal("desk");
    device.enrol(&server);
    let user = format!("a|b\u{202e}c\u{7}{}", "x".repeat(80));
    let asked = server.ask_as(|request| {
        request.user.clone_from(&user);
        request.app = "a\u{200b}b".to_owned();
        // A letter that looks like another one: hosts are sent, and shown, as A-labels.
        request.origin = "xn--cme-5cd.test".to_owned();
    });
    device.run(&[&server]);
    let shown = lines(&device, &server);
    assert!(
        text(&shown, "user").starts_with("a|b\\u{202E}c\\u{0007}"),
        "{shown:?}"
    );
    assert_eq!(text(&shown, "app"), "a\\u{200B}b");
    assert_eq!(text(&shown, "origin"), "xn--cme-5cd.test");
    let id = device.only(&server).id;
    device.approve(id, asked.number.as_str(), &server).unwrap();
    device.run(&[&server]);
    // Both ends hashed the same lines, and the signed bytes are untouched.
    let facts = server.facts();
    assert!(facts.iter().all(|fact| fact.word() != "shown_else"));
    assert!(facts.iter().any(|fact| fact.word() == "ended"));
}
