//! The history in a vault.

use serde_json::Value;
use tempfile::TempDir;

use super::*;
use crate::entropy::SystemEntropy;
use crate::secret::Secret;
use crate::time::UnixSeconds;
use crate::vault::{
    BadPlace, ChainFault, Credential, KdfParams, LockedVault, NewVault, NoAnchor, RecordId,
    RecoveryCode, SlotKind, Vault, VaultLocation,
};

const NOW: UnixSeconds = UnixSeconds(1_800_000_000);
const HOUR_S: u64 = 3_600;

struct Place {
    folder: TempDir,
    code: RecoveryCode,
}

impl Place {
    fn new() -> (Self, Vault) {
        let place = Self {
            folder: tempfile::tempdir().unwrap(),
            code: RecoveryCode::generate(&SystemEntropy::new()).unwrap(),
        };
        let setup = NewVault {
            password: None,
            recovery: Some(&place.code),
            kdf: KdfParams::DEFAULT,
        };
        let entropy = Box::new(SystemEntropy::new());
        let vault =
            Vault::create(&place.location(), &setup, Box::new(NoAnchor), entropy, NOW).unwrap();
        (place, vault)
    }

    fn location(&self) -> VaultLocation {
        VaultLocation::new(&self.folder.path().join("vault"))
    }

    fn open(&self) -> LockedVault {
        let entropy = Box::new(SystemEntropy::new());
        LockedVault::open(&self.location(), Box::new(NoAnchor), entropy).unwrap()
    }
}

fn account(n: u8) -> RecordId {
    format!("{n:02x}").repeat(16).parse().unwrap()
}

fn label(text: &str) -> Label {
    Label::new(text).unwrap()
}

fn approval(n: u8) -> Entry {
    Entry {
        statement: Some([n; 32]),
        decision: Some(Decision::Approve),
        outcome: Some(Outcome::Approved),
        ..Entry::new(NOW, account(n), Kind::Answered)
    }
    .with_message(label("statement"), &format!("statement {n}"))
    .with_message(label("answer"), &format!("answer {n}"))
    .with_message(label("receipt"), &format!("receipt {n}"))
}

fn append(vault: &mut Vault, entry: &Entry) {
    let appended = vault.change(NOW, |_, change| {
        change.append(entry.encode());
        Ok(())
    });
    appended.unwrap();
}

fn refuse(vault: &mut Vault, entry: &Entry) -> bool {
    vault
        .change(NOW, |vault, change| append_refused(vault, change, entry))
        .unwrap()
}

fn attack(place: &Place, statement: &str) {
    let db = rusqlite::Connection::open(place.location().path()).unwrap();
    db.execute_batch(statement).unwrap();
}

#[test]
fn r15_an_approval_is_one_entry_and_it_verifies() {
    let (_place, mut vault) = Place::new();
    append(&mut vault, &approval(1));
    let mut seen = vec![];
    let verified = verify(&vault, |entry| {
        seen.push(entry.clone());
        Ok(())
    });
    assert_eq!(verified.unwrap().unwrap().entries, 1);
    assert_eq!(seen, [approval(1)]);
    let expected = Item {
        seq: 1,
        at: Some(NOW),
        kind: ItemKind::Entry {
            account: account(1),
            kind: Kind::Answered,
            decision: Some(Decision::Approve),
            outcome: Some(Outcome::Approved),
            cause: None,
            about: Box::default(),
        },
    };
    assert_eq!(newest(&vault, None, 9), Ok(vec![expected]));
}

#[test]
fn r15_the_first_entry_that_is_not_as_it_was_written_is_named_with_what_is_wrong() {
    for (statement, fault) in [
        ("DELETE FROM log WHERE seq = 2", ChainFault::Missing),
        (
            "UPDATE log SET body = zeroblob(length(body)) WHERE seq = 2",
            ChainFault::Unreadable,
        ),
        ("DELETE FROM log WHERE seq > 1", ChainFault::Missing),
    ] {
        let (place, mut vault) = Place::new();
        (1..=3).for_each(|n| append(&mut vault, &approval(n)));
        attack(&place, statement);
        let bad = BadEntry {
            seq: 2,
            fault: EntryFault::Chain(fault),
        };
        assert_eq!(verify(&vault, |_| Ok(())), Ok(Err(bad)), "{statement}");
    }
    let (_place, mut vault) = Place::new();
    (1..=3).for_each(|n| append(&mut vault, &approval(n)));
    let forged = verify(&vault, |entry| match entry.account == account(2) {
        true => Err(NotGenuine),
        false => Ok(()),
    });
    let bad = |fault| Ok(Err(BadEntry { seq: 2, fault }));
    assert_eq!(forged, bad(EntryFault::Message));
    let (_place, mut vault) = Place::new();
    append(&mut vault, &approval(1));
    vault
        .change(NOW, |_, change| {
            change.append(Secret::copy_of(b"not an entry"));
            Ok(())
        })
        .unwrap();
    assert_eq!(verify(&vault, |_| Ok(())), bad(EntryFault::Form));
    assert_eq!(newest(&vault, None, 1).unwrap()[0].kind, ItemKind::Newer);
}

#[test]
fn what_is_refused_is_noted_once_a_cause_account_and_hour() {
    let (_place, mut vault) = Place::new();
    let refused = |at, account, cause| Entry::refused(at, account, label(cause));
    assert!(refuse(&mut vault, &refused(NOW, account(1), "signature")));
    append(&mut vault, &approval(1));
    for _ in 0..100 {
        assert!(!refuse(
            &mut vault,
            &refused(NOW.plus(9), account(1), "signature")
        ));
    }
    assert!(refuse(&mut vault, &refused(NOW, account(2), "signature")));
    assert!(refuse(&mut vault, &refused(NOW, account(1), "audience")));
    let later = NOW.plus(HOUR_S);
    assert!(refuse(&mut vault, &refused(later, account(1), "signature")));
    assert!(!refuse(
        &mut vault,
        &refused(later, account(1), "signature")
    ));
    // A clock that is set back makes one more at most.
    assert!(!refuse(&mut vault, &refused(NOW, account(1), "signature")));
    assert_eq!(vault.history_end().0, 5);
    // Several in one change.
    let both = vault.change(NOW, |vault, change| {
        let entry = refused(NOW, account(3), "signature");
        Ok([
            append_refused(vault, change, &entry)?,
            append_refused(vault, change, &entry)?,
        ])
    });
    assert_eq!(both, Ok([true, false]));
}

#[test]
fn what_is_refused_while_the_vault_is_locked_is_noted_once_too() {
    let (place, mut vault) = Place::new();
    let new = vault.begin_platform_slot(SlotKind::Porch).unwrap();
    let secret = new.secret();
    vault.add_platform_slot(new, b"wrapped", NOW).unwrap();
    drop(vault);
    let locked = place.open();
    let porch = locked.open_porch(&secret).unwrap();
    let leave = |cause| {
        let entry = Entry::refused(NOW, account(1), label(cause));
        let left = porch.change(account(1), |_, change| {
            leave_refused(&porch, change, &entry)
        });
        left.unwrap()
    };
    assert_eq!(["a", "a", "b", "a"].map(leave), [true, false, true, false]);
    drop(locked);
    let unlocked = place.open().unlock(&Credential::Recovery(&place.code), NOW);
    let mut vault = unlocked.unwrap();
    vault.take_over_porch(NOW, |_, _, _| Ok(())).unwrap();
    assert_eq!(verify(&vault, |_| Ok(())).unwrap().unwrap().entries, 2);
    assert!(!refuse(
        &mut vault,
        &Entry::refused(NOW, account(1), label("a"))
    ));
}

#[test]
fn the_newest_items_come_first_and_can_be_those_of_one_account() {
    let (_place, mut vault) = Place::new();
    (1..=4).for_each(|n| append(&mut vault, &approval(n % 2)));
    let places = |account, count| {
        let items = newest(&vault, account, count).unwrap();
        items.iter().map(|item| item.seq).collect::<Vec<_>>()
    };
    assert_eq!(places(None, 3), [4, 3, 2]);
    assert_eq!(places(Some(account(1)), 9), [3, 1]);
    assert_eq!(places(Some(account(9)), 9), [0; 0]);
    assert_eq!(places(None, 0), [0; 0]);
}

/// What was exported, and its lines.
fn exported(
    vault: &Vault,
    wanted: Wanted,
    accounts: &[AccountKeys],
) -> (Result<Exported, ExportError>, Vec<Value>) {
    let mut lines = vec![];
    let sign = |id, ending: &Ending| {
        let key = id == account(1);
        key.then(|| format!("signed {}", ending.count))
    };
    let exported = export(vault, &wanted, accounts, NOW, sign, |line| {
        assert!(!line.contains('\n'));
        lines.push(serde_json::from_str(line).unwrap());
        true
    });
    (exported.unwrap(), lines)
}

fn keys(n: u8) -> AccountKeys {
    let key = KeyOfAccount {
        role: label("server"),
        jwk: r#"{"kty":"EC"}"#.to_owned(),
    };
    AccountKeys {
        account: account(n),
        keys: vec![key],
    }
}

#[test]
fn an_export_has_every_entry_and_ends_signed_by_every_key_that_signs() {
    let (_place, mut vault) = Place::new();
    (1..=2).for_each(|n| append(&mut vault, &approval(n)));
    let (done, lines) = exported(&vault, Wanted::All, &[keys(1), keys(2)]);
    let done = done.unwrap();
    assert_eq!((done.entries, done.withheld), (2, 0));
    assert_eq!(done.signed, [account(1)]);
    assert_eq!(done.unsigned, [account(2)]);
    let names: Vec<&str> = lines
        .iter()
        .map(|line| line["line"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["history", "keys", "keys", "entry", "entry", "end"]);
    assert_eq!(lines[3]["messages"][1]["text"], "answer 1");
    assert_eq!(lines[3]["decision"], "approve");
    assert_eq!(lines[5]["message"], "signed 2");
}

#[test]
fn an_export_of_one_account_says_nothing_of_the_others() {
    let (_place, mut vault) = Place::new();
    (1..=3).for_each(|n| append(&mut vault, &approval(n)));
    let wanted = Wanted::Of(vec![account(2)]);
    let (done, lines) = exported(&vault, wanted, &[keys(1), keys(2), keys(3)]);
    let done = done.unwrap();
    assert_eq!((done.entries, done.withheld), (1, 2));
    let text = format!("{lines:?}");
    for other in [account(1), account(3)] {
        assert!(!text.contains(&other.to_string()));
    }
    assert!(text.contains("statement 2") && !text.contains("statement 1"));
    assert_eq!(done.unsigned, [account(2)]);
}

#[test]
fn an_export_of_an_account_has_what_was_written_under_its_earlier_records() {
    let (_place, mut vault) = Place::new();
    (1..=3).for_each(|n| append(&mut vault, &approval(n)));
    let wanted = Wanted::Of(vec![account(1), account(3)]);
    let (done, lines) = exported(&vault, wanted, &[keys(1), keys(2)]);
    let done = done.unwrap();
    assert_eq!((done.entries, done.withheld), (2, 1));
    let text = format!("{lines:?}");
    assert!(text.contains("statement 1") && text.contains("statement 3"));
    assert!(!text.contains(&account(2).to_string()));
}

#[test]
fn a_history_that_is_not_whole_is_not_exported_as_if_it_were() {
    let (place, mut vault) = Place::new();
    (1..=3).for_each(|n| append(&mut vault, &approval(n)));
    let mut bad = keys(1);
    bad.keys[0].jwk = "[]".to_owned();
    assert_eq!(
        exported(&vault, Wanted::All, &[bad]).0,
        Err(ExportError::Key)
    );
    for taken in 0..5 {
        let mut count = 0;
        let done = export(
            &vault,
            &Wanted::All,
            &[keys(1)],
            NOW,
            |_, _| Some(String::new()),
            |_| {
                count += 1;
                count <= taken
            },
        );
        assert_eq!(done, Ok(Err(ExportError::NotWritten)), "{taken}");
    }
    attack(&place, "DELETE FROM log WHERE seq = 3");
    let place = BadPlace {
        seq: 3,
        fault: ChainFault::Missing,
    };
    let (done, lines) = exported(&vault, Wanted::All, &[keys(1)]);
    assert_eq!(done, Err(ExportError::Bad(place)));
    assert!(lines.iter().all(|line| line["line"] != "end"));
}
