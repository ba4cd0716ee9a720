//! Flipped bits and cut files (F1, F2): no wrong key comes back, and nearly every account does.

use super::salvaging::{PAGE, count, examine, overwrite, with_accounts, with_changes_in_the_log};
use super::*;

/// How many accounts can be read, at once or by salvage, of which none may have another key than it had.
fn readable(copy: &Place, keys: &HashMap<RecordId, Vec<u8>>) -> usize {
    let is_right = |vault: &Vault| {
        for (id, stored) in vault.accounts() {
            assert_eq!(stored.account.otp.key().expose(), keys[&id], "a wrong key");
        }
        vault.accounts().count()
    };
    let opened = copy.open().and_then(|locked| {
        let unlocked = locked.unlock(&Credential::Recovery(&copy.code), NOW);
        unlocked.map_err(|refused| refused.error)
    });
    let at_once = opened.as_ref().map_or(0, is_right);
    drop(opened);
    let location = copy.location();
    let by_salvage =
        examine(copy, &location).map_or(0, |salvage| count(salvage.report().recovered));
    at_once.max(by_salvage)
}

fn keys_of(place: &Place) -> HashMap<RecordId, Vec<u8>> {
    let vault = place.unlock();
    vault
        .accounts()
        .map(|(id, stored)| (id, stored.account.otp.key().expose().to_vec()))
        .collect()
}

/// Of so many flips so many leave all other accounts readable: at least 95 of 100 (F1).
fn nearly_all(what: &str, good: usize, flips: usize) {
    println!("{what}: {good} of {flips} flips leave all other accounts readable");
    assert!(good * 100 >= flips * 95, "{what}: {good} of {flips}");
}

#[test]
fn f1_whatever_bit_of_the_file_is_flipped_no_wrong_key_comes_back_and_nearly_all_accounts_do() {
    let (place, ids) = with_accounts(50);
    let keys = keys_of(&place);
    let whole = std::fs::read(place.path()).unwrap();
    let (mut flips, mut good) = (0, 0);
    // Every part of the file, each bit of a byte in turn.
    for (n, at) in (0..whole.len()).step_by(263).enumerate() {
        let copy = Place::copy_of(&place);
        overwrite(&copy, at, &[whole[at] ^ (1 << (n % 8))]);
        flips += 1;
        good += usize::from(readable(&copy, &keys) >= ids.len() - 1);
    }
    nearly_all("file", good, flips);
}

#[test]
fn f1_whatever_bit_of_the_log_is_flipped_no_change_is_silently_lost() {
    let (place, _) = with_accounts(5);
    let log = with_changes_in_the_log(&place, |vault| {
        for n in 0..5 {
            add(vault, &format!("in the log {n}"));
        }
    });
    let (file, whole) = (
        std::fs::read(place.path()).unwrap(),
        std::fs::read(&log).unwrap(),
    );
    let keys = {
        let copy = Place::copy_of(&place);
        std::fs::write(copy.location().log(), &whole).unwrap();
        keys_of(&copy)
    };
    let (mut flips, mut good) = (0, 0);
    for (n, at) in (0..whole.len()).step_by(911).enumerate() {
        let copy = Place::copy_of(&place);
        std::fs::write(copy.path(), &file).unwrap();
        let mut bent = whole.clone();
        bent[at] ^= 1 << (n % 8);
        std::fs::write(copy.location().log(), bent).unwrap();
        flips += 1;
        good += usize::from(readable(&copy, &keys) >= 9);
    }
    nearly_all("log", good, flips);
}

#[test]
fn f2_a_file_that_is_cut_anywhere_gives_every_record_of_its_whole_pages() {
    let (place, _) = with_accounts(50);
    let keys = keys_of(&place);
    let whole = std::fs::read(place.path()).unwrap();
    let mut last = 0;
    for length in (0..whole.len()).step_by(PAGE / 4 + 7) {
        let copy = Place::copy_of(&place);
        std::fs::write(copy.path(), &whole[..length]).unwrap();
        if length < whole.len() {
            let opened = copy.open().map(|_| ());
            assert!(
                opened.is_err() || length + PAGE > whole.len(),
                "{length} bytes opened"
            );
        }
        let found = readable(&copy, &keys);
        // More of the file never gives fewer accounts, but for the one that is cut.
        assert!(found + 1 >= last, "{length}: {found} after {last}");
        last = found.max(last);
    }
    assert!(last >= 38, "{last}");
}
