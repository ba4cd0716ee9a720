//! Server keys change without leaving anybody behind (protocol, §3).

use std::collections::BTreeSet;

use countersign_protocol::envelope::Received;
use countersign_protocol::hash::Thumbprint;
use countersign_protocol::kind::Kind;
use countersign_protocol::message::{Decision, Outcome, Standing};
use countersign_protocol::signing::SigningKey;
use countersign_verifier::keys::REPLACED_KEEP_S;
use countersign_verifier::reply::Reply;
use countersign_verifier::step::Withdraw;
use countersign_verifier::store::{Change, Store as _, Stored};

use crate::phone::{Phone, approve, approve_wrongly};
use crate::world::{World, receipt_of, state_of};

fn rotate(world: &World) {
    let key = SigningKey::generate().unwrap();
    world.verifier.rotate(key, world.now());
}

/// The phone fetches until it has the newest list.
fn catch_up(world: &World, phone: &Phone) {
    for _ in 0..3 {
        world.fetch(phone);
    }
    assert_eq!(phone.account().keys.len(), 1);
}

fn signer(kind: Kind, text: &str) -> Thumbprint {
    Received::parse(kind, text).unwrap().key_id()
}

#[test]
fn a_device_hears_of_a_new_key_by_one_that_it_knows() {
    let world = World::new();
    let phone = world.phone("Pixel");
    let old = world.verifier.setup().keys.first().public().thumbprint();
    rotate(&world);
    // What it is told before it has the new document is signed by the old key.
    let request = phone.fetch(&phone.fetching(world.now()));
    let reply = state_of(world.send(Kind::Fetch, &request));
    assert_eq!(signer(Kind::State, reply.as_str()), old);
    let state = phone.state(&request, &reply);
    let document = state.account.unwrap();
    assert_eq!(signer(Kind::Account, document.as_str()), old);
    // Both are listed, for what is signed while this document is on its way.
    assert_eq!(phone.account().keys.len(), 2);
    // From then on the new one signs, and the next document lists it alone.
    let new = world.verifier.setup().keys.first().public().thumbprint();
    let request = phone.fetch(&phone.fetching(world.now()));
    let reply = state_of(world.send(Kind::Fetch, &request));
    assert_eq!(signer(Kind::State, reply.as_str()), new);
    assert!(phone.state(&request, &reply).account.is_some());
    assert_eq!(phone.account().keys.len(), 1);
    assert!(world.fetch(&phone).account.is_none());
}

#[test]
fn a_device_that_slept_through_two_rotations_is_caught_up() {
    let world = World::new();
    let phone = world.phone("Pixel");
    rotate(&world);
    world.pass_s(30 * 24 * 3_600);
    rotate(&world);
    // It answers before the server hears that it has the newer document, and after it.
    for _ in 0..3 {
        let state = world.fetch(&phone);
        assert_eq!(state.standing, Standing::Active);
        let asked = world.ask();
        let receipt = world.answer(&phone, &asked.message, approve(&asked.number));
        assert_eq!(receipt.outcome, Outcome::Approved);
    }
    assert_eq!(phone.account().keys.len(), 1);
}

#[test]
fn a_statement_comes_after_the_document_with_its_key() {
    let world = World::new();
    let phone = world.phone("Pixel");
    rotate(&world);
    let asked = world.ask();
    let new = world.verifier.setup().keys.first().public().thumbprint();
    assert_eq!(signer(Kind::Statement, asked.message.as_str()), new);
    // Scanned, it is signed by a key that the phone does not know: it has to connect once.
    assert!(
        !phone
            .account()
            .keys
            .iter()
            .any(|key| key.thumbprint() == new)
    );
    let state = world.fetch(&phone);
    assert!(state.account.is_some());
    assert_eq!(
        state.statements.as_slice(),
        std::slice::from_ref(&asked.message)
    );
    phone.statement(&asked.message);
}

#[test]
fn a_receipt_is_signed_for_whoever_answered_and_for_whoever_asks() {
    let world = World::new();
    let (pixel, iphone) = (world.phone("Pixel"), world.phone("iPhone"));
    let asked = world.ask();
    world.fetch(&iphone);
    rotate(&world);
    // One phone has heard of the new key, the other has not.
    world.fetch(&iphone);
    let answer = pixel.answer(&asked.message, Decision::Deny, world.now());
    let receipt = receipt_of(world.send(Kind::Answer, &answer));
    assert_eq!(pixel.receipt(&receipt).outcome, Outcome::Denied);
    let state = world.fetch_as(&iphone, |fetch| fetch.open = vec![asked.id]);
    let closed = iphone.receipt(&state.closed[0]);
    assert_eq!(closed.answer_hash, Some(answer.hash()));
    // The identical answer gets the identical receipt, also after its phone has heard of it.
    world.fetch(&pixel);
    assert_eq!(receipt_of(world.send(Kind::Answer, &answer)), receipt);
}

#[test]
fn a_receipt_that_was_lost_comes_again_under_a_key_that_its_phone_still_knows() {
    let world = World::new();
    let phone = world.phone("Pixel");
    let asked = world.ask();
    let wrong = phone.answer(
        &asked.message,
        approve_wrongly(&asked.number, 1),
        world.now(),
    );
    let first = phone.receipt(&receipt_of(world.send(Kind::Answer, &wrong)));
    rotate(&world);
    world.take(&Withdraw {
        statement: asked.id,
    });
    catch_up(&world, &phone);
    // The old key is in no list any more: the same is said under the new one, from then on in the same bytes.
    let again = receipt_of(world.send(Kind::Answer, &wrong));
    assert_eq!(phone.receipt(&again), first);
    assert_eq!(receipt_of(world.send(Kind::Answer, &wrong)), again);
}

#[test]
fn a_key_stays_listed_as_long_as_a_statement_of_its_is_open() {
    let world = World::new();
    let phone = world.phone("Pixel");
    let asked = world.ask();
    rotate(&world);
    for _ in 0..3 {
        // Whenever it looks, it can check what is listed.
        let state = world.fetch(&phone);
        phone.statement(&state.statements[0]);
    }
    assert_eq!(phone.account().keys.len(), 2);
    let receipt = world.answer(&phone, &asked.message, approve(&asked.number));
    assert_eq!(receipt.outcome, Outcome::Approved);
    world.fetch(&phone);
    world.fetch(&phone);
    assert_eq!(phone.account().keys.len(), 1);
}

#[test]
fn a_server_restored_to_before_a_change_of_keys_signs_with_the_newest() {
    let world = World::new();
    let phone = world.phone("Pixel");
    let store = world.verifier.store();
    let copy = store.load(&world.account).unwrap().unwrap();
    rotate(&world);
    catch_up(&world, &phone);
    // The person as they were before; keys are kept apart.
    let version = world.person().version();
    let restored = Change {
        account: world.account,
        based_on: version,
        stored: Stored {
            version: version + 1,
            document: copy.document,
        },
        added: BTreeSet::new(),
        removed: BTreeSet::new(),
        due_at: None,
        events: &[],
        request: None,
        now: world.now(),
    };
    store.change(&restored).unwrap();
    let before = phone.account().version;
    assert!(world.fetch(&phone).account.is_some());
    assert!(phone.account().version > before);
    let asked = world.ask();
    let receipt = world.answer(&phone, &asked.message, approve(&asked.number));
    assert_eq!(receipt.outcome, Outcome::Approved);
    assert!(world.fetch(&phone).account.is_none());
}

#[test]
fn a_replaced_key_signs_for_ninety_days_and_no_longer() {
    let world = World::new();
    let phone = world.phone("Pixel");
    let old = world.verifier.setup().keys.first().public().thumbprint();
    rotate(&world);
    world.pass_s(REPLACED_KEEP_S - 1);
    let fetched = |wait_s| {
        world.pass_s(wait_s);
        let request = phone.fetch(&phone.fetching(world.now()));
        match world.send(Kind::Fetch, &request) {
            Reply::State(state) => signer(Kind::State, state.as_str()),
            other => panic!("not a state: {other:?}"),
        }
    };
    assert_eq!(fetched(0), old);
    // The phone can check nothing any more: it has to be activated again.
    assert_ne!(fetched(1), old);
}

#[test]
fn a_new_device_is_never_told_of_replaced_keys() {
    let world = World::new();
    rotate(&world);
    rotate(&world);
    let phone = world.phone("Pixel");
    assert_eq!(phone.account().keys.len(), 1);
    assert_eq!(phone.account().version, 1);
}

#[test]
fn a_restored_server_gives_its_document_as_the_next_version_of_the_phones() {
    let world = World::new();
    let phone = world.phone("Pixel");
    let mut fetch = phone.fetching(world.now());
    // The phone had heard of changes that the copy does not know.
    fetch.have = 5;
    let request = phone.fetch(&fetch);
    let state = phone.state(&request, &state_of(world.send(Kind::Fetch, &request)));
    assert!(state.account.is_some());
    assert_eq!(phone.account().version, 6);
    assert!(world.fetch(&phone).account.is_none());
}
