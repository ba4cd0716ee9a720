//! Each lie is the lie that it says, and nothing else: a reader refuses it for that reason alone.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use countersign_protocol::claims::ClaimError;
use countersign_protocol::envelope::{Compact, EnvelopeError, Received, Verified};
use countersign_protocol::kind::{Kind, Role};
use countersign_protocol::message::{Account, Expected, Receipt, State, Statement};
use countersign_protocol::problem::Problem;
use countersign_scripted::{Deed, Path, Rule, Server};
use serde_json::json;

use crate::client::{Ann, PATIENCE, Response, raw, request};
use crate::phone::{Known, approve};

/// A fetch that is lied to: its bytes and the response.
fn lied_to(ann: &Ann, deed: Deed) -> (Compact, Response) {
    ann.scripted.on(Rule::next(Path::Fetch, deed));
    let fetch = ann.fetching(&ann.phone, |_| {});
    let response = ann.say(Path::Fetch, &fetch).unwrap();
    assert_eq!(ann.scripted.rules_left(), 0);
    (fetch, response)
}

fn verified(ann: &Ann, kind: Kind, text: &str) -> Result<Verified, EnvelopeError> {
    let keys = ann.phone.account().keys;
    let received = Received::parse(kind, text).unwrap();
    received.verify(keys.iter().map(|key| (Role::Server, key)))
}

fn read(ann: &Ann, fetch: &Compact, response: &Response) -> Result<State, ClaimError> {
    let message = verified(ann, Kind::State, &response.body).unwrap();
    State::read(&message, &ann.phone.id(), &fetch.hash())
}

#[test]
fn another_key_signs_what_is_otherwise_right() {
    let ann = Ann::enrolled();
    let (_, response) = lied_to(&ann, Deed::OtherKey);
    let refused = verified(&ann, Kind::State, &response.body);
    assert_eq!(refused.err(), Some(EnvelopeError::UnknownKey));
}

#[test]
fn a_reply_to_another_device_is_signed_rightly() {
    let ann = Ann::enrolled();
    let (fetch, response) = lied_to(&ann, Deed::OtherDevice);
    assert_eq!(
        read(&ann, &fetch, &response).err(),
        Some(ClaimError::Audience)
    );
}

#[test]
fn a_reply_to_another_request_is_signed_rightly() {
    let ann = Ann::enrolled();
    let (fetch, response) = lied_to(&ann, Deed::OtherRequest);
    assert_eq!(read(&ann, &fetch, &response).err(), Some(ClaimError::Reply));
}

#[test]
fn statements_of_another_account_lie_in_a_state_that_is_right() {
    let ann = Ann::enrolled();
    ann.scripted
        .ask(&ann.account, Server::sign_in("Mail"))
        .unwrap();
    let (fetch, response) = lied_to(&ann, Deed::OtherAccount);
    let state = read(&ann, &fetch, &response).unwrap();
    let message = verified(&ann, Kind::Statement, state.statements[0].as_str()).unwrap();
    let expected = Expected {
        issuer: &ann.scripted.url,
        device: &ann.phone.id(),
        account: &ann.account,
    };
    let refused = Statement::read(&message, &expected);
    assert_eq!(refused.err(), Some(ClaimError::Account));
}

#[test]
fn a_newer_document_of_another_account_lies_in_a_state_that_is_right() {
    let ann = Ann::enrolled();
    ann.scripted.rotate().unwrap();
    let (fetch, response) = lied_to(&ann, Deed::OtherAccount);
    let state = read(&ann, &fetch, &response).unwrap();
    let document = state.account.unwrap();
    let received = Received::parse(Kind::Account, document.as_str()).unwrap();
    let keys = ann.phone.account().keys;
    let message = received
        .verify(keys.iter().map(|key| (Role::Server, key)))
        .unwrap();
    let re = ann.phone.account().enrol_hash;
    let account = Account::read(&message, &ann.phone.id(), &re).unwrap();
    assert_ne!(account.account, ann.account);
}

#[test]
fn a_receipt_can_be_of_another_statement_or_of_another_answer() {
    let ann = Ann::enrolled();
    for deed in [Deed::OtherAccount, Deed::OtherRequest] {
        let asked = ann
            .scripted
            .ask(&ann.account, Server::sign_in("Mail"))
            .unwrap();
        ann.scripted.on(Rule::next(Path::Answers, deed.clone()));
        let answer = ann
            .phone
            .answer(&asked.message, approve(&asked.number), ann.scripted.now());
        let response = ann.say(Path::Answers, &answer).unwrap();
        let message = verified(&ann, Kind::Receipt, &response.body).unwrap();
        let receipt = Receipt::read(&message, &ann.phone.id()).unwrap();
        let is_other_statement = receipt.statement != asked.id;
        let is_other_answer = receipt.answer_hash != Some(answer.hash());
        let expected = (deed == Deed::OtherAccount, deed == Deed::OtherRequest);
        assert_eq!((is_other_statement, is_other_answer), expected);
    }
}

#[test]
fn an_older_reply_comes_again() {
    let ann = Ann::enrolled();
    let first = ann
        .say(Path::Fetch, &ann.fetching(&ann.phone, |_| {}))
        .unwrap();
    ann.state(&ann.phone, |_| {});
    let (_, last) = lied_to(&ann, Deed::Replay { back: 1 });
    assert_ne!(last.body, first.body);
    let (fetch, again) = lied_to(&ann, Deed::Replay { back: 3 });
    assert_eq!(again.body, first.body);
    assert_eq!(read(&ann, &fetch, &again).err(), Some(ClaimError::Reply));
}

#[test]
fn any_claim_can_be_another_or_left_out() {
    let ann = Ann::enrolled();
    let set = json!({"seq": 1, "now": 1_800_000_000});
    let set = set.as_object().unwrap().clone();
    let (fetch, response) = lied_to(&ann, Deed::Claims { set });
    let state = read(&ann, &fetch, &response).unwrap();
    assert_eq!((state.sequence, state.now.unix_s()), (1, 1_800_000_000));
    let set = json!({"seq": null}).as_object().unwrap().clone();
    let (fetch, response) = lied_to(&ann, Deed::Claims { set });
    let refused = read(&ann, &fetch, &response).err();
    assert_eq!(refused, Some(ClaimError::Missing { name: "seq" }));
}

#[test]
fn another_version_is_said_in_the_document_and_in_a_refusal() {
    let ann = Ann::new();
    let set = json!({"v": 2}).as_object().unwrap().clone();
    ann.scripted
        .on(Rule::next(Path::Enrolments, Deed::Claims { set }));
    let known = Known::by_link(&ann.scripted.invite(&ann.account).unwrap().link);
    let enrol = ann.phone.enrol(&known, ann.scripted.now());
    let response = ann.say(Path::Enrolments, &enrol).unwrap();
    assert_eq!(response.status, 201);
    let received = Received::parse(Kind::Account, &response.body).unwrap();
    let message = received
        .verify_first_account(known.pinned.as_ref())
        .unwrap();
    assert!(Account::read(&message, &ann.phone.id(), &enrol.hash()).is_err());
    let (server, device) = (2, 1);
    let problem = Problem::UnsupportedVersion { server, device };
    ann.scripted
        .on(Rule::next(Path::Enrolments, Deed::refusal(&problem)));
    let response = ann.say(Path::Enrolments, &enrol).unwrap();
    let read = Problem::read(response.status, response.body.as_bytes());
    assert_eq!(read, Some(problem));
}

#[test]
fn bodies_are_large_without_an_end_or_slow() {
    let ann = Ann::enrolled();
    let (_, huge) = lied_to(&ann, Deed::Huge { bytes: 100_000 });
    assert_eq!(huge.body.len(), 100_000);
    let (fetch, slow) = lied_to(&ann, Deed::Drip { pause_ms: 0 });
    read(&ann, &fetch, &slow).unwrap();

    ann.scripted.on(Rule::next(Path::Fetch, Deed::Endless));
    let mut stream = TcpStream::connect(ann.scripted.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let request = request("/v1/fetch", "application/jose", "a.b.c");
    stream.write_all(request.as_bytes()).unwrap();
    let mut piece = vec![0; 64 * 1024];
    let mut read = 0;
    while read < 4 * 1024 * 1024 {
        read += stream.read(&mut piece).unwrap();
    }
}

#[test]
fn a_server_can_be_elsewhere_away_or_anything() {
    let ann = Ann::enrolled();
    let to = "https://elsewhere.example/v1/fetch".to_owned();
    let (_, response) = lied_to(&ann, Deed::Redirect { to });
    assert_eq!(response.status, 307);
    assert!(
        response
            .head
            .contains("location: https://elsewhere.example/v1/fetch")
    );
    let retry_after = Some("120".to_owned());
    let (_, response) = lied_to(&ann, Deed::Unavailable { retry_after });
    assert_eq!(response.status, 503);
    assert!(response.head.contains("retry-after: 120"));
    let (_, response) = lied_to(&ann, Deed::Unavailable { retry_after: None });
    assert!(!response.head.contains("retry-after"));
    let answer = Deed::Answer {
        status: 418,
        headers: [("x-tea".to_owned(), "green".to_owned())].into(),
        body: "short and stout".to_owned(),
    };
    let (_, response) = lied_to(&ann, answer);
    assert_eq!(
        (response.status, response.body.as_str()),
        (418, "short and stout")
    );
    assert!(response.head.contains("x-tea: green"));
    let text = "SSH-2.0-OpenSSH\r\n".to_owned();
    ann.scripted
        .on(Rule::next(Path::Fetch, Deed::Raw { text: text.clone() }));
    let request = request("/v1/fetch", "application/jose", "a.b.c");
    assert_eq!(raw(&ann.scripted, &request), Some(text));
}

#[test]
fn a_lie_about_nothing_is_the_tests_own_mistake() {
    let ann = Ann::enrolled();
    let (_, response) = lied_to(&ann, Deed::Replay { back: 9 });
    assert_eq!(response.status, 500);
    // A refusal is signed by nobody.
    ann.scripted.on(Rule::next(Path::Fetch, Deed::OtherKey));
    let stranger = crate::phone::Phone::at("Stranger", &ann.scripted.url);
    let enrolled = ann.phone.account();
    stranger.lose(enrolled);
    let fetch = ann.fetching(&stranger, |_| {});
    assert_eq!(ann.say(Path::Fetch, &fetch).unwrap().status, 500);
}
