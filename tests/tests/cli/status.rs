//! `vault status` and `vault snapshots`: how the vault stands, also where it does not open.

use std::fs::{self, OpenOptions};
use std::io::{Seek as _, SeekFrom, Write as _};

use countersign_core::companion::Edit;
use countersign_core::time::UnixSeconds;
use serde_json::Value;

use crate::person::{ACME, BANK, Person, feed, held, name};
use crate::scripted_site::Site;
use crate::tamper::{change, literal};

/// Writes over bytes of the vault's file, as a failing disk or an editor does, with its log out of the way.
pub(crate) fn damage(person: &Person, at: u64, bytes: &[u8]) {
    settle(person);
    let mut file = OpenOptions::new().write(true).open(person.vault()).unwrap();
    file.seek(SeekFrom::Start(at)).unwrap();
    file.write_all(bytes).unwrap();
}

/// Moves everything from the log into the file.
pub(crate) fn settle(person: &Person) {
    let vault = rusqlite::Connection::open(person.vault()).unwrap();
    vault
        .pragma_update(None, "wal_checkpoint", "TRUNCATE")
        .unwrap();
}

/// Makes the one snapshot there is as old as that, and one more by a change now.
pub(crate) fn with_older_snapshot(person: &Person, days: u64) {
    let made_at = person.accounts()[0]["created_at"].as_u64().unwrap();
    let then = UnixSeconds(made_at - days * 24 * 60 * 60);
    let mut companion = person.companion();
    let id = companion.find("acme").unwrap();
    let edit = Edit {
        pinned: Some(true),
        ..Edit::default()
    };
    companion.edit(id, edit, then).unwrap();
    assert!(companion.snapshot(then).unwrap());
    drop(companion);
    assert_eq!(person.feed(&["add", "-"], BANK.as_bytes()).exit, 0);
}

/// The commands that come next by a document.
pub(crate) fn next(document: &Value) -> Vec<String> {
    let next = document["next"].as_array().unwrap().iter();
    next.map(|command| command.as_str().unwrap().to_owned())
        .collect()
}

const SALVAGE: &str = "countersign vault salvage";
const RESTORE: &str = "countersign vault restore";

#[test]
fn status_shows_accounts_ways_to_unlock_and_snapshots() {
    let person = Person::with(&[ACME, BANK]);
    person.json(&["remove", "acme"]);
    let document = person.json(&["vault", "status"]);
    assert_eq!(name(&document), "no error");
    for (member, expected) in [
        ("format", 1),
        ("epoch", 1),
        ("account_count", 1),
        ("trashed_count", 1),
    ] {
        assert_eq!(document[member], expected, "{member}");
    }
    assert!(document["last_change_at"].as_u64().unwrap() > 1_700_000_000);
    assert_eq!(document["slots"].as_array().unwrap().len(), 1);
    assert_eq!(document["slots"][0]["kind"], "recovery");
    assert_eq!(document["slots"][0]["in_use"], true);
    let newest = &document["snapshots"][0];
    assert_eq!(newest["number"], 1);
    assert_eq!(newest["generation"], document["generation"]);
    assert!(next(&document).is_empty());
    let done = person.run(&["vault", "status"]);
    assert_eq!(done.exit, 0);
    for words in [
        "1, and 1 in the trash",
        "all is well",
        "recovery",
        "Snapshots",
    ] {
        assert!(done.out.contains(words), "{words}: {done:?}");
    }
}

#[test]
fn status_names_no_account() {
    let person = Person::with(&[ACME]);
    let done = person.run(&["vault", "status"]);
    let said = format!("{}{}", done.out, done.err);
    assert!(!said.contains("Acme") && !said.contains("ann"), "{said}");
}

#[test]
fn status_refuses_without_a_vault_a_password_or_the_right_one() {
    let person = Person::without_vault();
    person.write("recovery", "AAAA");
    assert_eq!(person.refusal(&["vault", "status"], b""), "no_vault");
    let person = Person::new();
    let bare = person.bare(&["vault", "status", "--json"]);
    assert_eq!(
        name(&held("vault_status", feed(bare, b""))),
        "password_needed"
    );
    let other = fs::read(Person::new().path("recovery")).unwrap();
    person.write("recovery", other);
    assert_eq!(person.refusal(&["vault", "status"], b""), "wrong_password");
    assert_eq!(person.refusal(&["vault", "status", "x"], b""), "usage");
}

#[test]
fn a_damaged_account_is_named_with_the_next_command() {
    let person = Person::with(&[ACME, BANK]);
    let row = person.accounts()[0].clone();
    let sql = "UPDATE record SET body = zeroblob(length(body)) WHERE id = ";
    change(&person, &format!("{sql}{}", literal(&row)));
    for verb in [&["vault", "status"][..], &["vault", "check"]] {
        let document = person.json(verb);
        assert_eq!(name(&document), "unreadable_record", "{verb:?}");
        assert_eq!(document["unreadable"][0], row["id"]);
        assert_eq!(next(&document), [SALVAGE, RESTORE]);
        let done = person.run(verb);
        assert!(done.out.contains(&format!("Next: `{SALVAGE}`")), "{done:?}");
    }
}

#[test]
fn a_changed_vault_is_to_be_looked_at_first() {
    let person = Person::with(&[ACME, BANK]);
    let row = person.accounts()[0].clone();
    change(
        &person,
        &format!("DELETE FROM record WHERE id = {}", literal(&row)),
    );
    let document = person.json(&["vault", "status"]);
    assert_eq!(name(&document), "tampered");
    assert_eq!(
        next(&document),
        ["countersign vault check --accept", RESTORE]
    );
    let done = person.run(&["vault", "check"]);
    assert!(
        done.out
            .contains("Missing accounts: a snapshot may have them"),
        "{done:?}"
    );
}

#[test]
fn a_vault_that_does_not_open_is_described_without_its_key() {
    let person = Person::with(&[ACME]);
    let bare = || {
        let command = person.bare(&["vault", "status", "--json"]);
        held("vault_status", feed(command, b""))
    };
    damage(&person, 0, &[b'x'; 100]);
    let document = bare();
    assert_eq!(name(&document), "not_a_vault");
    assert_eq!(next(&document), [SALVAGE, RESTORE]);
    assert_eq!(document["snapshots"][0]["number"], 1);

    fs::write(person.vault(), b"").unwrap();
    let document = bare();
    assert_eq!(name(&document), "empty_file");
    assert_eq!(next(&document), [RESTORE]);

    fs::remove_file(person.vault()).unwrap();
    let document = bare();
    assert!(["no_vault", "leftovers"].contains(&name(&document).as_str()));
    assert!(next(&document).contains(&RESTORE.to_owned()));
    let done = feed(person.bare(&["list"]), b"");
    assert!(done.err.contains(RESTORE), "{done:?}");
}

#[test]
fn a_planted_trigger_and_broken_pages_lead_to_a_salvage() {
    let person = Person::with(&[ACME]);
    damage(&person, 4096, &[0xff; 200]);
    let document = person.json(&["vault", "status"]);
    assert_eq!(name(&document), "damaged_data");
    assert_eq!(next(&document)[0], SALVAGE);
    let person = Person::with(&[ACME]);
    let vault = rusqlite::Connection::open(person.vault()).unwrap();
    vault
        .execute_batch("CREATE TRIGGER planted AFTER DELETE ON record BEGIN SELECT 1; END")
        .unwrap();
    drop(vault);
    let document = person.json(&["vault", "status"]);
    assert_eq!(name(&document), "damaged_schema");
    assert_eq!(next(&document)[0], SALVAGE);
}

#[test]
fn the_next_command_names_the_vault_where_it_was_an_option() {
    let person = Person::with(&[ACME]);
    fs::rename(person.path("data/countersign"), person.path("else where")).unwrap();
    fs::write(person.path("else where/vault"), b"").unwrap();
    let document = person.json(&["vault", "status", "--vault", "else where/vault"]);
    assert_eq!(
        next(&document),
        [format!("{RESTORE} --vault 'else where/vault'")]
    );
}

#[test]
fn snapshots_are_listed_without_a_password_the_newest_first() {
    let person = Person::new();
    let list = || {
        let command = person.bare(&["vault", "snapshots", "--json"]);
        held("vault_snapshots", feed(command, b""))
    };
    assert_eq!(list()["snapshots"], Value::Array(Vec::new()));
    assert_eq!(person.feed(&["add", "-"], ACME.as_bytes()).exit, 0);
    with_older_snapshot(&person, 2);
    let document = list();
    let of = |index: usize| document["snapshots"][index].clone();
    assert_eq!((&of(0)["number"], &of(1)["number"]), (&1.into(), &2.into()));
    assert!(of(0)["generation"].as_u64() > of(1)["generation"].as_u64());
    // Looking makes none.
    person.json(&["list"]);
    person.json(&["code", "acme"]);
    assert_eq!(list(), document);
    let done = feed(person.bare(&["vault", "snapshots"]), b"");
    assert_eq!((done.exit, done.out.lines().count()), (0, 2));
    assert!(done.err.is_empty());
}

#[test]
fn a_snapshot_that_cannot_be_made_is_a_remark_and_the_change_stands() {
    let person = Person::with(&[ACME]);
    fs::create_dir_all(person.path("data/countersign/vault.snap.new/in-the-way")).unwrap();
    let document = person.json(&["edit", "acme", "--pin"]);
    assert_eq!(name(&document), "no error");
    assert_eq!(document["warnings"][0]["name"], "no_snapshot");
    let done = person.run(&["edit", "acme", "--unpin"]);
    assert_eq!(done.exit, 0, "{done:?}");
    assert!(
        done.err.contains("no snapshot of it could be made"),
        "{done:?}"
    );
    assert_eq!(person.accounts()[0]["pinned"], false);
}

#[test]
fn what_was_set_aside_is_deleted_on_a_word_and_not_while_it_may_be_all_there_is() {
    let person = Person::with(&[ACME]);
    damage(&person, 0, &[b'x'; 100]);
    person.json(&["vault", "restore", "--yes"]);
    let delete = ["vault", "snapshots", "--delete-damaged"];
    let copies = || person.json(&["vault", "snapshots"])["damaged_copies"].clone();
    let before = copies();
    assert_eq!(before.as_array().unwrap().len(), 1);
    assert_eq!(person.refusal(&delete, b""), "not_confirmed");
    assert_eq!(
        person.refusal(&["vault", "snapshots", "--yes"], b""),
        "usage"
    );
    let vault = fs::read(person.vault()).unwrap();
    fs::write(person.vault(), b"not a vault").unwrap();
    let yes = [&delete[..], &["--yes"]].concat();
    assert_eq!(person.refusal(&yes, b""), "not_a_vault");
    fs::write(person.vault(), vault).unwrap();
    assert_eq!(copies(), before);
    let document = person.json(&yes);
    assert_eq!(document["deleted"].as_array().unwrap().len(), 1);
    assert_eq!(document["damaged_copies"], Value::Array(Vec::new()));
    assert!(
        person
            .files()
            .keys()
            .all(|path| !path.to_string_lossy().contains("damaged"))
    );
    assert_eq!(person.json(&yes)["deleted"], Value::Array(Vec::new()));
    assert_eq!(person.accounts().len(), 1);
}

#[test]
fn a_history_with_a_gap_is_not_called_well() {
    let site = Site::enrolled();
    site.is_usable();
    let person = &site.person;
    assert_eq!(person.run(&["vault", "status"]).exit, 0);
    let vault = rusqlite::Connection::open(person.vault()).unwrap();
    let gone = vault.execute("DELETE FROM log WHERE seq = 2", []).unwrap();
    assert_eq!(gone, 1);
    drop(vault);
    let document = person.json(&["vault", "status"]);
    assert_eq!(name(&document), "damaged_history");
    assert!(document["error"]["seq"].is_u64(), "{document}");
    assert!(!next(&document).is_empty(), "{document}");
    let done = person.run(&["vault", "status"]);
    assert_eq!(done.exit, 4, "{done:?}");
    assert!(done.out.contains("Integrity  damaged history"), "{done:?}");
    assert!(!done.out.contains("all is well"), "{done:?}");
    assert_eq!(
        name(&person.json(&["history", "verify"])),
        "damaged_history"
    );
}
