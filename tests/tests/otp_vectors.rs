//! `tests/vectors/otp.jsonl`, every case: published tables and edges that two implementations agree on.
#![expect(
    clippy::unwrap_used,
    reason = "a case that has not its form fails the test"
)]

use countersign_core::encoding::base32;
use countersign_core::otp::{Algorithm, Counter, Digits, Otp, OtpKind, Period};
use countersign_core::time::UnixSeconds;
use serde_json::Value;

fn algorithm(case: &Value) -> Algorithm {
    match case["algorithm"].as_str().unwrap_or("SHA1") {
        "SHA1" => Algorithm::Sha1,
        "SHA256" => Algorithm::Sha256,
        "SHA512" => Algorithm::Sha512,
        other => panic!("a case with the hash {other}"),
    }
}

fn kind(case: &Value) -> OtpKind {
    let number = |member: &str| case[member].as_u64();
    match case["kind"].as_str().unwrap() {
        "totp" => OtpKind::Totp {
            algorithm: algorithm(case),
            digits: Digits::new(number("digits").unwrap()).unwrap(),
            period: Period::new(number("period").unwrap()).unwrap(),
        },
        "hotp" => OtpKind::Hotp {
            algorithm: algorithm(case),
            digits: Digits::new(number("digits").unwrap()).unwrap(),
            counter: Counter::new(number("counter").unwrap()).unwrap(),
        },
        "steam" => OtpKind::Steam,
        other => panic!("a case of the kind {other}"),
    }
}

#[test]
fn every_code_is_as_published() {
    let path = format!("{}/vectors/otp.jsonl", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let mut count = 0;
    for line in text.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let key = base32::decode(case["secret_base32"].as_str().unwrap()).unwrap();
        let otp = Otp::new(key.bytes, kind(&case)).unwrap();
        let now = UnixSeconds(case["time"].as_u64().unwrap_or(0));
        let code = otp.generator().code(now);
        assert_eq!(
            code.text().expose(),
            case["code"].as_str().unwrap(),
            "{line}"
        );
        count += 1;
    }
    assert!(count > 90, "the file holds the cases");
}
