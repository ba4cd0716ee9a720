//! Snapshots: made and verified after changes, thinned out by age, and gone when they hold what they should not.

use super::attacks::change_password;
use super::*;
use crate::vault::snapshots::verify_copy;

const DAY_S: u64 = 24 * 60 * 60;

fn snapshots(place: &Place) -> Vec<Snapshot> {
    place.location().snapshots().unwrap()
}

#[test]
fn a_snapshot_is_made_when_something_changed_and_not_by_unlocking() {
    let place = Place::new();
    let mut vault = place.unlock();
    assert_eq!(vault.snapshot(NOW), Ok(true));
    assert_eq!(vault.snapshot(NOW), Ok(false));
    drop(vault);
    drop(place.unlock());
    assert_eq!(snapshots(&place).len(), 1);
    let mut vault = place.unlock();
    assert_eq!(vault.snapshot(NOW.plus(5 * DAY_S)), Ok(false));
    add(&mut vault, "ann");
    assert_eq!(vault.snapshot(NOW.plus(1)), Ok(true));
    let found = snapshots(&place);
    assert_eq!(found.len(), 2, "the first will be a day old one day");
    assert!(found[0].generation > found[1].generation);
}

#[test]
fn a_snapshot_is_whole_private_and_opens_like_the_vault() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Place::new();
    let mut vault = place.unlock();
    add(&mut vault, "ann");
    vault.snapshot(NOW).unwrap();
    let snapshot = snapshots(&place).remove(0);
    assert_eq!(
        verify_copy(snapshot.path(), vault.parts.realm, &vault.keys),
        Ok(snapshot.generation)
    );
    let mode = std::fs::metadata(snapshot.path())
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    // As a vault of its own, copied elsewhere.
    let elsewhere = tempfile::tempdir().unwrap();
    let copy = elsewhere.path().join("vault");
    std::fs::copy(snapshot.path(), &copy).unwrap();
    let locked = LockedVault::open(
        &VaultLocation::new(&copy),
        Box::new(NoAnchor),
        Box::new(SystemEntropy::new()),
    )
    .unwrap();
    let copy = locked
        .unlock(&Credential::Recovery(&place.code), NOW)
        .unwrap();
    assert_eq!(names(&copy), ["ann"]);
}

#[test]
fn a_stale_half_snapshot_is_discarded_and_a_damaged_vault_makes_none() {
    let place = Place::new();
    let mut vault = place.unlock();
    let id = add(&mut vault, "ann");
    std::fs::write(place.location().beside(".snap.new"), b"half").unwrap();
    assert_eq!(vault.snapshot(NOW), Ok(true));
    assert!(!place.location().beside(".snap.new").exists());
    drop(vault);
    let damage = "UPDATE record SET body = zeroblob(length(body)) WHERE id = ?1";
    place.attack().execute(damage, [id.bytes()]).unwrap();
    let mut vault = place.unlock();
    add(&mut vault, "bob");
    // Ann is only in the snapshot now: it is not replaced.
    assert_eq!(vault.snapshot(NOW.plus(30 * DAY_S)), Ok(false));
    assert_eq!(snapshots(&place).len(), 1);
}

#[test]
fn a_snapshot_that_somebody_else_is_making_is_left_to_them() {
    let place = Place::new();
    let mut vault = place.unlock();
    add(&mut vault, "ann");
    assert_eq!(vault.snapshot(NOW), Ok(true));
    let old = snapshots(&place);
    add(&mut vault, "bob");
    std::fs::write(place.location().beside(".snap.new"), b"half").unwrap();
    let theirs = std::fs::File::open(place.location().snapshot_lock()).unwrap();
    flock::wait_alone(&theirs).unwrap();
    assert_eq!(vault.snapshot(NOW), Ok(false));
    let half = std::fs::read(place.location().beside(".snap.new"));
    assert_eq!(half.unwrap(), b"half");
    // A rotation waits for a while and goes on; what has to go then goes when they are done.
    vault.renew_key(Damaged::Refuse, NOW).unwrap();
    assert!(vault.state.manifest.cleanup_due);
    assert_eq!(snapshots(&place), old);
    assert_eq!(vault.snapshot(NOW), Err(VaultError::Busy));
    drop(theirs);
    assert_eq!(vault.snapshot(NOW), Ok(true));
    assert!(!vault.state.manifest.cleanup_due);
    let left = snapshots(&place);
    assert!(left.len() == 1 && left[0] != old[0]);
    assert!(!place.location().beside(".snap.new").exists());
    drop(vault);
    assert_eq!(names(&place.unlock()), ["ann", "bob"]);
}

#[test]
fn whoever_still_has_the_old_key_publishes_nothing_under_it() {
    let place = Place::new();
    let (mut here, mut there) = (place.unlock(), place.unlock());
    add(&mut here, "ann");
    there.refresh().unwrap();
    assert_eq!(there.snapshot(NOW), Ok(true));
    here.renew_key(Damaged::Refuse, NOW.plus(1)).unwrap();
    assert_eq!(there.snapshot(NOW.plus(2)), Ok(false));
    // Nor where there is none to compare with.
    let left = snapshots(&place);
    let aside = place.folder.path().join("aside");
    std::fs::rename(left[0].path(), &aside).unwrap();
    assert_eq!(there.snapshot(NOW.plus(3)), Err(VaultError::DamagedData));
    assert_eq!(snapshots(&place), []);
    std::fs::rename(&aside, left[0].path()).unwrap();
    assert_eq!(there.refresh(), Err(VaultError::Locked));
    assert_eq!(left.len(), 1);
    assert_eq!(
        verify_copy(left[0].path(), here.parts.realm, &here.keys),
        Ok(left[0].generation)
    );
}

#[test]
fn several_that_make_snapshots_at_once_hinder_nobody() {
    let place = Place::new();
    let mut vaults: Vec<Vault> = (0..4).map(|_| place.unlock()).collect();
    for change in 0..10_u64 {
        add(&mut vaults[0], &format!("{change}"));
        for vault in &mut vaults {
            vault.refresh().unwrap();
        }
        let made = std::thread::scope(|scope| {
            let making = |vault| scope.spawn(move || Vault::snapshot(vault, NOW.plus(change)));
            let making: Vec<_> = vaults.iter_mut().map(making).collect();
            let made = making.into_iter().map(|thread| thread.join().unwrap());
            made.collect::<Result<Vec<bool>, _>>()
        });
        assert!(made.unwrap().contains(&true), "{change}");
        let newest = snapshots(&place).remove(0);
        let vault = &vaults[0];
        assert_eq!(newest.generation, vault.state.version.generation);
        assert_eq!(
            verify_copy(newest.path(), vault.parts.realm, &vault.keys),
            Ok(newest.generation)
        );
    }
    assert!(!place.location().beside(".snap.new").exists());
}

#[test]
fn f16_after_a_rotation_no_snapshot_opens_with_the_old_password_or_has_old_bytes() {
    let place = Place::with_password(b"first");
    let mut vault = place.unlock();
    add(&mut vault, "ann");
    for day in 0..4 {
        vault.snapshot(NOW.plus(day * 3 * DAY_S)).unwrap();
        add(&mut vault, &format!("of day {day}"));
    }
    let before = bodies(&place);
    assert!(snapshots(&place).len() > 1 && !before.is_empty());
    change_password(&mut vault).unwrap();
    assert_eq!(snapshots(&place).len(), 1);
    let now = place.bytes();
    for body in &before {
        assert!(!contains(&now, body), "old ciphertext, salt or sealed key");
    }
    assert!(!vault.state.manifest.cleanup_due);
}

#[test]
fn f16_after_a_purge_no_snapshot_has_the_account() {
    let place = Place::new();
    let mut vault = place.unlock();
    let id = add(&mut vault, "ann");
    add(&mut vault, "bob");
    vault.snapshot(NOW).unwrap();
    let read = "SELECT body FROM record WHERE id = ?1";
    let body: Vec<u8> = place
        .attack()
        .query_row(read, [id.bytes()], |row| row.get(0))
        .unwrap();
    assert!(contains(
        &std::fs::read(snapshots(&place)[0].path()).unwrap(),
        &body
    ));
    delete(&mut vault, id).unwrap();
    assert!(!contains(&place.bytes(), &body));
    assert_eq!(snapshots(&place).len(), 1);
}

#[test]
fn what_could_not_be_cleaned_up_goes_at_a_later_unlock() {
    let place = Place::with_password(b"first");
    let mut vault = place.unlock();
    add(&mut vault, "ann");
    vault.snapshot(NOW).unwrap();
    let old = snapshots(&place).remove(0);
    // Something that is no file stands where the snapshot is built.
    std::fs::create_dir(place.location().beside(".snap.new")).unwrap();
    change_password(&mut vault).unwrap();
    assert!(vault.state.manifest.cleanup_due);
    assert_eq!(
        snapshots(&place),
        std::slice::from_ref(&old),
        "the old one stays until there is a new one"
    );
    drop(vault);
    std::fs::remove_dir(place.location().beside(".snap.new")).unwrap();
    let vault = place.unlock();
    assert!(!vault.state.manifest.cleanup_due);
    let left = snapshots(&place);
    assert!(left.len() == 1 && left[0] != old);
}

/// Every sealed body, salt and sealed key of the vault and its snapshots.
fn bodies(place: &Place) -> Vec<Vec<u8>> {
    let files = snapshots(place)
        .into_iter()
        .map(|snapshot| snapshot.path().to_owned());
    let mut bodies = vec![];
    for file in files.chain([place.path()]) {
        let db = Connection::open(file).unwrap();
        for select in [
            "SELECT body FROM record",
            "SELECT body FROM bucket WHERE length(body) > 16",
            "SELECT body FROM manifest",
            "SELECT sealed FROM slot",
            "SELECT substr(params, 13) FROM slot WHERE kind = 1",
        ] {
            let mut statement = db.prepare(select).unwrap();
            let rows = statement.query_map([], |row| row.get(0)).unwrap();
            bodies.extend(rows.map(Result::unwrap));
        }
    }
    bodies
}
