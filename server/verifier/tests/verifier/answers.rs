//! Statements, answers and receipts (protocol, §4 and §6).

use countersign_protocol::message::{Decision, Outcome};

use crate::phone::approve;
use crate::world::World;

#[test]
fn a_sign_in_is_approved_with_the_number_from_its_screen() {
    let world = World::new();
    let phone = world.phone("Pixel");
    let asked = world.ask();
    let state = world.fetch(&phone);
    assert_eq!(state.statements, [asked.message.clone()]);
    let receipt = world.answer(&phone, &asked.message, approve(&asked.number));
    assert_eq!(receipt.outcome, Outcome::Approved);
    assert_eq!(receipt.by.unwrap().name, "Pixel");
    assert_eq!(world.outcome(&asked.id).outcome, Some(Outcome::Approved));
    assert!(world.fetch(&phone).statements.is_empty());
}

#[test]
fn deny_ends_it_and_raises_no_alarm() {
    let world = World::new();
    let phone = world.phone("Pixel");
    let asked = world.ask();
    let receipt = world.answer(&phone, &asked.message, Decision::Deny);
    assert_eq!(receipt.outcome, Outcome::Denied);
    assert_eq!(receipt.left, None);
    assert!(!world.words().contains(&"reported"));
}
