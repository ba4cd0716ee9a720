//! Whose account it is: a label that a message could not say is refused where it is given, and not where it is needed.

use countersign_protocol::hash::Id;
use countersign_protocol::message::{Standing, URL_BYTES_MAX};
use countersign_verifier::person::LabelError;
use countersign_verifier::rules::Rules;
use countersign_verifier::step::Rename;
use countersign_verifier::store::MemoryStore;
use countersign_verifier::{Person, VerifierError};

use crate::phone::Phone;
use crate::world::{World, setup};

#[test]
fn a_label_that_no_test_of_a_device_could_say_is_refused_where_it_is_given() {
    let world = World::new();
    for (label, error) in [
        (String::new(), LabelError::Length),
        ("a".repeat(97), LabelError::Length),
        ("\"".repeat(49), LabelError::Escaped),
        ("\u{1}".repeat(96), LabelError::Escaped),
    ] {
        let added = world.verifier.add_person(&label, world.now());
        assert_eq!(added, Err(VerifierError::Label(error)));
        let account = Id::from_bytes([1; 16]);
        assert_eq!(Person::new(account, &label).err(), Some(error));
        assert_eq!(world.take(&Rename { label }), Err(error));
    }
    assert_eq!(world.person().label(), "ann@example.org");
}

#[test]
fn with_the_widest_label_under_the_widest_rules_a_device_still_gets_its_test() {
    // Sixteen controls are 96 bytes in JSON, and an issuer's first 64 are the application of a test.
    let label = "\u{1}".repeat(16);
    let path = "p".repeat(URL_BYTES_MAX - "https://".len() - 97);
    let host = format!("{}.{}.example", "a".repeat(44), "b".repeat(43));
    let url = format!("https://{host}/{path}");
    assert_eq!((host.len(), url.len()), (96, URL_BYTES_MAX));
    let rules = Rules::new(&url, &"\u{1}".repeat(96));
    let world = World::over(MemoryStore::default(), setup(rules));
    world.take(&Rename { label }).unwrap();
    let phone = Phone::at("Pixel", &url);
    world.activate(&phone, &world.invite());
    assert_eq!(world.fetch(&phone).standing, Standing::Active);
}
