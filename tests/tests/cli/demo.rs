//! `demo`.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use crate::person::{Person, feed, held, interrupt};
use crate::terminal::Terminal;

/// The steps, as a script sees them.
const STEPS: [&str; 13] = [
    "qr",
    "typed",
    "migration",
    "duplicate",
    "live",
    "counter",
    "search",
    "trash",
    "work",
    "sign_in",
    "bombing",
    "not_me",
    "lock",
];

fn is_clean(person: &Person) -> bool {
    fs::read_dir(person.path("tmp")).unwrap().next().is_none()
}

#[test]
fn the_demo_plays_every_step_and_leaves_nothing() {
    let person = Person::without_vault();
    let document = held("demo", feed(person.bare(&["demo", "--yes", "--json"]), b""));
    assert_eq!(document["steps"], serde_json::json!(STEPS));
    assert!(is_clean(&person));
    assert!(!person.path("data").exists() && !person.path("state").exists());
}

#[test]
fn the_demo_ends_with_one_page_that_explains() {
    let person = Person::without_vault();
    let done = feed(person.bare(&["demo", "--yes"]), b"");
    assert_eq!(done.exit, 0, "{done:?}");
    assert!(done.out.contains("part 2 of 3 missing") && done.out.contains("What happened"));
    let wide = done.out.lines().find(|line| line.chars().count() > 100);
    assert_eq!(wide, None);
    assert!(!done.out.contains('\u{1b}'));
}

#[test]
fn r11_the_demo_says_how_often_a_bombed_device_rang_and_r9_what_comes_after_a_report() {
    let person = Person::without_vault();
    let done = feed(person.bare(&["demo", "--yes"]), b"");
    // Wherever the lines end.
    let said = done.out.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in [
        "the same check number",
        "Approved; the server has confirmed it.",
        "signs in 7 times",
        "This device rang 2 times.",
        "3 more wait in its list without a sound, and 2 stayed at the server",
        "None was answered.",
        "You say: it was not me.",
        "The password has to be changed.",
        "An administrator was told.",
        "24 accounts and 1 work account",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
}

#[test]
fn r3_at_a_terminal_the_demo_takes_nothing_but_the_number_on_the_screen() {
    let person = Person::without_vault();
    let mut terminal = Terminal::start(&person.bare(&["demo"]), 100, 40);
    for _ in 0..9 {
        terminal.expect("(Enter goes on)");
        terminal.press("\n");
    }
    let shown = terminal.expect("The number:");
    let number = shown.rsplit("nowhere else: ").next().unwrap();
    let number: String = number.chars().filter(char::is_ascii_digit).collect();
    assert_eq!(number.len(), 6, "{shown}");
    for nothing in ["", "12345", "yes"] {
        terminal.press(&format!("{nothing}\n"));
        terminal.expect("nothing was sent");
        terminal.expect("The number:");
    }
    let wrong = if number == "000000" {
        "000001"
    } else {
        "000000"
    };
    terminal.press(&format!("{wrong}\n"));
    terminal.expect("2 tries are left");
    terminal.expect("The number:");
    terminal.press(&format!("{number}\n"));
    terminal.expect("Approved; the server has confirmed it.");
    for _ in 0..3 {
        terminal.expect("(Enter goes on)");
        terminal.press("\n");
    }
    terminal.expect("The temporary vault is gone.");
    assert_eq!(terminal.end_and_look(), (0, true));
    assert!(is_clean(&person));
}

#[test]
fn a_demo_that_is_broken_off_leaves_nothing() {
    for at in ["Live codes", "A sign-in that is yours"] {
        let person = Person::without_vault();
        let mut child = person
            .bare(&["demo", "--yes"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        lines
            .find(|line| line.as_ref().unwrap().contains(at))
            .unwrap()
            .unwrap();
        assert!(!is_clean(&person));
        interrupt(&child);
        assert_eq!(child.wait().unwrap().code(), Some(130));
        assert!(is_clean(&person));
    }
}
