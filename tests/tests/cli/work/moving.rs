//! From one device to another, and away.

use super::office::{Office, work};
use crate::person::{Person, name};
use crate::terminal::Terminal;

/// The old device asks for a move and shows its code.
fn begin(person: &Person) -> Terminal {
    let arguments = ["move", "acme", "--qr-png", "move.png"];
    let mut old = Terminal::start(&person.command(&arguments), 200, 80);
    old.expect("Scan this with the new device");
    old
}

#[test]
fn k9_a_move_leaves_one_device_that_works_and_one_that_says_where() {
    let office = Office::new();
    let (old, new) = (office.person(), Person::new());
    let mut old_terminal = begin(&old);
    let image = old.path("move.png");
    let add = [
        "add",
        "--qr",
        image.to_str().unwrap(),
        "--test-mode",
        "--yes",
        "--device",
        "Pixel",
    ];
    let mut new_terminal = Terminal::start(&new.command(&add), 120, 40);
    new_terminal.expect("check number");
    new_terminal.expect(": ");
    let number: String = new_terminal.expect("\n").split_whitespace().collect();
    old_terminal.expect("Pixel has scanned it");
    // K8: another number moves nothing.
    let wrong = if number == "000000" {
        "000001"
    } else {
        "000000"
    };
    old_terminal.press(&format!("{wrong}\n"));
    old_terminal.expect("not the number that the new device shows");
    old_terminal.press("12\n");
    old_terminal.expect("Nothing was sent.");
    assert_eq!(office.active(), 1);
    old_terminal.press(&format!("{number}\n"));
    old_terminal.expect("Its number: ");
    let test: String = old_terminal.expect("\n").split_whitespace().collect();
    new_terminal.expect("left. 6 digits");
    new_terminal.press(&format!("{test}\n"));
    new_terminal.expect("Added: ");
    assert_eq!(new_terminal.end_and_look(), (0, true));
    old_terminal.expect("moved to Pixel");
    assert_eq!(old_terminal.end_and_look(), (0, true));
    assert_eq!(work(&old)[0]["standing"], "moved");
    assert_eq!(work(&new)[0]["standing"], "active");
    assert_eq!(office.active(), 1);
}

#[test]
fn k8_a_move_that_is_left_or_ended_leaves_the_old_device_working() {
    let office = Office::new();
    let person = office.person();
    let mut old = begin(&person);
    old.expect("Check number of the new device");
    old.press("q\n");
    assert_eq!(old.end_and_look(), (1, true));
    assert_eq!(work(&person)[0]["moving"]["step"], "invited");
    let document = person.json(&["move", "acme", "--abort"]);
    assert_eq!(name(&document), "no error");
    assert_eq!(document["account"]["moving"], serde_json::Value::Null);
    let asked = office.sign_in();
    let mut terminal = Terminal::start(&person.command(&["approve", "--once"]), 120, 40);
    terminal.expect("6 digits");
    terminal.press(&format!("{}\n", asked.number.as_str()));
    terminal.expect("Approved");
    assert_eq!(terminal.end().0, 0);
    // A script has nobody who types a check number.
    assert_eq!(person.refusal(&["move", "acme"], b""), "not_confirmed");
}

#[test]
fn a_move_that_the_organisation_forbids_is_refused() {
    let office = Office::with(|rules| rules.policy.may_move = false);
    let person = office.person();
    let mut terminal = Terminal::start(&person.command(&["move", "acme"]), 120, 40);
    terminal.expect("does not allow this");
    assert_eq!(terminal.end().0, 1);
    assert_eq!(work(&person)[0]["standing"], "active");
}

#[test]
fn who_leaves_is_forgotten_by_the_server_and_the_history_stays() {
    let office = Office::new();
    let person = office.person();
    assert_eq!(person.refusal(&["leave", "acme"], b""), "not_confirmed");
    let document = person.json(&["leave", "acme", "--yes"]);
    assert_eq!(document["is_told"], true, "{document}");
    assert_eq!(office.active(), 0);
    assert!(work(&person).is_empty());
    let history = person.json(&["history"]);
    let kinds = history["entries"].as_array().unwrap().iter();
    assert!(
        kinds.clone().any(|entry| entry["kind"] == "left"),
        "{history}"
    );
    assert_eq!(person.json(&["history", "verify"])["lost"], 0);
    // It is called what it was, and found by that.
    let words = person.run(&["history", "ann@acme"]).out;
    assert!(words.contains("Acme:ann@acme.test (gone): "), "{words}");
    assert_eq!(person.refusal(&["history", "bob"], b""), "no_such_account");
}

#[test]
fn k5_a_work_account_in_the_trash_is_mute_and_comes_back() {
    let office = Office::new();
    let person = office.person();
    let document = person.json(&["remove", "acme"]);
    assert_eq!(document["purged"], false);
    assert!(work(&person).is_empty());
    let trash = person.json(&["list", "--trash"]);
    assert_eq!(trash["work"].as_array().unwrap().len(), 1);
    office.sign_in();
    let requests = person.json(&["requests"]);
    assert!(
        requests["requests"].as_array().unwrap().is_empty(),
        "{requests}"
    );
    let back = person.json(&["restore", "acme"]);
    assert_eq!(back["work"]["standing"], "active");
    let requests = person.json(&["requests"]);
    assert_eq!(requests["requests"].as_array().unwrap().len(), 1);
}

#[test]
fn the_history_leaves_as_lines_that_are_signed() {
    let office = Office::new();
    let person = office.person();
    let document = person.json(&["history", "export", "record.jsonl"]);
    assert_eq!(
        document["signed"].as_array().unwrap().len(),
        1,
        "{document}"
    );
    let text = std::fs::read_to_string(person.path("record.jsonl")).unwrap();
    let first: serde_json::Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    assert_eq!(first["line"], "history");
    assert!(text.lines().any(|line| line.contains(r#""line":"end""#)));
    assert_eq!(
        person.refusal(&["history", "export", "record.jsonl"], b""),
        "file_exists"
    );
}
