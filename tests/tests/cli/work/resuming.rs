//! A14: the program is killed at each step of adding, and goes on from there.

use super::office::{Office, work};
use crate::person::Person;
use crate::terminal::Terminal;

/// Where the program is killed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Step {
    /// The server was down: the keys are made, and nothing is known there.
    KeysMade,
    /// The check number is shown.
    Numbered,
    /// The page has confirmed it, and the program has not heard of it.
    Confirmed,
    /// The test is shown.
    Tested,
    /// The test's number was typed.
    Answered,
}

/// Adds until a step, and kills the program there.
fn kill_at(office: &mut Office, person: &Person, step: Step) {
    let link = office.invite();
    if step == Step::KeysMade {
        office.stop();
    }
    let add = person.command(&["add", &link, "--test-mode", "--yes"]);
    let mut terminal = Terminal::start(&add, 120, 40);
    if step == Step::KeysMade {
        terminal.expect("cannot be reached");
        terminal.kill();
        office.start();
        return;
    }
    terminal.expect("Only if it is this one");
    if step == Step::Numbered {
        terminal.kill();
        return;
    }
    office.wait_until_shown();
    if step == Step::Confirmed {
        terminal.kill();
        office.compare(true);
        return;
    }
    office.compare(true);
    terminal.expect("left. 6 digits");
    if step == Step::Tested {
        terminal.kill();
        return;
    }
    terminal.press(&format!("{}\n", office.test_number()));
    terminal.expect("on its way");
    terminal.kill();
}

/// Goes on with `approve` until the account works.
fn go_on(office: &Office, person: &Person, step: Step) {
    let mut terminal = Terminal::start(&person.command(&["approve"]), 120, 40);
    if matches!(step, Step::KeysMade | Step::Numbered) {
        terminal.expect("Only if it is this one");
        office.compare_when_shown();
    }
    if step != Step::Answered {
        terminal.expect("left. 6 digits");
        terminal.press(&format!("{}\n", office.test_number()));
        terminal.expect("it works on this device now");
    } else {
        office.wait_until("the account", |_| work(person)[0]["standing"] == "active");
    }
    terminal.expect("Waiting");
    terminal.press("q\n");
    assert_eq!(terminal.end_and_look(), (0, true), "{step:?}");
}

fn is_resumed(step: Step) {
    let mut office = Office::new();
    let person = Person::new();
    kill_at(&mut office, &person, step);
    let listed = work(&person);
    assert_eq!(listed.len(), 1, "{step:?}");
    if step != Step::Answered {
        assert_eq!(listed[0]["is_unfinished"], true, "{step:?}");
        assert!(person.run(&["list"]).out.contains("unfinished"), "{step:?}");
    }
    go_on(&office, &person, step);
    assert_eq!(work(&person)[0]["standing"], "active", "{step:?}");
    assert_eq!(
        office.devices().len(),
        1,
        "{step:?}: one device, with one pair of keys"
    );
    assert_eq!(person.json(&["history", "verify"])["lost"], 0);
}

#[test]
fn a14_killed_with_its_keys_made_it_goes_on() {
    is_resumed(Step::KeysMade);
}

#[test]
fn a14_killed_with_its_check_number_shown_it_goes_on() {
    is_resumed(Step::Numbered);
}

#[test]
fn a14_killed_when_the_page_has_confirmed_it_goes_on() {
    is_resumed(Step::Confirmed);
}

#[test]
fn a14_killed_with_its_test_shown_it_goes_on() {
    is_resumed(Step::Tested);
}

#[test]
fn a14_killed_with_its_test_answered_it_goes_on() {
    is_resumed(Step::Answered);
}
