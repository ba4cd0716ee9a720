//! What a person at a terminal sees and types.

use std::fs;

use countersign_tests::program::countersign;

use crate::person::{ACME, BANK, Person, feed};
use crate::terminal::Terminal;

const CTRL_C: &str = "\u{3}";

/// Starts a verb on a terminal, with the recovery code at hand.
fn at_terminal(person: &Person, arguments: &[&str]) -> Terminal {
    Terminal::start(&person.command(arguments), 80, 24)
}

#[test]
fn init_shows_the_recovery_code_once_and_asks_two_groups_back() {
    let person = Person::without_vault();
    let mut terminal = Terminal::start(&person.bare(&["init"]), 80, 24);
    terminal.expect("A password for the new vault:");
    assert!(!terminal.is_right(), "the password would be shown");
    terminal.press("open sesame\n");
    terminal.expect("The same again:");
    terminal.press("open sesam\n");
    terminal.expect("not the same");
    for question in ["A password for the new vault:", "The same again:"] {
        terminal.expect(question);
        terminal.press("open sesame\n");
    }
    let shown = terminal.expect("Type group ");
    let code = shown
        .split_whitespace()
        .find(|word| word.split('-').count() == 9)
        .unwrap()
        .to_owned();
    let mut first = None;
    for asked in 0..2 {
        let number = terminal.expect(" of it:");
        let number: usize = number.trim_end_matches(" of it:").trim().parse().unwrap();
        assert_ne!(first, Some(number), "the same group twice");
        first = Some(number);
        if asked == 0 {
            terminal.press("XXXX\n");
            terminal.expect("another group");
            terminal.expect("Type group ");
            terminal.expect(" of it:");
        }
        let group = code.split('-').nth(number - 1).unwrap();
        terminal.press(&format!("{}\n", group.to_lowercase()));
        if asked == 0 {
            terminal.expect("Type group ");
        }
    }
    terminal.expect("The vault is made");
    let (exit, rest) = terminal.end();
    assert_eq!(exit, 0);
    assert!(!shown.contains("sesame") && !rest.contains("sesame"));
    person.write("recovery", &code);
    assert_eq!(person.run(&["list"]).exit, 0);
    let mut list = person.bare(&["list"]);
    list.env("COUNTERSIGN_PASSWORD", "open sesame");
    assert_eq!(feed(list, b"").exit, 0);
}

#[test]
fn a_recovery_code_that_is_not_confirmed_makes_no_vault() {
    let person = Person::without_vault();
    let mut command = person.bare(&["init"]);
    command.env("COUNTERSIGN_PASSWORD", "x");
    let mut terminal = Terminal::start(&command, 80, 24);
    for _ in 0..3 {
        terminal.expect(" of it:");
        terminal.press("XXXX\n");
    }
    terminal.expect("No vault was made");
    assert_eq!(terminal.end().0, 1);
    assert!(!person.vault().exists());
}

#[test]
fn ctrl_c_at_a_password_puts_the_terminal_right() {
    let person = Person::without_vault();
    let mut init = person.bare(&["init", "--no-recovery", "--kdf-passes", "3"]);
    init.env("COUNTERSIGN_PASSWORD", "x");
    assert_eq!(feed(init, b"").exit, 0);
    let mut terminal = Terminal::start(&person.bare(&["list"]), 80, 24);
    terminal.expect("Password:");
    assert!(!terminal.is_right());
    terminal.press("half a pass");
    terminal.press(CTRL_C);
    assert_eq!(terminal.end_and_look(), (130, true));
}

#[test]
fn ctrl_c_is_still_one_document_where_one_is_wanted() {
    let person = Person::without_vault();
    let mut init = person.bare(&["init", "--no-recovery", "--kdf-passes", "3"]);
    init.env("COUNTERSIGN_PASSWORD", "x");
    assert_eq!(feed(init, b"").exit, 0);
    let mut terminal = Terminal::start(&person.bare(&["list", "--json"]), 80, 24);
    terminal.expect("Password:");
    terminal.press(CTRL_C);
    let said = terminal.expect("}}");
    assert!(said.contains("\"name\":\"interrupted\""), "{said}");
    assert_eq!(terminal.end_and_look(), (130, true));
}

#[test]
fn a_mistyped_password_may_be_typed_again() {
    let person = Person::without_vault();
    let mut init = person.bare(&["init", "--no-recovery", "--kdf-passes", "3"]);
    init.env("COUNTERSIGN_PASSWORD", "right");
    assert_eq!(feed(init, b"").exit, 0);
    let mut terminal = Terminal::start(&person.bare(&["list"]), 80, 24);
    terminal.expect("Password:");
    terminal.press("wrong\n");
    terminal.expect("Try again");
    terminal.expect("Password:");
    terminal.press("right\n");
    terminal.expect("No accounts yet");
    assert_eq!(terminal.end_and_look(), (0, true));
}

#[test]
fn the_list_counts_down_and_q_wipes_it() {
    let person = Person::with(&[ACME, BANK]);
    let mut terminal = at_terminal(&person, &["list"]);
    terminal.expect("Acme");
    terminal.expect("counter 0");
    assert!(!terminal.is_right());
    // A second frame replaces the first in place: up, and clear.
    terminal.expect("\u{1b}[2A");
    terminal.expect("Acme");
    terminal.press("q");
    let (exit, rest) = terminal.end();
    assert_eq!(exit, 0);
    // The last thing is that the lines are cleared and the cursor is back.
    let after = rest.rsplit("\u{1b}[J").next().unwrap();
    assert!(
        !after.contains("Acme") && after.contains("\u{1b}[?25h"),
        "{after:?}"
    );
}

#[test]
fn ctrl_c_in_the_list_is_130_with_the_terminal_right() {
    let person = Person::with(&[ACME]);
    let mut terminal = at_terminal(&person, &["list"]);
    terminal.expect("Acme");
    terminal.press(CTRL_C);
    assert_eq!(terminal.end_and_look(), (130, true));
}

#[test]
fn another_process_shows_in_the_live_list() {
    let person = Person::with(&[ACME]);
    let mut terminal = at_terminal(&person, &["list"]);
    terminal.expect("Acme");
    assert_eq!(person.feed(&["add", "-"], BANK.as_bytes()).exit, 0);
    terminal.expect("Bank");
    terminal.press("\u{1b}");
    assert_eq!(terminal.end_and_look(), (0, true));
}

#[test]
fn a_password_changed_elsewhere_locks_the_live_list() {
    let person = Person::with(&[ACME]);
    let mut terminal = at_terminal(&person, &["list"]);
    terminal.expect("Acme");
    let mut passwd = person.command(&["passwd"]);
    passwd.env("COUNTERSIGN_NEW_PASSWORD", "new");
    assert_eq!(feed(passwd, b"").exit, 0);
    terminal.expect("countersign: ");
    assert_eq!(terminal.end_and_look(), (3, true));
}

#[test]
fn an_idle_list_locks_itself_and_says_so() {
    let person = Person::with(&[ACME]);
    let mut terminal = at_terminal(&person, &["list", "--auto-lock", "1"]);
    terminal.expect("Acme");
    terminal.expect("Locked after 1 s");
    assert_eq!(terminal.end_and_look(), (3, true));
}

#[test]
fn a_narrow_window_still_has_the_code() {
    let person = Person::with(&[
        "otpauth://totp/A%20very%20long%20issuer:somebody%40a-long-domain.example?secret=JBSWY3DPEHPK3PXP&digits=8",
    ]);
    let mut terminal = Terminal::start(&person.command(&["list"]), 30, 5);
    let is_code = |word: &str| word.len() == 4 && word.bytes().all(|byte| byte.is_ascii_digit());
    let frame = terminal.expect(" s\u{1b}");
    assert!(frame.contains('…'), "{frame:?}");
    terminal.resize(16, 4);
    // After a resize everything is drawn anew.
    terminal.expect("\u{1b}[2J");
    let frame = terminal.expect("q ends");
    let plain = frame
        .replace("\u{1b}[1m", " ")
        .replace("\u{1b}[31m", " ")
        .replace("\u{1b}[0m", " ");
    assert_eq!(
        plain
            .split_whitespace()
            .filter(|word| is_code(word))
            .count(),
        2,
        "{frame:?}"
    );
    terminal.press("q");
    assert_eq!(terminal.end_and_look(), (0, true));
}

#[test]
fn a_terminal_without_colour_gets_none() {
    let person = Person::with(&[ACME]);
    let mut command = person.command(&["list"]);
    command.env("NO_COLOR", "1");
    let mut terminal = Terminal::start(&command, 80, 24);
    let frame = terminal.expect("q ends");
    assert!(
        !frame.contains("\u{1b}[1m") && !frame.contains("\u{1b}[2m"),
        "{frame:?}"
    );
    terminal.press("q");
    assert_eq!(terminal.end().0, 0);
}

#[test]
fn a4_the_person_is_asked_and_both_is_the_default() {
    let person = Person::with(&[ACME]);
    let other = "otpauth://totp/Acme:ann?secret=GEZDGNBVGY3TQOJQGEZDGNBV&issuer=Acme";
    let mut terminal = at_terminal(&person, &["add", other]);
    let question = terminal.expect("Keep both? [Y/n]");
    assert_eq!(question.matches("Acme:ann").count(), 2, "{question}");
    terminal.press("n\n");
    terminal.expect("Nothing was added");
    assert_eq!(terminal.end().0, 1);
    assert_eq!(person.accounts().len(), 1);
    let mut terminal = at_terminal(&person, &["add", other]);
    terminal.expect("Keep both? [Y/n]");
    terminal.press("\n");
    terminal.expect("Added: Acme:ann");
    assert_eq!(terminal.end().0, 0);
    assert_eq!(person.accounts().len(), 2);
}

#[test]
fn a5_an_account_in_the_trash_is_offered_back() {
    let person = Person::with(&[ACME]);
    person.json(&["remove", "acme"]);
    let mut terminal = at_terminal(&person, &["add", ACME]);
    terminal.expect("Take it out? [Y/n]");
    terminal.press("\n");
    terminal.expect("Back from the trash");
    assert_eq!(terminal.end().0, 0);
    assert_eq!(person.accounts().len(), 1);
}

#[test]
fn add_alone_asks_for_everything_and_hides_the_key() {
    let person = Person::new();
    let mut terminal = at_terminal(&person, &["add"]);
    let before = terminal.expect("it is not shown):");
    terminal.press("JBSW Y3DP EHPK 3PX8\n");
    terminal.expect("Issuer");
    terminal.press("Acme\n");
    terminal.expect("Account");
    terminal.press("ann\n");
    let wrong = terminal.expect("Perhaps it is B");
    terminal.expect("it is not shown):");
    terminal.press("JBSW Y3DP EHPK 3PXP\n");
    let added = terminal.expect("Added: Acme:ann");
    assert_eq!(terminal.end().0, 0);
    assert!(!format!("{before}{wrong}{added}").contains("EHPK"));
    assert_eq!(person.accounts().len(), 1);
}

#[test]
fn k5_remove_warns_and_asks() {
    let person = Person::with(&[ACME]);
    let mut terminal = at_terminal(&person, &["remove", "acme"]);
    terminal.expect("still expects codes");
    terminal.expect("[y/N]");
    terminal.press("\n");
    assert_eq!(terminal.end().0, 1);
    assert_eq!(person.accounts().len(), 1);
    let mut terminal = at_terminal(&person, &["remove", "acme"]);
    terminal.expect("[y/N]");
    terminal.press("y\n");
    assert_eq!(terminal.end().0, 0);
    assert_eq!(person.accounts().len(), 0);
}

#[test]
fn a_link_from_a_pipe_can_still_ask_for_the_password_at_the_terminal() {
    let person = Person::without_vault();
    let mut init = person.bare(&["init", "--no-recovery", "--kdf-passes", "3"]);
    init.env("COUNTERSIGN_PASSWORD", "x");
    assert_eq!(feed(init, b"").exit, 0);
    person.write("link", ACME);
    let program = countersign();
    let mut shell = std::process::Command::new("sh");
    shell
        .args(["-c", "\"$0\" add - < link"])
        .arg(program.get_program())
        .current_dir(person.home())
        .env("XDG_DATA_HOME", person.path("data"))
        .env("XDG_STATE_HOME", person.path("state"));
    let mut terminal = Terminal::start(&shell, 80, 24);
    terminal.expect("Password:");
    terminal.press("x\n");
    terminal.expect("Added: Acme:ann");
    assert_eq!(terminal.end().0, 0);
    assert!(fs::metadata(person.vault()).is_ok());
}
