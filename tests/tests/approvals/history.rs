//! Scenario R15: the history holds, and says where it does not.

use countersign_core::approval::Decision;
use countersign_core::approval::history::{
    BadEntry, EntryFault, ItemKind, Kind as NoteKind, Outcome as Stands, Scope,
};
use countersign_core::vault::ChainFault;
use countersign_protocol::envelope::Received;
use countersign_protocol::kind::Kind;
use rusqlite::Connection;

use crate::device::{Device, other};
use crate::server::Server;

/// A device with a few answers behind it.
fn lived() -> (Server, Device) {
    let server = Server::new();
    let mut device = Device::terminal("desk");
    device.enrol(&server);
    for says in [None, Some(Decision::Deny), Some(Decision::Report), None] {
        let asked = server.ask();
        if !asked.is_listed {
            continue;
        }
        device.run(&[&server]);
        let id = device.only(&server).id;
        let number = asked.number.as_str();
        if says.is_none() {
            device.approve(id, &other(number, 2), &server).unwrap();
            device.run(&[&server]);
        }
        match says {
            Some(decision) => device.decide(id, &decision, &server).unwrap(),
            None => device.approve(id, number, &server).unwrap(),
        }
        device.run(&[&server]);
        server.pass_s(1);
    }
    (server, device)
}

/// Changes the vault's file behind the companion's back and opens it anew.
fn tampered(device: &mut Device, change: &str) -> Option<BadEntry> {
    device.lock();
    let db = Connection::open(device.folder.path().join("home/vault")).unwrap();
    db.execute_batch(change).unwrap();
    drop(db);
    device.restart();
    device.read().verify_history().unwrap().err()
}

fn count(device: &Device) -> u64 {
    let report = device.read().verify_history().unwrap().unwrap();
    assert_eq!((report.unproven, report.chain.lost), (0, 0));
    report.chain.entries
}

#[test]
fn r15_an_approval_adds_one_entry_with_all_that_proves_it() {
    let (server, mut device) = lived();
    let before = count(&device);
    server.pass_s(2_000);
    let asked = server.ask();
    device.run(&[&server]);
    let id = device.only(&server).id;
    device.approve(id, asked.number.as_str(), &server).unwrap();
    device.run(&[&server]);
    assert_eq!(count(&device), before + 1);
    let newest = device.read().history(None, 1).unwrap().pop().unwrap();
    assert!(device.now(&server).since(newest.at.unwrap()) < 5);
    let ItemKind::Entry { kind, outcome, .. } = newest.kind else {
        panic!("an entry");
    };
    assert_eq!(
        (kind, outcome),
        (NoteKind::Answered, Some(Stands::Approved))
    );
    let mut lines = vec![];
    let now = device.now(&server);
    let keys = std::mem::take(&mut device.keys);
    let exported = device
        .read()
        .export_history(Scope::All, &keys, now, |line| {
            lines.push(line.to_owned());
            true
        });
    let exported = exported.unwrap().unwrap();
    assert_eq!(exported.entries, before + 1);
    assert_eq!((exported.signed.len(), exported.unsigned.len()), (1, 0));
    let entry = lines
        .iter()
        .rfind(|line| line.contains("cs-statement+jws"))
        .unwrap();
    for message in ["cs-statement+jws", "cs-answer+jws", "cs-receipt+jws"] {
        assert!(entry.contains(message), "{message}");
    }
    let end: serde_json::Value = serde_json::from_str(lines.last().unwrap()).unwrap();
    assert_eq!(end["line"], "end");
    let signed = Received::parse(Kind::History, end["message"].as_str().unwrap()).unwrap();
    assert_eq!(
        signed.key_id(),
        server.newest().id,
        "this account's device key"
    );
}

#[test]
fn r15_an_edited_entry_is_named() {
    let (_, mut device) = lived();
    let entries = count(&device);
    for seq in [1, entries / 2, entries] {
        let (_, mut device) = lived();
        let flip = format!(
            "UPDATE log SET body = CAST(substr(body, 1, 20) || x'00' || substr(body, 22) AS BLOB)
             WHERE seq = {seq}"
        );
        let bad = tampered(&mut device, &flip).unwrap();
        let fault = EntryFault::Chain(ChainFault::Unreadable);
        assert_eq!(bad, BadEntry { seq, fault });
    }
    assert_eq!(tampered(&mut device, "SELECT 1"), None);
}

#[test]
fn r15_a_removed_entry_is_named_the_last_ones_too() {
    let (_, device) = lived();
    let entries = count(&device);
    for (seq, many) in [(1, 1), (entries / 2, 1), (entries, 1), (entries - 2, 3)] {
        let (_, mut device) = lived();
        let remove = format!("DELETE FROM log WHERE seq >= {seq} AND seq < {seq} + {many}");
        let bad = tampered(&mut device, &remove).unwrap();
        let fault = EntryFault::Chain(ChainFault::Missing);
        assert_eq!(bad, BadEntry { seq, fault });
    }
}

#[test]
fn r15_reordered_entries_are_named() {
    let (_, mut device) = lived();
    let entries = count(&device);
    let (one, other) = (entries - 1, entries);
    let exchange = format!(
        "UPDATE log SET seq = 100000 WHERE seq = {one};
         UPDATE log SET seq = {one} WHERE seq = {other};
         UPDATE log SET seq = {other} WHERE seq = 100000;"
    );
    let bad = tampered(&mut device, &exchange).unwrap();
    assert_eq!(bad.seq, one);
    assert!(matches!(bad.fault, EntryFault::Chain(_)));
}

#[test]
fn r15_an_entry_that_nobody_wrote_is_named() {
    let (_, mut device) = lived();
    let entries = count(&device);
    let copy = format!(
        "INSERT INTO log SELECT {entries} + 1, epoch, nonce, body FROM log WHERE seq = {entries}"
    );
    let bad = tampered(&mut device, &copy).unwrap();
    let fault = EntryFault::Chain(ChainFault::Extra);
    assert_eq!(
        bad,
        BadEntry {
            seq: entries + 1,
            fault
        }
    );
}
