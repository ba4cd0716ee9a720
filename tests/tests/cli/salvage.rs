//! `vault salvage`: what can still be read of a damaged vault, every way in which that is refused, and damaged rows in
//! the way of a new key.

use std::fs;

use serde_json::Value;

use crate::person::{ACME, BANK, Person, feed, held, name};
use crate::recover::issuers;
use crate::status::damage;
use crate::tamper::{change, literal};

const ZURICH: &str =
    "otpauth://totp/Z%C3%BCrich:ann?secret=GEZDGNBVGY3TQOJQGEZDGNBV&issuer=Z%C3%BCrich";

fn with_damaged_account(links: &[&str]) -> (Person, Value) {
    let person = Person::with(links);
    let row = person.accounts()[0].clone();
    let sql = "UPDATE record SET body = zeroblob(length(body)) WHERE id = ";
    change(&person, &format!("{sql}{}", literal(&row)));
    (person, row)
}

#[test]
fn a_salvage_of_a_sound_vault_changes_nothing() {
    let person = Person::with(&[ACME]);
    let before = person.files();
    let document = person.json(&["vault", "salvage", "--yes"]);
    assert_eq!(
        (&document["needed"], &document["written"]),
        (&false.into(), &false.into())
    );
    assert_eq!(person.files(), before);
}

#[test]
fn a_salvage_without_a_word_is_a_look() {
    let (person, row) = with_damaged_account(&[ACME, BANK, ZURICH]);
    let before = person.files();
    let salvage = ["vault", "salvage"];
    let document = person.json(&salvage);
    assert_eq!(name(&document), "snapshot_choice_needed");
    assert_eq!(
        (&document["recovered"], &document["expected"]),
        (&2.into(), &3.into())
    );
    assert_eq!(document["lost"][0], row["id"]);
    assert_eq!(document["beyond"][0], row["id"]);
    assert_eq!(document["written"], false);
    for flag in ["--take-snapshot", "--no-snapshot"] {
        let document = person.json(&["vault", "salvage", flag]);
        assert_eq!(name(&document), "not_confirmed", "{flag}");
        assert_eq!(document["recovered"], 2);
    }
    assert_eq!(
        person.refusal(&["vault", "salvage", "--yes"], b""),
        "snapshot_choice_needed"
    );
    let both = ["vault", "salvage", "--take-snapshot", "--no-snapshot"];
    assert_eq!(person.refusal(&both, b""), "usage");
    assert_eq!(person.files(), before);
}

#[test]
fn a_salvage_takes_from_the_snapshot_what_only_that_has() {
    let (person, row) = with_damaged_account(&[ACME, BANK, ZURICH]);
    let document = person.json(&["vault", "salvage", "--take-snapshot", "--yes"]);
    assert_eq!(name(&document), "no error");
    assert_eq!(
        (&document["account_count"], &document["from_snapshot"]),
        (&3.into(), &1.into())
    );
    let aside = document["set_aside"].as_str().unwrap();
    assert!(fs::exists(aside).unwrap());
    let accounts = person.accounts();
    assert_eq!(accounts.len(), 3);
    assert!(accounts.iter().any(|account| account["id"] == row["id"]));
    assert_eq!(name(&person.json(&["vault", "check"])), "no error");
}

#[test]
fn a_salvage_can_leave_the_snapshot_out_and_names_nothing_secret() {
    let (person, row) = with_damaged_account(&[ACME, BANK]);
    let done = person.run(&["vault", "salvage", "--no-snapshot", "--yes"]);
    assert_eq!(done.exit, 0, "{done:?}");
    let id = row["id"].as_str().unwrap();
    for words in [
        "1 of 2 accounts can be recovered.",
        &format!("only in the snapshot: {id}"),
        "Recovered: 1 account, 0 of them from the snapshot",
        "vault.damaged-",
    ] {
        assert!(done.out.contains(words), "{words}: {done:?}");
    }
    let said = format!("{}{}", done.out, done.err);
    assert!(!said.contains("Acme") && !said.contains("Bank"), "{said}");
    assert_eq!(issuers(&person), ["Bank"]);
}

#[test]
fn a_vault_without_its_first_page_is_salvaged() {
    let person = Person::with(&[ACME, BANK]);
    damage(&person, 0, &[0; 4096]);
    assert_eq!(person.refusal(&["list"], b""), "not_a_vault");
    let document = person.json(&["vault", "salvage", "--yes", "--no-snapshot"]);
    assert_eq!(document["account_count"], 2);
    assert_eq!(issuers(&person), ["Acme", "Bank"]);
}

#[test]
fn a_salvage_is_refused_where_nothing_opens() {
    let person = Person::with(&[ACME]);
    damage(&person, 0, &[0; 4096]);
    let other = fs::read(Person::new().path("recovery")).unwrap();
    person.write("other", other);
    let before = person.files();
    let wrong = [
        "vault",
        "salvage",
        "--yes",
        "--json",
        "--recovery-code-file",
        "other",
    ];
    let done = feed(person.bare(&wrong), b"");
    assert_eq!(name(&held("vault_salvage", done)), "wrong_password");
    let bare = person.bare(&["vault", "salvage", "--yes", "--json"]);
    assert_eq!(
        name(&held("vault_salvage", feed(bare, b""))),
        "password_needed"
    );
    assert_eq!(person.files(), before);
    let size = fs::metadata(person.vault()).unwrap().len();
    damage_all(&person, size);
    let document = person.json(&["vault", "salvage", "--yes"]);
    assert_eq!(name(&document), "nothing_recovered");
    let message = document["error"]["message"].as_str().unwrap();
    assert!(message.contains("`countersign vault restore`"), "{message}");
    assert_eq!(
        person.json(&["vault", "restore", "--yes"])["account_count"],
        1
    );
}

/// Not a byte of the file is what it was.
fn damage_all(person: &Person, size: u64) {
    fs::write(person.vault(), vec![0x55; usize::try_from(size).unwrap()]).unwrap();
    for ending in ["-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{ending}", person.vault().display()));
    }
}

#[test]
fn damaged_rows_stop_a_new_key_until_they_are_set_aside() {
    let (person, row) = with_damaged_account(&[ACME, BANK]);
    person.write("new", "new");
    for arguments in [
        &["vault", "rotate"][..],
        &["vault", "rotate", "--lost-device"],
        &["passwd", "--new-password-file", "new", "--kdf-passes", "3"],
        &[
            "vault",
            "slots",
            "add",
            "--recovery",
            "--replace",
            "--recovery-file",
            "fresh",
        ],
    ] {
        let document = person.json(arguments);
        assert_eq!(name(&document), "unreadable_in_the_way", "{arguments:?}");
        let message = document["error"]["message"].as_str().unwrap();
        assert!(message.contains("--set-aside") && message.contains("vault salvage"));
    }
    assert!(!person.path("fresh").exists());
    let document = person.json(&["vault", "rotate", "--set-aside"]);
    assert_eq!(document["set_aside"]["rows"], 1);
    assert!(fs::exists(document["set_aside"]["file"].as_str().unwrap()).unwrap());
    assert_eq!(issuers(&person), ["Bank"]);
    assert_eq!(name(&person.json(&["vault", "check"])), "no error");
    assert!(
        person
            .accounts()
            .iter()
            .all(|account| account["id"] != row["id"])
    );
}

#[test]
fn a_way_to_unlock_that_is_lost_is_said_with_the_way_to_have_it_again() {
    let person = Person::with(&[ACME]);
    person.write("new", "a password");
    let add = [
        "vault",
        "slots",
        "add",
        "--password",
        "--new-password-file",
        "new",
    ];
    let add = [&add[..], &["--kdf-passes", "3"]].concat();
    let slot = person.json(&add);
    let sql = "UPDATE record SET body = zeroblob(length(body)) WHERE id = ";
    change(&person, &format!("{sql}{}", literal(&slot)));
    for snapshot in person.json(&["vault", "snapshots"])["snapshots"]
        .as_array()
        .unwrap()
    {
        fs::remove_file(snapshot["file"].as_str().unwrap()).unwrap();
    }
    let done = person.run(&["vault", "salvage", "--yes"]);
    assert_eq!(done.exit, 0, "{done:?}");
    assert!(done.out.contains("It opens by: recovery."), "{done:?}");
    assert!(
        done.out
            .contains("`countersign vault slots add --password`"),
        "{done:?}"
    );
    assert_eq!(name(&person.json(&add)), "no error");
    let list = person.bare(&["list", "--json", "--password-file", "new"]);
    assert_eq!(name(&held("list", feed(list, b""))), "no error");
}
