//! Scenarios A12–A15 and C4: a work account is added.

use countersign_core::approval::{Attention, EnrolmentFailure, Reply, Standing, Unreachable};
use countersign_core::time::UnixSeconds;
use countersign_core::uri::invitation::{parse_code_and_url, parse_pasted};
use countersign_core::uri::{TestMode, UriError, parse_otpauth};
use countersign_protocol::message::OtpLink;
use countersign_protocol::problem::Problem;
use countersign_verifier::step::GiveCode;

use crate::device::{Device, Did};
use crate::server::Server;

fn refusal(problem: &Problem) -> Reply {
    Reply::Answered {
        status: problem.name_and_status().1,
        retry_after_s: None,
        body: problem.to_document().format().unwrap(),
    }
}

#[test]
fn a12_an_address_without_tls_or_of_digits_is_refused_with_the_reason() {
    let code = "1234 5678 9012 3456";
    let parsed = |url| parse_code_and_url(code, url, TestMode::Off).unwrap_err();
    assert_eq!(parsed("http://login.acme.test"), UriError::InsecureUrl);
    for url in [
        "https://192.0.2.1",
        "https://[2001:db8::1]",
        "https://127.0.0.1",
    ] {
        let refused = parsed(url);
        assert!(
            matches!(refused, UriError::Malformed { .. } | UriError::InsecureUrl),
            "{url}"
        );
    }
    let local = parse_code_and_url(code, "http://127.0.0.1:8080", TestMode::On);
    assert_eq!(local.unwrap().url.as_str(), "http://127.0.0.1:8080");
}

#[test]
fn a12_a_server_that_redirects_is_not_followed() {
    let server = Server::new();
    let mut device = Device::new("Pixel");
    let id = device.add(&server.typed(), &server);
    let outgoing = device.next(&server);
    device.hear(
        &outgoing,
        &Reply::Unreachable(Unreachable::Redirect),
        &server,
    );
    let view = device.view(id, &server);
    assert_eq!(view.standing, Standing::Enrolling);
    assert_eq!(view.unreachable_since, Some(device.now(&server)));
    assert!(
        device
            .sent
            .iter()
            .all(|(url, _)| url.starts_with(&server.url))
    );
}

#[test]
fn a12_code_and_address_do_what_a_qr_code_does_but_the_number_is_typed() {
    let server = Server::new();
    let mut typed = Device::new("Pixel");
    let id = typed.add(&server.typed(), &server);
    typed.run(&[&server]);
    assert!(typed.view(id, &server).check.unwrap().type_it);
    typed.activate(id, &server);
    let mut scanned = Device::new("Fairphone");
    let other = scanned.add(&server.scanned(), &server);
    scanned.run(&[&server]);
    assert!(!scanned.view(other, &server).check.unwrap().type_it);
    scanned.activate(other, &server);
    let (one, other) = (typed.view(id, &server), scanned.view(other, &server));
    assert_eq!((one.issuer, one.label), (other.issuer, other.label));
    assert_eq!(server.active().len(), 2);
}

#[test]
fn a13_a_pasted_line_fills_code_and_address() {
    let server = Server::new();
    let code = server.code();
    let grouped = format!(
        "{} {} {}-{}",
        &code[..4],
        &code[4..8],
        &code[8..12],
        &code[12..]
    );
    let typed = parse_code_and_url(&code, &server.url, TestMode::Off).unwrap();
    for line in [
        format!("Code: {grouped} URL: {}", server.url),
        format!("{} {grouped}", server.url),
    ] {
        assert_eq!(parse_pasted(&line, TestMode::Off).unwrap(), typed, "{line}");
    }
    Device::new("Pixel").enrol_by(&typed, &server);
}

#[test]
fn a14_an_enrolment_that_is_stopped_anywhere_goes_on_and_is_never_shown_as_working() {
    let server = Server::new();
    let mut device = Device::new("Pixel");
    let id = device.add(&server.scanned(), &server);
    let mut standings = vec![device.view(id, &server).standing];
    let mut is_confirmed = false;
    for _ in 0..40 {
        device.restart();
        let view = device.view(id, &server);
        if standings.last() != Some(&view.standing) {
            standings.push(view.standing.clone());
        }
        if view.standing == Standing::Active {
            break;
        }
        assert!(view.standing.is_unfinished());
        if let Some(check) = view.check.filter(|_| !is_confirmed)
            && !server.devices().is_empty()
            && device.sent.len() > 2
        {
            // EXPOSE: the person reads it.
            server.confirm(check.number.expose(), check.type_it);
            is_confirmed = true;
        }
        if let Some(test) = device.open(&server).first() {
            // Once it is decided, that is stored: it is sent whatever happens.
            let _ = device.approve(test.id, &server.test_number(), &server);
        }
        // One thing and its answer, and then the power is gone.
        if let Did::Sent(outgoing) = device.step(&[&server], Attention::Waiting)
            && let Ok(reply) = server.answer(&outgoing)
        {
            device.hear(&outgoing, &reply, &server);
        }
        server.pass_s(1);
    }
    use Standing::{Active, Confirmed, Enrolling, Planned, Unconfirmed};
    assert_eq!(
        standings,
        [Planned, Enrolling, Unconfirmed, Confirmed, Active]
    );
    let enrolments = device
        .sent
        .iter()
        .filter(|(url, _)| url.ends_with("/v1/enrolments"));
    let first = enrolments.clone().next().unwrap();
    assert!(
        enrolments.into_iter().all(|sent| sent == first),
        "only ever the same bytes"
    );
    assert_eq!(device.keys.count(), 2);
    assert_eq!(server.devices().len(), 1);
}

#[test]
fn a14_an_enrolment_whose_every_answer_is_lost_gets_the_same_answer_again() {
    let server = Server::new();
    let mut device = Device::new("Pixel");
    let id = device.add(&server.scanned(), &server);
    for _ in 0..3 {
        let outgoing = device.next(&server);
        assert!(server.answer(&outgoing).is_ok());
        device.hear(
            &outgoing,
            &Reply::Unreachable(Unreachable::TimedOut),
            &server,
        );
        device.restart();
        assert_eq!(device.view(id, &server).standing, Standing::Enrolling);
    }
    device.activate(id, &server);
    assert_eq!(server.devices().len(), 1);
}

#[test]
fn a14_what_came_to_nothing_says_so_and_can_be_begun_again() {
    let server = Server::new();
    let mut device = Device::new("Pixel");
    let id = device.add(&server.scanned(), &server);
    server.pass_s(601);
    device.run(&[&server]);
    let why = EnrolmentFailure::ExpiredInvitation;
    assert_eq!(device.view(id, &server).standing, Standing::Failed { why });
    device.restart();
    assert_eq!(device.view(id, &server).standing, Standing::Failed { why });
    let now = device.now(&server);
    device.companion().leave(id, now).unwrap();
    device.run(&[&server]);
    assert!(device.read().work_accounts(now).is_empty());
    device.enrol(&server);
}

#[test]
fn a15_an_unknown_version_says_which_side_is_older() {
    for ((server, device_speaks), why) in [
        ((2, 1), EnrolmentFailure::DeviceOlder),
        ((1, 2), EnrolmentFailure::ServerOlder),
    ] {
        let provider = Server::new();
        let mut device = Device::new("Pixel");
        let id = device.add(&provider.scanned(), &provider);
        let outgoing = device.next(&provider);
        let problem = Problem::UnsupportedVersion {
            server,
            device: device_speaks,
        };
        device.hear(&outgoing, &refusal(&problem), &provider);
        assert_eq!(
            device.view(id, &provider).standing,
            Standing::Failed { why }
        );
    }
}

#[test]
fn c4_codes_are_right_by_the_servers_clock_and_the_difference_is_said() {
    let server = Server::new();
    let mut device = Device::new("Pixel");
    device.ahead_s = 94;
    let id = device.add(&server.scanned(), &server);
    device.run(&[&server]);
    // EXPOSE: the person reads it.
    let shown = device.view(id, &server).check.unwrap().number;
    server.confirm(shown.expose(), false);
    device.run(&[&server]);
    let test = device.only(&server);
    device
        .approve(test.id, &server.test_number(), &server)
        .unwrap();
    let answer = device.next(&server);
    let receipt = server.answer(&answer).unwrap();
    // RFC 6238 appendix B has this key.
    let link = "otpauth://totp/ACME:ann?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=ACME";
    let give = GiveCode {
        device: server.newest().id,
        link: OtpLink::new(link.to_owned()),
    };
    server.take(&give).unwrap();
    device.hear(&answer, &receipt, &server);
    device.run(&[&server]);
    let codes = device.read().work_codes(device.now(&server));
    let key = parse_otpauth(link).unwrap().account.otp;
    let right = key.generator().code(UnixSeconds(server.now_s.get()));
    let wrong = key.generator().code(device.now(&server));
    assert_eq!(codes.len(), 1);
    // EXPOSE: the person reads them.
    let (shown, right, wrong) = (codes[0].window.current.text(), right.text(), wrong.text());
    assert_eq!(shown.expose(), right.expose());
    assert_ne!(shown.expose(), wrong.expose());
    assert_eq!(device.view(id, &server).clock_ahead_s, Some(94));
}

#[test]
fn a_code_that_is_given_or_taken_later_reaches_the_device_that_waits() {
    let server = Server::new();
    let mut device = Device::new("Pixel");
    device.enrol(&server);
    let codes = |device: &Device| {
        let codes = device.read().work_codes(device.now(&server));
        let shown = codes.iter().map(|one| one.window.current.text());
        // EXPOSE: the person reads them.
        shown
            .map(|code| code.expose().to_owned())
            .collect::<Vec<_>>()
    };
    let id = server.newest().id;
    let keys = ["JBSWY3DPEHPK3PXP", "GEZDGNBVGY3TQOJQ"];
    let links = keys.map(|key| format!("otpauth://totp/ACME:ann?secret={key}"));
    let [first, second] = [&links[0], &links[1]].map(|link| Some(link.as_str()));
    // Twice within a second too.
    for given in [first, second, None, first] {
        device.run(&[&server]);
        let link = given.and_then(|link| OtpLink::new(link.to_owned()));
        server.take(&GiveCode { device: id, link }).unwrap();
        device.run(&[&server]);
        let right = given.map(|link| {
            let key = parse_otpauth(link).unwrap().account.otp;
            // EXPOSE: the same.
            let code = key.generator().code(device.now(&server));
            code.text().expose().to_owned()
        });
        assert_eq!(codes(&device), Vec::from_iter(right));
    }
}
