//! `init`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::person::{Done, Person, feed, held, name};

fn mode(person: &Person, name: &str) -> u32 {
    let about = fs::metadata(person.path(name)).unwrap();
    about.permissions().mode() & 0o777
}

fn init(person: &Person, arguments: &[&str]) -> Done {
    let all: Vec<&str> = std::iter::once("init")
        .chain(arguments.iter().copied())
        .collect();
    let mut command = person.bare(&all);
    command.env("COUNTERSIGN_PASSWORD", "a password");
    feed(command, b"")
}

fn refusal(person: &Person, arguments: &[&str]) -> String {
    let all: Vec<&str> = arguments.iter().copied().chain(["--json"]).collect();
    name(&held("init", init(person, &all)))
}

#[test]
fn a_vault_is_for_its_owner_and_its_recovery_code_opens_it() {
    let person = Person::without_vault();
    let done = init(&person, &["--recovery-file", "recovery"]);
    assert_eq!(done.exit, 0, "{done:?}");
    assert_eq!(mode(&person, "recovery"), 0o600);
    assert_eq!(mode(&person, "data/countersign"), 0o700);
    assert_eq!(mode(&person, "data/countersign/vault"), 0o600);
    // What was printed does not repeat the code.
    let code = fs::read_to_string(person.path("recovery")).unwrap();
    assert!(!done.out.contains(code.trim()) && !done.err.contains(code.trim()));
    assert_eq!(person.run(&["list"]).exit, 0);
    let mut with_password = person.bare(&["list"]);
    with_password.env("COUNTERSIGN_PASSWORD", "a password");
    assert_eq!(feed(with_password, b"").exit, 0);
}

#[test]
fn a_vault_that_is_there_is_never_touched() {
    let person = Person::new();
    let before = person.files();
    assert_eq!(refusal(&person, &["--no-recovery"]), "vault_exists");
    assert_eq!(person.files(), before);
}

#[test]
fn leftovers_stop_a_new_vault_and_the_recovery_file_goes_again() {
    let person = Person::without_vault();
    fs::create_dir_all(person.path("data/countersign")).unwrap();
    person.write("data/countersign/vault-wal", b"something");
    assert_eq!(
        refusal(&person, &["--recovery-file", "recovery"]),
        "leftovers"
    );
    assert!(!person.path("recovery").exists());
    assert!(!person.vault().exists());
}

#[test]
fn without_a_terminal_the_recovery_code_needs_a_place() {
    let person = Person::without_vault();
    let done = init(&person, &[]);
    assert_eq!(done.exit, 2, "{done:?}");
    assert!(done.err.contains("--recovery-file") && done.err.contains("--no-recovery"));
    assert!(!person.vault().exists());
}

#[test]
fn the_document_has_the_recovery_code() {
    let person = Person::without_vault();
    let document = held("init", init(&person, &["--json"]));
    let code = document["recovery_code"].as_str().unwrap();
    person.write("recovery", code);
    assert_eq!(person.run(&["list"]).exit, 0);

    let person = Person::without_vault();
    let document = held(
        "init",
        init(&person, &["--json", "--recovery-file", "code"]),
    );
    let code = document["recovery_code"].as_str().unwrap();
    let file = fs::read_to_string(person.path("code")).unwrap();
    assert_eq!(file.trim(), code);

    let person = Person::without_vault();
    let document = held("init", init(&person, &["--json", "--no-recovery"]));
    assert!(document["recovery_code"].is_null());
}

#[test]
fn standard_output_gets_the_code_and_nothing_else() {
    let person = Person::without_vault();
    let done = init(&person, &["--recovery-file", "-"]);
    assert_eq!(done.exit, 0);
    assert_eq!(done.out.trim().split('-').count(), 9);
    person.write("recovery", &done.out);
    assert_eq!(person.run(&["list"]).exit, 0);
}

#[test]
fn a_file_that_is_there_is_never_overwritten() {
    let person = Person::without_vault();
    person.write("recovery", b"something of mine");
    assert_eq!(
        refusal(&person, &["--recovery-file", "recovery"]),
        "file_exists"
    );
    assert_eq!(
        fs::read(person.path("recovery")).unwrap(),
        b"something of mine"
    );
    assert!(!person.vault().exists());
}

#[test]
fn contradictions_are_usage_errors() {
    let person = Person::without_vault();
    assert_eq!(
        refusal(&person, &["--recovery-file", "x", "--no-recovery"]),
        "usage"
    );
    person.write("code", b"nonsense");
    assert_eq!(
        refusal(&person, &["--recovery-code-file", "code", "--no-recovery"]),
        "invalid_recovery_code"
    );
    assert!(!person.vault().exists());
}

#[test]
fn a_password_has_some_length_and_is_text() {
    let person = Person::without_vault();
    person.write("empty", b"\n");
    person.write("binary", b"\xff\xfe");
    person.write("long", vec![b'a'; 70_000]);
    for (file, expected) in [
        ("empty", "password_empty"),
        ("binary", "password_not_text"),
        ("long", "password_too_long"),
        ("missing", "no_such_file"),
        ("fd:x", "usage"),
        ("fd:77", "no_such_file"),
    ] {
        let got = refusal(&person, &["--no-recovery", "--password-file", file]);
        assert_eq!(got, expected, "{file}");
    }
    assert!(!person.vault().exists());
}

#[test]
fn without_password_and_terminal_nothing_is_made() {
    let person = Person::without_vault();
    let command = person.bare(&["init", "--no-recovery", "--json"]);
    assert_eq!(name(&held("init", feed(command, b""))), "password_needed");
    assert!(!person.path("data").exists());
}
