//! What protects a person from requests that they did not make (protocol, §4), and offline responses (§6).

use countersign_protocol::hash::Id;
use countersign_protocol::kind::Kind;
use countersign_protocol::message::{Decision, Outcome, Ring, Standing, SuspendedWhy};
use countersign_protocol::time::Timestamp;
use countersign_verifier::event::Fact;
use countersign_verifier::person::{OPEN_STATEMENTS_MAX, RINGING_MAX};
use countersign_verifier::step::{
    AskError, AskedStatement, ResumeApprovals, SuspendApprovals, Withdraw,
};

use crate::phone::{Phone, approve, approve_wrongly};
use crate::world::World;

/// A phone that is rung at an address of its own.
fn ringing(world: &World, name: &str) -> Phone {
    let phone = world.phone(name);
    let ring = Ring::UnifiedPush {
        to: format!("https://push.example.org/{name}"),
        bell: Id::from_bytes([5; 16]),
    };
    world.send(Kind::Delivery, &phone.delivery(1, ring, world.now()));
    world.quiet();
    phone
}

fn rings(world: &World) -> usize {
    world
        .words()
        .into_iter()
        .filter(|word| *word == "ring")
        .count()
}

fn approved(world: &World, phone: &Phone, asked: &AskedStatement) {
    let receipt = world.answer(phone, &asked.message, approve(&asked.number));
    assert_eq!(receipt.outcome, Outcome::Approved);
}

#[test]
fn a_listed_statement_rings_each_phone_with_its_own_token() {
    let world = World::new();
    let phones = [ringing(&world, "a"), ringing(&world, "b")];
    world.ask();
    let rung = world.facts().into_iter().filter_map(|fact| match fact {
        Fact::Ring {
            device,
            to: Ring::UnifiedPush { to, .. },
        } => Some((device, to)),
        _ => None,
    });
    let expected = phones.map(|phone| {
        let to = format!("https://push.example.org/{}", phone.name);
        (phone.id(), to)
    });
    assert_eq!(rung.collect::<Vec<_>>(), expected);
}

#[test]
fn beyond_five_open_statements_are_for_scanning_only() {
    let world = World::new();
    let phone = ringing(&world, "Pixel");
    let listed: Vec<_> = (0..RINGING_MAX).map(|_| world.ask()).collect();
    assert!(listed.iter().all(|asked| asked.is_listed));
    assert_eq!(rings(&world), RINGING_MAX);
    let sixth = world.ask();
    assert!(!sixth.is_listed);
    assert_eq!(rings(&world), RINGING_MAX);
    let fetched = world.fetch(&phone).statements;
    let expected: Vec<_> = listed.iter().map(|asked| asked.message.clone()).collect();
    assert_eq!(fetched, expected);
    // Scanned from the page it is answered like any other.
    approved(&world, &phone, &sixth);
}

#[test]
fn a_scanned_statement_that_a_phone_asks_after_is_listed_for_it_where_there_is_room() {
    let world = World::new();
    let phone = world.phone("Pixel");
    world.answer(&phone, &world.ask().message, Decision::Report);
    let scanned = world.ask();
    assert!(!scanned.is_listed);
    assert!(world.fetch(&phone).statements.is_empty());
    let state = world.fetch_as(&phone, |fetch| fetch.open = vec![scanned.id]);
    assert_eq!(state.statements, [scanned.message]);
}

#[test]
fn too_many_are_open_from_twenty_and_an_end_makes_room() {
    let world = World::new();
    let phone = world.phone("Pixel");
    let all: Vec<_> = (0..OPEN_STATEMENTS_MAX).map(|_| world.ask()).collect();
    assert_eq!(world.try_ask().err(), Some(AskError::TooManyOpen));
    world.answer(&phone, &all[7].message, Decision::Deny);
    world.ask();
    assert_eq!(world.try_ask().err(), Some(AskError::TooManyOpen));
    world.pass_s(120);
    world.ask();
}

#[test]
fn r21_after_ten_unanswered_within_a_day_nothing_rings_and_the_pages_qr_still_works() {
    let world = World::new();
    let phone = ringing(&world, "Pixel");
    for _ in 0..10 {
        assert!(world.ask().is_listed);
        world.pass_s(120);
    }
    assert_eq!(rings(&world), 10);
    let real = world.ask();
    assert!(
        !real.is_listed,
        "the page offers the QR code and other ways"
    );
    assert_eq!(rings(&world), 10);
    assert!(world.fetch(&phone).statements.is_empty());
    approved(&world, &phone, &real);
    // An approval ends the stop.
    assert!(world.ask().is_listed);
    assert_eq!(rings(&world), 11);
}

#[test]
fn giving_a_sign_in_up_does_not_make_it_answered() {
    let world = World::new();
    world.phone("Pixel");
    for _ in 0..10 {
        let asked = world.ask();
        assert!(asked.is_listed);
        world.take(&Withdraw {
            statement: asked.id,
        });
    }
    assert!(!world.ask().is_listed);
}

#[test]
fn what_the_person_answers_is_not_counted_as_unanswered() {
    let world = World::new();
    let phone = world.phone("Pixel");
    for _ in 0..12 {
        let asked = world.ask();
        assert!(asked.is_listed);
        world.answer(&phone, &asked.message, Decision::Deny);
    }
}

#[test]
fn unanswered_ones_of_yesterday_are_forgotten() {
    let world = World::new();
    world.phone("Pixel");
    for _ in 0..10 {
        world.ask();
        world.pass_s(120);
    }
    assert!(!world.ask().is_listed);
    world.pass_s(24 * 3_600);
    assert!(world.ask().is_listed);
}

#[test]
fn attack_bombs_before_the_real_sign_in_do_not_keep_it_from_being_approved() {
    for bombs in [5, 10, 19] {
        let world = World::new();
        let phone = ringing(&world, "Pixel");
        for _ in 0..bombs {
            world.ask();
        }
        assert_eq!(rings(&world), RINGING_MAX.min(bombs));
        let real = world.ask();
        assert!(!real.is_listed);
        approved(&world, &phone, &real);
    }
    // With twenty the page says so, and a minute later there is room.
    let world = World::new();
    let phone = ringing(&world, "Pixel");
    for _ in 0..20 {
        world.ask();
    }
    assert_eq!(world.try_ask().err(), Some(AskError::TooManyOpen));
    world.pass_s(120);
    let real = world.ask();
    approved(&world, &phone, &real);
}

#[test]
fn attack_a_day_of_bombs_takes_no_more_room_than_there_is() {
    let world = World::new();
    let phone = world.phone("Pixel");
    for _ in 0..400 {
        world.ask();
        world.pass_s(10);
    }
    let stored = world.person().encode().len();
    assert!(stored < 100_000, "{stored} bytes");
    // Those that rang are still there to be reported.
    let rang = world.facts().into_iter().filter_map(|fact| match fact {
        Fact::Asked {
            statement,
            is_listed: true,
            ..
        } => Some(statement),
        _ => None,
    });
    let person = world.person();
    assert!(rang.clone().count() > 10);
    assert!(
        rang.into_iter()
            .all(|id| person.statement_view(&id).is_some())
    );
    approved(&world, &phone, &world.ask());
}

#[test]
fn a_report_keeps_statements_from_ringing_and_an_approval_ends_that() {
    let world = World::new();
    let phone = ringing(&world, "Pixel");
    world.answer(&phone, &world.ask().message, Decision::Report);
    let rung = rings(&world);
    let real = world.ask();
    assert!(!real.is_listed);
    assert_eq!(rings(&world), rung);
    approved(&world, &phone, &real);
    assert!(world.ask().is_listed);
}

/// So many wrong numbers in a row, three a statement.
fn guess(world: &World, phone: &Phone, wrong: u32) {
    let mut left = wrong;
    while left > 0 {
        let asked = world.ask();
        for number in 1..=left.min(3) {
            world.answer(
                phone,
                &asked.message,
                approve_wrongly(&asked.number, number),
            );
            left -= 1;
        }
        if left == 0 {
            world.take(&Withdraw {
                statement: asked.id,
            });
        }
    }
}

#[test]
fn ten_wrong_numbers_in_a_row_suspend_approvals_and_withdraw_what_is_open() {
    let world = World::new();
    let phone = world.phone("Pixel");
    guess(&world, &phone, 9);
    let bystander = world.ask();
    let last = world.ask();
    let receipt = world.answer(&phone, &last.message, approve_wrongly(&last.number, 1));
    assert_eq!(receipt.outcome, Outcome::Withdrawn);
    assert_eq!(
        world.outcome(&bystander.id).outcome,
        Some(Outcome::Withdrawn)
    );
    let until = Timestamp::new(world.now().unix_s() + 3_600);
    let suspended = Standing::Suspended {
        until,
        why: SuspendedWhy::WrongNumbers,
    };
    assert_eq!(world.fetch(&phone).standing, suspended);
    assert_eq!(world.try_ask().err(), Some(AskError::Suspended { until }));
    // The right number of what was withdrawn approves nothing.
    let receipt = world.answer(&phone, &bystander.message, approve(&bystander.number));
    assert_eq!(receipt.outcome, Outcome::Withdrawn);
    world.pass_s(3_600);
    assert_eq!(world.fetch(&phone).standing, Standing::Active);
    // The next ten cost two hours.
    guess(&world, &phone, 10);
    let until = Timestamp::new(world.now().unix_s() + 2 * 3_600);
    assert_eq!(world.try_ask().err(), Some(AskError::Suspended { until }));
}

#[test]
fn a_new_statement_does_not_reset_the_count_and_an_approval_does() {
    let world = World::new();
    let phone = world.phone("Pixel");
    guess(&world, &phone, 9);
    approved(&world, &phone, &world.ask());
    guess(&world, &phone, 9);
    assert!(world.try_ask().is_ok());
    world.pass_s(120);
    guess(&world, &phone, 1);
    assert!(matches!(world.try_ask(), Err(AskError::Suspended { .. })));
}

#[test]
fn the_last_wrong_number_of_a_statement_may_be_the_tenth_in_a_row() {
    let world = World::new();
    let phone = world.phone("Pixel");
    guess(&world, &phone, 7);
    let asked = world.ask();
    for number in 1..=3 {
        let wrong = approve_wrongly(&asked.number, number);
        let receipt = world.answer(&phone, &asked.message, wrong);
        let left = u8::try_from(3 - number).unwrap();
        assert_eq!(receipt.left, Some(left));
    }
    assert_eq!(world.outcome(&asked.id).outcome, Some(Outcome::Denied));
    assert!(matches!(world.try_ask(), Err(AskError::Suspended { .. })));
}

#[test]
fn an_administrator_suspends_and_resumes() {
    let world = World::new();
    let phone = world.phone("Pixel");
    let asked = world.ask();
    world.take(&SuspendApprovals { until: None });
    assert_eq!(world.outcome(&asked.id).outcome, Some(Outcome::Withdrawn));
    let suspended = Standing::Suspended {
        until: None,
        why: SuspendedWhy::Administrator,
    };
    assert_eq!(world.fetch(&phone).standing, suspended);
    world.pass_s(30 * 24 * 3_600);
    let expected = AskError::Suspended { until: None };
    assert_eq!(world.try_ask().err(), Some(expected));
    world.take(&ResumeApprovals);
    assert_eq!(world.fetch(&phone).standing, Standing::Active);
    world.ask();
}
