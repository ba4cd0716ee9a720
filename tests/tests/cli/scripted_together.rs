//! Several processes at one vault: what was decided in one is one answer, whoever sends it.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use countersign_scripted::{Deed, Path, Rule};

use crate::person::interrupt;
use crate::scripted_site::{Running, Site};

#[test]
fn watch_and_two_times_approve_send_one_answer_even_when_the_first_is_killed_with_it() {
    let site = Site::enrolled();
    let mut watch = site
        .person
        .command(&["watch", "--json", "--quiet"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let stdout = watch.stdout.take().unwrap();
    let mut watch = Running(watch);
    let mut lines = BufReader::new(stdout).lines();
    let mut watched = |name: &str| {
        let found = lines.find_map(|line| {
            let event: serde_json::Value = serde_json::from_str(&line.unwrap()).unwrap();
            (event["event"] == name).then_some(event)
        });
        found.unwrap_or_else(|| panic!("{name:?} never came"))
    };
    // What another process had fetched before would not ring.
    site.wait_until("the watch's fetch", |site| {
        !site.scripted.requests(Path::Fetch).is_empty()
    });
    let (mut first, mut second) = (site.approve(), site.approve());
    let asked = site.sign_in();
    let id = watched("rings")["id"].clone();
    for approving in [&mut first, &mut second] {
        assert_eq!(approving.until("request")["id"], id);
    }

    // The first decides, and is killed with its answer on the way.
    site.scripted
        .on(Rule::always(Path::Answers, Deed::Hold { processed: false }));
    first.decide(&id, "approve", Some(asked.number.as_str()));
    site.wait_until("the answer", |site| {
        !site.scripted.requests(Path::Answers).is_empty()
    });
    second.decide(&id, "deny", None);
    let refused = second.until("not_decided");
    assert_eq!(refused["error"]["name"], "request_answered");
    first.kill();
    site.scripted.clear();
    site.scripted.release();

    // Whoever is left sends the same bytes, and both hear of the end.
    assert_eq!(second.until("ended")["outcome"], "approved");
    assert_eq!(watched("ended")["outcome"], "approved");
    assert_eq!(site.outcome(&asked).as_deref(), Some("approved"));
    let sent = site.scripted.requests(Path::Answers);
    assert!(sent.iter().all(|one| *one == sent[0]), "one answer");
    second.end();
    interrupt(&watch.0);
    assert_eq!(watch.0.wait().unwrap().code(), Some(130));
    site.is_whole();
}

#[test]
fn a_wrong_number_of_one_process_is_a_try_less_for_the_other() {
    let site = Site::enrolled();
    let asked = site.sign_in();
    let (mut first, mut second) = (site.approve(), site.approve());
    let id = first.until("request")["id"].clone();
    second.until("request");
    let wrong = match asked.number.as_str() {
        "000000" => "000001",
        _ => "000000",
    };
    first.decide(&id, "approve", Some(wrong));
    assert_eq!(second.until("tries")["tries_left"], 2);
    second.decide(&id, "approve", Some(asked.number.as_str()));
    assert_eq!(first.until("ended")["outcome"], "approved");
    first.end();
    second.end();
}
