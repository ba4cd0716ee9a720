//! What somebody puts into the file under an open vault, or before the person comes: never blessed, never a lock-out.

use super::*;

fn new_password(vault: &mut Vault) -> Result<(), VaultError> {
    vault
        .change_password(
            &Secret::copy_of(b"second"),
            KdfParams::DEFAULT,
            Damaged::Refuse,
            NOW,
        )
        .map(|_| ())
}

#[test]
fn a_rotation_blesses_neither_older_rows_nor_deleted_ones_nor_slots() {
    for plant in [
        "UPDATE record SET (rev, nonce, body) = (SELECT rev, nonce, body FROM kept WHERE kept.id = record.id)",
        "INSERT OR IGNORE INTO record SELECT * FROM kept",
        "DELETE FROM record WHERE kind = 1 AND id = (SELECT min(id) FROM record WHERE kind = 1)",
        "UPDATE slot SET nonce = zeroblob(16) WHERE kind = 2",
        "DELETE FROM slot WHERE kind = 2",
        "UPDATE meta SET v = zeroblob(4) WHERE k = 'epoch'",
        "UPDATE bucket SET rev = rev + 1",
    ] {
        let place = Place::with_password(b"first");
        let mut vault = place.unlock();
        let (kept, gone) = (add(&mut vault, "ann"), add(&mut vault, "gone"));
        let attack = place.attack();
        attack
            .execute("CREATE TEMP TABLE kept AS SELECT * FROM record", [])
            .unwrap();
        rename(&mut vault, kept, "renamed").unwrap();
        delete(&mut vault, gone).unwrap();
        attack.execute(plant, []).unwrap();
        drop(attack);
        assert_eq!(
            new_password(&mut vault),
            Err(VaultError::Tampered),
            "{plant}"
        );
        drop(vault);
        if !plant.contains("kind = 2") {
            let vault = place.unlock();
            assert!(vault.findings().is_tampered(), "{plant}");
        }
        assert!(with_password(&place, b"first").is_ok(), "{plant}");
    }
}

#[test]
fn a_changed_plain_table_is_not_blessed_by_the_next_write() {
    let place = Place::new();
    let mut vault = place.unlock();
    place
        .attack()
        .execute("INSERT INTO meta VALUES ('more', x'00')", [])
        .unwrap();
    add(&mut vault, "ann");
    drop(vault);
    assert!(place.unlock().findings().index);
}

#[test]
fn a_planted_slot_does_not_hide_the_real_one() {
    let place = Place::with_password(b"first");
    let attack = place.attack();
    for id in [
        "x'00000000000000000000000000000000'",
        "x'ffffffffffffffffffffffffffffffff'",
    ] {
        let plant = format!(
            "INSERT INTO slot SELECT {id}, kind, epoch, nonce, params, public, sealed, digest FROM slot WHERE kind = 1 LIMIT 1"
        );
        attack.execute(&plant, []).unwrap();
    }
    drop(attack);
    let vault = with_password(&place, b"first").unwrap();
    let added = |finding: &SlotFinding| finding.change == SlotChange::Added;
    assert_eq!(
        vault
            .findings()
            .slots
            .iter()
            .filter(|finding| added(finding))
            .count(),
        2
    );
}

#[test]
fn a_slot_from_before_a_rotation_is_a_damaged_slot() {
    let place = Place::with_password(b"first");
    let mut vault = place.unlock();
    add(&mut vault, "ann");
    let attack = place.attack();
    attack
        .execute("CREATE TEMP TABLE kept AS SELECT * FROM slot", [])
        .unwrap();
    new_password(&mut vault).unwrap();
    drop(vault);
    attack
        .execute_batch("DELETE FROM slot; INSERT INTO slot SELECT * FROM kept")
        .unwrap();
    drop(attack);
    assert_eq!(
        with_password(&place, b"first").err(),
        Some(VaultError::DamagedSlot)
    );
}

#[test]
fn a_damaged_slot_record_costs_nothing_and_is_made_anew() {
    let place = Place::with_password(b"first");
    let spoil = "UPDATE record SET body = zeroblob(length(body)) WHERE id = (SELECT id FROM slot WHERE kind = 1)";
    place.attack().execute(spoil, []).unwrap();
    let mut vault = place.unlock();
    assert_eq!(vault.findings().unreadable.len(), 1);
    assert_eq!(vault.findings().write_error(), None);
    vault.accept(NOW).unwrap();
    drop(vault);
    // The password still opens, and with its secret at hand the record is whole again.
    assert!(
        with_password(&place, b"first")
            .unwrap()
            .findings()
            .is_whole()
    );
    assert!(place.unlock().findings().is_whole());
}

#[test]
fn rows_planted_where_nothing_is_yet_are_seen_and_cleared() {
    let place = Place::with_password(b"first");
    let plant = |table: &str, key: &str| {
        let row = format!("INSERT INTO {table} VALUES ({key}, 1, zeroblob(12), zeroblob(272))");
        place.attack().execute(&row, []).unwrap();
    };
    plant("log", "1");
    let mut vault = place.unlock();
    let fault = ChainFault::Extra;
    assert_eq!(vault.findings().history, Some(BadPlace { seq: 1, fault }));
    assert_eq!(vault.findings().write_error(), None);
    vault.accept(NOW).unwrap();
    drop(vault);
    assert!(place.unlock().findings().is_whole());
    plant("porch", "zeroblob(16), 1");
    let mut vault = place.unlock();
    new_password(&mut vault).unwrap();
    let left: i64 = place
        .attack()
        .query_row("SELECT count(*) FROM porch", [], |row| row.get(0))
        .unwrap();
    assert_eq!(left, 0);
    assert!(vault.findings().is_whole());
}

#[test]
fn rows_without_a_rows_form_cost_only_themselves() {
    let place = Place::new();
    add(&mut place.unlock(), "ann");
    let attack = place.attack();
    attack
        .pragma_update(None, "ignore_check_constraints", true)
        .unwrap();
    attack
        .execute("INSERT INTO record VALUES (x'00', 1, -5, 1, x'', x'')", [])
        .unwrap();
    attack
        .execute(
            "INSERT INTO slot VALUES (x'01', 2, 1, x'', x'', x'', x'', x'')",
            [],
        )
        .unwrap();
    drop(attack);
    let mut vault = place.unlock();
    assert!(vault.findings().index);
    assert_eq!(names(&vault), ["ann"]);
    vault.accept(NOW).unwrap();
    drop(vault);
    assert!(place.unlock().findings().is_whole());
}

#[test]
fn sessions_without_an_anchor_do_not_push_out_an_installation_that_has_one() {
    let place = Place::new();
    for n in 0..20 {
        let locked = LockedVault::open(
            &place.location(),
            Box::new(NoAnchor),
            Box::new(SystemEntropy::new()),
        );
        let mut vault = locked
            .unwrap()
            .unlock(&Credential::Recovery(&place.code), NOW)
            .unwrap();
        assert!(vault.findings().anchor_missing);
        add(&mut vault, &n.to_string());
        assert!(vault.findings().is_whole());
    }
    assert_eq!(place.unlock().findings().lineage, None);
}

/// A log whose last transaction has a flipped bit, beside the file that it belongs to.
fn doubtful() -> (Place, Vec<u8>) {
    let place = Place::new();
    let mut vault = place.unlock();
    for n in 0..3 {
        add(&mut vault, &n.to_string());
    }
    let file = std::fs::read(place.path()).unwrap();
    let mut log = std::fs::read(place.location().log()).unwrap();
    drop(vault);
    let at = log.len() - 5_000;
    log[at] ^= 4;
    std::fs::write(place.path(), file).unwrap();
    std::fs::write(place.location().log(), &log).unwrap();
    (place, log)
}

#[test]
fn nothing_is_counted_into_a_doubtful_log() {
    let (place, log) = doubtful();
    let wrong = RecoveryCode::generate(&SystemEntropy::new()).unwrap();
    let refused = place
        .open()
        .unwrap()
        .unlock(&Credential::Recovery(&wrong), NOW);
    assert_eq!(refused.unwrap_err().error, VaultError::WrongPassword);
    assert_eq!(std::fs::read(place.location().log()).unwrap(), log);
    let refused = place
        .open()
        .unwrap()
        .unlock(&Credential::Recovery(&place.code), NOW);
    assert_eq!(refused.unwrap_err().error, VaultError::DamagedLog);
    assert_eq!(std::fs::read(place.location().log()).unwrap(), log);
}

#[test]
fn a_doubtful_log_is_nobody_elses_before_it_is_settled() {
    let (place, _) = doubtful();
    let first = place.open().unwrap();
    let lock = std::fs::File::open(place.location().lock()).unwrap();
    assert!(!flock::try_shared(&lock).unwrap());
    drop(first);
    assert!(flock::try_shared(&lock).unwrap());
}
