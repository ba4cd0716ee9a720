//! From an enrolment to an active device: reveal, check number, test (protocol, §3), and what takes a place (§7).

use countersign_protocol::digits::CheckNumber;
use countersign_protocol::kind::Kind;
use countersign_protocol::message::{Act, Confirm, Decision, Outcome, RemovedWhy, Standing};
use countersign_protocol::problem::Problem;
use countersign_protocol::secret::DeviceNonce;
use countersign_verifier::person::{StageView, TOMBSTONE_KEEP_S};
use countersign_verifier::step::{CompareNumber, Invite, NotConfirmed, TypeNumber};

use crate::phone::{Known, Phone, approve, approve_wrongly};
use crate::world::World;

fn removed(why: RemovedWhy) -> Standing {
    Standing::Removed { why }
}

fn typed(world: &World, phone: &Phone, number: &CheckNumber) -> Result<(), NotConfirmed> {
    world.take(&TypeNumber {
        device: phone.id(),
        number: number.clone(),
    })
}

fn compared(world: &World, phone: &Phone, is_mine: bool) -> Result<(), NotConfirmed> {
    let device = phone.id();
    world.take(&CompareNumber { device, is_mine })
}

/// Another number than the phone's.
fn other_number(phone: &Phone) -> CheckNumber {
    let number: u32 = phone.check().as_str().parse().unwrap();
    CheckNumber::parse(&format!("{:06}", (number + 1) % 1_000_000)).unwrap()
}

#[test]
fn a_scanned_invitation_makes_an_active_device() {
    let world = World::new();
    let phone = Phone::new("Pixel");
    world.enrol(&phone, &world.invite());
    assert_eq!(phone.account().confirm, Confirm::Compare);
    assert_eq!(world.fetch(&phone).standing, Standing::Unconfirmed);
    world.reveal(&phone);
    let StageView::Unconfirmed { number, .. } = world.device(&phone).stage else {
        panic!("not unconfirmed");
    };
    assert_eq!(number, Some(phone.check()));
    world.confirm(&phone);
    world.pass_test(&phone);
    assert_eq!(world.fetch(&phone).standing, Standing::Active);
    assert_eq!(world.words(), ["enrolled", "asked", "ended", "added"]);
}

#[test]
fn after_a_typed_code_the_number_is_typed_and_the_page_does_not_show_it() {
    let world = World::new();
    let phone = Phone::new("Pixel");
    world.enrol(&phone, &world.invite_by_code());
    assert_eq!(phone.account().confirm, Confirm::Type);
    world.reveal(&phone);
    let StageView::Unconfirmed { number, .. } = world.device(&phone).stage else {
        panic!("not unconfirmed");
    };
    assert_eq!(number, None);
    assert_eq!(compared(&world, &phone, true), Err(NotConfirmed::MustType));
    assert_eq!(typed(&world, &phone, &phone.check()), Ok(()));
    world.pass_test(&phone);
    assert_eq!(world.fetch(&phone).standing, Standing::Active);
}

#[test]
fn an_administrator_may_ask_for_typing_after_a_scan_too() {
    let world = World::with(|rules| rules.confirm = Confirm::Type);
    let phone = Phone::new("Pixel");
    world.enrol(&phone, &world.invite());
    world.reveal(&phone);
    assert_eq!(compared(&world, &phone, true), Err(NotConfirmed::MustType));
    assert_eq!(typed(&world, &phone, &phone.check()), Ok(()));
}

#[test]
fn there_is_no_number_before_the_device_revealed_its_nonce() {
    let world = World::new();
    let phone = Phone::new("Pixel");
    world.enrol(&phone, &world.invite());
    world.fetch(&phone);
    assert_eq!(
        typed(&world, &phone, &phone.check()),
        Err(NotConfirmed::NotShown)
    );
    assert_eq!(compared(&world, &phone, true), Err(NotConfirmed::NotShown));
    // It costs no try.
    world.reveal(&phone);
    let wrong = NotConfirmed::Wrong { left: 2 };
    assert_eq!(typed(&world, &phone, &other_number(&phone)), Err(wrong));
}

#[test]
fn three_wrong_numbers_end_a_device_and_it_is_told_so() {
    let world = World::new();
    let phone = Phone::new("Pixel");
    world.enrol(&phone, &world.invite_by_code());
    world.reveal(&phone);
    for left in [2, 1, 0] {
        let wrong = NotConfirmed::Wrong { left };
        assert_eq!(typed(&world, &phone, &other_number(&phone)), Err(wrong));
    }
    let late = typed(&world, &phone, &phone.check());
    assert_eq!(late, Err(NotConfirmed::NotWaiting));
    assert_eq!(
        world.reveal(&phone).standing,
        removed(RemovedWhy::WrongCheck)
    );
}

#[test]
fn this_is_not_my_phone_ends_it() {
    let world = World::new();
    let phone = Phone::new("Thief");
    world.enrol(&phone, &world.invite());
    world.reveal(&phone);
    assert!(compared(&world, &phone, false).is_err());
    assert_eq!(
        world.reveal(&phone).standing,
        removed(RemovedWhy::WrongCheck)
    );
}

#[test]
fn attack_grinding_in_the_middle_another_nonce_than_the_committed_one_ends_the_device() {
    let world = World::new();
    let phone = Phone::new("Pixel");
    world.enrol(&phone, &world.invite());
    // Whoever stands between looks for a nonce that makes the number fit, after it has seen the document.
    let state = world.fetch_as(&phone, |fetch| {
        fetch.reveal = Some(DeviceNonce::copy_of(&[8; 16]));
    });
    assert_eq!(state.standing, removed(RemovedWhy::WrongReveal));
    assert_eq!(
        compared(&world, &phone, true),
        Err(NotConfirmed::NotWaiting)
    );
}

#[test]
fn a_device_that_is_not_active_within_ten_minutes_ends_at_whatever_step_it_is() {
    for steps in 0..3 {
        let world = World::new();
        let phone = Phone::new("Pixel");
        world.enrol(&phone, &world.invite());
        if steps > 0 {
            world.reveal(&phone);
        }
        if steps > 1 {
            world.confirm(&phone);
        }
        world.pass_s(599);
        assert!(!world.reveal(&phone).standing.is_end());
        world.pass_s(1);
        let expected = removed(RemovedWhy::TimedOut);
        assert_eq!(world.reveal(&phone).standing, expected, "{steps}");
        let open = |id| world.outcome(&id).outcome;
        if let Some(test) = world.facts().iter().find_map(asked) {
            assert!(open(test).is_some());
        }
    }
}

fn asked(fact: &countersign_verifier::event::Fact) -> Option<countersign_protocol::hash::Id> {
    match fact {
        countersign_verifier::event::Fact::Asked { statement, .. } => Some(*statement),
        _ => None,
    }
}

#[test]
fn the_test_goes_to_the_new_device_alone() {
    let world = World::new();
    let old = world.phone("Pixel");
    let new = Phone::new("iPhone");
    world.enrol(&new, &world.invite());
    world.reveal(&new);
    world.confirm(&new);
    assert!(world.fetch(&old).statements.is_empty());
    let state = world.reveal(&new);
    let test = new.statement(&state.statements[0]);
    assert_eq!(test.audience, [new.id()]);
    assert_eq!(test.act, Some(Act::Test));
    // What is asked meanwhile is the old one's alone.
    let asked = world.ask();
    assert_eq!(old.statement(&asked.message).audience, [old.id()]);
    assert_eq!(world.reveal(&new).statements, state.statements);
}

#[test]
fn an_unconfirmed_device_gets_no_statement_and_answers_none() {
    let world = World::new();
    let old = world.phone("Pixel");
    let new = Phone::new("iPhone");
    world.enrol(&new, &world.invite());
    assert!(world.reveal(&new).statements.is_empty());
    let asked = world.ask();
    let mut answer = old.answering(&asked.message, Decision::Deny, world.now());
    answer.made_at = world.now();
    let answer = new.sign_answer(&answer);
    assert_eq!(
        world.refused(Kind::Answer, &answer),
        Problem::UnknownStatement
    );
}

#[test]
fn three_wrong_numbers_in_the_test_end_the_device_and_suspend_nobody() {
    let world = World::new();
    let old = world.phone("Pixel");
    for _ in 0..4 {
        let new = Phone::new("iPhone");
        world.enrol(&new, &world.invite());
        world.reveal(&new);
        world.confirm(&new);
        let test = world.reveal(&new).statements.remove(0);
        let number = world.outcome(&new.statement(&test).id).number;
        for left in [2, 1, 0] {
            let wrong = approve_wrongly(&number, u32::from(left) + 1);
            let receipt = world.answer(&new, &test, wrong);
            assert_eq!(receipt.left, Some(left));
        }
        let standing = world.reveal(&new).standing;
        assert_eq!(standing, removed(RemovedWhy::WrongCheck));
    }
    assert_eq!(world.fetch(&old).standing, Standing::Active);
}

#[test]
fn a_denied_test_leaves_the_device_unfinished() {
    let world = World::new();
    let new = Phone::new("iPhone");
    world.enrol(&new, &world.invite());
    world.reveal(&new);
    world.confirm(&new);
    let test = world.reveal(&new).statements.remove(0);
    let receipt = world.answer(&new, &test, Decision::Deny);
    assert_eq!(receipt.outcome, Outcome::Denied);
    assert_eq!(world.reveal(&new).standing, Standing::Confirmed);
    assert!(world.try_ask().is_err());
    world.pass_s(600);
    assert_eq!(world.reveal(&new).standing, removed(RemovedWhy::TimedOut));
}

#[test]
fn w15_the_limit_is_checked_again_when_a_device_becomes_active() {
    let world = World::new();
    for name in ["a", "b", "c", "d"] {
        world.phone(name);
    }
    // Two begin while there is room for one.
    let [fifth, sixth] = ["e", "f"].map(Phone::new);
    for phone in [&fifth, &sixth] {
        world.enrol(phone, &world.invite());
        world.reveal(phone);
        world.confirm(phone);
    }
    world.pass_test(&fifth);
    let receipt = world.pass_test(&sixth);
    assert_eq!(receipt.outcome, Outcome::Approved);
    assert_eq!(world.fetch(&fifth).standing, Standing::Active);
    assert_eq!(world.fetch(&sixth).standing, removed(RemovedWhy::TooMany));
}

#[test]
fn a_restored_phone_takes_the_place_of_the_earlier_one_only_when_it_is_active() {
    let world = World::new();
    let old = world.phone("Pixel");
    let asked = world.ask();
    let new = Phone::new("Pixel, restored");
    world.enrol(&new, &world.invite());
    world.fetch_as(&new, |fetch| {
        (fetch.reveal, fetch.replaces) = (Some(new.nonce()), Some(old.id()));
    });
    let StageView::Unconfirmed { replaces, .. } = world.device(&new).stage else {
        panic!("not unconfirmed");
    };
    assert_eq!(replaces, Some(old.id()));
    world.confirm(&new);
    assert_eq!(world.fetch(&old).standing, Standing::Active);
    world.pass_test(&new);
    let state = world.fetch_as(&old, |fetch| fetch.open = vec![asked.id]);
    assert_eq!(state.standing, removed(RemovedWhy::Replaced));
    // What it alone could answer is withdrawn.
    let closed = old.receipt(&state.closed[0]);
    assert_eq!(closed.outcome, Outcome::Withdrawn);
    assert_eq!(world.fetch(&new).standing, Standing::Active);
}

#[test]
fn whose_place_is_taken_is_fixed_once_the_person_confirmed_it() {
    let world = World::new();
    let (first, second) = (world.phone("first"), world.phone("second"));
    let new = Phone::new("new");
    world.enrol(&new, &world.invite());
    world.reveal(&new);
    world.confirm(&new);
    world.fetch_as(&new, |fetch| {
        (fetch.reveal, fetch.replaces) = (Some(new.nonce()), Some(first.id()));
    });
    world.pass_test(&new);
    for phone in [&first, &second, &new] {
        assert_eq!(world.fetch(phone).standing, Standing::Active);
    }
}

#[test]
fn with_five_devices_one_can_be_replaced() {
    let world = World::new();
    let phones = ["a", "b", "c", "d", "e"].map(|name| world.phone(name));
    let invite = Invite {
        replaces: Some(phones[2].id()),
    };
    let known = Known::by_link(&world.take(&invite).unwrap().link);
    let new = Phone::new("f");
    world.activate(&new, &known);
    assert_eq!(world.fetch(&new).standing, Standing::Active);
    assert_eq!(
        world.fetch(&phones[2]).standing,
        removed(RemovedWhy::Replaced)
    );
}

#[test]
fn a_removed_device_is_told_so_for_ninety_days() {
    let world = World::new();
    let phone = world.phone("Pixel");
    let remove = countersign_verifier::step::RemoveDevice { device: phone.id() };
    world.take(&remove).unwrap();
    world.take(&remove).unwrap();
    world.pass_s(TOMBSTONE_KEEP_S - 1);
    let expected = removed(RemovedWhy::Administrator);
    assert_eq!(world.fetch(&phone).standing, expected);
    world.pass_s(1);
    let fetch = phone.fetch(&phone.fetching(world.now()));
    // Whoever asks then is a stranger.
    assert_eq!(world.refused(Kind::Fetch, &fetch), Problem::UnknownDevice);
    let removals = world.words().into_iter().filter(|word| *word == "removed");
    assert_eq!(removals.count(), 1);
}

#[test]
fn a_test_is_approved_by_the_right_number_alone() {
    let world = World::new();
    let new = Phone::new("Pixel");
    world.enrol(&new, &world.invite());
    world.reveal(&new);
    world.confirm(&new);
    let test = world.reveal(&new).statements.remove(0);
    let StageView::Confirmed { number, .. } = world.device(&new).stage else {
        panic!("not confirmed");
    };
    let number = number.unwrap();
    let receipt = world.answer(&new, &test, approve_wrongly(&number, 1));
    assert_eq!(receipt.outcome, Outcome::WrongNumber);
    assert_eq!(world.reveal(&new).standing, Standing::Confirmed);
    world.answer(&new, &test, approve(&number));
    assert_eq!(world.fetch(&new).standing, Standing::Active);
}
