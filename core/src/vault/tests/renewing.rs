//! A new key reaches everything that the old one sealed, and takes nothing away that it need not.

use rusqlite::params;

use super::ways::{Phone, kinds, unlock_by};
use super::*;

#[test]
fn a_lost_device_takes_no_way_with_it_that_is_no_device() {
    let place = Place::with_password(b"pw");
    let phone = Phone::new();
    let mut vault = place.unlock();
    vault
        .add_platform_key(&phone, SlotKind::Platform, NOW)
        .unwrap();
    drop(vault);
    // Unlocked by the phone, the phone stays too.
    let mut vault = unlock_by(&place, &phone).unwrap();
    vault
        .forget_other_devices(LastWay::Keep, Damaged::Refuse, NOW)
        .unwrap();
    assert_eq!(kinds(&vault).len(), 3);
    drop(vault);
    // Unlocked by the recovery code, the password stays and the phone goes.
    let mut vault = place.unlock();
    vault
        .forget_other_devices(LastWay::Keep, Damaged::Refuse, NOW)
        .unwrap();
    let mut left = kinds(&vault);
    left.sort_by_key(|kind| *kind != SlotKind::Password);
    assert_eq!(left, [SlotKind::Password, SlotKind::Recovery]);
    drop(vault);
    assert!(with_password(&place, b"pw").unwrap().findings().is_whole());
}

#[test]
fn wrong_tries_keep_a_guess_waiting_and_no_key_of_a_platform() {
    let place = Place::new();
    let phone = Phone::new();
    let mut vault = place.unlock();
    vault
        .add_platform_key(&phone, SlotKind::Platform, NOW)
        .unwrap();
    drop(vault);
    // Twelve in a row, and the next not before a minute from now.
    let mut tries = 12_u32.to_be_bytes().to_vec();
    tries.extend(NOW.plus(60).0.to_be_bytes());
    place
        .attack()
        .execute("INSERT INTO meta(k, v) VALUES ('plain/tries', ?1)", [tries])
        .unwrap();
    let locked = place.open().unwrap();
    let refused = locked.unlock(&Credential::Recovery(&place.code), NOW);
    let wait = VaultError::Wait { retry_after_s: 60 };
    assert_eq!(refused.unwrap_err().error, wait);
    drop(unlock_by(&place, &phone).unwrap());
    // It was the person: the code is not kept waiting any more either.
    drop(place.unlock());
}

#[test]
fn the_list_of_slots_says_what_a_password_costs_and_whose_keys_are_older() {
    let place = Place::with_password(b"pw");
    let mut vault = place.unlock();
    let listed = |vault: &Vault| {
        let slots = vault.slots().unwrap();
        let row = |slot: &SlotInfo| (slot.kdf, slot.is_in_use, slot.is_stale);
        slots.iter().map(row).collect::<Vec<_>>()
    };
    // The password first, then the recovery code.
    let cost = Some(KdfParams::DEFAULT);
    assert_eq!(listed(&vault), [(cost, false, false), (None, true, false)]);
    vault.renew_key(Damaged::Refuse, NOW).unwrap();
    assert_eq!(listed(&vault), [(cost, false, true), (None, true, false)]);
    drop(vault);
    drop(with_password(&place, b"pw").unwrap());
    assert_eq!(
        listed(&place.unlock()),
        [(cost, false, false), (None, true, false)]
    );
}

/// Changes a byte of a record's ciphertext and leaves its tag, so that the list does not notice.
fn spoil(place: &Place, id: RecordId) {
    let attack = place.attack();
    let mut body: Vec<u8> = attack
        .query_row(
            "SELECT body FROM record WHERE id = ?1",
            [id.bytes()],
            |row| row.get(0),
        )
        .unwrap();
    body[0] ^= 1;
    let set = "UPDATE record SET body = ?2 WHERE id = ?1";
    assert_eq!(attack.execute(set, params![id.bytes(), body]), Ok(1));
}

#[test]
fn the_record_of_the_slot_in_use_may_be_damaged_since_it_is_made_anew() {
    let place = Place::new();
    let mut vault = place.unlock();
    let slot = vault.slots().unwrap()[0].id;
    spoil(&place, slot);
    let renewed = vault.renew_key(Damaged::Refuse, NOW).unwrap();
    assert_eq!(renewed, Rotated::default());
    assert!(vault.findings().is_whole());
    drop(vault);
    assert!(place.unlock().findings().is_whole());
}

#[test]
fn a_renewed_key_has_sealed_each_record_that_it_sealed() {
    let place = Place::new();
    let mut vault = place.unlock();
    // Both times of the same vault: what else is in it lies in the same buckets.
    let mut sealings = |accounts: std::ops::Range<u8>| {
        for n in accounts {
            // All of one bucket.
            let mut id = [7; 16];
            id[15] = n;
            let stored = StoredAccount::new(account("ann"), n.into(), NOW);
            store(&mut vault, RecordId(id), stored).unwrap();
        }
        vault.renew_key(Damaged::Refuse, NOW).unwrap();
        vault.state.manifest.sealings
    };
    let of_ten = sealings(0..10);
    assert_eq!(sealings(10..30) - of_ten, 20);
}

#[test]
fn an_entry_of_the_log_that_does_not_open_is_set_aside_and_no_longer_counted() {
    let place = Place::new();
    let mut vault = place.unlock();
    for text in ["one", "two"] {
        append(&mut vault, text);
    }
    let attack = place.attack();
    let mut body: Vec<u8> = attack
        .query_row("SELECT body FROM log WHERE seq = 1", [], |row| row.get(0))
        .unwrap();
    body[0] ^= 1;
    attack
        .execute("UPDATE log SET body = ?1 WHERE seq = 1", [body])
        .unwrap();
    drop(attack);
    assert_eq!(
        vault.renew_key(Damaged::Refuse, NOW),
        Err(VaultError::UnreadableInTheWay { count: 1 })
    );
    let renewed = vault.renew_key(Damaged::SetAside, NOW).unwrap();
    assert_eq!(renewed.set_aside, 1);
    assert!(vault.findings().is_whole(), "{:?}", vault.findings());
    // The one that is left opens with the new key, and the other is said to be lost.
    let report = vault
        .walk_history::<BadPlace>(|_, _| Ok(()))
        .unwrap()
        .unwrap();
    assert_eq!((report.entries, report.lost), (1, 1));
    drop(vault);
    assert!(place.unlock().findings().is_whole());
}
