//! O4: no secret or name in any error, in any process that we start, in any file beside the vault.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use crate::person::{Done, Person, feed};
use crate::tamper::{change, literal};

const SECRET: &str = "MARKEDSECRETMARKEDSECRETMARKED22";
const MARKED_LINK: &str = "otpauth://totp/MarkedIssuer:MarkedAccount?secret=MARKEDSECRETMARKEDSECRETMARKED22&issuer=MarkedIssuer";

fn is_silent(what: &str, done: &Done) {
    let said = format!("{}{}", done.out, done.err).to_lowercase();
    assert!(!said.contains("marked"), "{what}: {said}");
}

#[test]
fn o4_no_error_repeats_what_it_was_given() {
    let person = Person::with(&[MARKED_LINK]);
    let home = person.home().to_str().unwrap().to_owned();
    person.write("marked-file", MARKED_LINK);
    let broken: [String; 8] = [
        format!("{MARKED_LINK}&digits=99"),
        format!("{MARKED_LINK}&secret=OTHER"),
        MARKED_LINK.replace("22&", "21&"),
        MARKED_LINK.replace("totp", "pipush"),
        MARKED_LINK.replace("otpauth", "marked"),
        format!("otpauth-migration://offline?data={SECRET}"),
        format!("phonefactor://activate_account?code={SECRET}&url={SECRET}"),
        format!("countersign://enrol?v=1&url=http://marked.example&id={SECRET}"),
    ];
    for text in &broken {
        for arguments in [&["add", "-"][..], &["add", "-", "--json"]] {
            let done = person.feed(arguments, text.as_bytes());
            assert_ne!(done.exit, 0, "{text}");
            is_silent(text, &done);
        }
        is_silent(text, &person.run(&["add", text]));
        is_silent(text, &person.run(&["doctor", text, "MARKED"]));
    }
    for arguments in [
        &["add", MARKED_LINK, MARKED_LINK][..],
        &["add", "--secret", SECRET],
        &["add", "--qr", "marked-file"],
        &["add", "--qr", MARKED_LINK],
        &["add", "--qr", MARKED_LINK, "no-file"],
        &["add", "--account", "a", "--secret-file", "no-marked-file"],
        &["add", "--url", "MARKED", "--code", "MARKED", "--yes"],
        &["add", "--url", "http://marked.example", "--code", "MARKED"],
        &["add", "--code", "MARKED"],
        &["approve", "--decisions", "no-marked-file"],
        &["approve", "--qr", "marked-file"],
        &["leave", "MARKEDNAME", "--yes"],
        &["about", "MARKEDNAME"],
        &["history", "MARKEDNAME"],
        &["code", "MARKEDNAME"],
        &["list", "--vault", "marked-file"],
        &["list", "--vault", MARKED_LINK],
        &["list", "--vault", "no/such/file"],
        &["export", "MARKEDNAME", "--uri"],
        &["edit", "marked"],
        &["vault", "status", "--vault", MARKED_LINK],
        &["vault", "check", "--vault", "marked-file"],
        &["vault", "restore", "MARKED", "--yes"],
        &["vault", "restore", "--vault", MARKED_LINK, "--yes"],
        &["vault", "salvage", "--vault", MARKED_LINK, "--yes"],
        &["vault", "slots", "remove", "MARKED", "--yes"],
        &["vault", "slots", "add", "--password", SECRET],
        &[
            "vault",
            "slots",
            "add",
            "--password",
            "--new-password-file",
            "no-marked-file",
        ],
        &["vault", "rotate", "MARKED"],
        &["MARKED"],
    ] {
        let done = person.run(arguments);
        assert_ne!(done.exit, 0, "{arguments:?}");
        is_silent(&format!("{arguments:?}"), &done);
        assert!(!done.err.contains(&home), "{arguments:?}");
    }
}

#[test]
fn o4_a_wrong_password_is_not_repeated() {
    let person = Person::new();
    person.write("password", "MARKEDPASSWORD");
    let done = feed(person.bare(&["list", "--password-file", "password"]), b"");
    assert_ne!(done.exit, 0);
    is_silent("password", &done);
    person.write("code", "MARKED-MARKED");
    is_silent(
        "code",
        &feed(person.bare(&["list", "--recovery-code-file", "code"]), b""),
    );
}

#[test]
fn o4_a_running_process_shows_no_secret() {
    let person = Person::new();
    person.write("secret", SECRET);
    // The program waits for its link on standard input after it has read the password.
    let mut child = person
        .command(&["doctor", "--batch", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    writeln!(
        stdin,
        "{}",
        serde_json::json!({"id": 1, "text": MARKED_LINK})
    )
    .unwrap();
    let mut answer = std::io::BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    std::io::BufRead::read_line(&mut answer, &mut line).unwrap();
    for file in ["environ", "cmdline"] {
        let bytes = fs::read(format!("/proc/{}/{file}", child.id())).unwrap();
        let text = String::from_utf8_lossy(&bytes).to_lowercase();
        assert!(!text.contains("marked"), "{file}");
    }
    // It starts no other process that could show more.
    let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", child.id()));
    assert_eq!(children.unwrap_or_default().trim(), "");
    drop(stdin);
    assert!(child.wait().unwrap().success());
}

#[test]
fn o4_no_error_about_a_damaged_vault_names_an_account() {
    let person = Person::with(&[MARKED_LINK]);
    let row = person.accounts()[0].clone();
    let sql = "UPDATE record SET body = zeroblob(length(body)) WHERE id = ";
    change(&person, &format!("{sql}{}", literal(&row)));
    for verb in [
        &["vault", "status"][..],
        &["vault", "check"],
        &["vault", "salvage"],
        &["vault", "rotate"],
        &["vault", "restore"],
        &["vault", "salvage", "--take-snapshot", "--yes"],
        &["vault", "snapshots"],
        &["vault", "slots", "list"],
    ] {
        is_silent(&format!("{verb:?}"), &person.run(verb));
        is_silent(
            &format!("{verb:?}"),
            &person.run(&[verb, &["--json"]].concat()),
        );
    }
    // It was all there.
    assert_eq!(person.accounts()[0]["issuer"], "MarkedIssuer");
}

/// All files below a folder.
fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

#[test]
fn o4_no_file_holds_what_was_added() {
    let person = Person::with(&[MARKED_LINK]);
    person.json(&[
        "edit",
        "marked",
        "--note",
        "MARKED note",
        "--tag",
        "MARKED tag",
    ]);
    person.run(&["list"]);
    person.run(&["export", "marked", "--uri"]);
    person.run(&["remove", "marked"]);
    assert!(files(&person.path("tmp")).is_empty());
    for path in files(person.home()) {
        let bytes = fs::read(&path).unwrap().to_ascii_lowercase();
        let is_marked = bytes.windows(6).any(|part| part == b"marked");
        assert!(!is_marked, "{}", path.display());
    }
}
