//! The porch: open while the vault is locked, and no way into it.

use super::*;
use crate::vault::slots::SlotSecret;

/// A vault with a porch, and the secret that the platform would unwrap.
pub(super) fn with_porch() -> (Place, Secret) {
    let place = Place::new();
    let mut vault = place.unlock();
    add(&mut vault, "ann");
    let new = vault.begin_platform_slot(SlotKind::Porch).unwrap();
    let secret = new.secret();
    vault.add_platform_slot(new, b"wrapped", NOW).unwrap();
    (place, secret)
}

pub(super) fn entry(issuer: &[u8]) -> PorchEntry {
    let mut entry = PorchEntry::default();
    entry.put(PorchField::Issuer, issuer);
    entry
}

fn put(porch: &Porch<'_>, id: RecordId, issuer: &[u8]) -> Result<(), VaultError> {
    porch.change(id, |_, change| {
        change.put(entry(issuer));
        Ok(())
    })
}

#[test]
fn the_porch_is_read_and_written_while_the_vault_is_locked() {
    let (place, secret) = with_porch();
    let locked = place.open().unwrap();
    assert_eq!(locked.porch_slot().unwrap().unwrap().wrapped, b"wrapped");
    let porch = locked.open_porch(&secret).unwrap();
    let (first, second) = (RecordId([1; 16]), RecordId([2; 16]));
    put(&porch, first, b"ACME").unwrap();
    put(&porch, second, b"Bank").unwrap();
    put(&porch, first, b"ACME 2").unwrap();
    let removed = porch.change(second, |entry, change| {
        change.remove();
        Ok(entry)
    });
    assert_eq!(removed, Ok(Some(entry(b"Bank"))));
    assert_eq!(porch.entries().unwrap(), [(first, entry(b"ACME 2"))]);
    drop(locked);
    // The vault does not mind, and a new key takes the porch along.
    let mut vault = place.unlock();
    assert!(vault.findings().is_whole());
    vault.renew_key(Damaged::Refuse, NOW).unwrap();
    drop(vault);
    let locked = place.open().unwrap();
    let porch = locked.open_porch(&secret).unwrap();
    assert_eq!(porch.entries().unwrap(), [(first, entry(b"ACME 2"))]);
    assert!(!contains(&place.bytes(), b"ACME 2"));
}

#[test]
fn the_porchs_secret_opens_no_account() {
    let (place, secret) = with_porch();
    let locked = place.open().unwrap();
    let slot = locked.porch_slot().unwrap().unwrap().context.slot;
    let credential = Credential::Platform {
        slot,
        secret: &secret,
    };
    let refused = locked.unlock(&credential, NOW).unwrap_err();
    assert_eq!(refused.error, VaultError::NoSuchSlot);
}

#[test]
fn a_shut_porch_and_a_wrong_secret_are_named() {
    let place = Place::new();
    let locked = place.open().unwrap();
    assert!(locked.porch_slot().unwrap().is_none());
    let secret = Secret::copy_of(&[1; 32]);
    assert_eq!(
        locked.open_porch(&secret).err(),
        Some(VaultError::NoSuchSlot)
    );
    let (place, _) = with_porch();
    let locked = place.open().unwrap();
    for wrong in [&[1; 32][..], &[1; 31], &[]] {
        let refused = locked.open_porch(&Secret::copy_of(wrong)).err();
        assert_eq!(refused, Some(VaultError::DamagedSlot));
    }
}

#[test]
fn an_entry_that_was_moved_or_bent_is_passed_over() {
    let (place, secret) = with_porch();
    let locked = place.open().unwrap();
    let porch = locked.open_porch(&secret).unwrap();
    for id in 1..=3 {
        put(&porch, RecordId([id; 16]), b"ACME").unwrap();
    }
    let attack = place.attack();
    attack
        .execute(
            "UPDATE porch SET body = zeroblob(length(body)) WHERE id = ?1",
            [[1_u8; 16]],
        )
        .unwrap();
    attack
        .execute(
            "UPDATE porch SET id = ?2 WHERE id = ?1",
            [[2_u8; 16], [9_u8; 16]],
        )
        .unwrap();
    let ids: Vec<RecordId> = porch
        .entries()
        .unwrap()
        .into_iter()
        .map(|(id, _)| id)
        .collect();
    assert_eq!(ids, [RecordId([3; 16])]);
}

#[test]
fn shutting_the_porch_takes_its_way_in_away() {
    let (place, secret) = with_porch();
    let mut vault = place.unlock();
    let slots = vault.slots().unwrap();
    let porch = slots
        .iter()
        .find(|slot| slot.kind == Some(SlotKind::Porch))
        .unwrap();
    vault
        .remove_slot(porch.id, LastWay::Keep, Damaged::Refuse, NOW)
        .unwrap();
    drop(vault);
    assert_eq!(
        place.open().unwrap().open_porch(&secret).err(),
        Some(VaultError::NoSuchSlot)
    );
    // The secret was random and is nowhere in the files.
    let own = SlotSecret::for_platform(SlotKind::Porch, &SystemEntropy::new()).unwrap();
    assert!(!contains(&place.bytes(), &**own.secret) && !contains(&place.bytes(), secret.expose()));
}
