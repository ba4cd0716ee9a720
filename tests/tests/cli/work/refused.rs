//! A server that takes nothing: what was refused is said, and nothing stays of it. What it may have taken stays and goes on.

use std::net::TcpListener;
use std::sync::Arc;

use countersign_scripted::{Deed, Path, Rule};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection};
use serde_json::Value;

use super::office::work;
use crate::person::{Person, name};
use crate::scripted_site::Site;
use crate::terminal::Terminal;

const CODE: &str = "1234567890123456";

/// `add` by code and URL, for a script.
fn add_by_code(person: &Person, url: &str) -> Value {
    let add = ["add", "--url", url, "--code", CODE, "--yes", "--test-mode"];
    person.json(&add)
}

/// The refusal says what to do, and the vault is as it was.
fn nothing_was_added(person: &Person, document: &Value) {
    let words = document["error"]["message"].as_str().unwrap();
    assert!(words.contains("Nothing was added."), "{words}");
    assert!(words.contains("add it again"), "{words}");
    assert_eq!(document["work"], Value::Null);
    assert!(work(person).is_empty());
    assert_eq!(person.json(&["history", "verify"])["lost"], 0);
}

/// A port at which nobody listens.
fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

#[test]
fn a12_a_server_that_redirects_is_refused_with_the_reason_and_the_invitation_lasts() {
    let site = Site::new();
    let link = site.scripted.invite(&site.account).unwrap().link;
    let to = "https://marked.example/v1/enrolments".to_owned();
    site.scripted
        .on(Rule::always(Path::Enrolments, Deed::Redirect { to }));
    let add = ["add", "-", "--test-mode", "--yes"];
    let document = site.person.feed_json(&add, link.as_bytes());
    assert_eq!(name(&document), "redirected");
    assert_eq!(document["error"]["why"], "redirect");
    assert!(!document.to_string().contains("marked"), "{document}");
    nothing_was_added(&site.person, &document);
    assert_eq!(site.scripted.requests(Path::Enrolments).len(), 1);
    // A person reads the same.
    let done = site.person.feed(&add, link.as_bytes());
    assert!(done.err.contains("sends requests elsewhere"), "{done:?}");
    assert!(done.err.contains("Nothing was added."), "{done:?}");
    assert!(!done.out.contains("unfinished"), "{done:?}");
    // The same invitation does, once the server answers itself.
    site.scripted.clear();
    let document = site.person.feed_json(&add, link.as_bytes());
    assert_eq!(name(&document), "no error", "{document}");
    site.go_on();
    assert_eq!(site.scripted.devices(&site.account).unwrap().len(), 1);
    site.is_usable();
}

#[test]
fn whoever_waits_at_a_terminal_is_told_of_a_redirect_and_waits_no_longer() {
    let site = Site::new();
    let link = site.scripted.invite(&site.account).unwrap().link;
    let to = "https://marked.example/".to_owned();
    site.scripted
        .on(Rule::always(Path::Enrolments, Deed::Redirect { to }));
    let add = site.person.command(&["add", &link, "--test-mode", "--yes"]);
    let mut terminal = Terminal::start(&add, 200, 40);
    terminal.expect("sends requests elsewhere, which is not followed. Nothing was added.");
    assert_eq!(terminal.end_and_look(), (1, true));
    assert!(work(&site.person).is_empty());
}

/// A server that shows a certificate which it signed itself, and the text of what came after it.
fn self_signed() -> (String, std::thread::JoinHandle<bool>) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut connection = ServerConnection::new(Arc::new(config)).unwrap();
        // The client turns away in the middle of it.
        let _ = connection.complete_io(&mut stream);
        connection.is_handshaking()
    });
    (url, server)
}

#[test]
fn a12_a_certificate_that_is_not_trusted_is_refused_with_the_reason() {
    let (url, server) = self_signed();
    let person = Person::new();
    let document = add_by_code(&person, &url);
    assert_eq!(name(&document), "untrusted_server");
    assert_eq!(document["error"]["why"], "certificate");
    nothing_was_added(&person, &document);
    let words = document["error"]["message"].as_str().unwrap();
    assert!(words.contains("nothing was sent to it"), "{words}");
    assert!(words.contains("clock"), "{words}");
    assert!(server.join().unwrap(), "it never came to a request");
}

#[test]
fn r16_a_server_that_is_not_there_is_named_and_nothing_is_added() {
    let address = nobody();
    let person = Person::new();
    let document = add_by_code(&person, &format!("http://{address}"));
    assert_eq!(name(&document), "unreachable");
    assert_eq!(document["error"]["why"], "no_connection");
    let words = document["error"]["message"].as_str().unwrap();
    assert!(words.contains(&address), "{words}");
    nothing_was_added(&person, &document);
}

#[test]
fn a14_what_the_server_may_have_taken_stays_and_is_said_to_go_on() {
    let cut = Deed::Drop { processed: true };
    let away = Deed::Unavailable { retry_after: None };
    for (deed, why) in [(cut, "no_connection"), (away, "unavailable")] {
        let site = Site::new();
        site.scripted.on(Rule::always(Path::Enrolments, deed));
        let (exit, document) = site.add();
        assert_eq!((exit, name(&document).as_str()), (5, "unreachable"));
        assert_eq!(document["error"]["why"], why);
        assert_eq!(document["work"]["is_unfinished"], true);
        let words = site.person.run(&["list"]).out;
        assert!(words.contains("unfinished"), "{words}");
        site.scripted.clear();
        site.go_on();
        let devices = site.scripted.devices(&site.account).unwrap();
        assert_eq!(devices.len(), 1, "{why}");
        let sent = site.scripted.requests(Path::Enrolments);
        assert!(sent.iter().all(|one| *one == sent[0]), "{why}");
        site.is_usable();
    }
}

#[test]
fn what_stays_unfinished_is_dropped_at_a_word_and_no_server_is_asked() {
    let site = Site::new();
    let lost = Deed::Drop { processed: false };
    site.scripted.on(Rule::always(Path::Enrolments, lost));
    let link = site.scripted.invite(&site.account).unwrap().link;
    let add = ["add", "-", "--test-mode", "--yes"];
    let done = site.person.feed(&add, link.as_bytes());
    assert!(
        done.out.contains("`countersign leave NAME` drops it"),
        "{done:?}"
    );
    let done = site.person.run(&["leave", "127.0.0.1", "--yes"]);
    assert_eq!(done.exit, 0, "{done:?}");
    assert!(done.out.contains("had not to be told"), "{done:?}");
    assert!(work(&site.person).is_empty());
    assert!(site.scripted.requests(Path::Leave).is_empty());
}

#[test]
fn a14_an_invitation_that_is_taken_again_goes_on_with_the_account_it_began() {
    let site = Site::new();
    let cut = Deed::Drop { processed: true };
    site.scripted.on(Rule::always(Path::Enrolments, cut));
    let link = site.scripted.invite(&site.account).unwrap().link;
    let add = ["add", "-", "--test-mode", "--yes"];
    let first = site.person.feed_json(&add, link.as_bytes());
    assert_eq!(name(&first), "unreachable");
    // Wherever the server wants it now, it may have been taken before, so it stays.
    site.scripted.clear();
    let to = "https://elsewhere.example/".to_owned();
    site.scripted
        .on(Rule::always(Path::Enrolments, Deed::Redirect { to }));
    let second = site.person.feed_json(&add, link.as_bytes());
    assert_eq!(name(&second), "redirected");
    assert_eq!(second["work"]["id"], first["work"]["id"]);
    site.scripted.clear();
    let done = site.person.feed(&add, link.as_bytes());
    assert!(done.err.contains("begun before"), "{done:?}");
    assert_eq!(done.exit, 0, "{done:?}");
    let entries = work(&site.person);
    assert_eq!(entries.len(), 1, "no second entry");
    assert_eq!(entries[0]["id"], first["work"]["id"]);
    assert_eq!(entries[0]["standing"], "unconfirmed");
    let sent = site.scripted.requests(Path::Enrolments);
    assert!(sent.iter().all(|one| *one == sent[0]), "the same bytes");
    // Once more with its check number shown: that is the same one.
    let third = site.person.feed_json(&add, link.as_bytes());
    assert_eq!(third["work"]["check"], entries[0]["check"]);
    site.go_on();
    assert_eq!(site.scripted.devices(&site.account).unwrap().len(), 1);
    site.is_usable();
}
