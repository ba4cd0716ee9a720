//! A password whose key is derived apart from the vault.

use super::ways::kinds;
use super::*;

fn secret(text: &str) -> Secret {
    Secret::copy_of(text.as_bytes())
}

fn derived(place: &Place, password: &str) -> DerivedPassword {
    let trial = place.open().unwrap().begin_password(NOW).unwrap();
    trial.derive(&secret(password))
}

fn refusal(place: &Place, derived: &DerivedPassword) -> VaultError {
    let locked = place.open().unwrap();
    locked
        .unlock(&Credential::Derived(derived), NOW)
        .unwrap_err()
        .error
}

#[test]
fn what_was_derived_apart_unlocks_and_a_wrong_password_is_counted() {
    let place = Place::with_password(b"right");
    let (right, wrong) = (derived(&place, "right"), derived(&place, "wrong"));
    for _ in 0..10 {
        assert_eq!(refusal(&place, &wrong), VaultError::WrongPassword);
    }
    let waits = VaultError::Wait { retry_after_s: 30 };
    // What was derived before the wait began does not get around it.
    assert_eq!(refusal(&place, &right), waits);
    assert_eq!(
        place.open().unwrap().begin_password(NOW).unwrap_err(),
        waits
    );
    let locked = place.open().unwrap();
    let vault = locked
        .unlock(&Credential::Derived(&right), NOW.plus(30))
        .unwrap();
    assert!(vault.slots().unwrap().iter().any(|slot| slot.is_in_use));
    drop(vault);
    // The wrong tries are forgotten with the right one.
    place.open().unwrap().begin_password(NOW).unwrap();
}

#[test]
fn a_password_that_was_changed_meanwhile_is_no_wrong_try() {
    let place = Place::with_password(b"old");
    let old = derived(&place, "old");
    let mut vault = place.unlock();
    vault
        .change_password(&secret("new"), KdfParams::DEFAULT, Damaged::Refuse, NOW)
        .unwrap();
    drop(vault);
    for _ in 0..11 {
        assert_eq!(refusal(&place, &old), VaultError::Locked);
    }
    let new = derived(&place, "new");
    assert!(
        place
            .open()
            .unwrap()
            .unlock(&Credential::Derived(&new), NOW)
            .is_ok()
    );
}

#[test]
fn a_key_that_was_renewed_meanwhile_is_opened_by_what_was_derived() {
    let place = Place::with_password(b"right");
    let right = derived(&place, "right");
    place.unlock().renew_key(Damaged::Refuse, NOW).unwrap();
    let locked = place.open().unwrap();
    assert!(locked.unlock(&Credential::Derived(&right), NOW).is_ok());
}

#[test]
fn a_slot_that_somebody_planted_beside_it_does_not_hide_it() {
    let place = Place::with_password(b"right");
    let other = Place::with_password(b"another");
    // Of another vault, so that it does not hold together here; and one that does, with another key.
    let planted = place.attack();
    let attach = format!("ATTACH '{}' AS other", other.path().display());
    planted.execute(&attach, []).unwrap();
    planted
        .execute(
            "INSERT INTO slot SELECT * FROM other.slot WHERE kind = 1",
            [],
        )
        .unwrap();
    drop(planted);
    let locked = place.open().unwrap();
    let right = derived(&place, "right");
    assert!(locked.unlock(&Credential::Derived(&right), NOW).is_ok());
}

#[test]
fn what_was_derived_for_one_vault_is_nothing_for_another() {
    let (here, there) = (Place::with_password(b"same"), Place::with_password(b"same"));
    assert_eq!(refusal(&there, &derived(&here, "same")), VaultError::Locked);
}

#[test]
fn what_is_no_password_is_said_when_it_is_tried_and_is_no_wrong_try() {
    let place = Place::with_password(b"right");
    let trial = place.open().unwrap().begin_password(NOW).unwrap();
    let not_text = trial.clone().derive(&Secret::copy_of(&[0xff]));
    let empty = trial.derive(&secret(""));
    for _ in 0..11 {
        assert_eq!(refusal(&place, &not_text), VaultError::PasswordNotText);
        assert_eq!(refusal(&place, &empty), VaultError::PasswordEmpty);
    }
}

#[test]
fn without_a_password_there_is_nothing_to_begin() {
    let place = Place::new();
    assert_eq!(
        place.open().unwrap().begin_password(NOW).unwrap_err(),
        VaultError::NoSuchSlot
    );
    let connection = Connection::open(place.path()).unwrap();
    connection.execute("UPDATE slot SET kind = 1", []).unwrap();
    drop(connection);
    assert_eq!(
        place.open().unwrap().begin_password(NOW).unwrap_err(),
        VaultError::DamagedSlot
    );
}

#[test]
fn a_password_derived_apart_is_added_once_and_changed_later() {
    let place = Place::new();
    let make = |text: &str| {
        NewPassword::derive(&secret(text), KdfParams::DEFAULT, &SystemEntropy::new()).unwrap()
    };
    let mut vault = place.unlock();
    vault.begin_add_password().unwrap();
    let (first, second) = (make("first"), make("second"));
    let id = vault.put_password(first, NOW).unwrap();
    assert!(kinds(&vault).contains(&SlotKind::Password));
    // Somebody else was faster, and that password stays.
    assert_eq!(vault.begin_add_password(), Err(VaultError::SlotExists));
    assert_eq!(
        vault.put_password(make("second"), NOW),
        Err(VaultError::SlotExists)
    );
    assert!(vault.slots().unwrap().iter().any(|slot| slot.id == id));
    vault.begin_change_password().unwrap();
    vault.set_password(second, Damaged::Refuse, NOW).unwrap();
    drop(vault);
    assert_eq!(
        refusal(&place, &derived(&place, "first")),
        VaultError::WrongPassword
    );
    let second = derived(&place, "second");
    let locked = place.open().unwrap();
    assert!(locked.unlock(&Credential::Derived(&second), NOW).is_ok());
}

#[test]
fn what_is_no_new_password_is_refused_before_the_vault_hears_of_it() {
    let weak = KdfParams {
        passes: 2,
        ..KdfParams::DEFAULT
    };
    let entropy = SystemEntropy::new();
    for (password, kdf, error) in [
        (secret("x"), weak, VaultError::KdfOutOfBounds),
        (secret(""), KdfParams::DEFAULT, VaultError::PasswordEmpty),
        (
            Secret::copy_of(&[0xff]),
            KdfParams::DEFAULT,
            VaultError::PasswordNotText,
        ),
    ] {
        let refused = NewPassword::derive(&password, kdf, &entropy);
        assert_eq!(refused.unwrap_err(), error);
    }
}

#[test]
fn what_was_derived_is_redacted() {
    let place = Place::with_password(b"right");
    let shown = format!("{:?}", derived(&place, "right"));
    assert_eq!(shown, "DerivedPassword([redacted])");
    let new = NewPassword::derive(&secret("x"), KdfParams::DEFAULT, &SystemEntropy::new());
    assert_eq!(format!("{:?}", new.unwrap()), "NewPassword([redacted])");
}
