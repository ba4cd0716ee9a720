//! Steps that ask a platform's keys while the vault goes on: what was signed meets what changed meanwhile.

use std::cell::RefCell;

use super::servers::{Desk, NEW};
use super::*;
use crate::approval::peer::Peer;
use crate::approval::platform::Platform;
use crate::approval::{
    ApprovalError, Attention, Decision, Lane, NextAction, Outcome, Standing, Typed,
};
use crate::device::{DeviceKeys, KeyAlias, KeyError, KeyRequest, MadeKey};
use crate::entropy::EntropyError;

fn approve() -> Decision {
    Decision::Approve {
        number: Typed::new("123456"),
    }
}

/// Keys that write down what they are to sign.
struct Watched<'a> {
    keys: &'a Platform,
    signed: RefCell<Vec<Vec<u8>>>,
}

impl<'a> Watched<'a> {
    fn new(keys: &'a Platform) -> Self {
        let signed = RefCell::default();
        Self { keys, signed }
    }
}

impl DeviceKeys for Watched<'_> {
    fn create(&self, alias: &KeyAlias, request: &KeyRequest) -> Result<MadeKey, KeyError> {
        self.keys.create(alias, request)
    }

    fn exists(&self, alias: &KeyAlias) -> Result<bool, KeyError> {
        self.keys.exists(alias)
    }

    fn sign(&self, alias: &KeyAlias, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.signed.borrow_mut().push(message.to_vec());
        self.keys.sign(alias, message)
    }

    fn delete(&self, alias: &KeyAlias) -> Result<(), KeyError> {
        self.keys.delete(alias)
    }
}

/// The same bytes each time.
struct Sevens;

impl Entropy for Sevens {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyError> {
        buffer.fill(7);
        Ok(())
    }
}

#[test]
fn a_lane_is_taken_until_its_step_fails_or_is_given_up() {
    let mut desk = Desk::new();
    let id = desk.id;
    let begin = |companion: &mut Companion| companion.begin_request(id, Lane::Ask, Attention::Idle);
    let step = begin(&mut desk.companion).unwrap();
    let taken = step.taken();
    assert_eq!((taken.account(), taken.lane()), (id, Lane::Ask));
    let second = begin(&mut desk.companion).unwrap_err();
    assert_eq!(second, ApprovalError::NothingToSend);
    desk.companion.give_up(taken);
    let step = begin(&mut desk.companion).unwrap();
    let refused = Err(ApprovalError::Key(KeyError::Cancelled));
    let failed = desk.companion.finish_request(&step, refused, NOW);
    assert_eq!(failed.unwrap_err(), ApprovalError::Key(KeyError::Cancelled));
    // The lane is free, and yet it is not asked for by itself.
    let later = NOW.plus(24 * 60 * 60);
    assert_eq!(
        desk.companion.next_action(Attention::Waiting, later),
        NextAction::Nothing
    );
    desk.companion.try_at_once();
    let step = begin(&mut desk.companion).unwrap();
    let signed = step.run(&desk.keys, &SystemEntropy::new(), NOW);
    desk.companion.finish_request(&step, signed, NOW).unwrap();
    assert!(begin(&mut desk.companion).is_err());
}

#[test]
fn a_step_that_is_run_again_asks_the_same() {
    let mut desk = Desk::new();
    let statement = desk.asked(1);
    let answer = desk
        .companion
        .begin_answer(statement, &approve(), NOW)
        .unwrap();
    let fetch = desk
        .companion
        .begin_request(desk.id, Lane::Ask, Attention::Idle)
        .unwrap();
    let new = desk
        .companion
        .add_work(&Peer::typed_invitation(), &NEW, NOW)
        .unwrap();
    let enrol = desk.companion.begin_keys(new, NOW).unwrap();
    let keys = Watched::new(&desk.keys);
    let runs = [(); 2].map(|()| {
        answer.run(&keys, NOW).unwrap();
        fetch.run(&keys, &Sevens, NOW).unwrap();
        keys.signed.take()
    });
    assert_eq!(runs[0].len(), 2);
    assert_eq!(runs[0], runs[1]);
    // The keys of a try are its own, so that its enrolment is signed once more by others.
    enrol.run(&keys, &Sevens, NOW).unwrap();
    assert_eq!(keys.signed.take().len(), 1);
}

#[test]
fn of_two_decisions_that_are_signed_at_once_one_is_stored() {
    let mut desk = Desk::new();
    let statement = desk.asked(1);
    let decisions = [approve(), Decision::Deny];
    let steps = decisions.map(|decision| {
        desk.companion
            .begin_answer(statement, &decision, NOW)
            .unwrap()
    });
    let signed = steps.each_ref().map(|step| step.run(&desk.keys, NOW));
    let [first, second] = signed;
    desk.companion
        .finish_answer(&steps[1], second, NOW)
        .unwrap();
    let late = desk.companion.finish_answer(&steps[0], first, NOW);
    assert_eq!(late, Err(ApprovalError::Answered));
}

#[test]
fn what_ends_while_the_person_is_asked_is_not_answered() {
    let mut desk = Desk::new();
    let statement = desk.asked(1);
    let step = desk
        .companion
        .begin_answer(statement, &approve(), NOW)
        .unwrap();
    let signed = step.run(&desk.keys, NOW);
    let late = desk
        .companion
        .finish_answer(&step, signed, NOW.plus(24 * 60 * 60));
    assert!(
        matches!(late, Err(ApprovalError::Expired { .. })),
        "{late:?}"
    );
    let signed = step.run(&desk.keys, NOW);
    desk.companion.trash_work(desk.id, NOW).unwrap();
    let trashed = desk.companion.finish_answer(&step, signed, NOW);
    assert_eq!(trashed, Err(ApprovalError::InTrash));
    desk.companion.restore_work(desk.id, NOW).unwrap();
    let view = desk.companion.statement(statement, NOW).unwrap();
    assert_eq!(view.outcome, None::<Outcome>);
}

#[test]
fn a_key_that_is_gone_makes_itself_known_in_the_last_part() {
    let mut desk = Desk::new();
    let statement = desk.asked(1);
    let step = desk
        .companion
        .begin_answer(statement, &approve(), NOW)
        .unwrap();
    let gone = ApprovalError::Key(KeyError::Invalidated);
    let told = desk.companion.finish_answer(&step, Err(gone), NOW);
    assert_eq!(told, Err(gone));
    let view = desk.companion.work_account(desk.id, NOW).unwrap();
    assert_eq!(view.standing, Standing::NeedsReactivation);
}

#[test]
fn nobody_makes_or_removes_keys_while_the_platform_is_at_it() {
    let (_place, mut companion) = Place::new();
    let keys = Platform::default();
    let new = companion
        .add_work(&Peer::typed_invitation(), &NEW, NOW)
        .unwrap();
    let making = NextAction::MakeKeys { account: new };
    let next = |companion: &Companion| companion.next_action(Attention::Waiting, NOW);
    assert_eq!(next(&companion), making);
    let step = companion.begin_keys(new, NOW).unwrap();
    assert_eq!(next(&companion), NextAction::Nothing);
    let second = companion.begin_keys(new, NOW).unwrap_err();
    assert_eq!(second, ApprovalError::NothingToSend);
    companion.leave(new, NOW).unwrap();
    let removal = companion.begin_removal(new, NOW).unwrap_err();
    assert_eq!(removal, ApprovalError::NothingToSend);
    // Whoever gives up, as a task that is cancelled, leaves it to the next.
    companion.give_up(step.taken());
    assert_eq!(next(&companion), NextAction::RemoveKeys { account: new });
    let removal = companion.begin_removal(new, NOW).unwrap();
    assert_eq!(next(&companion), NextAction::Nothing);
    let removed = removal.run(&keys);
    companion.finish_removal(&removal, removed, NOW).unwrap();
    assert_eq!(next(&companion), NextAction::Nothing);
}

#[test]
fn a_request_that_was_signed_before_the_vault_was_locked_is_not_sent_after() {
    let mut desk = Desk::new();
    let begin =
        |companion: &mut Companion| companion.begin_request(desk.id, Lane::Ask, Attention::Idle);
    let step = begin(&mut desk.companion).unwrap();
    let signed = step.run(&desk.keys, &SystemEntropy::new(), NOW);
    // As after a lock: somebody else has the lane by now.
    desk.companion.give_up(step.taken());
    let other = begin(&mut desk.companion).unwrap();
    let late = desk.companion.finish_request(&step, signed, NOW);
    assert_eq!(late.unwrap_err(), ApprovalError::NothingToSend);
    // The other's lane is the other's still.
    assert!(begin(&mut desk.companion).is_err());
    let signed = other.run(&desk.keys, &SystemEntropy::new(), NOW);
    assert!(desk.companion.finish_request(&other, signed, NOW).is_ok());
}

#[test]
fn a_request_of_an_account_that_was_put_away_meanwhile_is_not_sent() {
    let mut desk = Desk::new();
    let step = desk
        .companion
        .begin_request(desk.id, Lane::Ask, Attention::Idle)
        .unwrap();
    let signed = step.run(&desk.keys, &SystemEntropy::new(), NOW);
    desk.companion.trash_work(desk.id, NOW).unwrap();
    let late = desk.companion.finish_request(&step, signed, NOW);
    assert_eq!(late.unwrap_err(), ApprovalError::NothingToSend);
    desk.companion.restore_work(desk.id, NOW).unwrap();
    assert!(
        desk.companion
            .begin_request(desk.id, Lane::Ask, Attention::Idle)
            .is_ok()
    );
}

#[test]
fn keys_that_were_made_for_an_account_that_went_are_named_to_be_deleted() {
    let (place, mut companion) = Place::new();
    let keys = Platform::default();
    let new = companion
        .add_work(&Peer::typed_invitation(), &NEW, NOW)
        .unwrap();
    let step = companion.begin_keys(new, NOW).unwrap();
    let made = step.run(&keys, &SystemEntropy::new(), NOW);
    let mut other = place.unlock();
    other.leave(new, NOW).unwrap();
    let removal = other.begin_removal(new, NOW).unwrap();
    removal.run(&keys).unwrap();
    other.finish_removal(&removal, Ok(()), NOW).unwrap();
    let failed = companion.finish_keys(&step, made, NOW).unwrap_err();
    assert_eq!(failed.error, ApprovalError::NoSuchAccount);
    assert_eq!(failed.nobodys.len(), 2);
    assert_eq!(
        companion.next_action(Attention::Waiting, NOW),
        NextAction::Nothing
    );
}
