//! How an account stands is said in words: suspended, left, and with a clock that is wrong.

use countersign_protocol::time::Timestamp;
use countersign_scripted::{Path, Server};
use serde_json::Value;

use crate::person::name;
use crate::scripted_site::{Approving, PATIENCE, Site};

/// What `list` says once the server was asked.
fn listed(site: &Site) -> String {
    site.person.json(&["requests"]);
    let done = site.person.run(&["list"]);
    assert_eq!(done.exit, 0, "{done:?}");
    done.out + &done.err
}

/// A request's end, and how its account stands then, in whichever order they come.
fn both(approving: &mut Approving) -> [Value; 2] {
    let mut seen = [Value::Null, Value::Null];
    while seen.iter().any(Value::is_null) {
        let event = approving.next_within(PATIENCE).expect("both come");
        match event["event"].as_str() {
            Some("ended") => seen[0] = event,
            Some("account") => seen[1] = event,
            _ => {}
        }
    }
    seen
}

#[test]
fn a_suspension_by_an_administrator_is_said_with_its_end_and_is_over_with_it() {
    let site = Site::enrolled();
    let asked = site.sign_in();
    let mut approving = site.approve();
    approving.until("request");
    site.scripted.suspend(&site.account, None).unwrap();
    let [ended, event] = both(&mut approving);
    assert_eq!(ended["outcome"], "withdrawn");
    assert_eq!(event["standing"], "suspended");
    assert_eq!(event["by_administrator"], true);
    assert_eq!(event["until"], Value::Null);
    // Nothing can be approved, and nothing is sent.
    let id = site.person.json(&["requests", "--offline"]);
    assert!(id["requests"].as_array().unwrap().is_empty(), "{id}");
    approving.end();
    assert_eq!(site.outcome(&asked).as_deref(), Some("withdrawn"));
    assert!(site.scripted.requests(Path::Answers).is_empty());
    let words = listed(&site);
    assert!(words.contains("suspended by the administrator"), "{words}");
    assert!(!words.contains("active"), "{words}");
    // 2033-05-18 03:33:20 UTC.
    let until = Timestamp::new(2_000_000_000).unwrap();
    site.scripted.suspend(&site.account, Some(until)).unwrap();
    let words = listed(&site);
    assert!(
        words.contains("suspended by the administrator until 2033-05-18 03:33 UTC"),
        "{words}"
    );
    site.scripted.resume(&site.account).unwrap();
    assert!(listed(&site).contains("active"));
    site.is_usable();
}

#[test]
fn a_suspension_after_wrong_numbers_is_said_as_that_with_its_end() {
    let site = Site::enrolled();
    let mut approving = site.approve();
    // Three each of three requests, which ends them, and the tenth.
    for (tries, is_last) in [(3, false), (3, false), (3, false), (1, true)] {
        let asked = site.sign_in();
        let number = match asked.number.as_str() {
            "000000" => "000001",
            _ => "000000",
        };
        let id = approving.until("request")["id"].clone();
        for n in 0..tries {
            if n > 0 {
                approving.until("tries");
            }
            approving.decide(&id, "approve", Some(number));
        }
        if !is_last {
            approving.until("ended");
        }
    }
    let [ended, event] = both(&mut approving);
    assert_eq!(ended["outcome"], "withdrawn");
    assert_eq!(event["standing"], "suspended");
    assert_eq!(event["by_administrator"], false);
    assert!(event["until"].is_u64(), "{event}");
    approving.end();
    let words = listed(&site);
    assert!(words.contains("suspended until "), "{words}");
    assert!(words.contains(" UTC after wrong numbers"), "{words}");
}

#[test]
fn c4_a_clock_that_is_wrong_is_told_in_words_and_signs_in_all_the_same() {
    for (offset_s, words) in [
        // The exchange takes its own seconds.
        (45, Some(" s behind")),
        (10 * 60, Some("10 minutes behind")),
        (-10 * 60, Some("10 minutes fast")),
        (3 * 3_600, Some("3 hours behind")),
        (-26 * 3_600, Some("26 hours fast")),
        (5 * 86_400, Some("5 days behind")),
        (0, None),
        (10, None),
        (-10, None),
    ] {
        let site = Site::enrolled();
        site.scripted.shift_clock(offset_s).unwrap();
        let asked = site.sign_in();
        let document = site.person.json(&["requests"]);
        assert_eq!(
            document["requests"][0]["jti"],
            asked.id.format(),
            "{offset_s}: {document}"
        );
        let done = site.person.run(&["list"]);
        let said = format!("{}{}", done.out, done.err);
        match words {
            Some(words) => {
                assert!(
                    said.contains("This device's clock is "),
                    "{offset_s}: {said}"
                );
                assert!(said.contains(words), "{offset_s}: {said}");
                assert!(said.contains("set the clock"), "{offset_s}: {said}");
                let ahead_s = site.work()["clock_ahead_s"].as_i64().unwrap();
                assert!((ahead_s + offset_s).abs() <= 10, "{ahead_s} {offset_s}");
            }
            None => {
                assert!(!said.contains("clock"), "{offset_s}: {said}");
                assert_eq!(site.work()["clock_ahead_s"], Value::Null);
            }
        }
        let mut approving = site.approve();
        let event = approving.until("request");
        approving.decide(&event["id"], "approve", Some(asked.number.as_str()));
        assert_eq!(
            approving.until("ended")["outcome"],
            "approved",
            "{offset_s}"
        );
        approving.end();
    }
}

#[test]
fn an_account_that_left_is_gone_with_what_was_open_and_keeps_its_history() {
    let site = Site::enrolled();
    site.is_usable();
    let asked = site.sign_in();
    let mut approving = site.approve();
    let id = approving.until("request")["id"].clone();
    let left = site.person.json(&["leave", "ann", "--yes"]);
    assert_eq!(left["is_told"], true, "{left}");
    assert_eq!(approving.until("ended")["id"], id);
    approving.decide(&id, "approve", Some(asked.number.as_str()));
    let refused = approving.until("not_decided");
    assert_eq!(refused["error"]["name"], "no_such_request");
    approving.end();
    // The server asks nobody who has left.
    let request = Server::sign_in("Mail");
    assert!(site.scripted.ask(&site.account, request).is_err());
    for (verb, expected) in [
        (&["leave", "ann", "--yes"][..], "no_such_account"),
        (&["about", "ann"], "no_such_account"),
        (&["move", "ann", "--abort"], "no_such_account"),
    ] {
        assert_eq!(site.person.refusal(verb, b""), expected, "{verb:?}");
    }
    let history = site.person.json(&["history"]);
    let entries = history["entries"].as_array().unwrap();
    let outcomes = entries.iter().map(|entry| &entry["outcome"]);
    assert!(outcomes.clone().any(|outcome| outcome == "approved"));
    site.is_whole();
    assert_eq!(name(&history), "no error");
}

#[test]
fn an_account_that_the_server_removed_says_so_and_can_be_left_without_it() {
    let site = Site::enrolled();
    let device = site.scripted.devices(&site.account).unwrap()[0].id;
    site.scripted.remove(&site.account, device).unwrap();
    let words = listed(&site);
    assert!(
        words.contains("removed: it was taken away on the server"),
        "{words}"
    );
    let removed = site.person.run(&["remove", "ann"]);
    assert!(
        removed.out.contains("asks nothing of this device"),
        "{removed:?}"
    );
    assert!(!removed.out.contains("still asks"), "{removed:?}");
    assert_eq!(site.person.run(&["restore", "ann"]).exit, 0);
    let left = site.person.json(&["leave", "ann", "--yes"]);
    assert_eq!(
        (name(&left).as_str(), &left["is_told"]),
        ("no error", &false.into())
    );
    assert!(site.scripted.requests(Path::Leave).is_empty());
    assert!(
        site.person.json(&["list"])["work"]
            .as_array()
            .unwrap()
            .is_empty()
    );
}
