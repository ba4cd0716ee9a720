//! A network that loses: answers are sent again as the same bytes, and a program that is killed at any message of an
//! enrolment goes on from there.

use std::process::Stdio;

use countersign_scripted::{Deed, Path, Rule};
use countersign_verifier::person::StageView;

use crate::scripted_site::{Running, Site};

/// How often the outcome of a statement was told to others.
fn ends(site: &Site) -> usize {
    let events = site.scripted.events().unwrap();
    let ended = events.iter().filter(|event| event.fact.word() == "ended");
    ended.count()
}

#[test]
fn r7_an_answer_that_was_lost_on_either_way_is_sent_again_as_the_same_bytes() {
    let site = Site::enrolled();
    let asked = site.sign_in();
    for processed in [false, false, true] {
        site.scripted
            .on(Rule::next(Path::Answers, Deed::Drop { processed }));
    }
    site.scripted.forget_events().unwrap();
    let mut approving = site.approve();
    let event = approving.until("request");
    approving.decide(&event["id"], "approve", Some(asked.number.as_str()));
    assert_eq!(approving.until("ended")["outcome"], "approved");
    approving.end();
    let sent = site.scripted.requests(Path::Answers);
    // The receipt of the third may come with what is fetched meanwhile.
    assert!(sent.len() >= 3, "{}", sent.len());
    assert!(sent.iter().all(|one| *one == sent[0]));
    assert_eq!(ends(&site), 1);
}

#[test]
fn r7_a_program_that_was_killed_with_its_answer_under_way_sends_the_same_bytes() {
    for processed in [false, true] {
        let site = Site::enrolled();
        let asked = site.sign_in();
        site.scripted
            .on(Rule::next(Path::Answers, Deed::Hold { processed }));
        let mut approving = site.approve();
        let event = approving.until("request");
        approving.decide(&event["id"], "deny", None);
        site.wait_until("the answer", |site| is_held(site, Path::Answers, processed));
        approving.kill();
        site.scripted.release();
        let mut approving = site.approve();
        site.wait_until("the outcome", |site| site.outcome(&asked).is_some());
        site.wait_until("the receipt", |site| site.work()["open"] == 0);
        // What was decided stays decided.
        approving.decide(&event["id"], "approve", Some(asked.number.as_str()));
        approving.until("not_decided");
        approving.end();
        assert_eq!(site.outcome(&asked).as_deref(), Some("denied"));
        let sent = site.scripted.requests(Path::Answers);
        assert!(sent.len() >= 2 - usize::from(processed), "{processed}");
        assert!(sent.iter().all(|one| *one == sent[0]), "{processed}");
    }
}

/// Whether the last request of a path is held, before or after the server has taken it.
fn is_held(site: &Site, path: Path, processed: bool) -> bool {
    let exchanges = site.scripted.exchanged();
    let last = exchanges.iter().rfind(|one| one.path == path);
    site.scripted.rules_left() == 0
        && last.is_some_and(|one| one.reply.is_some() == processed && one.status.is_none())
}

/// The program, killed when its `nth` message to a path (from 0) is on its way.
fn killed_at(path: Path, nth: u32, processed: bool) {
    let site = Site::new();
    site.scripted.on(Rule {
        skip: nth,
        ..Rule::next(path, Deed::Hold { processed })
    });
    let link = site.scripted.invite(&site.account).unwrap().link;
    site.person.write("link", link.as_bytes());
    if !is_killed_adding(&site, path, processed) {
        let mut approving = site.approve();
        while !is_held(&site, path, processed) {
            site.confirm();
            if let Some(event) = approving.next_within(std::time::Duration::from_millis(20))
                && event["event"] == "request"
            {
                let number = site.scripted.test_number(&site.account).unwrap();
                approving.decide(&event["id"], "approve", number.as_deref());
            }
        }
        approving.kill();
    }
    site.scripted.release();
    site.go_on();
    let devices = site.scripted.devices(&site.account).unwrap();
    assert_eq!(devices.len(), 1, "one device, with one pair of keys");
    assert!(matches!(devices[0].stage, StageView::Active { .. }));
    let sent = site.scripted.requests(Path::Enrolments);
    assert!(sent.iter().all(|one| *one == sent[0]), "one enrolment");
    let answers = site.scripted.requests(Path::Answers);
    assert!(answers.iter().all(|one| *one == answers[0]), "one answer");
    site.is_usable();
}

/// Runs `add` until the message is on its way, and kills it then; false when it ended before.
fn is_killed_adding(site: &Site, path: Path, processed: bool) -> bool {
    let link = std::fs::File::open(site.person.path("link")).unwrap();
    let add = site
        .person
        .command(&["add", "-", "--test-mode", "--yes", "--json"])
        .stdin(link)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let mut add = Running(add.unwrap());
    loop {
        if is_held(site, path, processed) {
            // It is killed as it goes out of sight.
            return true;
        }
        if let Some(status) = add.0.try_wait().unwrap() {
            assert_eq!(status.code(), Some(0));
            return false;
        }
        std::thread::park_timeout(std::time::Duration::from_millis(20));
    }
}

#[test]
fn a14_killed_with_its_enrolment_on_the_way_it_goes_on() {
    killed_at(Path::Enrolments, 0, false);
}

#[test]
fn a14_killed_with_the_account_on_the_way_it_goes_on() {
    killed_at(Path::Enrolments, 0, true);
}

#[test]
fn a14_killed_when_it_reveals_it_goes_on() {
    killed_at(Path::Fetch, 0, false);
}

#[test]
fn a14_killed_when_it_has_revealed_it_goes_on() {
    killed_at(Path::Fetch, 0, true);
}

#[test]
fn a14_killed_when_it_asks_for_its_test_it_goes_on() {
    killed_at(Path::Fetch, 1, false);
}

#[test]
fn a14_killed_with_its_test_on_the_way_it_goes_on() {
    killed_at(Path::Fetch, 1, true);
}

#[test]
fn a14_killed_with_its_approval_on_the_way_it_goes_on() {
    killed_at(Path::Answers, 0, false);
}

#[test]
fn a14_killed_with_its_receipt_on_the_way_it_goes_on() {
    killed_at(Path::Answers, 0, true);
}

#[test]
fn a14_killed_when_it_asks_whether_it_works_it_goes_on() {
    killed_at(Path::Fetch, 2, true);
}
