//! A server that does what it is told, and somebody whose program speaks with it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use countersign_protocol::hash::Id;
use countersign_scripted::{Scripted, Server};
use countersign_verifier::person::StageView;
use countersign_verifier::step::AskedStatement;
use serde_json::{Value, json};

use crate::person::{Person, feed, held, interrupt};

/// A test that waits longer than this has found a mistake.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// How often both sides are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A server with one account, and the person whose it is.
pub(crate) struct Site {
    pub(crate) scripted: Scripted,
    pub(crate) account: Id,
    pub(crate) person: Person,
}

impl Site {
    /// Nobody has enrolled.
    pub(crate) fn new() -> Self {
        let scripted = Scripted::start().unwrap();
        let account = scripted.add_person("ann@example.org").unwrap();
        let person = Person::new();
        Self {
            scripted,
            account,
            person,
        }
    }

    /// The person's program is an active device.
    pub(crate) fn enrolled() -> Self {
        let site = Self::new();
        let (exit, _) = site.add();
        assert_eq!(exit, 0);
        site.go_on();
        site.scripted.forget_exchanges();
        site
    }

    /// `add` of a fresh invitation, as a script runs it: exit code and document.
    pub(crate) fn add(&self) -> (i32, Value) {
        let link = self.scripted.invite(&self.account).unwrap().link;
        let add = ["add", "-", "--test-mode", "--yes", "--json"];
        let done = self.person.feed(&add, link.as_bytes());
        (done.exit, serde_json::from_str(&done.out).unwrap())
    }

    /// Goes on with what is unfinished until it works.
    pub(crate) fn go_on(&self) {
        let mut approving = self.approve();
        self.finish(&mut approving);
        approving.end();
    }

    /// The pages' and the person's part of it.
    pub(crate) fn finish(&self, approving: &mut Approving) {
        let until = Instant::now() + PATIENCE;
        while self.standing() != "active" {
            assert!(Instant::now() < until, "it never worked");
            self.confirm();
            while let Some(event) = approving.next_within(LOOK_EVERY) {
                if event["event"] == "request" && event["is_test"] == true {
                    let number = self.scripted.test_number(&self.account).unwrap();
                    approving.decide(&event["id"], "approve", number.as_deref());
                }
            }
        }
    }

    /// The page compares the number of a device that has shown its own.
    pub(crate) fn confirm(&self) {
        if let Ok(device) = self.scripted.unconfirmed(&self.account)
            && let StageView::Unconfirmed {
                number: Some(_), ..
            } = device.stage
        {
            self.scripted
                .compare(&self.account, device.id, true)
                .unwrap();
        }
    }

    /// `approve`, whose decisions the test writes.
    pub(crate) fn approve(&self) -> Approving {
        Approving::start(&self.person)
    }

    pub(crate) fn sign_in(&self) -> AskedStatement {
        let request = Server::sign_in("Mail");
        self.scripted.ask(&self.account, request).unwrap()
    }

    /// How a statement ended, once it has.
    pub(crate) fn outcome(&self, asked: &AskedStatement) -> Option<String> {
        let view = self.scripted.statement(&self.account, &asked.id).unwrap();
        let outcome = view.outcome?;
        Some(serde_json::to_value(outcome).unwrap().as_str()?.to_owned())
    }

    /// The account as the program lists it.
    pub(crate) fn work(&self) -> Value {
        let listed = self.person.json(&["list"]);
        assert_eq!(listed["work"].as_array().unwrap().len(), 1);
        listed["work"][0].clone()
    }

    fn standing(&self) -> String {
        self.work()["standing"].as_str().unwrap().to_owned()
    }

    /// A sign-in from its beginning to its approval: the program is of use.
    pub(crate) fn is_usable(&self) {
        let asked = self.sign_in();
        let mut approving = self.approve();
        let event = approving.until("request");
        approving.decide(&event["id"], "approve", Some(asked.number.as_str()));
        while approving.until("ended")["id"] != event["id"] {}
        approving.end();
        assert_eq!(self.outcome(&asked).as_deref(), Some("approved"));
        self.is_whole();
    }

    /// The history is as it was written.
    pub(crate) fn is_whole(&self) {
        let mut verify = self.person.command(&["history", "verify"]);
        verify.arg("--json");
        assert_eq!(held("history_verify", feed(verify, b""))["lost"], 0);
    }

    /// What the history says was refused.
    pub(crate) fn refusals(&self) -> Vec<String> {
        let history = self.person.json(&["history"]);
        let entries = history["entries"].as_array().unwrap().iter();
        entries
            .filter(|entry| entry["kind"] == "refused")
            .map(|entry| entry["cause"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Waits until something is so.
    pub(crate) fn wait_until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let until = Instant::now() + PATIENCE;
        while !is_so(self) {
            assert!(Instant::now() < until, "{what} never came");
            std::thread::park_timeout(LOOK_EVERY);
        }
    }
}

/// A program that ends with the test at the latest, also where the test fails.
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        // One that has ended is not there to be ended.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// `approve --json --decisions -`.
pub(crate) struct Approving {
    child: Running,
    decisions: ChildStdin,
    events: Receiver<Value>,
}

impl Approving {
    fn start(person: &Person) -> Self {
        let mut child = person
            .command(&["approve", "--json", "--decisions", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let decisions = child.stdin.take().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (sender, events) = channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let event = serde_json::from_str(&line).unwrap();
                if sender.send(event).is_err() {
                    break;
                }
            }
        });
        Self {
            child: Running(child),
            decisions,
            events,
        }
    }

    /// Waits for the next event of this name; those before it are passed over.
    pub(crate) fn until(&mut self, name: &str) -> Value {
        let until = Instant::now() + PATIENCE;
        let mut passed = Vec::new();
        while let Some(event) = self.next_within(until.saturating_duration_since(Instant::now())) {
            if event["event"] == name {
                return event;
            }
            passed.push(event);
        }
        panic!("{name:?} never came, but {passed:?}");
    }

    /// The next event, if one comes in this time.
    pub(crate) fn next_within(&mut self, time: Duration) -> Option<Value> {
        match self.events.recv_timeout(time) {
            Ok(event) => Some(event),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => panic!("approve ended by itself"),
        }
    }

    /// Decides as the person.
    pub(crate) fn decide(&mut self, id: &Value, decision: &str, number: Option<&str>) {
        let mut line = json!({"id": id, "decision": decision});
        if let Some(number) = number {
            line["number"] = number.into();
        }
        writeln!(self.decisions, "{line}").unwrap();
    }

    /// Ends it as a power cut does.
    pub(crate) fn kill(mut self) {
        self.child.0.kill().unwrap();
        self.child.0.wait().unwrap();
    }

    /// Ends it as a person does.
    pub(crate) fn end(mut self) {
        interrupt(&self.child.0);
        assert_eq!(self.child.0.wait().unwrap().code(), Some(130));
    }
}
