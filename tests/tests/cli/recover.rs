//! `vault restore`: a snapshot in the vault's place, every way in which that is refused, and counters afterwards.

use std::fs;

use crate::person::{ACME, BANK, Person, feed, held, name};
use crate::status::{damage, settle, with_older_snapshot};

/// Issuers in the order of the list.
pub(crate) fn issuers(person: &Person) -> Vec<String> {
    let accounts = person.accounts();
    let issuers = accounts.iter().map(|row| row["issuer"].as_str().unwrap());
    issuers.map(str::to_owned).collect()
}

#[test]
fn a_snapshot_takes_the_place_of_a_vault_that_does_not_open() {
    let person = Person::with(&[ACME, BANK]);
    damage(&person, 0, &[b'x'; 100]);
    let broken = fs::read(person.vault()).unwrap();
    let document = person.json(&["vault", "restore", "--yes"]);
    assert_eq!(document["account_count"], 2);
    assert_eq!(document["number"], 1);
    let aside = document["set_aside"].as_str().unwrap();
    assert!(aside.contains("vault.damaged-"));
    assert_eq!(fs::read(aside).unwrap(), broken);
    assert_eq!(issuers(&person), ["Acme", "Bank"]);
    assert_eq!(person.run(&["edit", "acme", "--pin"]).exit, 0);
    let status = person.json(&["vault", "status"]);
    assert_eq!(status["damaged_copies"][0]["file"], aside);
    assert_eq!(status["epoch"], 2);
}

#[test]
fn an_older_snapshot_is_named_by_its_number() {
    let person = Person::with(&[ACME]);
    with_older_snapshot(&person, 2);
    assert_eq!(issuers(&person), ["Acme", "Bank"]);
    let done = person.run(&["vault", "restore", "2", "--yes"]);
    assert_eq!(done.exit, 0, "{done:?}");
    for words in [
        "Restored: 1 account as of ",
        "damaged-",
        "If it was the wrong one",
        "HOTP",
        "It opens by: recovery.",
        "Next: `countersign list`",
    ] {
        assert!(done.out.contains(words), "{words}: {done:?}");
    }
    assert_eq!(issuers(&person), ["Acme"]);
}

#[test]
fn restore_is_refused_without_a_word_a_snapshot_or_a_right_password() {
    let person = Person::new();
    assert_eq!(
        person.refusal(&["vault", "restore", "--yes"], b""),
        "no_such_snapshot"
    );
    let person = Person::with(&[ACME]);
    let before = person.files();
    for (arguments, expected) in [
        (&["vault", "restore"][..], "not_confirmed"),
        (&["vault", "restore", "newest"], "not_confirmed"),
        (&["vault", "restore", "0", "--yes"], "no_such_snapshot"),
        (&["vault", "restore", "9", "--yes"], "no_such_snapshot"),
        (&["vault", "restore", "acme", "--yes"], "usage"),
        (&["vault", "restore", "-1", "--yes"], "usage"),
        (&["vault", "restore", "1", "2", "--yes"], "usage"),
    ] {
        assert_eq!(person.refusal(arguments, b""), expected, "{arguments:?}");
    }
    let bare = person.bare(&["vault", "restore", "--yes", "--json"]);
    assert_eq!(
        name(&held("vault_restore", feed(bare, b""))),
        "password_needed"
    );
    person.write("password", "MARKEDPASSWORD");
    let wrong = [
        "vault",
        "restore",
        "--yes",
        "--json",
        "--password-file",
        "password",
    ];
    let done = feed(person.bare(&wrong), b"");
    assert!(!format!("{done:?}").contains("MARKED"));
    assert_eq!(name(&held("vault_restore", done)), "no_such_slot");
    let other = fs::read(Person::new().path("recovery")).unwrap();
    person.write("other", other);
    let wrong = [
        "vault",
        "restore",
        "--yes",
        "--json",
        "--recovery-code-file",
        "other",
    ];
    let done = feed(person.bare(&wrong), b"");
    assert_eq!(name(&held("vault_restore", done)), "wrong_password");
    assert_eq!(person.files(), before);
}

#[test]
fn a_damaged_snapshot_is_refused_and_nothing_is_moved() {
    let person = Person::with(&[ACME]);
    let snapshots = person.json(&["vault", "snapshots"]);
    let file = snapshots["snapshots"][0]["file"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut bytes = fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..].fill(0);
    fs::write(&file, bytes).unwrap();
    let vault = fs::read(person.vault()).unwrap();
    let document = person.json(&["vault", "restore", "--yes"]);
    assert_eq!(name(&document), "damaged_snapshot");
    let message = document["error"]["message"].as_str().unwrap();
    assert!(message.contains("`countersign vault salvage`"), "{message}");
    assert_eq!(fs::read(person.vault()).unwrap(), vault);
    assert_eq!(person.accounts().len(), 1);
}

#[test]
fn a_snapshot_from_before_a_new_password_needs_the_persons_word() {
    let person = Person::with(&[ACME]);
    let snapshots = person.json(&["vault", "snapshots"]);
    let old = snapshots["snapshots"][0]["file"]
        .as_str()
        .unwrap()
        .to_owned();
    let bytes = fs::read(&old).unwrap();
    let mut passwd = person.command(&["passwd", "--kdf-passes", "3"]);
    passwd.env("COUNTERSIGN_NEW_PASSWORD", "new");
    assert_eq!(feed(passwd, b"").exit, 0);
    assert!(
        !fs::exists(&old).unwrap(),
        "it opens with what was valid before"
    );
    fs::write(&old, bytes).unwrap();
    let snapshots = person.json(&["vault", "snapshots"]);
    let number = snapshots["snapshots"].as_array().unwrap().len().to_string();
    let restore = ["vault", "restore", &number, "--yes"];
    let document = person.json(&restore);
    assert_eq!(name(&document), "snapshot_older_key");
    let message = document["error"]["message"].as_str().unwrap();
    assert!(message.contains("--older-key"), "{message}");
    let accepted = person.json(&[&restore[..], &["--older-key"]].concat());
    assert_eq!(accepted["account_count"], 1);
    // It opens as it did then: with the code alone.
    let slots = person.json(&["vault", "slots", "list"]);
    assert_eq!(slots["slots"].as_array().unwrap().len(), 1);
}

#[test]
fn without_vault_and_snapshot_there_is_nothing_to_recover() {
    let person = Person::without_vault();
    person.write(
        "recovery",
        fs::read(Person::new().path("recovery")).unwrap(),
    );
    assert_eq!(
        person.refusal(&["vault", "salvage", "--yes"], b""),
        "no_vault"
    );
    assert_eq!(
        person.refusal(&["vault", "restore", "--yes"], b""),
        "no_such_snapshot"
    );
    assert!(!person.path("data").exists());
}

#[test]
fn somebody_else_at_the_vault_keeps_it_from_being_replaced() {
    let person = Person::with(&[ACME]);
    let companion = person.companion();
    let before = person.files();
    assert_eq!(person.refusal(&["vault", "restore", "--yes"], b""), "busy");
    assert_eq!(person.files(), before);
    drop(companion);
    assert_eq!(
        person.json(&["vault", "restore", "--yes"])["account_count"],
        1
    );
}

#[test]
fn a_counter_of_an_older_copy_needs_the_persons_word() {
    let person = Person::with(&[ACME, BANK]);
    assert_eq!(person.run(&["next", "bank"]).out, "755224\n");
    settle(&person);
    person.json(&["vault", "restore", "--yes"]);
    let before = person.accounts();
    let document = person.json(&["next", "bank"]);
    assert_eq!(name(&document), "counter_doubtful");
    assert_eq!(document["error"]["id"], before[1]["id"]);
    assert_eq!(person.run(&["next", "bank"]).exit, 1);
    assert_eq!(person.accounts()[1]["counter"], before[1]["counter"]);
    let document = person.json(&["next", "bank", "--doubtful-counter"]);
    assert_eq!(document["counter"], 1);
    // Once is enough.
    assert_eq!(person.json(&["next", "bank"])["counter"], 2);
}
