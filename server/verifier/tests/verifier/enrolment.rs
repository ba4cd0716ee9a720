//! Invitations and enrolment (protocol, §2 and §3).

use countersign_protocol::message::{Confirm, RemovedWhy, Standing};
use countersign_verifier::person::StageView;

use crate::phone::Phone;
use crate::world::World;

#[test]
fn a_scanned_invitation_makes_an_active_device() {
    let world = World::new();
    let phone = Phone::new("Pixel");
    let known = world.invite();
    world.enrol(&phone, &known);
    assert_eq!(phone.account().confirm, Confirm::Compare);
    assert_eq!(world.fetch(&phone).standing, Standing::Unconfirmed);
    world.reveal(&phone);
    let StageView::Unconfirmed { number, .. } = world.device(&phone).stage else {
        panic!("not unconfirmed");
    };
    assert_eq!(number, Some(phone.check()));
    world.confirm(&phone);
    world.pass_test(&phone);
    assert_eq!(world.fetch(&phone).standing, Standing::Active);
    assert_eq!(world.words(), ["enrolled", "asked", "ended", "added"]);
}

#[test]
fn a_typed_code_makes_an_active_device_and_its_number_is_typed() {
    let world = World::new();
    let phone = Phone::new("Pixel");
    world.activate(&phone, &world.invite_by_code());
    assert_eq!(phone.account().confirm, Confirm::Type);
    assert_eq!(world.fetch(&phone).standing, Standing::Active);
}

#[test]
fn a_device_that_is_not_active_within_ten_minutes_is_removed() {
    let world = World::new();
    let phone = Phone::new("Pixel");
    world.enrol(&phone, &world.invite());
    world.pass_s(599);
    assert_eq!(world.fetch(&phone).standing, Standing::Unconfirmed);
    world.pass_s(1);
    let why = RemovedWhy::TimedOut;
    assert_eq!(world.fetch(&phone).standing, Standing::Removed { why });
}
