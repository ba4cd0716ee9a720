//! A server that failed is left alone for a while, but not against a person's wish; what it asked for itself holds.

use std::time::{Duration, Instant};

use countersign_protocol::problem::Problem;
use countersign_scripted::{Deed, Path, Rule, Server};
use serde_json::Value;

use crate::person::name;
use crate::scripted_site::{Approving, Site};

/// After so many failures in a row, which take 15 s, a device waits this long by itself; so long nobody waits here.
const FAILURES: u32 = 5;
const BACKOFF: Duration = Duration::from_secs(16);

/// Two requests, and a server that fails so often to take the answer to the first one.
fn failing(site: &Site, deed: Deed, times: u32) -> (Approving, [Value; 2]) {
    for app in ["First", "Second"] {
        let request = Server::sign_in(app);
        site.scripted.ask(&site.account, request).unwrap();
    }
    let mut approving = site.approve();
    let ids = [(); 2].map(|()| approving.until("request")["id"].clone());
    site.scripted.on(Rule {
        times: Some(times),
        ..Rule::next(Path::Answers, deed)
    });
    approving.decide(&ids[0], "deny", None);
    approving.until("decided");
    site.wait_until("the failures", |site| site.scripted.rules_left() == 0);
    (approving, ids)
}

#[test]
fn r7_a_decision_does_not_wait_for_a_server_that_failed_a_while_ago() {
    let site = Site::enrolled();
    let lost = Deed::Drop { processed: false };
    let (mut approving, ids) = failing(&site, lost, FAILURES);
    let decided = Instant::now();
    approving.decide(&ids[1], "deny", None);
    let ended = [(); 2].map(|()| approving.until("ended")["id"].clone());
    assert!(decided.elapsed() < BACKOFF, "{:?}", decided.elapsed());
    assert!(ids.iter().all(|id| ended.contains(id)));
    approving.end();
}

#[test]
fn r7_a_decision_that_the_server_refuses_holds_up_no_other() {
    let site = Site::enrolled();
    let refusal = Deed::refusal(&Problem::UnknownDevice);
    let (mut approving, ids) = failing(&site, refusal, 1);
    let decided = Instant::now();
    approving.decide(&ids[1], "deny", None);
    while approving.until("ended")["id"] != ids[1] {}
    assert!(decided.elapsed() < BACKOFF, "{:?}", decided.elapsed());
    approving.end();
}

#[test]
fn a_decision_waits_as_long_as_the_server_asked_for() {
    let site = Site::enrolled();
    let retry_after = Some("600".to_owned());
    let (mut approving, ids) = failing(&site, Deed::Unavailable { retry_after }, 1);
    approving.decide(&ids[1], "deny", None);
    approving.until("decided");
    // What comes after it shows that the program has gone on.
    site.sign_in();
    approving.until("request");
    assert_eq!(site.scripted.requests(Path::Answers).len(), 1);
    approving.end();
}

#[test]
fn r16_whoever_starts_a_verb_does_not_wait_for_a_server_that_failed_before() {
    let site = Site::enrolled();
    site.sign_in();
    let lost = Deed::Drop { processed: false };
    site.scripted.on(Rule::always(Path::Fetch, lost.clone()));
    site.scripted.on(Rule::always(Path::Leave, lost));
    for _ in 0..3 {
        let document = site.person.json(&["requests"]);
        assert!(document["requests"].as_array().unwrap().is_empty());
    }
    let left = site.person.json(&["leave", "ann", "--yes"]);
    assert_eq!(
        (name(&left).as_str(), &left["is_told"]),
        ("unreachable", &false.into())
    );
    assert_eq!(left["error"]["why"], "no_connection");
    site.scripted.clear();
    let begun = Instant::now();
    let document = site.person.json(&["leave", "ann", "--yes"]);
    assert_eq!(document["is_told"], true, "{document}");
    assert!(begun.elapsed() < BACKOFF);
}

/// Whatever a server does, its `unreachable` event says it by one of a few names.
fn is_named(deed: Deed, why: &str) {
    let site = Site::enrolled();
    site.scripted.on(Rule::always(Path::Fetch, deed));
    let mut approving = site.approve();
    let event = approving.until("unreachable");
    assert_eq!(event["why"], why);
    assert!(event["unreachable_since"].is_u64(), "{event}");
    crate::person::hold_schema("approve", &event);
    let text = event.to_string().to_lowercase();
    assert!(!text.contains("marked"), "{text}");
    approving.end();
}

#[test]
fn r16_why_a_server_is_unreachable_is_one_of_a_few_names() {
    let to = "https://marked.example/".to_owned();
    is_named(Deed::Redirect { to }, "redirect");
    is_named(Deed::Drop { processed: true }, "no_connection");
    let bytes = 64 * 1024 + 1;
    is_named(Deed::Huge { bytes }, "too_long");
    let text = "220 marked.example ESMTP\r\n".to_owned();
    is_named(Deed::Raw { text }, "not_http");
    let retry_after = Some("1".to_owned());
    is_named(Deed::Unavailable { retry_after }, "unavailable");
    let body = "marked".to_owned();
    let headers = [].into();
    let status = 502;
    is_named(
        Deed::Answer {
            status,
            headers,
            body,
        },
        "unavailable",
    );
}

#[test]
fn what_a_server_says_wrongly_is_refused_and_not_called_silence() {
    let site = Site::enrolled();
    site.scripted.on(Rule::next(Path::Fetch, Deed::OtherKey));
    let asked = site.sign_in();
    let mut approving = site.approve();
    let mut seen = vec![];
    loop {
        let event = approving.next_within(BACKOFF).unwrap();
        let name = event["event"].as_str().unwrap().to_owned();
        if name == "request" {
            assert_eq!(event["jti"], asked.id.format());
            break;
        }
        seen.push(name);
    }
    assert!(seen.contains(&"refused".to_owned()), "{seen:?}");
    assert!(!seen.contains(&"unreachable".to_owned()), "{seen:?}");
    approving.end();
}
