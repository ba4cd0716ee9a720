//! What the locked vault leaves for the history: taken over in its order, and what is missing is said.

use super::porch::{entry, with_porch};
use super::*;

const ACCOUNT: RecordId = RecordId([1; 16]);

/// Leaves entries for the history while the vault is locked.
fn leave(place: &Place, secret: &Secret, texts: &[&str]) -> Result<(), VaultError> {
    let locked = place.open()?;
    let porch = locked.open_porch(secret)?;
    for text in texts {
        porch.change(ACCOUNT, |_, change| {
            change.put(entry(text.as_bytes()));
            change.append(Secret::copy_of(text.as_bytes()));
            Ok(())
        })?;
    }
    Ok(())
}

/// Takes the porch over; what stands in the history then.
fn take_over(place: &Place) -> Vec<String> {
    let mut vault = place.unlock();
    let put_back = |_: &Vault, entries: Vec<(RecordId, PorchEntry)>, change: &mut Change| {
        entries
            .into_iter()
            .for_each(|(id, entry)| change.put_on_porch(id, entry));
        Ok(())
    };
    vault.take_over_porch(NOW, put_back).unwrap();
    assert!(vault.check().unwrap().is_whole(), "{:?}", vault.findings());
    assert_eq!(vault.porch_news(), Ok(0));
    // Whatever is done to the porch, no account is lost.
    assert_eq!(names(&vault), ["ann"]);
    entries(&vault)
}

#[test]
fn the_history_takes_over_what_was_left_in_its_order_and_once() {
    let (place, secret) = with_porch();
    leave(&place, &secret, &["a", "b"]).unwrap();
    assert_eq!(place.unlock().porch_news(), Ok(2));
    assert_eq!(take_over(&place), ["a", "b"]);
    assert_eq!(take_over(&place), ["a", "b"]);
    leave(&place, &secret, &["c"]).unwrap();
    let locked = place.open().unwrap();
    let left = locked
        .open_porch(&secret)
        .unwrap()
        .left_for_history()
        .unwrap();
    assert_eq!(left, [Secret::copy_of(b"c")]);
    drop(locked);
    assert_eq!(take_over(&place), ["a", "b", "c"]);
    assert!(!contains(&place.bytes(), b"ACME"));
}

#[test]
fn the_porch_is_made_anew_from_the_records_in_the_same_transaction() {
    let (place, secret) = with_porch();
    leave(&place, &secret, &["a"]).unwrap();
    let mut vault = place.unlock();
    let rebuilt = vault.take_over_porch(NOW, |_, entries, change| {
        let [(id, found)] = &entries[..] else {
            panic!("one entry was put");
        };
        let state = found.value(PorchField::Issuer).unwrap();
        change.put_work(
            *id,
            StoredWork::new(WorkKind::Account, Secret::copy_of(state)),
        );
        change.append(Secret::copy_of(b"unlocked"));
        change.put_on_porch(RecordId([2; 16]), entry(b"anew"));
        Ok(())
    });
    rebuilt.unwrap();
    assert_eq!(entries(&vault), ["a", "unlocked"]);
    // EXPOSE: made up for this test.
    assert_eq!(vault.work_record(ACCOUNT).unwrap().body.expose(), b"a");
    assert_eq!(
        vault.porch_entries(),
        Ok(vec![(RecordId([2; 16]), entry(b"anew"))])
    );
    // What fails changes nothing on either side.
    leave(&place, &secret, &["b"]).unwrap();
    let failed = vault.take_over_porch::<()>(NOW, |_, _, _| Err(VaultError::NoSuchAccount));
    assert_eq!(failed, Err(VaultError::NoSuchAccount));
    assert_eq!(vault.porch_news(), Ok(1));
    assert_eq!(entries(&vault), ["a", "unlocked"]);
    // An open vault changes the porch as well.
    vault
        .change(NOW, |_, change| {
            change.take_from_porch(RecordId([2; 16]));
            Ok(())
        })
        .unwrap();
    let left = vault.porch_entries().unwrap();
    assert_eq!(left, [(ACCOUNT, entry(b"b"))]);
}

#[test]
fn two_processes_at_the_porch_see_each_others_changes() {
    let (place, secret) = with_porch();
    let (one, other) = (place.open().unwrap(), place.open().unwrap());
    let porches = [&one, &other].map(|locked| locked.open_porch(&secret).unwrap());
    let answer = |porch: &Porch<'_>, answer: &[u8]| {
        porch.change(ACCOUNT, |found, change| {
            let mut found = found.unwrap_or_default();
            let is_first = found.value(PorchField::Answer).is_none();
            if is_first {
                found.put(PorchField::Answer, answer);
                change.put(found);
                change.append(Secret::copy_of(answer));
            }
            Ok(is_first)
        })
    };
    assert_eq!(answer(&porches[0], b"approve"), Ok(true));
    assert_eq!(answer(&porches[1], b"deny"), Ok(false));
    drop(porches);
    drop((one, other));
    assert_eq!(take_over(&place), ["approve"]);
}

#[test]
fn who_opened_the_porch_before_the_key_was_renewed_opens_it_again() {
    let (place, secret) = with_porch();
    let locked = place.open().unwrap();
    let porch = locked.open_porch(&secret).unwrap();
    place.unlock().renew_key(Damaged::Refuse, NOW).unwrap();
    let refused = porch.change(ACCOUNT, |_, change| {
        change.append(Secret::copy_of(b"a"));
        Ok(())
    });
    assert_eq!(refused, Err(VaultError::Locked));
    drop(locked);
    leave(&place, &secret, &["a"]).unwrap();
    assert_eq!(take_over(&place), ["a"]);
}

#[test]
fn a_renewed_key_takes_the_porchs_chain_along() {
    let (place, secret) = with_porch();
    leave(&place, &secret, &["a", "b"]).unwrap();
    place.unlock().renew_key(Damaged::Refuse, NOW).unwrap();
    leave(&place, &secret, &["c"]).unwrap();
    assert_eq!(take_over(&place), ["a", "b", "c"]);
    place.unlock().renew_key(Damaged::Refuse, NOW).unwrap();
    leave(&place, &secret, &["d"]).unwrap();
    assert_eq!(take_over(&place), ["a", "b", "c", "d"]);
}

#[test]
fn an_end_that_was_taken_away_is_said_because_the_anchor_knows_it() {
    for (attack, found) in [
        ("DELETE FROM porch", vec!["a", "porch lost 2"]),
        (
            "DELETE FROM porch WHERE id = (SELECT max(id) FROM porch)",
            vec!["a", "b", "porch lost 1"],
        ),
        (
            "UPDATE porch SET body = zeroblob(length(body))",
            vec!["a", "porch lost 2"],
        ),
    ] {
        let (place, secret) = with_porch();
        leave(&place, &secret, &["a"]).unwrap();
        assert_eq!(take_over(&place), ["a"]);
        leave(&place, &secret, &["b", "c"]).unwrap();
        place.attack().execute(attack, []).unwrap();
        assert_eq!(take_over(&place), found, "{attack}");
        // Said once, and what comes later is taken again.
        leave(&place, &secret, &["d"]).unwrap();
        let mut later = found;
        later.push("d");
        assert_eq!(take_over(&place), later, "{attack}");
    }
}

#[test]
fn a_row_that_is_missing_in_the_middle_is_said_also_without_an_anchor() {
    let (place, secret) = with_porch();
    leave(&place, &secret, &["a", "b", "c"]).unwrap();
    place.installation.0.lock().unwrap().clear();
    let second = "DELETE FROM porch WHERE hex(id) LIKE '%0002'";
    assert_eq!(place.attack().execute(second, []), Ok(1));
    assert_eq!(take_over(&place), ["a", "c", "porch lost 1"]);
}

#[test]
fn a_porch_that_was_rolled_back_is_said_and_nothing_is_taken_twice() {
    let (place, secret) = with_porch();
    leave(&place, &secret, &["a"]).unwrap();
    let attack = place.attack();
    attack
        .execute_batch("CREATE TEMP TABLE p AS SELECT * FROM porch")
        .unwrap();
    let roll_back = || {
        attack
            .execute_batch("DELETE FROM porch; INSERT INTO porch SELECT * FROM p")
            .unwrap();
    };
    leave(&place, &secret, &["b"]).unwrap();
    roll_back();
    // What is left after that is not taken for what is gone.
    leave(&place, &secret, &["c"]).unwrap();
    assert_eq!(take_over(&place), ["a", "c", "porch lost 1"]);
    roll_back();
    assert_eq!(
        take_over(&place),
        ["a", "c", "porch lost 1", "porch lost 0"]
    );
}

#[test]
fn an_anchor_from_before_or_none_makes_no_claim() {
    let (place, secret) = with_porch();
    leave(&place, &secret, &["a"]).unwrap();
    let early = place.installation.0.lock().unwrap().clone();
    leave(&place, &secret, &["b"]).unwrap();
    // A power cut may bring an earlier anchor back.
    *place.installation.0.lock().unwrap() = early;
    assert_eq!(take_over(&place), ["a", "b"]);
    leave(&place, &secret, &["c"]).unwrap();
    place.installation.0.lock().unwrap().clear();
    assert_eq!(take_over(&place), ["a", "b", "c"]);
    let late = place
        .installation
        .0
        .lock()
        .unwrap()
        .values()
        .next()
        .unwrap()
        .len();
    assert_eq!(late, 113);
}

#[test]
fn a_change_of_the_vault_keeps_what_the_anchor_knows_of_the_porch() {
    let (place, secret) = with_porch();
    let mut vault = place.unlock();
    leave(&place, &secret, &["a", "b"]).unwrap();
    add(&mut vault, "bob");
    let bob = vault
        .accounts()
        .find(|(_, one)| one.account.account.as_str() == "bob");
    let bob = bob.unwrap().0;
    delete(&mut vault, bob).unwrap();
    drop(vault);
    place.attack().execute("DELETE FROM porch", []).unwrap();
    assert_eq!(take_over(&place), ["porch lost 2"]);
}

#[test]
fn a_restored_vault_says_that_it_has_no_porch_any_more() {
    let (place, secret) = with_porch();
    leave(&place, &secret, &["a"]).unwrap();
    assert_eq!(take_over(&place), ["a"]);
    assert_eq!(place.unlock().snapshot(NOW), Ok(true));
    leave(&place, &secret, &["b"]).unwrap();
    let snapshot = place.location().snapshots().unwrap().remove(0);
    let credential = Credential::Recovery(&place.code);
    restore(
        &place.location(),
        &snapshot,
        &credential,
        OlderKey::Refuse,
        (&place.installation, &SystemEntropy::new()),
        NOW,
    )
    .unwrap();
    assert_eq!(take_over(&place), ["a", "porch lost 1"]);
}

#[test]
fn a_full_porch_says_that_the_vault_has_to_be_unlocked() {
    let (place, secret) = with_porch();
    let locked = place.open().unwrap();
    let porch = locked.open_porch(&secret).unwrap();
    let append = |count: u64| {
        porch.change(ACCOUNT, |_, change| {
            (0..count).for_each(|n| change.append(Secret::new(n.to_string().into_bytes())));
            Ok(())
        })
    };
    assert_eq!(append(PORCH_ROWS_MAX), Ok(()));
    assert_eq!(append(1), Err(VaultError::PorchFull));
    assert_eq!(append(0), Ok(()));
    let long = porch.change(ACCOUNT, |_, change| {
        change.append(Secret::new(vec![0; ENTRY_BYTES_MAX + 1]));
        Ok(())
    });
    assert_eq!(long.unwrap_err().name(), "entry_too_large");
    drop(locked);
    assert_eq!(
        take_over(&place).len(),
        usize::try_from(PORCH_ROWS_MAX).unwrap()
    );
    leave(&place, &secret, &["later"]).unwrap();
    assert_eq!(take_over(&place).last().unwrap(), "later");
}

#[test]
fn a_porch_that_the_person_has_shut_stays_empty() {
    let place = Place::new();
    let mut vault = place.unlock();
    vault
        .take_over_porch(NOW, |_, _, change| {
            change.put_on_porch(ACCOUNT, entry(b"ACME"));
            Ok(())
        })
        .unwrap();
    assert_eq!(vault.porch_entries(), Ok(vec![]));
}
