//! `docs/protocol.md` lists the claims that messages have.

use std::collections::BTreeSet;

use countersign_protocol::kind::Kind;
use countersign_tests::messages::{accepted, cases, kind_word};
use serde_json::Value;

const PAGE: &str = include_str!("../../../docs/protocol.md");

/// Where the tables of a kind begin: the words before each.
fn tables_of(kind: Kind) -> Vec<&'static str> {
    let of_requests = "\n## 7. Requests of a device\n";
    match kind {
        Kind::Enrol => vec!["\n`cs-enrol`: "],
        Kind::Account => vec!["\n`cs-account`: "],
        Kind::Fetch => vec![of_requests, "\n`cs-fetch`: "],
        Kind::Delivery => vec![of_requests, "\n`cs-delivery`: "],
        Kind::Move => vec![of_requests, "\n`cs-move`, signed by the approval key: "],
        Kind::Leave => vec![of_requests],
        Kind::State => vec!["\n`cs-state`: "],
        Kind::Statement => vec!["\n`cs-statement`: "],
        Kind::Answer => vec!["\n`cs-answer`: "],
        Kind::Receipt => vec!["\n`cs-receipt`: "],
        Kind::History => vec!["\n## 14. History\n"],
    }
}

/// The claims of the next table, and those of them that may be left out.
fn listed(begin: &str) -> (BTreeSet<&'static str>, BTreeSet<&'static str>) {
    let mut parts = PAGE.split(begin);
    let (_, part, None) = (parts.next(), parts.next().unwrap(), parts.next()) else {
        panic!("{begin} is there twice");
    };
    let (_, table) = part
        .split_once("| claim | form | meaning |\n|---|---|---|\n")
        .unwrap();
    let rows = table.lines().take_while(|line| line.starts_with('|'));
    let cells = rows.filter_map(|row| row.split('|').nth(1).map(str::trim));
    let (mut all, mut optional) = (BTreeSet::new(), BTreeSet::new());
    for cell in cells {
        for name in cell.split('`').skip(1).step_by(2) {
            all.insert(name);
            if cell.ends_with('?') {
                optional.insert(name);
            }
        }
    }
    (all, optional)
}

#[test]
fn the_page_lists_every_claim_of_every_kind_and_those_that_may_be_left_out() {
    let missing = cases("refused/missing.jsonl");
    for kind in Kind::ALL {
        let (mut all, mut optional) = (BTreeSet::new(), BTreeSet::new());
        for begin in tables_of(kind) {
            let (claims, left_out) = listed(begin);
            all.extend(claims);
            optional.extend(left_out);
        }
        let messages = accepted();
        let used = messages.iter().filter(|(other, _)| *other == kind);
        let used = used.filter_map(|(_, case)| case["claims"].as_object());
        let used: BTreeSet<&str> = used
            .flat_map(|claims| claims.keys().map(String::as_str))
            .filter(|name| *name != "x_later" && *name != "note")
            .collect();
        let word = kind_word(kind);
        assert_eq!(used, all, "{word}");
        // A move's plain message is the one that needs its number and its invitation.
        let is_named = |case: &&Value| case["kind"] == word;
        let plain = |case: &&Value| {
            case["id"] == format!("missing-{word}-{}", case["claim"].as_str().unwrap())
        };
        let needed = missing.iter().filter(is_named).filter(plain);
        let needed: BTreeSet<&str> = needed.map(|case| case["claim"].as_str().unwrap()).collect();
        let beside: BTreeSet<&str> = ["check", "inv"].into();
        for name in &all {
            let is_needed = needed.contains(name);
            assert!(
                is_needed != optional.contains(name) || beside.contains(name),
                "{word}: {name}"
            );
        }
    }
}
