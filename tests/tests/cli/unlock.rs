//! Getting in: passwords from every place, and vaults that do not open.

use std::fs;
use std::process::{Command, Stdio};

use rusqlite::Connection;

use crate::person::{ACME, Person, feed, held, name};

/// Somebody whose vault has a password.
fn with_password(password: &str) -> Person {
    let person = Person::without_vault();
    let mut command = person.bare(&["init", "--recovery-file", "recovery", "--kdf-passes", "3"]);
    command.env("COUNTERSIGN_PASSWORD", password);
    assert_eq!(feed(command, b"").exit, 0);
    person
}

fn list_with(person: &Person, more: &[&str], input: &[u8]) -> String {
    let arguments: Vec<&str> = ["list", "--json"].iter().chain(more).copied().collect();
    name(&held("list", feed(person.bare(&arguments), input)))
}

#[test]
fn a_password_comes_from_a_file_a_stream_or_the_environment() {
    let person = with_password("correct horse");
    person.write("password", "correct horse\n");
    assert_eq!(
        list_with(&person, &["--password-file", "password"], b""),
        "no error"
    );
    assert_eq!(
        list_with(&person, &["--password-file", "-"], b"correct horse\n"),
        "no error"
    );
    // A descriptor that a shell opened, as scripts do it.
    let program = person.bare(&[]);
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "exec \"$0\" list --password-file fd:3 3<password"])
        .arg(program.get_program())
        .current_dir(person.home())
        .env("XDG_DATA_HOME", person.path("data"))
        .env("XDG_STATE_HOME", person.path("state"))
        .stdin(Stdio::null());
    assert_eq!(feed(shell, b"").exit, 0);
    let mut environment = person.bare(&["list"]);
    environment.env("COUNTERSIGN_PASSWORD", "correct horse");
    assert_eq!(feed(environment, b"").exit, 0);
}

#[test]
fn only_one_newline_is_dropped() {
    let person = with_password("secret");
    assert_eq!(
        list_with(&person, &["--password-file", "-"], b"secret\n\n"),
        "wrong_password"
    );
    assert_eq!(
        list_with(&person, &["--password-file", "-"], b" secret"),
        "wrong_password"
    );
}

#[test]
fn k1_after_ten_wrong_tries_there_is_a_wait_with_its_length() {
    let person = with_password("right");
    for _ in 0..10 {
        assert_eq!(
            list_with(&person, &["--password-file", "-"], b"wrong"),
            "wrong_password"
        );
    }
    let command = person.bare(&["list", "--json", "--password-file", "-"]);
    let document = held("list", feed(command, b"right"));
    assert_eq!(name(&document), "wait");
    assert!(document["error"]["retry_after_s"].as_u64().unwrap() > 0);
}

#[test]
fn nobody_to_ask_is_a_usage_error_and_not_a_hang() {
    let person = Person::new();
    let done = feed(person.bare(&["list"]), b"");
    assert_eq!(done.exit, 2);
    assert!(done.err.contains("--password-file"));
}

#[test]
fn two_readers_of_one_stream_are_refused_before_anything_is_read() {
    let person = Person::new();
    let before = person.files();
    for arguments in [
        &["add", "-", "--password-file", "-", "--json"][..],
        &["add", "--qr", "-", "--password-file", "-", "--json"],
        &[
            "add",
            "--qr",
            "-",
            "-",
            "--recovery-code-file",
            "recovery",
            "--json",
        ],
        &[
            "add",
            "--account",
            "a",
            "--secret-file",
            "fd:3",
            "--password-file",
            "fd:3",
            "--json",
        ],
        &[
            "edit",
            "x",
            "--note-file",
            "-",
            "--recovery-code-file",
            "-",
            "--json",
        ],
        &[
            "passwd",
            "--password-file",
            "-",
            "--new-password-file",
            "-",
            "--json",
        ],
    ] {
        let done = feed(person.bare(arguments), ACME.as_bytes());
        assert_eq!(done.exit, 2, "{arguments:?} {done:?}");
        assert!(done.out.contains("\"shared_input\""), "{done:?}");
    }
    assert_eq!(person.files(), before);
}

#[test]
fn a_password_and_a_recovery_code_at_once_are_refused() {
    let person = Person::new();
    person.write("password", "x");
    assert_eq!(
        person.refusal(&["list", "--password-file", "password"], b""),
        "usage"
    );
}

#[test]
fn a_recovery_code_is_read_with_forgiveness_and_refused_with_its_own_name() {
    let person = Person::new();
    let code = fs::read_to_string(person.path("recovery")).unwrap();
    let sloppy = code
        .to_lowercase()
        .replace('-', " ")
        .replace('0', "o")
        .replace('1', "l");
    assert_eq!(
        list_with(&person, &["--recovery-code-file", "-"], sloppy.as_bytes()),
        "no error"
    );
    for wrong in ["", "nonsense", "AAAA-AAAA"] {
        assert_eq!(
            list_with(&person, &["--recovery-code-file", "-"], wrong.as_bytes()),
            "invalid_recovery_code"
        );
    }
    // A whole code of another vault is a wrong one.
    let other = Person::new();
    let code = fs::read(other.path("recovery")).unwrap();
    assert_eq!(
        list_with(&person, &["--recovery-code-file", "-"], &code),
        "wrong_password"
    );
}

#[test]
fn no_vault_is_said_before_a_password_is_asked_for() {
    let person = Person::without_vault();
    for verb in [
        &["list"][..],
        &["code", "x"],
        &["next", "x"],
        &["remove", "x"],
        &["restore", "x"],
        &["export", "x", "--uri"],
        &["edit", "x", "--pin"],
        &["vault", "check"],
        &["add", ACME],
    ] {
        let done = feed(person.bare(verb), b"");
        assert_eq!(done.exit, 1, "{verb:?} {done:?}");
        assert!(done.err.contains("no vault"), "{done:?}");
    }
    assert!(!person.path("data").exists() && !person.path("state").exists());
}

#[test]
fn what_is_no_vault_is_named_and_not_touched() {
    let person = Person::without_vault();
    person.write("text", "this is a letter to my landlord, and not a vault");
    person.write("nothing", b"");
    person.write("recovery", "AAAA");
    fs::create_dir(person.path("folder")).unwrap();
    let other = Connection::open(person.path("other")).unwrap();
    other.execute_batch("CREATE TABLE letters (text)").unwrap();
    drop(other);
    for (file, expected) in [
        ("text", "not_a_vault"),
        ("nothing", "empty_file"),
        ("folder", "not_a_vault"),
        ("other", "not_a_vault"),
        ("missing", "no_vault"),
    ] {
        assert_eq!(
            list_with(&person, &["--vault", file], b""),
            expected,
            "{file}"
        );
    }
    assert_eq!(fs::read(person.path("nothing")).unwrap(), b"");
}

#[test]
fn a_newer_vault_is_left_alone() {
    let person = Person::with(&[ACME]);
    let vault = Connection::open(person.vault()).unwrap();
    vault.pragma_update(None, "user_version", 99).unwrap();
    drop(vault);
    let before = fs::read(person.vault()).unwrap();
    assert_eq!(person.refusal(&["list"], b""), "vault_too_new");
    assert_eq!(person.refusal(&["add", ACME], b""), "vault_too_new");
    assert_eq!(fs::read(person.vault()).unwrap(), before);
}

#[test]
fn the_vaults_path_comes_from_the_option_or_the_environment() {
    let person = Person::new();
    fs::rename(person.path("data/countersign"), person.path("elsewhere")).unwrap();
    assert_eq!(person.refusal(&["list"], b""), "no_vault");
    assert_eq!(
        person.refusal(&["list", "--vault", "elsewhere/vault"], b""),
        "no error"
    );
    let mut command = person.command(&["list"]);
    command.env("COUNTERSIGN_VAULT", "elsewhere/vault");
    assert_eq!(feed(command, b"").exit, 0);
}

#[test]
fn a_writer_that_does_not_end_makes_the_vault_busy() {
    let person = Person::with(&[ACME]);
    let other = Connection::open(person.vault()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(person.refusal(&["remove", "acme"], b""), "busy");
    assert_eq!(person.refusal(&["code", "acme"], b""), "no error");
}
