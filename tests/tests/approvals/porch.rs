//! Scenario R4, and approving with the vault locked: the porch.

use countersign_core::approval::history::{Decision as Decided, ItemKind, Kind as NoteKind};
use countersign_core::approval::{ApprovalError, Attention, Decision, NextAction, Outcome, Typed};
use countersign_core::companion::{LockedCompanion, PorchCompanion};
use countersign_core::device::KeyError;
use countersign_core::secret::Secret;
use countersign_core::time::UnixSeconds;
use countersign_core::vault::{PlatformKey as _, VaultError};
use countersign_protocol::message::Outcome as Said;

use crate::device::Device;
use crate::keys::Platform;
use crate::server::Server;

/// What a locked phone's shell does until it only waits.
fn run(porch: &mut PorchCompanion<'_>, keys: &Platform, server: &Server, now: UnixSeconds) {
    let mut held = vec![];
    for _ in 0..50 {
        match porch.next_action(Attention::Waiting, now) {
            NextAction::Send { account, lane } => {
                let attention = Attention::Waiting;
                let outgoing = porch.prepare(account, lane, attention, keys, now).unwrap();
                match server.answer(&outgoing) {
                    Ok(reply) => drop(porch.take_reply(&outgoing.errand, &reply, now).unwrap()),
                    Err(parked) => held.push((outgoing, parked)),
                }
            }
            NextAction::WaitUntil { .. } | NextAction::Nothing => {
                for (outgoing, parked) in held {
                    let reply = server.let_go(&parked);
                    porch.take_reply(&outgoing.errand, &reply, now).unwrap();
                }
                return;
            }
            other => panic!("a locked vault does not {other:?}"),
        }
    }
    panic!("it comes to rest");
}

/// What the platform unwraps without asking the person.
fn secret(companion: &LockedCompanion, keys: &Platform) -> Secret {
    let slot = companion.porch_slot().unwrap().unwrap();
    keys.unwrap(&slot.context, &slot.wrapped).unwrap()
}

fn locked() -> (Server, Device) {
    let server = Server::new();
    let mut device = Device::new("Pixel");
    device.enrol(&server);
    device.lock();
    (server, device)
}

#[test]
fn r4_a_locked_screen_names_issuer_and_account_and_has_no_way_to_approve_unseen() {
    let (server, device) = locked();
    let asked = server.ask();
    let now = device.now(&server);
    let companion = device.open_locked();
    let mut porch = companion
        .open_porch(&secret(&companion, &device.keys))
        .unwrap();
    run(&mut porch, &device.keys, &server, now);
    let waiting = porch.waiting(now).unwrap();
    assert_eq!(waiting.len(), 1);
    assert_eq!(waiting[0].issuer.as_str(), "ACME");
    assert_eq!(waiting[0].label.as_str(), "ann@acme.test");
    let shown = format!("{waiting:?}");
    assert!(
        !shown.contains("Mail") && !shown.contains("mail.acme.test"),
        "{shown}"
    );
    // The number is asked for, and the person.
    let id = waiting[0].id;
    let empty = Decision::Approve {
        number: Typed::new(""),
    };
    let refused = porch.decide(id, &empty, &device.keys, now);
    assert_eq!(refused, Err(ApprovalError::Number { digits: 6 }));
    device.keys.says(Some(KeyError::Cancelled));
    let right = Decision::Approve {
        number: Typed::new(asked.number.as_str()),
    };
    let refused = porch.decide(id, &right, &device.keys, now);
    assert_eq!(refused, Err(ApprovalError::Key(KeyError::Cancelled)));
    run(&mut porch, &device.keys, &server, now);
    assert_eq!(server.statement(&asked.id).outcome, None);
}

#[test]
fn r4_opened_by_the_person_it_is_approved_while_the_vault_stays_locked() {
    let (server, mut device) = locked();
    let asked = server.ask();
    let now = device.now(&server);
    {
        let companion = device.open_locked();
        let mut porch = companion
            .open_porch(&secret(&companion, &device.keys))
            .unwrap();
        run(&mut porch, &device.keys, &server, now);
        let opened = porch.opened(now).unwrap();
        assert!(
            opened[0]
                .lines
                .iter()
                .any(|line| line.text == "mail.acme.test")
        );
        let asked_before = device.keys.asked();
        let right = Decision::Approve {
            number: Typed::new(asked.number.as_str()),
        };
        porch
            .decide(opened[0].id, &right, &device.keys, now)
            .unwrap();
        assert_eq!(device.keys.asked(), asked_before + 1);
        run(&mut porch, &device.keys, &server, now);
        assert!(porch.waiting(now).unwrap().is_empty());
    }
    assert_eq!(server.statement(&asked.id).outcome, Some(Said::Approved));
    // With the vault open the history has it, with its proof.
    device.unlock(now);
    let newest = device.read().history(None, 1).unwrap();
    let is_it = matches!(
        newest[0].kind,
        ItemKind::Entry {
            kind: NoteKind::Answered,
            decision: Some(Decided::Approve),
            ..
        }
    );
    assert!(is_it, "{newest:?}");
    let verified = device.read().verify_history().unwrap().unwrap();
    assert_eq!(verified.unproven, 0);
    let all = device.read().all_statements(now);
    assert!(
        all.iter()
            .any(|one| one.outcome == Some(Outcome::Approved) && !one.is_test)
    );
}

#[test]
fn r4_what_was_decided_on_the_porch_and_not_sent_is_sent_with_the_vault_open() {
    let (server, mut device) = locked();
    let asked = server.ask();
    let now = device.now(&server);
    {
        let companion = device.open_locked();
        let mut porch = companion
            .open_porch(&secret(&companion, &device.keys))
            .unwrap();
        run(&mut porch, &device.keys, &server, now);
        let id = porch.waiting(now).unwrap()[0].id;
        porch
            .decide(id, &Decision::Deny, &device.keys, now)
            .unwrap();
    }
    device.unlock(now);
    device.run(&[&server]);
    assert_eq!(server.statement(&asked.id).outcome, Some(Said::Denied));
    device.read().verify_history().unwrap().unwrap();
}

#[test]
fn r4_a_bell_that_is_none_of_this_phones_asks_nobody() {
    let (server, device) = locked();
    let now = device.now(&server);
    let companion = device.open_locked();
    let mut porch = companion
        .open_porch(&secret(&companion, &device.keys))
        .unwrap();
    for token in ["", "AAAAAAAAAAAAAAAAAAAAAA", "not a token"] {
        assert_eq!(porch.take_bell(token, now), Ok(false), "{token}");
    }
}

#[test]
fn r4_software_keys_and_another_secret_open_no_porch() {
    let server = Server::new();
    let mut terminal = Device::terminal("desk");
    terminal.enrol(&server);
    terminal.lock();
    let other = Device::new("Pixel");
    let others = secret(&other.open_locked(), &other.keys);
    assert_eq!(terminal.open_locked().porch_slot().unwrap().map(drop), None);
    let refused = terminal.open_locked().open_porch(&others).err();
    assert_eq!(refused, Some(VaultError::NoSuchSlot));
    let (_, device) = locked();
    let refused = device.open_locked().open_porch(&others).err();
    assert_eq!(refused, Some(VaultError::DamagedSlot));
}
