//! What a bad network does with a request.

use std::sync::mpsc::channel;

use countersign_protocol::kind::Kind;
use countersign_protocol::message::Outcome;
use countersign_scripted::{Deed, Path, Rule, Server};
use serde_json::json;

use crate::client::{Ann, PATIENCE, compact, refused, say, told};
use crate::phone::approve;

#[test]
fn a_request_that_is_dropped_before_is_not_known() {
    let ann = Ann::enrolled();
    let asked = ann
        .scripted
        .ask(&ann.account, Server::sign_in("Mail"))
        .unwrap();
    let answer = ann
        .phone
        .answer(&asked.message, approve(&asked.number), ann.scripted.now());
    let drop = Deed::Drop { processed: false };
    ann.scripted.on(Rule::next(Path::Answers, drop));
    assert!(ann.say(Path::Answers, &answer).is_none());
    let outcome = || {
        ann.scripted
            .statement(&ann.account, &asked.id)
            .unwrap()
            .outcome
    };
    assert_eq!(outcome(), None);
    assert_eq!(ann.say(Path::Answers, &answer).unwrap().status, 200);
    assert_eq!(outcome(), Some(Outcome::Approved));
}

#[test]
fn a_reply_that_is_dropped_was_given() {
    let ann = Ann::enrolled();
    let asked = ann
        .scripted
        .ask(&ann.account, Server::sign_in("Mail"))
        .unwrap();
    let answer = ann
        .phone
        .answer(&asked.message, approve(&asked.number), ann.scripted.now());
    let drop = Deed::Drop { processed: true };
    ann.scripted.on(Rule::next(Path::Answers, drop));
    assert!(ann.say(Path::Answers, &answer).is_none());
    let outcome = ann
        .scripted
        .statement(&ann.account, &asked.id)
        .unwrap()
        .outcome;
    assert_eq!(outcome, Some(Outcome::Approved));
    let lost = ann.scripted.exchanged();
    assert_eq!((lost.len(), lost[0].status), (1, None));
    let again = ann.say(Path::Answers, &answer).unwrap();
    assert_eq!(Some(again.body), lost[0].reply);
}

#[test]
fn what_is_held_goes_on_when_it_is_released() {
    let ann = Ann::enrolled();
    for processed in [false, true] {
        ann.scripted
            .on(Rule::next(Path::Fetch, Deed::Hold { processed }));
        let fetch = ann.fetching(&ann.phone, |_| {});
        let (sender, receiver) = channel();
        std::thread::scope(|scope| {
            let (scripted, fetch) = (&ann.scripted, &fetch);
            scope.spawn(move || {
                let response = say(scripted, Path::Fetch, fetch).unwrap();
                sender.send(response.status).unwrap();
            });
            assert!(ann.scripted.wait_for(Path::Fetch, 1, PATIENCE));
            // Another request passes the one that is held.
            ann.state(&ann.phone, |_| {});
            assert!(receiver.try_recv().is_err(), "it is held");
            if processed {
                while ann.scripted.exchanged()[0].reply.is_none() {
                    std::thread::yield_now();
                }
            } else {
                assert_eq!(ann.scripted.exchanged()[0].reply, None);
            }
            told(&ann.scripted, "release", json!({}));
            assert_eq!(receiver.recv_timeout(PATIENCE), Ok(200));
        });
        ann.scripted.forget_exchanges();
    }
}

#[test]
fn a_delay_takes_its_time() {
    let ann = Ann::enrolled();
    for processed in [false, true] {
        let begun = std::time::Instant::now();
        ann.scripted
            .on(Rule::next(Path::Fetch, Deed::Delay { ms: 300, processed }));
        ann.state(&ann.phone, |_| {});
        assert!(begun.elapsed().as_millis() >= 300);
    }
}

#[test]
fn a_repeated_answer_counts_once() {
    let ann = Ann::enrolled();
    let asked = ann
        .scripted
        .ask(&ann.account, Server::sign_in("Mail"))
        .unwrap();
    ann.scripted.on(Rule::next(Path::Answers, Deed::Repeat));
    ann.scripted.forget_events().unwrap();
    let receipt = ann.answer(&ann.phone, &asked.message, approve(&asked.number));
    assert_eq!(receipt.outcome, Outcome::Approved);
    let ended = ann.scripted.events().unwrap();
    let ended = ended.iter().filter(|event| event.fact.word() == "ended");
    assert_eq!(ended.count(), 1);
}

#[test]
fn rules_are_given_over_http_and_taken_back() {
    let ann = Ann::enrolled();
    let rule = json!({"path": "fetch", "skip": 1, "times": null, "do": {"kind": "drop"}});
    assert_eq!(told(&ann.scripted, "network", rule)["rules_left"], 1);
    let fetch = || {
        ann.say(Path::Fetch, &ann.fetching(&ann.phone, |_| {}))
            .is_some()
    };
    assert_eq!([fetch(), fetch(), fetch()], [true, false, false]);
    told(&ann.scripted, "network_clear", json!({}));
    assert!(fetch());
    let unknown = json!({"do": {"kind": "explode"}});
    assert_eq!(refused(&ann.scripted, "network", unknown), "body");
}

#[test]
fn what_came_can_be_read_and_waited_for() {
    let ann = Ann::enrolled();
    let fetch = ann.fetching(&ann.phone, |_| {});
    let reply = ann.say(Path::Fetch, &fetch).unwrap();
    let read = |body| told(&ann.scripted, "requests", body)["requests"].clone();
    let exchange = json!({
        "path": "fetch",
        "request": fetch.as_str(),
        "status": 200,
        "reply": reply.body,
    });
    let wait = json!({"path": "fetch", "at_least": 1, "wait_ms": 30_000, "forget": true});
    assert_eq!(read(wait), json!([exchange]));
    let wait = json!({"path": "fetch", "at_least": 1, "wait_ms": 10});
    assert_eq!(read(wait), json!([]));
}

#[test]
fn a_device_that_waits_hears_what_the_clock_has_ended() {
    let ann = Ann::enrolled();
    let asked = ann
        .scripted
        .ask(&ann.account, Server::sign_in("Mail"))
        .unwrap();
    ann.state(&ann.phone, |_| {});
    ann.scripted.forget_exchanges();
    let fetch = ann.fetching(&ann.phone, |fetch| {
        fetch.open = vec![asked.id];
        fetch.wait_s = 25;
    });
    std::thread::scope(|scope| {
        let (scripted, request) = (&ann.scripted, &fetch);
        let waits = scope.spawn(move || say(scripted, Path::Fetch, request).unwrap());
        assert!(ann.scripted.wait_for(Path::Fetch, 1, PATIENCE));
        let begun = std::time::Instant::now();
        ann.scripted.set_clock(asked.expires_at).unwrap();
        let reply = compact(Kind::State, &waits.join().unwrap().body);
        let state = ann.phone.state(&fetch, &reply);
        assert_eq!(state.closed.len(), 1);
        assert_eq!(
            ann.phone.receipt(&state.closed[0]).outcome,
            Outcome::Expired
        );
        assert!(begun.elapsed().as_secs() < 20);
    });
}
