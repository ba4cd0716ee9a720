//! K10: an account that was restored is activated again, and only what works takes its place.

use super::office::{Office, work};
use crate::person::{Person, name};
use crate::terminal::Terminal;

/// Somebody whose vault was put back from a snapshot, so that the keys in it may be on another device too.
fn restored(office: &Office) -> Person {
    let person = office.person();
    let done = person.run(&["vault", "restore", "--yes"]);
    assert_eq!(done.exit, 0, "{done:?}");
    person
}

/// How each entry of the list stands.
fn standings(person: &Person) -> Vec<String> {
    let entries = work(person);
    let mut standings: Vec<String> = entries
        .iter()
        .map(|entry| entry["standing"].as_str().unwrap().to_owned())
        .collect();
    standings.sort();
    standings
}

fn id_of(person: &Person, standing: &str) -> String {
    let entries = work(person);
    let entry = entries.iter().find(|entry| entry["standing"] == standing);
    entry.unwrap()["id"].as_str().unwrap().to_owned()
}

#[test]
fn k10_a_restored_account_says_what_to_do_and_approves_nothing() {
    let office = Office::new();
    let person = restored(&office);
    assert_eq!(standings(&person), ["needs_reactivation"]);
    let words = person.run(&["list"]).out;
    assert!(words.contains("sign in once to re-activate"), "{words}");
    assert!(
        words.contains("Ask the setup page for a new invitation"),
        "{words}"
    );
    office.sign_in();
    let requests = person.json(&["requests"]);
    assert!(
        requests["requests"].as_array().unwrap().is_empty(),
        "{requests}"
    );
}

#[test]
fn k10_a_new_account_takes_the_place_of_the_old_one_once_it_works_and_never_before() {
    let office = Office::new();
    let person = restored(&office);
    let earlier = id_of(&person, "needs_reactivation");
    let link = office.invite();
    let add = person.command(&["add", &link, "--test-mode", "--yes", "--replaces", "acme"]);
    let mut terminal = Terminal::start(&add, 120, 40);
    terminal.expect("Only if it is this one");
    // Both are there, and the old one is what it was.
    assert_eq!(standings(&person), ["needs_reactivation", "unconfirmed"]);
    let entries = work(&person);
    let new = entries
        .iter()
        .find(|entry| entry["standing"] == "unconfirmed");
    assert_eq!(new.unwrap()["replaces"], earlier);
    office.compare_when_shown();
    terminal.expect("left. 6 digits");
    assert_eq!(standings(&person), ["confirmed", "needs_reactivation"]);
    terminal.press(&format!("{}\n", office.test_number()));
    terminal.expect("has taken the place of the earlier entry, with its history");
    terminal.expect("Added: Acme:ann@acme.test");
    assert_eq!(terminal.end_and_look(), (0, true));
    assert_eq!(standings(&person), ["active"]);
    assert_ne!(id_of(&person, "active"), earlier);
    assert_eq!(office.active(), 1, "the old device is gone there too");
    // Its history is the new one's: two tests were approved.
    let history = person.json(&["history", "acme"]);
    let entries = history["entries"].as_array().unwrap().iter();
    let approved =
        entries.filter(|entry| entry["kind"] == "answered" && entry["outcome"] == "approved");
    assert_eq!(approved.count(), 2, "{history}");
    assert_eq!(person.json(&["history", "verify"])["lost"], 0);
}

#[test]
fn k10_whoever_is_not_asked_keeps_both_and_the_person_decides() {
    for (answer, expected) in [("y\n", 1), ("\n", 1), ("n\n", 2)] {
        let office = Office::new();
        let person = restored(&office);
        let link = office.invite();
        let add = person.command(&["add", &link, "--test-mode"]);
        let mut terminal = Terminal::start(&add, 120, 40);
        terminal.expect("Is that your organisation's server? [y/N]");
        terminal.press("y\n");
        terminal.expect("Does this take its place, with its history? [Y/n]");
        terminal.press(answer);
        office.finish(&mut terminal);
        terminal.expect("Added: ");
        assert_eq!(terminal.end_and_look(), (0, true));
        assert_eq!(standings(&person).len(), expected, "{answer:?}");
        assert!(standings(&person).contains(&"active".to_owned()));
    }
}

#[test]
fn k10_what_comes_to_nothing_takes_no_place() {
    let mut office = Office::new();
    let person = restored(&office);
    let add = ["add", "-", "--test-mode", "--yes", "--replaces", "acme"];
    // Somebody else was faster with the invitation.
    let link = office.invite();
    let stranger = Person::new();
    let took = ["add", "-", "--test-mode", "--yes"];
    assert_eq!(
        name(&stranger.feed_json(&took, link.as_bytes())),
        "no error"
    );
    let document = person.feed_json(&add, link.as_bytes());
    assert_eq!(document["error"]["why"], "used_invitation");
    assert_eq!(standings(&person), ["failed", "needs_reactivation"]);
    // The server is not there.
    let link = office.invite();
    office.stop();
    let earlier = id_of(&person, "needs_reactivation");
    let again = ["add", "-", "--test-mode", "--yes", "--replaces", &earlier];
    let document = person.feed_json(&again, link.as_bytes());
    assert_eq!(name(&document), "unreachable");
    assert_eq!(standings(&person), ["failed", "needs_reactivation"]);
    office.start();
    // The page says that it is not this phone.
    let add = person.command(&["add", &link, "--test-mode", "--yes", "--replaces", &earlier]);
    let mut terminal = Terminal::start(&add, 120, 40);
    terminal.expect("Only if it is this one");
    office.wait_until_shown();
    office.compare(false);
    terminal.expect("It was not added");
    assert_eq!(terminal.end().0, 1);
    assert_eq!(
        standings(&person),
        ["failed", "needs_reactivation", "removed"]
    );
    assert_eq!(id_of(&person, "needs_reactivation"), earlier);
}

#[test]
fn an_account_to_be_replaced_has_to_be_there() {
    let office = Office::new();
    let person = Person::new();
    let add = ["add", "-", "--test-mode", "--yes", "--replaces", "acme"];
    let refused = person.refusal(&add, office.invite().as_bytes());
    assert_eq!(refused, "no_such_account");
    assert!(office.devices().is_empty());
}

#[test]
fn w4_two_processes_of_one_vault_with_one_invitation_make_one_device() {
    let office = Office::new();
    let person = Person::new();
    let link = office.invite();
    let add = ["add", "-", "--test-mode", "--yes"];
    let done = std::thread::scope(|scope| {
        let both = [(); 2].map(|()| scope.spawn(|| person.feed_json(&add, link.as_bytes())));
        both.map(|one| one.join().unwrap())
    });
    // One of them at least has the check number, and nobody else has a device there.
    let numbers: Vec<_> = done
        .iter()
        .filter(|document| name(document) == "no error")
        .map(|document| document["work"]["check"]["number"].clone())
        .collect();
    assert!(!numbers.is_empty(), "{done:?}");
    assert!(
        numbers.iter().all(|number| *number == numbers[0]),
        "{done:?}"
    );
    for document in done.iter().filter(|document| name(document) != "no error") {
        assert_eq!(document["error"]["why"], "used_invitation", "{document}");
    }
    assert_eq!(office.devices().len(), 1);
    office.compare_when_shown();
    let mut terminal = Terminal::start(&person.command(&["approve", "--once"]), 120, 40);
    terminal.expect("left. 6 digits");
    terminal.press(&format!("{}\n", office.test_number()));
    terminal.expect("it works on this device now");
    assert_eq!(terminal.end_and_look(), (0, true));
    let active = standings(&person);
    let active = active.iter().filter(|standing| *standing == "active");
    assert_eq!(active.count(), 1);
    assert_eq!(office.active(), 1);
}
