use super::*;
use crate::kind::Role;
use crate::signer::Signer;

const SERVER: &str = "https://login.example.org";
const MOVE: Id = Id::from_bytes([6; 16]);

fn request() -> Request {
    Request {
        audience: SERVER.to_owned(),
        account: Id::from_bytes([1; 16]),
        made_at: Timestamp::new(1_800_000_000).unwrap(),
        id: Id::from_bytes([2; 16]),
    }
}

fn form(name: &'static str) -> Option<ClaimError> {
    Some(ClaimError::Form { name })
}

fn signed(claims: &Object) -> Verified {
    Signer::new().verified(Kind::Move, Role::Approval, claims)
}

#[test]
fn a_move_has_a_number_with_its_confirmation_alone_and_is_named_by_all_that_follow_its_start() {
    let check = CheckNumber::parse("012345").unwrap();
    let invitation = Id::from_bytes([9; 16]);
    for step in [
        MoveStep::Start,
        MoveStep::Confirm { invitation, check },
        MoveStep::Abort { invitation },
    ] {
        let written = Move {
            request: request(),
            step,
        };
        let read = Move::read(&signed(&written.to_claims()), SERVER);
        assert_eq!(read, Ok(written));
    }
    let refused = |step: &str, inv: Option<&str>, check: Option<&str>| {
        let step = format!("\"{step}\"");
        let claims = request().to_claims().changed("step", Some(&step));
        let claims = claims.changed("inv", inv).changed("check", check);
        Move::read(&signed(&claims), SERVER).err()
    };
    let id = format!("\"{}\"", invitation.format());
    let (id, number) = (Some(id.as_str()), Some(r#""012345""#));
    let missing = |name| Some(ClaimError::Missing { name });
    assert_eq!(refused("confirm", id, None), missing("check"));
    assert_eq!(refused("confirm", None, number), missing("inv"));
    assert_eq!(refused("abort", None, None), missing("inv"));
    for wrong in ["null", r#""007""#, r#""short""#] {
        assert_eq!(refused("confirm", Some(wrong), number), form("inv"));
        assert_eq!(refused("abort", Some(wrong), None), form("inv"));
    }
    assert_eq!(refused("confirm", id, Some(r#""12345""#)), form("check"));
    assert_eq!(refused("start", None, number), form("check"));
    assert_eq!(refused("start", id, None), form("inv"));
    assert_eq!(refused("abort", id, Some("null")), form("check"));
    assert_eq!(refused("Start", None, None), form("step"));
}

#[test]
fn a_move_has_its_name_its_tries_and_one_of_its_two_forms() {
    let is_read = |members: &str| {
        let moving = format!(r#"{{"move":{{{members}}}}}"#);
        let state = Object::parse(moving.as_bytes()).unwrap();
        read(state.get("move").unwrap()).is_some()
    };
    let is_taken = |members: &str| is_read(&format!(r#"{members},"until":1"#));
    let id = format!(r#""inv":"{}""#, MOVE.format());
    let invited = format!(r#"{id},"invitation":"a","left":3"#);
    let testing = format!(r#"{id},"number":"123456","device":"a""#);
    assert!(is_taken(&invited) && is_taken(&testing));
    // One that has no end is none.
    assert!(!is_read(&invited) && !is_read(&testing));
    let changed = |of: &str, from: &str, to: &str| {
        assert!(of.contains(from), "{from}");
        of.replace(from, to)
    };
    for wrong in [
        id.clone(),
        r#""invitation":"a","left":3"#.to_owned(),
        r#""number":"123456","device":"a""#.to_owned(),
        format!(r#"{invited},"number":"123456","device":"a""#),
        format!(r#"{invited},"device":"""#),
        changed(&invited, &MOVE.format(), "007"),
        changed(&invited, r#","left":3"#, ""),
        changed(&invited, r#""left":3"#, r#""left":0"#),
        changed(&invited, r#""left":3"#, r#""left":4"#),
        changed(&testing, "123456", "12345"),
        changed(&testing, "123456", "123456789"),
        changed(&testing, r#","device":"a""#, ""),
    ] {
        assert!(!is_taken(&wrong), "{wrong}");
    }
}
