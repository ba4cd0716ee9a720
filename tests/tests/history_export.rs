//! An exported history is checked by a program that shares nothing with ours but a JOSE library.
#![forbid(unsafe_code)]
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test ends where it is surprised"
)]

use std::path::Path;

use countersign_core::approval::history::{
    AccountKeys, Decision, Entry, KeyOfAccount, Kind, Label, Outcome, Wanted, export, verify,
};
use countersign_core::entropy::SystemEntropy;
use countersign_core::time::UnixSeconds;
use countersign_core::vault::{
    HISTORY_ROWS_MAX, KdfParams, NewVault, NoAnchor, RecordId, RecoveryCode, Vault, VaultLocation,
};
use countersign_protocol::envelope::Unsigned;
use countersign_protocol::hash::{HistoryHead, Id};
use countersign_protocol::json::{Json, Object};
use countersign_protocol::kind::Kind as MessageKind;
use countersign_protocol::message::History;
use countersign_protocol::signing::SigningKey;
use countersign_protocol::time::Timestamp;
use countersign_tests::python;
use serde_json::Value;
use tempfile::TempDir;

const NOW: UnixSeconds = UnixSeconds(1_800_000_000);

/// The keys of one account, at both ends.
struct Account {
    id: RecordId,
    device: SigningKey,
    approval: SigningKey,
    server: SigningKey,
}

impl Account {
    fn new(n: u8) -> Self {
        let key = || SigningKey::generate().unwrap();
        Self {
            id: format!("{n:02x}").repeat(16).parse().unwrap(),
            device: key(),
            approval: key(),
            server: key(),
        }
    }

    fn keys(&self) -> AccountKeys {
        let key = |role, key: &SigningKey| KeyOfAccount {
            role: Label::new(role).unwrap(),
            jwk: String::from_utf8(key.public().jwk().format().unwrap()).unwrap(),
        };
        AccountKeys {
            account: self.id,
            keys: vec![
                key("device", &self.device),
                key("approval", &self.approval),
                key("server", &self.server),
            ],
        }
    }

    /// A sign-in that was approved, or denied.
    fn answered(&self, decision: Decision, n: u64) -> Entry {
        let text = |text: &str| Json::Text(text.to_owned());
        let statement = Object::new().with("app", text(&format!("app {n}")));
        let statement = says(&self.server, MessageKind::Statement, &statement);
        let hash = countersign_protocol::hash::MessageHash::of(&statement);
        let about = Object::new().with("sth", text(&hash.format()));
        let (key, outcome) = match decision {
            Decision::Approve => (&self.approval, Outcome::Approved),
            _ => (&self.device, Outcome::Denied),
        };
        let answer = about.clone().with("decision", text(decision.name()));
        let answer = says(key, MessageKind::Answer, &answer);
        let receipt = about.with("outcome", text(outcome.name()));
        let receipt = says(&self.server, MessageKind::Receipt, &receipt);
        let label = |text| Label::new(text).unwrap();
        Entry {
            statement: Some(*hash.bytes()),
            decision: Some(decision),
            outcome: Some(outcome),
            ..Entry::new(NOW.plus(n), self.id, Kind::Answered)
        }
        .with_message(label("statement"), &statement)
        .with_message(label("answer"), &answer)
        .with_message(label("receipt"), &receipt)
    }
}

fn says(key: &SigningKey, kind: MessageKind, claims: &Object) -> String {
    let unsigned = Unsigned::new(kind, key.public(), claims).unwrap();
    key.sign_message(&unsigned).unwrap().as_str().to_owned()
}

/// A vault with two accounts and some history.
struct Place {
    _folder: TempDir,
    vault: Vault,
    accounts: [Account; 2],
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let code = RecoveryCode::generate(&SystemEntropy::new()).unwrap();
        let setup = NewVault {
            password: None,
            recovery: Some(&code),
            kdf: KdfParams::DEFAULT,
        };
        let location = VaultLocation::new(&folder.path().join("vault"));
        let entropy = Box::new(SystemEntropy::new());
        let vault = Vault::create(&location, &setup, Box::new(NoAnchor), entropy, NOW).unwrap();
        let mut place = Self {
            _folder: folder,
            vault,
            accounts: [Account::new(1), Account::new(2)],
        };
        let cause = Label::new("signature").unwrap();
        let [one, other] = &place.accounts;
        let entries = [
            one.answered(Decision::Approve, 1),
            other.answered(Decision::Deny, 2),
            Entry::refused(NOW, one.id, cause),
            one.answered(Decision::Report, 3),
        ];
        place.append(&entries);
        place
    }

    fn append(&mut self, entries: &[Entry]) {
        let appended = self.vault.change(NOW, |_, change| {
            entries
                .iter()
                .for_each(|entry| change.append(entry.encode()));
            Ok(())
        });
        appended.unwrap();
    }

    fn export(&self, wanted: &Wanted) -> Vec<String> {
        let keys = self.accounts.each_ref().map(Account::keys);
        let mut lines = vec![];
        let exported = export(
            &self.vault,
            wanted,
            &keys,
            NOW,
            |id, ending| {
                let account = self.accounts.iter().find(|account| account.id == id)?;
                let end = History {
                    account: Id::from_bytes([7; 16]),
                    head: HistoryHead::from_bytes(*ending.head.bytes()),
                    count: ending.count,
                    made_at: Timestamp::new(ending.made_at.0).unwrap(),
                };
                Some(says(
                    &account.device,
                    MessageKind::History,
                    &end.to_claims(),
                ))
            },
            |line| {
                lines.push(line.to_owned());
                true
            },
        );
        exported.unwrap().unwrap();
        lines
    }
}

fn checked(python: &Path, lines: &[String]) -> Value {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let answers = python::answers(python, "history_check.py", &text);
    serde_json::from_str(&answers[0]).unwrap()
}

#[test]
fn r15_a_stranger_verifies_an_export_with_a_jose_library_alone() {
    let Some(python) = python::python() else {
        return;
    };
    let place = Place::new();
    let found = checked(&python, &place.export(&Wanted::All));
    assert_eq!(
        (&found["entry"], &found["end"]),
        (&4.into(), &2.into()),
        "{found}"
    );
    let [one, _] = &place.accounts;
    let found = checked(&python, &place.export(&Wanted::Of(vec![one.id])));
    assert_eq!(found["entry"], 3, "{found}");
    assert_eq!((&found["withheld"], &found["end"]), (&1.into(), &1.into()));
    assert_eq!(
        verify(&place.vault, |_| Ok(())).unwrap().unwrap().entries,
        4
    );
}

#[test]
fn a_history_whose_beginning_was_cut_is_verified_from_there() {
    let Some(python) = python::python() else {
        return;
    };
    let mut place = Place::new();
    let plain = Entry::new(NOW, place.accounts[0].id, Kind::Active);
    let many: Vec<Entry> = (0..HISTORY_ROWS_MAX).map(|_| plain.clone()).collect();
    place.append(&many);
    let last = place.accounts[0].answered(Decision::Approve, 9);
    place.append(&[last]);
    let found = checked(&python, &place.export(&Wanted::All));
    assert_eq!(
        (&found["cut"], &found["end"]),
        (&1.into(), &2.into()),
        "{found}"
    );
    assert!(found["entry"].as_u64().unwrap() > 9_000, "{found}");
}

/// The lines with one of them changed.
fn with(lines: &[String], place: usize, change: impl Fn(&mut Value)) -> Vec<String> {
    let mut lines = lines.to_vec();
    let mut line: Value = serde_json::from_str(&lines[place]).unwrap();
    change(&mut line);
    lines[place] = line.to_string();
    lines
}

#[test]
fn r15_a_stranger_finds_every_line_that_was_edited_removed_or_moved() {
    let Some(python) = python::python() else {
        return;
    };
    let lines = Place::new().export(&Wanted::All);
    // The first line, two with keys, four entries, two ends.
    assert_eq!(lines.len(), 9);
    let refused = |lines: &[String], seq: u64, because: &str| {
        let found = checked(&python, lines);
        assert_eq!(found["bad"], seq, "{found}, not {because}");
        assert_eq!(found["because"], because);
    };
    for (member, value) in [
        ("at", Value::from(7)),
        ("kind", "closed".into()),
        ("cause", "audience".into()),
        ("outcome", "denied".into()),
        ("account", "02".repeat(16).into()),
    ] {
        // Without messages the chain alone tells; it is seen where it ends.
        let changed = with(&lines, 5, |line| line[member] = value.clone());
        refused(&changed, 4, "end");
    }
    let changed = with(&lines, 3, |line| line["decision"] = "deny".into());
    refused(&changed, 1, "decision");
    let changed = with(&lines, 3, |line| line["statement"] = "A".repeat(43).into());
    refused(&changed, 1, "statement");
    for message in 0..3 {
        let changed = with(&lines, 6, |line| {
            let other: Value = serde_json::from_str(&lines[3]).unwrap();
            let text = other["messages"][message]["text"].as_str().unwrap();
            // Whose signature is another's.
            let (signed, _) = text.rsplit_once('.').unwrap();
            let own = line["messages"][message]["text"].as_str().unwrap();
            let (_, signature) = own.rsplit_once('.').unwrap();
            line["messages"][message]["text"] = format!("{signed}.{signature}").into();
        });
        refused(&changed, 4, "message");
    }
    for place in 3..6 {
        let mut removed = lines.clone();
        removed.remove(place);
        refused(&removed, u64::try_from(place).unwrap() - 2, "missing");
        let mut moved = lines.clone();
        moved.swap(place, place + 1);
        refused(&moved, u64::try_from(place).unwrap() - 2, "missing");
    }
    // The last ones too, also by somebody who makes the first line fit.
    let mut short = lines.clone();
    short.remove(6);
    refused(&short, 3, "end");
    // An end of another account.
    let other: Value = serde_json::from_str(&lines[8]).unwrap();
    let changed = with(&lines, 7, |line| line["message"] = other["message"].clone());
    refused(&changed, 4, "message");
}

#[test]
fn an_approval_that_the_device_key_signed_is_none() {
    let Some(python) = python::python() else {
        return;
    };
    let mut place = Place::new();
    let [one, _] = &place.accounts;
    let wrong = Account {
        id: one.id,
        device: SigningKey::generate().unwrap(),
        approval: SigningKey::from_pkcs8(one.device.expose_pkcs8()).unwrap(),
        server: SigningKey::from_pkcs8(one.server.expose_pkcs8()).unwrap(),
    };
    let entry = wrong.answered(Decision::Approve, 7);
    place.append(&[entry]);
    let found = checked(&python, &place.export(&Wanted::All));
    assert_eq!(
        (&found["bad"], &found["because"]),
        (&5.into(), &"role".into())
    );
}
