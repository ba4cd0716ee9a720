//! What is sealed anew when the person takes the file as it stands.

use super::*;
use crate::otp::{Algorithm, Counter, Digits};

#[test]
fn the_slot_in_use_is_made_anew_when_its_record_does_not_open() {
    let place = Place::new();
    let mut vault = place.unlock();
    let id = add(&mut vault, "ann");
    drop(vault);
    let attack = place.attack();
    attack
        .execute_batch(
            "UPDATE record SET body = zeroblob(length(body)) WHERE id = (SELECT id FROM slot)",
        )
        .unwrap();
    attack
        .execute("DELETE FROM record WHERE id = ?1", [id.bytes()])
        .unwrap();
    drop(attack);
    // With something missing nothing is written at unlock.
    let mut vault = place.unlock();
    assert_eq!(vault.findings().unreadable.len(), 1);
    assert_eq!(vault.findings().missing, [id]);
    vault.accept(NOW).unwrap();
    assert!(vault.findings().is_whole(), "{:?}", vault.findings());
    drop(vault);
    assert!(place.unlock().findings().is_whole());
}

#[test]
fn the_slot_in_use_is_made_anew_when_its_row_is_not_as_it_was_left() {
    let place = Place::new();
    let mut vault = place.unlock();
    add(&mut vault, "ann");
    let attack = "UPDATE slot SET params = x'00'";
    assert_eq!(place.attack().execute(attack, []), Ok(1));
    assert_eq!(vault.check().unwrap().slots.len(), 1);
    vault.accept(NOW).unwrap();
    assert!(vault.findings().is_whole(), "{:?}", vault.findings());
    drop(vault);
    // It was removed as a slot that somebody else changed, and the person is still not locked out.
    assert_eq!(names(&place.unlock()), ["ann"]);
}

#[test]
fn after_a_rollback_counters_are_doubted_and_nothing_else_is() {
    let place = Place::new();
    let mut vault = place.unlock();
    let timed = add(&mut vault, "timed");
    let mut counted = account("counted");
    counted.otp = counted.otp.with_kind(OtpKind::Hotp {
        algorithm: Algorithm::Sha1,
        digits: Digits::DEFAULT,
        counter: Counter::new(7).unwrap(),
    });
    let id = RecordId::generate(&SystemEntropy::new()).unwrap();
    store(&mut vault, id, StoredAccount::new(counted, 1, NOW)).unwrap();
    drop(vault);
    let older = std::fs::read(place.path()).unwrap();
    let mut vault = place.unlock();
    for name in ["b", "c", "d", "e", "f", "g", "h", "i", "j"] {
        rename(&mut vault, timed, name).unwrap();
    }
    drop(vault);
    std::fs::write(place.path(), older).unwrap();
    let mut vault = place.unlock();
    assert_eq!(vault.findings().lineage, Some(LineageFinding::RolledBack));
    vault.accept(NOW).unwrap();
    assert!(vault.account(id).unwrap().counter_doubtful);
    assert!(!vault.account(timed).unwrap().counter_doubtful);
}

#[test]
fn entries_of_the_history_that_open_are_kept_and_the_others_said_to_be_lost() {
    let place = Place::new();
    let mut vault = place.unlock();
    for text in ["one", "two", "three", "four"] {
        append(&mut vault, text);
    }
    let attack = place.attack();
    // The second is the first in another place: it does not open there.
    attack
        .execute_batch(
            "DELETE FROM log WHERE seq IN (2, 4); \
             INSERT INTO log SELECT 2, epoch, nonce, body FROM log WHERE seq = 1",
        )
        .unwrap();
    let findings = vault.check().unwrap();
    let place_of = |seq, fault| Some(BadPlace { seq, fault });
    assert_eq!(findings.history, place_of(2, ChainFault::Unreadable));
    assert_eq!(findings.write_error(), None);
    let accepted = vault.accept(NOW).unwrap();
    assert_eq!(accepted.history, place_of(4, ChainFault::Missing));
    assert!(vault.check().unwrap().is_whole(), "{:?}", vault.findings());
    let report = vault
        .walk_history::<BadPlace>(|_, _| Ok(()))
        .unwrap()
        .unwrap();
    assert_eq!((report.entries, report.lost), (2, 2));
    append(&mut vault, "five");
    assert_eq!(
        entries(&vault),
        ["one", "lost 1", "three", "lost 1", "five"]
    );
}

#[test]
fn f4_an_older_bucket_with_its_rows_does_not_fit_the_manifest() {
    let place = Place::new();
    let mut vault = place.unlock();
    let id = add(&mut vault, "ann");
    let attack = place.attack();
    attack
        .execute_batch("CREATE TEMP TABLE b AS SELECT * FROM bucket; CREATE TEMP TABLE r AS SELECT * FROM record")
        .unwrap();
    rename(&mut vault, id, "bob").unwrap();
    attack
        .execute_batch("DELETE FROM bucket; INSERT INTO bucket SELECT * FROM b; DELETE FROM record; INSERT INTO record SELECT * FROM r")
        .unwrap();
    drop(attack);
    let findings = vault.check().unwrap();
    assert!(findings.index && findings.changed.is_empty());
    assert_eq!(rename(&mut vault, id, "eve"), Err(VaultError::Tampered));
}
