//! `tests/vectors/otpauth.jsonl` and `manual-entry.jsonl`, every case, through the entry points that
//! the program uses.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a case that has not its form fails the test"
)]

use countersign_core::account::Account;
use countersign_core::doctor::{self, Content, Finding};
use countersign_core::encoding::base32;
use countersign_core::manual::ManualEntry;
use countersign_core::time::UnixSeconds;
use countersign_core::uri::{TestMode, Warning, format_otpauth, parse_otpauth};
use serde_json::Value;

fn cases(file: &str) -> Vec<Value> {
    let path = format!("{}/vectors/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or("")
}

/// Whether an account is the expected one; keys are compared as bytes.
fn is_account(account: &Account, expected: &Value) -> bool {
    let kind = account.otp.kind();
    let number = |member: &str| expected[member].as_u64();
    let key = base32::decode(text(expected, "secret_base32"))
        .expect("a case's key is Base32")
        .bytes;
    text(expected, "kind") == kind.name()
        && text(expected, "issuer") == account.issuer.as_str()
        && text(expected, "account") == account.account.as_str()
        && text(expected, "algorithm") == kind.algorithm().name()
        && number("digits") == Some(u64::from(kind.digits()))
        && number("period") == kind.period().map(|period| u64::from(period.seconds()))
        && number("counter") == kind.counter().map(|counter| counter.value())
        && key == *account.otp.key()
}

fn is_expected(found: &Finding, expected: &Value) -> bool {
    if let Some(error) = expected["error"].as_str() {
        return !found.is_accepted() && is_error(found, expected, error);
    }
    match text(expected, "kind") {
        "migration" => is_migration(found, expected),
        "push_activation" => {
            matches!(&found.content, Content::PushActivation(activation)
            if activation.code.expose() == text(expected, "code")
                && activation.url.expose() == text(expected, "url"))
        }
        _ => {
            found.is_accepted()
                && found
                    .accounts()
                    .next()
                    .is_some_and(|parsed| is_account(&parsed.account, expected))
        }
    }
}

fn is_error(found: &Finding, expected: &Value, name: &str) -> bool {
    let error = found.error.expect("a refusal has its reason");
    // What the reader of keys refuses as another type, the doctor hands to the reader of approvals.
    let is_name = error.name() == name
        || (name == "unsupported_type" && error.name() == "push_not_supported");
    if expected["field"].is_null() {
        return is_name;
    }
    // A typed entry's error says its place, and suggests a letter only where the case does.
    let given = |member: &str| !expected[member].is_null();
    is_name
        && found.field.map(|field| field.name()) == expected["field"].as_str()
        && (!given("position") || error.at().map(u64::from) == expected["position"].as_u64())
        && error.replacement().map(String::from).as_deref() == expected["replacement"].as_str()
        && (!given("hint") || found.hint.map(|hint| hint.name()) == expected["hint"].as_str())
}

fn is_migration(found: &Finding, expected: &Value) -> bool {
    let Content::Migration(parts) = &found.content else {
        return false;
    };
    let [part] = parts.as_slice() else {
        return false;
    };
    let entries = expected["entries"].as_array().unwrap();
    let failures = expected["failures"].as_array().unwrap();
    let batch = &expected["batch"];
    part.entries.len() == entries.len()
        && part
            .entries
            .iter()
            .zip(entries)
            .all(|(parsed, expected)| is_account(&parsed.account, expected))
        && part.failures.len() == failures.len()
        && part
            .failures
            .iter()
            .zip(failures)
            .all(|(failure, expected)| {
                Some(u64::from(failure.index)) == expected["index"].as_u64()
                    && Some(failure.error.name()) == expected["error"].as_str()
            })
        && batch["version"] == part.place.version
        && batch["batch_size"] == part.place.size
        && batch["batch_index"] == part.place.index
        && batch["batch_id"] == part.place.id
}

/// Runs one case and says what is wrong with the answer.
fn check(case: &Value, found: &Finding) -> Result<(), String> {
    let expected = &case["expect"];
    let is_must = text(case, "level") == "must";
    let is_primary = is_expected(found, expected);
    let alternatives = case["alt_expect"].as_array();
    let is_alternative = !is_must
        && alternatives.is_some_and(|all| all.iter().any(|expected| is_expected(found, expected)));
    if !is_primary && !is_alternative {
        return Err(format!(
            "{}: {:?}, not {expected}",
            text(case, "id"),
            found.error
        ));
    }
    if !is_primary {
        return Ok(());
    }
    let warnings: Vec<_> = found
        .warnings
        .iter()
        .map(|warning| warning.name())
        .collect();
    for wanted in case["warnings"].as_array().into_iter().flatten() {
        if !warnings.contains(&wanted.as_str().unwrap()) {
            return Err(format!("{}: no warning {wanted}", text(case, "id")));
        }
    }
    let Some(code) = case["otp"]["code"].as_str() else {
        return Ok(());
    };
    let parsed = found.accounts().next().expect("an account makes the code");
    let now = UnixSeconds(case["otp"]["at"].as_u64().unwrap_or(0));
    let got = parsed.account.otp.generator().code(now);
    if got.text().expose() == code {
        Ok(())
    } else {
        Err(format!("{}: another code than {code}", text(case, "id")))
    }
}

#[track_caller]
fn assert_all_pass(results: Vec<Result<(), String>>) {
    assert!(results.len() > 20, "the file holds the cases");
    let failed: Vec<_> = results.into_iter().filter_map(Result::err).collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn every_link_is_read_as_expected() {
    let results = cases("otpauth.jsonl")
        .iter()
        .map(|case| check(case, &doctor::examine(text(case, "uri"), TestMode::Off)))
        .collect();
    assert_all_pass(results);
}

#[test]
fn every_typed_entry_is_read_as_expected() {
    let results = cases("manual-entry.jsonl")
        .iter()
        .map(|case| {
            let input = &case["input"];
            // A script's numbers are passed on as their text, whatever they are.
            let field = |member: &str| match &input[member] {
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let [issuer, account, secret, kind] =
                ["issuer", "account", "secret", "type"].map(field);
            let [algorithm, digits, period, counter] =
                ["algorithm", "digits", "period", "counter"].map(field);
            let entry = ManualEntry {
                issuer: &issuer,
                account: &account,
                secret: &secret,
                kind: &kind,
                algorithm: &algorithm,
                digits: &digits,
                period: &period,
                counter: &counter,
            };
            check(case, &doctor::examine_manual(&entry))
        })
        .collect();
    assert_all_pass(results);
}

#[test]
fn every_account_of_the_cases_survives_writing_and_reading() {
    let mut count = 0;
    for case in cases("otpauth.jsonl") {
        let found = doctor::examine(text(&case, "uri"), TestMode::Off);
        for parsed in found.accounts() {
            let link = format_otpauth(&parsed.account);
            let read = parse_otpauth(link.expose()).unwrap();
            assert_eq!(read.account, parsed.account, "{}", text(&case, "id"));
            assert!(!read.warnings.contains(&Warning::NoncanonicalSecret));
            count += 1;
        }
    }
    assert!(count > 60);
}
