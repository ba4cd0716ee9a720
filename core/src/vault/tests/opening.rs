//! Opening: every other thing that may lie at the place, and that nothing is touched.

use std::os::unix::fs::symlink;

use super::*;

fn error(place: &Place) -> Option<VaultError> {
    place.open().err()
}

#[test]
fn f15_what_is_no_vault_has_a_name_and_stays_as_it_is() {
    let place = Place::new();
    let vault = std::fs::read(place.path()).unwrap();
    std::fs::remove_file(place.path()).unwrap();
    let path = place.path();

    assert_eq!(error(&place), Some(VaultError::NoVault));
    std::fs::create_dir(&path).unwrap();
    assert_eq!(error(&place), Some(VaultError::NotAVault));
    std::fs::remove_dir(&path).unwrap();
    for (content, expected) in [
        (b"".as_slice(), VaultError::EmptyFile),
        (b"just a text", VaultError::NotAVault),
        (&[b'x'; 5000], VaultError::NotAVault),
        (&vault[..99], VaultError::NotAVault),
    ] {
        std::fs::write(&path, content).unwrap();
        assert_eq!(error(&place), Some(expected));
        assert_eq!(std::fs::read(&path).unwrap(), content);
    }
    std::fs::remove_file(&path).unwrap();
    let target = place.folder.path().join("elsewhere");
    std::fs::write(&target, &vault).unwrap();
    symlink(&target, &path).unwrap();
    assert_eq!(error(&place), Some(VaultError::NotAVault));
    std::fs::remove_file(&path).unwrap();
    Connection::open(&path)
        .unwrap()
        .execute("CREATE TABLE somebody(a)", [])
        .unwrap();
    assert_eq!(error(&place), Some(VaultError::NotAVault));
    let left: Vec<_> = std::fs::read_dir(place.folder.path()).unwrap().collect();
    assert_eq!(left.len(), 3, "vault, vault.lock, elsewhere");
}

#[test]
fn f15_a_pipe_is_not_waited_for() {
    let place = Place::new();
    std::fs::remove_file(place.path()).unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(place.path())
        .status()
        .unwrap();
    assert!(made.success());
    assert_eq!(error(&place), Some(VaultError::NotAVault));
}

#[test]
fn f15_a_missing_folder_is_no_vault() {
    let place = Place::new();
    let location = VaultLocation::new(&place.folder.path().join("no/such/vault"));
    let opened = LockedVault::open(
        &location,
        Box::new(NoAnchor),
        Box::new(SystemEntropy::new()),
    );
    assert_eq!(opened.err(), Some(VaultError::NoVault));
    assert!(!place.folder.path().join("no").exists());
}

#[test]
fn f15_a_path_with_special_characters_works() {
    let outer = tempfile::tempdir().unwrap();
    let location = VaultLocation::new(&outer.path().join("a?b%20#c d.vault"));
    let code = RecoveryCode::generate(&SystemEntropy::new()).unwrap();
    let setup = NewVault {
        password: None,
        recovery: Some(&code),
        kdf: KdfParams::DEFAULT,
    };
    let entropy = || Box::new(SystemEntropy::new());
    let mut vault = Vault::create(&location, &setup, Box::new(NoAnchor), entropy(), NOW).unwrap();
    add(&mut vault, "ann");
    drop(vault);
    let locked = LockedVault::open(&location, Box::new(NoAnchor), entropy()).unwrap();
    assert_eq!(
        names(&locked.unlock(&Credential::Recovery(&code), NOW).unwrap()),
        ["ann"]
    );
}

#[test]
fn f12_a_newer_vault_is_not_touched() {
    let place = Place::new();
    place
        .attack()
        .pragma_update(None, "user_version", FORMAT + 1)
        .unwrap();
    let before = std::fs::read(place.path()).unwrap();
    assert_eq!(
        error(&place),
        Some(VaultError::VaultTooNew { found: 2, known: 1 })
    );
    assert_eq!(std::fs::read(place.path()).unwrap(), before);
    place
        .attack()
        .pragma_update(None, "user_version", 0)
        .unwrap();
    assert_eq!(error(&place), Some(VaultError::DamagedSchema));
}

#[test]
fn f6_a_planted_trigger_is_a_damaged_schema() {
    let place = Place::new();
    place
        .attack()
        .execute(
            "CREATE TRIGGER undo AFTER DELETE ON record BEGIN SELECT 1; END",
            [],
        )
        .unwrap();
    assert_eq!(error(&place), Some(VaultError::DamagedSchema));
}

#[test]
fn opening_and_unlocking_leave_a_closed_vault_byte_for_byte() {
    let place = Place::new();
    let mut vault = place.unlock();
    add(&mut vault, "ann");
    drop(vault);
    let before = std::fs::read(place.path()).unwrap();
    drop(place.open().unwrap());
    drop(place.unlock());
    assert_eq!(std::fs::read(place.path()).unwrap(), before);
    assert!(!place.location().log().exists());
}

#[test]
fn making_a_vault_replaces_nothing() {
    let place = Place::new();
    let setup = NewVault {
        password: None,
        recovery: Some(&place.code),
        kdf: KdfParams::DEFAULT,
    };
    let before = std::fs::read(place.path()).unwrap();
    assert_eq!(place.create(&setup).err(), Some(VaultError::VaultExists));
    assert_eq!(std::fs::read(place.path()).unwrap(), before);
    std::fs::remove_file(place.path()).unwrap();
    for leftover in ["vault-wal", "vault.damaged-5", "vault.snap", "vault.pre-2"] {
        let path = place.folder.path().join(leftover);
        std::fs::write(&path, b"somebody's accounts").unwrap();
        assert_eq!(
            place.create(&setup).err(),
            Some(VaultError::Leftovers),
            "{leftover}"
        );
        assert_eq!(error(&place), Some(VaultError::Leftovers), "{leftover}");
        std::fs::remove_file(&path).unwrap();
    }
    let stale = place.folder.path().join("vault.new");
    std::fs::write(&stale, b"half a vault").unwrap();
    drop(place.create(&setup).unwrap());
    assert!(!stale.exists());
    assert!(place.unlock().findings().is_whole());
}

#[test]
fn a_failed_creation_leaves_no_vault_behind() {
    struct Fails;
    impl crate::entropy::Entropy for Fails {
        fn fill(&self, _: &mut [u8]) -> Result<(), crate::entropy::EntropyError> {
            Err(crate::entropy::EntropyError)
        }
    }
    let place = Place::new();
    std::fs::remove_file(place.path()).unwrap();
    let setup = NewVault {
        password: None,
        recovery: Some(&place.code),
        kdf: KdfParams::DEFAULT,
    };
    let made = Vault::create(
        &place.location(),
        &setup,
        Box::new(NoAnchor),
        Box::new(Fails),
        NOW,
    );
    assert_eq!(made.err(), Some(VaultError::Entropy));
    assert_eq!(error(&place), Some(VaultError::NoVault));
}
