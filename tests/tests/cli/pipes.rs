//! Outputs that close, fill up or are not terminals.

use std::fs::OpenOptions;
use std::process::Stdio;

use crate::person::{ACME, Person, feed};

#[test]
fn a_closed_pipe_is_no_error() {
    let person = Person::with(&[ACME]);
    for arguments in [
        &["list"][..],
        &["list", "--json"],
        &["code", "acme"],
        &["--help"],
        &["doctor", ACME],
    ] {
        let mut child = person
            .command(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert!(output.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_closed_pipe_does_not_hide_a_refusal() {
    let person = Person::with(&[ACME]);
    let mut child = person
        .command(&["code", "nobody", "--json"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[test]
fn a_list_of_answers_ends_quietly_when_nobody_reads() {
    let person = Person::without_vault();
    let mut child = person
        .bare(&["doctor", "--batch", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().unwrap();
    // The program may be gone before all is written.
    let _ = std::io::Write::write_all(
        &mut stdin,
        b"{\"id\":1,\"text\":\"x\"}\n".repeat(1_000).as_slice(),
    );
    drop(stdin);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_full_disk_under_the_output_is_an_error() {
    let person = Person::with(&[ACME]);
    for arguments in [&["list"][..], &["list", "--json"], &["code", "acme"]] {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let status = person
            .command(arguments)
            .stdout(full)
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert_eq!(status.code(), Some(5), "{arguments:?}");
    }
}

#[test]
fn no_colour_is_used_where_it_is_not_wanted() {
    let person = Person::with(&[ACME]);
    let mut command = person.command(&["export", "acme", "--qr"]);
    command.env("NO_COLOR", "1");
    let done = feed(command, b"");
    assert!(!done.out.contains('\u{1b}'));
}
