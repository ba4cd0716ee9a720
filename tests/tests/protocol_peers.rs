//! A JOSE library and Python's own primitives, which nobody here wrote, agree about messages and derived values.
#![forbid(unsafe_code)]
#![expect(
    clippy::unwrap_used,
    reason = "a case that has not its form fails the test"
)]

use std::collections::BTreeMap;
use std::path::Path;

use countersign_protocol::base64url;
use countersign_protocol::hash::Thumbprint;
use countersign_protocol::kind::Kind;
use countersign_protocol::signing::SigningKey;
use countersign_tests::chance::{Chance, rounds};
use countersign_tests::messages::{
    Case, Keys, PROTOCOL_VECTORS, Said, accepted, cases, derive, to_value,
};
use countersign_tests::python;
use serde_json::{Value, json};

/// The same cases in every run.
const SEED: u64 = 91_823_746;
/// Random cases a derived value.
const CASES: u32 = 200;

/// What a script answers to each question.
fn answers(python: &Path, script: &str, questions: &[Value]) -> Vec<Value> {
    let lines: String = questions.iter().map(|one| format!("{one}\n")).collect();
    let answers = python::answers(python, script, &lines);
    assert_eq!(answers.len(), questions.len());
    let documents = answers.iter().map(|line| serde_json::from_str(line));
    documents.map(Result::unwrap).collect()
}

/// The keys of the vectors by name, with their private halves.
fn private_keys() -> BTreeMap<String, Value> {
    let key = |case: &Value| (word(case, "id"), case["private"].clone());
    cases("keys.jsonl").iter().map(key).collect()
}

fn word(case: &Value, name: &str) -> String {
    case[name].as_str().unwrap().to_owned()
}

fn verify(compact: &str, jwk: &Value) -> Value {
    json!({ "ask": "verify", "compact": compact, "jwk": jwk })
}

#[test]
fn a_jose_library_verifies_every_accepted_message_and_reads_the_same_claims() {
    let Some(python) = python::python() else {
        return;
    };
    let (accepted, keys) = (accepted(), private_keys());
    let ask = |(_, case): &(Kind, Value)| {
        verify(
            &word(case, "compact"),
            keys.get(&word(case, "key")).unwrap(),
        )
    };
    let questions: Vec<Value> = accepted.iter().map(ask).collect();
    let answers = answers(&python, "protocol_jose.py", &questions);
    for ((kind, case), payload) in accepted.iter().zip(answers) {
        let id = &case["id"];
        let payload = payload
            .as_str()
            .unwrap_or_else(|| panic!("{id} is refused"));
        let claims: Value = serde_json::from_str(payload).unwrap();
        if case.get("claims").is_some() {
            assert_eq!(claims, case["claims"], "{id}");
        } else {
            // The longest of its kind, by one member that is ignored.
            assert!(payload.len() > kind.bytes_max() / 2, "{id}");
        }
    }
}

#[test]
fn a_jose_library_refuses_what_another_key_signed_and_what_was_changed() {
    let Some(python) = python::python() else {
        return;
    };
    let (keys, ours) = (private_keys(), Keys::load());
    let named = |compact: &str| {
        let header = compact.split('.').next().unwrap();
        let header: Value = serde_json::from_slice(&base64url::parse(header).unwrap()).unwrap();
        let kid = Thumbprint::parse(header["kid"].as_str().unwrap()).unwrap();
        let mut names = keys.keys();
        let name = names.find(|name| ours.named(name).thumbprint() == kid);
        keys.get(name.unwrap()).unwrap()
    };
    let refused = cases("refused/signature.jsonl");
    let questions: Vec<Value> = refused
        .iter()
        .map(|case| verify(&word(case, "compact"), named(&word(case, "compact"))))
        .collect();
    for (case, answer) in refused
        .iter()
        .zip(answers(&python, "protocol_jose.py", &questions))
    {
        assert_eq!(answer, Value::Null, "{}", case["id"]);
    }
}

#[test]
fn what_a_jose_library_signs_is_read_as_what_it_says() {
    let Some(python) = python::python() else {
        return;
    };
    let (keys, ours) = (private_keys(), Keys::load());
    let mut accepted = accepted();
    accepted.retain(|(_, case)| case.get("claims").is_some());
    let ask = |(kind, case): &(Kind, Value)| {
        let name = word(case, "key");
        let mut header = json!({
            "typ": kind.typ(), "kid": ours.named(&name).thumbprint().format(), "alg": "ES256",
        });
        if *kind == Kind::Enrol {
            header["jwk"] = to_value(&ours.named(&name).jwk());
        }
        let claims = case["claims"].to_string();
        json!({ "ask": "make", "header": header, "claims": claims, "jwk": keys.get(&name).unwrap() })
    };
    let questions: Vec<Value> = accepted.iter().map(ask).collect();
    let made = answers(&python, "protocol_jose.py", &questions);
    for ((kind, case), compact) in accepted.iter().zip(made) {
        let read = Case::of(*kind, case, &ours).read(compact.as_str().unwrap());
        let id = &case["id"];
        match read {
            Ok(Said::Claims(claims)) => assert_eq!(to_value(&claims), case["read"], "{id}"),
            Ok(Said::Enrol(enrol)) => {
                assert_eq!(to_value(&enrol.to_claims()), case["read"], "{id}")
            }
            Ok(Said::Statement(statement)) => assert_eq!(
                statement.unknown.is_none(),
                case["read"]["unknown"].is_null(),
                "{id}"
            ),
            Ok(Said::OtherVersions(newest)) => assert_eq!(json!(newest), case["read"]["newest"]),
            Err(refusal) => panic!("{id}: {refusal:?}"),
        }
    }
}

/// Random members of a case of each value but the lines, whose texts have cases of their own.
fn random_case(value: &str, chance: &mut Chance) -> Value {
    let id = base64url::format(&chance.bytes(16));
    let mut hash = || base64url::format(&chance.bytes(32));
    match value {
        "commitment" => json!({ "nonce": id }),
        "proof" => {
            let (device, approval, commit) = (hash(), hash(), hash());
            let typed = format!("{:013}", chance.between(0, 9_999_999_999_999));
            let secret = chance.one_of(&[typed, id]).clone();
            json!({ "secret": secret, "device": device, "approval": approval, "commit": commit })
        }
        "attestation_challenge" => json!({ "aud": format!("https://{id}"), "commit": hash() }),
        "check_number" => json!({ "nonce": id, "enrol": hash(), "account": hash() }),
        "offline_response" => json!({ "offline_key": hash(), "statement": hash() }),
        _ => {
            // The system's randomness: a failure shows the whole case.
            let key = SigningKey::generate().unwrap();
            json!({ "jwk": to_value(&key.public().jwk()) })
        }
    }
}

#[test]
fn pythons_primitives_derive_the_same_from_random_inputs() {
    let Some(python) = python::python() else {
        return;
    };
    let mut chance = Chance::new(SEED);
    let values = [
        "commitment",
        "proof",
        "attestation_challenge",
        "check_number",
        "offline_response",
        "thumbprint",
    ];
    let cases: Vec<Value> = values
        .into_iter()
        .flat_map(|value| std::iter::repeat_n(value, usize::try_from(rounds(CASES)).unwrap()))
        .map(|value| json!({ "value": value, "of": random_case(value, &mut chance) }))
        .collect();
    let theirs = answers(&python, "protocol_derive.py", &cases);
    for (case, theirs) in cases.iter().zip(theirs) {
        let (member, ours) = derive(&word(case, "value"), &case["of"]);
        assert_eq!(json!(ours), theirs[member], "{case}");
    }
}

#[test]
fn the_vectors_are_what_their_generator_makes() {
    let Some(python) = python::python() else {
        return;
    };
    let made = python::answers(&python, "protocol_vectors.py", "");
    let mut count = 0;
    for line in &made {
        let file: Value = serde_json::from_str(line).unwrap();
        let path = Path::new(PROTOCOL_VECTORS).join(word(&file, "path"));
        let committed = std::fs::read_to_string(&path).unwrap();
        assert!(committed == word(&file, "text"), "{}", path.display());
        count += 1;
    }
    let folders = ["", "refused"].map(|folder| Path::new(PROTOCOL_VECTORS).join(folder));
    let files = folders
        .iter()
        .flat_map(|folder| std::fs::read_dir(folder).unwrap());
    let files = files.filter(|entry| entry.as_ref().unwrap().path().is_file());
    assert_eq!(files.count(), count);
}
