//! A server that lies: each lie has a name, changes nothing, and the program stays of use.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use countersign_protocol::problem::Problem;
use countersign_scripted::{Deed, Path, Rule};
use serde_json::{Value, json};

use crate::scripted_site::{Running, Site};
use crate::terminal::Terminal;

/// The next fetch is lied to; the program names why, and the request that is told rightly after it is answered.
fn is_refused(site: &Site, deed: Deed, cause: &str) {
    let asked = site.sign_in();
    site.scripted.on(Rule::next(Path::Fetch, deed));
    let mut approving = site.approve();
    assert_eq!(approving.until("refused")["cause"], cause);
    let event = approving.until("request");
    approving.decide(&event["id"], "approve", Some(asked.number.as_str()));
    assert_eq!(approving.until("ended")["outcome"], "approved", "{cause}");
    approving.end();
    assert_eq!(site.outcome(&asked).as_deref(), Some("approved"));
    assert!(site.refusals().contains(&cause.to_owned()), "{cause}");
    assert_eq!(site.work()["standing"], "active", "{cause}");
}

fn claims(set: Value) -> Deed {
    let set = set.as_object().unwrap().clone();
    Deed::Claims { set }
}

#[test]
fn r12_a_state_that_another_key_signed_is_refused() {
    is_refused(&Site::enrolled(), Deed::OtherKey, "unknown_key");
}

#[test]
fn r12_a_state_for_another_device_is_refused() {
    is_refused(&Site::enrolled(), Deed::OtherDevice, "audience");
}

#[test]
fn r12_a_statement_of_another_account_is_refused() {
    is_refused(&Site::enrolled(), Deed::OtherAccount, "account");
}

#[test]
fn r12_a_replayed_state_is_refused() {
    let site = Site::enrolled();
    site.is_usable();
    is_refused(&site, Deed::Replay { back: 1 }, "reply");
}

#[test]
fn r12_a_state_that_answers_something_else_is_refused() {
    is_refused(&Site::enrolled(), Deed::OtherRequest, "reply");
}

#[test]
fn a_state_without_a_claim_is_refused() {
    is_refused(&Site::enrolled(), claims(json!({"seq": null})), "form");
}

#[test]
fn what_is_no_message_is_refused() {
    let page = Deed::Answer {
        status: 200,
        headers: [("content-type".to_owned(), "text/html".to_owned())].into(),
        body: "<html>Sign in to this network first</html>".to_owned(),
    };
    is_refused(&Site::enrolled(), page, "form");
}

#[test]
fn a_server_that_passes_on_anothers_statement_is_refused() {
    let site = Site::enrolled();
    let other = Site {
        account: site.scripted.add_person("bob@example.org").unwrap(),
        person: crate::person::Person::new(),
        scripted: site.scripted,
    };
    assert_eq!(other.add().0, 0);
    other.go_on();
    let passed_on = other.sign_in().message;
    let site = Site {
        account: site.account,
        person: site.person,
        scripted: other.scripted,
    };
    let deed = claims(json!({"statements": [passed_on.as_str()]}));
    is_refused(&site, deed, "audience");
}

/// A receipt is lied about: it is refused, and only the honest one, by whichever way it comes, is an end.
fn receipt_is_refused(deed: Deed, cause: &str) {
    let site = Site::enrolled();
    let asked = site.sign_in();
    site.scripted.on(Rule::next(Path::Answers, deed));
    let mut approving = site.approve();
    let event = approving.until("request");
    approving.decide(&event["id"], "approve", Some(asked.number.as_str()));
    assert_eq!(approving.until("refused")["cause"], cause);
    assert_eq!(approving.until("ended")["outcome"], "approved", "{cause}");
    approving.end();
    let sent = site.scripted.requests(Path::Answers);
    assert!(sent.iter().all(|one| *one == sent[0]));
}

#[test]
fn a_receipt_that_another_key_signed_is_no_success() {
    receipt_is_refused(Deed::OtherKey, "unknown_key");
}

#[test]
fn a_receipt_of_another_statement_is_no_success() {
    receipt_is_refused(Deed::OtherAccount, "reply");
}

#[test]
fn a_receipt_for_another_device_is_no_success() {
    receipt_is_refused(Deed::OtherDevice, "audience");
}

/// What is wrong on the way to a server is said in words, once, and the program goes on when it is over.
fn is_named(deed: Deed, words: &str) {
    let site = Site::enrolled();
    site.scripted.on(Rule::always(Path::Fetch, deed));
    let done = site.person.run(&["requests"]);
    assert_eq!(done.exit, 0, "{done:?}");
    assert!(done.err.contains(words), "{done:?}");
    assert_eq!(site.work()["standing"], "active", "{words}");
    site.scripted.clear();
    site.is_usable();
}

#[test]
fn a_huge_reply_is_named() {
    let bytes = 64 * 1024 + 1;
    is_named(Deed::Huge { bytes }, "more than any answer may have");
}

#[test]
fn an_endless_reply_is_named() {
    is_named(Deed::Endless, "more than any answer may have");
}

#[test]
fn a_redirect_is_named_and_not_followed() {
    let site = Site::enrolled();
    let to = format!("{}/v1/leave", site.scripted.url);
    site.scripted
        .on(Rule::always(Path::Fetch, Deed::Redirect { to }));
    let done = site.person.run(&["requests"]);
    assert!(done.err.contains("sends requests elsewhere"), "{done:?}");
    assert!(site.scripted.requests(Path::Leave).is_empty());
    site.scripted.clear();
    site.is_usable();
}

#[test]
fn what_is_not_http_is_named() {
    let text = "220 mail.example.org ESMTP\r\n".to_owned();
    is_named(Deed::Raw { text }, "does not speak HTTP");
}

#[test]
fn a_connection_that_ends_is_named() {
    is_named(Deed::Drop { processed: true }, "cannot be reached");
}

#[test]
fn a_server_that_is_away_is_waited_for() {
    let retry_after = Some("1".to_owned());
    is_named(Deed::Unavailable { retry_after }, "does not answer");
}

#[test]
fn a_slow_drip_is_ended_and_named() {
    let site = Site::enrolled();
    let drip = Deed::Drip { pause_ms: 200 };
    site.scripted.on(Rule::next(Path::Fetch, drip));
    let mut child = site
        .person
        .command(&["approve"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let stdout = child.stdout.take().unwrap();
    let running = Running(child);
    let mut lines = BufReader::new(stdout).lines();
    let named = lines.find(|line| line.as_ref().unwrap().contains("did not answer in time"));
    assert!(named.is_some());
    drop(running);
    site.is_usable();
}

#[test]
fn an_unsigned_refusal_removes_nobody() {
    for problem in [Problem::UnknownDevice, Problem::NotActive] {
        let site = Site::enrolled();
        site.scripted
            .on(Rule::next(Path::Fetch, Deed::refusal(&problem)));
        let gone = Deed::Answer {
            status: 410,
            headers: [].into(),
            body: String::new(),
        };
        site.scripted.on(Rule::next(Path::Fetch, gone));
        site.person.run(&["requests"]);
        site.person.run(&["requests"]);
        assert_eq!(site.scripted.rules_left(), 0);
        assert_eq!(site.work()["standing"], "active");
        site.is_usable();
    }
}

/// What `add` says when its enrolment is lied to.
fn not_added(deed: Deed) -> (String, Option<String>) {
    let site = Site::new();
    site.scripted.on(Rule::always(Path::Enrolments, deed));
    let (exit, document) = site.add();
    assert_ne!(exit, 0, "{document}");
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let error = &document["error"];
    // Whatever was said, the vault is of use, and nothing in it looks as if it worked.
    assert_ne!(site.work()["standing"], "active");
    assert!(site.scripted.devices(&site.account).unwrap().len() <= 1);
    let code = crate::person::ACME.as_bytes();
    assert_eq!(site.person.feed(&["add", "-"], code).exit, 0);
    assert_eq!(site.person.run(&["code", "acme"]).exit, 0);
    (text(&error["name"]).unwrap(), text(&error["why"]))
}

#[test]
fn a15_an_enrolment_says_which_side_is_older() {
    let why = |deed| not_added(deed);
    let older = |why: &str| ("not_added".to_owned(), Some(why.to_owned()));
    let newer_document = claims(json!({"v": 2}));
    assert_eq!(why(newer_document), older("device_older"));
    let version = |server, device| Deed::refusal(&Problem::UnsupportedVersion { server, device });
    assert_eq!(why(version(2, 1)), older("device_older"));
    assert_eq!(why(version(1, 2)), older("server_older"));
}

#[test]
fn an_enrolment_with_no_fit_reply_is_refused_with_a_name() {
    let bytes = 8 * 1024 + 1;
    assert_eq!(not_added(Deed::Huge { bytes }).0, "unreachable");
    assert_eq!(not_added(Deed::Endless).0, "unreachable");
    let text = "220 mail.example.org ESMTP\r\n".to_owned();
    assert_eq!(not_added(Deed::Raw { text }).0, "unreachable");
}

#[test]
fn an_enrolment_at_a_server_that_is_away_is_refused_with_a_name() {
    let retry_after = Some("600".to_owned());
    assert_eq!(
        not_added(Deed::Unavailable { retry_after }).0,
        "unreachable"
    );
}

#[test]
fn an_enrolment_that_another_key_accepts_is_refused_with_a_name() {
    for (deed, cause) in [
        (Deed::OtherKey, "unknown_key"),
        (Deed::OtherDevice, "audience"),
        (Deed::OtherRequest, "reply"),
    ] {
        let (name, why) = not_added(deed);
        assert_eq!(
            (name.as_str(), why.as_deref()),
            ("refused_reply", Some(cause))
        );
    }
}

#[test]
fn whoever_waits_for_an_enrolment_is_told_that_its_reply_was_refused_and_sees_it_go_on() {
    let site = Site::new();
    site.scripted
        .on(Rule::next(Path::Enrolments, Deed::OtherKey));
    let link = site.scripted.invite(&site.account).unwrap().link;
    let add = site.person.command(&["add", &link, "--test-mode", "--yes"]);
    let mut terminal = Terminal::start(&add, 120, 40);
    terminal.expect("gave an answer that its key has not signed");
    terminal.expect("Only if it is this one");
    terminal.kill();
    site.go_on();
}

#[test]
fn devices_that_leave_no_room_are_named_and_named_safely() {
    let site = Site::new();
    let devices = ["Pixel", "iPad \u{202e}daPi"].map(str::to_owned).to_vec();
    let full = Deed::refusal(&Problem::DeviceLimit { devices });
    site.scripted.on(Rule::next(Path::Enrolments, full));
    let (exit, document) = site.add();
    assert_eq!(
        (exit, &document["error"]["why"]),
        (1, &json!("device_limit"))
    );
    let words = document["error"]["message"].as_str().unwrap();
    assert!(words.contains("(Pixel, iPad "), "{words}");
    assert!(!words.contains('\u{202e}'), "{words}");
}

#[test]
fn an_enrolment_that_was_lied_to_once_goes_on_with_the_same_bytes() {
    let site = Site::new();
    site.scripted
        .on(Rule::next(Path::Enrolments, Deed::OtherKey));
    site.add();
    site.go_on();
    let sent = site.scripted.requests(Path::Enrolments);
    assert!(sent.len() == 2 && sent[0] == sent[1]);
    site.is_usable();
}
