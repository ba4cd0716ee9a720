//! Attacks on sign-ins, and on what keeps them calm.

use super::*;

#[test]
fn a_server_that_passes_on_another_ones_statement() {
    let acme = Server::new();
    let mut device = Device::terminal("desk");
    let at_acme = device.enrol(&acme);
    let acmes_device = acme.newest().id;
    let evil = Server::at("https://free-games.test", "Games");
    let at_evil = device.enrol(&evil);
    let evils_device = evil.newest().id;
    assert_ne!(acmes_device, evils_device, "a key for each account");
    let asked = acme.ask();
    let fetch = |device: &mut Device| loop {
        let outgoing = device.next(&evil);
        if outgoing.errand.account() == at_evil {
            return outgoing;
        }
        device.hear(&outgoing, &Reply::Unreachable(Unreachable::TimedOut), &acme);
    };
    // As it is: signed by a key that is none of its own.
    let outgoing = fetch(&mut device);
    let lie = made_up(&evil, &outgoing, evils_device, |state| {
        state.statements.push(asked.message.clone());
    });
    let refused = device.hear(&outgoing, &lie, &evil);
    let account = at_evil;
    assert_eq!(
        refused,
        [Event::Refused {
            account,
            cause: Cause::UnknownKey
        }]
    );
    // It calls the other one's key its own, which costs it nothing.
    let acmes_key = *acme.verifier.setup().keys.current()[0].public();
    evil.pass_s(120);
    let outgoing = fetch(&mut device);
    let document = listing(&evil, &device.sent, acmes_key);
    let lie = made_up(&evil, &outgoing, evils_device, |state| {
        state.account = Some(document);
        state.statements.push(asked.message.clone());
    });
    let refused = device.hear(&outgoing, &lie, &evil);
    assert!(
        refused.contains(&Event::Refused {
            account,
            cause: Cause::Issuer
        }),
        "{refused:?}"
    );
    // Signed anew in its own name, it says in its lines who asks, and ACME takes no such answer.
    assert!(
        device
            .read()
            .all_statements(device.now(&evil))
            .iter()
            .all(|one| one.is_test)
    );
    assert_eq!(acme.statement(&asked.id).outcome, None);
    acme.pass_s(60);
    device.run(&[&acme, &evil]);
    assert_eq!(device.only(&acme).account, at_acme);
}

/// The evil server's document for this device with one more key in it.
fn listing(evil: &Server, sent: &[(String, String)], key: PublicKey) -> Compact {
    let setup = evil.verifier.setup();
    let enrol = sent
        .iter()
        .find(|(url, _)| *url == format!("{}/v1/enrolments", evil.url));
    let (url, enrol) = enrol.unwrap();
    assert!(url.starts_with(&evil.url));
    let source = "192.0.2.1".parse().unwrap();
    // The same enrolment has the same document, whenever it is asked for.
    let said = evil
        .verifier
        .message(Kind::Enrol, enrol, source, evil.now());
    let countersign_verifier::reply::Reply::Account(said) = said else {
        panic!("the document");
    };
    let received = Received::parse(Kind::Account, said.as_str()).unwrap();
    let verified = received.verify_first_account(None).unwrap();
    let reader = evil.newest().id;
    let mut account = Account::read(&verified, &reader, &MessageHash::of(enrol)).unwrap();
    account.version = 2;
    account.keys.push(key);
    signed(
        &setup.keys.current()[0],
        Kind::Account,
        &account.to_claims(),
    )
}

#[test]
fn replayed_delivery() {
    let server = Server::new();
    let mut device = Device::terminal("desk");
    device.enrol(&server);
    let tell = |device: &mut Device, to: &str| {
        let now = device.now(&server);
        let address = Address::UnifiedPush { to: to.to_owned() };
        device.companion().ring_at(Some(&address), now).unwrap();
        let outgoing = device.next(&server);
        assert!(outgoing.url.ends_with("/v1/delivery"));
        device.hear(&outgoing, &server.answer(&outgoing).unwrap(), &server);
        outgoing
    };
    let first = tell(&mut device, "https://push.example.org/one");
    tell(&mut device, "https://push.example.org/two");
    for later_s in [0, 100, 250, 10_000] {
        server.pass_s(later_s);
        let _ = server.answer(&first);
        server.facts();
        let asked = server.ask();
        let rang = server.facts().into_iter().find_map(|fact| match fact {
            Fact::Ring {
                to: Ring::UnifiedPush { to, .. },
                ..
            } => Some(to),
            _ => None,
        });
        assert_eq!(
            rang.as_deref(),
            Some("https://push.example.org/two"),
            "{later_s}"
        );
        let statement = asked.id;
        server.take(&countersign_verifier::step::Withdraw { statement });
    }
}

#[test]
fn junk_against_the_history() {
    let server = Server::new();
    let mut device = Device::terminal("desk");
    device.enrol(&server);
    let before = device.read().history(None, 10_000).unwrap().len();
    let account = device.read().work_accounts(device.now(&server))[0].id;
    for nth in 0..200_u64 {
        // Somebody between answers with junk of three sorts, as fast as the device asks.
        let outgoing = device.next(&server);
        let body = match nth % 3 {
            0 => b"junk".to_vec(),
            1 => vec![b'x'; 60_000],
            _ => outgoing.body.clone().into_bytes(),
        };
        let junk = Reply::Answered {
            status: 200,
            retry_after_s: None,
            body,
        };
        device.hear(&outgoing, &junk, &server);
        server.pass_s(61);
    }
    let items = device.read().history(None, 10_000).unwrap();
    let junk = items.iter().filter(|item| {
        matches!(
            item.kind,
            ItemKind::Entry {
                kind: NoteKind::Refused,
                ..
            }
        )
    });
    let hours = 200 * 61 / 3_600 + 2;
    assert!(junk.clone().count() > 0);
    assert!(junk.count() <= 2 * hours, "one a cause and hour");
    assert!(items.len() >= before, "and nothing was pushed out");
    device.read().verify_history().unwrap().unwrap();
    // And the phone is as usable as before.
    let asked = server.ask();
    server.pass_s(61);
    device.run(&[&server]);
    let statement = device.only(&server);
    assert_eq!(statement.account, account);
    device
        .approve(statement.id, asked.number.as_str(), &server)
        .unwrap();
    device.run(&[&server]);
    assert_eq!(server.statement(&asked.id).outcome, Some(Said::Approved));
}

#[test]
fn a_stranger_at_the_page_who_types_wrong_responses() {
    let server = Server::new();
    let mut device = Device::terminal("desk");
    device.enrol(&server);
    let wrong = OfflineResponse::parse("00000000").unwrap();
    let mut typed = 0;
    let mut stopped = 0;
    for _ in 0..5 {
        let asked = server.ask();
        for _ in 0..4 {
            let response = TypeResponse {
                statement: asked.id,
                response: wrong.clone(),
            };
            match server.take(&response) {
                Err(NotTaken::Wrong { .. }) => typed += 1,
                Err(NotTaken::TriesSpent) => {}
                Err(NotTaken::Stopped) => stopped += 1,
                other => panic!("{other:?}"),
            }
        }
        server.pass_s(121);
        device.run(&[&server]);
    }
    assert_eq!(typed, 10, "three a statement, ten in a row");
    assert!(stopped > 0);
    // The person's own phone is not stopped by it, and an approval there ends the stop.
    let asked = server.ask();
    device.run(&[&server]);
    let id = device.only(&server).id;
    device.approve(id, asked.number.as_str(), &server).unwrap();
    device.run(&[&server]);
    assert_eq!(server.statement(&asked.id).outcome, Some(Said::Approved));
    let next = server.ask();
    device.run(&[&server]);
    let (id, now) = (device.only(&server).id, device.now(&server));
    let keys = std::mem::take(&mut device.keys);
    let shown = device.companion().offline_response(id, &keys, now).unwrap();
    // EXPOSE: the person types it.
    let response = OfflineResponse::parse(shown.expose()).unwrap();
    let taken = server.take(&TypeResponse {
        statement: next.id,
        response,
    });
    assert_eq!(taken, Ok(()));
}

fn bombed(bombs: usize) {
    let server = Server::new();
    let mut device = Device::terminal("desk");
    device.enrol(&server);
    let mut rang = 0;
    for nth in 0..bombs {
        let bomb = server.ask_as(|request| request.app = format!("bomb {nth}"));
        assert_eq!(bomb.is_listed, nth < 5);
        let events = device.run(&[&server]);
        let rings = events
            .iter()
            .filter(|event| matches!(event, Event::Rings { .. }));
        rang += rings.count();
        server.pass_s(1);
    }
    assert_eq!(rang, bombs.min(2));
    if bombs >= 20 {
        let request = countersign_verifier::step::Request {
            act: countersign_protocol::message::Act::SignIn,
            app: "Mail".to_owned(),
            origin: "mail.acme.test".to_owned(),
            user: "ann@acme.test".to_owned(),
            place: None,
            client: None,
            details: None,
            lifetime_s: None,
        };
        assert_eq!(
            server.take(&Ask { request }).err(),
            Some(AskError::TooManyOpen)
        );
        // Two minutes later the first of them have ended.
        server.pass_s(121);
    }
    let mine = server.ask_as(|request| request.app = "mine".to_owned());
    let now = device.now(&server);
    let id = match mine.is_listed {
        true => {
            device.run(&[&server]);
            let open = device.open(&server);
            open.iter()
                .find(|one| one.lines.iter().any(|line| line.text == "mine"))
                .unwrap()
                .id
        }
        false => {
            let link = Server::link(&mine);
            device
                .companion()
                .scan_statement(&link, TestMode::Off, now)
                .unwrap()
        }
    };
    let open_before = device.open(&server).len();
    device.approve(id, mine.number.as_str(), &server).unwrap();
    device.run(&[&server]);
    assert_eq!(server.statement(&mine.id).outcome, Some(Said::Approved));
    assert_eq!(
        device.open(&server).len(),
        open_before - 1,
        "no other was answered"
    );
    // The approval ends the stop.
    server.pass_s(121);
    device.run(&[&server]);
    assert!(server.ask().is_listed);
    let events = device.run(&[&server]);
    assert!(
        events
            .iter()
            .any(|event| matches!(event, Event::Rings { .. }))
    );
}

#[test]
fn five_bombs_before_the_real_sign_in() {
    bombed(5);
}

#[test]
fn ten_bombs_before_the_real_sign_in() {
    bombed(10);
}

#[test]
fn twenty_bombs_before_the_real_sign_in() {
    bombed(20);
}

#[test]
fn an_unsigned_410_changes_nothing() {
    let server = Server::new();
    let mut device = Device::terminal("desk");
    let id = device.enrol(&server);
    for (status, body) in [
        (410, b"gone".to_vec()),
        (
            404,
            Problem::UnknownInvitation.to_document().format().unwrap(),
        ),
        (401, Problem::UnknownDevice.to_document().format().unwrap()),
        (403, Problem::NotActive.to_document().format().unwrap()),
        (302, vec![]),
    ] {
        let outgoing = device.next(&server);
        let said = Reply::Answered {
            status,
            retry_after_s: None,
            body,
        };
        device.hear(&outgoing, &said, &server);
        device.restart();
        assert_eq!(
            device.view(id, &server).standing,
            Stands::Active,
            "{status}"
        );
        server.pass_s(70);
    }
}

#[test]
fn an_older_state_after_a_newer() {
    let server = Server::new();
    let mut device = Device::terminal("desk");
    let id = device.enrol(&server);
    let reader = server.newest().id;
    let outgoing = device.next(&server);
    let older = made_up(&server, &outgoing, reader, |state| {
        state.sequence = 1;
        state.standing = Standing::Removed {
            why: countersign_protocol::message::RemovedWhy::Administrator,
        };
    });
    // A newer one is applied while the older one is held back: of the other lane.
    let now = device.now(&server);
    let address = Address::Gateway {
        to: "https://push.example.org/one".to_owned(),
    };
    device.companion().ring_at(Some(&address), now).unwrap();
    let delivery = device.next(&server);
    assert!(delivery.url.ends_with("/v1/delivery"));
    device.hear(&delivery, &server.answer(&delivery).unwrap(), &server);
    let events = device.hear(&outgoing, &older, &server);
    let cause = Cause::Older;
    assert_eq!(events, [Event::Refused { account: id, cause }]);
    assert_eq!(device.view(id, &server).standing, Stands::Active);
}

#[test]
fn a_statement_that_nobody_asked_for_is_made_up_by_no_one_else() {
    let server = Server::new();
    let mut device = Device::terminal("desk");
    device.enrol(&server);
    let reader = server.newest().id;
    let key = SigningKey::generate().unwrap();
    let statement = Statement {
        issuer: server.url.clone(),
        audience: vec![reader],
        account: server.account,
        id: Id::from_bytes([1; 16]),
        made_at: server.now(),
        expires_at: server.now().plus_s(120),
        act: Some(countersign_protocol::message::Act::SignIn),
        app: "Mail".to_owned(),
        origin: "mail.acme.test".to_owned(),
        user: "ann".to_owned(),
        place: None,
        client: None,
        details: None,
        digits: 6,
        tries: 3,
        unknown: None,
    };
    let forged = signed(&key, Kind::Statement, &statement.to_claims().unwrap());
    let link = format!("countersign://approve?s={}", forged.as_str());
    let now = device.now(&server);
    let scanned = device.companion().scan_statement(&link, TestMode::Off, now);
    assert_eq!(
        scanned,
        Err(countersign_core::approval::ApprovalError::ConnectOnce)
    );
    assert!(device.open(&server).is_empty());
}
