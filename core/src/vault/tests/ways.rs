//! Ways to unlock: added, removed and renewed, and the rule against losing the last one.

use std::cell::RefCell;

use super::*;

/// A key of a platform, whose answer is set by the test. It counts what it was asked.
pub(super) struct Phone {
    answer: RefCell<Result<(), PlatformKeyError>>,
    asked: RefCell<u32>,
}

impl Phone {
    pub(super) fn new() -> Self {
        Self {
            answer: RefCell::new(Ok(())),
            asked: RefCell::new(0),
        }
    }

    fn answers(&self, answer: Result<(), PlatformKeyError>) {
        *self.answer.borrow_mut() = answer;
    }

    /// No cipher: what counts is that the context has to fit.
    fn mask(context: &PlatformContext, bytes: &[u8]) -> Vec<u8> {
        let pad = context.bytes();
        bytes
            .iter()
            .zip(pad)
            .map(|(byte, pad)| byte ^ pad)
            .collect()
    }
}

impl PlatformKey for Phone {
    fn wrap(
        &self,
        context: &PlatformContext,
        secret: &Secret,
    ) -> Result<Vec<u8>, PlatformKeyError> {
        *self.asked.borrow_mut() += 1;
        self.answer
            .borrow()
            .map(|()| Self::mask(context, secret.expose()))
    }

    fn unwrap(
        &self,
        context: &PlatformContext,
        wrapped: &[u8],
    ) -> Result<Secret, PlatformKeyError> {
        *self.asked.borrow_mut() += 1;
        self.answer
            .borrow()
            .map(|()| Secret::new(Self::mask(context, wrapped)))
    }
}

const FAILURES: [PlatformKeyError; 4] = [
    PlatformKeyError::Cancelled,
    PlatformKeyError::LockedOut,
    PlatformKeyError::Invalidated,
    PlatformKeyError::NotAvailable,
];

pub(super) fn kinds(vault: &Vault) -> Vec<SlotKind> {
    vault
        .slots()
        .unwrap()
        .iter()
        .filter_map(|slot| slot.kind)
        .collect()
}

pub(super) fn unlock_by(place: &Place, phone: &Phone) -> Result<Vault, VaultError> {
    let locked = place.open().unwrap();
    let slot = locked
        .platform_slots()?
        .pop()
        .ok_or(VaultError::NoSuchSlot)?;
    let secret = phone.unwrap(&slot.context, &slot.wrapped)?;
    let credential = Credential::Platform {
        slot: slot.context.slot,
        secret: &secret,
    };
    locked
        .unlock(&credential, NOW)
        .map_err(|refused| refused.error)
}

#[test]
fn a_platforms_key_opens_the_vault_and_is_listed_with_its_times() {
    let (place, phone) = (Place::new(), Phone::new());
    let mut vault = place.unlock();
    add(&mut vault, "ann");
    let id = vault
        .add_platform_key(&phone, SlotKind::Platform, NOW)
        .unwrap();
    assert_eq!(kinds(&vault), [SlotKind::Recovery, SlotKind::Platform]);
    drop(vault);
    let vault = unlock_by(&place, &phone).unwrap();
    assert_eq!(names(&vault), ["ann"]);
    let slots = vault.slots().unwrap();
    let own = slots.iter().find(|slot| slot.id == id).unwrap();
    assert_eq!((own.created_at, own.last_used_at), (Some(NOW), Some(NOW)));
    assert!(own.is_in_use && !own.is_stale);
    assert!(!slots[0].is_in_use);
}

#[test]
fn f14_no_result_but_done_makes_a_slot_and_none_deletes_one() {
    let (place, phone) = (Place::new(), Phone::new());
    for failure in FAILURES {
        phone.answers(Err(failure));
        let mut vault = place.unlock();
        let before = place.bytes();
        let refused = vault.add_platform_key(&phone, SlotKind::Platform, NOW);
        assert_eq!(refused, Err(VaultError::PlatformKey(failure)));
        assert_eq!(kinds(&vault), [SlotKind::Recovery]);
        assert_eq!(place.bytes(), before);
    }
    phone.answers(Ok(()));
    place
        .unlock()
        .add_platform_key(&phone, SlotKind::Platform, NOW)
        .unwrap();
    for failure in FAILURES {
        phone.answers(Err(failure));
        assert_eq!(
            unlock_by(&place, &phone).err(),
            Some(VaultError::PlatformKey(failure))
        );
        assert_eq!(
            kinds(&place.unlock()),
            [SlotKind::Recovery, SlotKind::Platform]
        );
    }
    assert_eq!(*phone.asked.borrow(), 9);
}

#[test]
fn a_wrong_secret_from_the_platform_is_a_damaged_slot_and_no_wrong_try() {
    let (place, phone) = (Place::new(), Phone::new());
    place
        .unlock()
        .add_platform_key(&phone, SlotKind::Platform, NOW)
        .unwrap();
    for secret in [&[0; 32][..], &[0; 31], &[]] {
        for _ in 0..12 {
            let locked = place.open().unwrap();
            let slot = locked.platform_slots().unwrap()[0].context.slot;
            let secret = Secret::copy_of(secret);
            let credential = Credential::Platform {
                slot,
                secret: &secret,
            };
            let refused = locked.unlock(&credential, NOW).unwrap_err().error;
            assert_eq!(refused, VaultError::DamagedSlot);
        }
    }
    // Nobody has to wait for it.
    drop(place.unlock());
}

#[test]
fn there_is_room_for_eight_platforms_one_porch_and_one_of_each_other_kind() {
    let (place, phone) = (Place::with_password(b"pw"), Phone::new());
    let mut vault = place.unlock();
    for _ in 0..8 {
        vault
            .add_platform_key(&phone, SlotKind::Platform, NOW)
            .unwrap();
    }
    assert_eq!(
        vault.add_platform_key(&phone, SlotKind::Platform, NOW),
        Err(VaultError::TooManySlots { max: 8 })
    );
    vault
        .add_platform_key(&phone, SlotKind::Porch, NOW)
        .unwrap();
    assert_eq!(
        vault.add_platform_key(&phone, SlotKind::Porch, NOW),
        Err(VaultError::SlotExists)
    );
    assert_eq!(
        vault.add_platform_key(&phone, SlotKind::Password, NOW),
        Err(VaultError::NoSuchSlot)
    );
    let other = RecoveryCode::generate(&SystemEntropy::new()).unwrap();
    assert_eq!(
        vault.add_recovery_code(&other, NOW),
        Err(VaultError::SlotExists)
    );
    assert_eq!(
        vault.add_password(&Secret::copy_of(b"x"), KdfParams::DEFAULT, NOW),
        Err(VaultError::SlotExists)
    );
    // What the platform gave must fit.
    let place = Place::new();
    let mut vault = place.unlock();
    for bytes in [0, WRAPPED_BYTES_MAX + 1] {
        let new = vault.begin_platform_slot(SlotKind::Platform).unwrap();
        assert_eq!(
            vault.add_platform_slot(new, &vec![1; bytes], NOW),
            Err(VaultError::WrappedTooLong)
        );
    }
    assert_eq!(kinds(&vault), [SlotKind::Recovery]);
    let new = vault.begin_platform_slot(SlotKind::Platform).unwrap();
    assert_eq!(format!("{new:?}"), "NewPlatformSlot([redacted])");
    let longest = vec![1; WRAPPED_BYTES_MAX];
    assert!(vault.add_platform_slot(new, &longest, NOW).is_ok());
}

#[test]
fn the_last_way_that_does_not_depend_on_a_device_stays_unless_the_person_says_so() {
    let (place, phone) = (Place::new(), Phone::new());
    let mut vault = place.unlock();
    let recovery = vault.slots().unwrap()[0].id;
    let remove = |vault: &mut Vault, last| vault.remove_slot(recovery, last, Damaged::Refuse, NOW);
    // Not even a managed device is left without any key.
    assert_eq!(
        remove(&mut vault, LastWay::ManagedDevice),
        Err(VaultError::LastSlot)
    );
    vault
        .add_platform_key(&phone, SlotKind::Platform, NOW)
        .unwrap();
    assert_eq!(remove(&mut vault, LastWay::Keep), Err(VaultError::LastSlot));
    assert_eq!(kinds(&vault).len(), 2);
    remove(&mut vault, LastWay::ManagedDevice).unwrap();
    assert_eq!(kinds(&vault), [SlotKind::Platform]);
    drop(vault);
    assert_eq!(
        place
            .open()
            .unwrap()
            .unlock(&Credential::Recovery(&place.code), NOW)
            .unwrap_err()
            .error,
        VaultError::NoSuchSlot
    );
    // Said once, it holds: the key can be renewed.
    let mut vault = unlock_by(&place, &phone).unwrap();
    vault.renew_key(Damaged::Refuse, NOW).unwrap();
    let only = vault.slots().unwrap()[0].id;
    assert_eq!(
        vault.remove_slot(only, LastWay::ManagedDevice, Damaged::Refuse, NOW),
        Err(VaultError::LastSlot)
    );
    assert_eq!(
        vault.remove_slot(recovery, LastWay::Keep, Damaged::Refuse, NOW),
        Err(VaultError::NoSuchSlot)
    );
}

#[test]
fn a_removed_slot_opens_nothing_that_is_written_afterwards() {
    let (place, phone) = (Place::new(), Phone::new());
    let mut vault = place.unlock();
    let lost = vault
        .add_platform_key(&phone, SlotKind::Platform, NOW)
        .unwrap();
    let stolen = Connection::open(place.path()).unwrap();
    let old: (Vec<u8>, Vec<u8>) = stolen
        .query_row(
            "SELECT params, sealed FROM slot WHERE id = ?1",
            [lost.bytes()],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .unwrap();
    drop(stolen);
    vault
        .forget_other_devices(LastWay::Keep, Damaged::Refuse, NOW)
        .unwrap();
    assert_eq!(kinds(&vault), [SlotKind::Recovery]);
    add(&mut vault, "written after");
    drop(vault);
    assert_eq!(
        unlock_by(&place, &phone).err(),
        Some(VaultError::NoSuchSlot)
    );
    let bytes = place.bytes();
    assert!(!contains(&bytes, &old.0) && !contains(&bytes, &old.1));
    assert_eq!(names(&place.unlock()), ["written after"]);
}

#[test]
fn a_new_recovery_code_takes_the_place_of_the_old_one() {
    let place = Place::with_password(b"pw");
    let mut vault = place.unlock();
    add(&mut vault, "ann");
    let new = RecoveryCode::generate(&SystemEntropy::new()).unwrap();
    vault
        .change_recovery_code(&new, Damaged::Refuse, NOW)
        .unwrap();
    // The vault in hand is opened by the new one now, and goes on.
    add(&mut vault, "bob");
    drop(vault);
    let refused = place
        .open()
        .unwrap()
        .unlock(&Credential::Recovery(&place.code), NOW);
    assert_eq!(refused.unwrap_err().error, VaultError::WrongPassword);
    let vault = place
        .open()
        .unwrap()
        .unlock(&Credential::Recovery(&new), NOW)
        .unwrap();
    assert_eq!(names(&vault), ["ann", "bob"]);
    let password = Secret::copy_of(b"pw");
    let vault = place
        .open()
        .unwrap()
        .unlock(&Credential::Password(&password), NOW)
        .unwrap();
    // The password's slot was not at hand then; its keys are renewed now.
    assert!(vault.slots().unwrap().iter().all(|slot| !slot.is_stale));
}

#[test]
fn damaged_records_stand_in_the_way_of_a_new_key_until_they_may_be_set_aside() {
    let place = Place::with_password(b"first");
    let mut vault = place.unlock();
    let ids = ["ann", "bob", "cid"].map(|name| add(&mut vault, name));
    drop(vault);
    let damage = "UPDATE record SET body = zeroblob(length(body)) WHERE id = ?1";
    place.attack().execute(damage, [ids[1].bytes()]).unwrap();
    let mut vault = place.unlock();
    assert_eq!(
        vault.renew_key(Damaged::Refuse, NOW),
        Err(VaultError::UnreadableInTheWay { count: 1 })
    );
    let rotated = vault.renew_key(Damaged::SetAside, NOW).unwrap();
    assert_eq!(rotated.set_aside, 1);
    assert!(vault.findings().is_whole());
    assert_eq!(names(&vault), ["ann", "cid"]);
    let file = rotated.file.unwrap();
    assert_eq!(
        place.location().damaged_copies().unwrap(),
        std::slice::from_ref(&file)
    );
    let kept: (Vec<u8>, i64) = Connection::open(file)
        .unwrap()
        .query_row("SELECT id, length(body) FROM record", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    assert_eq!(kept, (ids[1].bytes().to_vec(), 272));
    drop(vault);
    assert!(place.unlock().findings().is_whole());
}

#[test]
fn a_slot_whose_record_is_damaged_goes_with_it_when_it_may_be_set_aside() {
    let place = Place::with_password(b"first");
    let vault = place.unlock();
    let password = vault.slots().unwrap()[0].id;
    drop(vault);
    let damage = "UPDATE record SET body = zeroblob(length(body)) WHERE id = ?1";
    place.attack().execute(damage, [password.bytes()]).unwrap();
    let mut vault = place.unlock();
    assert!(matches!(
        vault.renew_key(Damaged::Refuse, NOW),
        Err(VaultError::UnreadableInTheWay { .. })
    ));
    let rotated = vault.renew_key(Damaged::SetAside, NOW).unwrap();
    assert_eq!(rotated.set_aside, 2, "the row and its record");
    assert_eq!(kinds(&vault), [SlotKind::Recovery]);
    assert!(vault.findings().is_whole());
}

#[test]
fn a_key_that_sealed_much_is_renewed_at_the_next_unlock_and_refuses_beyond_its_budget() {
    let place = Place::new();
    let mut vault = place.unlock();
    add(&mut vault, "ann");
    let epoch = vault.key.epoch;
    assert!((5..40).contains(&vault.state.manifest.sealings));
    vault.state.manifest.sealings = 1 << 30;
    add(&mut vault, "bob");
    drop(vault);
    let mut vault = place.unlock();
    assert_eq!(vault.key.epoch, epoch + 1);
    assert!(vault.state.manifest.sealings < 100);
    // Room for a record, its bucket and the manifest, and for nothing more.
    vault.state.manifest.sealings = (1 << 31) - 3;
    let id = vault.accounts().next().unwrap().0;
    rename(&mut vault, id, "the last").unwrap();
    assert_eq!(vault.state.manifest.sealings, 1 << 31);
    // The first to read after a change notes that in the log's index.
    assert_eq!(vault.refresh(), Ok(false));
    let before = place.bytes();
    assert_eq!(
        rename(&mut vault, RecordId([0; 16]), "x"),
        Err(VaultError::NoSuchAccount)
    );
    assert_eq!(rename(&mut vault, id, "x"), Err(VaultError::KeyWornOut));
    assert_eq!(place.bytes(), before);
    vault.renew_key(Damaged::Refuse, NOW).unwrap();
    rename(&mut vault, id, "x").unwrap();
}
