//! Adding a work account.

use std::process::Command;

use super::office::{Office, TYPE, work};
use crate::person::{Person, name};
use crate::terminal::Terminal;

#[test]
fn a_work_account_is_added_from_its_link_and_says_how_it_stands() {
    let office = Office::new();
    let person = Person::new();
    let link = office.invite();
    let add = person.command(&["add", &link, "--test-mode"]);
    let mut terminal = Terminal::start(&add, 120, 40);
    // The server is shown, and nothing is sent before the person's word.
    let shown = terminal.expect("Is that your organisation's server? [y/N]");
    assert!(shown.contains("Its server is 127.0.0.1"), "{shown}");
    assert!(shown.contains("Acme:ann@acme.test"), "{shown}");
    assert!(office.devices().is_empty());
    terminal.press("y\n");
    office.finish(&mut terminal);
    terminal.expect("Added: Acme:ann@acme.test");
    assert_eq!(terminal.end_and_look(), (0, true));
    let listed = work(&person);
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0]["standing"], "active");
    assert_eq!(listed[0]["test_mode"], true, "r17");
    assert_eq!(listed[0]["software_keys"], true);
    let words = person.run(&["list"]).out;
    assert!(
        words.contains("active") && words.contains("test mode"),
        "{words}"
    );
}

#[test]
fn a_server_that_the_person_does_not_know_gets_nothing() {
    let office = Office::new();
    let person = Person::new();
    let link = office.invite();
    for answer in ["n\n", "\n", "\u{4}"] {
        let add = person.command(&["add", &link, "--test-mode"]);
        let mut terminal = Terminal::start(&add, 120, 40);
        terminal.expect("[y/N]");
        terminal.press(answer);
        assert_eq!(terminal.end().0, 1, "{answer:?}");
    }
    // A script has to say that it has looked.
    let refused = person.refusal(&["add", "-", "--test-mode"], link.as_bytes());
    assert_eq!(refused, "not_confirmed");
    assert!(office.devices().is_empty());
    assert!(work(&person).is_empty());
}

/// A command of the program with a text piped into it, as a shell on a terminal runs it.
fn piped(command: &Command, text: &str) -> Command {
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "printf %s \"$TEXT\" | \"$0\" \"$@\""])
        .arg(command.get_program())
        .args(command.get_args())
        .env("TEXT", text);
    if let Some(folder) = command.get_current_dir() {
        shell.current_dir(folder);
    }
    for (key, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(key, value),
            None => shell.env_remove(key),
        };
    }
    shell
}

#[test]
fn a_link_that_is_piped_in_is_asked_about_on_the_terminal() {
    let office = Office::new();
    let person = Person::new();
    let link = office.invite();
    let add = piped(&person.command(&["add", "-", "--test-mode"]), &link);
    let mut terminal = Terminal::start(&add, 120, 40);
    let shown = terminal.expect("Is that your organisation's server? [y/N]");
    let port = office.address().port();
    assert!(
        shown.contains(&format!("Its server is 127.0.0.1:{port}.")),
        "{shown}"
    );
    terminal.press("n\n");
    assert_eq!(terminal.end().0, 1);
    assert!(office.devices().is_empty());
    let mut terminal = Terminal::start(&add, 120, 40);
    terminal.expect("[y/N]");
    terminal.press("y\n");
    terminal.expect("Only if it is this one");
    assert_eq!(terminal.end().0, 0);
    assert_eq!(office.devices().len(), 1);
}

#[test]
fn a12_a_code_and_url_are_as_good_as_the_qr_code() {
    let office = Office::with(|rules| rules.confirm = TYPE);
    let person = Person::new();
    let (code, url) = office.invite_by_code();
    let digits: Vec<char> = code.chars().collect();
    let groups: Vec<String> = digits.chunks(4).map(|four| four.iter().collect()).collect();
    let grouped = groups.join(" ");
    let add = [
        "add",
        "--url",
        &url,
        "--code",
        &grouped,
        "--test-mode",
        "--yes",
    ];
    let mut terminal = Terminal::start(&person.command(&add), 120, 40);
    terminal.expect("type this check number into the page: ");
    let number: String = terminal.expect("\n").split_whitespace().collect();
    let wrong = if number == "000000" {
        "000001"
    } else {
        "000000"
    };
    assert!(!office.type_number(wrong), "another number is refused");
    office.wait_until("the page", |office| office.type_number(&number));
    terminal.expect("left. 6 digits");
    terminal.press(&format!("{}\n", office.test_number()));
    terminal.expect("Added: ");
    assert_eq!(terminal.end_and_look(), (0, true));
    assert_eq!(work(&person)[0]["standing"], "active");
}

#[test]
fn a12_a_url_that_is_not_safe_is_refused_with_the_reason() {
    let person = Person::new();
    let before = person.files();
    let code = ["--code", "1234 5678 9012 3456", "--yes"];
    for (url, expected) in [
        ("http://mfa.acme.test", "insecure_url"),
        ("https://192.0.2.1", "insecure_url"),
        ("http://127.0.0.1:1", "insecure_url"),
        ("https://ann@mfa.acme.test", "insecure_url"),
        ("https://mfa.acme.test/?a=b", "malformed_uri"),
        ("mfa", "malformed_uri"),
    ] {
        let arguments = [&["add", "--url", url][..], &code].concat();
        assert_eq!(person.refusal(&arguments, b""), expected, "{url}");
        let done = person.run(&arguments);
        assert!(done.err.len() > 20 && !done.err.contains("mfa"), "{done:?}");
    }
    // Test mode takes this machine and nothing more.
    let mode = ["add", "--test-mode", "--url", "http://192.0.2.1"];
    assert_eq!(
        person.refusal(&[&mode[..], &code].concat(), b""),
        "insecure_url"
    );
    for code in ["", "1234", "1234 5678 9012 345x"] {
        let arguments = [
            "add",
            "--url",
            "https://mfa.acme.test",
            "--code",
            code,
            "--yes",
        ];
        assert_eq!(person.refusal(&arguments, b""), "missing_code", "{code}");
    }
    assert_eq!(person.files(), before);
}

#[test]
fn a_script_gets_the_check_number_and_goes_on_with_approve() {
    let office = Office::with(|rules| rules.confirm = TYPE);
    let person = Person::new();
    let add = ["add", "-", "--test-mode", "--yes"];
    let document = person.feed_json(&add, office.invite().as_bytes());
    assert_eq!(name(&document), "no error");
    assert_eq!(document["work"]["standing"], "unconfirmed");
    let number = document["work"]["check"]["number"].as_str().unwrap();
    office.wait_until("the page", |office| office.type_number(number));
    let mut terminal = Terminal::start(&person.command(&["approve", "--once"]), 120, 40);
    terminal.expect("left. 6 digits");
    terminal.press(&format!("{}\n", office.test_number()));
    terminal.expect("it works on this device now");
    assert_eq!(terminal.end_and_look(), (0, true));
}

#[test]
fn w4_an_invitation_is_taken_once_and_the_second_is_told_so() {
    let office = Office::new();
    let link = office.invite();
    let first = Person::new();
    let add = ["add", "-", "--test-mode", "--yes"];
    assert_eq!(name(&first.feed_json(&add, link.as_bytes())), "no error");
    let second = Person::new();
    let document = second.feed_json(&add, link.as_bytes());
    assert_eq!(name(&document), "not_added");
    assert_eq!(document["error"]["why"], "used_invitation");
    assert_eq!(document["work"]["standing"], "failed");
    assert_eq!(office.devices().len(), 1);
}

#[test]
fn o1_what_an_organisation_sees_and_decides_is_said() {
    let office = Office::new();
    let person = office.person();
    let document = person.json(&["about", "acme"]);
    let sent = document["sent"].as_array().unwrap();
    for field in [
        "public_keys",
        "device_name",
        "platform",
        "app",
        "clock",
        "answers",
    ] {
        assert!(sent.iter().any(|sent| sent == field), "{field}: {sent:?}");
    }
    let rules = document["rules"].as_array().unwrap();
    let digits = rules.iter().find(|rule| rule["name"] == "number_digits");
    assert_eq!(digits.unwrap()["value"], 6);
    let words = person.run(&["about", "acme"]).out;
    assert!(
        words.contains("can see") && words.contains("has decided"),
        "{words}"
    );
}
