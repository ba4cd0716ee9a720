//! What a device holds and asks after is in its state as long as it is open, however much else is.

use crate::phone::approve;
use crate::world::World;
use countersign_protocol::message::{LISTED_MAX, Outcome};

#[test]
fn r11_a_sign_in_scanned_behind_five_bombs_is_open_for_the_device_that_scanned_it() {
    let world = World::new();
    let phone = world.phone("Pixel");
    let bombs: Vec<_> = (0..LISTED_MAX).map(|_| world.ask()).collect();
    let real = world.ask();
    assert!(bombs.iter().all(|bomb| bomb.is_listed) && !real.is_listed);
    // It is on the page alone, and nobody is told of it who did not scan it.
    assert_eq!(world.fetch(&phone).statements.len(), LISTED_MAX);
    let mut open: Vec<_> = bombs.iter().map(|bomb| bomb.id).collect();
    open.push(real.id);
    let state = world.fetch_as(&phone, |fetch| fetch.open = open);
    assert_eq!(state.statements.len(), LISTED_MAX + 1);
    assert!(state.statements.contains(&real.message));
    assert!(state.closed.is_empty());
    let receipt = world.answer(&phone, &real.message, approve(&real.number));
    assert_eq!(receipt.outcome, Outcome::Approved);
}
