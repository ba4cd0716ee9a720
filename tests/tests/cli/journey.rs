//! A person's way through a disaster, with nothing but the words on the screen: every command that is typed after the
//! damage was read from what the program wrote.

use std::io::Write as _;
use std::process::Stdio;

use crate::person::{ACME, BANK, Person, feed};
use crate::status::damage;
use crate::terminal::Terminal;

const PASSWORD: &str = "open sesame\n";
const THIRD: &str = "otpauth://totp/Third:ann?secret=GEZDGNBVGY3TQOJQGEZDGNBV&issuer=Third";
/// How often the program is killed.
const KILLS: u32 = 5;

/// Sets a vault up at a terminal, with three accounts; the recovery code that was shown.
fn set_up(person: &Person) -> String {
    let init = person.bare(&["init", "--kdf-passes", "3"]);
    let mut terminal = Terminal::start(&init, 100, 30);
    for question in ["A password for the new vault:", "The same again:"] {
        terminal.expect(question);
        terminal.press(PASSWORD);
    }
    let shown = terminal.expect("Type group ");
    let mut words = shown.split_whitespace();
    let code = words.find(|word| word.split('-').count() == 9).unwrap();
    for asked in 0..2 {
        if asked > 0 {
            terminal.expect("Type group ");
        }
        let number = terminal.expect(" of it:");
        let number: usize = number.trim_end_matches(" of it:").trim().parse().unwrap();
        let group = code.split('-').nth(number - 1).unwrap();
        terminal.press(&format!("{group}\n"));
    }
    terminal.expect("The vault is made");
    assert_eq!(terminal.end().0, 0);
    for link in [ACME, BANK, THIRD] {
        let mut terminal = Terminal::start(&person.bare(&["add", link]), 100, 30);
        terminal.expect("Password:");
        terminal.press(PASSWORD);
        terminal.expect("Added: ");
        assert_eq!(terminal.end().0, 0);
    }
    code.to_owned()
}

/// Kills the program the moment it has begun to write.
fn kill_while_writing(person: &Person, round: u32) {
    let mut command = person.bare(&["edit", "third", "--note-file", "-"]);
    command
        .env("COUNTERSIGN_PASSWORD", PASSWORD.trim())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let log = person.path("data/countersign/vault-wal");
    let size = || std::fs::metadata(&log).map_or(0, |about| about.len());
    let before = size();
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    write!(stdin, "note {round} {}", "x".repeat(15_000)).unwrap();
    drop(stdin);
    while size() == before && child.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// The first command that stands between back quotes.
fn first_command(screen: &str) -> String {
    let command = screen.split('`').skip(1).step_by(2);
    let command = command
        .map(str::trim)
        .find(|text| text.starts_with("countersign "));
    command
        .unwrap_or_else(|| panic!("no command in {screen:?}"))
        .to_owned()
}

/// Types a command as it stood on the screen.
fn type_command(person: &Person, command: &str) -> Terminal {
    let words: Vec<&str> = command.split_whitespace().skip(1).collect();
    Terminal::start(&person.bare(&words), 100, 30)
}

/// Types `countersign list` and, as long as the screen says what comes next, that.
fn follow_the_screen(person: &Person, secret: &str) -> String {
    let mut command = "countersign list --once".to_owned();
    for _ in 0..5 {
        let mut terminal = type_command(person, &command);
        if command == "countersign vault salvage" {
            return salvage(terminal, secret);
        }
        if terminal.asks("Password:") {
            terminal.press(PASSWORD);
        }
        let (exit, screen) = terminal.end();
        assert_eq!(exit, 4, "{screen}");
        // Long sentences are broken between words.
        let screen: Vec<&str> = screen.split_whitespace().collect();
        let screen = screen.join(" ");
        command = first_command(screen.rsplit("Next: ").next().unwrap_or(&screen));
    }
    panic!("the screen leads in a circle, at last to {command:?}");
}

/// Answers what `vault salvage` asks with yes; the last words on the screen.
fn salvage(mut terminal: Terminal, secret: &str) -> String {
    terminal.expect("Password, or recovery code:");
    terminal.press(secret);
    let mut screen = String::new();
    loop {
        screen.push_str(&terminal.expect("/"));
        if screen.ends_with("[Y/") || screen.ends_with("[y/") {
            let is_last = screen.contains("Put this in the vault's place?");
            terminal.press("y\n");
            if is_last {
                break;
            }
        }
    }
    let (exit, rest) = terminal.end();
    assert_eq!(exit, 0, "{screen}{rest}");
    let words: Vec<&str> = rest.split_whitespace().collect();
    screen + &words.join(" ")
}

/// The list as it is afterwards.
fn list(person: &Person) -> String {
    let mut list = person.bare(&["list"]);
    list.env("COUNTERSIGN_PASSWORD", PASSWORD.trim());
    let done = feed(list, b"");
    assert_eq!(done.exit, 0, "{done:?}");
    done.out
}

#[test]
fn three_accounts_survive_kills_and_damage_with_the_words_on_the_screen_alone() {
    let person = Person::without_vault();
    set_up(&person);
    for round in 0..KILLS {
        kill_while_writing(&person, round);
        assert!(list(&person).contains("Third"), "after kill {round}");
    }
    damage(
        &person,
        0,
        b"Shopping list: milk, bread, and no trace of a database header any more here.",
    );
    let screen = follow_the_screen(&person, PASSWORD);
    assert!(
        screen.contains("3 of 3 accounts can be recovered."),
        "{screen}"
    );
    assert!(screen.contains("The damaged files are kept in"), "{screen}");
    let command = first_command(screen.rsplit("Next: ").next().unwrap());
    assert_eq!(command, "countersign list");
    let mut terminal = type_command(&person, &command);
    terminal.expect("Password:");
    terminal.press(PASSWORD);
    for issuer in ["Acme", "Bank", "Third"] {
        terminal.expect(issuer);
    }
    terminal.press("q");
    assert_eq!(terminal.end_and_look(), (0, true));
}

#[test]
fn accounts_that_are_gone_come_from_the_snapshot_and_the_recovery_code_opens_both() {
    let person = Person::without_vault();
    let code = set_up(&person);
    let vault = rusqlite::Connection::open(person.vault()).unwrap();
    let ask = "SELECT rootpage FROM sqlite_schema WHERE name = 'record'";
    let page: u32 = vault.query_row(ask, [], |row| row.get(0)).unwrap();
    drop(vault);
    damage(&person, u64::from(page - 1) * 4096, &[0; 4096]);
    let screen = follow_the_screen(&person, &format!("{code}\n"));
    assert!(
        screen.contains("0 of 3 accounts can be recovered."),
        "{screen}"
    );
    assert_eq!(
        screen.matches("only in the snapshot: ").count(),
        3,
        "{screen}"
    );
    assert!(
        screen.contains("It opens by: password, recovery."),
        "{screen}"
    );
    let after = list(&person);
    for issuer in ["Acme", "Bank", "Third"] {
        assert!(after.contains(issuer), "{after}");
    }
}

#[test]
fn a_restore_is_asked_for_and_a_doubtful_counter_too() {
    let person = Person::without_vault();
    set_up(&person);
    let mut terminal = type_command(&person, "countersign vault restore");
    let asked = terminal.expect("[y/N]");
    for words in ["every change since then is missing", "is kept beside it"] {
        assert!(asked.contains(words), "{asked}");
    }
    terminal.press("\n");
    terminal.expect("Nothing was changed");
    assert_eq!(terminal.end().0, 1);
    let mut terminal = type_command(&person, "countersign vault restore newest");
    terminal.expect("[y/N]");
    terminal.press("y\n");
    for wrong in ["not it\n", "nor that\n"] {
        terminal.expect("Password, or recovery code:");
        terminal.press(wrong);
        terminal.expect("Try again");
    }
    terminal.expect("Password, or recovery code:");
    terminal.press(PASSWORD);
    let done = terminal.expect("Restored: 3 accounts");
    assert!(!done.contains("sesame"), "{done}");
    assert_eq!(terminal.end_and_look(), (0, true));

    let mut terminal = type_command(&person, "countersign next bank");
    terminal.expect("Password:");
    terminal.press(PASSWORD);
    terminal.expect("its next code may have been used");
    terminal.expect("[y/N]");
    terminal.press("n\n");
    terminal.expect("not moved");
    assert_eq!(terminal.end().0, 1);
    let mut terminal = type_command(&person, "countersign next bank");
    terminal.expect("Password:");
    terminal.press(PASSWORD);
    terminal.expect("[y/N]");
    terminal.press("y\n");
    terminal.expect("755224");
    assert_eq!(terminal.end_and_look(), (0, true));
}
