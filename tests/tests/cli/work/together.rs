//! Several processes at one vault, and several devices of one person.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::answering::{lines, only_request};
use super::office::Office;
use crate::person::{Person, feed, hold_schema};
use crate::terminal::Terminal;

/// A `watch` that prints lines.
pub(crate) struct Watching {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Watching {
    pub(crate) fn start(person: &Person, environment: &[(&str, &str)]) -> Self {
        let mut command = person.command(&["watch", "--json"]);
        command.env_remove("DBUS_SESSION_BUS_ADDRESS");
        command.envs(environment.iter().copied());
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// The next event.
    pub(crate) fn next(&mut self) -> Value {
        let line = self.lines.next().expect("watch goes on").unwrap();
        let event = serde_json::from_str(&line).unwrap();
        hold_schema("watch", &event);
        event
    }

    /// The next event of this name; those before it are passed over.
    pub(crate) fn until(&mut self, name: &str) -> Value {
        loop {
            let event = self.next();
            if event["event"] == name {
                return event;
            }
        }
    }

    pub(crate) fn end(self) {
        self.end_by(Signal::INT);
    }

    /// Ends it by a signal.
    pub(crate) fn end_by(mut self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
        let expected = 128 + signal.as_raw();
        assert_eq!(self.wait(), expected);
    }

    /// Waits until it has ended; how.
    pub(crate) fn wait(&mut self) -> i32 {
        self.child.wait().unwrap().code().unwrap()
    }
}

impl Drop for Watching {
    /// A test that failed leaves nobody behind.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A `watch` that has begun: what another process fetches before that is shown quietly, so one request, which is denied, has rung
/// here when this returns.
fn watching_already(office: &Office, person: &Person) -> Watching {
    let mut watching = Watching::start(person, &[]);
    office.sign_in();
    let first = watching.next();
    assert_eq!(first["event"], "rings");
    let mut deny = person.command(&["approve", "--once", "--json"]);
    deny.args(["--decisions", "-", "--timeout", "30"]);
    let line = json!({"id": first["id"], "decision": "deny"});
    feed(deny, format!("{line}\n").as_bytes());
    let end = watching.next();
    assert_eq!(
        (&end["event"], &end["id"], &end["outcome"]),
        (&json!("ended"), &first["id"], &json!("denied"))
    );
    watching
}

#[test]
fn watch_and_approve_at_one_vault_give_one_answer() {
    let office = Office::new();
    let person = office.person();
    let mut watching = watching_already(&office, &person);
    let mut terminal = Terminal::start(&person.command(&["approve", "--once"]), 120, 40);
    terminal.expect("Waiting");
    let asked = office.sign_in();
    terminal.expect("6 digits");
    let event = watching.next();
    assert_eq!(event["event"], "rings");
    assert_eq!(event["id"], only_request(&person));
    terminal.press(&format!("{}\n", asked.number.as_str()));
    terminal.expect("Approved");
    assert_eq!(terminal.end_and_look(), (0, true));
    let event = watching.next();
    assert_eq!(
        (&event["event"], &event["outcome"]),
        (&json!("ended"), &json!("approved"))
    );
    watching.end();
    assert_eq!(office.end_of(&asked.id), "approved");
    let history = person.json(&["history"]);
    let answered = history["entries"].as_array().unwrap().iter();
    let answered =
        answered.filter(|entry| entry["kind"] == "answered" && entry["outcome"] == "approved");
    // The test of the enrolment, and this one.
    assert_eq!(answered.count(), 2, "{history}");
    assert_eq!(person.json(&["history", "verify"])["lost"], 0);
}

#[test]
fn two_decisions_at_once_are_one_answer() {
    let office = Office::new();
    let person = office.person();
    for _ in 0..3 {
        let asked = office.sign_in();
        let id = only_request(&person);
        let decide = |line: Value| {
            let mut command = person.command(&["approve", "--once", "--json"]);
            command.args(["--decisions", "-", "--timeout", "3"]);
            std::thread::spawn(move || feed(command, format!("{line}\n").as_bytes()))
        };
        let approves =
            decide(json!({"id": id, "decision": "approve", "number": asked.number.as_str()}));
        let denies = decide(json!({"id": id, "decision": "deny"}));
        let done = [approves, denies].map(|thread| thread.join().unwrap());
        let decided = done
            .iter()
            .map(|done| lines(&done.out))
            .filter(|events| events.iter().any(|event| event["event"] == "decided"))
            .count();
        assert_eq!(decided, 1, "{done:?}");
        let outcome = office.end_of(&asked.id);
        let ends = done.iter().flat_map(|done| lines(&done.out));
        let ends: Vec<Value> = ends.filter(|event| event["event"] == "ended").collect();
        // Who came so late that it had ended saw no end, and nothing was sent.
        assert!(!ends.is_empty(), "{done:?}");
        assert!(ends.iter().all(|end| end["outcome"] == outcome), "{done:?}");
    }
}

#[test]
fn r22_what_another_device_answered_cannot_be_answered_here() {
    let office = Office::new();
    let (here, there) = (office.person(), Person::new());
    office.add(&there, "Pixel");
    let asked = office.sign_in();
    let mut terminal = Terminal::start(&here.command(&["approve", "--once"]), 120, 40);
    terminal.expect("6 digits");
    let mut other = Terminal::start(&there.command(&["approve", "--once"]), 120, 40);
    other.expect("6 digits");
    other.press(&format!("{}\n", asked.number.as_str()));
    other.expect("Approved");
    assert_eq!(other.end().0, 0);
    terminal.expect("It was approved on Pixel.");
    assert_eq!(terminal.end_and_look(), (0, true));
}

#[test]
fn a_request_has_its_servers_name_too_and_that_is_the_same_on_all_devices() {
    let office = Office::new();
    let (here, there) = (office.person(), Person::new());
    office.add(&there, "Pixel");
    let mut watching = Watching::start(&here, &[]);
    let asked = office.sign_in();
    let event = watching.next();
    assert_eq!(event["jti"], asked.id.format());
    let [here, there] =
        [&here, &there].map(|person| person.json(&["requests"])["requests"][0].clone());
    assert_eq!(here["jti"], asked.id.format());
    assert_eq!(there["jti"], asked.id.format());
    assert_eq!(here["id"], event["id"]);
    assert_ne!(here["id"], there["id"], "a device's own name for it");
    watching.end();
}
