//! Salvage: whatever has happened to the files, what can still be read is put right, and nothing else comes back.

use super::*;
use crate::entropy::Entropy;

pub(super) const PAGE: usize = 4096;

pub(super) fn examine<'a>(
    place: &'a Place,
    location: &'a VaultLocation,
) -> Result<Salvage<'a>, VaultError> {
    Salvage::examine(
        location,
        &Credential::Recovery(&place.code),
        &place.installation,
        &SystemEntropy,
    )
}

/// A source of randomness without a state, so that it can be lent for ever.
struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), crate::entropy::EntropyError> {
        crate::entropy::SystemEntropy::new().fill(buffer)
    }
}

/// Examines and puts right; what was said before.
fn salvage(place: &Place, beyond: Beyond) -> (SalvageReport, Salvaged) {
    let location = place.location();
    let salvage = examine(place, &location).unwrap();
    let report = salvage.report().clone();
    (report, salvage.apply(beyond, NOW.plus(9)).unwrap())
}

/// A vault with so many accounts, closed; their ids.
pub(super) fn with_accounts(count: usize) -> (Place, Vec<RecordId>) {
    let place = Place::with_password(b"pw");
    let mut vault = place.unlock();
    let ids = (0..count)
        .map(|n| add(&mut vault, &format!("account {n:02}")))
        .collect();
    drop(vault);
    (place, ids)
}

pub(super) fn count(number: u32) -> usize {
    usize::try_from(number).unwrap()
}

/// It is whole, both ways in open it, and it can be written.
fn check(place: &Place, expected: usize) {
    let mut vault = place.unlock();
    assert!(vault.findings().is_whole(), "{:?}", vault.findings());
    assert_eq!(names(&vault).len(), expected);
    add(&mut vault, "goes on");
    drop(vault);
    let password = Secret::copy_of(b"pw");
    let vault = place
        .open()
        .unwrap()
        .unlock(&Credential::Password(&password), NOW)
        .unwrap();
    assert!(vault.findings().is_whole());
    assert_eq!(names(&vault).len(), expected + 1);
}

pub(super) fn overwrite(place: &Place, at: usize, bytes: &[u8]) {
    let mut file = std::fs::read(place.path()).unwrap();
    file[at..at + bytes.len()].copy_from_slice(bytes);
    std::fs::write(place.path(), file).unwrap();
}

#[test]
fn a_whole_vault_is_salvaged_as_it_is() {
    let (place, _) = with_accounts(5);
    let (report, done) = salvage(&place, Beyond::Leave);
    assert_eq!((report.recovered, report.expected), (5, Some(5)));
    assert!(report.lost.is_empty() && report.older.is_empty() && report.beyond.is_empty());
    assert_eq!((done.account_count, done.from_snapshot), (5, 0));
    check(&place, 5);
}

#[test]
fn f2_every_page_may_be_gone_and_all_rows_on_the_others_come_back() {
    let (place, ids) = with_accounts(50);
    let whole = std::fs::read(place.path()).unwrap();
    let mut recovered_of_pages = vec![];
    for page in 0..whole.len() / PAGE {
        let copy = Place::copy_of(&place);
        overwrite(&copy, page * PAGE, &[0; PAGE]);
        let location = copy.location();
        let salvage = match examine(&copy, &location) {
            Ok(salvage) => salvage,
            // The slots' own page: nothing opens without them.
            Err(error) => {
                assert!(
                    matches!(
                        error,
                        VaultError::NothingRecovered | VaultError::DamagedSlot
                    ),
                    "{error:?}"
                );
                continue;
            }
        };
        let report = salvage.report().clone();
        let lost = report.lost.len();
        assert_eq!(
            count(report.recovered) + lost,
            ids.len(),
            "page {page}: {report:?}"
        );
        recovered_of_pages.push(report.recovered);
        salvage.apply(Beyond::Leave, NOW).unwrap();
        let vault = copy.unlock();
        assert!(vault.findings().is_whole());
        assert_eq!(names(&vault).len(), count(report.recovered));
    }
    // A page holds a dozen records at most; the first page, the lists and the empty ones hold none.
    assert!(
        recovered_of_pages.iter().all(|recovered| *recovered >= 36),
        "{recovered_of_pages:?}"
    );
    assert!(
        recovered_of_pages
            .iter()
            .filter(|recovered| **recovered == 50)
            .count()
            >= 5
    );
}

#[test]
fn a_file_that_sqlite_cannot_open_is_put_right_under_its_own_name() {
    let (place, _) = with_accounts(20);
    overwrite(&place, 0, &[0xa5; PAGE]);
    assert_eq!(place.open().err(), Some(VaultError::NotAVault));
    let damaged = std::fs::read(place.path()).unwrap();
    let (report, done) = salvage(&place, Beyond::Leave);
    assert_eq!((report.recovered, report.expected), (20, Some(20)));
    assert_eq!(std::fs::read(done.set_aside.unwrap()).unwrap(), damaged);
    check(&place, 20);
}

/// Leaves changes in the log as a crash would, and returns the log's path.
pub(super) fn with_changes_in_the_log(place: &Place, work: impl FnOnce(&mut Vault)) -> PathBuf {
    let mut vault = place.unlock();
    // Somebody who reads keeps the log from being emptied.
    let reader = place.attack();
    reader
        .execute_batch("BEGIN; SELECT count(*) FROM record;")
        .unwrap();
    work(&mut vault);
    let (file, log) = (place.path(), place.location().log());
    let kept = [std::fs::read(&file).unwrap(), std::fs::read(&log).unwrap()];
    drop((reader, vault));
    let _ = std::fs::remove_file(place.location().beside("-shm"));
    std::fs::write(&file, &kept[0]).unwrap();
    std::fs::write(&log, &kept[1]).unwrap();
    log
}

#[test]
fn a_damaged_log_gives_back_what_is_behind_the_damage() {
    let (place, _) = with_accounts(3);
    let log = with_changes_in_the_log(&place, |vault| {
        for n in 0..6 {
            add(vault, &format!("in the log {n}"));
        }
    });
    let mut bytes = std::fs::read(&log).unwrap();
    // In the first frame's page: SQLite would forget all of the log.
    bytes[32 + 24 + 100] ^= 0x10;
    std::fs::write(&log, &bytes).unwrap();
    assert_eq!(place.open().err(), Some(VaultError::DamagedLog));
    let (report, _) = salvage(&place, Beyond::Leave);
    assert_eq!((report.recovered, report.expected), (9, Some(9)));
    check(&place, 9);
}

#[test]
fn what_was_deleted_does_not_come_back() {
    let (place, ids) = with_accounts(4);
    with_changes_in_the_log(&place, |vault| {
        // A reader holds the log, and so the cleaning up that follows a deletion.
        vault.set_busy_timeout_ms(10);
        delete(vault, ids[0]).unwrap();
        rename(vault, ids[1], "renamed").unwrap();
        delete(vault, ids[2]).unwrap();
    });
    overwrite(&place, 0, &[0; 100]);
    let (report, _) = salvage(&place, Beyond::Take);
    assert_eq!((report.recovered, report.expected), (2, Some(2)));
    assert_eq!(names(&place.unlock()), ["account 03", "renamed"]);
}

#[test]
fn the_newest_snapshot_offers_what_is_lost() {
    let (place, ids) = with_accounts(6);
    let mut vault = place.unlock();
    vault.snapshot(NOW).unwrap();
    delete(&mut vault, ids[5]).unwrap();
    rename(&mut vault, ids[0], "renamed since").unwrap();
    vault.snapshot(NOW.plus(1)).unwrap();
    add(&mut vault, "after the snapshot");
    drop(vault);
    let damage = "UPDATE record SET body = zeroblob(length(body)) WHERE id IN (?1, ?2)";
    let db = place.attack();
    db.execute("PRAGMA secure_delete = ON", []).ok();
    db.execute(damage, [ids[1].bytes(), ids[2].bytes()])
        .unwrap();
    db.execute("VACUUM", []).unwrap();
    drop(db);
    let mut lost = vec![ids[1], ids[2]];
    lost.sort();
    {
        let location = place.location();
        let salvage = examine(&place, &location).unwrap();
        let report = salvage.report();
        assert_eq!((report.recovered, report.expected), (4, Some(6)));
        assert_eq!((&report.lost, &report.beyond), (&lost, &lost));
        assert_eq!(report.snapshot_at, Some(NOW.plus(1)));
    }
    let (_, done) = salvage(&place, Beyond::Take);
    assert_eq!((done.account_count, done.from_snapshot), (6, 2));
    check(&place, 6);
    assert!(!names(&place.unlock()).contains(&"account 05".to_owned()));
}

#[test]
fn a_way_to_unlock_that_is_lost_comes_from_a_snapshot_under_the_same_key_alone() {
    let has_password = |renews: bool| {
        let (place, _) = with_accounts(3);
        place.unlock().snapshot(NOW.plus(1)).unwrap();
        if renews {
            let mut vault = place.unlock();
            let old = place.location().snapshots().unwrap().remove(0);
            let kept = std::fs::read(old.path()).unwrap();
            vault.renew_key(Damaged::Refuse, NOW.plus(2)).unwrap();
            std::fs::write(old.path(), kept).unwrap();
            for newer in place.location().snapshots().unwrap() {
                if newer.generation > old.generation {
                    std::fs::remove_file(newer.path()).unwrap();
                }
            }
        }
        // Written anew: what is deleted could be found in the pages' unused room.
        let lose = "DELETE FROM record WHERE id IN (SELECT id FROM slot); VACUUM";
        place.attack().execute_batch(lose).unwrap();
        salvage(&place, Beyond::Leave);
        place.open().unwrap().has_slot(SlotKind::Password).unwrap()
    };
    assert!(has_password(false));
    assert!(!has_password(true));
}

#[test]
fn what_cannot_be_salvaged_is_named_and_nothing_is_changed() {
    let (place, _) = with_accounts(2);
    let location = place.location();
    let other = RecoveryCode::generate(&SystemEntropy).unwrap();
    let with = |credential: &Credential<'_>| {
        Salvage::examine(&location, credential, &place.installation, &SystemEntropy).err()
    };
    assert_eq!(
        with(&Credential::Recovery(&other)),
        Some(VaultError::WrongPassword)
    );
    let secret = Secret::copy_of(&[1; 32]);
    let platform = Credential::Platform {
        slot: RecordId([1; 16]),
        secret: &secret,
    };
    assert_eq!(with(&platform), Some(VaultError::NoSuchSlot));
    let open = place.open().unwrap();
    assert_eq!(
        with(&Credential::Recovery(&place.code)),
        Some(VaultError::Busy)
    );
    drop(open);
    let empty = vec![0; 20 * PAGE];
    std::fs::write(place.path(), &empty).unwrap();
    assert_eq!(
        with(&Credential::Recovery(&place.code)),
        Some(VaultError::NothingRecovered)
    );
    assert_eq!(std::fs::read(place.path()).unwrap(), empty);
    std::fs::remove_file(place.path()).unwrap();
    assert_eq!(
        with(&Credential::Recovery(&place.code)),
        Some(VaultError::NoVault)
    );
    assert!(place.location().damaged_copies().unwrap().is_empty());
}

#[test]
fn a_salvage_that_was_ended_while_it_took_the_log_away_loses_nothing() {
    let (place, _) = with_accounts(3);
    let log = with_changes_in_the_log(&place, |vault| {
        add(vault, "only in the log");
    });
    overwrite(&place, 0, &[0; PAGE]);
    // As far as the first attempt came: everything is set aside, and the log is gone.
    let aside = VaultLocation::new(&place.location().beside(".damaged-1"));
    std::fs::copy(place.path(), aside.path()).unwrap();
    std::fs::copy(&log, aside.log()).unwrap();
    std::fs::remove_file(&log).unwrap();
    let (report, _) = salvage(&place, Beyond::Leave);
    assert_eq!((report.recovered, report.expected), (4, Some(4)));
    check(&place, 4);
}

#[test]
fn f16_a_new_key_leaves_no_piece_of_old_ciphertext_wherever_sqlite_moved_it() {
    let place = Place::new();
    let mut vault = place.unlock();
    let mut ids = vec![];
    for n in 0..150_usize {
        let id = RecordId::generate(&SystemEntropy).unwrap();
        let mut stored = StoredAccount::new(account(&format!("{n}")), 0, NOW);
        stored.note = crate::secret::SecretText::new("n".repeat(n * 61 % 9_000));
        store(&mut vault, id, stored).unwrap();
        ids.push(id);
    }
    for id in ids.iter().step_by(2) {
        rename(&mut vault, *id, "renamed").unwrap();
    }
    let bodies: Vec<Vec<u8>> = {
        let db = place.attack();
        let mut statement = db.prepare("SELECT body FROM record").unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    };
    for id in ids.iter().step_by(3) {
        // Each deletion alone would tidy up; together they leave it to the renewal.
        vault
            .change(NOW, |_, change| {
                change.delete(*id);
                Ok(())
            })
            .unwrap();
    }
    vault.renew_key(Damaged::Refuse, NOW).unwrap();
    let pieces: std::collections::HashSet<&[u8]> = bodies
        .iter()
        .flat_map(|body| body.chunks_exact(16))
        .collect();
    let bytes = place.bytes();
    let found = bytes
        .windows(16)
        .filter(|window| pieces.contains(window))
        .count();
    assert_eq!(found, 0, "pieces of old ciphertext");
}
