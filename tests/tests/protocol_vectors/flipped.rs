//! No byte of a message can be changed.

use countersign_protocol::kind::Kind;
use countersign_tests::messages::{Case, Keys, accepted};

/// Every single bit that keeps a message ASCII; another is no text, and no message.
const BITS: [u8; 7] = [1, 2, 4, 8, 16, 32, 64];
/// Longer ones are mostly one long text.
const BYTES_MAX: usize = 2_000;

#[test]
fn each_byte_of_each_message_flipped_is_refused() {
    let keys = Keys::load();
    let mut flipped = 0_u32;
    let mut whole = Vec::new();
    for (kind, case) in accepted() {
        let compact = case["compact"].as_str().unwrap();
        if compact.len() > BYTES_MAX {
            continue;
        }
        let first_of_kind = !whole.contains(&kind);
        whole.push(kind);
        let case = Case::of(kind, &case, &keys);
        assert!(case.read(compact).is_ok());
        for at in 0..compact.len() {
            // One message of each kind with every bit, the others with two.
            let others = [BITS[at % BITS.len()], 0x7f];
            let masks = if first_of_kind {
                &BITS[..]
            } else {
                &others[..]
            };
            for mask in masks {
                let mut bytes = compact.as_bytes().to_vec();
                bytes[at] ^= mask;
                let bent = String::from_utf8(bytes).unwrap();
                assert!(
                    case.read(&bent).is_err(),
                    "byte {at} with {mask:#x} of {compact}"
                );
                flipped += 1;
            }
        }
    }
    assert!(Kind::ALL.iter().all(|kind| whole.contains(kind)));
    assert!(flipped > 100_000, "{flipped}");
}

#[test]
fn a_message_cut_or_continued_anywhere_is_refused() {
    let keys = Keys::load();
    for (kind, case) in accepted() {
        let compact = case["compact"].as_str().unwrap();
        if compact.len() > BYTES_MAX {
            continue;
        }
        let case = Case::of(kind, &case, &keys);
        for length in 0..compact.len() {
            assert!(
                case.read(compact.get(..length).unwrap()).is_err(),
                "{length} of {compact}"
            );
        }
        for more in ["A", "AA", "AAAA", ".", "=", "\n", " "] {
            assert!(case.read(&format!("{compact}{more}")).is_err());
            assert!(case.read(&format!("{more}{compact}")).is_err());
        }
    }
}

#[test]
fn no_message_is_taken_for_one_of_another_kind() {
    let keys = Keys::load();
    for (kind, case) in accepted() {
        let compact = case["compact"].as_str().unwrap();
        for other in Kind::ALL.into_iter().filter(|other| *other != kind) {
            assert!(Case::of(other, &case, &keys).read(compact).is_err());
        }
    }
}
