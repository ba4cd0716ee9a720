use std::cell::RefCell;

use countersign_core::entropy::{EntropyError, SystemEntropy};
use countersign_core::vault::{PlatformKeyError as Key, RecordId, VaultId};

use super::desk::{Desk, Person, drawer};
use super::*;

/// A source that has run dry.
struct Dry;

impl Entropy for Dry {
    fn fill(&self, _: &mut [u8]) -> Result<(), EntropyError> {
        Err(EntropyError)
    }
}

fn context() -> PlatformContext {
    let entropy = SystemEntropy::new();
    PlatformContext {
        vault: VaultId::generate(&entropy).unwrap(),
        slot: RecordId::generate(&entropy).unwrap(),
    }
}

fn secret() -> Secret {
    Secret::copy_of(&[0x5a; 32])
}

fn wrap_on(desk: &Desk, context: &PlatformContext) -> Result<Vec<u8>, Key> {
    wrap(desk, &SystemEntropy::new(), context, &secret())
}

/// A desk with one wrapped secret.
fn prepared() -> (Desk, PlatformContext, Vec<u8>) {
    let (desk, context) = (Desk::new(), context());
    let wrapped = wrap_on(&desk, &context).unwrap();
    assert_eq!(desk.count(), 1);
    (desk, context, wrapped)
}

#[test]
fn what_was_wrapped_is_unwrapped_and_the_secret_is_not_in_the_keyring() {
    let (desk, context, wrapped) = prepared();
    assert_eq!(unwrap(&desk, &context, &wrapped), Ok(secret()));
    let drawers = desk.drawers.borrow();
    let [(_, attributes, text)] = &drawers[0].items[..] else {
        panic!("one item in the default collection");
    };
    assert_eq!(text.len(), 64);
    assert!(!text.windows(2).any(|pair| pair == [0x5a; 2]));
    let slot = context.slot.to_string();
    assert_eq!(attributes.pairs()[0], ("application", "countersign"));
    assert_eq!(attributes.pairs()[2], ("slot", slot.as_str()));
}

#[test]
fn a_locked_keyring_is_unlocked_by_the_person_or_tells_nothing() {
    let (mut desk, context, wrapped) = prepared();
    for (person, expected) in [
        (Person::Dismisses, Err(Key::Cancelled)),
        (Person::Fails, Err(Key::NotAvailable)),
        (Person::Leaves, Err(Key::NotAvailable)),
        (Person::Unlocks, Ok(secret())),
    ] {
        desk.lock(true);
        desk.person = person;
        assert_eq!(unwrap(&desk, &context, &wrapped), expected);
        // Whatever the result: nothing was made or deleted.
        assert_eq!((desk.count(), desk.made.get()), (1, 1));
    }
    for (person, expected) in [
        (Person::Dismisses, Key::Cancelled),
        (Person::Fails, Key::NotAvailable),
        (Person::Leaves, Key::NotAvailable),
    ] {
        desk.lock(true);
        desk.person = person;
        assert_eq!(wrap_on(&desk, &context), Err(expected));
        assert_eq!(forget(&desk, &context), Err(expected));
        assert_eq!((desk.count(), desk.made.get()), (1, 1));
    }
}

#[test]
fn a_question_without_an_answer_never_means_that_a_key_is_gone() {
    for call in ["default", "is_locked", "search", "read"] {
        let (mut desk, context, wrapped) = prepared();
        desk.silent = vec![call];
        let result = unwrap(&desk, &context, &wrapped);
        assert_eq!(result, Err(Key::NotAvailable), "{call}");
        // The same when there is nothing to be found.
        desk.silent.clear();
        forget(&desk, &context).unwrap();
        desk.silent = vec![call];
        let result = unwrap(&desk, &context, &wrapped);
        let expected = match call {
            "read" => Key::Invalidated,
            _ => Key::NotAvailable,
        };
        assert_eq!(result, Err(expected), "{call}");
        assert_eq!(desk.made.get(), 1, "no key is made because one is gone");
    }
}

#[test]
fn an_unlocked_keyring_without_the_item_says_that_the_key_is_gone() {
    let (desk, context, wrapped) = prepared();
    forget(&desk, &context).unwrap();
    assert_eq!(unwrap(&desk, &context, &wrapped), Err(Key::Invalidated));
    assert_eq!(desk.count(), 0);
}

#[test]
fn another_context_is_another_key() {
    let (desk, _, wrapped) = prepared();
    assert_eq!(
        unwrap(&desk, &self::context(), &wrapped),
        Err(Key::Invalidated)
    );
    // Also where the other slot has a key of its own.
    let other = context();
    wrap_on(&desk, &other).unwrap();
    assert_eq!(unwrap(&desk, &other, &wrapped), Err(Key::Invalidated));
}

#[test]
fn a_keyring_that_locks_while_it_is_searched_tells_nothing() {
    let (mut desk, context, wrapped) = prepared();
    desk.locks_at_search = true;
    assert_eq!(unwrap(&desk, &context, &wrapped), Err(Key::NotAvailable));
}

#[test]
fn another_keyring_tells_nothing() {
    let (mut desk, context, wrapped) = prepared();
    // Another desktop, with an unlocked keyring of its own.
    let mut other = Desk::new();
    other.drawers = RefCell::new(vec![drawer("/kdewallet")]);
    other.default = Some("/kdewallet");
    assert_eq!(unwrap(&other, &context, &wrapped), Err(Key::NotAvailable));
    other.default = None;
    assert_eq!(unwrap(&other, &context, &wrapped), Err(Key::NotAvailable));
    assert_eq!(wrap_on(&other, &context), Err(Key::NotAvailable));
    assert_eq!(other.made.get(), 0);
    // The same keyring with another place for new keys.
    for default in [Some("/session"), None] {
        desk.default = default;
        assert_eq!(unwrap(&desk, &context, &wrapped), Ok(secret()));
    }
}

#[test]
fn an_item_that_does_not_open_is_gone_and_one_that_is_not_read_is_not() {
    let (mut desk, context, _) = prepared();
    let wrapped = wrap_on(&desk, &context).unwrap();
    forget(&desk, &context).unwrap();
    desk.plant(&context, b"no key");
    desk.plant(&context, &[b'0'; 64]);
    desk.plant(&context, b"");
    assert_eq!(unwrap(&desk, &context, &wrapped), Err(Key::Invalidated));
    desk.reading = Err(Denied::NoAnswer);
    assert_eq!(unwrap(&desk, &context, &wrapped), Err(Key::NotAvailable));
    desk.reading = Err(Denied::Dismissed);
    assert_eq!(unwrap(&desk, &context, &wrapped), Err(Key::Cancelled));
}

#[test]
fn more_items_than_are_read_tell_nothing() {
    let (desk, context, wrapped) = prepared();
    forget(&desk, &context).unwrap();
    for _ in 0..=ITEMS_MAX {
        desk.plant(&context, &[b'0'; 64]);
    }
    assert_eq!(unwrap(&desk, &context, &wrapped), Err(Key::NotAvailable));
}

#[test]
fn a_second_key_of_a_slot_replaces_nothing() {
    let (desk, context, first) = prepared();
    let second = wrap_on(&desk, &context).unwrap();
    assert_eq!(desk.count(), 2);
    assert_ne!(first, second);
    assert_eq!(unwrap(&desk, &context, &first), Ok(secret()));
    assert_eq!(unwrap(&desk, &context, &second), Ok(secret()));
}

#[test]
fn a_key_that_cannot_be_read_back_wraps_nothing_and_costs_no_other() {
    let (mut desk, context, wrapped) = prepared();
    desk.swaps = Some(b"something else");
    assert_eq!(wrap_on(&desk, &context), Err(Key::NotAvailable));
    desk.swaps = None;
    desk.reading = Err(Denied::Dismissed);
    assert_eq!(wrap_on(&desk, &context), Err(Key::Cancelled));
    desk.reading = Ok(());
    for call in ["default", "is_locked", "create", "search", "read"] {
        desk.silent = vec![call];
        assert_eq!(wrap_on(&desk, &context), Err(Key::NotAvailable), "{call}");
    }
    desk.silent.clear();
    assert_eq!(desk.count(), 1, "what could not be read back was deleted");
    assert_eq!(unwrap(&desk, &context, &wrapped), Ok(secret()));
}

#[test]
fn without_randomness_nothing_is_wrapped() {
    let (desk, context) = (Desk::new(), context());
    let result = wrap(&desk, &Dry, &context, &secret());
    assert_eq!(result, Err(Key::NotAvailable));
    assert_eq!(desk.count(), 0);
}

#[test]
fn bytes_that_were_never_wrapped_are_judged_without_a_question() {
    let (desk, context, mut wrapped) = prepared();
    let calls = desk.calls.get();
    assert_eq!(unwrap(&desk, &context, &[]), Err(Key::Invalidated));
    assert_eq!(
        unwrap(&desk, &context, &wrapped[..44]),
        Err(Key::Invalidated)
    );
    wrapped[0] = 2;
    assert_eq!(unwrap(&desk, &context, &wrapped), Err(Key::NotAvailable));
    assert_eq!(desk.calls.get(), calls);
}

#[test]
fn damage_to_a_wrapped_secret_makes_its_key_useless() {
    let (desk, context, wrapped) = prepared();
    // From here on it is nonce, secret and tag; before it, the name of a collection that is not there.
    for (at, expected) in [
        (1, Key::NotAvailable),
        (17, Key::Invalidated),
        (76, Key::Invalidated),
    ] {
        let mut bytes = wrapped.clone();
        bytes[at] ^= 1;
        assert_eq!(unwrap(&desk, &context, &bytes), Err(expected), "byte {at}");
    }
    let cut = &wrapped[..wrapped.len() - 1];
    assert_eq!(unwrap(&desk, &context, cut), Err(Key::Invalidated));
}

#[test]
fn forgetting_deletes_this_slots_key_and_no_other() {
    let (mut desk, context, wrapped) = prepared();
    let other = self::context();
    let others = wrap_on(&desk, &other).unwrap();
    for call in ["default", "collections", "is_locked", "search", "delete"] {
        desk.silent = vec![call];
        assert_eq!(forget(&desk, &context), Err(Key::NotAvailable), "{call}");
    }
    desk.silent.clear();
    assert_eq!(unwrap(&desk, &context, &wrapped), Ok(secret()));
    assert_eq!(forget(&desk, &context), Ok(()));
    assert_eq!(
        forget(&desk, &context),
        Ok(()),
        "gone is as good as deleted"
    );
    assert_eq!(unwrap(&desk, &other, &others), Ok(secret()));
}

#[test]
fn forgetting_asks_for_one_password_and_says_what_it_did_not_see() {
    let (mut desk, context, wrapped) = prepared();
    desk.lock(true);
    desk.default = Some("/session");
    assert_eq!(forget(&desk, &context), Err(Key::NotAvailable));
    desk.default = Some("/login");
    assert_eq!(forget(&desk, &context), Ok(()));
    assert_eq!(unwrap(&desk, &context, &wrapped), Err(Key::Invalidated));
}
