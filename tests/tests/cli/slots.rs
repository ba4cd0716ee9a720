//! `vault slots` and `vault rotate`: ways to unlock that come and go.

use std::fs;

use serde_json::Value;

use crate::person::{ACME, Done, Person, feed, held, name};

fn kinds(person: &Person) -> Vec<String> {
    let document = person.json(&["vault", "slots", "list"]);
    let slots = document["slots"].as_array().unwrap().iter();
    slots
        .map(|slot| slot["kind"].as_str().unwrap().to_owned())
        .collect()
}

/// Adds a password to a vault that a recovery code opens.
fn add_password(person: &Person, password: &str) -> Value {
    person.write("new", password);
    person.json(&[
        "vault",
        "slots",
        "add",
        "--password",
        "--new-password-file",
        "new",
        "--kdf-passes",
        "3",
    ])
}

fn list_by(person: &Person, option: &str, file: &str) -> String {
    let command = person.bare(&["list", "--json", option, file]);
    name(&held("list", feed(command, b"")))
}

#[test]
fn a_password_is_added_and_opens_the_vault_too() {
    let person = Person::with(&[ACME]);
    let document = add_password(&person, "a new one");
    assert_eq!(document["kind"], "password");
    assert_eq!(list_by(&person, "--password-file", "new"), "no error");
    assert_eq!(
        list_by(&person, "--recovery-code-file", "recovery"),
        "no error"
    );
    let slots = person.json(&["vault", "slots", "list"]);
    assert_eq!(slots["slots"][0]["id"], document["id"]);
    assert_eq!(slots["slots"][0]["kdf"]["passes"], 3);
    assert!(slots["slots"][1]["kdf"].is_null());
    let done = person.run(&["vault", "slots", "list"]);
    assert!(
        done.out.contains("64 MiB x 3") && done.out.contains("in use now"),
        "{done:?}"
    );
}

#[test]
fn a_second_of_a_kind_is_refused_with_the_way_to_change_it() {
    let person = Person::with(&[ACME]);
    add_password(&person, "first");
    let before = person.files();
    let document = add_password(&person, "second");
    assert_eq!(name(&document), "slot_exists");
    let message = document["error"]["message"].as_str().unwrap();
    assert!(message.contains("`countersign passwd`"), "{message}");
    let again = [
        "vault",
        "slots",
        "add",
        "--recovery",
        "--recovery-file",
        "again",
    ];
    let document = person.json(&again);
    assert_eq!(name(&document), "slot_exists");
    let message = document["error"]["message"].as_str().unwrap();
    assert!(message.contains("--replace"), "{message}");
    assert!(!person.path("again").exists());
    assert_eq!(person.files(), before);
}

#[test]
fn add_refuses_what_it_cannot_mean() {
    let person = Person::new();
    person.write("there", "something of mine");
    person.write("empty", "");
    let before = person.files();
    for (more, expected) in [
        (&[][..], "usage"),
        (&["--password", "--recovery"], "usage"),
        (&["--password", "--recovery-file", "x"], "usage"),
        (&["--recovery", "--new-password-file", "x"], "usage"),
        (&["--keyring", "--replace"], "usage"),
        (&["--password", "hunter2"], "usage"),
        (&["--password", "--kdf-passes", "2"], "usage"),
        (&["--password", "--kdf-passes", "17"], "usage"),
        (&["--password"], "password_needed"),
        (
            &["--password", "--new-password-file", "empty"],
            "password_empty",
        ),
        (
            &["--password", "--new-password-file", "none"],
            "no_such_file",
        ),
        (
            &["--recovery", "--replace", "--recovery-file", "there"],
            "file_exists",
        ),
    ] {
        let arguments = [&["vault", "slots", "add"], more].concat();
        let document = person.json(&arguments);
        assert_eq!(name(&document), expected, "{arguments:?}");
        assert!(!document.to_string().contains("hunter2"));
    }
    let done = person.run(&["vault", "slots", "add", "--recovery", "--replace"]);
    assert_eq!(done.exit, 2, "{done:?}");
    assert!(done.err.contains("--recovery-file") && !done.err.contains("--no-recovery"));
    assert_eq!(person.files(), before);
}

#[test]
fn a_new_recovery_code_takes_the_place_of_the_old_one() {
    let person = Person::with(&[ACME]);
    let replace = [
        "vault",
        "slots",
        "add",
        "--recovery",
        "--replace",
        "--recovery-file",
        "fresh",
    ];
    let document = person.json(&replace);
    assert_eq!(document["kind"], "recovery");
    assert!(document["set_aside"].is_null());
    let written = fs::read_to_string(person.path("fresh")).unwrap();
    assert_eq!(document["recovery_code"], written.trim());
    assert_eq!(
        list_by(&person, "--recovery-code-file", "recovery"),
        "wrong_password"
    );
    assert_eq!(
        list_by(&person, "--recovery-code-file", "fresh"),
        "no error"
    );
}

#[test]
fn the_document_or_standard_output_has_the_new_code() {
    let person = Person::with(&[ACME]);
    let document = person.json(&["vault", "slots", "add", "--recovery", "--replace"]);
    person.write("recovery", document["recovery_code"].as_str().unwrap());
    assert!(document["id"].is_string());
    assert_eq!(person.accounts().len(), 1);
    let done: Done = person.run(&[
        "vault",
        "slots",
        "add",
        "--recovery",
        "--replace",
        "--recovery-file",
        "-",
    ]);
    assert_eq!(done.exit, 0, "{done:?}");
    assert_eq!(done.out.trim().split('-').count(), 9);
    person.write("recovery", &done.out);
    assert_eq!(person.accounts().len(), 1);
}

#[test]
fn a_way_to_unlock_is_removed_and_opens_nothing_more() {
    let person = Person::with(&[ACME]);
    add_password(&person, "a password");
    let document = person.json(&["vault", "slots", "remove", "password", "--yes"]);
    assert_eq!(document["kind"], "password");
    assert_eq!(kinds(&person), ["recovery"]);
    assert_eq!(list_by(&person, "--password-file", "new"), "no_such_slot");
    assert_eq!(person.json(&["vault", "status"])["epoch"], 2);
}

#[test]
fn remove_is_refused_without_a_word_for_the_last_and_for_none() {
    let person = Person::with(&[ACME]);
    let before = person.files();
    let id = "0".repeat(32);
    for (more, expected) in [
        (&["recovery"][..], "not_confirmed"),
        (&["recovery", "--yes"], "last_slot"),
        (&["recovery", "--yes", "--managed-device"], "last_slot"),
        (&["password", "--yes"], "no_such_slot"),
        (&["keyring", "--yes"], "no_such_slot"),
        (&[&id, "--yes"], "no_such_slot"),
        (&["porch", "--yes"], "usage"),
        (&["--yes"], "usage"),
    ] {
        let arguments = [&["vault", "slots", "remove"], more].concat();
        assert_eq!(person.refusal(&arguments, b""), expected, "{arguments:?}");
    }
    let document = person.json(&["vault", "slots", "remove", "recovery", "--yes"]);
    let message = document["error"]["message"].as_str().unwrap();
    assert!(message.contains("vault slots add"), "{message}");
    assert_eq!(person.files(), before);
}

#[test]
fn a_slot_is_removed_by_its_id() {
    let person = Person::with(&[ACME]);
    let id = add_password(&person, "x")["id"]
        .as_str()
        .unwrap()
        .to_uppercase();
    person.json(&["vault", "slots", "remove", &id, "--yes"]);
    assert_eq!(kinds(&person), ["recovery"]);
}

#[test]
fn rotate_renews_the_key_and_everything_still_opens() {
    let person = Person::with(&[ACME]);
    let old = fs::read(person.vault()).unwrap();
    let document = person.json(&["vault", "rotate"]);
    assert_eq!(document["rotated"], true);
    assert_eq!(document["removed"], Value::Array(Vec::new()));
    assert_eq!(person.json(&["vault", "status"])["epoch"], 2);
    assert_ne!(fs::read(person.vault()).unwrap(), old);
    assert_eq!(
        person.json(&["vault", "rotate", "--lost-device"])["rotated"],
        true
    );
    assert_eq!(person.accounts().len(), 1);
    // Snapshots from before are gone: they opened with the old key.
    for snapshot in person.json(&["vault", "snapshots"])["snapshots"]
        .as_array()
        .unwrap()
    {
        assert!(snapshot["generation"].as_u64().unwrap() > 2);
    }
    assert_eq!(person.refusal(&["vault", "rotate", "x"], b""), "usage");
}

#[test]
fn a_password_costs_what_the_option_says_or_what_the_device_can() {
    let person = Person::without_vault();
    let init = |person: &Person, more: &[&str]| {
        let arguments = [&["init", "--recovery-file", "recovery"], more].concat();
        let mut command = person.bare(&arguments);
        command.env("COUNTERSIGN_PASSWORD", "x");
        feed(command, b"").exit
    };
    for passes in ["2", "17", "x", "-3", ""] {
        assert_eq!(init(&person, &["--kdf-passes", passes]), 2, "{passes}");
    }
    assert!(!person.vault().exists());
    assert_eq!(init(&person, &["--kdf-passes", "5"]), 0);
    let passes = || {
        let document = person.json(&["vault", "slots", "list"]);
        document["slots"][0]["kdf"]["passes"].as_u64().unwrap()
    };
    assert_eq!(passes(), 5);
    person.write("new", "y");
    person.json(&["passwd", "--new-password-file", "new"]);
    assert!((3..=16).contains(&passes()));
}
