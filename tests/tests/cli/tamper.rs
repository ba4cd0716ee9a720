//! Vaults that somebody damaged, changed or put back: what can be read is still shown, nothing is written.

use std::fs;

use rusqlite::Connection;
use serde_json::Value;

use crate::person::{ACME, BANK, Person, name};

/// Changes the file behind the program's back.
pub(crate) fn change(person: &Person, sql: &str) {
    let vault = Connection::open(person.vault()).unwrap();
    assert!(vault.execute(sql, []).unwrap() > 0, "{sql}");
    vault
        .pragma_update(None, "wal_checkpoint", "TRUNCATE")
        .unwrap();
}

/// The id that a row of `list` has, as an SQLite literal.
pub(crate) fn literal(row: &Value) -> String {
    format!("x'{}'", row["id"].as_str().unwrap())
}

/// Nothing can be written until the person accepts what is there.
fn refuses_to_write(person: &Person, expected: &str) {
    let before = person.files();
    for arguments in [
        &["add", ACME, "--yes"][..],
        &["edit", "acme", "--pin"],
        &["remove", "acme"],
    ] {
        let document = person.json(arguments);
        // A fresh account only: the very same one is already there, which writes nothing.
        if document.get("already_here").is_none() {
            assert_eq!(name(&document), expected, "{arguments:?}");
        }
    }
    assert_eq!(person.files(), before);
}

#[test]
fn a_damaged_account_is_reported_and_the_others_work() {
    let person = Person::with(&[ACME, BANK]);
    let row = person.accounts()[0].clone();
    let sql = format!(
        "UPDATE record SET body = zeroblob(length(body)) WHERE id = {}",
        literal(&row)
    );
    change(&person, &sql);
    let document = person.json(&["list"]);
    assert_eq!(name(&document), "unreadable_record");
    assert_eq!(document["unreadable"][0], row["id"]);
    assert!(document["tampered"].is_null());
    assert_eq!(document["accounts"].as_array().unwrap().len(), 1);
    let done = person.run(&["list"]);
    assert_eq!(done.exit, 4);
    assert!(
        done.out.contains("Bank") && done.err.contains("damaged"),
        "{done:?}"
    );
    // The rest of the vault can be read and written.
    let next = person.run(&["next", "bank"]);
    assert_eq!((next.exit, next.out.as_str()), (0, "755224\n"));
    assert!(next.err.contains("damaged"));
    assert_eq!(name(&person.json(&["vault", "check"])), "unreadable_record");
}

#[test]
fn a_deleted_row_is_seen_and_stops_writing_until_it_is_accepted() {
    let person = Person::with(&[ACME, BANK]);
    let rows = person.accounts();
    change(
        &person,
        &format!("DELETE FROM record WHERE id = {}", literal(&rows[1])),
    );
    let document = person.json(&["list"]);
    assert_eq!(name(&document), "tampered");
    assert_eq!(document["tampered"]["missing"][0], rows[1]["id"]);
    assert_eq!(document["accounts"].as_array().unwrap().len(), 1);
    // Codes and export still work, and say so.
    let code = person.run(&["code", "acme"]);
    assert_eq!((code.exit, code.out.len()), (4, 7), "{code:?}");
    assert!(code.err.contains("vault check"));
    let export = person.json(&["export", "acme", "--uri"]);
    assert!(export["uri"].is_string() && name(&export) == "tampered");
    refuses_to_write(&person, "tampered");

    assert_eq!(name(&person.json(&["vault", "check"])), "tampered");
    let said = person.run(&["vault", "check"]);
    let line = format!("missing: {}", rows[1]["id"].as_str().unwrap());
    assert!(said.exit == 4 && said.out.contains(&line), "{said:?}");
    let accepted = person.json(&["vault", "check", "--accept"]);
    assert_eq!(accepted["accepted"], true);
    assert_eq!(accepted["was_tampered"]["missing"][0], rows[1]["id"]);
    assert_eq!(name(&person.json(&["list"])), "no error");
    assert_eq!(person.run(&["edit", "acme", "--pin"]).exit, 0);
}

#[test]
fn an_old_copy_put_back_is_named() {
    let person = Person::with(&[ACME]);
    let old = fs::read(person.vault()).unwrap();
    let added = person.feed(&["add", "-"], BANK.as_bytes());
    assert_eq!(added.exit, 0);
    for ending in ["-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{ending}", person.vault().display()));
    }
    fs::write(person.vault(), old).unwrap();
    let document = person.json(&["list"]);
    assert_eq!(name(&document), "rolled_back");
    assert_eq!(document["accounts"].as_array().unwrap().len(), 1);
    assert_eq!(person.run(&["code", "acme"]).exit, 4);
    refuses_to_write(&person, "rolled_back");
    assert_eq!(
        person.json(&["vault", "check", "--accept"])["accepted"],
        true
    );
    assert_eq!(person.run(&["list"]).exit, 0);
}

#[test]
fn a_copy_elsewhere_makes_no_claim_and_says_so_once() {
    let person = Person::with(&[ACME]);
    fs::create_dir(person.path("copy")).unwrap();
    fs::copy(person.vault(), person.path("copy/vault")).unwrap();
    let at_copy = ["list", "--vault", "copy/vault"];
    let document = person.json(&at_copy);
    assert_eq!(name(&document), "no error");
    assert_eq!(document["warnings"][0]["name"], "anchor_missing");
    let edited = person.json(&["edit", "acme", "--pin", "--vault", "copy/vault"]);
    assert_eq!(name(&edited), "no error");
    let document = person.json(&at_copy);
    assert_eq!(document["warnings"].as_array().unwrap().len(), 0);
}

#[test]
fn a_vault_that_is_well_says_so() {
    let person = Person::with(&[ACME]);
    let document = person.json(&["vault", "check"]);
    assert_eq!(document["account_count"], 1);
    assert_eq!(document["accounts"].as_array().unwrap().len(), 1);
    assert_eq!(name(&document), "no error");
    let done = person.run(&["vault", "check", "--accept"]);
    assert_eq!(done.exit, 0);
    assert!(done.out.contains("All is well"));
}

#[test]
fn a_planted_trigger_is_a_damaged_schema() {
    let person = Person::with(&[ACME]);
    let vault = Connection::open(person.vault()).unwrap();
    vault
        .execute_batch("CREATE TRIGGER planted AFTER DELETE ON record BEGIN SELECT 1; END")
        .unwrap();
    drop(vault);
    assert_eq!(person.refusal(&["list"], b""), "damaged_schema");
}

#[test]
fn a_damaged_history_is_said_and_stops_nothing_until_it_is_accepted() {
    let person = Person::with(&[ACME]);
    change(
        &person,
        "INSERT INTO log VALUES (1, 1, zeroblob(12), zeroblob(272))",
    );
    let done = person.run(&["list"]);
    assert_eq!(done.exit, 0, "{done:?}");
    assert!(done.err.contains("entry 1 was put in"), "{done:?}");
    let document = person.json(&["list"]);
    assert_eq!(document["warnings"][0]["name"], "damaged_history");
    assert!(document["error"].is_null());
    assert!(person.json(&["edit", "acme", "--pin"])["error"].is_null());
    let document = person.json(&["vault", "check"]);
    assert_eq!(name(&document), "damaged_history");
    assert!(document["tampered"].is_null());
    let next = document["next"][0].as_str().unwrap();
    assert!(next.ends_with("vault check --accept"), "{next}");
    assert_eq!(person.run(&["vault", "check"]).exit, 4);
    let accepted = person.json(&["vault", "check", "--accept"]);
    assert_eq!(accepted["accepted"], true, "{accepted}");
    let document = person.json(&["vault", "check"]);
    assert!(document["error"].is_null(), "{document}");
    assert_eq!(document["warnings"], serde_json::json!([]));
}
