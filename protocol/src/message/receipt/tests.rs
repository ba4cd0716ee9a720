use super::*;
use crate::kind::Role;
use crate::signer::Signer;

const DEVICE: Thumbprint = Thumbprint::from_bytes([1; 32]);

fn receipt(outcome: Outcome, left: Option<u8>) -> Receipt {
    Receipt {
        audience: vec![Thumbprint::from_bytes([9; 32]), DEVICE],
        statement: Id::from_bytes([2; 16]),
        statement_hash: MessageHash::from_bytes([3; 32]),
        answer_hash: Some(MessageHash::from_bytes([4; 32])),
        by: Some(Ended {
            key: DEVICE,
            name: "Pixel".to_owned(),
        }),
        via: Some(Via::Online),
        outcome,
        left,
        is_reported: true,
        next: vec![NextStep::Locked, NextStep::AdminTold],
        now: Timestamp::new(1_800_000_000).unwrap(),
    }
}

fn read(claims: &Object) -> Result<Receipt, ClaimError> {
    let message = Signer::new().verified(Kind::Receipt, Role::Server, claims);
    Receipt::read(&message, &DEVICE)
}

fn changed(receipt: &Receipt, name: &str, value: Option<&str>) -> Object {
    receipt.to_claims().changed(name, value)
}

#[test]
fn every_outcome_is_read_as_it_was_written() {
    for (_, outcome) in OUTCOMES {
        let left = (outcome == Outcome::WrongNumber).then_some(2);
        let receipt = receipt(outcome, left);
        assert_eq!(read(&receipt.to_claims()), Ok(receipt));
    }
    for (_, via) in VIAS {
        let receipt = Receipt {
            via: Some(via),
            ..receipt(Outcome::Approved, None)
        };
        assert_eq!(read(&receipt.to_claims()), Ok(receipt));
    }
    let least = Receipt {
        answer_hash: None,
        by: None,
        via: None,
        is_reported: false,
        next: vec![],
        ..receipt(Outcome::Expired, None)
    };
    assert_eq!(least.to_claims().names().count(), 5);
    assert_eq!(read(&least.to_claims()), Ok(least));
}

#[test]
fn a_receipt_of_a_statement_that_was_for_others_is_refused_before_all_else() {
    let others = Thumbprint::from_bytes([9; 32]).format();
    let claims = changed(
        &receipt(Outcome::Approved, Some(7)),
        "aud",
        Some(&format!(r#"["{others}"]"#)),
    );
    assert_eq!(read(&claims), Err(ClaimError::Audience));
}

#[test]
fn a_receipt_addresses_one_to_five_devices_each_once() {
    let receipt = receipt(Outcome::Approved, None);
    let read = |bytes: &[u8]| {
        let keys = bytes.iter();
        let keys = keys.map(|byte| format!("\"{}\"", Thumbprint::from_bytes([*byte; 32]).format()));
        let keys = keys.collect::<Vec<_>>().join(",");
        read(&changed(&receipt, "aud", Some(&format!("[{keys}]")))).err()
    };
    let form = Some(ClaimError::Form { name: "aud" });
    let six = [1, 2, 3, 4, 5, 6];
    for count in 0..=6 {
        let expected = if (1..=5).contains(&count) { None } else { form };
        assert_eq!(read(&six[..count]), expected, "{count}");
    }
    assert_eq!(read(&[1, 1]), form, "each once");
}

#[test]
fn tries_are_left_after_a_wrong_number_and_none_after_the_last() {
    let left = |outcome, left| read(&receipt(outcome, left).to_claims()).err();
    let form = Some(ClaimError::Form { name: "left" });
    assert_eq!(left(Outcome::WrongNumber, Some(1)), None);
    // A statement has nine tries at most, and one was used up.
    assert_eq!(left(Outcome::WrongNumber, Some(8)), None);
    assert_eq!(left(Outcome::WrongNumber, Some(9)), form);
    assert_eq!(left(Outcome::WrongNumber, Some(0)), form);
    assert_eq!(
        left(Outcome::WrongNumber, None),
        Some(ClaimError::Missing { name: "left" })
    );
    assert_eq!(left(Outcome::Denied, Some(0)), None);
    assert_eq!(left(Outcome::Denied, Some(1)), form);
    for (_, outcome) in OUTCOMES {
        if ![Outcome::WrongNumber, Outcome::Denied].contains(&outcome) {
            assert_eq!(left(outcome, Some(0)), form, "{outcome:?}");
        }
    }
}

#[test]
fn each_claim_that_has_not_its_form_is_named() {
    let receipt = receipt(Outcome::WrongNumber, Some(2));
    for name in ["aud", "st", "sth", "outcome", "now"] {
        let missing = read(&changed(&receipt, name, None));
        assert_eq!(missing, Err(ClaimError::Missing { name }));
    }
    for name in [
        "aud", "st", "sth", "ath", "by", "via", "outcome", "left", "reported", "next", "now",
    ] {
        for wrong in ["null", "false", "[]", "{}", "-1", r#""""#, r#""A""#] {
            let refused = read(&changed(&receipt, name, Some(wrong)));
            assert_eq!(refused, Err(ClaimError::Form { name }), "{name}: {wrong}");
        }
    }
    let key = DEVICE.format();
    let long = "x".repeat(DEVICE_NAME_BYTES_MAX + 1);
    for by in [
        format!(r#"{{"kid":"{key}"}}"#),
        r#"{"name":"Pixel"}"#.to_owned(),
        format!(r#"{{"kid":"{key}","name":""}}"#),
        format!(r#"{{"kid":"{key}","name":"{long}"}}"#),
    ] {
        let refused = read(&changed(&receipt, "by", Some(&by)));
        assert_eq!(refused, Err(ClaimError::Form { name: "by" }), "{by}");
    }
    let steps = read(&changed(&receipt, "next", Some(r#"["locked","fired"]"#)));
    assert_eq!(steps, Err(ClaimError::Form { name: "next" }));
}

#[test]
fn a_devices_name_is_not_shown() {
    let receipt = receipt(Outcome::Approved, None);
    assert!(!format!("{receipt:?}").contains("Pixel"));
}
