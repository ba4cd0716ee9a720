//! Restoring a snapshot: exact, under a new key, with what lay there kept.

use super::*;
use crate::otp::{Algorithm, Counter, Digits};

/// A vault with two accounts, one of them with a counter, and a snapshot of them; then a third account.
fn with_snapshot() -> (Place, Snapshot) {
    let place = Place::with_password(b"pw");
    let mut vault = place.unlock();
    add(&mut vault, "ann");
    let hotp = OtpKind::Hotp {
        algorithm: Algorithm::Sha1,
        digits: Digits::DEFAULT,
        counter: Counter::new(7).unwrap(),
    };
    let mut counted = account("counted");
    counted.otp = counted.otp.with_kind(hotp);
    let id = RecordId::generate(&SystemEntropy::new()).unwrap();
    store(&mut vault, id, StoredAccount::new(counted, 1, NOW)).unwrap();
    vault.snapshot(NOW).unwrap();
    add(&mut vault, "later");
    drop(vault);
    let snapshot = place.location().snapshots().unwrap().remove(0);
    (place, snapshot)
}

fn restored(place: &Place, snapshot: &Snapshot, older: OlderKey) -> Result<Restored, VaultError> {
    restore(
        &place.location(),
        snapshot,
        &Credential::Recovery(&place.code),
        older,
        (&place.installation, &SystemEntropy::new()),
        NOW.plus(5),
    )
}

fn check(place: &Place) {
    let vault = place.unlock();
    assert!(vault.findings().is_whole(), "{:?}", vault.findings());
    assert!(!vault.findings().anchor_missing);
    assert_eq!(names(&vault), ["ann", "counted"]);
    for (_, stored) in vault.accounts() {
        let has_counter = stored.account.otp.kind().counter();
        assert_eq!(stored.counter_doubtful, has_counter.is_some());
        assert!(has_counter.is_none_or(|counter| counter.value() == 7));
    }
    drop(vault);
    let password = Secret::copy_of(b"pw");
    let mut vault = place
        .open()
        .unwrap()
        .unlock(&Credential::Password(&password), NOW)
        .unwrap();
    assert!(vault.findings().is_whole());
    add(&mut vault, "goes on");
}

#[test]
fn a_snapshot_is_restored_exactly_and_what_lay_there_is_kept() {
    let (place, snapshot) = with_snapshot();
    let (generation, epoch) = {
        let vault = place.unlock();
        (vault.generation(), vault.epoch())
    };
    let before = std::fs::read(place.path()).unwrap();
    let done = restored(&place, &snapshot, OlderKey::Refuse).unwrap();
    assert_eq!((done.account_count, done.taken_at), (2, NOW));
    assert_eq!(std::fs::read(done.set_aside.unwrap()).unwrap(), before);
    let vault = place.unlock();
    assert!(vault.generation() > generation && vault.epoch() > epoch);
    drop(vault);
    check(&place);
}

#[test]
fn what_sqlite_cannot_open_at_all_is_replaced_too() {
    for damage in [&b"not a database at all"[..], &[0; 8192], b""] {
        let (place, snapshot) = with_snapshot();
        std::fs::write(place.path(), damage).unwrap();
        std::fs::write(place.location().log(), b"nor a log").unwrap();
        assert!(place.open().is_err());
        let done = restored(&place, &snapshot, OlderKey::Refuse).unwrap();
        assert_eq!(std::fs::read(done.set_aside.unwrap()).unwrap(), damage);
        check(&place);
    }
}

#[test]
fn a_vault_that_is_gone_is_restored_where_it_was() {
    let (place, snapshot) = with_snapshot();
    std::fs::remove_file(place.path()).unwrap();
    assert_eq!(place.open().err(), Some(VaultError::Leftovers));
    let done = restored(&place, &snapshot, OlderKey::Refuse).unwrap();
    assert_eq!(done.set_aside, None);
    check(&place);
}

#[test]
fn what_cannot_be_restored_changes_nothing() {
    let (place, snapshot) = with_snapshot();
    let before = std::fs::read(place.path()).unwrap();
    let unchanged = || {
        assert_eq!(std::fs::read(place.path()).unwrap(), before);
        assert!(place.location().damaged_copies().unwrap().is_empty());
    };
    let other = RecoveryCode::generate(&SystemEntropy::new()).unwrap();
    let with = |credential: &Credential<'_>, snapshot: &Snapshot| {
        restore(
            &place.location(),
            snapshot,
            credential,
            OlderKey::Refuse,
            (&place.installation, &SystemEntropy::new()),
            NOW,
        )
        .err()
    };
    assert_eq!(
        with(&Credential::Recovery(&other), &snapshot),
        Some(VaultError::WrongPassword)
    );
    unchanged();
    let mut gone = snapshot.clone();
    gone.path = place.location().beside(".snap-1-1");
    assert_eq!(
        with(&Credential::Recovery(&place.code), &gone),
        Some(VaultError::NoSuchSnapshot)
    );
    let open = place.open().unwrap();
    assert_eq!(
        with(&Credential::Recovery(&place.code), &snapshot),
        Some(VaultError::Busy)
    );
    drop(open);
    unchanged();
    let whole = std::fs::read(snapshot.path()).unwrap();
    // A record's page, the first page, a cut.
    let mut bent = whole.clone();
    let at = bent.len() - 100;
    bent[at] ^= 1;
    for damaged in [
        bent,
        vec![0; 8192],
        whole[..whole.len() / 2].to_vec(),
        vec![],
    ] {
        std::fs::write(snapshot.path(), damaged).unwrap();
        let refused = with(&Credential::Recovery(&place.code), &snapshot);
        assert_eq!(refused, Some(VaultError::DamagedSnapshot));
        unchanged();
    }
}

#[test]
fn k4_an_unreadable_vault_is_never_started_over() {
    let (place, snapshot) = with_snapshot();
    let unreadable = vec![0x5a; 8192];
    std::fs::write(place.path(), &unreadable).unwrap();
    let code = RecoveryCode::generate(&SystemEntropy::new()).unwrap();
    let setup = NewVault {
        password: None,
        recovery: Some(&code),
        kdf: KdfParams::DEFAULT,
    };
    assert!(place.open().is_err());
    assert_eq!(place.create(&setup).err(), Some(VaultError::VaultExists));
    assert_eq!(std::fs::read(place.path()).unwrap(), unreadable);
    std::fs::remove_file(place.path()).unwrap();
    assert_eq!(place.create(&setup).err(), Some(VaultError::Leftovers));
    assert!(!place.path().exists());
    // A new one beside it, and the old one back.
    let beside = VaultLocation::new(&place.folder.path().join("another"));
    let (anchors, entropy) = (Box::new(NoAnchor), Box::new(SystemEntropy::new()));
    drop(Vault::create(&beside, &setup, anchors, entropy, NOW).unwrap());
    restored(&place, &snapshot, OlderKey::Refuse).unwrap();
    check(&place);
}

#[test]
fn a_snapshot_of_an_older_key_is_never_restored_without_saying_so() {
    let (place, snapshot) = with_snapshot();
    let kept = std::fs::read(snapshot.path()).unwrap();
    place.unlock().renew_key(Damaged::Refuse, NOW).unwrap();
    assert!(!snapshot.path().exists());
    // From a backup, say.
    std::fs::write(snapshot.path(), kept).unwrap();
    assert_eq!(
        restored(&place, &snapshot, OlderKey::Refuse),
        Err(VaultError::SnapshotOlderKey)
    );
    restored(&place, &snapshot, OlderKey::Accept).unwrap();
    check(&place);
}

#[test]
fn nothing_of_before_a_restore_opens_what_comes_after_it() {
    let (place, snapshot) = with_snapshot();
    restored(&place, &snapshot, OlderKey::Refuse).unwrap();
    // The old snapshot goes when there is a new one.
    drop(place.unlock());
    let snapshots = place.location().snapshots().unwrap();
    assert!(snapshots.len() == 1 && snapshots[0].path() != snapshot.path());
}
