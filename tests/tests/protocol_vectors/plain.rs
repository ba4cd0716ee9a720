//! Refusals of a server, and signatures as key stores make them.

use std::collections::BTreeSet;

use countersign_protocol::base64url;
use countersign_protocol::problem::Problem;
use countersign_protocol::signature::Signature;
use countersign_tests::messages::{cases, signature_word, to_value};
use serde_json::Value;

#[test]
fn every_refusal_is_read_with_its_status_and_its_members_alone() {
    let mut names = BTreeSet::new();
    for case in cases("problems.jsonl") {
        let status = u16::try_from(case["status"].as_u64().unwrap()).unwrap();
        let document = case["document"].as_str().unwrap();
        let problem = Problem::read(status, document.as_bytes());
        assert_eq!(problem.is_some(), case["is_read"] == true, "{}", case["id"]);
        let Some(problem) = problem else { continue };
        let (name, own_status) = problem.name_and_status();
        assert_eq!(own_status, status);
        names.insert(name);
        // All that it writes was in what was read.
        let read: Value = serde_json::from_str(document).unwrap();
        let written = to_value(&problem.to_document());
        for (member, value) in written.as_object().unwrap() {
            assert_eq!(*value, read[member], "{}: {member}", case["id"]);
        }
    }
    assert_eq!(names.len(), 18);
}

#[test]
fn every_der_signature_has_the_numbers_of_its_case_or_is_refused() {
    for case in cases("signatures-der.jsonl") {
        let der = base64url::parse(case["der"].as_str().unwrap()).unwrap();
        let raw = |signature: Signature| base64url::format(signature.bytes());
        let (raw, error) = match Signature::from_der(&der) {
            Ok(signature) => (Some(raw(signature)), None),
            Err(error) => (None, Some(signature_word(error))),
        };
        let expected = &case["is"];
        assert_eq!(raw.as_deref(), expected["raw"].as_str(), "{}", case["id"]);
        assert_eq!(error, expected["error"].as_str(), "{}", case["id"]);
    }
}
