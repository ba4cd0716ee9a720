//! Earlier formats: copied, migrated, and never lost on the way. Format 0 is the tests' own (`formats.rs`).

use std::sync::atomic::{AtomicBool, Ordering};

use super::newer::vault_key;
use super::*;
use crate::entropy::{Entropy, EntropyError};
use crate::vault::format::Realm;
use crate::vault::formats::tables;
use crate::vault::keys::VaultKey;
use crate::vault::rotate::{SlotPlan, rotate};
use crate::vault::schema::check_schema;
use crate::vault::state::State;
use crate::vault::write::{Next, Sealer, begin};

/// Turns a vault into one of format 0, as the version that wrote that format would have left it.
fn as_format_0(place: &Place) {
    let (vault, key, keys) = vault_key(place);
    let (db, entropy) = (place.attack(), SystemEntropy::new());
    let state = State::load(&db, Realm::current(vault), &keys, None).unwrap();
    let realm = Realm { vault, format: 0 };
    let new_key = VaultKey::generate(&entropy, key.epoch + 1).unwrap();
    let new_keys = new_key.sealing_keys(vault);
    let old = Sealer {
        realm: Realm::current(vault),
        keys: &keys,
        epoch: key.epoch,
        entropy: &entropy,
    };
    let new = Sealer {
        realm,
        keys: &new_keys,
        epoch: new_key.epoch,
        entropy: &entropy,
    };
    let next = Next {
        generation: state.version.generation + 1,
        branch: [0; 8],
        stored: None,
        now: NOW,
    };
    let plan = SlotPlan::new(&state, vec![], vec![], Damaged::Refuse, LastWay::Keep).unwrap();
    let tx = begin(&db).unwrap();
    rotate(&tx, old, new, &new_key, &state, &plan, next).unwrap();
    tx.execute("DROP TABLE porch", []).unwrap();
    tx.pragma_update(None, "user_version", 0).unwrap();
    tx.commit().unwrap();
    assert!(check_schema(&db, tables(0).unwrap()).is_ok());
    // Its own anchor would be of the version that wrote it.
    *place.installation.0.lock().unwrap() = HashMap::new();
}

fn earlier() -> (Place, Vec<RecordId>) {
    let place = Place::with_password(b"pw");
    let mut vault = place.unlock();
    let ids = ["ann", "bob", "cid"]
        .map(|name| add(&mut vault, name))
        .to_vec();
    drop(vault);
    as_format_0(&place);
    (place, ids)
}

fn copies(place: &Place) -> Vec<String> {
    let copies = place.location().earlier_formats().unwrap();
    let name = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
    copies.iter().map(name).collect()
}

fn user_version(place: &Place) -> u32 {
    place
        .attack()
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .unwrap()
}

#[test]
fn k3_an_earlier_format_is_migrated_and_its_copy_kept_until_a_later_unlock() {
    let (place, _) = earlier();
    let before = std::fs::read(place.path()).unwrap();
    drop(place.open().unwrap());
    assert_eq!(
        std::fs::read(place.path()).unwrap(),
        before,
        "opening migrates nothing"
    );
    let mut vault = place.unlock();
    assert_eq!((vault.format(), vault.unmigrated()), (1, None));
    assert!(vault.findings().is_whole());
    assert_eq!(names(&vault), ["ann", "bob", "cid"]);
    assert_eq!(copies(&place), ["vault.pre-0"]);
    // Not even a deletion in this session takes the copy away.
    let id = add(&mut vault, "new");
    delete(&mut vault, id).unwrap();
    drop(vault);
    assert_eq!(copies(&place), ["vault.pre-0"]);
    let vault = place.unlock();
    assert!(copies(&place).is_empty());
    assert_eq!(names(&vault), ["ann", "bob", "cid"]);
    drop(vault);
    // Both ways in have come along.
    let password = Secret::copy_of(b"pw");
    let vault = place
        .open()
        .unwrap()
        .unlock(&Credential::Password(&password), NOW)
        .unwrap();
    assert!(vault.findings().is_whole());
}

#[test]
fn the_copy_from_before_opens_as_what_it_was() {
    let (place, _) = earlier();
    drop(place.unlock());
    let copy = place.location().earlier_formats().unwrap().remove(0);
    std::fs::copy(copy, place.path()).unwrap();
    let vault = place.unlock_by(&Installation::default());
    assert_eq!(names(&vault), ["ann", "bob", "cid"]);
}

#[test]
fn f13_a_migration_that_cannot_be_made_leaves_the_vault_readable_and_is_made_later() {
    let (place, ids) = earlier();
    let in_the_way = place.location().beside(".pre-0.new");
    std::fs::create_dir(&in_the_way).unwrap();
    let before = std::fs::read(place.path()).unwrap();
    let mut vault = place.unlock();
    let reason = vault.unmigrated().unwrap();
    assert_eq!(vault.format(), 0);
    assert_eq!(names(&vault), ["ann", "bob", "cid"]);
    assert_eq!(rename(&mut vault, ids[0], "x"), Err(reason));
    assert_eq!(vault.renew_key(Damaged::SetAside, NOW), Err(reason));
    assert_eq!(vault.snapshot(NOW), Ok(false));
    drop(vault);
    assert_eq!(std::fs::read(place.path()).unwrap(), before);
    assert_eq!(user_version(&place), 0);
    std::fs::remove_dir(&in_the_way).unwrap();
    rename(&mut place.unlock(), ids[0], "x").unwrap();
    assert_eq!(user_version(&place), 1);
}

#[test]
fn only_a_copy_with_the_same_last_change_says_that_a_migration_was_begun() {
    let (place, _) = earlier();
    let copy = place.location().beside(".pre-0");
    // Somebody else has it open, so it is not migrated.
    let other = place.open().unwrap();
    let locked = place.open().unwrap();
    let vault = locked
        .unlock(&Credential::Recovery(&place.code), NOW)
        .unwrap();
    assert_eq!(vault.unmigrated(), Some(VaultError::Busy));
    drop(other);
    let was_begun = || migrate::was_begun(&vault.parts, &vault.state.version);
    assert!(!was_begun());
    std::fs::write(&copy, b"no vault").unwrap();
    assert!(!was_begun());
    std::fs::remove_file(&copy).unwrap();
    migrate::copy_pages(&vault.parts.file.db, &copy).unwrap();
    assert!(was_begun());
    let later = Connection::open(&copy).unwrap();
    later
        .execute("UPDATE manifest SET gen = gen + 1", [])
        .unwrap();
    drop(later);
    assert!(!was_begun());
    drop(vault);
    // A vault of the present format is migrated by nobody.
    drop(place.unlock());
    let vault = place.unlock();
    let stale = place.location().beside(&format!(".pre-{}", vault.format()));
    migrate::copy_pages(&vault.parts.file.db, &stale).unwrap();
    assert!(!migrate::was_begun(&vault.parts, &vault.state.version));
}

/// Randomness for one draw.
struct OneDraw(AtomicBool);

impl Entropy for OneDraw {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyError> {
        if self.0.swap(true, Ordering::Relaxed) {
            return Err(EntropyError);
        }
        SystemEntropy::new().fill(buffer)
    }
}

#[test]
fn f13_a_migration_that_fails_takes_its_copy_back() {
    let (place, _) = earlier();
    // Enough for the new key, and for nothing that is sealed with it.
    let entropy = Box::new(OneDraw(AtomicBool::new(false)));
    let anchors = Box::new(place.installation.clone());
    let locked = LockedVault::open(&place.location(), anchors, entropy).unwrap();
    let vault = locked
        .unlock(&Credential::Recovery(&place.code), NOW)
        .unwrap();
    assert_eq!(vault.unmigrated(), Some(VaultError::Entropy));
    assert_eq!(names(&vault), ["ann", "bob", "cid"]);
    drop(vault);
    assert!(copies(&place).is_empty());
    assert_eq!(user_version(&place), 0);
    drop(place.unlock());
    assert_eq!(copies(&place), ["vault.pre-0"]);
    assert_eq!(user_version(&place), 1);
}

#[test]
fn f13_what_an_ended_attempt_left_is_replaced() {
    let (place, _) = earlier();
    std::fs::write(place.location().beside(".pre-0"), b"of an earlier attempt").unwrap();
    std::fs::write(place.location().beside(".pre-0.new"), b"half").unwrap();
    drop(place.unlock());
    assert_eq!(copies(&place), ["vault.pre-0"]);
    let copy = std::fs::read(place.location().beside(".pre-0")).unwrap();
    assert!(copy.starts_with(b"SQLite format 3\0"));
}

#[test]
fn a_damaged_record_of_an_earlier_format_is_set_aside_and_in_the_copy() {
    let (place, ids) = earlier();
    let damage = "UPDATE record SET body = zeroblob(length(body)) WHERE id = ?1";
    place.attack().execute(damage, [ids[1].bytes()]).unwrap();
    let vault = place.unlock();
    assert_eq!(vault.unmigrated(), None);
    assert_eq!(names(&vault), ["ann", "cid"]);
    assert_eq!(place.location().damaged_copies().unwrap().len(), 1);
}

#[test]
fn an_earlier_format_that_somebody_changed_waits_for_the_persons_word() {
    let (place, ids) = earlier();
    place
        .attack()
        .execute("DELETE FROM record WHERE id = ?1", [ids[1].bytes()])
        .unwrap();
    let mut vault = place.unlock();
    assert_eq!(vault.unmigrated(), Some(VaultError::Tampered));
    assert_eq!(rename(&mut vault, ids[0], "x"), Err(VaultError::Tampered));
    vault.accept(NOW).unwrap();
    assert_eq!(rename(&mut vault, ids[0], "x"), Err(VaultError::Locked));
    drop(vault);
    assert_eq!(user_version(&place), 0);
    let mut vault = place.unlock();
    assert_eq!((vault.format(), vault.unmigrated()), (1, None));
    rename(&mut vault, ids[0], "x").unwrap();
    assert_eq!(names(&vault), ["cid", "x"]);
}

#[test]
fn while_somebody_else_has_it_open_an_earlier_format_is_only_read() {
    let (place, _) = earlier();
    let other = place.open().unwrap();
    let vault = place.unlock();
    assert_eq!(vault.unmigrated(), Some(VaultError::Busy));
    assert_eq!(names(&vault).len(), 3);
    drop((other, vault));
    assert_eq!(place.unlock().unmigrated(), None);
}

#[test]
fn formats_without_a_meaning_are_refused() {
    let (place, _) = earlier();
    for (version, error) in [
        (2, VaultError::VaultTooNew { found: 2, known: 1 }),
        (
            u32::MAX,
            VaultError::VaultTooNew {
                found: u32::MAX,
                known: 1,
            },
        ),
    ] {
        let header = version.to_be_bytes();
        let mut bytes = std::fs::read(place.path()).unwrap();
        bytes[60..64].copy_from_slice(&header);
        std::fs::write(place.path(), bytes).unwrap();
        assert_eq!(place.open().err(), Some(error));
    }
    // The tables of one format under the number of another.
    let place = Place::new();
    place
        .attack()
        .pragma_update(None, "user_version", 0)
        .unwrap();
    assert_eq!(place.open().err(), Some(VaultError::DamagedSchema));
}

/// How the files in `tests/golden/` were made: one of each format, never made again. `GOLDEN_FOLDER` says where to.
#[test]
#[ignore = "golden files are made once, by the version that first writes their format"]
fn the_golden_files_are_made() {
    use crate::otp::{Algorithm, Counter, Digits, Period};
    use crate::secret::SecretText;
    let folder = PathBuf::from(std::env::var_os("GOLDEN_FOLDER").unwrap());
    let mut place = Place::with_password(b"golden password");
    let code = "M2GT-58X4-MPKA-FA59-NANT-SBDE-NYRB-3CNK-5B9D";
    let golden = RecoveryCode::parse(code).unwrap();
    place
        .unlock()
        .change_recovery_code(&golden, Damaged::Refuse, NOW)
        .unwrap();
    place.code = golden;
    let mut vault = place.unlock();
    let kinds = [
        OtpKind::Totp {
            algorithm: Algorithm::Sha256,
            digits: Digits::new(8).unwrap(),
            period: Period::new(60).unwrap(),
        },
        OtpKind::Hotp {
            algorithm: Algorithm::Sha1,
            digits: Digits::DEFAULT,
            counter: Counter::new(7).unwrap(),
        },
        OtpKind::Steam,
    ];
    let tag = RecordId::generate(&SystemEntropy::new()).unwrap();
    for (name, kind) in ["timed", "counted", "steam"].into_iter().zip(kinds) {
        let mut account = account(name);
        account.otp = account.otp.with_kind(kind);
        let id = RecordId::generate(&SystemEntropy::new()).unwrap();
        let mut stored = StoredAccount::new(account, 1, NOW);
        stored.note = SecretText::new(format!("note of {name}"));
        stored.tags = vec![tag];
        stored.trashed_at = (name == "steam").then_some(NOW);
        store(&mut vault, id, stored).unwrap();
    }
    vault
        .change(NOW, |_, change| {
            change.put(tag, Stored::Tag(StoredTag::new(Name::new("golden"))));
            Ok(())
        })
        .unwrap();
    drop(vault);
    std::fs::copy(place.path(), folder.join("format-1.vault")).unwrap();
    as_format_0(&place);
    place
        .attack()
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .unwrap();
    std::fs::copy(place.path(), folder.join("format-0.vault")).unwrap();
}
