//! What an attacker does to a vault that is open, to its log, and to the one way out of tampering.

use super::faults::with_log;
use super::*;
use crate::vault::format::Realm;
use crate::vault::keys::{SlotKeys, VaultKey};
use crate::vault::slot::{NewSlot, SlotRow, load_slots};

pub(super) fn change_password(vault: &mut Vault) -> Result<(), VaultError> {
    vault
        .change_password(
            &Secret::copy_of(b"another"),
            KdfParams::DEFAULT,
            Damaged::Refuse,
            NOW,
        )
        .map(|_| ())
}

#[test]
fn whatever_column_is_set_accepting_is_a_way_out() {
    for attack in [
        "UPDATE manifest SET epoch = 7",
        "UPDATE manifest SET epoch = 4294967295, gen = 1",
        "UPDATE manifest SET gen = 9223372036854775807",
        "DELETE FROM manifest",
        "UPDATE bucket SET rev = 9223372036854775807",
        "UPDATE bucket SET epoch = 4294967295",
        "INSERT INTO record SELECT zeroblob(16), kind, 9223372036854775807, epoch, nonce, body FROM record LIMIT 1",
    ] {
        let place = Place::new();
        let id = add(&mut place.unlock(), "ann");
        place.attack().execute_batch(attack).unwrap();
        let mut vault = place.unlock();
        assert_eq!(
            rename(&mut vault, id, "bob"),
            Err(VaultError::Tampered),
            "{attack}"
        );
        assert!(vault.accept(NOW).is_ok(), "{attack}");
        rename(&mut vault, id, "bob").unwrap();
        drop(vault);
        let vault = place.unlock();
        assert_eq!(vault.findings().write_error(), None, "{attack}");
        assert_eq!(names(&vault), ["bob"], "{attack}");
    }
}

#[test]
fn f6_a_slot_planted_before_the_owners_does_not_keep_the_owner_out() {
    let place = Place::new();
    let entropy = SystemEntropy::new();
    let realm = Realm::current(place.unlock().id());
    let attackers = SlotKeys::derive(&[1; 32], &[2; 16]);
    let new = |id| NewSlot {
        id: RecordId([id; 16]),
        kind: 2,
        nonce: [2; 16],
        params: vec![],
        public: attackers.public(),
    };
    let key = VaultKey::generate(&entropy, 1).unwrap();
    let planted = SlotRow::seal(realm, new(0), &attackers.psk, &key, &entropy).unwrap();
    let mut damaged = SlotRow::seal(realm, new(1), &attackers.psk, &key, &entropy).unwrap();
    damaged.digest = [0; 32];
    for row in [planted, damaged] {
        row.insert(&place.attack()).unwrap();
    }
    let mut vault = place.unlock();
    assert_eq!(vault.findings().slots.len(), 2);
    assert_eq!(vault.change(NOW, |_, _| Ok(())), Err(VaultError::Tampered));
    vault.accept(NOW).unwrap();
    drop(vault);
    assert_eq!(load_slots(&place.attack()).unwrap().rows.len(), 1);
    assert!(place.unlock().findings().is_whole());
}

#[test]
fn f1_a_wrong_try_does_not_write_over_a_doubtful_log() {
    let (place, mut log) = with_log(1);
    let at = log.len() - 2_000;
    log[at] ^= 1;
    std::fs::write(place.location().log(), &log).unwrap();
    let wrong = RecoveryCode::generate(&SystemEntropy::new()).unwrap();
    let nobody = Installation::default();
    for (code, expected) in [
        (&wrong, VaultError::WrongPassword),
        (&place.code, VaultError::DamagedLog),
    ] {
        let locked = place.open_by(&nobody).unwrap();
        let refused = locked.unlock(&Credential::Recovery(code), NOW).unwrap_err();
        assert_eq!(refused.error, expected);
        drop(refused);
        assert_eq!(std::fs::read(place.location().log()).unwrap(), log);
    }
}

/// Somebody meddles in the moment between the commit and the end of the call.
struct Meddled(PathBuf);

impl AnchorStore for Meddled {
    fn read(&self, _: VaultId) -> Option<Vec<u8>> {
        None
    }

    fn replace(&self, _: VaultId, _: Option<&[u8]>, anchor: &[u8], _: Flush) -> StoredAnchor {
        // Without bytes it is only asked whether one could be kept.
        if !anchor.is_empty() {
            let db = Connection::open(&self.0).unwrap();
            db.execute("UPDATE manifest SET epoch = 77", []).unwrap();
        }
        StoredAnchor::Done
    }
}

#[test]
fn a_password_change_that_was_committed_is_never_reported_as_failed() {
    let place = Place::new();
    let meddled = Box::new(Meddled(place.path()));
    let entropy = Box::new(SystemEntropy::new());
    let locked = LockedVault::open(&place.location(), meddled, entropy).unwrap();
    let mut vault = locked
        .unlock(&Credential::Recovery(&place.code), NOW)
        .unwrap();
    assert_eq!(change_password(&mut vault), Ok(()));
    assert_eq!(vault.change(NOW, |_, _| Ok(())), Err(VaultError::Locked));
    drop(vault);
    let password = Secret::copy_of(b"another");
    let locked = place.open().unwrap();
    assert!(locked.unlock(&Credential::Password(&password), NOW).is_ok());
}

#[test]
fn who_waited_for_one_that_refused_the_vault_refuses_it_too() {
    let (place, mut log) = with_log(4);
    log[5_000] ^= 1;
    std::fs::write(place.location().log(), log).unwrap();
    let checking = std::fs::File::open(place.location().lock()).unwrap();
    assert!(flock::try_alone(&checking).unwrap());
    std::thread::scope(|scope| {
        let second = scope.spawn(|| place.open().err());
        // However far the second one has come by now: it waits, or has yet to begin.
        for _ in 0..1_000 {
            std::thread::yield_now();
        }
        drop(checking);
        assert_eq!(second.join().unwrap(), Some(VaultError::DamagedLog));
    });
}
