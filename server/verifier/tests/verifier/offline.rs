//! Offline responses (protocol, §6): the phone has no network, and the person types what it shows into the page.

use countersign_protocol::base64url;
use countersign_protocol::derive::offline_response;
use countersign_protocol::digits::OfflineResponse;
use countersign_protocol::envelope::Compact;
use countersign_protocol::hash::Id;
use countersign_protocol::kind::Kind;
use countersign_protocol::message::{Decision, Outcome, Policy, Standing, Via};
use countersign_verifier::step::{NotTaken, TypeResponse};

use crate::phone::{Phone, approve};
use crate::world::{World, receipt_of, rules};

fn offline() -> World {
    World::with(|changed| {
        let policy = rules().policy;
        changed.policy = Policy {
            offline: true,
            ..policy
        };
    })
}

/// What a phone without network shows for a statement.
fn shown(world: &World, phone: &Phone, message: &Compact) -> OfflineResponse {
    let state = world.fetch_as(phone, |fetch| fetch.wants_secrets = true);
    let key = state.secrets.unwrap().offline_key.unwrap();
    offline_response(&key, &message.hash())
}

fn type_response(world: &World, statement: Id, response: &OfflineResponse) -> Result<(), NotTaken> {
    let response = response.clone();
    world.take(&TypeResponse {
        statement,
        response,
    })
}

fn wrong_response() -> OfflineResponse {
    OfflineResponse::parse("00000000").unwrap()
}

#[test]
fn r14_the_response_of_a_phone_without_network_is_taken_once_for_its_statement_alone() {
    let world = offline();
    let phone = world.phone("Pixel");
    let [asked, other] = [world.ask(), world.ask()];
    let response = shown(&world, &phone, &asked.message);
    let elsewhere = type_response(&world, other.id, &response);
    assert_eq!(elsewhere, Err(NotTaken::Wrong { left: 2 }));
    assert_eq!(type_response(&world, asked.id, &response), Ok(()));
    let again = type_response(&world, asked.id, &response);
    assert_eq!(again, Err(NotTaken::NotOpen));
    let view = world.outcome(&asked.id);
    assert_eq!(view.outcome, Some(Outcome::Approved));
    assert_eq!(view.via, Some(Via::Offline));
    // The phone learns it with its next fetch.
    let state = world.fetch_as(&phone, |fetch| fetch.open = vec![asked.id]);
    let receipt = phone.receipt(&state.closed[0]);
    assert_eq!(receipt.via, Some(Via::Offline));
    assert_eq!(receipt.by.unwrap().key, phone.id());
    assert_eq!(receipt.answer_hash, None);
}

#[test]
fn the_keys_of_all_addressed_phones_are_tried() {
    let world = offline();
    let phones = [world.phone("Pixel"), world.phone("iPhone")];
    let asked = world.ask();
    let response = shown(&world, &phones[1], &asked.message);
    assert_ne!(response, shown(&world, &phones[0], &asked.message));
    assert_eq!(type_response(&world, asked.id, &response), Ok(()));
    assert_eq!(world.outcome(&asked.id).by, Some("iPhone".to_owned()));
}

#[test]
fn responses_are_off_unless_the_rules_allow_them() {
    let world = World::new();
    let phone = world.phone("Pixel");
    let asked = world.ask();
    let refused = type_response(&world, asked.id, &wrong_response());
    assert_eq!(refused, Err(NotTaken::Off));
    let state = world.fetch_as(&phone, |fetch| fetch.wants_secrets = true);
    assert!(state.secrets.unwrap().offline_key.is_none());
}

#[test]
fn a_response_after_the_end_is_not_taken() {
    let world = offline();
    let phone = world.phone("Pixel");
    let asked = world.ask();
    let response = shown(&world, &phone, &asked.message);
    world.pass_s(120);
    let late = type_response(&world, asked.id, &response);
    assert_eq!(late, Err(NotTaken::NotOpen));
    let unknown = type_response(&world, Id::from_bytes([9; 16]), &response);
    assert_eq!(unknown, Err(NotTaken::NotOpen));
}

#[test]
fn a_device_that_is_gone_shows_no_response_that_counts() {
    let world = offline();
    let (gone, _other) = (world.phone("Pixel"), world.phone("iPhone"));
    let asked = world.ask();
    let response = shown(&world, &gone, &asked.message);
    world.send(Kind::Leave, &gone.leave(world.now()));
    let refused = type_response(&world, asked.id, &response);
    // The other one has not asked for its key, but has one.
    assert_eq!(refused, Err(NotTaken::Wrong { left: 2 }));
}

#[test]
fn attack_a_stranger_at_the_page_who_types_wrong_responses_stops_those_alone() {
    let world = offline();
    let phone = world.phone("Pixel");
    let mut stopped = 0;
    for statement in 0..4 {
        let asked = world.ask();
        for wrong in 0..4 {
            let left = 2_u8.saturating_sub(wrong);
            let expected = match (statement, wrong) {
                (3, 1..) => NotTaken::Stopped,
                (_, 3) => NotTaken::TriesSpent,
                _ => NotTaken::Wrong { left },
            };
            let refused = type_response(&world, asked.id, &wrong_response());
            assert_eq!(refused, Err(expected), "{statement} {wrong}");
            stopped += usize::from(expected == NotTaken::Stopped);
        }
        world.answer(&phone, &asked.message, Decision::Deny);
    }
    assert_eq!(stopped, 3);
    let words = world.words();
    assert!(words.contains(&"offline_stopped"));
    assert!(!words.contains(&"suspended"));
    // On the phone everything goes on, and an approval there starts responses again.
    let asked = world.ask();
    let response = shown(&world, &phone, &asked.message);
    let refused = type_response(&world, asked.id, &response);
    assert_eq!(refused, Err(NotTaken::Stopped));
    assert_eq!(world.fetch(&phone).standing, Standing::Active);
    let receipt = world.answer(&phone, &asked.message, approve(&asked.number));
    assert_eq!(receipt.outcome, Outcome::Approved);
    let asked = world.ask();
    let response = shown(&world, &phone, &asked.message);
    assert_eq!(type_response(&world, asked.id, &response), Ok(()));
}

#[test]
fn after_three_wrong_responses_a_statement_is_still_answered_on_the_phone() {
    let world = offline();
    let phone = world.phone("Pixel");
    let asked = world.ask();
    for _ in 0..3 {
        type_response(&world, asked.id, &wrong_response()).unwrap_err();
    }
    let response = shown(&world, &phone, &asked.message);
    let refused = type_response(&world, asked.id, &response);
    assert_eq!(refused, Err(NotTaken::TriesSpent));
    let answer = phone.answer(&asked.message, approve(&asked.number), world.now());
    let receipt = phone.receipt(&receipt_of(world.send(Kind::Answer, &answer)));
    assert_eq!(receipt.outcome, Outcome::Approved);
}

#[test]
fn a_test_is_not_passed_by_a_response() {
    let world = offline();
    let old = world.phone("Pixel");
    let new = Phone::new("iPhone");
    world.enrol(&new, &world.invite());
    world.reveal(&new);
    world.confirm(&new);
    let test = world.reveal(&new).statements.remove(0);
    let id = new.statement(&test).id;
    // No key is its own before it is active; and the old one's does not count for it.
    let response = shown(&world, &old, &test);
    let refused = type_response(&world, id, &response);
    assert_eq!(refused, Err(NotTaken::Off));
    let state = world.fetch_as(&new, |fetch| {
        (fetch.reveal, fetch.wants_secrets) = (Some(new.nonce()), true);
    });
    assert!(state.secrets.is_none());
}

#[test]
fn each_device_has_an_offline_key_of_its_own_that_dies_with_it() {
    let world = offline();
    let phones = [world.phone("Pixel"), world.phone("iPhone")];
    let stored = |phone: &Phone| {
        let state = world.fetch_as(phone, |fetch| fetch.wants_secrets = true);
        // EXPOSE: it is looked for in what is stored.
        base64url::format(state.secrets.unwrap().offline_key.unwrap().expose())
    };
    let keys = [stored(&phones[0]), stored(&phones[1])];
    assert_ne!(keys[0], keys[1]);
    let document = || String::from_utf8(world.person().encode().to_vec()).unwrap();
    assert!(document().contains(&keys[0]));
    world.send(Kind::Leave, &phones[0].leave(world.now()));
    assert!(!document().contains(&keys[0]));
    assert!(document().contains(&keys[1]));
    let state = world.fetch_as(&phones[0], |fetch| fetch.wants_secrets = true);
    assert!(state.secrets.is_none());
}
