//! Into the trash and out of it: scenario K5.

use super::*;

const DAY_S: u64 = 24 * 60 * 60;

#[test]
fn k5_the_trash_keeps_an_account_for_thirty_days_and_restores_it_exactly() {
    let (place, mut companion) = Place::new();
    let id = add(&mut companion, totp("ACME", "ann", "1"));
    let edit = Edit {
        note: Some(SecretText::new("note".into())),
        tags: Some(vec![Name::new("tag")]),
        pinned: Some(true),
        ..Edit::default()
    };
    companion.edit(id, edit, NOW).unwrap();
    let before = companion.row(id, NOW).unwrap();
    let uri = companion.export_uri(id).unwrap();

    let purged_at = companion.remove(id, NOW).unwrap();
    assert_eq!(purged_at.since(NOW), 30 * 24 * 60 * 60);
    assert!(companion.list(NOW).is_empty());
    assert!(
        companion.trash()[0].window.is_none(),
        "an account in the trash is mute"
    );
    assert_eq!(companion.purge_expired(UnixSeconds(purged_at.0 - 1)), Ok(0));

    drop(companion);
    let mut companion = place.unlock();
    companion.restore(id, NOW).unwrap();
    assert_eq!(companion.row(id, NOW).unwrap(), before);
    assert_eq!(companion.export_uri(id).unwrap(), uri);
    assert_eq!(companion.note(id).unwrap().expose(), "note");

    companion.remove(id, NOW).unwrap();
    assert_eq!(companion.purge_expired(purged_at), Ok(1));
    assert!(companion.trash().is_empty());
    assert_eq!(companion.restore(id, NOW), Err(VaultError::NoSuchAccount));
    assert_eq!(companion.list(NOW).len() + companion.trash().len(), 0);
}

#[test]
fn the_trash_is_entered_and_left_once() {
    let (_place, mut companion) = Place::new();
    let id = add(&mut companion, totp("ACME", "ann", "1"));
    assert_eq!(companion.restore(id, NOW), Err(VaultError::NoSuchAccount));
    assert_eq!(companion.purge(id, NOW), Err(VaultError::NoSuchAccount));
    companion.remove(id, NOW).unwrap();
    assert_eq!(companion.remove(id, NOW), Err(VaultError::NoSuchAccount));
    assert_eq!(
        companion.edit(id, Edit::default(), NOW),
        Err(VaultError::NoSuchAccount)
    );
    companion.purge(id, NOW).unwrap();
    assert!(companion.trash().is_empty());
}

/// An account in the trash, and the second at which its time there is over.
fn trashed(companion: &mut Companion) -> (RecordId, UnixSeconds) {
    let id = add(companion, totp("ACME", "ann", "1"));
    (id, companion.remove(id, NOW).unwrap())
}

#[test]
fn k5_a_clock_set_far_ahead_does_not_empty_the_trash() {
    let (_place, mut companion) = Place::new();
    let (id, _) = trashed(&mut companion);
    let ahead = NOW.plus(40 * 365 * DAY_S);
    assert_eq!(companion.purge_expired(ahead), Ok(0));
    // Changes under the wrong clock witness nothing.
    add(&mut companion, totp("ACME", "bob", "2"));
    companion.remove(id, ahead).unwrap_err();
    assert_eq!(companion.purge_expired(ahead.plus(DAY_S - 1)), Ok(0));
    // The clock is put right again: the account has its whole time.
    assert_eq!(companion.purge_expired(NOW.plus(DAY_S)), Ok(0));
    companion.restore(id, NOW.plus(DAY_S)).unwrap();
    assert_eq!(companion.list(NOW).len(), 2);
    // From then on the mark of the wrong clock says nothing.
    let again = companion.remove(id, NOW.plus(DAY_S)).unwrap();
    assert_eq!(companion.purge_expired(again), Ok(1));
}

#[test]
fn k5_a_vault_that_lay_for_years_empties_its_trash_a_day_after_the_first_change() {
    let (_place, mut companion) = Place::new();
    let (_, purged_at) = trashed(&mut companion);
    let years_later = purged_at.plus(5 * 365 * DAY_S);
    assert_eq!(companion.purge_expired(years_later), Ok(0));
    assert_eq!(companion.trash().len(), 1);
    assert_eq!(companion.purge_expired(years_later.plus(DAY_S)), Ok(1));
}
