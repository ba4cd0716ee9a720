//! Making a vault, unlocking it, changing the password, and arguments that mean nothing.
#![expect(clippy::unwrap_used, reason = "tests may")]

mod contract;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use contract::{PASSWORD, Person, Run, finish, shell};

const ACME: &str = "otpauth://totp/ACME:ann?secret=JBSWY3DPEHPK3PXP&issuer=ACME";

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// A run without the password in the environment.
fn asked(person: &Person, arguments: &[&str], input: &str) -> Run {
    finish(
        person.command(arguments).env_remove("COUNTERSIGN_PASSWORD"),
        input.as_bytes(),
    )
}

/// A run with this password.
fn with_password(person: &Person, arguments: &[&str], password: &str) -> Run {
    finish(
        person
            .command(arguments)
            .env("COUNTERSIGN_PASSWORD", password),
        b"",
    )
}

#[test]
fn init_without_terminal_and_choice_is_a_usage_error_and_makes_nothing() {
    let person = Person::new();
    let run = person.run(&["init"]).exits(2);
    assert!(run.err.contains("--recovery-file") && run.err.contains("--no-recovery"));
    assert!(!person.vault.exists());
    person
        .run(&["init", "--no-recovery", "--recovery-file", "x"])
        .exits(2);
    assert!(!person.vault.exists() && !person.path("x").exists());
}

#[test]
fn init_writes_the_recovery_code_for_its_owner_only() {
    let person = Person::new();
    let document = person
        .run(&["init", "--recovery-file", "code.txt", "--json"])
        .exits(0)
        .json();
    let code = fs::read_to_string(person.path("code.txt")).unwrap();
    assert_eq!(document["recovery_code"], code.trim_end());
    assert_eq!(mode(&person.path("code.txt")), 0o600);
    assert_eq!(mode(&person.vault), 0o600);
    assert_eq!(mode(person.vault.parent().unwrap()), 0o700);
    for spelling in [
        code.to_lowercase(),
        code.replace('-', " "),
        code.replace('0', "O"),
    ] {
        fs::write(person.path("spelled"), spelling).unwrap();
        asked(&person, &["list", "--recovery-code-file", "spelled"], "").exits(0);
    }
    fs::write(person.path("spelled"), "nonsense").unwrap();
    asked(&person, &["list", "--recovery-code-file", "spelled"], "").exits(3);
}

#[test]
fn init_touches_neither_a_vault_nor_a_recovery_file_that_is_there() {
    let person = Person::with(&[ACME]);
    let before = fs::read(&person.vault).unwrap();
    assert_eq!(
        person
            .run(&["init", "--recovery-file", "r", "--json"])
            .exits(1)
            .error(),
        "vault_exists"
    );
    assert_eq!(fs::read(&person.vault).unwrap(), before);
    assert!(!person.path("r").exists());
    let person = Person::new();
    fs::write(person.path("r"), "mine").unwrap();
    person.run(&["init", "--recovery-file", "r"]).exits(1);
    assert_eq!(fs::read_to_string(person.path("r")).unwrap(), "mine");
    assert!(!person.vault.exists());
}

#[test]
fn init_stops_at_what_is_left_of_an_earlier_vault() {
    let person = Person::new();
    fs::create_dir(person.vault.parent().unwrap()).unwrap();
    let log = person.vault.with_file_name("vault-wal");
    fs::write(&log, "x").unwrap();
    assert_eq!(
        person
            .run(&["init", "--no-recovery", "--json"])
            .exits(1)
            .error(),
        "leftovers"
    );
    assert_eq!(fs::read(&log).unwrap(), b"x");
}

#[test]
fn the_password_comes_from_a_file_a_stream_a_descriptor_or_the_environment() {
    let person = Person::with(&[ACME]);
    for (content, exit) in [("", 0), ("\n", 0), ("\n\n", 3), (" ", 3)] {
        fs::write(person.path("pw"), format!("{PASSWORD}{content}")).unwrap();
        asked(&person, &["code", "ACME", "--password-file", "pw"], "").exits(exit);
    }
    asked(
        &person,
        &["code", "ACME", "--password-file", "-"],
        &format!("{PASSWORD}\n"),
    )
    .exits(0);
    fs::write(person.path("pw"), PASSWORD).unwrap();
    let script = "unset COUNTERSIGN_PASSWORD; exec \"$CS\" code ACME --password-file fd:3 3< pw";
    shell(&person, script).exits(0);
    with_password(&person, &["code", "ACME", "--password-file", "pw"], "wrong").exits(0);
    assert_eq!(
        asked(&person, &["list", "--json"], "").exits(2).error(),
        "password_needed"
    );
}

#[test]
fn two_readers_of_standard_input_are_a_usage_error() {
    let person = Person::with(&[ACME]);
    let mut read_both = Vec::new();
    for arguments in [
        &["add", "-", "--password-file", "-"][..],
        &["add", "--qr", "-", "--password-file", "-"],
        &[
            "add",
            "--issuer",
            "x",
            "--secret-file",
            "-",
            "--password-file",
            "-",
        ],
        &["passwd", "--password-file", "-", "--new-password-file", "-"],
        &[
            "passwd",
            "--password-file",
            "fd:0",
            "--new-password-file",
            "-",
        ],
        &["edit", "ACME", "--note-file", "-", "--password-file", "-"],
        &["doctor", "-", "--password-file", "-"],
        &["doctor", "--batch", "-", "--password-file", "-"],
    ] {
        let run = asked(&person, &[arguments, &["--json"]].concat(), "x");
        if run.exit != Some(2) {
            read_both.push(arguments.join(" "));
        }
    }
    assert!(read_both.is_empty(), "{read_both:?}");
}

#[test]
fn no_argument_is_a_secret() {
    let person = Person::with(&[ACME]);
    for arguments in [
        &["list", "--password", "MARKEDSECRET"][..],
        &["list", "--password=MARKEDSECRET"],
        &["add", "--issuer", "x", "--secret", "MARKEDSECRET"],
        &["passwd", "--new-password", "MARKEDSECRET"],
        &["list", "--recovery-code", "MARKEDSECRET"],
    ] {
        for json in [&[][..], &["--json"]] {
            let run = person.run(&[arguments, json].concat()).exits(2);
            assert!(!(run.out + &run.err).contains("MARKED"), "{arguments:?}");
        }
    }
}

#[test]
fn a_usage_error_with_json_is_one_document() {
    let person = Person::new();
    for arguments in [
        &[][..],
        &["frob"],
        &["list", "--frob"],
        &["list", "extra"],
        &["code"],
        &["vault"],
        &["vault", "frob"],
        &["doctor"],
        &["export", "x"],
        &["edit", "x"],
        &["add"],
        &["doctor", "x", "--at", "-1"],
        &["add", "--qr"],
        &["list", "--vault"],
        &["list", "--vault", ""],
        &["list", "--password-file", "fd:x"],
    ] {
        let run = person.run(&[&["--json"], arguments].concat()).exits(2);
        let message = run.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(!message.is_empty() && run.err.is_empty(), "{arguments:?}");
    }
    for arguments in [["--help", "--json"], ["--version", "--json"]] {
        person.run(&arguments).exits(0).json();
    }
}

#[test]
fn an_empty_variable_is_as_good_as_none() {
    let person = Person::new();
    let run = finish(
        person
            .command(&["list", "--json"])
            .env("COUNTERSIGN_VAULT", ""),
        b"",
    );
    assert_eq!(
        (run.exit, run.error().as_str()),
        (Some(1), "no_vault"),
        "{}",
        run.out
    );
}

#[test]
fn ten_wrong_passwords_make_the_next_wait() {
    let person = Person::with(&[ACME]);
    for turn in 0..10 {
        let run = with_password(&person, &["list", "--json"], &format!("wrong {turn}")).exits(3);
        assert_eq!(run.error(), "wrong_password");
    }
    let run = person.run(&["list", "--json"]).exits(3);
    assert_eq!(run.error(), "wait");
    assert!(run.json()["error"]["retry_after_s"].as_u64().unwrap() > 0);
}

#[test]
fn after_a_change_the_old_password_fails_and_the_recovery_code_works() {
    let person = Person::new();
    person
        .run(&["init", "--recovery-file", "code.txt"])
        .exits(0);
    person.add(ACME).exits(0);
    let mut change = person.command(&["passwd", "--json"]);
    finish(
        change.env("COUNTERSIGN_NEW_PASSWORD", "another password"),
        b"",
    )
    .exits(0)
    .json();
    assert_eq!(
        person.run(&["list", "--json"]).exits(3).error(),
        "wrong_password"
    );
    with_password(&person, &["code", "ACME"], "another password").exits(0);
    asked(
        &person,
        &["code", "ACME", "--recovery-code-file", "code.txt"],
        "",
    )
    .exits(0);
    for file in fs::read_dir(person.vault.parent().unwrap()).unwrap() {
        assert_eq!(mode(&file.unwrap().path()), 0o600);
    }
    fs::write(person.path("new"), "a third password\n").unwrap();
    let by_code = [
        "passwd",
        "--recovery-code-file",
        "code.txt",
        "--new-password-file",
        "new",
    ];
    asked(&person, &by_code, "").exits(0);
    with_password(&person, &["code", "ACME"], "a third password").exits(0);
}

#[test]
fn the_flag_wins_over_the_variable_and_the_folder_of_the_platform_is_the_default() {
    let person = Person::with(&[ACME]);
    assert_eq!(
        person
            .run(&["list", "--vault", "none", "--json"])
            .exits(1)
            .error(),
        "no_vault"
    );
    let mut command = person.command(&["init", "--no-recovery", "--json"]);
    finish(command.env_remove("COUNTERSIGN_VAULT"), b"").exits(0);
    assert!(person.path("data/countersign/vault").is_file());
    assert_eq!(mode(&person.path("data/countersign")), 0o700);
}

#[test]
fn a_missing_vault_or_file_is_named_with_its_place() {
    let person = Person::with_vault();
    let run = person.run(&["list", "--vault", "elsewhere/vault"]).exits(1);
    assert!(run.err.contains("elsewhere"), "{}", run.err);
    let run = person
        .run(&["add", "--qr", "first.png", "second.png"])
        .exits(1);
    assert!(
        run.err.contains("first.png") || run.err.contains("image 1"),
        "{}",
        run.err
    );
}

#[test]
fn the_demo_runs_without_a_home_and_leaves_nothing() {
    let person = Person::new();
    let mut command = person.command(&["demo", "--yes"]);
    command
        .env_remove("HOME")
        .env_remove("COUNTERSIGN_PASSWORD")
        .env("COLUMNS", "40");
    let run = finish(&mut command, b"").exits(0);
    assert!(run.out.contains("What happened"));
    assert_eq!(fs::read_dir(person.path("tmp")).unwrap().count(), 0);
    assert!(!person.vault.exists());
    let run = person.run(&["demo", "--yes", "--json"]).exits(0);
    assert!(run.json()["steps"].is_array());
}

/// Libraries that ask `tput` for the width of a terminal hand it the whole environment, password included.
#[test]
fn no_other_program_is_started() {
    let person = Person::with(&[ACME]);
    fs::create_dir(person.path("bin")).unwrap();
    for name in ["tput", "stty", "sh", "less"] {
        let program = person.path("bin").join(name);
        fs::write(&program, "#!/bin/bash\necho $0 >> called\n").unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let path = format!("{}:/usr/bin:/bin", person.path("bin").display());
    for verb in [
        &["demo", "--yes"][..],
        &["list"],
        &["list", "--once"],
        &["export", "ACME", "--qr"],
        &["--help"],
    ] {
        finish(person.command(verb).env("PATH", &path), b"").exits(0);
        assert!(
            !person.path("called").exists(),
            "{verb:?} started another program"
        );
    }
}
