//! What the porch got further with is taken over when the vault is unlocked: nothing goes back, and nothing that died lives on.

use countersign_protocol::kind::Kind;
use countersign_protocol::message::{
    OtpLink, Outcome as Said, RemovedWhy, Secrets, Standing as Stands,
};

use super::peer::*;
use crate::approval::exchange::Lane;
use crate::approval::model::{Decision, StatementId, Typed};
use crate::approval::work::Kept;
use crate::approval::{Standing, WorkAccount};
use crate::device::NoDeviceKeys;

/// The same account as it lies on the porch.
fn on_the_porch(device: &Device) -> Device {
    let body = device.account.encode(Kept::OnThePorch);
    let mut account = WorkAccount::decode(device.account.id, &body).unwrap();
    for (id, flight) in device.account.work.flights() {
        account.work.take_flight(id, &flight).unwrap();
    }
    Device { account }
}

fn take_over(device: &mut Device, porch: &Device) {
    let state = porch.account.work.encode(Kept::OnThePorch);
    let flights = porch.account.work.flights().into_iter();
    let flights: Vec<_> = flights.map(|(id, body)| (id, body.to_vec())).collect();
    device.account.work.take_over(&state, &flights).unwrap();
    device.restart();
}

fn approve(device: &mut Device, id: StatementId, digits: &str) {
    let number = Typed::new(digits);
    let decision = Decision::Approve { number };
    let work = &mut device.account.work;
    let signed = work.answer(id, &decision, &NoDeviceKeys, NOW).unwrap();
    work.store_answer(&signed, NOW).unwrap();
}

fn wants_secrets(peer: &Peer, device: &Device) -> bool {
    let outgoing = device.request(Lane::Ask, NOW);
    peer.read_fetch(&outgoing.body).wants_secrets
}

#[test]
fn an_answer_after_a_wrong_number_is_not_taken_back_for_the_one_that_was_wrong() {
    let (peer, mut device, id) = asked();
    approve(&mut device, id, "111111");
    let mut porch = on_the_porch(&device);
    let wrong = porch.request(Lane::Say, NOW);
    let mut receipt = peer.receipt(&wrong.body, Said::WrongNumber, NOW);
    receipt.left = Some(2);
    let receipt = peer.says(Kind::Receipt, &receipt.to_claims());
    porch
        .account
        .take(&wrong.errand, &ok(receipt.as_str()), NOW);
    // Open again is further than the answer that had the wrong number.
    let mut open = on_the_porch(&device);
    take_over(&mut open, &porch);
    assert_eq!(open.statements(NOW)[0].tries_left, Some(2));
    assert_eq!(open.statements(NOW)[0].cannot_approve, None);
    approve(&mut porch, id, "222222");
    let second = porch.request(Lane::Say, NOW);
    assert_ne!(second.body, wrong.body);
    take_over(&mut device, &porch);
    assert_eq!(device.request(Lane::Say, NOW).body, second.body);
    // What is not so far takes nothing back.
    take_over(&mut device, &open);
    assert_eq!(device.request(Lane::Say, NOW).body, second.body);
}

#[test]
fn secrets_die_too_when_the_porch_was_told_of_the_end() {
    let (peer, mut device) = active();
    device.fetch(&peer, Stands::Active, NOW, |state| {
        state.secrets = Some(Secrets {
            otp: OtpLink::new("otpauth://totp/a?secret=GEZDGNBV".into()),
            offline_key: None,
        });
    });
    assert!(device.account.work.otp_link().is_some());
    let mut porch = on_the_porch(&device);
    assert!(porch.account.work.otp_link().is_none());
    let removed = Stands::Removed {
        why: RemovedWhy::Administrator,
    };
    porch.fetch(&peer, removed, NOW, |_| {});
    take_over(&mut device, &porch);
    assert!(matches!(
        device.account.standing(),
        Standing::Removed { .. }
    ));
    assert!(device.account.work.otp_link().is_none());
}

#[test]
fn the_porch_asks_for_no_secrets_and_the_open_vault_does_after_a_document_that_came_there() {
    let (mut peer, mut device) = active();
    assert!(wants_secrets(&peer, &device));
    assert!(!wants_secrets(&peer, &on_the_porch(&device)));
    device.fetch(&peer, Stands::Active, NOW, |_| {});
    assert!(!wants_secrets(&peer, &device));
    let mut porch = on_the_porch(&device);
    peer.version += 1;
    peer.sequence += 1;
    let document = peer.account();
    porch.fetch(&peer, Stands::Active, NOW, |state| {
        state.account = Some(document);
    });
    let porch = on_the_porch(&porch);
    assert!(!wants_secrets(&peer, &porch));
    take_over(&mut device, &porch);
    assert!(wants_secrets(&peer, &device));
}
