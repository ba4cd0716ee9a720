//! `doctor` and its batch contract.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::num::NonZeroU8;
use std::process::Stdio;

use countersign_core::encoding::base32;
use countersign_core::qr;
use countersign_core::secret::SecretText;
use serde_json::{Value, json};

use crate::person::{ACME, Person, feed, held, hold_schema, interrupt, name};

/// The time that the shared vectors were made for.
const VECTORS_AT_S: &str = "1741011292";

fn batch(person: &Person, lines: &[Value], more: &[&str]) -> Vec<Value> {
    let input: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let arguments: Vec<&str> = ["doctor", "--batch", "-"]
        .iter()
        .chain(more)
        .copied()
        .collect();
    let done = feed(person.bare(&arguments), input.as_bytes());
    assert_eq!(done.exit, 0, "{}", done.err);
    let answers: Vec<Value> = done
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(answers.len(), lines.len());
    for answer in &answers {
        hold_schema("answer", answer);
    }
    answers
}

fn vectors(name: &str) -> Vec<Value> {
    let path = format!("{}/vectors/{name}", env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(path)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The bytes of a key: some vectors write the last letter with other spare bits.
fn key(text: &Value) -> Vec<u8> {
    let decoded = base32::decode(text.as_str().unwrap()).unwrap();
    decoded.bytes.expose().to_vec()
}

/// Whether an answer is what a vector allows: accepted or refused as it says, with the same key.
fn fits(answer: &Value, expect: &Value) -> bool {
    if expect.get("error").is_some() {
        return answer["accepted"] == false;
    }
    if answer["accepted"] == false {
        // An export of which no entry is good is refused with the first failure.
        return expect["entries"].as_array().is_some_and(Vec::is_empty);
    }
    let wanted: Vec<&Value> = match expect["entries"].as_array() {
        Some(entries) => entries.iter().collect(),
        None if expect.get("secret_base32").is_some() => vec![expect],
        None => return answer["kind"] == expect["kind"],
    };
    let got = answer["accounts"].as_array().unwrap();
    got.len() == wanted.len()
        && got.iter().zip(wanted).all(|(got, wanted)| {
            let same = |key: &str| wanted.get(key).is_none_or(|value| got[key] == *value);
            key(&got["secret"]) == key(&wanted["secret_base32"])
                && [
                    "kind",
                    "issuer",
                    "account",
                    "algorithm",
                    "digits",
                    "period",
                    "counter",
                ]
                .into_iter()
                .all(same)
        })
}

#[test]
fn the_shared_vectors_pass_through_the_program() {
    let person = Person::without_vault();
    for (file, ask) in [("otpauth.jsonl", "uri"), ("manual-entry.jsonl", "input")] {
        let cases: Vec<Value> = vectors(file)
            .into_iter()
            .filter(|case| case["level"] != "may" && case.get(ask).is_some())
            .collect();
        let lines: Vec<Value> = cases
            .iter()
            .map(|case| match ask {
                "uri" => json!({"id": case["id"], "text": case[ask]}),
                _ => json!({"id": case["id"], "manual": case[ask]}),
            })
            .collect();
        let answers = batch(&person, &lines, &["--reveal", "--at", VECTORS_AT_S]);
        for (case, answer) in cases.iter().zip(&answers) {
            assert_eq!(answer["id"], case["id"]);
            let alternatives = case["alt_expect"].as_array().cloned().unwrap_or_default();
            let is_alternative =
                case["level"] == "should" && alternatives.iter().any(|expect| fits(answer, expect));
            assert!(
                fits(answer, &case["expect"]) || is_alternative,
                "{} {answer}",
                case["id"]
            );
            if let (Some(code), Some(account)) = (case["otp"].as_str(), answer["accounts"].get(0)) {
                assert_eq!(account["code"], code, "{}", case["id"]);
            }
        }
    }
}

#[test]
fn an_answer_comes_before_the_next_question() {
    let person = Person::without_vault();
    let mut child = person
        .bare(&["doctor", "--batch", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap()).lines();
    for id in 0..3 {
        writeln!(stdin, "{}", json!({"id": id, "text": ACME})).unwrap();
        let answer: Value = serde_json::from_str(&answers.next().unwrap().unwrap()).unwrap();
        assert_eq!(answer["id"], id);
    }
    drop(stdin);
    assert!(answers.next().is_none());
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_list_that_is_broken_off_ends_at_once() {
    let person = Person::without_vault();
    let mut child = person
        .bare(&["doctor", "--batch", "-", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    writeln!(stdin, "{}", json!({"id": 1, "text": ACME})).unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap()).lines();
    answers.next().unwrap().unwrap();
    interrupt(&child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(answers.next().is_none());
}

#[test]
fn what_was_meant_as_an_account_is_told_where_it_is_wrong() {
    let person = Person::without_vault();
    let text = "otpauth://totp/A:b?secret=JBSWY3DPEHPK3PX8";
    let done = feed(person.bare(&["doctor", "-"]), text.as_bytes());
    assert_eq!(done.exit, 1);
    assert!(
        done.out.contains("Character 16 of the secret") && done.out.contains("Perhaps it is B")
    );
    assert!(!done.out.contains("JBSWY3DP") && !done.out.contains("Add it"));
}

#[test]
fn bad_lines_are_answers_and_never_an_end() {
    let person = Person::without_vault();
    let mut input =
        b"nonsense\n\n[1]\n{\"id\":4}\n{\"id\":5,\"text\":\"\xff\"}\n{\"id\":6,\"text\":\""
            .to_vec();
    input.extend(vec![b'a'; 3 << 20]);
    input.extend(b"\"}\n{\"id\":7,\"text\":\"x\"}");
    let done = feed(person.bare(&["doctor", "--batch", "-"]), &input);
    assert_eq!(done.exit, 0);
    let answers: Vec<(Value, String)> = done
        .out
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|answer| (answer["id"].clone(), name(&answer)))
        .collect();
    let expected: [(Value, &str); 7] = [
        (Value::Null, "bad_request"),
        (Value::Null, "bad_request"),
        (Value::Null, "bad_request"),
        (4.into(), "bad_request"),
        (5.into(), "bad_request"),
        (6.into(), "too_long"),
        (7.into(), "not_otpauth"),
    ];
    for (got, (id, name)) in answers.iter().zip(&expected) {
        assert_eq!((&got.0, got.1.as_str()), (id, *name));
    }
    assert_eq!(answers.len(), expected.len());
}

#[test]
fn secrets_and_codes_are_shown_on_demand_only() {
    let person = Person::without_vault();
    let line = json!({"id": 1, "text": ACME});
    let hidden = batch(&person, std::slice::from_ref(&line), &[]);
    assert!(!hidden[0].to_string().contains("JBSWY3DP"));
    assert!(hidden[0]["accounts"][0].get("code").is_none());
    let shown = batch(&person, &[line], &["--reveal", "--at", "59"]);
    assert_eq!(
        shown[0]["accounts"][0]["secret"],
        "JBSWY3DPEHPK3PXPJBSWY3DP"
    );
    assert!(shown[0]["accounts"][0]["code"].is_string());
}

#[test]
fn an_image_of_a_list_has_a_whole_answer_a_code() {
    let person = Person::without_vault();
    let matrix = qr::encode(&SecretText::new(ACME.into())).unwrap();
    let png = matrix.to_png(NonZeroU8::new(4).unwrap()).unwrap();
    person.write("code.png", png.expose());
    person.write("text.png", "text");
    fs::create_dir(person.path("folder")).unwrap();
    std::process::Command::new("mkfifo")
        .arg(person.path("fifo"))
        .status()
        .unwrap();
    let lines: Vec<Value> = [
        "code.png",
        "text.png",
        "missing.png",
        "folder",
        "fifo",
        "/dev/zero",
    ]
    .iter()
    .map(|path| json!({"id": path, "image": path}))
    .collect();
    let answers = batch(&person, &lines, &["--reveal"]);
    assert_eq!(answers[0]["kind"], "image");
    assert_eq!(answers[0]["accepted"], true);
    assert!(answers[0].get("accounts").is_none());
    assert_eq!(answers[0]["codes"][0]["accounts"][0]["issuer"], "Acme");
    for answer in &answers[1..] {
        assert_eq!(name(answer), "not_an_image", "{answer}");
    }
}

#[test]
fn a8_each_kind_is_explained_in_words() {
    let person = Person::without_vault();
    for (text, word) in [
        ("FIDO:/123", "passkey"),
        ("WIFI:S:net;;", "network"),
        (
            "phonefactor://activate_account?code=123456789&url=https%3A%2F%2Fa.example%2F",
            "Microsoft",
        ),
        ("otpauth://pipush/x?serial=1", "approvals"),
        ("https://example.com/", "web page"),
        ("hello", "text"),
    ] {
        let done = feed(person.bare(&["doctor", "-"]), text.as_bytes());
        assert_eq!(done.exit, 1, "{text}");
        assert!(
            done.out.contains(word) && done.out.contains("Next:"),
            "{text}: {}",
            done.out
        );
        let json = feed(person.bare(&["doctor", "-", "--json"]), text.as_bytes());
        assert_eq!(held("doctor", json)["accepted"], false);
    }
    let done = feed(person.bare(&["doctor", "-"]), ACME.as_bytes());
    assert_eq!(done.exit, 0);
    assert!(done.out.contains("Acme:ann") && !done.out.contains("JBSWY3DP"));
    let json = feed(person.bare(&["doctor", "-", "--json"]), ACME.as_bytes());
    assert_eq!(held("doctor", json)["kind"], "totp");
}

#[test]
fn doctor_without_a_question_is_a_usage_error() {
    let person = Person::without_vault();
    for arguments in [
        &["doctor", "--json"][..],
        &["doctor", "x", "--qr", "y", "--json"],
        &["doctor", "--at", "soon", "x", "--json"],
    ] {
        assert_eq!(
            name(&held("doctor", feed(person.bare(arguments), b""))),
            "usage"
        );
    }
    let done = feed(person.bare(&["doctor", "--batch", "missing"]), b"");
    assert_eq!(done.exit, 1);
    assert!(!person.path("data").exists());
}
