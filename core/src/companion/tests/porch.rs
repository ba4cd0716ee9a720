//! Work accounts on the porch of a locked vault, and beside an open one.

use countersign_protocol::kind::Kind;
use countersign_protocol::message::{Outcome as Said, Standing as Stands, State};

use super::*;
use crate::approval::peer::{Peer, ok};
use crate::approval::platform::Platform;
use crate::approval::{
    ApprovalError, Attention, Decision, Event, KeyPlace, Lane, NewWork, NextAction, Outcome,
    Outgoing, StatementId, Typed,
};
use crate::secret::Secret;
use crate::vault::SlotKind;

fn approve() -> Decision {
    Decision::Approve {
        number: Typed::new("123456"),
    }
}

fn answered(peer: &Peer, outgoing: &Outgoing, bend: impl FnOnce(&mut State)) -> String {
    let mut state = peer.state(&outgoing.body, Stands::Active, NOW);
    bend(&mut state);
    peer.says(Kind::State, &state.to_claims())
        .as_str()
        .to_owned()
}

fn prepared(companion: &mut Companion, id: RecordId, lane: Lane, keys: &Platform) -> Outgoing {
    let prepared = companion.prepare(id, lane, Attention::Idle, keys, NOW);
    prepared.unwrap()
}

/// An active account whose keys lie in the platform, in a vault whose porch is open.
fn on_the_porch() -> (Place, Companion, Peer, Platform, Secret, RecordId) {
    let (place, mut companion) = Place::with_anchor();
    let new = companion
        .vault
        .begin_platform_slot(SlotKind::Porch)
        .unwrap();
    let secret = new.secret();
    companion
        .vault
        .add_platform_slot(new, b"wrapped", NOW)
        .unwrap();
    let (mut peer, keys) = (Peer::new(), Platform::default());
    let new = NewWork {
        device_name: "Fairphone",
        platform: "android",
        app: "countersign",
        keys: KeyPlace::Platform,
        replaces: None,
    };
    let id = companion.add_work(&peer.invitation(), &new, NOW).unwrap();
    companion.make_keys(id, &keys, NOW).unwrap();
    let enrol = prepared(&mut companion, id, Lane::Say, &keys);
    let account = peer.take_enrol(&enrol.body);
    companion
        .take_reply(&enrol.errand, &ok(account.as_str()), NOW)
        .unwrap();
    let fetch = prepared(&mut companion, id, Lane::Ask, &keys);
    let state = answered(&peer, &fetch, |_| {});
    companion
        .take_reply(&fetch.errand, &ok(&state), NOW)
        .unwrap();
    (place, companion, peer, keys, secret, id)
}

/// Fetches on the porch, and gets a statement.
fn asked(
    porch: &mut PorchCompanion<'_>,
    peer: &Peer,
    keys: &Platform,
    id: RecordId,
) -> StatementId {
    let statement = peer.signed_statement(&peer.statement(1, NOW));
    let fetch = porch.prepare(id, Lane::Ask, Attention::Idle, keys, NOW);
    let fetch = fetch.unwrap();
    let state = answered(peer, &fetch, |state| state.statements.push(statement));
    let events = porch.take_reply(&fetch.errand, &ok(&state), NOW).unwrap();
    let [Event::Rings { statement, .. }] = events[..] else {
        panic!("{events:?}");
    };
    statement
}

#[test]
fn what_was_answered_on_the_porch_is_sent_with_the_same_bytes_after_the_unlock() {
    let (place, companion, peer, keys, secret, id) = on_the_porch();
    drop(companion);
    let locked = place.open();
    let mut porch = locked.open_porch(&secret).unwrap();
    let statement = asked(&mut porch, &peer, &keys, id);
    porch.decide(statement, &approve(), &keys, NOW).unwrap();
    let lost = porch
        .prepare(id, Lane::Say, Attention::Idle, &keys, NOW)
        .unwrap();
    drop(porch);
    drop(locked);
    let mut companion = place.unlock();
    let again = prepared(&mut companion, id, Lane::Say, &keys);
    assert_eq!(again.body, lost.body);
    let receipt = peer.receipt(&again.body, Said::Approved, NOW);
    let receipt = peer.says(Kind::Receipt, &receipt.to_claims());
    companion
        .take_reply(&again.errand, &ok(receipt.as_str()), NOW)
        .unwrap();
    let outcome = companion.statement(statement, NOW).unwrap().outcome;
    assert_eq!(outcome, Some(Outcome::Approved));
    assert!(companion.verify_history().unwrap().is_ok());
}

#[test]
fn what_is_answered_on_the_porch_beside_an_open_vault_is_neither_lost_nor_answered_again() {
    let (place, mut companion, peer, keys, secret, id) = on_the_porch();
    let locked = place.open();
    let mut porch = locked.open_porch(&secret).unwrap();
    let statement = asked(&mut porch, &peer, &keys, id);
    porch.decide(statement, &approve(), &keys, NOW).unwrap();
    let sent = porch
        .prepare(id, Lane::Say, Attention::Idle, &keys, NOW)
        .unwrap();
    // The open vault gets the same statement by itself.
    let fetch = prepared(&mut companion, id, Lane::Ask, &keys);
    let state = answered(&peer, &fetch, |_| {});
    companion
        .take_reply(&fetch.errand, &ok(&state), NOW)
        .unwrap();
    let denied = companion.decide(statement, &Decision::Deny, &keys, NOW);
    assert_eq!(denied, Err(ApprovalError::Answered));
    assert_eq!(
        prepared(&mut companion, id, Lane::Say, &keys).body,
        sent.body
    );
    let again = porch
        .prepare(id, Lane::Say, Attention::Idle, &keys, NOW)
        .unwrap();
    assert_eq!(again.body, sent.body);
}

#[test]
fn an_account_that_left_from_the_porch_is_deleted_once_the_vault_is_open() {
    let (place, mut companion, peer, keys, secret, id) = on_the_porch();
    companion.leave(id, NOW).unwrap();
    drop(companion);
    let locked = place.open();
    let mut porch = locked.open_porch(&secret).unwrap();
    let leave = porch
        .prepare(id, Lane::Say, Attention::Idle, &keys, NOW)
        .unwrap();
    let state = answered(&peer, &leave, |state| {
        state.standing = Stands::Removed {
            why: countersign_protocol::message::RemovedWhy::Left,
        };
    });
    porch.take_reply(&leave.errand, &ok(&state), NOW).unwrap();
    assert_eq!(porch.next_action(Attention::Idle, NOW), NextAction::Nothing);
    drop(porch);
    drop(locked);
    let mut companion = place.unlock();
    let next = companion.next_action(Attention::Idle, NOW);
    assert_eq!(next, NextAction::RemoveKeys { account: id });
    companion.remove_keys(id, &keys, NOW).unwrap();
    assert!(keys.names().is_empty());
    assert!(companion.work_accounts(NOW).is_empty());
}
