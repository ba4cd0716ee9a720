//! Requests and answers.

use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::process::{Child, ChildStdout, Stdio};

use serde_json::{Value, json};

use super::office::{Office, work};
use crate::person::{Person, feed, hold_schema, interrupt};
use crate::terminal::Terminal;

/// A number that is not this one.
fn wrong(number: &str) -> String {
    let first = if number.starts_with('1') { "2" } else { "1" };
    number
        .chars()
        .skip(1)
        .fold(first.to_owned(), |text, digit| text + &digit.to_string())
}

/// `approve` on a terminal.
fn approve(person: &Person, more: &[&str]) -> Terminal {
    let arguments = [&["approve"][..], more].concat();
    Terminal::start(&person.command(&arguments), 120, 40)
}

#[test]
fn a_sign_in_is_shown_as_it_was_signed_and_approved_with_its_number() {
    let office = Office::new();
    let person = office.person();
    let mut terminal = approve(&person, &["--once"]);
    terminal.expect("Waiting");
    let asked = office.sign_in();
    let card = terminal.expect("Esc: leave it open");
    for line in [
        "A request of Acme:ann@acme.test",
        "To approve a sign-in",
        "For        Mail",
        "Asked by   mail.acme.test",
        "As         ann@acme.test",
        "Server     127.0.0.1",
        "6-digit number",
    ] {
        assert!(card.contains(line), "{line}: {card}");
    }
    // The number is on the sign-in screen and nowhere else.
    assert!(!card.contains(asked.number.as_str()));
    terminal.press(&format!("{}\n", asked.number.as_str()));
    terminal.expect("Approved; the server has confirmed it.");
    assert_eq!(terminal.end_and_look(), (0, true));
    assert_eq!(office.end_of(&asked.id), "approved");
    let verified = person.json(&["history", "verify"]);
    assert!(
        verified["entries"].as_u64().unwrap() >= 2,
        "r15: {verified}"
    );
    let words = person.run(&["history"]).out;
    let said = "sign-in, Mail at mail.acme.test as ann@acme.test, you said approve, approved";
    assert!(words.contains(said), "{words}");
    assert!(
        words.contains("Acme:ann@acme.test: this device was added\n"),
        "{words}"
    );
}

#[test]
fn r3_without_a_number_nothing_is_sent_and_the_third_wrong_one_ends_it() {
    let office = Office::new();
    let person = office.person();
    let asked = office.sign_in();
    let mut terminal = approve(&person, &["--once"]);
    terminal.expect("6 digits");
    for (typed, said) in [
        ("\n", "so nothing was sent"),
        ("y\n", "Nothing was sent."),
        ("12345\n", "Nothing was sent."),
        ("1234567\n", "Nothing was sent."),
    ] {
        terminal.press(typed);
        terminal.expect(said);
    }
    assert!(office.is_open(&asked.id));
    let number = wrong(asked.number.as_str());
    for left in ["2 tries are left", "1 try is left"] {
        terminal.press(&format!("{number}\n"));
        terminal.expect(left);
        assert!(office.is_open(&asked.id));
    }
    terminal.press(&format!("{number}\n"));
    terminal.expect("Denied.");
    assert_eq!(terminal.end_and_look(), (0, true));
    assert_eq!(office.end_of(&asked.id), "denied");
}

#[test]
fn r5_esc_ctrl_d_ctrl_c_and_a_crash_answer_nothing() {
    let office = Office::new();
    let person = office.person();
    let asked = office.sign_in();
    let (half, rest) = asked.number.as_str().split_at(3);
    let mut terminal = approve(&person, &[]);
    terminal.expect("6 digits");
    terminal.press(half);
    terminal.press("\u{1b}");
    terminal.expect("A request of Acme");
    // What was typed before Esc is gone.
    terminal.press(&format!("{rest}\n"));
    terminal.expect("Nothing was sent.");
    terminal.press(half);
    terminal.press("\u{4}");
    assert_eq!(terminal.end_and_look(), (0, true), "Ctrl-D ends it");
    let mut terminal = approve(&person, &[]);
    terminal.expect("6 digits");
    terminal.press(asked.number.as_str());
    terminal.press("\u{3}");
    assert_eq!(terminal.end_and_look(), (130, true), "Ctrl-C ends it");
    let mut terminal = approve(&person, &[]);
    terminal.expect("6 digits");
    terminal.press(asked.number.as_str());
    terminal.kill();
    assert!(office.is_open(&asked.id));
    // It is still there, and can be answered.
    let mut terminal = approve(&person, &["--once"]);
    terminal.expect("6 digits");
    terminal.press(&format!("{}\n", asked.number.as_str()));
    terminal.expect("Approved");
    assert_eq!(terminal.end().0, 0);
}

#[test]
fn r8_the_oldest_comes_first_and_a_newer_one_hides_nothing() {
    let office = Office::new();
    let person = office.person();
    let first = office.ask("First");
    let mut terminal = approve(&person, &[]);
    terminal.expect("For        First");
    terminal.expect("6 digits");
    let (half, rest) = first.number.as_str().split_at(3);
    terminal.press(half);
    let second = office.ask("Second");
    office.wait_until("the second at the device", |_| {
        let known = person.json(&["requests", "--offline"]);
        known["requests"].as_array().unwrap().len() == 2
    });
    // The first one is still before the person, with what they have typed.
    terminal.press(&format!("{rest}\n"));
    terminal.expect("Approved");
    assert!(office.is_open(&second.id));
    terminal.expect("For        Second");
    terminal.expect("6 digits");
    terminal.press("d\n");
    terminal.expect("Denied.");
    assert_eq!(office.end_of(&first.id), "approved");
    assert_eq!(office.end_of(&second.id), "denied");
    terminal.expect("Waiting");
    terminal.press("q\n");
    assert_eq!(terminal.end_and_look(), (0, true));
}

#[test]
fn r9_not_me_says_what_comes_next_and_keeps_the_account_quiet() {
    let office = Office::new();
    let person = office.person();
    let asked = office.sign_in();
    let mut terminal = approve(&person, &["--once"]);
    terminal.expect("6 digits");
    terminal.press("r\n");
    terminal.expect("Reported.");
    terminal.expect("administrator was told.");
    assert_eq!(terminal.end().0, 0);
    assert_eq!(office.end_of(&asked.id), "reported");
    assert!(work(&person)[0]["muted_until"].is_u64());
    assert!(person.run(&["list"]).out.contains("quiet until"));
}

#[test]
fn r10_it_was_me_stop_raises_no_alarm() {
    let office = Office::new();
    let person = office.person();
    let asked = office.sign_in();
    let mut terminal = approve(&person, &["--once"]);
    terminal.expect("6 digits");
    terminal.press("c\n");
    terminal.expect("No alarm was raised.");
    assert_eq!(terminal.end().0, 0);
    assert_eq!(office.end_of(&asked.id), "cancelled");
    assert_eq!(work(&person)[0]["muted_until"], Value::Null);
}

#[test]
fn r14_without_a_network_the_pages_code_is_answered_with_eight_digits() {
    let mut office = Office::with(|rules| rules.policy.offline = true);
    let person = office.person();
    // The key for it comes with a fetch once the account is active.
    office.wait_until("the key for responses", |_| {
        person.json(&["requests"]);
        work(&person)[0]["can_offline"] == true
    });
    let asked = office.sign_in();
    let link = format!("countersign://approve?s={}", asked.message.as_str());
    person.write("page.png", picture(&link));
    office.stop();
    let scan = ["approve", "--qr", "page.png", "--offline", "--test-mode"];
    let mut refused = person.command(&scan);
    refused.arg("--json");
    let done = feed(refused, b"");
    assert_eq!(done.exit, 1, "nobody has seen the request: {done:?}");
    let mut terminal = Terminal::start(&person.command(&scan), 120, 40);
    terminal.expect("For        Mail");
    terminal.expect("[y/N]");
    terminal.press("y\n");
    terminal.expect("Type this into the sign-in page: ");
    let digits: String = terminal.expect("\n").split_whitespace().collect();
    assert_eq!(terminal.end_and_look(), (0, true));
    office.start();
    assert!(office.type_response(&asked.id, &digits), "{digits}");
    assert!(
        !office.type_response(&asked.id, &digits),
        "it is taken once"
    );
    let other = office.sign_in();
    assert!(!office.type_response(&other.id, &digits));
}

#[test]
fn a_code_that_is_no_request_of_an_account_here_is_refused() {
    let office = Office::new();
    let other = Office::new();
    let (person, _stranger) = (office.person(), other.person());
    let asked = other.sign_in();
    let genuine = format!("countersign://approve?s={}", asked.message.as_str());
    for (text, expected) in [
        (genuine.as_str(), "not_genuine"),
        ("https://acme.test", "not_genuine"),
    ] {
        person.write("page.png", picture(text));
        let mut command = person.command(&["approve", "--qr", "page.png", "--test-mode"]);
        command.arg("--json");
        let done = feed(command, b"");
        assert_eq!(done.exit, 1, "{done:?}");
        let last: Value = serde_json::from_str(done.out.lines().last().unwrap()).unwrap();
        assert_eq!(last["error"]["name"], expected, "{text}");
    }
    assert!(other.is_open(&asked.id));
}

#[test]
fn r19_text_of_a_server_cannot_leave_its_line() {
    let office = Office::new();
    let person = office.person();
    office.ask("Mail\u{202e}liaM | \u{1b}[2J");
    let mut terminal = approve(&person, &[]);
    let card = terminal.expect("Esc: leave it open");
    let line = card.lines().find(|line| line.contains("For  ")).unwrap();
    assert!(
        line.contains("Mail\\u{202E}liaM | \\u{001B}[2J"),
        "{line:?}"
    );
    assert!(!card.contains('\u{202e}') && !card.contains("\u{1b}[2J"));
    terminal.press("d\n");
    terminal.expect("Denied.");
    terminal.press("q\n");
    terminal.end();
}

#[test]
fn r19_text_that_runs_from_the_right_turns_nothing_beside_it() {
    let office = Office::new();
    let person = office.person();
    office.ask("Mail דואר 5");
    let mut terminal = approve(&person, &[]);
    let card = terminal.expect("Esc: leave it open");
    let line = card.lines().find(|line| line.contains("For  ")).unwrap();
    assert!(
        line.trim_end().ends_with("\u{2068}Mail דואר 5\u{2069}"),
        "{line:?}"
    );
    terminal.press("q\n");
    terminal.end();
    let listed = person.run(&["requests"]).out;
    assert!(listed.contains("\u{2068}Mail דואר 5\u{2069}"), "{listed:?}");
    // A script gets the text as it is.
    let document = person.json(&["requests"]).to_string();
    assert!(document.contains("\"Mail דואר 5\""), "{document}");
}

#[test]
fn a_long_sentence_is_not_cut_in_the_middle_of_a_word() {
    let mut office = Office::new();
    let person = office.person();
    office.stop();
    let mut terminal = Terminal::start(&person.command(&["approve"]), 60, 40);
    let said = terminal.expect("same.");
    assert!(said.contains("cannot be reached"), "{said:?}");
    let lines = said.lines().filter(|line| !line.contains("Waiting"));
    for line in lines {
        let text = line.split("\u{1b}[K").last().unwrap().trim();
        assert!(text.chars().count() <= 60, "{text:?}");
    }
    terminal.press("q\n");
    terminal.end();
}

#[test]
fn a_script_gets_events_as_lines_and_decides_by_lines() {
    let office = Office::new();
    let person = office.person();
    let asked = office.sign_in();
    // A decision names a request that has come, so the script looks first.
    let id = only_request(&person);
    let wrong = wrong(asked.number.as_str());
    let decisions = [
        json!({"id": id, "decision": "approve"}),
        json!({"id": id, "decision": "approve", "number": wrong}),
    ];
    let input: String = decisions.iter().map(|line| format!("{line}\n")).collect();
    let mut script = Script::start(&person, &[]);
    script.write(&input);
    assert_eq!(script.next("request")["id"], id);
    assert_eq!(script.next("not_decided")["error"]["name"], "usage");
    assert_eq!(script.next("decided")["id"], id);
    assert_eq!(script.next("tries")["tries_left"], 2);
    assert!(office.is_open(&asked.id));
    script.end();
    let approve = json!({"id": id, "decision": "approve", "number": asked.number.as_str()});
    let mut command = person.command(&["approve", "--once", "--json", "--decisions", "-"]);
    command.args(["--timeout", "60"]);
    let done = feed(command, format!("{approve}\n").as_bytes());
    assert_eq!(done.exit, 0, "{done:?}");
    let events = lines(&done.out);
    let ended = events.iter().find(|event| event["event"] == "ended");
    assert_eq!(ended.unwrap()["outcome"], "approved");
}

#[test]
fn a_time_without_a_request_ends_it() {
    let office = Office::new();
    let person = office.person();
    let mut command = person.command(&["approve", "--json", "--timeout", "1"]);
    command.arg("--once");
    let done = feed(command, b"");
    assert_eq!(done.exit, 1);
    assert_eq!(
        lines(&done.out).pop().unwrap()["error"]["name"],
        "nothing_came"
    );
}

/// Ends by itself, and how.
fn comes_to_nothing(person: &Person, more: &[&str], input: &str) {
    let mut command = person.command(&["approve", "--once", "--json"]);
    command.args(more);
    let done = feed(command, input.as_bytes());
    assert_eq!(done.exit, 1, "{more:?} {input:?}: {done:?}");
    let last = lines(&done.out).pop().unwrap();
    assert_eq!(last["error"]["name"], "nothing_came", "{more:?} {input:?}");
}

#[test]
fn a_time_without_a_decision_ends_it_whatever_is_open() {
    let mut office = Office::new();
    let person = office.person();
    let asked = office.sign_in();
    let id = only_request(&person);
    comes_to_nothing(&person, &["--timeout", "1"], "");
    assert!(office.is_open(&asked.id));
    office.stop();
    comes_to_nothing(&person, &["--timeout", "1"], "");
    // A decision that cannot be sent is waited for no longer than that either, once no other can come.
    let deny = format!("{}\n", json!({"id": id, "decision": "deny"}));
    let decisions = ["--decisions", "-", "--timeout", "1"];
    comes_to_nothing(&person, &decisions, &deny);
    office.start();
}

#[test]
fn a_script_that_has_decided_nothing_ends_it() {
    let office = Office::new();
    let person = office.person();
    let asked = office.sign_in();
    let nobodys = json!({"id": "0".repeat(32), "decision": "deny"});
    only_request(&person);
    for input in ["", "\n", "nonsense\n", &format!("{nobodys}\n")] {
        comes_to_nothing(&person, &["--decisions", "-"], input);
    }
    assert!(office.is_open(&asked.id));
}

#[test]
fn a_script_that_has_decided_ends_with_its_decisions_end() {
    let office = Office::new();
    let person = office.person();
    let asked = office.sign_in();
    let deny = json!({"id": only_request(&person), "decision": "deny"});
    let other = office.sign_in();
    let command = person.command(&["approve", "--json", "--decisions", "-"]);
    let done = feed(command, format!("{deny}\n").as_bytes());
    assert_eq!(done.exit, 0, "{done:?}");
    assert_eq!(office.end_of(&asked.id), "denied");
    assert!(office.is_open(&other.id));
}

#[test]
fn a_code_of_a_request_that_has_ended_says_how_it_ended() {
    let office = Office::new();
    let person = office.person();
    let asked = office.sign_in();
    let deny = json!({"id": only_request(&person), "decision": "deny"});
    let decide = person.command(&["approve", "--once", "--json", "--decisions", "-"]);
    assert_eq!(feed(decide, format!("{deny}\n").as_bytes()).exit, 0);
    let link = format!("countersign://approve?s={}", asked.message.as_str());
    person.write("page.png", picture(&link));
    let scan = ["approve", "--qr", "page.png", "--test-mode"];
    let done = person.run(&scan);
    assert_eq!(done.exit, 1, "{done:?}");
    assert!(
        done.out.contains("Denied. Nobody was signed in."),
        "{done:?}"
    );
    assert!(done.err.contains("has ended already"), "{done:?}");
    let mut command = person.command(&scan);
    command.arg("--json");
    let done = feed(command, b"");
    let events = lines(&done.out);
    assert_eq!(events[0]["outcome"], "denied", "{events:?}");
    assert_eq!(events[1]["error"]["name"], "request_ended", "{events:?}");
}

/// `approve` for a script that reads as it writes.
struct Script {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Script {
    fn start(person: &Person, more: &[&str]) -> Self {
        let mut command = person.command(&["approve", "--json", "--decisions", "-"]);
        let mut child = command
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    fn write(&mut self, input: &str) {
        let stdin = self.child.stdin.as_mut().unwrap();
        stdin.write_all(input.as_bytes()).unwrap();
    }

    /// The next event of this name.
    fn next(&mut self, name: &str) -> Value {
        loop {
            let line = self.lines.next().expect("it goes on").unwrap();
            let event = lines(&line).pop().unwrap();
            if event["event"] == name {
                return event;
            }
        }
    }

    fn end(mut self) {
        interrupt(&self.child);
        assert_eq!(self.child.wait().unwrap().code(), Some(130));
    }
}

impl Drop for Script {
    /// A test that failed leaves nobody behind.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Every line of a stream, held to the schema.
pub(super) fn lines(out: &str) -> Vec<Value> {
    let events: Vec<Value> = out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    for event in &events {
        hold_schema("approve", event);
    }
    events
}

/// The id of the one request that is open.
pub(super) fn only_request(person: &Person) -> String {
    let document = person.json(&["requests"]);
    let requests = document["requests"].as_array().unwrap();
    assert_eq!(requests.len(), 1, "{document}");
    requests[0]["id"].as_str().unwrap().to_owned()
}

/// A QR code as a picture.
fn picture(text: &str) -> Vec<u8> {
    use countersign_core::qr;
    use countersign_core::secret::SecretText;
    let code = qr::encode(&SecretText::new(text.to_owned())).unwrap();
    let png = code.to_png(4.try_into().unwrap()).unwrap();
    png.expose().to_vec()
}
