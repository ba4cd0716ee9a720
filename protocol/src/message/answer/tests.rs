use super::*;
use crate::signer::Signer;

const SERVER: &str = "https://login.example.org";

fn answer(decision: Decision) -> Answer {
    Answer {
        audience: SERVER.to_owned(),
        account: Id::from_bytes([1; 16]),
        statement: Id::from_bytes([2; 16]),
        statement_hash: MessageHash::from_bytes([3; 32]),
        decision,
        shown: LinesHash::from_bytes([4; 32]),
        made_at: Timestamp::new(1_800_000_000).unwrap(),
    }
}

fn approve(number: &str) -> Decision {
    let count = u8::try_from(number.len()).unwrap();
    Decision::Approve {
        number: Digits::parse(number, count).unwrap(),
    }
}

fn read(claims: &Object, role: Role) -> Result<Answer, ClaimError> {
    Answer::read(&Signer::new().verified(Kind::Answer, role, claims), SERVER)
}

fn changed(answer: &Answer, name: &str, value: Option<&str>) -> Object {
    answer.to_claims().changed(name, value)
}

#[test]
fn every_decision_is_read_as_it_was_written_and_by_its_key_alone() {
    for decision in [
        approve("012345"),
        approve("01234567"),
        Decision::Deny,
        Decision::Report,
        Decision::Cancel,
    ] {
        let answer = answer(decision);
        let claims = answer.to_claims();
        let role = answer.decision.role();
        assert_eq!(read(&claims, role), Ok(answer));
        let other = match role {
            Role::Approval => Role::Device,
            _ => Role::Approval,
        };
        assert_eq!(read(&claims, other), Err(ClaimError::Role));
    }
}

#[test]
fn an_approval_is_the_approval_keys_and_nothing_else_is() {
    assert_eq!(approve("012345").role(), Role::Approval);
    for other in [Decision::Deny, Decision::Report, Decision::Cancel] {
        assert_eq!(other.role(), Role::Device);
    }
}

#[test]
fn an_answer_for_another_server_is_refused_before_all_else() {
    let answer = answer(Decision::Deny);
    for other in [
        "https://login.example.com",
        "https://login.example.org/",
        "HTTPS://login.example.org",
    ] {
        let other = format!("\"{other}\"");
        let claims = changed(&answer, "aud", Some(&other));
        assert_eq!(read(&claims, Role::Device), Err(ClaimError::Audience));
        // Whoever signed it, and whatever else it lacks.
        assert_eq!(read(&claims, Role::Approval), Err(ClaimError::Audience));
    }
}

#[test]
fn each_claim_is_needed_and_named() {
    let answer = answer(approve("012345"));
    for name in [
        "aud", "account", "st", "sth", "decision", "number", "shown", "iat",
    ] {
        let missing = read(&changed(&answer, name, None), Role::Approval);
        assert_eq!(missing, Err(ClaimError::Missing { name }));
        for wrong in ["null", "true", "[]", "{}", "-1", r#""""#, r#""A""#] {
            let refused = read(&changed(&answer, name, Some(wrong)), Role::Approval);
            let expected = match (name, wrong) {
                ("aud", r#""A""#) => ClaimError::Audience,
                _ => ClaimError::Form { name },
            };
            assert_eq!(refused, Err(expected), "{name}: {wrong}");
        }
    }
}

#[test]
fn a_number_has_six_to_eight_digits_and_goes_with_an_approval_alone() {
    let form = Err(ClaimError::Form { name: "number" });
    let approval = answer(approve("012345"));
    for wrong in [
        r#""12345""#,
        r#""123456789""#,
        r#""12345a""#,
        "123456",
        r#""１２""#,
    ] {
        let claims = changed(&approval, "number", Some(wrong));
        assert_eq!(read(&claims, Role::Approval), form, "{wrong}");
    }
    let denial = answer(Decision::Deny);
    for number in [r#""012345""#, "null"] {
        let claims = changed(&denial, "number", Some(number));
        assert_eq!(read(&claims, Role::Device), form, "{number}");
    }
}

#[test]
fn an_unknown_decision_is_none_and_unknown_claims_are_left_alone() {
    let denial = answer(Decision::Deny);
    for word in [r#""allow""#, r#""Approve""#, r#""deny ""#] {
        let claims = changed(&denial, "decision", Some(word));
        let refused = read(&claims, Role::Device);
        assert_eq!(refused, Err(ClaimError::Form { name: "decision" }));
    }
    let more = changed(&denial, "mood", Some("7"));
    assert_eq!(read(&more, Role::Device), Ok(denial));
}
