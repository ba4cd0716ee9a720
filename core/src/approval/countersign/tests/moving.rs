//! A move from the old phone's side: each step names the move that the person saw.

use countersign_protocol::hash::Id;
use countersign_protocol::kind::Kind;
use countersign_protocol::message::{Move, MoveStep, Moving, Standing as Stands};
use countersign_protocol::problem::Problem;
use zeroize::Zeroizing;

use super::peer::*;
use crate::approval::exchange::{Lane, Outgoing, Reply};
use crate::approval::work::MoveAsk;
use crate::approval::{ApprovalError, MovingView, Typed};

const FIRST: Id = Id::from_bytes([31; 16]);
const SECOND: Id = Id::from_bytes([32; 16]);

fn invited(id: Id, left: u8) -> Moving {
    Moving::Invited {
        id,
        invitation: Zeroizing::new("countersign://enrol?v=1".to_owned()),
        device: Some("Pixel".to_owned()),
        left,
        until: time(NOW.plus(600)),
    }
}

fn testing(id: Id) -> Moving {
    Moving::Testing {
        id,
        number: number("424242"),
        device: "Pixel".to_owned(),
        until: time(NOW.plus(600)),
    }
}

fn in_move(moving: Moving) -> (Peer, Device) {
    let (peer, mut device) = active();
    device.fetch(&peer, Stands::Active, NOW, |state| {
        state.moving = Some(moving);
    });
    (peer, device)
}

fn sends(peer: &Peer, device: &Device) -> (Outgoing, MoveStep) {
    let outgoing = device.request(Lane::Say, NOW);
    let verified = peer.verified(Kind::Move, &outgoing.body);
    let step = Move::read(&verified, URL).unwrap().step;
    (outgoing, step)
}

/// Whether a step of a move is still to be sent.
fn has_step(device: &Device) -> bool {
    let asked = device.account.encode(crate::approval::Kept::InTheVault);
    let work = crate::approval::account::WorkAccount::decode(device.account.id, &asked).unwrap();
    let entropy = crate::entropy::SystemEntropy::new();
    let preparing = crate::approval::Preparing {
        attention: crate::approval::exchange::Attention::Waiting,
        contact: &work.contact,
        kept: crate::approval::Kept::InTheVault,
        keys: &crate::device::NoDeviceKeys,
        entropy: &entropy,
        now: NOW,
    };
    let outgoing = work.work.request(Lane::Say, preparing);
    outgoing.is_ok_and(|outgoing| outgoing.url.ends_with("/v1/moves"))
}

#[test]
fn k8_a_confirmation_and_an_end_name_the_move_that_the_person_saw() {
    let (peer, mut device) = in_move(invited(FIRST, 3));
    let typed = MoveAsk::Confirm(Typed::new("012345"));
    device.account.work.move_on(&typed).unwrap();
    device.restart();
    let MoveStep::Confirm { invitation, check } = sends(&peer, &device).1 else {
        panic!("a confirmation");
    };
    assert_eq!((invitation, check.as_str()), (FIRST, "012345"));
    for moving in [invited(FIRST, 3), testing(FIRST)] {
        let (peer, mut device) = in_move(moving);
        device.account.work.move_on(&MoveAsk::Abort).unwrap();
        device.restart();
        let abort = MoveStep::Abort { invitation: FIRST };
        assert_eq!(sends(&peer, &device).1, abort);
    }
}

#[test]
fn a_step_of_a_move_that_a_signed_state_does_not_have_any_more_is_not_sent() {
    for later in [None, Some(invited(SECOND, 3)), Some(testing(SECOND))] {
        let (peer, mut device) = in_move(invited(FIRST, 3));
        device.account.work.move_on(&MoveAsk::Abort).unwrap();
        device.fetch(&peer, Stands::Active, NOW, |state| {
            state.moving = Some(testing(FIRST));
        });
        assert!(has_step(&device));
        device.fetch(&peer, Stands::Active, NOW, |state| state.moving = later);
        assert!(!has_step(&device));
    }
}

#[test]
fn a_start_is_sent_until_it_is_answered_whatever_a_state_has() {
    let (peer, mut device) = active();
    device.account.work.move_on(&MoveAsk::Begin).unwrap();
    device.fetch(&peer, Stands::Active, NOW, |_| {});
    assert_eq!(sends(&peer, &device).1, MoveStep::Start);
}

#[test]
fn a_refused_step_stays_because_a_refusal_is_not_signed() {
    let (peer, mut device) = in_move(invited(FIRST, 3));
    device.account.work.move_on(&MoveAsk::Abort).unwrap();
    let (outgoing, _) = sends(&peer, &device);
    let problem = Problem::UnknownInvitation;
    let refusal = Reply::Answered {
        status: problem.name_and_status().1,
        retry_after_s: None,
        body: problem.to_document().format().unwrap(),
    };
    device.take_reply(&outgoing.errand, &refusal, NOW);
    assert!(has_step(&device));
    // It is no defect: the next state says that the move has ended.
    assert_eq!(device.account.view(NOW).hint, None);
    assert!(device.account.view(NOW).moving.is_some());
}

#[test]
fn the_answer_to_a_step_of_an_earlier_move_does_not_answer_the_same_step_of_this_one() {
    let (peer, mut device) = in_move(invited(FIRST, 3));
    device.account.work.move_on(&MoveAsk::Abort).unwrap();
    let (late, _) = sends(&peer, &device);
    device.fetch(&peer, Stands::Active, NOW, |state| {
        state.moving = Some(invited(SECOND, 3));
    });
    device.account.work.move_on(&MoveAsk::Abort).unwrap();
    let mut state = peer.state(&late.body, Stands::Active, NOW);
    state.moving = Some(invited(SECOND, 3));
    let reply = peer.says(Kind::State, &state.to_claims());
    device.take(&late.errand, reply.as_str(), NOW);
    let abort = MoveStep::Abort { invitation: SECOND };
    assert_eq!(sends(&peer, &device).1, abort);
}

#[test]
fn a_number_is_typed_only_while_its_move_asks_for_one() {
    let typed = MoveAsk::Confirm(Typed::new("012345"));
    let (_, mut device) = active();
    let refused = device.account.work.move_on(&typed);
    assert_eq!(refused, Err(ApprovalError::NoMove));
    let refused = device.account.work.move_on(&MoveAsk::Abort);
    assert_eq!(refused, Err(ApprovalError::NoMove));
    let (_, mut device) = in_move(testing(FIRST));
    let refused = device.account.work.move_on(&typed);
    assert_eq!(refused, Err(ApprovalError::NoMove));
}

#[test]
fn the_person_is_told_how_often_the_number_may_still_be_typed() {
    for left in [3, 1] {
        let (_, device) = in_move(invited(FIRST, left));
        let Some(MovingView::Invited { tries_left, .. }) = device.account.view(NOW).moving else {
            panic!("invited");
        };
        assert_eq!(tries_left, left);
    }
}
