//! A sign of life for what takes a while: on a terminal alone, and without colours.

use crate::person::{Person, feed};
use crate::terminal::Terminal;

#[test]
fn what_takes_a_while_shows_a_sign_of_life_on_a_terminal_alone() {
    let person = Person::without_vault();
    let with_password = |arguments: &[&str]| {
        let mut command = person.bare(arguments);
        command.env("COUNTERSIGN_PASSWORD", "x");
        command
    };
    let init = with_password(&["init", "--no-recovery", "--kdf-passes", "16"]);
    assert_eq!(feed(init, b"").exit, 0);
    let mut list = with_password(&["list"]);
    list.env("NO_COLOR", "1");
    let mut terminal = Terminal::start(&list, 80, 24);
    terminal.expect("Unlocking (");
    let frame = terminal.expect("No accounts yet");
    assert!(!frame.contains("\u{1b}[3"), "a colour: {frame:?}");
    assert_eq!(terminal.end_and_look(), (0, true));
    let silent = feed(with_password(&["list"]), b"");
    assert_eq!((silent.exit, silent.err.as_str()), (0, ""));
    for (key, value, more) in [("TERM", "dumb", &[][..]), ("TERM", "xterm", &["--json"])] {
        let mut list = with_password(&[&["list"], more].concat());
        list.env(key, value);
        let (exit, screen) = Terminal::start(&list, 80, 24).end();
        assert_eq!(exit, 0);
        assert!(
            !screen.contains("Unlocking"),
            "{value} {more:?}: {screen:?}"
        );
    }
}

#[test]
fn ctrl_c_takes_the_sign_of_life_away() {
    let person = Person::without_vault();
    let mut init = person.bare(&["init", "--no-recovery", "--kdf-passes", "16"]);
    init.env("COUNTERSIGN_PASSWORD", "x");
    assert_eq!(feed(init, b"").exit, 0);
    let mut list = person.bare(&["list"]);
    list.env("COUNTERSIGN_PASSWORD", "x");
    let mut terminal = Terminal::start(&list, 80, 24);
    terminal.expect("Unlocking (");
    terminal.press("\u{3}");
    let (exit, screen) = terminal.end();
    assert_eq!(exit, 130);
    assert!(screen.ends_with("\r\u{1b}[K"), "{screen:?}");
}
