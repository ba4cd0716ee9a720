//! Ways to unlock, and what changes them.

use super::*;

fn with_code(place: &Place, code: &RecoveryCode) -> Result<Vault, VaultError> {
    let locked = place.open().unwrap();
    locked
        .unlock(&Credential::Recovery(code), NOW)
        .map_err(|refused| refused.error)
}

#[test]
fn password_and_recovery_code_open_the_same_vault() {
    let place = Place::with_password(b"correct horse");
    let mut vault = with_password(&place, b"correct horse").unwrap();
    add(&mut vault, "ann");
    drop(vault);
    assert_eq!(names(&with_code(&place, &place.code).unwrap()), ["ann"]);
    assert_eq!(
        with_password(&place, b"wrong").err(),
        Some(VaultError::WrongPassword)
    );
    let other = RecoveryCode::generate(&SystemEntropy::new()).unwrap();
    assert_eq!(
        with_code(&place, &other).err(),
        Some(VaultError::WrongPassword)
    );
}

#[test]
fn a_vault_without_a_password_says_so() {
    let place = Place::new();
    assert_eq!(
        with_password(&place, b"x").err(),
        Some(VaultError::NoSuchSlot)
    );
    let locked = place.open().unwrap();
    assert!(!locked.has_slot(SlotKind::Password).unwrap());
    assert!(locked.has_slot(SlotKind::Recovery).unwrap());
}

#[test]
fn a_vault_nobody_could_open_is_not_made() {
    let place = Place::new();
    std::fs::remove_file(place.path()).unwrap();
    let setup = NewVault {
        password: None,
        recovery: None,
        kdf: KdfParams::DEFAULT,
    };
    assert_eq!(place.create(&setup).err(), Some(VaultError::NoWayIn));
    assert!(!place.path().exists());
}

#[test]
fn a_changed_password_locks_out_the_old_one_and_keeps_the_recovery_code() {
    let place = Place::with_password(b"first");
    let mut vault = with_password(&place, b"first").unwrap();
    add(&mut vault, "ann");
    let copy = tempfile::tempdir().unwrap();
    vault
        .change_password(
            &Secret::copy_of(b"second"),
            KdfParams::DEFAULT,
            Damaged::Refuse,
            NOW,
        )
        .unwrap();
    assert_eq!(names(&vault), ["ann"]);
    add(&mut vault, "bob");
    drop(vault);
    std::fs::copy(place.path(), copy.path().join("vault")).unwrap();
    assert_eq!(
        with_password(&place, b"first").err(),
        Some(VaultError::WrongPassword)
    );
    assert_eq!(
        names(&with_password(&place, b"second").unwrap()),
        ["ann", "bob"]
    );
    let vault = with_code(&place, &place.code).unwrap();
    assert!(vault.findings().is_whole());
    assert_eq!(names(&vault), ["ann", "bob"]);
}

#[test]
fn f16_after_a_password_change_nothing_of_the_old_slot_or_bodies_is_in_any_file() {
    let place = Place::with_password(b"first");
    let mut vault = with_code(&place, &place.code).unwrap();
    let id = add(&mut vault, "ann");
    let attack = place.attack();
    let old: Vec<Vec<u8>> = [
        "SELECT params FROM slot WHERE kind = 1",
        "SELECT sealed FROM slot WHERE kind = 1",
        "SELECT sealed FROM slot WHERE kind = 2",
        "SELECT nonce FROM slot WHERE kind = 2",
    ]
    .iter()
    .map(|query| attack.query_row(query, [], |row| row.get(0)).unwrap())
    .chain([attack
        .query_row(
            "SELECT body FROM record WHERE id = ?1",
            [id.bytes()],
            |row| row.get(0),
        )
        .unwrap()])
    .collect();
    drop(attack);
    assert!(old.iter().all(|bytes| contains(&place.bytes(), bytes)));
    vault
        .change_password(
            &Secret::copy_of(b"second"),
            KdfParams::DEFAULT,
            Damaged::Refuse,
            NOW,
        )
        .unwrap();
    // The salt is the last 16 bytes of the parameters: cost numbers may be the same.
    let gone = |bytes: &[u8]| !contains(&place.bytes(), &bytes[bytes.len().saturating_sub(16)..]);
    assert!(old.iter().all(|bytes| gone(bytes)));
    drop(vault);
    assert!(old.iter().all(|bytes| gone(bytes)));
}

#[test]
fn a_handle_from_before_a_rotation_is_locked() {
    let place = Place::with_password(b"first");
    let mut before = with_code(&place, &place.code).unwrap();
    let mut vault = with_code(&place, &place.code).unwrap();
    vault
        .change_password(
            &Secret::copy_of(b"second"),
            KdfParams::DEFAULT,
            Damaged::Refuse,
            NOW,
        )
        .unwrap();
    assert_eq!(before.refresh(), Err(VaultError::Locked));
    assert_eq!(before.change(NOW, |_, _| Ok(())), Err(VaultError::Locked));
    let locked = before.lock();
    assert!(
        locked
            .unlock(&Credential::Recovery(&place.code), NOW)
            .is_ok()
    );
}

#[test]
fn a_slot_whose_secret_was_not_at_hand_is_renewed_at_its_next_unlock() {
    let place = Place::with_password(b"first");
    let nonce = |place: &Place| -> Vec<u8> {
        place
            .attack()
            .query_row("SELECT nonce FROM slot WHERE kind = 2", [], |row| {
                row.get(0)
            })
            .unwrap()
    };
    let before = nonce(&place);
    let mut vault = with_password(&place, b"first").unwrap();
    vault
        .change_password(
            &Secret::copy_of(b"second"),
            KdfParams::DEFAULT,
            Damaged::Refuse,
            NOW,
        )
        .unwrap();
    drop(vault);
    assert_eq!(nonce(&place), before);
    let vault = with_code(&place, &place.code).unwrap();
    assert!(vault.findings().is_whole());
    drop(vault);
    let renewed = nonce(&place);
    assert_ne!(renewed, before);
    drop(with_code(&place, &place.code).unwrap());
    assert_eq!(nonce(&place), renewed);
}

#[test]
fn a_damaged_record_stands_in_the_way_of_a_new_password() {
    let place = Place::with_password(b"first");
    let mut vault = with_code(&place, &place.code).unwrap();
    let id = add(&mut vault, "ann");
    drop(vault);
    place
        .attack()
        .execute(
            "UPDATE record SET body = zeroblob(272) WHERE id = ?1",
            [id.bytes()],
        )
        .unwrap();
    let mut vault = with_code(&place, &place.code).unwrap();
    let refused = vault.change_password(
        &Secret::copy_of(b"second"),
        KdfParams::DEFAULT,
        Damaged::Refuse,
        NOW,
    );
    assert_eq!(refused, Err(VaultError::UnreadableInTheWay { count: 1 }));
    drop(vault);
    assert!(with_password(&place, b"first").is_ok());
}

#[test]
fn k1_the_eleventh_wrong_try_waits_also_after_a_restart() {
    let place = Place::new();
    let wrong = RecoveryCode::generate(&SystemEntropy::new()).unwrap();
    for _ in 0..10 {
        assert_eq!(
            with_code(&place, &wrong).err(),
            Some(VaultError::WrongPassword)
        );
    }
    let refused = with_code(&place, &wrong).err();
    assert_eq!(refused, Some(VaultError::Wait { retry_after_s: 30 }));
    assert_eq!(with_code(&place, &place.code).err(), refused);
    let locked = place.open().unwrap();
    let later = UnixSeconds(NOW.0 + 30);
    drop(
        locked
            .unlock(&Credential::Recovery(&place.code), later)
            .unwrap(),
    );
    assert!(with_code(&place, &place.code).is_ok());
}

#[test]
fn f6_with_a_slot_planted_or_removed_the_vault_is_tampered_and_accepting_does_not_take_it_over() {
    let place = Place::with_password(b"first");
    let attack = place.attack();
    attack
        .execute("DELETE FROM slot WHERE kind = 1", [])
        .unwrap();
    attack
        .execute(
            "INSERT INTO slot SELECT zeroblob(16), 1, epoch, nonce, zeroblob(28), public, sealed, digest FROM slot",
            [],
        )
        .unwrap();
    drop(attack);
    let mut vault = with_code(&place, &place.code).unwrap();
    let changes: Vec<SlotChange> = vault
        .findings()
        .slots
        .iter()
        .map(|finding| finding.change)
        .collect();
    assert_eq!(changes, [SlotChange::Added, SlotChange::Missing]);
    assert_eq!(vault.change(NOW, |_, _| Ok(())), Err(VaultError::Tampered));
    vault.accept(NOW).unwrap();
    assert!(vault.findings().is_whole());
    drop(vault);
    let count: i64 = place
        .attack()
        .query_row("SELECT count(*) FROM slot", [], |row| row.get(0))
        .unwrap();
    assert_eq!(count, 1);
    assert!(
        with_code(&place, &place.code)
            .unwrap()
            .findings()
            .is_whole()
    );
}

#[test]
fn f7_huge_kdf_parameters_in_a_slot_are_refused_without_being_used() {
    let place = Place::with_password(b"first");
    let attack = place.attack();
    attack
        .execute(
            "UPDATE slot SET params = CAST(x'ffffffff80000000ff000000' || zeroblob(16) AS BLOB) WHERE kind = 1",
            [],
        )
        .unwrap();
    assert_eq!(
        with_password(&place, b"first").err(),
        Some(VaultError::DamagedSlot)
    );
    // The other way in is not affected.
    assert!(with_code(&place, &place.code).is_ok());
}
