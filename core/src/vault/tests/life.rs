//! What a vault keeps, and what it shows of it.

use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::otp::{Algorithm, Counter, Digits, Period};
use crate::secret::SecretText;
use crate::vault::record::{NAME_BYTES_MAX, NOTE_BYTES_MAX, TAGS_MAX};

#[test]
fn what_was_stored_is_read_after_reopening() {
    let place = Place::new();
    let mut vault = place.unlock();
    let kinds = [
        OtpKind::Totp {
            algorithm: Algorithm::Sha512,
            digits: Digits::new(10).unwrap(),
            period: Period::new(2_147_483_647).unwrap(),
        },
        OtpKind::Hotp {
            algorithm: Algorithm::Sha256,
            digits: Digits::new(1).unwrap(),
            counter: Counter::new(Counter::MAX).unwrap(),
        },
        OtpKind::Steam,
    ];
    let mut ids = vec![];
    for kind in kinds {
        let id = RecordId::generate(&SystemEntropy::new()).unwrap();
        let mut stored = StoredAccount::new(account("ann"), 7, NOW);
        stored.account.otp = Otp::new(Secret::new(vec![0; 512]), kind).unwrap();
        stored.account.label_issuer = Some(Name::new("Tenant"));
        stored.note = SecretText::new("line one\nline two".into());
        stored.pinned = true;
        stored.trashed_at = Some(UnixSeconds(5_000_000_000));
        store(&mut vault, id, stored).unwrap();
        ids.push((id, kind));
    }
    drop(vault);
    let vault = place.unlock();
    assert!(vault.findings().is_whole());
    for (id, kind) in ids {
        let stored = vault.account(id).unwrap();
        assert_eq!(stored.account.otp.kind(), kind);
        // EXPOSE: the key is made up.
        assert_eq!(stored.account.otp.key().expose(), [0; 512]);
        assert_eq!(stored.account.label_issuer, Some(Name::new("Tenant")));
        assert_eq!(stored.note.expose(), "line one\nline two");
        assert_eq!(
            (stored.pinned, stored.order, stored.created_at),
            (true, 7, NOW)
        );
        assert_eq!(stored.trashed_at, Some(UnixSeconds(5_000_000_000)));
    }
}

#[test]
fn f18_no_name_note_or_key_of_fifty_records_is_in_any_file() {
    let place = Place::new();
    let mut vault = place.unlock();
    for n in 0..50 {
        let mut stored = StoredAccount::new(account(&format!("MARKED-ACCOUNT-{n}")), n, NOW);
        stored.account.issuer = Name::new(&format!("MARKED-ISSUER-{n}"));
        stored.note = SecretText::new(format!("MARKED-NOTE-{n}"));
        let id = RecordId::generate(&SystemEntropy::new()).unwrap();
        store(&mut vault, id, stored).unwrap();
    }
    // With the log still there, and after it went into the file.
    let open = place.bytes();
    drop(vault);
    let closed = place.bytes();
    for bytes in [open, closed] {
        assert!(!contains(&bytes, b"MARKED"));
        assert!(!contains(&bytes, b"key of"));
    }
}

#[test]
fn files_are_for_their_owner_alone() {
    let outer = tempfile::tempdir().unwrap();
    let location = VaultLocation::new(&outer.path().join("a/b/vault"));
    let code = RecoveryCode::generate(&SystemEntropy::new()).unwrap();
    let setup = NewVault {
        password: None,
        recovery: Some(&code),
        kdf: KdfParams::DEFAULT,
    };
    let entropy = Box::new(SystemEntropy::new());
    let mut vault = Vault::create(&location, &setup, Box::new(NoAnchor), entropy, NOW).unwrap();
    add(&mut vault, "ann");
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(location.folder()), 0o700);
    for file in std::fs::read_dir(location.folder()).unwrap() {
        let path = file.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{:?}", path.file_name());
    }
    assert_eq!(mode(&location.log()), 0o600);
}

#[test]
fn f20_each_limit_has_a_name() {
    let place = Place::new();
    let mut vault = place.unlock();
    let id = add(&mut vault, "ann");
    let mut with = |edit: &dyn Fn(&mut StoredAccount)| {
        let mut stored = vault.account(id).unwrap().duplicate();
        edit(&mut stored);
        store(&mut vault, id, stored)
    };
    let long = "x".repeat(NAME_BYTES_MAX + 1);
    let refused = VaultError::NameTooLong {
        got_bytes: 1025,
        max_bytes: 1024,
    };
    assert_eq!(
        with(&|stored| stored.account.issuer = Name::new(&long)),
        Err(refused)
    );
    assert_eq!(
        with(&|stored| stored.account.account = Name::new(&long)),
        Err(refused)
    );
    assert_eq!(
        with(&|stored| stored.account.label_issuer = Some(Name::new(&long))),
        Err(refused)
    );
    assert_eq!(
        with(&|stored| stored.note = SecretText::new("n".repeat(NOTE_BYTES_MAX + 1))),
        Err(VaultError::NoteTooLong {
            got_bytes: 16_385,
            max_bytes: 16_384
        })
    );
    assert_eq!(
        with(&|stored| stored.tags = vec![RecordId([0; 16]); TAGS_MAX + 1]),
        Err(VaultError::TooManyTags { got: 33, max: 32 })
    );
    assert_eq!(names(&vault), ["ann"]);
    let mut stored = vault.account(id).unwrap().duplicate();
    stored.account.account = Name::new(&"y".repeat(NAME_BYTES_MAX));
    stored.note = SecretText::new("n".repeat(NOTE_BYTES_MAX));
    stored.tags = vec![RecordId([0; 16]); TAGS_MAX];
    store(&mut vault, id, stored).unwrap();
    drop(vault);
    assert!(place.unlock().findings().is_whole());
}

#[test]
fn f20_the_twenty_thousand_and_first_record_is_refused() {
    let place = Place::new();
    let mut vault = place.unlock();
    let fill = |vault: &mut Vault, count: usize| {
        vault.change(NOW, |_, change| {
            for n in 0..count {
                let id = RecordId::generate(&SystemEntropy::new())?;
                let stored = StoredAccount::new(account(&n.to_string()), 0, NOW);
                change.put(id, Stored::Account(Box::new(stored)));
            }
            Ok(())
        })
    };
    // The slot's own record counts.
    fill(&mut vault, RECORDS_MAX - 1).unwrap();
    assert_eq!(
        fill(&mut vault, 1),
        Err(VaultError::TooManyRecords { max: 20_000 })
    );
    let id = vault.accounts().next().unwrap().0;
    delete(&mut vault, id).unwrap();
    fill(&mut vault, 1).unwrap();
    // Where there are more all the same, they can be changed: only more still are refused.
    let plant =
        "INSERT INTO record SELECT zeroblob(16), kind, rev, epoch, nonce, body FROM record LIMIT 1";
    place.attack().execute(plant, []).unwrap();
    vault.accept(NOW).unwrap();
    assert_eq!(vault.record_count(), RECORDS_MAX + 1);
    let id = vault.accounts().next().unwrap().0;
    rename(&mut vault, id, "renamed").unwrap();
    assert!(fill(&mut vault, 1).is_err());
}

#[test]
fn a_failed_plan_changes_nothing() {
    let place = Place::new();
    let mut vault = place.unlock();
    let id = add(&mut vault, "ann");
    let before = std::fs::read(place.path()).unwrap();
    let refused: Result<(), VaultError> = vault.change(NOW, |_, change| {
        change.delete(id);
        Err(VaultError::NoCounter)
    });
    assert_eq!(refused, Err(VaultError::NoCounter));
    assert_eq!(names(&vault), ["ann"]);
    assert_eq!(std::fs::read(place.path()).unwrap(), before);
}

#[test]
fn f16_after_a_deletion_the_old_ciphertext_is_in_no_file() {
    let place = Place::new();
    let mut vault = place.unlock();
    let id = add(&mut vault, "ann");
    add(&mut vault, "bob");
    let body: Vec<u8> = place
        .attack()
        .query_row(
            "SELECT body FROM record WHERE id = ?1",
            [id.bytes()],
            |row| row.get(0),
        )
        .unwrap();
    assert!(contains(&place.bytes(), &body[..64]));
    delete(&mut vault, id).unwrap();
    assert!(!contains(&place.bytes(), &body[..64]));
    drop(vault);
    assert!(!contains(&place.bytes(), &body[..64]));
    assert_eq!(names(&place.unlock()), ["bob"]);
}

#[test]
fn f12_an_unknown_kind_and_unknown_fields_are_kept() {
    let place = Place::new();
    let mut vault = place.unlock();
    let id = add(&mut vault, "ann");
    let mut stored = vault.account(id).unwrap().duplicate();
    stored
        .unknown
        .push((200, Secret::copy_of(b"from a newer version")));
    store(&mut vault, id, stored).unwrap();
    rename(&mut vault, id, "anna").unwrap();
    drop(vault);
    let vault = place.unlock();
    let stored = vault.account(id).unwrap();
    assert_eq!(
        stored.unknown,
        [(200, Secret::copy_of(b"from a newer version"))]
    );
}

#[test]
fn f11_two_handles_see_each_other_and_lose_nothing() {
    let place = Place::new();
    let (mut first, mut second) = (place.unlock(), place.unlock());
    let id = add(&mut first, "ann");
    // Written on top of what the other one wrote, without a refresh by hand.
    add(&mut second, "bob");
    rename(&mut second, id, "anna").unwrap();
    assert!(first.refresh().unwrap());
    assert!(!first.refresh().unwrap());
    assert_eq!(names(&first), ["anna", "bob"]);
    for n in 0..20 {
        add(
            if n % 2 == 0 { &mut first } else { &mut second },
            &n.to_string(),
        );
    }
    drop((first, second));
    let vault = place.unlock();
    assert!(vault.findings().is_whole());
    assert_eq!(names(&vault).len(), 22);
}

#[test]
fn f11_eight_threads_lose_no_update() {
    let place = Place::new();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let place = &place;
            scope.spawn(move || {
                let mut vault = place.unlock();
                for n in 0..5 {
                    add(&mut vault, &format!("{thread}-{n}"));
                }
            });
        }
    });
    let vault = place.unlock();
    assert!(vault.findings().is_whole());
    assert_eq!(names(&vault).len(), 40);
}

#[test]
fn f19_any_wall_clock_is_accepted() {
    let place = Place::new();
    for now in [0, 2_147_483_648, 4_294_967_296, 5, u64::MAX] {
        let locked = place.open().unwrap();
        let mut vault = locked
            .unlock(&Credential::Recovery(&place.code), UnixSeconds(now))
            .unwrap();
        vault.change(UnixSeconds(now), |_, _| Ok(())).unwrap();
        assert!(vault.findings().is_whole());
    }
}

#[test]
fn debug_shows_neither_names_nor_keys() {
    let place = Place::new();
    let mut vault = place.unlock();
    let id = add(&mut vault, "MARKED");
    let shown = format!("{vault:?} {:?} {:?}", vault.account(id), place.location());
    assert!(
        !shown.contains("MARKED") && !shown.contains("key of"),
        "{shown}"
    );
    assert!(!shown.contains(place.path().to_str().unwrap()));
}
