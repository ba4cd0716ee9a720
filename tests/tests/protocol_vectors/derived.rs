//! What both ends derive, with each step.

use std::collections::BTreeMap;

use countersign_tests::messages::{cases, derive};
use serde_json::Value;

fn word<'a>(of: &'a Value, name: &str) -> &'a str {
    of[name].as_str().unwrap()
}

#[test]
fn every_derived_value_is_the_one_of_its_case() {
    let mut counts = BTreeMap::new();
    for case in cases("derived.jsonl") {
        let value = word(&case, "value");
        *counts.entry(value.to_owned()).or_insert(0) += 1;
        // The accepted statements show theirs, and what they are made of is a message.
        if value != "shown" {
            let (member, derived) = derive(value, &case["of"]);
            assert_eq!(derived, word(&case["is"], member), "{}", case["id"]);
        }
    }
    assert_eq!(counts.len(), 7);
    assert!(counts.values().all(|count| *count >= 2), "{counts:?}");
}

#[test]
fn the_cases_meet_every_place_of_the_truncation_and_zeros_at_the_beginning() {
    let all = cases("derived.jsonl");
    let of = |value: &'static str| all.iter().filter(move |case| case["value"] == *value);
    let mut places: Vec<u64> = of("offline_response")
        .map(|case| case["is"]["offset"].as_u64().unwrap())
        .collect();
    places.sort_unstable();
    places.dedup();
    assert!(places.len() >= 12, "{places:?}");
    assert!(of("offline_response").any(|case| word(&case["is"], "response").starts_with('0')));
    assert!(of("check_number").any(|case| word(&case["is"], "number").starts_with('0')));
}
