//! What is refused, and for what.

use std::collections::BTreeSet;
use std::path::Path;

use countersign_protocol::kind::Kind;
use countersign_tests::messages::{
    CLAIM_ERRORS, Case, ENVELOPE_ERRORS, Keys, PROTOCOL_VECTORS, accepted, cases, kind_word,
};
use serde_json::Value;

fn errors() -> impl Iterator<Item = &'static str> {
    ENVELOPE_ERRORS.into_iter().chain(CLAIM_ERRORS)
}

#[test]
fn every_refusal_has_its_file() {
    let folder = Path::new(PROTOCOL_VECTORS).join("refused");
    let files = std::fs::read_dir(folder).unwrap();
    let files: BTreeSet<String> = files
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    let expected: BTreeSet<String> = errors().map(|error| format!("{error}.jsonl")).collect();
    assert_eq!(files, expected);
}

#[test]
fn every_refused_message_is_refused_for_what_its_case_says() {
    let keys = Keys::load();
    let mut whys = BTreeSet::new();
    for error in errors() {
        let cases = cases(&format!("refused/{error}.jsonl"));
        assert!(!cases.is_empty(), "{error}");
        for case in cases {
            let read = Case::with_kind(&case, &keys).read(case["compact"].as_str().unwrap());
            let refusal = read.err();
            let refusal = refusal.unwrap_or_else(|| panic!("{} is taken", case["id"]));
            assert_eq!(case["error"], error, "{} is in another file", case["id"]);
            let (why, claim) = (case["why"].as_str(), case["claim"].as_str());
            let found = (refusal.error, refusal.why, refusal.claim);
            assert_eq!(found, (error, why, claim), "{}", case["id"]);
            whys.extend(why.map(|why| format!("{error}: {why}")));
        }
    }
    // Five for each document, four for a key, three for a signature.
    assert_eq!(whys.len(), 5 + 5 + 4 + 3, "{whys:?}");
}

/// The claims that a kind can have, by its accepted messages.
fn claims_of(kind: Kind) -> BTreeSet<String> {
    let of_kind = accepted().into_iter().filter(|(other, _)| *other == kind);
    let names = of_kind.flat_map(|(_, case)| match &case["claims"] {
        Value::Object(claims) => claims.keys().cloned().collect(),
        _ => vec![],
    });
    names
        .filter(|name| name != "x_later" && name != "note")
        .collect()
}

#[test]
fn every_claim_of_every_kind_is_refused_in_other_forms_and_where_it_is_missed() {
    let named = |file: &str| -> BTreeSet<(String, String)> {
        let word = |value: &Value| value.as_str().unwrap().to_owned();
        let cases = cases(file);
        let named = cases
            .iter()
            .map(|case| (word(&case["kind"]), word(&case["claim"])));
        named.collect()
    };
    let (formless, missing) = (named("refused/form.jsonl"), named("refused/missing.jsonl"));
    let optional = [
        ("enrol", "attestation"),
        ("account", "help"),
        ("account", "vapid"),
        ("fetch", "replaces"),
        ("fetch", "want"),
        ("state", "account"),
        ("state", "secrets"),
        ("state", "move"),
        ("state", "stale"),
        ("statement", "place"),
        ("statement", "client"),
        ("receipt", "ath"),
        ("receipt", "by"),
        ("receipt", "via"),
        ("receipt", "reported"),
        ("receipt", "next"),
    ];
    for kind in Kind::ALL {
        let word = kind_word(kind);
        for claim in claims_of(kind) {
            let pair = (word.to_owned(), claim.clone());
            assert!(
                formless.contains(&pair),
                "{word}: {claim} is refused in no form"
            );
            let is_missed = missing.contains(&pair);
            let may_be_left_out = optional.contains(&(word, claim.as_str()));
            assert!(is_missed != may_be_left_out, "{word}: {claim}");
        }
    }
}

#[test]
fn no_refusal_shows_anything_of_a_message() {
    let keys = Keys::load();
    for error in errors() {
        for case in cases(&format!("refused/{error}.jsonl")) {
            let compact = case["compact"].as_str().unwrap();
            let case = Case::with_kind(&case, &keys);
            let shown = match case.verified(compact) {
                Err(error) => format!("{error} {error:?}"),
                Ok(message) => {
                    let refused = countersign_tests::messages::read(&message, &case.reader).err();
                    format!("{refused:?} {message:?}")
                }
            };
            for text in ["example", "Pixel", "Berlin", "192.0.2.7", "ann"] {
                assert!(!shown.contains(text), "{shown}");
            }
        }
    }
}
