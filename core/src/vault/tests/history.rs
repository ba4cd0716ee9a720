//! The history's log: what is appended with a change, and what is done to its rows.

use super::*;

fn checked(vault: &mut Vault) -> Option<(u64, ChainFault)> {
    let found = vault.check().unwrap().history;
    found.map(|place| (place.seq, place.fault))
}

fn with_entries(count: u64) -> Place {
    let place = Place::new();
    let mut vault = place.unlock();
    add(&mut vault, "ann");
    for n in 1..=count {
        append(&mut vault, &format!("entry {n}"));
    }
    place
}

/// Many entries in one change.
fn append_many(vault: &mut Vault, count: u64) {
    let appended = vault.change(NOW, |_, change| {
        for n in 0..count {
            change.append(Secret::copy_of(&n.to_be_bytes()));
        }
        Ok(())
    });
    appended.unwrap();
}

#[test]
fn entries_are_read_in_their_order_after_reopening_and_under_a_new_key() {
    let place = with_entries(3);
    let mut vault = place.unlock();
    assert!(vault.check().unwrap().is_whole());
    let expected = ["entry 1", "entry 2", "entry 3"];
    assert_eq!(entries(&vault), expected);
    let end = vault.history_end();
    vault.renew_key(Damaged::Refuse, NOW).unwrap();
    assert_eq!(vault.history_end(), end);
    drop(vault);
    let mut vault = place.unlock();
    assert!(vault.check().unwrap().is_whole());
    assert_eq!(entries(&vault), expected);
    assert!(!contains(&place.bytes(), b"entry"));
}

#[test]
fn an_entry_and_a_record_are_written_together_or_not_at_all() {
    let place = with_entries(1);
    let mut vault = place.unlock();
    let id = RecordId([7; 16]);
    let refused = vault.change(NOW, |_, change| {
        change.put_work(id, StoredWork::new(WorkKind::Account, Secret::copy_of(b"")));
        change.append(Secret::new(vec![0; ENTRY_BYTES_MAX + 1]));
        Ok(())
    });
    let error = VaultError::EntryTooLarge {
        got_bytes: 65_537,
        max_bytes: 65_536,
    };
    assert_eq!(refused, Err(error));
    assert_eq!(vault.work_record(id), Err(VaultError::NoSuchAccount));
    assert_eq!(entries(&vault), ["entry 1"]);
    assert!(vault.check().unwrap().is_whole());
    vault
        .change(NOW, |_, change| {
            change.append(Secret::new(vec![0; ENTRY_BYTES_MAX]));
            Ok(())
        })
        .unwrap();
    assert!(vault.check().unwrap().is_whole());
}

#[test]
fn two_handles_append_one_after_the_other() {
    let place = with_entries(0);
    let (mut one, mut other) = (place.unlock(), place.unlock());
    append(&mut one, "a");
    append(&mut other, "b");
    append(&mut one, "c");
    one.refresh().unwrap();
    assert!(one.check().unwrap().is_whole());
    assert_eq!(entries(&one), ["a", "b", "c"]);
}

#[test]
fn r15_every_row_that_is_edited_removed_or_exchanged_is_named_and_nothing_else_stops() {
    for (attack, found) in [
        ("DELETE FROM log WHERE seq = 1", (1, ChainFault::Missing)),
        ("DELETE FROM log WHERE seq = 2", (2, ChainFault::Missing)),
        ("DELETE FROM log WHERE seq = 4", (4, ChainFault::Missing)),
        ("DELETE FROM log WHERE seq >= 3", (3, ChainFault::Missing)),
        ("DELETE FROM log WHERE seq <= 3", (1, ChainFault::Missing)),
        ("DELETE FROM log", (1, ChainFault::Missing)),
        (
            "UPDATE log SET body = zeroblob(length(body)) WHERE seq = 3",
            (3, ChainFault::Unreadable),
        ),
        (
            "UPDATE log SET epoch = 9 WHERE seq = 4",
            (4, ChainFault::Unreadable),
        ),
        (
            "UPDATE log SET seq = seq + 100; UPDATE log SET seq = 104 - seq + 1",
            (1, ChainFault::Unreadable),
        ),
        (
            "INSERT INTO log SELECT 5, epoch, nonce, body FROM log WHERE seq = 4",
            (5, ChainFault::Extra),
        ),
        (
            "DELETE FROM log WHERE seq = 1; UPDATE log SET seq = seq - 1",
            (1, ChainFault::Unreadable),
        ),
    ] {
        let place = with_entries(4);
        place.attack().execute_batch(attack).unwrap();
        let mut vault = place.unlock();
        assert_eq!(checked(&mut vault), Some(found), "{attack}");
        assert!(!vault.findings().is_tampered(), "{attack}");
        assert_eq!(vault.findings().write_error(), None, "{attack}");
        assert!(!vault.findings().is_whole(), "{attack}");
        assert_eq!(names(&vault), ["ann"]);
        // What is written later does not bless it.
        append(&mut vault, "later");
        add(&mut vault, "bob");
        if found.1 != ChainFault::Extra {
            assert_eq!(
                checked(&mut vault),
                Some(found),
                "{attack}, and then a change"
            );
        }
        vault.accept(NOW).unwrap();
        assert_eq!(checked(&mut vault), None, "{attack}, accepted");
        assert_eq!(entries(&vault).last().map(String::as_str), Some("later"));
    }
}

#[test]
fn r15_a_missing_end_shows_at_once() {
    let place = with_entries(4);
    place
        .attack()
        .execute("DELETE FROM log WHERE seq = 4", [])
        .unwrap();
    let vault = place.unlock();
    let fault = ChainFault::Missing;
    assert_eq!(vault.findings().history, Some(BadPlace { seq: 4, fault }));
}

#[test]
fn r15_an_older_end_does_not_fit_what_was_written_after_it() {
    let place = with_entries(2);
    let old = place.attack();
    old.execute_batch("CREATE TEMP TABLE l AS SELECT * FROM log")
        .unwrap();
    let mut vault = place.unlock();
    append(&mut vault, "entry 3");
    old.execute_batch("DELETE FROM log; INSERT INTO log SELECT * FROM l")
        .unwrap();
    drop(old);
    assert_eq!(checked(&mut vault), Some((3, ChainFault::Missing)));
}

#[test]
fn a_full_history_cuts_its_oldest_entries_and_says_how_many() {
    let place = with_entries(0);
    let mut vault = place.unlock();
    append_many(&mut vault, HISTORY_ROWS_MAX);
    assert_eq!(vault.history_end().0, HISTORY_ROWS_MAX);
    let walked = |vault: &Vault| vault.walk_history::<BadPlace>(|_, _| Ok(())).unwrap();
    assert_eq!(walked(&vault).unwrap().cut, 0);
    append(&mut vault, "one too many");
    let report = walked(&vault).unwrap();
    assert_eq!(report.cut + report.entries, HISTORY_ROWS_MAX + 1);
    assert_eq!(report.cut, 1_000);
    drop(vault);
    let mut vault = place.unlock();
    assert!(vault.check().unwrap().is_whole());
    // And again, with what was cut before.
    append_many(&mut vault, 1_000);
    let report = walked(&vault).unwrap();
    assert_eq!(report.cut + report.entries, HISTORY_ROWS_MAX + 1_001);
    assert!(report.entries <= HISTORY_ROWS_MAX);
    assert!(vault.check().unwrap().is_whole());
    // Somebody who cuts more without the key is found, as is who takes the mark away.
    let cut = i64::try_from(report.cut).unwrap();
    let attack = place.attack();
    for delete in ["seq = ?1 + 1", "seq = ?1"] {
        attack
            .execute(&format!("DELETE FROM log WHERE {delete}"), [cut])
            .unwrap();
        assert!(vault.check().unwrap().history.is_some(), "{delete}");
    }
}

#[test]
fn a_cut_does_not_fall_into_a_gap_that_was_accepted() {
    let place = with_entries(0);
    let mut vault = place.unlock();
    append_many(&mut vault, 1_001);
    let lost = "DELETE FROM log WHERE seq IN (1000, 1001)";
    place.attack().execute_batch(lost).unwrap();
    assert!(vault.check().unwrap().history.is_some());
    vault.accept(NOW).unwrap();
    assert!(vault.check().unwrap().is_whole());
    // The place that would be the first one kept is the end of the gap.
    append_many(&mut vault, HISTORY_ROWS_MAX - 1_000);
    assert!(vault.check().unwrap().is_whole());
    append(&mut vault, "the next one");
    let walked = vault.walk_history::<BadPlace>(|_, _| Ok(())).unwrap();
    assert_eq!(walked.unwrap().cut, 1_001);
    assert!(vault.check().unwrap().is_whole());
}

#[test]
fn a_salvage_brings_the_history_along_and_says_what_it_lost() {
    let place = with_entries(5);
    let end = place.unlock().history_end();
    let salvage = || {
        let entropy = SystemEntropy::new();
        let credential = Credential::Recovery(&place.code);
        let location = place.location();
        Salvage::examine(&location, &credential, &place.installation, &entropy)
            .unwrap()
            .apply(Beyond::Leave, NOW)
            .unwrap();
    };
    salvage();
    let vault = place.unlock();
    assert_eq!(vault.history_end(), end);
    assert!(vault.findings().is_whole());
    drop(vault);
    let forget = "UPDATE log SET body = zeroblob(length(body)) WHERE seq IN (2, 5)";
    place.attack().execute(forget, []).unwrap();
    drop(place.unlock());
    salvage();
    let mut vault = place.unlock();
    assert!(vault.check().unwrap().is_whole());
    let found = entries(&vault);
    assert_eq!(found, ["entry 1", "lost 1", "entry 3", "entry 4", "lost 1"]);
}

#[test]
fn a_snapshot_holds_the_history_and_a_restore_puts_it_back() {
    let place = with_entries(3);
    let mut vault = place.unlock();
    assert_eq!(vault.snapshot(NOW), Ok(true));
    let end = vault.history_end();
    append(&mut vault, "later");
    drop(vault);
    let snapshot = place.location().snapshots().unwrap().remove(0);
    let entropy = SystemEntropy::new();
    restore(
        &place.location(),
        &snapshot,
        &Credential::Recovery(&place.code),
        OlderKey::Refuse,
        (&place.installation, &entropy),
        NOW,
    )
    .unwrap();
    let mut vault = place.unlock();
    assert!(vault.check().unwrap().is_whole());
    assert_eq!(vault.history_end(), end);
    assert_eq!(entries(&vault), ["entry 1", "entry 2", "entry 3"]);
}

#[test]
fn f1_whatever_bit_is_flipped_the_history_is_whole_or_has_a_bad_place_and_no_wrong_entry() {
    let place = with_entries(12);
    let whole = std::fs::read(place.path()).unwrap();
    let expected: Vec<String> = (1..=12).map(|n| format!("entry {n}")).collect();
    let (mut opened, mut named) = (0, 0);
    for (n, at) in (0..whole.len()).step_by(397).enumerate() {
        let copy = Place::copy_of(&place);
        let mut flipped = whole.clone();
        flipped[at] ^= 1 << (n % 8);
        std::fs::write(copy.path(), flipped).unwrap();
        let unlocked = copy.open().map(|locked| {
            let unlocked = locked.unlock(&Credential::Recovery(&copy.code), NOW);
            unlocked.map_err(|refused| refused.error)
        });
        let Ok(Ok(mut vault)) = unlocked else {
            continue;
        };
        let Ok(found) = vault.check().map(|found| found.history) else {
            continue;
        };
        let mut rows = vec![];
        let read = vault.newest_history(|seq, link| {
            rows.push((seq, link));
            true
        });
        assert!(read.is_ok() || found.is_some(), "{at}");
        for (seq, link) in &rows {
            let place = usize::try_from(*seq).unwrap() - 1;
            let entry = Link::Entry(Secret::copy_of(expected[place].as_bytes()));
            assert_eq!(link, &entry, "{at}");
        }
        assert!(found.is_some() || rows.len() == 12, "{at}");
        opened += 1;
        named += u32::from(found.is_some());
    }
    assert!(opened > 20 && named > 1, "{opened} and {named}");
}
