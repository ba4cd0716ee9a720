//! What somebody with the file but without the key can do: nothing that goes unseen.

use super::*;

/// A vault with twelve accounts and their ids.
fn twelve() -> (Place, Vec<RecordId>) {
    let place = Place::new();
    let mut vault = place.unlock();
    let ids = (0..12)
        .map(|n| add(&mut vault, &format!("account {n:02}")))
        .collect();
    drop(vault);
    (place, ids)
}

fn is_write_refused(place: &Place, error: VaultError) {
    let mut vault = place.unlock();
    assert_eq!(vault.change(NOW, |_, _| Ok(())), Err(error));
    vault.accept(NOW).unwrap();
    assert_eq!(vault.findings().write_error(), None);
    add(&mut vault, "after");
    drop(vault);
    assert_eq!(place.unlock().findings().write_error(), None);
}

#[test]
fn a_damaged_record_is_unreadable_and_the_others_work() {
    let (place, ids) = twelve();
    let set = "UPDATE record SET body = zeroblob(length(body)) WHERE id = ?1";
    place.attack().execute(set, [ids[3].bytes()]).unwrap();
    let mut vault = place.unlock();
    assert_eq!(vault.findings().unreadable, [ids[3]]);
    assert_eq!(vault.findings().write_error(), None);
    assert_eq!(
        vault.account(ids[3]).err(),
        Some(VaultError::UnreadableRecord)
    );
    assert_eq!(names(&vault).len(), 11);
    // Everything else can be written, and the damage stays named.
    rename(&mut vault, ids[4], "renamed").unwrap();
    add(&mut vault, "new");
    drop(vault);
    let vault = place.unlock();
    assert_eq!(vault.findings().unreadable, [ids[3]]);
    assert_eq!(vault.findings().write_error(), None);
}

#[test]
fn f3_swapped_bodies_and_rows_are_seen() {
    for columns in [
        "body",
        "body, nonce",
        "nonce",
        "body, nonce, rev, epoch, kind",
    ] {
        let (place, ids) = twelve();
        let attack = place.attack();
        attack
            .execute("CREATE TEMP TABLE kept AS SELECT * FROM record", [])
            .unwrap();
        for (to, from) in [(ids[0], ids[1]), (ids[1], ids[0])] {
            let set = columns
                .split(", ")
                .map(|column| format!("{column} = (SELECT {column} FROM kept WHERE id = ?2)"))
                .collect::<Vec<_>>()
                .join(", ");
            let swap = format!("UPDATE record SET {set} WHERE id = ?1");
            attack.execute(&swap, [to.bytes(), from.bytes()]).unwrap();
        }
        drop(attack);
        let vault = place.unlock();
        let mut expected = [ids[0], ids[1]];
        expected.sort();
        assert_eq!(vault.findings().unreadable, expected, "{columns}");
        assert_eq!(names(&vault).len(), 10);
    }
}

#[test]
fn a_structure_that_sqlite_finds_unsound_after_an_unclean_end_is_read_and_not_written() {
    let (place, _) = with_log(2);
    // The root of the porch, which unlocking does not read.
    let root: i64 = place
        .attack()
        .query_row(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'porch'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    let (place, _) = with_log(2);
    let mut file = std::fs::read(place.path()).unwrap();
    let at = usize::try_from(root - 1).unwrap() * 4096;
    file[at..at + 4096].fill(0);
    std::fs::write(place.path(), file).unwrap();
    let mut vault = place.unlock();
    assert!(vault.findings().structure && !vault.findings().is_tampered());
    assert_eq!(names(&vault).len(), 14);
    assert_eq!(
        vault.change(NOW, |_, _| Ok(())),
        Err(VaultError::DamagedData)
    );
    assert_eq!(vault.snapshot(NOW), Ok(false));
    assert_eq!(vault.check().err(), Some(VaultError::DamagedData));
}

#[test]
fn f4_an_older_version_of_a_row_is_tampering() {
    let (place, ids) = twelve();
    let old: (i64, Vec<u8>, Vec<u8>) = read_row(&place, ids[5]);
    rename(&mut place.unlock(), ids[5], "renamed").unwrap();
    write_row(&place, ids[5], &old);
    assert_eq!(place.unlock().findings().changed, [ids[5]]);
    is_write_refused(&place, VaultError::Tampered);
}

#[test]
fn f4_an_older_row_under_an_open_vault_is_not_blessed_by_its_next_write() {
    let (place, ids) = twelve();
    let old = read_row(&place, ids[5]);
    let mut vault = place.unlock();
    rename(&mut vault, ids[5], "renamed").unwrap();
    write_row(&place, ids[5], &old);
    assert_eq!(
        rename(&mut vault, ids[5], "again"),
        Err(VaultError::Tampered)
    );
    drop(vault);
    assert_eq!(place.unlock().findings().changed, [ids[5]]);
}

#[test]
fn f5_a_deleted_row_is_missing_by_name() {
    let (place, ids) = twelve();
    place
        .attack()
        .execute("DELETE FROM record WHERE id = ?1", [ids[2].bytes()])
        .unwrap();
    let vault = place.unlock();
    assert_eq!(vault.findings().missing, [ids[2]]);
    assert_eq!(names(&vault).len(), 11);
    drop(vault);
    is_write_refused(&place, VaultError::Tampered);
}

#[test]
fn f5_a_copy_under_a_new_id_is_extra_by_name() {
    let (place, ids) = twelve();
    let copy = "INSERT INTO record SELECT zeroblob(16), kind, rev, epoch, nonce, body FROM record WHERE id = ?1";
    place.attack().execute(copy, [ids[2].bytes()]).unwrap();
    let vault = place.unlock();
    assert_eq!(vault.findings().extra, [RecordId([0; 16])]);
    assert_eq!(names(&vault).len(), 12);
    drop(vault);
    is_write_refused(&place, VaultError::Tampered);
}

#[test]
fn f5_a_row_resurrected_after_its_deletion_is_extra() {
    let (place, ids) = twelve();
    let attack = place.attack();
    attack.execute("ATTACH ':memory:' AS side", []).unwrap();
    attack
        .execute("CREATE TABLE side.kept AS SELECT * FROM record", [])
        .unwrap();
    delete(&mut place.unlock(), ids[7]).unwrap();
    attack
        .execute(
            "INSERT INTO record SELECT * FROM side.kept WHERE id = ?1",
            [ids[7].bytes()],
        )
        .unwrap();
    drop(attack);
    assert_eq!(place.unlock().findings().extra, [ids[7]]);
}

#[test]
fn f5_a_row_of_another_vault_is_extra_and_unreadable() {
    let (place, _) = twelve();
    let (other, ids) = twelve();
    let row = read_row(&other, ids[0]);
    place
        .attack()
        .execute(
            "INSERT INTO record VALUES (?1, 1, ?2, 1, ?3, ?4)",
            rusqlite::params![ids[0].bytes(), row.0, row.1, row.2],
        )
        .unwrap();
    let vault = place.unlock();
    assert_eq!(vault.findings().extra, [ids[0]]);
    assert_eq!(names(&vault).len(), 12);
}

#[test]
fn a_damaged_list_keeps_every_account_readable() {
    for damage in [
        "UPDATE manifest SET body = zeroblob(length(body))",
        "DELETE FROM manifest",
        "UPDATE manifest SET gen = gen + 1",
        "UPDATE bucket SET body = zeroblob(length(body))",
        "DELETE FROM bucket",
        "UPDATE bucket SET rev = rev + 1",
        "UPDATE meta SET v = x'00000009' WHERE k = 'epoch'",
        "INSERT INTO meta VALUES ('more', x'00')",
    ] {
        let (place, _) = twelve();
        place.attack().execute(damage, []).unwrap();
        let vault = place.unlock();
        assert!(vault.findings().is_tampered(), "{damage}");
        assert_eq!(names(&vault).len(), 12, "{damage}");
        drop(vault);
        is_write_refused(&place, VaultError::Tampered);
    }
}

#[test]
fn f4_a_whole_older_file_is_rolled_back_and_reading_works() {
    let (place, _) = twelve();
    let older = std::fs::read(place.path()).unwrap();
    add(&mut place.unlock(), "newer");
    std::fs::write(place.path(), &older).unwrap();
    let vault = place.unlock();
    assert_eq!(vault.findings().lineage, Some(LineageFinding::RolledBack));
    assert_eq!(names(&vault).len(), 12);
    drop(vault);
    is_write_refused(&place, VaultError::RolledBack);
    // What was accepted is again an ancestor of nothing else.
    let accepted = std::fs::read(place.path()).unwrap();
    std::fs::write(place.path(), &older).unwrap();
    assert_eq!(
        place.unlock().findings().lineage,
        Some(LineageFinding::RolledBack)
    );
    std::fs::write(place.path(), &accepted).unwrap();
    assert_eq!(place.unlock().findings().lineage, None);
}

#[test]
fn f21_two_installations_that_went_apart_see_it_whatever_their_generations() {
    let (place, _) = twelve();
    let other = Installation::default();
    let start = std::fs::read(place.path()).unwrap();
    add(&mut place.unlock(), "mine");
    let mine = std::fs::read(place.path()).unwrap();
    std::fs::write(place.path(), &start).unwrap();
    for n in 0..5 {
        add(&mut place.unlock_by(&other), &format!("theirs {n}"));
    }
    // Their file is newer by its number and lacks my change; mine lacks theirs.
    assert_eq!(
        place.unlock().findings().lineage,
        Some(LineageFinding::Forked)
    );
    std::fs::write(place.path(), &mine).unwrap();
    assert_eq!(
        place.unlock_by(&other).findings().lineage,
        Some(LineageFinding::RolledBack)
    );
    assert_eq!(place.unlock().findings().lineage, None);
}

#[test]
fn f11_another_installation_writing_after_me_is_no_rollback() {
    let (place, _) = twelve();
    let other = Installation::default();
    assert!(place.unlock_by(&other).findings().anchor_missing);
    for n in 0..12 {
        add(&mut place.unlock_by(&other), &format!("theirs {n}"));
    }
    let vault = place.unlock();
    assert_eq!(vault.findings().lineage, None);
    assert_eq!(names(&vault).len(), 24);
}

/// Copies the vault as it stands after `changes` more changes that are still in the log.
pub(super) fn with_log(changes: usize) -> (Place, Vec<u8>) {
    let (place, _) = twelve();
    let mut vault = place.unlock();
    for n in 0..changes {
        add(&mut vault, &format!("in the log {n}"));
    }
    let (file, log) = (
        std::fs::read(place.path()).unwrap(),
        std::fs::read(place.location().log()).unwrap(),
    );
    drop(vault);
    std::fs::write(place.path(), file).unwrap();
    std::fs::write(place.location().log(), &log).unwrap();
    (place, log)
}

#[test]
fn f1_a_flip_in_the_log_is_never_a_silent_rollback() {
    let (place, log) = with_log(4);
    for at in (0..log.len()).step_by(211) {
        let mut flipped = log.clone();
        flipped[at] ^= 0x04;
        std::fs::write(place.location().log(), &flipped).unwrap();
        let opened = place.open().and_then(|locked| {
            locked
                .unlock(&Credential::Recovery(&place.code), NOW)
                .map_err(|refused| refused.error)
        });
        assert_eq!(opened.err(), Some(VaultError::DamagedLog), "byte {at}");
        assert_eq!(
            std::fs::read(place.location().log()).unwrap(),
            flipped,
            "byte {at}"
        );
    }
    std::fs::write(place.location().log(), &log).unwrap();
    assert_eq!(names(&place.unlock()).len(), 16);
}

#[test]
fn a_torn_tail_of_a_change_that_was_never_promised_is_a_normal_crash() {
    let (place, log) = with_log(3);
    // The anchor of before the last change: the crash came before it was written.
    let installation = Installation::default();
    let torn = &log[..log.len() - 100];
    std::fs::write(place.location().log(), torn).unwrap();
    let vault = place.unlock_by(&installation);
    assert_eq!(names(&vault).len(), 14);
    assert_eq!(vault.findings().write_error(), None);
}

type Row = (i64, Vec<u8>, Vec<u8>);

fn read_row(place: &Place, id: RecordId) -> Row {
    place
        .attack()
        .query_row(
            "SELECT rev, nonce, body FROM record WHERE id = ?1",
            [id.bytes()],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .unwrap()
}

fn write_row(place: &Place, id: RecordId, row: &Row) {
    place
        .attack()
        .execute(
            "UPDATE record SET rev = ?2, nonce = ?3, body = ?4 WHERE id = ?1",
            rusqlite::params![id.bytes(), row.0, row.1, row.2],
        )
        .unwrap();
}

#[test]
fn f2_a_cut_file_is_damage_by_name_and_never_changed_by_looking() {
    let (place, _) = twelve();
    let whole = std::fs::read(place.path()).unwrap();
    let lengths = (100..whole.len()).step_by(1_777).chain([whole.len() - 1]);
    for length in lengths {
        std::fs::write(place.path(), &whole[..length]).unwrap();
        let opened = place.open().and_then(|locked| {
            locked
                .unlock(&Credential::Recovery(&place.code), NOW)
                .map_err(|refused| refused.error)
        });
        let error = opened.expect_err("a cut file has lost something");
        assert!(
            matches!(
                error,
                VaultError::DamagedData
                    | VaultError::DamagedSchema
                    | VaultError::DamagedSlot
                    | VaultError::NotAVault
            ),
            "{length}: {error:?}"
        );
        assert_eq!(std::fs::read(place.path()).unwrap(), &whole[..length]);
    }
}

#[test]
fn f1_every_flipped_bit_of_a_file_is_harmless_or_named() {
    let (place, ids) = twelve();
    let whole = std::fs::read(place.path()).unwrap();
    let (mut flips, mut readable) = (0_u32, 0_u32);
    for at in (0..whole.len()).step_by(193) {
        let mut flipped = whole.clone();
        flipped[at] ^= 1 << (at % 8);
        std::fs::write(place.path(), &flipped).unwrap();
        flips += 1;
        let opened = place.open().and_then(|locked| {
            locked
                .unlock(&Credential::Recovery(&place.code), NOW)
                .map_err(|refused| refused.error)
        });
        let Ok(vault) = opened else { continue };
        for (n, id) in ids.iter().enumerate() {
            let Ok(stored) = vault.account(*id) else {
                continue;
            };
            assert_eq!(
                stored.account,
                account(&format!("account {n:02}")),
                "byte {at}"
            );
        }
        let touched = vault.findings().unreadable.len() + vault.findings().missing.len();
        readable += u32::from(names(&vault).len() + touched >= 12);
    }
    // What SQLite cannot open at all is for salvage.
    assert!(readable * 2 > flips, "{readable} of {flips}");
}

#[test]
fn f10_a_busy_vault_says_so_and_loses_nothing() {
    let (place, ids) = twelve();
    let mut vault = place.unlock();
    vault.set_busy_timeout_ms(10);
    let attack = place.attack();
    attack.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(rename(&mut vault, ids[0], "renamed"), Err(VaultError::Busy));
    assert_eq!(names(&vault).len(), 12);
    attack.execute_batch("ROLLBACK").unwrap();
    rename(&mut vault, ids[0], "renamed").unwrap();
}
