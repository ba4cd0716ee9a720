//! The words of every closed list.

use countersign_protocol::message::{RemovedWhy, Standing, SuspendedWhy};
use countersign_protocol::problem::Need;
use countersign_protocol::time::Timestamp;

use crate::claims::{claims_of_state, value_of};
use crate::{between, quoted, row_of, rows, section};

const REMOVED: [RemovedWhy; 8] = [
    RemovedWhy::WrongCheck,
    RemovedWhy::WrongReveal,
    RemovedWhy::TimedOut,
    RemovedWhy::Left,
    RemovedWhy::Replaced,
    RemovedWhy::TooMany,
    RemovedWhy::MoveEnded,
    RemovedWhy::Administrator,
];

/// A new reason does not compile until it is listed above.
const fn is_listed(why: RemovedWhy) {
    match why {
        RemovedWhy::WrongCheck
        | RemovedWhy::WrongReveal
        | RemovedWhy::TimedOut
        | RemovedWhy::Left
        | RemovedWhy::Replaced
        | RemovedWhy::TooMany
        | RemovedWhy::MoveEnded
        | RemovedWhy::Administrator => {}
    }
}

/// The words that the code writes as `why` of such standings.
fn whys(standings: impl IntoIterator<Item = Standing>) -> Vec<String> {
    let why = |standing| value_of(&claims_of_state(standing), &["state", "why"]);
    standings.into_iter().map(why).collect()
}

#[test]
fn every_reason_of_a_removal_and_a_suspension_is_named() {
    let page = section("8. State");
    let removed = whys(REMOVED.map(|why| {
        is_listed(why);
        Standing::Removed { why }
    }));
    let listed = quoted(row_of(page, "`removed`")[2]);
    assert_eq!(listed[1..], removed);
    let (_, table) = page.split_once("| `why` of `removed` | when |").unwrap();
    let explained: Vec<&str> = rows(table)
        .take_while(|cells| cells.len() > 2)
        .filter(|cells| cells[1].starts_with('`'))
        .map(|cells| cells[1].trim_matches('`'))
        .collect();
    assert_eq!(explained, removed);
    let reasons = [SuspendedWhy::WrongNumbers, SuspendedWhy::Administrator];
    let until = Timestamp::new(1);
    let suspended = whys(reasons.map(|why| Standing::Suspended { until, why }));
    let row = row_of(page, "`suspended`");
    assert_eq!(quoted(row[2])[1..3], suspended);
    assert_eq!(quoted(row[2])[3], "until");
}

#[test]
fn every_standing_has_its_row() {
    let why = RemovedWhy::Left;
    let to = "Pixel".to_owned();
    let suspended = Standing::Suspended {
        until: None,
        why: SuspendedWhy::Administrator,
    };
    let page = section("8. State");
    for standing in [
        Standing::Unconfirmed,
        Standing::Confirmed,
        Standing::Active,
        suspended,
        Standing::Moved { to },
        Standing::Removed { why },
    ] {
        let _ = row_of(page, &format!("`{}`", standing.word()));
        let written = value_of(&claims_of_state(standing.clone()), &["state", "is"]);
        assert_eq!(written, standing.word());
    }
}

#[test]
fn every_need_of_an_organisation_is_named() {
    let needs = [Need::Presence, Need::Hardware, Need::Attestation];
    let word = |needs| {
        let document = countersign_protocol::problem::Problem::Policy { needs }.to_document();
        value_of(&document, &["needs"])
    };
    let table = between("| name | status |", "| name | what the device does |");
    let row = row_of(table, "`policy`");
    assert_eq!(quoted(row[3])[1..], needs.map(word));
}
