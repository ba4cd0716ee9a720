//! Links invented from the rules of the format, each with the outcome that the rules demand; their codes
//! were computed by another program. Every one goes through `doctor --batch --reveal --at`.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests may")]

mod contract;

use contract::{Person, names};
use serde_json::{Value, json};

/// The time of the codes in the file.
const AT: &str = "1741011292";

fn cases() -> Vec<Value> {
    let text = include_str!("contract/links.jsonl");
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The answers to these texts, in order.
fn answers(texts: &[&Value], options: &[&str]) -> Vec<Value> {
    let mut lines = String::new();
    for (id, text) in texts.iter().enumerate() {
        lines.push_str(&json!({"id": id, "text": text}).to_string());
        lines.push('\n');
    }
    let arguments = [&["doctor", "--batch", "-"], options].concat();
    let run = Person::new()
        .run_with(&arguments, lines.as_bytes())
        .exits(0);
    run.out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// What is wrong with an answer; nothing when it is as the case wants.
fn difference(case: &Value, answer: &Value) -> Option<String> {
    if answer["accepted"] != case["accepted"] {
        return Some("accepted or not".to_owned());
    }
    if case["error"].is_string() && case["error"] != answer["error"]["name"] {
        return Some(format!("error {}", answer["error"]["name"]));
    }
    if case["kind"].is_string() && case["kind"] != answer["kind"] {
        return Some(format!("kind {}", answer["kind"]));
    }
    let failures = answer["failures"].as_array().map_or(0, Vec::len);
    if case["failures"]
        .as_u64()
        .is_some_and(|count| usize::try_from(count) != Ok(failures))
    {
        return Some(format!("{failures} failures"));
    }
    let got = names(&answer["warnings"]);
    let want =
        |list: &Value| -> Vec<String> { serde_json::from_value(list.clone()).unwrap_or_default() };
    if case["warnings"].is_array() && {
        let mut got = got.clone();
        got.sort();
        got != want(&case["warnings"])
    } {
        return Some(format!("warnings {got:?}"));
    }
    if want(&case["some_warnings"])
        .iter()
        .any(|name| !got.contains(name))
    {
        return Some(format!("warnings {got:?}"));
    }
    let wanted = case["accounts"].as_array().cloned().unwrap_or_default();
    let accounts = answer["accounts"].as_array().cloned().unwrap_or_default();
    if wanted.len() != accounts.len() {
        return Some(format!("{} accounts", accounts.len()));
    }
    for (wanted, account) in wanted.iter().zip(&accounts) {
        for (member, value) in wanted.as_object().unwrap() {
            if account[member] != *value {
                return Some(format!("{member} {}", account[member]));
            }
        }
        let is_counting = account["kind"] == "hotp";
        if account["period"].is_u64() == is_counting || account["counter"].is_u64() != is_counting {
            return Some("period and counter".to_owned());
        }
    }
    None
}

#[test]
fn every_link_has_the_outcome_that_the_rules_demand() {
    let cases = cases();
    let texts: Vec<&Value> = cases.iter().map(|case| &case["text"]).collect();
    let answers = answers(&texts, &["--reveal", "--at", AT]);
    assert_eq!(answers.len(), cases.len());
    let mut wrong = Vec::new();
    for (index, (case, answer)) in cases.iter().zip(&answers).enumerate() {
        assert_eq!(answer["id"], index);
        if let Some(what) = difference(case, answer) {
            wrong.push(format!("{case}: {what}"));
        }
    }
    assert!(cases.len() > 250);
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn secrets_and_codes_appear_only_with_reveal() {
    let cases = cases();
    let texts: Vec<&Value> = cases.iter().map(|case| &case["text"]).collect();
    for answer in answers(&texts, &["--at", AT]) {
        for account in answer["accounts"].as_array().unwrap() {
            assert!(account.get("secret").is_none() && account.get("code").is_none());
        }
    }
}

#[test]
fn no_refusal_holds_the_secret_or_the_names() {
    let secret = "ONSWG4TFORWWC4TLMVSHGZLD";
    let link =
        format!("otpauth://totp/Markedissuer:markedaccount?secret={secret}&issuer=Markedissuer");
    let texts: Vec<Value> = [
        format!("{link}&digits=11"),
        format!("{link}&algorithm={secret}"),
        format!("{link}&period={secret}"),
        format!("{link}1&period=0"),
        format!("{link}&2step_salt=8"),
        format!("{link}&secret=AAAA"),
        link.replace("totp", secret),
        link.replace(secret, &format!("{secret}1")),
        format!("otpauth-migration://offline?data={secret}!"),
        format!("phonefactor://activate_account?code={secret}&url=https://{secret}"),
        format!("https://{secret}.example"),
        format!("motp://{secret}"),
        format!("{secret}1"),
    ]
    .map(Value::from)
    .into();
    let texts: Vec<&Value> = texts.iter().collect();
    for answer in answers(&texts, &["--reveal"]) {
        assert_eq!(answer["accepted"], false, "{answer}");
        let text = answer.to_string().to_lowercase();
        for marked in [secret, "markedissuer", "markedaccount"] {
            assert!(!text.contains(&marked.to_lowercase()), "{answer}");
        }
    }
}
