//! Base URLs and links, as the device reads them.

use countersign_core::uri::invitation::{Proof, parse_invitation};
use countersign_core::uri::statement::parse_statement;
use countersign_core::uri::{ServerUrl, TestMode};
use countersign_protocol::base64url;
use countersign_tests::messages::cases;
use serde_json::json;

#[test]
fn a_base_url_has_one_form() {
    for case in cases("urls.jsonl") {
        let text = case["url"].as_str().unwrap();
        for (mode, is_taken) in [
            (TestMode::Off, &case["is_taken"]),
            (TestMode::On, &case["is_taken_in_test_mode"]),
        ] {
            let read = ServerUrl::parse(text, mode);
            assert_eq!(read.is_ok(), *is_taken == true, "{} {mode:?}", case["id"]);
            assert!(read.is_err() || read.is_ok_and(|url| url.as_str() == text));
        }
    }
}

#[test]
fn an_invitations_link_says_what_its_case_says_or_is_refused() {
    for case in cases("links-enrol.jsonl") {
        let read = parse_invitation(case["link"].as_str().unwrap(), TestMode::Off);
        let read = read.ok().map(|invitation| {
            let Proof::Scanned(scanned) = invitation.proof else {
                panic!("a link is scanned");
            };
            // EXPOSE: made-up secrets, compared.
            let text =
                |secret: &countersign_core::secret::Secret| base64url::format(secret.expose());
            json!({
                "url": invitation.url.as_str(), "id": text(&scanned.id),
                "secret": text(&scanned.secret), "key": base64url::format(&scanned.server_key),
                "exp": scanned.expires_at.0.to_string(), "issuer": scanned.issuer.as_str(),
                "account": scanned.account.as_str(),
            })
        });
        assert_eq!(json!(read), case["read"], "{}", case["id"]);
    }
}

#[test]
fn a_statements_link_brings_its_bytes_or_is_refused() {
    for case in cases("links-approve.jsonl") {
        let read = parse_statement(case["link"].as_str().unwrap(), TestMode::Off);
        assert_eq!(read.is_ok(), case["is_taken"] == true, "{}", case["id"]);
        // EXPOSE: a made-up statement, compared.
        let bytes = read
            .ok()
            .map(|statement| statement.compact.expose().to_owned());
        assert_eq!(json!(bytes), case["compact"], "{}", case["id"]);
    }
}
