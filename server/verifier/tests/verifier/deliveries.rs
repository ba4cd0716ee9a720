//! Where a device is rung (protocol, §5): the order of what it says, and addresses that are rung.

use countersign_protocol::hash::Id;
use countersign_protocol::kind::Kind;
use countersign_protocol::message::Ring;
use countersign_protocol::problem::Problem;
use countersign_verifier::event::Fact;

use crate::world::{World, state_of};

pub(crate) fn to(address: &str) -> Ring {
    Ring::UnifiedPush {
        to: address.to_owned(),
        bell: Id::from_bytes([5; 16]),
    }
}

/// The address that is rung now.
pub(crate) fn rung(world: &World) -> Option<String> {
    world.quiet();
    world.ask();
    world.facts().into_iter().find_map(|fact| match fact {
        Fact::Ring {
            to: Ring::UnifiedPush { to, .. },
            ..
        } => Some(to),
        _ => None,
    })
}

#[test]
fn attack_replayed_delivery_does_not_bring_an_old_address_back() {
    let world = World::new();
    let phone = world.phone("Pixel");
    let first = phone.delivery(1, to("https://push.example.org/old"), world.now());
    let second = phone.delivery(2, to("https://push.example.org/new"), world.now());
    state_of(world.send(Kind::Delivery, &first));
    state_of(world.send(Kind::Delivery, &second));
    // The same bytes are answered, with a state that is signed afresh, and change nothing.
    let again = state_of(world.send(Kind::Delivery, &first));
    phone.state(&first, &again);
    assert_eq!(
        rung(&world),
        Some("https://push.example.org/new".to_owned())
    );
    world.pass_s(301);
    let again = state_of(world.send(Kind::Delivery, &first));
    assert!(phone.state(&first, &again).is_stale);
    assert_eq!(
        rung(&world),
        Some("https://push.example.org/new".to_owned())
    );
}

#[test]
fn a_delivery_out_of_order_is_told_the_last_number() {
    let world = World::new();
    let phone = world.phone("Pixel");
    let address = to("https://push.example.org/a");
    state_of(world.send(
        Kind::Delivery,
        &phone.delivery(7, address.clone(), world.now()),
    ));
    for sequence in [7, 6, 1] {
        let late = phone.delivery(sequence, to("https://push.example.org/b"), world.now());
        let expected = Problem::Order { last: 7 };
        // Sent again it is refused again: nothing passes for done that was not.
        for _ in 0..2 {
            assert_eq!(world.refused(Kind::Delivery, &late), expected);
        }
    }
    assert_eq!(rung(&world), Some("https://push.example.org/a".to_owned()));
    let none = phone.delivery(8, Ring::None, world.now());
    state_of(world.send(Kind::Delivery, &none));
    assert_eq!(rung(&world), None);
}

#[test]
fn a_delivery_that_jumps_to_where_nobody_counts_is_told_the_last_number() {
    let world = World::new();
    let phone = world.phone("Pixel");
    let message = |sequence| {
        let address = to(&format!("https://push.example.org/{sequence}"));
        phone.delivery(sequence, address, world.now())
    };
    state_of(world.send(Kind::Delivery, &message(7)));
    for sequence in [1 << 40, (1 << 40) + 1, (1 << 53) - 1] {
        let refused = world.refused(Kind::Delivery, &message(sequence));
        assert_eq!(refused, Problem::Order { last: 7 }, "{sequence}");
    }
    assert_eq!(rung(&world), Some("https://push.example.org/7".to_owned()));
    // The number that `order` asks for is always one that is taken, past the limit too.
    for sequence in [8, (1 << 40) - 1, 1 << 40, (1 << 40) + 1] {
        state_of(world.send(Kind::Delivery, &message(sequence)));
    }
    let last = (1 << 40) + 1;
    let refused = world.refused(Kind::Delivery, &message(1 << 52));
    assert_eq!(refused, Problem::Order { last });
    let expected = format!("https://push.example.org/{last}");
    assert_eq!(rung(&world), Some(expected));
}

#[test]
fn only_public_addresses_are_rung() {
    let world = World::new();
    let phone = world.phone("Pixel");
    for address in [
        "https://10.0.0.1/a",
        "https://localhost/a",
        "https://169.254.169.254/latest",
        "http://127.0.0.1:8080/a",
    ] {
        let message = phone.delivery(1, to(address), world.now());
        for _ in 0..2 {
            let refused = world.refused(Kind::Delivery, &message);
            assert_eq!(refused, Problem::Malformed, "{address}");
        }
    }
    assert_eq!(rung(&world), None);
    let world = World::in_test_mode();
    let phone = world.phone("Pixel");
    let own = to("http://127.0.0.1:8080/a");
    state_of(world.send(Kind::Delivery, &phone.delivery(1, own, world.now())));
    assert_eq!(rung(&world), Some("http://127.0.0.1:8080/a".to_owned()));
}
