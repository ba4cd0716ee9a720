//! Records of approvals: opaque to the vault, and kept like accounts.

use super::*;

const ACCOUNT: RecordId = RecordId([7; 16]);
const FLIGHT: RecordId = RecordId([8; 16]);

fn put(vault: &mut Vault, id: RecordId, kind: WorkKind, body: &[u8]) -> Result<(), VaultError> {
    vault.change(NOW, |_, change| {
        change.put_work(id, StoredWork::new(kind, Secret::copy_of(body)));
        Ok(())
    })
}

fn with_work() -> Place {
    let place = Place::new();
    let mut vault = place.unlock();
    add(&mut vault, "ann");
    put(&mut vault, ACCOUNT, WorkKind::Account, b"MARKED account").unwrap();
    put(&mut vault, FLIGHT, WorkKind::InFlight, b"MARKED answer").unwrap();
    place
}

/// Bodies in the order of their ids, and whether any is doubtful.
fn work(vault: &Vault) -> (Vec<String>, bool) {
    // EXPOSE: made up for this test.
    let text = |work: &StoredWork| String::from_utf8(work.body.expose().to_vec()).unwrap();
    let bodies = vault.work().map(|(_, work)| text(work));
    (
        bodies.collect(),
        vault.work().any(|(_, work)| work.is_doubtful),
    )
}

fn both() -> Vec<String> {
    vec!["MARKED account".to_owned(), "MARKED answer".to_owned()]
}

#[test]
fn what_was_put_is_read_after_reopening_and_under_a_new_key() {
    let place = with_work();
    let mut vault = place.unlock();
    assert_eq!(work(&vault), (both(), false));
    vault.renew_key(Damaged::Refuse, NOW).unwrap();
    drop(vault);
    let mut vault = place.unlock();
    assert_eq!(work(&vault), (both(), false));
    assert_eq!(vault.work_record(FLIGHT).unwrap().kind, WorkKind::InFlight);
    assert_eq!(
        vault.account(ACCOUNT).unwrap_err(),
        VaultError::NoSuchAccount
    );
    assert!(!contains(&place.bytes(), b"MARKED"));
    delete(&mut vault, FLIGHT).unwrap();
    delete(&mut vault, ACCOUNT).unwrap();
    assert!(work(&vault).0.is_empty());
    assert!(vault.check().unwrap().is_whole());
}

#[test]
fn a_body_is_64_kib_at_most() {
    let place = with_work();
    let mut vault = place.unlock();
    let longest = vec![7; WORK_BYTES_MAX];
    assert_eq!(
        put(&mut vault, ACCOUNT, WorkKind::Account, &longest),
        Ok(())
    );
    let error = VaultError::WorkTooLarge {
        got_bytes: 65_537,
        max_bytes: 65_536,
    };
    let longer = vec![7; WORK_BYTES_MAX + 1];
    assert_eq!(
        put(&mut vault, ACCOUNT, WorkKind::Account, &longer),
        Err(error)
    );
    assert!(place.unlock().findings().is_whole());
}

#[test]
fn the_plan_sees_what_another_process_put() {
    let place = with_work();
    let (mut one, mut other) = (place.unlock(), place.unlock());
    put(&mut one, FLIGHT, WorkKind::InFlight, b"answered").unwrap();
    let seen = other.change(NOW, |vault, _| Ok(work(vault).0));
    assert_eq!(seen.unwrap(), ["MARKED account", "answered"]);
}

#[test]
fn a_record_that_is_damaged_or_gone_is_named_and_the_others_work() {
    let place = with_work();
    let attack = |text: &str| {
        let attack = place.attack();
        attack.execute(text, [ACCOUNT.bytes()]).unwrap();
    };
    attack("UPDATE record SET body = zeroblob(length(body)) WHERE id = ?1");
    let mut vault = place.unlock();
    assert_eq!(vault.findings().unreadable, [ACCOUNT]);
    assert_eq!(
        vault.work_record(ACCOUNT),
        Err(VaultError::UnreadableRecord)
    );
    assert_eq!(work(&vault).0, ["MARKED answer"]);
    assert_eq!(put(&mut vault, FLIGHT, WorkKind::InFlight, b"next"), Ok(()));
    drop(vault);
    attack("DELETE FROM record WHERE id = ?1");
    let mut vault = place.unlock();
    assert_eq!(vault.findings().missing, [ACCOUNT]);
    let refused = put(&mut vault, FLIGHT, WorkKind::InFlight, b"next");
    assert_eq!(refused, Err(VaultError::Tampered));
}

#[test]
fn a_salvage_counts_a_work_account_and_says_that_it_is_from_an_older_file() {
    let place = with_work();
    let salvage = |beyond| {
        let (location, entropy) = (place.location(), SystemEntropy::new());
        let credential = Credential::Recovery(&place.code);
        let found =
            Salvage::examine(&location, &credential, &place.installation, &entropy).unwrap();
        let report = found.report().clone();
        let salvaged = found.apply(beyond, NOW).unwrap();
        (report, salvaged)
    };
    let (report, salvaged) = salvage(Beyond::Leave);
    assert_eq!((report.recovered, report.expected), (2, Some(2)));
    assert_eq!(salvaged.account_count, 2);
    let mut vault = place.unlock();
    assert_eq!(work(&vault), (both(), true));
    assert_eq!(vault.snapshot(NOW), Ok(true));
    drop(vault);
    let damage = "UPDATE record SET body = zeroblob(length(body)) WHERE id = ?1";
    for id in [ACCOUNT, FLIGHT] {
        place.attack().execute(damage, [id.bytes()]).unwrap();
    }
    drop(place.unlock());
    let (report, salvaged) = salvage(Beyond::Take);
    assert_eq!((report.recovered, report.expected), (1, Some(2)));
    assert_eq!(
        (&*report.lost, &*report.beyond),
        (&[ACCOUNT][..], &[ACCOUNT][..])
    );
    assert_eq!((salvaged.account_count, salvaged.from_snapshot), (2, 1));
    // What was in flight when the snapshot was made has ended since.
    assert_eq!(work(&place.unlock()).0, ["MARKED account"]);
}

#[test]
fn an_accepted_rollback_makes_work_doubtful_until_it_is_put_anew() {
    let place = with_work();
    let old = std::fs::read(place.path()).unwrap();
    let mut vault = place.unlock();
    let id = vault.accounts().next().unwrap().0;
    for n in 0..9 {
        rename(&mut vault, id, &format!("{n}")).unwrap();
    }
    drop(vault);
    std::fs::write(place.path(), old).unwrap();
    let mut vault = place.unlock();
    assert_eq!(vault.findings().lineage, Some(LineageFinding::RolledBack));
    assert_eq!(work(&vault), (both(), false));
    vault.accept(NOW).unwrap();
    assert_eq!(work(&vault), (both(), true));
    vault
        .change(NOW, |vault, change| {
            let mut fresh = vault
                .work_record(ACCOUNT)?
                .with_body(Secret::copy_of(b"new"));
            fresh.is_doubtful = false;
            change.put_work(ACCOUNT, fresh);
            Ok(())
        })
        .unwrap();
    assert!(!vault.work_record(ACCOUNT).unwrap().is_doubtful);
}

#[test]
fn f16_a_deleted_work_account_is_in_no_copy() {
    let place = with_work();
    let mut vault = place.unlock();
    assert_eq!(vault.snapshot(NOW), Ok(true));
    let stood: Vec<u8> = place
        .attack()
        .query_row(
            "SELECT body FROM record WHERE id = ?1",
            [ACCOUNT.bytes()],
            |row| row.get(0),
        )
        .unwrap();
    delete(&mut vault, ACCOUNT).unwrap();
    drop(vault);
    assert!(!contains(&place.bytes(), &stood[..32]));
    assert_eq!(place.location().snapshots().unwrap().len(), 1);
}
