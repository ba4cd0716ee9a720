//! The key in the desktop's keyring as a way to unlock: a real GNOME Keyring on a bus of its own.

use std::process::Command;

use serde_json::Value;

use crate::desktop::Desktop;
use crate::person::{ACME, Done, Person, feed, held, name};
use crate::terminal::Terminal;

const ITEMS: [&str; 2] = ["application", "countersign"];

/// Puts a command on a desktop, and on no other.
fn at(desktop: &Desktop, mut command: Command) -> Command {
    command
        .env("DBUS_SESSION_BUS_ADDRESS", desktop.address())
        .env("XDG_RUNTIME_DIR", desktop.runtime_folder());
    command
}

/// Runs a verb without any secret at hand.
fn bare(desktop: &Desktop, person: &Person, arguments: &[&str]) -> Done {
    feed(at(desktop, person.bare(arguments)), b"")
}

/// Runs a verb with the recovery code for its document.
fn json(desktop: &Desktop, person: &Person, verb: &str, arguments: &[&str]) -> Value {
    let mut command = at(desktop, person.command(arguments));
    command.arg("--json");
    held(verb, feed(command, b""))
}

/// Somebody whose keyring opens their vault.
fn prepared() -> Option<(Desktop, Person)> {
    let desktop = Desktop::with_keyring()?;
    let person = Person::with(&[ACME]);
    let add = ["vault", "slots", "add", "--keyring"];
    let document = json(&desktop, &person, "vault_slots_add", &add);
    assert_eq!(document["kind"], "keyring");
    Some((desktop, person))
}

#[test]
fn the_keyring_unlocks_when_nothing_else_was_given() {
    let Some((desktop, person)) = prepared() else {
        return;
    };
    let done = bare(&desktop, &person, &["list"]);
    assert!(done.exit == 0 && done.out.contains("Acme"), "{done:?}");
    assert_eq!(done.err, "");
    let done = bare(&desktop, &person, &["vault", "status"]);
    let line = done
        .out
        .lines()
        .find(|line| line.contains("keyring"))
        .unwrap();
    assert!(line.contains("in use now"), "{done:?}");
    // Its own choice stays the person's.
    let done = bare(&desktop, &person, &["list", "--no-keyring"]);
    assert_eq!((done.exit, done.out.as_str()), (2, ""));
    let done = feed(
        at(&desktop, person.command(&["vault", "slots", "list"])),
        b"",
    );
    let line = done
        .out
        .lines()
        .find(|line| line.contains("recovery"))
        .unwrap();
    assert!(
        line.contains("in use now"),
        "a given secret comes first: {done:?}"
    );
}

#[test]
fn a_keyring_that_does_not_answer_leaves_the_other_ways() {
    let Some((mut desktop, person)) = prepared() else {
        return;
    };
    desktop.stop_keyring();
    let done = bare(&desktop, &person, &["list"]);
    assert_eq!(done.exit, 2, "{done:?}");
    assert!(done.err.contains("keyring does not answer now"), "{done:?}");
    assert!(done.err.contains("--password-file"), "{done:?}");
    let document = json(&desktop, &person, "list", &["list"]);
    assert_eq!(name(&document), "no error");
    // What cannot be asked now has lost nothing.
    desktop.start_keyring();
    assert_eq!(bare(&desktop, &person, &["list"]).exit, 0);
}

#[test]
fn a_locked_keyring_is_no_lost_key() {
    let Some((mut desktop, person)) = prepared() else {
        return;
    };
    desktop.stop_keyring();
    desktop.start_locked_keyring();
    let done = bare(&desktop, &person, &["list"]);
    assert_eq!(done.exit, 2, "{done:?}");
    assert!(done.err.contains("desktop's keyring"), "{done:?}");
    assert!(!done.err.contains("has lost"), "{done:?}");
    desktop.stop_keyring();
    desktop.start_keyring();
    assert_eq!(bare(&desktop, &person, &["list"]).exit, 0);
}

#[test]
fn a_key_that_is_gone_for_good_is_said_and_then_forgotten() {
    let Some((desktop, person)) = prepared() else {
        return;
    };
    desktop.clear(&ITEMS);
    let code = std::fs::read_to_string(person.path("recovery")).unwrap();
    let list = at(&desktop, person.bare(&["list", "--once"]));
    let mut terminal = Terminal::start(&list, 120, 24);
    terminal.expect("has lost its key");
    terminal.expect("Recovery code:");
    terminal.press(&format!("{code}\n"));
    terminal.expect("Acme");
    assert_eq!(terminal.end_and_look(), (0, true));
    let slots = json(
        &desktop,
        &person,
        "vault_slots_list",
        &["vault", "slots", "list"],
    );
    assert_eq!(slots["slots"].as_array().unwrap().len(), 1);
}

#[test]
fn a_removed_key_leaves_the_keyring_too() {
    let Some((desktop, person)) = prepared() else {
        return;
    };
    assert_ne!(desktop.found(&ITEMS), "");
    let remove = ["vault", "slots", "remove", "keyring", "--yes"];
    assert_eq!(bare(&desktop, &person, &remove).exit, 0);
    assert_eq!(desktop.found(&ITEMS), "");
    assert_eq!(bare(&desktop, &person, &["list"]).exit, 2);
}

#[test]
fn several_keyrings_are_told_apart_by_their_ids_and_a_lost_device_drops_all_but_the_one_in_use() {
    let Some((desktop, person)) = prepared() else {
        return;
    };
    let add = ["vault", "slots", "add", "--keyring"];
    assert_eq!(bare(&desktop, &person, &add).exit, 0);
    let remove = ["vault", "slots", "remove", "keyring", "--yes"];
    let document = json(&desktop, &person, "vault_slots_remove", &remove);
    assert_eq!(name(&document), "ambiguous_slot");
    assert_eq!(document["error"]["slots"].as_array().unwrap().len(), 2);
    let mut rotate = at(&desktop, person.bare(&["vault", "rotate", "--lost-device"]));
    rotate.arg("--json");
    let document = held("vault_rotate", feed(rotate, b""));
    assert_eq!(document["removed"].as_array().unwrap().len(), 1);
    assert_eq!(
        desktop
            .found(&ITEMS)
            .matches("Countersign: unlock key")
            .count(),
        1
    );
    assert_eq!(bare(&desktop, &person, &["list"]).exit, 0);
}

#[test]
fn the_last_other_way_stays_unless_the_device_is_managed() {
    let Some((desktop, person)) = prepared() else {
        return;
    };
    let remove = ["vault", "slots", "remove", "recovery", "--yes"];
    let done = bare(&desktop, &person, &remove);
    assert_eq!(done.exit, 1, "{done:?}");
    assert!(done.err.contains("--managed-device"), "{done:?}");
    let managed = [&remove[..], &["--managed-device"]].concat();
    assert_eq!(bare(&desktop, &person, &managed).exit, 0);
    assert_eq!(bare(&desktop, &person, &["list"]).exit, 0);
}

#[test]
fn without_a_keyring_none_is_added() {
    let person = Person::with(&[ACME]);
    let before = person.files();
    let mut add = person.command(&["vault", "slots", "add", "--keyring", "--json"]);
    add.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
        .env("XDG_RUNTIME_DIR", person.path("tmp"));
    let document = held("vault_slots_add", feed(add, b""));
    assert_eq!(name(&document), "platform_key_not_available");
    assert_eq!(person.files(), before);
}
