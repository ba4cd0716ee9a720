//! The claims of what a server says of a device, and of a history's end. Those of the other messages are held against the
//! vectors, where these stand too.

use countersign_protocol::digits::Digits;
use countersign_protocol::envelope::Compact;
use countersign_protocol::hash::{HistoryHead, Id, MessageHash, Thumbprint};
use countersign_protocol::json::{Json, Object};
use countersign_protocol::kind::Kind;
use countersign_protocol::message::{History, Moving, OtpLink, Secrets, Standing, State};
use countersign_protocol::secret::OfflineKey;
use countersign_protocol::signing::SigningKey;
use countersign_protocol::time::Timestamp;

use crate::{quoted, row_of, rows, section};

fn state(standing: Standing) -> State {
    State {
        audience: Thumbprint::from_bytes([1; 32]),
        request_hash: MessageHash::from_bytes([2; 32]),
        sequence: 1,
        now: Timestamp::new(1_800_000_000).unwrap(),
        standing,
        statements: vec![],
        closed: vec![],
        account: None,
        secrets: None,
        moving: None,
        is_stale: false,
    }
}

/// What a state of this standing says.
pub(crate) fn claims_of_state(standing: Standing) -> Object {
    state(standing).to_claims()
}

/// The text at the end of a path of members.
pub(crate) fn value_of(object: &Object, path: &[&str]) -> String {
    let (first, rest) = path.split_first().unwrap();
    match object.get(first).unwrap() {
        Json::Text(text) if rest.is_empty() => text.clone(),
        Json::Object(inner) => value_of(inner, rest),
        other => panic!("{other:?} at {first}"),
    }
}

/// The claims of a section's first table, and whether each may be left out.
fn listed(heading: &str) -> Vec<(&'static str, bool)> {
    let (_, table) = section(heading)
        .split_once("| claim | form | meaning |\n")
        .unwrap();
    let table = table.split("\n\n").next().unwrap();
    let claims = rows(table).filter(|cells| cells[1].starts_with('`'));
    claims
        .flat_map(|cells| {
            let is_optional = cells[1].ends_with('?');
            quoted(cells[1])
                .into_iter()
                .map(move |name| (name, is_optional))
        })
        .collect()
}

fn names(object: &Object) -> Vec<&str> {
    object.names().collect()
}

#[test]
fn every_claim_of_a_state_has_its_row_and_those_that_may_be_left_out_say_so() {
    let key = SigningKey::generate().unwrap();
    let document =
        countersign_protocol::envelope::Unsigned::new(Kind::Account, key.public(), &Object::new());
    let account: Compact = key.sign_message(&document.unwrap()).unwrap();
    let full = State {
        account: Some(account),
        secrets: Some(Secrets {
            otp: OtpLink::new("otpauth://totp/a?secret=GEZDGNBV".to_owned()),
            offline_key: Some(OfflineKey::copy_of(&[5; 32])),
        }),
        moving: Some(Moving::Testing {
            id: Id::from_bytes([4; 16]),
            number: Digits::parse("123456", 6).unwrap(),
            device: "Pixel".to_owned(),
            until: Timestamp::new(1_800_000_600).unwrap(),
        }),
        is_stale: true,
        ..state(Standing::Active)
    };
    let full = full.to_claims();
    let listed = listed("8. State");
    let all: Vec<&str> = listed.iter().map(|(name, _)| *name).collect();
    assert_eq!(all, names(&full));
    let needed = listed.iter().filter(|(_, is_optional)| !is_optional);
    let needed: Vec<&str> = needed.map(|(name, _)| *name).collect();
    assert_eq!(needed, names(&claims_of_state(Standing::Active)));
    let page = section("8. State");
    for (claim, first) in [("secrets", "`secrets`?"), ("move", "`move`?")] {
        let Some(Json::Object(inner)) = full.get(claim) else {
            panic!("{claim} is an object");
        };
        let cell = quoted(row_of(page, first)[2]);
        assert!(inner.names().all(|name| cell.contains(&name)), "{cell:?}");
    }
}

#[test]
fn every_claim_of_a_historys_end_has_its_row() {
    let history = History {
        account: Id::from_bytes([1; 16]),
        head: HistoryHead::from_bytes([2; 32]),
        count: 3,
        made_at: Timestamp::new(1_800_000_000).unwrap(),
    };
    let listed = listed("14. History");
    assert!(listed.iter().all(|(_, is_optional)| !is_optional));
    let listed: Vec<&str> = listed.iter().map(|(name, _)| *name).collect();
    assert_eq!(listed, names(&history.to_claims()));
}
