//! Keeping accounts: edit, search, trash, export, the password.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use countersign_core::time::UnixSeconds;

use crate::person::{ACME, BANK, Person, feed, held, name};

const ZURICH: &str =
    "otpauth://totp/Z%C3%BCrich:ann?secret=GEZDGNBVGY3TQOJQGEZDGNBV&issuer=Z%C3%BCrich";

fn found(person: &Person, words: &str) -> Vec<String> {
    let document = person.json(&["list", "--search", words]);
    document["accounts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["issuer"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn every_word_must_match_and_accents_do_not_matter() {
    let person = Person::with(&[ACME, BANK, ZURICH]);
    person.write("note", "the one with the yellow card");
    person.json(&["edit", "bank", "--note-file", "note", "--tag", "Geld"]);
    assert_eq!(found(&person, "ZURICH"), ["Zürich"]);
    assert_eq!(found(&person, "ann acm"), ["Acme"]);
    assert_eq!(found(&person, "yellow"), ["Bank"]);
    assert_eq!(found(&person, "geld card"), ["Bank"]);
    assert!(found(&person, "acme yellow").is_empty());
    let tagged = person.json(&["list", "--tag", "geld"]);
    assert_eq!(tagged["accounts"].as_array().unwrap().len(), 1);
}

#[test]
fn edit_changes_what_is_named_and_nothing_else() {
    let person = Person::with(&[ACME, BANK]);
    let before = person.json(&["export", "acme", "--uri"]);
    let document = person.json(&[
        "edit", "acme", "--tag", "work", "--tag", "home", "--pin", "--note", "hello",
    ]);
    let account = &document["account"];
    assert_eq!(account["tags"], serde_json::json!(["work", "home"]));
    assert_eq!(
        (&account["pinned"], &account["has_note"]),
        (&true.into(), &true.into())
    );
    let document = person.json(&["edit", "acme", "--untag", "work", "--unpin", "--note", ""]);
    let account = &document["account"];
    assert_eq!(account["tags"], serde_json::json!(["home"]));
    assert_eq!(
        (&account["pinned"], &account["has_note"]),
        (&false.into(), &false.into())
    );
    assert_eq!(person.json(&["export", "acme", "--uri"]), before);
    person.json(&["edit", "acme", "--issuer", "New: Name", "--account", "bob"]);
    assert_eq!(person.accounts()[0]["issuer"], "New: Name");
}

#[test]
fn a_note_is_shown_when_it_is_asked_for() {
    let person = Person::with(&[ACME, BANK]);
    person.write("note", "first line\n\u{1b}[2Jsecond line\n");
    person.json(&["edit", "acme", "--note-file", "note"]);
    assert!(person.accounts()[0].get("note").is_none());
    let document = person.json(&["list", "--notes"]);
    assert_eq!(
        document["accounts"][0]["note"],
        "first line\n\u{1b}[2Jsecond line"
    );
    assert!(document["accounts"][1]["note"].is_null());
    let done = person.run(&["list", "--notes"]);
    assert!(done.out.contains("\n     first line\n") && !done.out.contains('\u{1b}'));
    assert!(!person.run(&["list"]).out.contains("first line"));
}

#[test]
fn accounts_stand_where_the_person_puts_them() {
    let person = Person::with(&[ACME, BANK, ZURICH]);
    person.json(&["edit", "zurich", "--position", "1"]);
    let order: Vec<String> = person
        .accounts()
        .iter()
        .map(|row| row["issuer"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(order, ["Zürich", "Acme", "Bank"]);
}

#[test]
fn edit_refuses_what_it_cannot_do() {
    let person = Person::with(&[ACME]);
    let before = person.files();
    person.write("long", vec![b'a'; 17 * 1024]);
    person.write("binary", b"\xff");
    let tags: Vec<String> = (0..33).map(|number| format!("--tag=t{number}")).collect();
    let mut many: Vec<&str> = vec!["edit", "acme"];
    many.extend(tags.iter().map(String::as_str));
    let long_name = "a".repeat(1_025);
    for (arguments, expected) in [
        (&["edit", "acme"][..], "nothing_to_change"),
        (&["edit", "nobody", "--pin"], "no_such_account"),
        (&["edit", "acme", "--note-file", "long"], "note_too_long"),
        (&["edit", "acme", "--note-file", "binary"], "usage"),
        (&["edit", "acme", "--note-file", "missing"], "no_such_file"),
        (&["edit", "acme", "--issuer", &long_name], "name_too_long"),
        (
            &["edit", "acme", "--issuer", "", "--account", " "],
            "missing_name",
        ),
        (&["edit", "acme", "--position", "0"], "usage"),
        (&["edit", "acme", "--pin", "--unpin"], "usage"),
        (&many, "too_many_tags"),
    ] {
        assert_eq!(person.refusal(arguments, b""), expected, "{arguments:?}");
    }
    assert_eq!(person.files(), before);
}

#[test]
fn k5_the_trash_keeps_an_account_for_thirty_days_and_gives_it_back_exactly() {
    let person = Person::with(&[ACME, BANK]);
    person.json(&["edit", "acme", "--tag", "work", "--note", "n", "--pin"]);
    let before = person.json(&["export", "acme", "--uri"]);
    let row = person.accounts()[0].clone();
    let done = person.run(&["remove", "acme"]);
    assert_eq!(done.exit, 0);
    assert!(done.out.contains("website still expects codes"), "{done:?}");
    assert!(done.out.contains("deleted for good on 20"), "{done:?}");
    assert_eq!(person.accounts().len(), 1);
    assert_eq!(person.refusal(&["code", "acme"], b""), "no_such_account");
    let trash = person.json(&["list", "--trash"]);
    let trashed = &trash["accounts"][0];
    let days = trashed["purged_at"].as_u64().unwrap() - trashed["trashed_at"].as_u64().unwrap();
    assert_eq!(days, 30 * 86_400);
    assert!(trashed["code"].is_null());

    person.json(&["restore", "acme"]);
    assert_eq!(person.json(&["export", "acme", "--uri"]), before);
    let again = &person.accounts()[0];
    for key in [
        "id",
        "tags",
        "pinned",
        "has_note",
        "created_at",
        "trashed_at",
    ] {
        assert_eq!(again[key], row[key], "{key}");
    }
}

/// How many accounts the trash has.
fn in_trash(person: &Person) -> usize {
    let document = person.json(&["list", "--trash"]);
    document["accounts"].as_array().unwrap().len()
}

#[test]
fn k5_after_thirty_days_the_next_change_empties_the_trash() {
    let person = Person::with(&[ACME, BANK]);
    let made_at = person.accounts()[0]["created_at"].as_u64().unwrap();
    let days_ago = |days: u64| UnixSeconds(made_at - days * 24 * 60 * 60);
    let mut companion = person.companion();
    let id = companion.find("acme").unwrap();
    companion.remove(id, days_ago(31)).unwrap();
    drop(companion);
    // Looking deletes nothing.
    assert_eq!(in_trash(&person), 1);
    person.json(&["next", "bank"]);
    assert_eq!(in_trash(&person), 0);
    assert_eq!(person.refusal(&["restore", "acme"], b""), "no_such_account");
}

#[test]
fn k5_after_years_the_first_change_keeps_the_trash() {
    let person = Person::with(&[ACME, BANK]);
    let mut companion = person.companion();
    let id = companion.find("acme").unwrap();
    companion.remove(id, UnixSeconds(1_600_000_000)).unwrap();
    drop(companion);
    person.json(&["next", "bank"]);
    assert_eq!(in_trash(&person), 1);
    person.json(&["restore", "acme"]);
    assert_eq!(in_trash(&person), 0);
}

#[test]
fn a_purge_needs_a_word_and_takes_only_from_the_trash() {
    let person = Person::with(&[ACME]);
    assert_eq!(
        person.refusal(&["remove", "--purge", "--yes", "acme"], b""),
        "no_such_account"
    );
    person.json(&["remove", "acme"]);
    assert_eq!(
        person.refusal(&["remove", "--purge", "acme"], b""),
        "not_confirmed"
    );
    let document = person.json(&["remove", "--purge", "--yes", "acme"]);
    assert_eq!(document["purged"], true);
    assert_eq!(person.refusal(&["restore", "acme"], b""), "no_such_account");
}

#[test]
fn an_export_is_a_link_or_an_image_that_only_the_owner_reads() {
    let person = Person::with(&[ACME]);
    let uri = person.json(&["export", "acme", "--uri"])["uri"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        person.run(&["export", "acme", "--uri"]).out,
        format!("{uri}\n")
    );
    person.json(&["export", "acme", "--qr-png", "code.png"]);
    let mode = fs::metadata(person.path("code.png"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let symbols = countersign_core::qr::read_image(&fs::read(person.path("code.png")).unwrap());
    assert_eq!(symbols.unwrap()[0].text.expose(), uri);
    person.json(&["export", "acme", "--qr-svg", "code.svg"]);
    assert!(
        fs::read_to_string(person.path("code.svg"))
            .unwrap()
            .contains("<svg")
    );
    assert!(person.run(&["export", "acme", "--qr"]).out.lines().count() > 20);
}

#[test]
fn an_export_never_overwrites_and_needs_a_form() {
    let person = Person::with(&[ACME]);
    person.write("mine", "mine");
    std::os::unix::fs::symlink(person.path("target"), person.path("link")).unwrap();
    for (arguments, expected) in [
        (&["export", "acme", "--qr-png", "mine"][..], "file_exists"),
        (&["export", "acme", "--qr-svg", "mine"], "file_exists"),
        (&["export", "acme", "--qr-png", "link"], "file_exists"),
        (
            &["export", "acme", "--qr-png", "no/such/folder"],
            "no_such_file",
        ),
        (&["export", "acme", "--qr-png", "-"], "usage"),
        (&["export", "acme"], "usage"),
        (&["export", "acme", "--uri", "--qr"], "usage"),
        (&["export", "nobody", "--uri"], "no_such_account"),
    ] {
        assert_eq!(person.refusal(arguments, b""), expected, "{arguments:?}");
    }
    assert_eq!(fs::read(person.path("mine")).unwrap(), b"mine");
    assert!(!person.path("target").exists());
}

#[test]
fn a_new_password_replaces_the_old_one_and_the_recovery_code_stays() {
    let person = Person::without_vault();
    person.write("old", "old password");
    person.write("new", "new password\n");
    let init = person.bare(&[
        "init",
        "--recovery-file",
        "recovery",
        "--password-file",
        "old",
        "--kdf-passes",
        "3",
    ]);
    assert_eq!(feed(init, b"").exit, 0);
    let passwd = person.bare(&[
        "passwd",
        "--password-file",
        "old",
        "--new-password-file",
        "new",
        "--json",
    ]);
    held("passwd", feed(passwd, b""));
    let list = |file: &str| {
        let command = person.bare(&["list", "--json", "--password-file", file]);
        name(&held("list", feed(command, b"")))
    };
    assert_eq!(list("old"), "wrong_password");
    assert_eq!(list("new"), "no error");
    assert_eq!(person.refusal(&["list"], b""), "no error");
}

#[test]
fn a_forgotten_password_is_renewed_with_the_recovery_code() {
    let person = Person::new();
    let mut passwd = person.command(&["passwd"]);
    passwd.env("COUNTERSIGN_NEW_PASSWORD", "fresh");
    assert_eq!(feed(passwd, b"").exit, 0);
    let mut list = person.bare(&["list"]);
    list.env("COUNTERSIGN_PASSWORD", "fresh");
    assert_eq!(feed(list, b"").exit, 0);
    assert_eq!(person.refusal(&["passwd"], b""), "password_needed");
    person.write("empty", "");
    assert_eq!(
        person.refusal(&["passwd", "--new-password-file", "empty"], b""),
        "password_empty"
    );
}

#[test]
fn nothing_readable_lies_in_the_vaults_folder() {
    let person = Person::with(&[ACME, BANK, ZURICH]);
    person.json(&["edit", "acme", "--tag", "MARKEDTAG", "--note", "MARKEDNOTE"]);
    let output = Command::new("strings")
        .args(["-a", "-n", "3"])
        .args(person.files().keys())
        .output();
    let Ok(output) = output else {
        println!("left out: there is no `strings`");
        return;
    };
    let text = String::from_utf8_lossy(&output.stdout).to_lowercase();
    for needle in ["acme", "bank", "rich", "marked", "jbswy3dp", "hello!"] {
        assert!(!text.contains(needle), "{needle}");
    }
}
