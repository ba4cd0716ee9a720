//! Ways to unlock as a shell uses them, and how the vault stands.

use std::cell::Cell;

use super::*;
use crate::vault::{
    Damaged, LastWay, PlatformContext, PlatformKey, PlatformKeyError, Rotated, SlotKind,
};

/// A key of the platform that wraps by adding, and answers what the test says.
struct Phone(Cell<Option<PlatformKeyError>>);

impl Phone {
    const fn new() -> Self {
        Self(Cell::new(None))
    }

    fn answer(&self, context: &PlatformContext, bytes: &[u8]) -> Result<Vec<u8>, PlatformKeyError> {
        match self.0.get() {
            Some(error) => Err(error),
            None => Ok(bytes
                .iter()
                .zip(context.bytes())
                .map(|(byte, pad)| byte ^ pad)
                .collect()),
        }
    }
}

impl PlatformKey for Phone {
    fn wrap(
        &self,
        context: &PlatformContext,
        secret: &Secret,
    ) -> Result<Vec<u8>, PlatformKeyError> {
        self.answer(context, secret.expose())
    }

    fn unwrap(
        &self,
        context: &PlatformContext,
        wrapped: &[u8],
    ) -> Result<Secret, PlatformKeyError> {
        self.answer(context, wrapped).map(Secret::new)
    }
}

#[test]
fn a_platforms_key_unlocks_without_a_word() {
    let (place, mut companion) = Place::new();
    let phone = Phone::new();
    assert!(!place.open().has_platform_key().unwrap());
    let (locked, error) = place
        .open()
        .unlock_with_platform_key(&phone, NOW)
        .unwrap_err();
    assert_eq!(error, VaultError::NoSuchSlot);
    drop(locked);
    companion
        .add_platform_key(&phone, SlotKind::Platform, NOW)
        .unwrap();
    add(&mut companion, totp("ACME", "ann", "1"));
    drop(companion);
    assert!(place.open().has_platform_key().unwrap());
    let companion = place.open().unlock_with_platform_key(&phone, NOW).unwrap();
    assert_eq!(shown(&companion.list(NOW)), ["ann"]);
}

#[test]
fn f14_only_a_key_that_is_gone_for_good_retires_its_slot_and_never_the_last_one() {
    for error in [
        PlatformKeyError::Cancelled,
        PlatformKeyError::LockedOut,
        PlatformKeyError::NotAvailable,
        PlatformKeyError::Invalidated,
    ] {
        let (place, mut companion) = Place::new();
        let phone = Phone::new();
        companion
            .add_platform_key(&phone, SlotKind::Platform, NOW)
            .unwrap();
        drop(companion);
        phone.0.set(Some(error));
        let (locked, refused) = place
            .open()
            .unlock_with_platform_key(&phone, NOW)
            .unwrap_err();
        assert_eq!(refused, VaultError::PlatformKey(error));
        // The slot is there until the vault is unlocked another way.
        assert!(locked.has_platform_key().unwrap());
        let companion = locked
            .unlock(&Credential::Recovery(&place.code), NOW)
            .unwrap();
        let is_retired = error == PlatformKeyError::Invalidated;
        assert_eq!(
            companion.slots().unwrap().len(),
            if is_retired { 1 } else { 2 }
        );
    }
}

#[test]
fn f14_a_key_that_opened_the_vault_is_not_gone_whatever_was_said_of_it_before() {
    let (place, mut companion) = Place::new();
    let phone = Phone::new();
    companion
        .add_platform_key(&phone, SlotKind::Platform, NOW)
        .unwrap();
    drop(companion);
    phone.0.set(Some(PlatformKeyError::Invalidated));
    let (locked, _) = place
        .open()
        .unlock_with_platform_key(&phone, NOW)
        .unwrap_err();
    phone.0.set(None);
    let companion = locked.unlock_with_platform_key(&phone, NOW).unwrap();
    assert_eq!(companion.slots().unwrap().len(), 2);
}

#[test]
fn f14_of_two_keys_the_one_that_is_left_opens_and_the_lost_one_goes() {
    let (place, mut companion) = Place::new();
    /// Has one slot's key and not the other's.
    struct Half(RecordId);
    impl PlatformKey for Half {
        fn wrap(&self, _: &PlatformContext, _: &Secret) -> Result<Vec<u8>, PlatformKeyError> {
            Err(PlatformKeyError::NotAvailable)
        }
        fn unwrap(
            &self,
            context: &PlatformContext,
            wrapped: &[u8],
        ) -> Result<Secret, PlatformKeyError> {
            if context.slot == self.0 {
                return Err(PlatformKeyError::Invalidated);
            }
            Phone::new().unwrap(context, wrapped)
        }
    }
    let phone = Phone::new();
    let ids = [(); 2].map(|()| {
        companion
            .add_platform_key(&phone, SlotKind::Platform, NOW)
            .unwrap()
    });
    drop(companion);
    for lost in ids {
        let copy = Place::copy_of(&place);
        let companion = copy
            .open()
            .unlock_with_platform_key(&Half(lost), NOW)
            .unwrap();
        let left = companion.slots().unwrap();
        // Whichever is asked first: the lost one is retired only when it was asked.
        assert!(left.len() == 3 || !left.iter().any(|slot| slot.id == lost));
        let in_use = left.iter().find(|slot| slot.is_in_use).unwrap();
        assert_ne!(in_use.id, lost);
    }
}

#[test]
fn the_status_counts_what_there_is() {
    let (place, mut companion) = Place::new();
    let id = add(&mut companion, totp("ACME", "ann", "1"));
    add(&mut companion, totp("ACME", "bob", "2"));
    companion.remove(id, NOW).unwrap();
    companion.snapshot(NOW).unwrap();
    let status = companion.status().unwrap();
    assert_eq!(
        (
            status.account_count,
            status.trashed_count,
            status.record_count
        ),
        (1, 1, 3)
    );
    assert_eq!(
        (status.format, status.epoch, status.last_change_at),
        (1, 1, NOW)
    );
    assert_eq!((status.slots.len(), status.snapshots.len()), (1, 1));
    assert!(status.bytes > 0 && !status.cleanup_due && !status.is_read_only);
    assert!(status.findings.is_whole() && status.damaged_copies.is_empty());
    assert_eq!(
        companion.renew_key(Damaged::Refuse, NOW),
        Ok(Rotated::default())
    );
    assert_eq!(companion.status().unwrap().epoch, 2);
    let only = status.slots[0].id;
    assert_eq!(
        companion.remove_slot(only, LastWay::Keep, Damaged::Refuse, NOW),
        Err(VaultError::LastSlot)
    );
    drop(companion);
    assert_eq!(shown(&place.unlock().list(NOW)), ["bob"]);
}
