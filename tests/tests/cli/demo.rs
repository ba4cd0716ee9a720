//! `demo`.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use crate::person::{Person, feed, held, interrupt};

fn is_clean(person: &Person) -> bool {
    fs::read_dir(person.path("tmp")).unwrap().next().is_none()
}

#[test]
fn the_demo_plays_every_step_and_leaves_nothing() {
    let person = Person::without_vault();
    let document = held("demo", feed(person.bare(&["demo", "--yes", "--json"]), b""));
    assert_eq!(document["steps"].as_array().unwrap().len(), 9);
    assert!(is_clean(&person));
    assert!(!person.path("data").exists() && !person.path("state").exists());
}

#[test]
fn the_demo_ends_with_one_page_that_explains() {
    let person = Person::without_vault();
    let done = feed(person.bare(&["demo", "--yes"]), b"");
    assert_eq!(done.exit, 0, "{done:?}");
    assert!(done.out.contains("part 2 of 3 missing") && done.out.contains("What happened"));
    assert!(done.out.lines().all(|line| line.chars().count() <= 100));
    assert!(!done.out.contains('\u{1b}'));
}

#[test]
fn a_demo_that_is_broken_off_leaves_nothing() {
    let person = Person::without_vault();
    let mut child = person
        .bare(&["demo", "--yes"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines
        .find(|line| line.as_ref().unwrap().contains("Live codes"))
        .unwrap()
        .unwrap();
    assert!(!is_clean(&person));
    interrupt(&child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(is_clean(&person));
}
