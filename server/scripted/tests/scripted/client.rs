//! A client that writes its requests by hand, and a phone that speaks through it.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use countersign_protocol::envelope::{Compact, Received};
use countersign_protocol::hash::Id;
use countersign_protocol::kind::Kind;
use countersign_protocol::message::{Decision, Fetch, Receipt, State};
use countersign_scripted::{Path, Scripted};
use serde_json::{Value, json};

use crate::phone::{Known, Phone, approve};

/// A test that waits longer than this has found a mistake.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// What came back.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

/// The bytes that come to these; none where the connection ended without any.
pub(crate) fn raw(scripted: &Scripted, request: &str) -> Option<String> {
    let mut stream = TcpStream::connect(scripted.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).ok()?;
    (!bytes.is_empty()).then(|| String::from_utf8(bytes).unwrap())
}

pub(crate) fn request(path: &str, media_type: &str, body: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: a\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

pub(crate) fn post(
    scripted: &Scripted,
    path: &str,
    media_type: &str,
    body: &str,
) -> Option<Response> {
    let text = raw(scripted, &request(path, media_type, body))?;
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Some(Response {
        status,
        head: head.to_ascii_lowercase(),
        body: body.to_owned(),
    })
}

/// A control, which is taken.
pub(crate) fn told(scripted: &Scripted, name: &str, body: Value) -> Value {
    let (status, document) = control(scripted, name, &body.to_string());
    assert_eq!(status, 200, "{name}: {document}");
    document
}

/// A control, which is not taken: the name of the reason.
pub(crate) fn refused(scripted: &Scripted, name: &str, body: Value) -> String {
    let (status, document) = control(scripted, name, &body.to_string());
    assert_ne!(status, 200, "{name}: {document}");
    document["error"].as_str().unwrap().to_owned()
}

pub(crate) fn control(scripted: &Scripted, name: &str, body: &str) -> (u16, Value) {
    let path = format!("/control/{name}");
    let response = post(scripted, &path, "application/json", body).unwrap();
    assert!(response.head.contains("content-type: application/json"));
    (
        response.status,
        serde_json::from_str(&response.body).unwrap(),
    )
}

/// Sends a message; none where nothing came back.
pub(crate) fn say(scripted: &Scripted, path: Path, message: &Compact) -> Option<Response> {
    let path = format!("/v1/{}", path.word());
    post(scripted, &path, "application/jose", message.as_str())
}

/// A person with a phone.
pub(crate) struct Ann {
    pub(crate) scripted: Scripted,
    pub(crate) account: Id,
    pub(crate) phone: Phone,
}

impl Ann {
    /// Somebody who has not enrolled yet.
    pub(crate) fn new() -> Self {
        let scripted = Scripted::start().unwrap();
        let account = scripted.add_person("ann@example.org").unwrap();
        let phone = Phone::at("Pixel", &scripted.url);
        Self {
            scripted,
            account,
            phone,
        }
    }

    /// Somebody whose phone is active.
    pub(crate) fn enrolled() -> Self {
        let ann = Self::new();
        ann.activate(&ann.phone);
        ann.scripted.forget_exchanges();
        ann
    }

    pub(crate) fn activate(&self, phone: &Phone) {
        let state = self.until_tested(phone);
        let number = self.scripted.test_number(&self.account).unwrap().unwrap();
        let number = countersign_protocol::digits::Digits::parse(&number, 6).unwrap();
        self.answer(phone, &state.statements[0], approve(&number));
    }

    /// The state in which a new phone gets its test.
    pub(crate) fn until_tested(&self, phone: &Phone) -> State {
        let invited = self.scripted.invite(&self.account).unwrap();
        let known = Known::by_link(&invited.link);
        let enrol = phone.enrol(&known, self.scripted.now());
        let reply = self.say(Path::Enrolments, &enrol).unwrap();
        let reply = compact(Kind::Account, &reply.body);
        phone.keep(&enrol, &reply, known.pinned.as_ref());
        self.state(phone, |fetch| fetch.reveal = Some(phone.nonce()));
        self.scripted
            .compare(&self.account, phone.id(), true)
            .unwrap();
        self.state(phone, |_| {})
    }

    /// Sends a message; none where nothing came back.
    pub(crate) fn say(&self, path: Path, message: &Compact) -> Option<Response> {
        say(&self.scripted, path, message)
    }

    pub(crate) fn fetching(&self, phone: &Phone, change: impl FnOnce(&mut Fetch)) -> Compact {
        let mut fetch = phone.fetching(self.scripted.now());
        change(&mut fetch);
        phone.fetch(&fetch)
    }

    pub(crate) fn state(&self, phone: &Phone, change: impl FnOnce(&mut Fetch)) -> State {
        let request = self.fetching(phone, change);
        let response = self.say(Path::Fetch, &request).unwrap();
        phone.state(&request, &compact(Kind::State, &response.body))
    }

    pub(crate) fn answer(&self, phone: &Phone, message: &Compact, decision: Decision) -> Receipt {
        let answer = phone.answer(message, decision, self.scripted.now());
        let response = self.say(Path::Answers, &answer).unwrap();
        phone.receipt(&compact(Kind::Receipt, &response.body))
    }

    /// The body for a control that names the account alone.
    pub(crate) fn whose(&self) -> Value {
        json!({"account": self.account})
    }
}

pub(crate) fn compact(kind: Kind, text: &str) -> Compact {
    Received::parse(kind, text).unwrap();
    Compact::from_stored(kind, text).unwrap()
}
