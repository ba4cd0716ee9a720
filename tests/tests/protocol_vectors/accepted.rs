//! What is accepted, and as what.

use std::collections::BTreeMap;

use countersign_protocol::envelope::Compact;
use countersign_protocol::hash::MessageHash;
use countersign_protocol::kind::Kind;
use countersign_protocol::lines::Lines;
use countersign_protocol::message::{Details, Enrol, Statement, Unknown};
use countersign_tests::messages::{
    Case, Keys, Said, accepted, cases, invitation_secret, kind_word, to_value,
};
use serde_json::{Value, json};

#[test]
fn every_accepted_message_says_what_its_case_says() {
    let keys = Keys::load();
    let mut counts = BTreeMap::new();
    for (kind, case) in accepted() {
        let compact = case["compact"].as_str().unwrap();
        let read = Case::of(kind, &case, &keys).read(compact);
        let id = &case["id"];
        let said = match read {
            Ok(Said::Claims(claims)) => to_value(&claims),
            Ok(Said::Enrol(enrol)) => {
                assert_proven(&enrol, &case, &keys);
                to_value(&enrol.to_claims())
            }
            Ok(Said::Statement(statement)) => {
                assert_says(&statement, &case);
                shown(&statement)
            }
            Ok(Said::OtherVersions(newest)) => json!({ "newest": newest }),
            Err(refusal) => panic!("{id}: {refusal:?}"),
        };
        assert_eq!(said, case["read"], "{id}");
        *counts.entry(kind_word(kind)).or_insert(0) += 1;
    }
    assert_eq!(counts.len(), Kind::ALL.len());
    assert!(counts.values().all(|count| *count >= 3), "{counts:?}");
}

#[test]
fn a_message_is_named_by_the_hash_of_its_bytes_and_by_its_key() {
    let keys = Keys::load();
    for (kind, case) in accepted() {
        let text = case["compact"].as_str().unwrap();
        let compact = Compact::from_stored(kind, text).unwrap();
        assert_eq!(compact.hash().format(), case["hash"].as_str().unwrap());
        assert_eq!(MessageHash::of(text), compact.hash());
        let message = Case::of(kind, &case, &keys).verified(text).unwrap();
        let key = keys.named(case["key"].as_str().unwrap());
        assert_eq!(message.key(), key, "{}", case["id"]);
        assert_eq!(message.compact().as_str(), text);
    }
}

#[test]
fn the_longest_message_of_each_kind_is_read_and_one_more_character_is_not() {
    for kind in Kind::ALL {
        let length_of = |case: &Value| case["compact"].as_str().unwrap().len();
        let longest = cases(&format!("{}.jsonl", kind_word(kind)));
        let longest = longest.iter().map(length_of).max().unwrap();
        // Base64 has no text of some lengths.
        let room = kind.bytes_max().checked_sub(longest);
        assert!(room.is_some_and(|room| room <= 1), "{kind:?}: {room:?}");
        let refused = cases("refused/too_large.jsonl");
        let refused = refused
            .iter()
            .find(|case| case["kind"] == kind_word(kind))
            .unwrap();
        assert!(length_of(refused) - kind.bytes_max() <= 2, "{kind:?}");
    }
}

/// An enrolment proves its own secret, for the key that signed it, and no other.
fn assert_proven(enrol: &Enrol, case: &Value, keys: &Keys) {
    let secret = case["secret"].as_str().unwrap();
    let right = invitation_secret(secret);
    let [device, other] = ["device", "stranger"].map(|name| keys.named(name).thumbprint());
    assert!(enrol.is_proven(&right, &device), "{}", case["id"]);
    assert!(!enrol.is_proven(&right, &other), "{}", case["id"]);
    let wrong = invitation_secret("0000000000000");
    assert!(!enrol.is_proven(&wrong, &device), "{}", case["id"]);
}

fn shown(statement: &Statement) -> Value {
    let lines = Lines::of(statement);
    let pair = |line: &countersign_protocol::lines::Line| json!([line.field.name(), line.text]);
    json!({
        "unknown": statement.unknown.map(|unknown| match unknown {
            Unknown::Act => "act",
            Unknown::Details => "details",
            Unknown::Member => "member",
        }),
        "lines": lines.lines().iter().map(pair).collect::<Vec<Value>>(),
        "shown": lines.hash().format(),
    })
}

/// Every claim of a statement without anything unknown is in what was read, as it was signed.
fn assert_says(statement: &Statement, case: &Value) {
    if statement.unknown.is_some() {
        return;
    }
    let audience: Vec<String> = statement.audience.iter().map(|key| key.format()).collect();
    let mut said = json!({
        "iss": statement.issuer, "aud": audience, "account": statement.account.format(),
        "jti": statement.id.format(), "iat": statement.made_at.unix_s(),
        "exp": statement.expires_at.unix_s(), "act": statement.act.unwrap().word(),
        "app": statement.app, "origin": statement.origin, "user": statement.user,
        "digits": statement.digits, "tries": statement.tries,
    });
    if let Some(place) = &statement.place {
        said["place"] = json!({ "city": place.city, "country": place.country });
    }
    if let Some(client) = &statement.client {
        let ip = client.ip.to_string();
        said["client"] = json!({ "ip": ip, "browser": client.browser, "os": client.os });
    }
    if let Some(Details::Pay {
        amount,
        currency,
        to,
    }) = &statement.details
    {
        said["details"] =
            json!({ "type": "pay", "amount": amount, "currency": currency, "to": to });
    }
    assert_eq!(said, case["claims"], "{}", case["id"]);
}
