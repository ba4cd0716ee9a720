//! What a program must not do to the slots of a version after it: the file's format is the same for both.

use zeroize::Zeroizing;

use super::attacks::change_password;
use super::*;
use crate::vault::format::Realm;
use crate::vault::keys::{SealingKeys, SlotKeys, VaultKey, hkdf32};
use crate::vault::meta::load_vault_id;
use crate::vault::record::SlotKeyRecord;
use crate::vault::slot::{NewSlot, SlotRow, load_slots};
use crate::vault::slots::{SlotSecret, make_slot, put_slot};
use crate::vault::state::State;
use crate::vault::write::{Covered, Draft, Next, Sealer, apply, begin, finish};

/// The vault key as a reader of one's own finds it with the recovery code.
pub(super) fn vault_key(place: &Place) -> (VaultId, VaultKey, SealingKeys) {
    let db = place.attack();
    let vault = load_vault_id(&db).unwrap();
    let slots = load_slots(&db).unwrap();
    let slot = slots.rows.iter().find(|slot| slot.kind == 2).unwrap();
    let keys = SlotKeys::derive(&place.code.derive_secret(), &slot.nonce);
    let key = slot.open(Realm::current(vault), &keys).unwrap();
    let keys = key.sealing_keys(vault);
    (vault, key, keys)
}

/// Writes as another version of the program would: whole, listed and sealed.
fn by_a_newer_version(
    place: &Place,
    write: impl FnOnce(&Connection, Sealer<'_>, &VaultKey, &State, &mut Draft),
) {
    let (vault, key, keys) = vault_key(place);
    let (db, entropy) = (place.attack(), SystemEntropy::new());
    let state = State::load(&db, Realm::current(vault), &keys, None).unwrap();
    let sealer = Sealer {
        realm: Realm::current(vault),
        keys: &keys,
        epoch: key.epoch,
        entropy: &entropy,
    };
    let next = Next {
        generation: state.version.generation + 1,
        branch: [9; 8],
        stored: None,
        now: NOW,
    };
    let tx = begin(&db).unwrap();
    let mut draft = apply(&tx, sealer, &state, &Change::default()).unwrap();
    write(&tx, sealer, &key, &state, &mut draft);
    let slots = load_slots(&tx).unwrap().rows;
    let covered = Covered {
        slots: &slots,
        meta: state.meta,
    };
    finish(&tx, sealer, draft, &state.manifest, covered, next).unwrap();
    tx.commit().unwrap();
}

#[test]
fn a_rotation_gives_the_porch_slot_its_own_key_and_never_the_vaults() {
    let place = Place::new();
    let secret = SlotSecret {
        id: RecordId([0xee; 16]),
        kind: 4,
        params: vec![7; 100],
        secret: Box::new(Zeroizing::new([5; 32])),
    };
    let porch = |vault: VaultId, key: &VaultKey| {
        let info = format!("countersign/v1/porch/{}", key.epoch);
        hkdf32(vault.bytes(), &**key.key, &[info.as_bytes()])
    };
    by_a_newer_version(&place, |tx, sealer, key, _, draft| {
        let porch_key = VaultKey {
            key: porch(sealer.realm.vault, key),
            epoch: key.epoch,
        };
        let (row, record) = make_slot(sealer, &porch_key, &secret, None, NOW).unwrap();
        put_slot(tx, sealer, draft, &row, &record).unwrap();
    });
    let mut vault = place.unlock();
    assert!(vault.findings().is_whole());
    change_password(&mut vault).unwrap();
    drop(vault);
    let (vault, key, _) = vault_key(&place);
    assert_eq!(key.epoch, 2);
    let slots = load_slots(&place.attack()).unwrap();
    let slot = slots.rows.iter().find(|slot| slot.kind == 4).unwrap();
    let keys = SlotKeys::derive(&secret.secret, &slot.nonce);
    let opened = slot.open(Realm::current(vault), &keys).unwrap();
    assert_ne!(*opened.key, *key.key, "the porch opens the whole vault");
    assert_eq!(*opened.key, *porch(vault, &key));
}

#[test]
fn a_slot_kind_without_a_meaning_gets_no_key_at_all() {
    let place = Place::new();
    let keys = SlotKeys::derive(&[5; 32], &[6; 16]);
    by_a_newer_version(&place, |tx, sealer, key, _, draft| {
        let new = NewSlot {
            id: RecordId([0xee; 16]),
            kind: 5,
            nonce: [6; 16],
            params: vec![],
            public: keys.public(),
        };
        let row = SlotRow::seal(sealer.realm, new, &keys.psk, key, sealer.entropy).unwrap();
        let record = SlotKeyRecord {
            psk: keys.psk.clone(),
            public: keys.public(),
            row_digest: row.digest,
            created_at: NOW,
            nonce_epoch: key.epoch,
            unknown: vec![],
        };
        put_slot(tx, sealer, draft, &row, &record).unwrap();
    });
    let mut vault = place.unlock();
    assert_eq!(change_password(&mut vault), Err(VaultError::DamagedSlot));
    add(&mut vault, "still written");
}

#[test]
fn fields_of_a_slots_record_from_a_newer_version_survive_a_renewal() {
    let place = Place::new();
    let unknown = || {
        vec![
            (77, Secret::copy_of(b"newer")),
            (77, Secret::copy_of(b"twice")),
        ]
    };
    by_a_newer_version(&place, |tx, sealer, _, state, draft| {
        let row = &state.slots.rows[0];
        let known = state.slot_key(row.id).unwrap();
        let record = SlotKeyRecord {
            psk: known.psk.clone(),
            public: known.public,
            row_digest: known.row_digest,
            created_at: known.created_at,
            // Older than the epoch: the next unlock gives the slot a fresh nonce.
            nonce_epoch: 0,
            unknown: unknown(),
        };
        put_slot(tx, sealer, draft, row, &record).unwrap();
    });
    for rotate in [false, true] {
        let mut vault = place.unlock();
        if rotate {
            change_password(&mut vault).unwrap();
        }
        drop(vault);
        let (vault, key, keys) = vault_key(&place);
        let state = State::load(&place.attack(), Realm::current(vault), &keys, None).unwrap();
        let slot = state.slots.rows.iter().find(|slot| slot.kind == 2).unwrap();
        let known = state.slot_key(slot.id).unwrap();
        assert_eq!(known.nonce_epoch, key.epoch);
        assert_eq!(known.unknown, unknown());
    }
}
