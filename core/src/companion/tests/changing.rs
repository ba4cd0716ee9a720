//! Changing: scenario C3.

use super::*;

fn next(companion: &mut Companion, id: RecordId) -> Result<PassedCode, VaultError> {
    companion.next_hotp(id, DoubtfulCounter::Refuse, NOW)
}

#[test]
fn c3_the_counter_is_saved_before_the_code_is_shown() {
    let (place, mut companion) = Place::new();
    let id = add(&mut companion, hotp(0));
    // RFC 4226 appendix D.
    for (counter, expected) in [(0, "755224"), (1, "287082"), (2, "359152")] {
        let passed = next(&mut companion, id).unwrap();
        assert_eq!(
            (passed.counter.value(), passed.code.text().expose()),
            (counter, expected)
        );
        // Another process, or this one after a kill, starts behind it.
        let stored = place.unlock().row(id, NOW).unwrap().kind.counter().unwrap();
        assert_eq!(stored.value(), counter + 1);
    }
}

#[test]
fn next_is_for_counters_that_have_a_next() {
    let (_place, mut companion) = Place::new();
    let timed = add(&mut companion, totp("A", "x", "1"));
    let last = add(&mut companion, hotp(Counter::MAX));
    assert_eq!(
        next(&mut companion, timed).err(),
        Some(VaultError::NoCounter)
    );
    assert_eq!(
        next(&mut companion, last).err(),
        Some(VaultError::CounterExhausted)
    );
    companion.remove(last, NOW).unwrap();
    assert_eq!(
        next(&mut companion, last).err(),
        Some(VaultError::NoSuchAccount)
    );
}

#[test]
fn a_counter_of_an_older_file_moves_on_with_the_persons_consent() {
    let (place, mut companion) = Place::with_anchor();
    let id = add(&mut companion, hotp(0));
    drop(companion);
    let older = std::fs::read(place.path()).unwrap();
    let mut companion = place.unlock();
    for _ in 0..3 {
        next(&mut companion, id).unwrap();
    }
    drop(companion);
    std::fs::write(place.path(), older).unwrap();
    let mut companion = place.unlock();
    assert_eq!(next(&mut companion, id), Err(VaultError::RolledBack));
    companion.accept(NOW).unwrap();
    assert_eq!(next(&mut companion, id), Err(VaultError::CounterDoubtful));
    drop(companion);
    // Also later: only the person's word ends it.
    let mut companion = place.unlock();
    assert_eq!(next(&mut companion, id), Err(VaultError::CounterDoubtful));
    assert_eq!(
        companion
            .row(id, NOW)
            .unwrap()
            .kind
            .counter()
            .unwrap()
            .value(),
        0
    );
    let passed = companion.next_hotp(id, DoubtfulCounter::GoOn, NOW).unwrap();
    assert_eq!(passed.code.text().expose(), "755224");
    assert_eq!(
        next(&mut companion, id).unwrap().code.text().expose(),
        "287082"
    );
}

#[test]
fn pinned_accounts_stand_first_and_positions_hold() {
    let (place, mut companion) = Place::new();
    let ids: Vec<RecordId> = ["a", "b", "c", "d"]
        .map(|name| add(&mut companion, totp("X", name, name)))
        .to_vec();
    let position = |position| Edit {
        position: Some(position),
        ..Edit::default()
    };
    companion.edit(ids[3], position(0), NOW).unwrap();
    assert_eq!(shown(&companion.list(NOW)), ["d", "a", "b", "c"]);
    companion.edit(ids[3], position(99), NOW).unwrap();
    assert_eq!(shown(&companion.list(NOW)), ["a", "b", "c", "d"]);
    companion.edit(ids[0], position(2), NOW).unwrap();
    assert_eq!(shown(&companion.list(NOW)), ["b", "c", "a", "d"]);
    companion
        .edit(
            ids[2],
            Edit {
                pinned: Some(true),
                ..Edit::default()
            },
            NOW,
        )
        .unwrap();
    assert_eq!(shown(&companion.list(NOW)), ["c", "b", "a", "d"]);
    assert_eq!(shown(&place.unlock().list(NOW)), ["c", "b", "a", "d"]);
}

#[test]
fn a_position_always_finds_room() {
    let (_place, mut companion) = Place::new();
    for name in ["a", "b", "c"] {
        add(&mut companion, totp("X", name, name));
    }
    // Moving the last one to the second place halves a gap of 2^32 each time.
    for _ in 0..80 {
        let last = companion.list(NOW).pop().unwrap();
        let second = companion.list(NOW).remove(1).account;
        companion
            .edit(
                last.id,
                Edit {
                    position: Some(1),
                    ..Edit::default()
                },
                NOW,
            )
            .unwrap();
        let rows = companion.list(NOW);
        assert_eq!((rows[1].id, &rows[2].account), (last.id, &second));
        assert_eq!(rows[0].account.as_str(), "a");
    }
}

#[test]
fn an_edit_changes_what_it_names_and_nothing_else() {
    let (_place, mut companion) = Place::new();
    let mut with_prefix = totp("Microsoft", "ann", "1");
    with_prefix.label_issuer = Some(Name::new("Tenant"));
    let id = add(&mut companion, with_prefix);
    let uri = companion.export_uri(id).unwrap();
    companion.edit(id, Edit::default(), NOW).unwrap();
    assert_eq!(companion.export_uri(id).unwrap(), uri);
    let edit = Edit {
        account: Some(Name::new("anna")),
        tags: Some(["work", "work", "", "vpn"].map(Name::new).to_vec()),
        ..Edit::default()
    };
    companion.edit(id, edit, NOW).unwrap();
    let row = companion.row(id, NOW).unwrap();
    assert_eq!(row.tags, [Name::new("work"), Name::new("vpn")]);
    assert_eq!(
        (row.issuer.as_str(), row.account.as_str()),
        ("Microsoft", "anna")
    );
    assert_eq!(row.label_issuer, Some(Name::new("Tenant")));
    companion
        .edit(
            id,
            Edit {
                issuer: Some(Name::new("TENANT")),
                ..Edit::default()
            },
            NOW,
        )
        .unwrap();
    assert_eq!(companion.row(id, NOW).unwrap().label_issuer, None);
    companion
        .edit(
            id,
            Edit {
                tags: Some(vec![]),
                ..Edit::default()
            },
            NOW,
        )
        .unwrap();
    assert!(companion.row(id, NOW).unwrap().tags.is_empty());
    // Nobody has them any more.
    assert_eq!(companion.vault.tags().count(), 0);
}

#[test]
fn a_tag_is_one_record_and_goes_with_its_last_account() {
    let (_place, mut companion) = Place::new();
    let ids = ["a", "b"].map(|name| add(&mut companion, totp("X", name, name)));
    let tagged = || Edit {
        tags: Some(vec![Name::new("work")]),
        ..Edit::default()
    };
    for id in ids {
        companion.edit(id, tagged(), NOW).unwrap();
    }
    assert_eq!(companion.vault.tags().count(), 1);
    companion
        .edit(
            ids[0],
            Edit {
                tags: Some(vec![]),
                ..Edit::default()
            },
            NOW,
        )
        .unwrap();
    assert_eq!(companion.vault.tags().count(), 1);
    companion.remove(ids[1], NOW).unwrap();
    assert_eq!(
        companion.vault.tags().count(),
        1,
        "the trash keeps its tags"
    );
    companion.purge(ids[1], NOW).unwrap();
    assert_eq!(companion.vault.tags().count(), 0);
}
