//! Attacks on an enrolment.

use super::*;

#[test]
fn relay_of_an_honest_server_from_another_address() {
    let (honest, code) = {
        let server = Server::new();
        let code = server.code();
        (server, code)
    };
    // The person typed the honest server's code and the address of whoever passes everything on.
    let relay = "https://login.acme-test.test";
    let invitation = parse_code_and_url(&code, relay, TestMode::Off).unwrap();
    let mut device = Device::terminal("desk");
    let id = device.add(&invitation, &honest);
    let enrol = device.next(&honest);
    assert!(enrol.url.starts_with(relay));
    let passed_on = Outgoing {
        url: enrol.url.replace(relay, &honest.url),
        body: enrol.body.clone(),
        errand: enrol.errand.clone(),
        ..enrol
    };
    let reply = honest.answer(&passed_on).unwrap();
    assert_eq!(problem_of(&reply), Some(Problem::Audience));
    assert!(honest.devices().is_empty());
    device.hear(&passed_on, &reply, &honest);
    let why = EnrolmentFailure::Refused;
    assert_eq!(device.view(id, &honest).standing, Stands::Failed { why });
}

#[test]
fn somebody_between_who_enrols_a_device_of_their_own_shows_another_number() {
    let (honest, between) = (
        Server::new(),
        Server::at("https://login.acme-test.test", "ACME"),
    );
    let code = honest.code();
    // They found the code out, and run a server that the phone takes for the honest one.
    let mut theirs = Device::terminal("theirs");
    let known = parse_code_and_url(&code, &honest.url, TestMode::Off).unwrap();
    let there = theirs.add(&known, &honest);
    theirs.run(&[&honest]);
    let mut phone = Device::terminal("desk");
    let id = phone.add(&between.typed(), &between);
    phone.run(&[&between]);
    let shown = phone.view(id, &between).check.unwrap();
    assert!(
        shown.type_it,
        "the key was pinned by nobody: comparing is not enough"
    );
    // EXPOSE: the person types what their phone shows into the honest page.
    let typed = TypeNumber {
        device: honest.newest().id,
        number: countersign_protocol::digits::CheckNumber::parse(shown.number.expose()).unwrap(),
    };
    let page_has = theirs.view(there, &honest).check.unwrap().number;
    // EXPOSE: both are compared here as the page does; one time in a million they are the same.
    if page_has.expose() != shown.number.expose() {
        assert_eq!(honest.take(&typed), Err(NotConfirmed::Wrong { left: 2 }));
    }
    let device = honest.newest().id;
    let compared = honest.take(&CompareNumber {
        device,
        is_mine: true,
    });
    assert_eq!(compared, Err(NotConfirmed::MustType));
    assert!(honest.active().is_empty());
}

#[test]
fn photographed_qr_code() {
    let server = Server::new();
    let link = server.take(&Invite::default()).unwrap().link;
    let invitation = || parse_invitation(&link, TestMode::Off).unwrap();
    let (mut theirs, mut mine) = (Device::terminal("theirs"), Device::terminal("mine"));
    let there = theirs.add(&invitation(), &server);
    theirs.run(&[&server]);
    let here = mine.add(&invitation(), &server);
    mine.run(&[&server]);
    // My phone says so, the page names the other one, and there is no number to compare it with.
    let why = EnrolmentFailure::UsedInvitation;
    assert_eq!(mine.view(here, &server).standing, Stands::Failed { why });
    let device = server.newest();
    assert_eq!(device.name, "theirs");
    assert!(mine.view(here, &server).check.is_none());
    let said = server.take(&CompareNumber {
        device: device.id,
        is_mine: false,
    });
    assert_eq!(said, Err(NotConfirmed::Wrong { left: 0 }));
    theirs.run(&[&server]);
    let why = Removed::WrongCheck;
    assert_eq!(
        theirs.view(there, &server).standing,
        Stands::Removed { why }
    );
    assert!(server.active().is_empty());
    // Nothing was burnt: a fresh invitation works.
    mine.enrol(&server);
}

#[test]
fn second_commit() {
    let server = Server::new();
    let link = server.take(&Invite::default()).unwrap().link;
    let invitation = || parse_invitation(&link, TestMode::Off).unwrap();
    let (mut first, mut second) = (Device::terminal("one"), Device::terminal("two"));
    first.add(&invitation(), &server);
    second.add(&invitation(), &server);
    let (one, two) = (first.next(&server), second.next(&server));
    let document = server.answer(&one).unwrap();
    assert_eq!(problem_of(&document), None);
    // Another commitment under the same invitation, whoever sends it and however often.
    for _ in 0..3 {
        let refused = server.answer(&two).unwrap();
        assert_eq!(problem_of(&refused), Some(Problem::UsedInvitation));
    }
    let Reply::Answered { body: again, .. } = server.answer(&one).unwrap() else {
        panic!("it is answered");
    };
    let Reply::Answered { body: document, .. } = document else {
        panic!("it was answered");
    };
    assert_eq!(
        again, document,
        "the same bytes get the same document, and no other"
    );
    assert_eq!(server.devices().len(), 1);
}

#[test]
fn a_reveal_in_the_devices_name_without_its_key() {
    let server = Server::new();
    let mut device = Device::terminal("desk");
    device.add(&server.scanned(), &server);
    // Somebody who has the device's key, and searches for a nonce whose number fits.
    let key = SigningKey::generate().unwrap();
    let enrol = device.next(&server);
    device.hear(&enrol, &server.answer(&enrol).unwrap(), &server);
    let fetch = device.next(&server);
    let received = Received::parse(Kind::Fetch, &fetch.body).unwrap();
    assert_ne!(received.key_id(), key.public().thumbprint());
    let own = Received::parse(Kind::Enrol, &enrol.body)
        .unwrap()
        .verify_with_own_key()
        .unwrap();
    let verified = received.verify([(Role::Device, own.key())]).unwrap();
    let mut claims = Fetch::read(&verified, &server.url).unwrap();
    claims.reveal = Some(DeviceNonce::copy_of(&[9; 16]));
    // Without the key nobody can put it into the device's mouth.
    let forged = Outgoing {
        body: signed(&key, Kind::Fetch, &claims.to_claims())
            .as_str()
            .to_owned(),
        errand: fetch.errand.clone(),
        ..fetch
    };
    let reply = server.answer(&forged).unwrap();
    assert_eq!(problem_of(&reply), Some(Problem::UnknownDevice));
    assert!(matches!(
        server.newest().stage,
        StageView::Unconfirmed { .. }
    ));
}

#[test]
fn kill_between_account_and_reveal_then_another_document() {
    let server = Server::new();
    let mut device = Device::terminal("desk");
    let id = device.add(&server.scanned(), &server);
    let enrol = device.next(&server);
    let document = server.answer(&enrol).unwrap();
    device.hear(&enrol, &document, &server);
    // EXPOSE: it must not change.
    let shown = |device: &Device| {
        let check = device.view(id, &server).check.unwrap();
        check.number.expose().to_owned()
    };
    let before = shown(&device);
    device.restart();
    // Whoever stands between has the server's key, and tries documents until a number fits.
    let Reply::Answered { body, .. } = &document else {
        panic!("it was answered");
    };
    let received = Received::parse(Kind::Account, str::from_utf8(body).unwrap()).unwrap();
    let verified = received.verify_first_account(None).unwrap();
    let reader = server.newest().id;
    let first = Account::read(&verified, &reader, &MessageHash::of(&enrol.body)).unwrap();
    let key = server.verifier.setup().keys.current()[0].clone();
    for nonce in 0..5 {
        let other = Account {
            nonce: Id::from_bytes([nonce; 16]),
            ..first.clone()
        };
        let other = signed(&key, Kind::Account, &other.to_claims());
        // As the answer to the enrolment again: it is not waited for any more …
        device.hear(&enrol, &ok(&other), &server);
        assert_eq!(shown(&device), before);
        // … and beside a state it is not newer.
        let fetch = device.next(&server);
        assert!(
            fetch.url.ends_with("/v1/fetch"),
            "the enrolment is never sent again"
        );
        let lie = made_up(&server, &fetch, reader, |state| {
            state.standing = Standing::Unconfirmed;
            state.account = Some(other);
        });
        let events = device.hear(&fetch, &lie, &server);
        let cause = Cause::NotNewer;
        assert!(
            events.contains(&Event::Refused { account: id, cause }),
            "{events:?}"
        );
        device.restart();
        assert_eq!(shown(&device), before);
    }
    let sent = device.sent.iter();
    let enrolments = sent.filter(|(url, _)| url.ends_with("/v1/enrolments"));
    assert_eq!(enrolments.count(), 1);
}
