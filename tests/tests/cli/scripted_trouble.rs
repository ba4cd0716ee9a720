//! What a server of a working account answers wrongly is said once when it begins, and once when it is over.

use std::time::Duration;

use countersign_scripted::{Deed, Path, Rule};
use serde_json::{Value, json};

use crate::person::hold_schema;
use crate::scripted_site::Site;
use crate::terminal::Terminal;
use crate::work::together::Watching;

/// So many answers in a row show that a retry says nothing more.
const RETRIES: usize = 3;

fn answer(status: u16, body: &str) -> Deed {
    let kind = "application/problem+json".to_owned();
    Deed::Answer {
        status,
        headers: [("content-type".to_owned(), kind)].into(),
        body: body.to_owned(),
    }
}

fn problem(status: u16, name: &str) -> Deed {
    let kind = format!("urn:countersign:problem:{name}");
    answer(status, &json!({"type": kind, "status": status}).to_string())
}

/// Every fetch of a working account meets this.
fn met_by(deed: Deed) -> Site {
    let site = Site::enrolled();
    site.scripted.on(Rule::always(Path::Fetch, deed));
    site
}

/// Each with its event, the member that says what exactly, and words for a person.
fn troubles() -> [(Deed, &'static str, &'static str, &'static str, &'static str); 6] {
    let key = "that its key has not signed";
    let unproven = "says without proof that it does not know this device; nothing changed";
    let silent = "does not answer";
    [
        (Deed::OtherKey, "refused", "cause", "unknown_key", key),
        (
            problem(401, "unknown_device"),
            "hint",
            "hint",
            "unknown_device",
            unproven,
        ),
        (answer(500, ""), "unreachable", "why", "unavailable", silent),
        (
            answer(404, "<h1>"),
            "unreachable",
            "why",
            "unavailable",
            silent,
        ),
        (answer(410, ""), "unreachable", "why", "unavailable", silent),
        (answer(204, ""), "unreachable", "why", "unavailable", silent),
    ]
}

#[test]
fn r12_a_person_at_a_working_account_hears_what_its_server_does() {
    for (deed, .., words) in troubles() {
        let site = met_by(deed);
        let approve = site.person.command(&["approve"]);
        let mut terminal = Terminal::start(&approve, 160, 40);
        terminal.expect(words);
        terminal.press("q\n");
        assert_eq!(terminal.end().0, 0, "{words}");
        assert_eq!(site.work()["standing"], "active", "{words}");
    }
}

#[test]
fn r12_a_script_hears_by_fixed_names_what_a_server_does() {
    for (deed, event, member, name, words) in troubles() {
        let site = met_by(deed);
        let mut approving = site.approve();
        let said = approving.until(event);
        hold_schema("approve", &said);
        assert_eq!(said[member], name);
        approving.end();
        let mut watching = Watching::start(&site.person, &[]);
        let said = watching.next();
        assert_eq!(
            (&said["event"], &said[member]),
            (&json!(event), &json!(name))
        );
        watching.end();
        let document = site.person.json(&["requests"]);
        let stale = &document["stale"][0];
        assert_eq!(
            (&stale["is"], &stale[member]),
            (&json!(event), &json!(name))
        );
        let done = site.person.run(&["requests"]);
        assert!(done.err.contains(words), "{done:?}");
        let is_silent = event == "unreachable";
        assert_eq!(done.err.contains("does not answer"), is_silent, "{done:?}");
    }
}

#[test]
fn an_answer_that_can_be_taken_is_not_called_stale() {
    let site = Site::enrolled();
    for arguments in [&["requests"][..], &["requests", "--offline"]] {
        assert_eq!(site.person.json(arguments)["stale"], json!([]));
        assert_eq!(site.person.run(arguments).err, "");
    }
}

#[test]
fn a_lie_that_goes_on_is_said_once_and_so_is_its_end() {
    let site = met_by(Deed::OtherKey);
    let mut approving = site.approve();
    site.wait_until("the retries", |site| {
        site.scripted.requests(Path::Fetch).len() >= RETRIES
    });
    site.scripted.clear();
    let mut seen: Vec<Value> = Vec::new();
    while seen.last().is_none_or(|last| *last != "answers_again") {
        let event = approving.next_within(Duration::from_secs(60)).unwrap();
        hold_schema("approve", &event);
        seen.push(event["event"].clone());
    }
    assert_eq!(seen, ["refused", "answers_again"]);
    approving.end();
}

#[test]
fn r16_watch_says_in_words_when_a_server_is_gone_and_when_it_is_back() {
    let site = met_by(Deed::Drop { processed: false });
    let watch = site.person.command(&["watch", "--quiet"]);
    let mut terminal = Terminal::start(&watch, 200, 40);
    terminal.expect("unreachable  ");
    terminal.expect("cannot be reached");
    site.scripted.clear();
    terminal.expect("answers again  ");
    terminal.expect("answers as it should again");
    terminal.press("\u{3}");
    assert_eq!(terminal.end().0, 130);
}
