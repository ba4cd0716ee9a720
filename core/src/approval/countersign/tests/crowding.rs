//! Many statements, and one that takes another's number: what was shown is what is decided, and nothing open is lost.

use countersign_protocol::envelope::Compact;
use countersign_protocol::kind::Kind;
use countersign_protocol::message::{Outcome as Said, Receipt, RemovedWhy, Standing as Stands};

use super::peer::*;
use crate::approval::ApprovalError;
use crate::approval::model::{Decision, StatementId, Typed};
use crate::device::NoDeviceKeys;

/// As many as an account keeps.
const MOST: u8 = 64;

fn signed(peer: &Peer, number: u8, origin: &str) -> Compact {
    let mut statement = peer.statement(number, NOW);
    statement.origin = origin.to_owned();
    peer.signed_statement(&statement)
}

fn scan(device: &mut Device, statement: &Compact) -> Result<StatementId, ApprovalError> {
    let scanned = device.account.work.scan(statement.as_str(), NOW);
    scanned.map(|(id, _)| id).map_err(|refused| refused.error)
}

fn approve(device: &Device, id: StatementId) -> Result<(), ApprovalError> {
    let number = Typed::new("123456");
    let decision = Decision::Approve { number };
    let work = &device.account.work;
    work.answer(id, &decision, &NoDeviceKeys, NOW).map(drop)
}

fn expired(peer: &Peer, number: u8, statement: &Compact) -> Compact {
    let receipt = Receipt {
        audience: vec![peer.thumbprint()],
        statement: id(number),
        statement_hash: statement.hash(),
        answer_hash: None,
        by: None,
        via: None,
        outcome: Said::Expired,
        left: None,
        is_reported: false,
        next: vec![],
        now: time(NOW),
    };
    peer.says(Kind::Receipt, &receipt.to_claims())
}

#[test]
fn r8_an_open_statement_is_never_forgotten_for_a_newer_one() {
    let (peer, mut device) = active();
    let first = scan(&mut device, &signed(&peer, 0, "mail.example.org")).unwrap();
    for number in 1..MOST {
        scan(&mut device, &signed(&peer, number, "mail.example.org")).unwrap();
    }
    let refused = scan(&mut device, &signed(&peer, MOST, "mail.example.org"));
    assert_eq!(refused, Err(ApprovalError::TooMany));
    let listed = signed(&peer, MOST, "mail.example.org");
    device.fetch(&peer, Stands::Active, NOW, |state| {
        state.statements.push(listed);
    });
    assert_eq!(device.statements(NOW).len(), usize::from(MOST));
    assert_eq!(approve(&device, first), Ok(()));
}

#[test]
fn what_takes_the_number_of_a_forgotten_statement_is_not_decided_in_its_place() {
    let (peer, mut device) = active();
    let genuine = signed(&peer, 0, "mail.example.org");
    let shown = scan(&mut device, &genuine).unwrap();
    for number in 1..MOST {
        scan(&mut device, &signed(&peer, number, "mail.example.org")).unwrap();
    }
    // The server ends it, and what comes next takes its place.
    let end = expired(&peer, 0, &genuine);
    device.fetch(&peer, Stands::Active, NOW, |state| state.closed.push(end));
    let bank = scan(&mut device, &signed(&peer, 0, "bank.example.org"));
    assert_eq!(bank, Err(ApprovalError::NotGenuine));
    scan(&mut device, &signed(&peer, MOST, "mail.example.org")).unwrap();
    assert_eq!(approve(&device, shown), Err(ApprovalError::NoSuchStatement));
}

#[test]
fn nothing_stays_open_in_an_account_that_has_ended_and_what_ended_is_shown_for_a_day() {
    let (peer, mut device) = active();
    for number in 0..20 {
        scan(&mut device, &signed(&peer, number, "mail.example.org")).unwrap();
    }
    let removed = Stands::Removed {
        why: RemovedWhy::Administrator,
    };
    device.fetch(&peer, removed, NOW, |_| {});
    let statements = device.statements(NOW);
    assert_eq!(statements.len(), 20);
    assert!(statements.iter().all(|one| one.outcome.is_some()));
    assert!(device.statements(NOW.plus(120 + 24 * 3_600)).is_empty());
}
