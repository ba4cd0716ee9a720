//! Ten thousand schedules and more, drawn at random: what people do, and what a network and power cuts do to it. Seeds are fixed
//! in the ordinary run; with `COUNTERSIGN_LONG` they are new each time, ten times as many, and a failing one is printed.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::oracle::Seen;
use super::person::{How, Says};
use super::world::World;
use crate::approval::MoveAsk;

/// One thing that happens.
#[derive(Clone, Copy, Debug)]
enum Act {
    /// A phone does its next thing; what it sends is on its way then.
    Poll(usize),
    /// So many exchanges of a phone, none of them disturbed.
    Exchange(usize, usize),
    Deliver(usize),
    Lose(usize),
    Repeat(usize),
    /// What answers one request is brought as the answer to another.
    Cross(usize, usize),
    TimeOut(usize),
    KillPhone(usize),
    KillServer,
    Pass(u64),
    Invite(usize, How, bool),
    Confirm(bool),
    Ask,
    Withdraw(usize),
    Decide(usize, usize, Says),
    Scan(usize, usize),
    BeginMove(usize),
    Follow(usize, usize),
    ConfirmMove(usize, usize, bool),
    AbortMove(usize),
    Leave(usize),
    Remove(usize),
    Rotate,
    Rename,
    Suspend,
    Resume,
}

/// What happens, one after the other.
#[derive(Clone)]
struct Schedule(Vec<Act>);

impl std::fmt::Debug for Schedule {
    /// In one line, so that a failing one can be read.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let acts: Vec<String> = self.0.iter().map(|act| format!("{act:?}")).collect();
        formatter.write_str(&acts.join(", "))
    }
}

impl World {
    fn happens(&mut self, act: Act) {
        match act {
            Act::Poll(phone) => self.poll(phone),
            Act::Exchange(phone, times) => self.exchange(phone, times),
            Act::Deliver(nth) => {
                if let Some(packet) = self.network.pick(nth) {
                    self.deliver(packet);
                }
            }
            Act::Lose(nth) => drop(self.network.pick(nth)),
            Act::Repeat(nth) => self.network.repeat(nth),
            Act::Cross(nth, with) => self.network.cross(nth, with),
            Act::TimeOut(phone) => self.phones[phone].time_out(self.now_s),
            Act::KillPhone(phone) => self.phones[phone].restart(),
            Act::KillServer => {
                self.server.restart();
                self.network.drop_parked();
            }
            Act::Pass(seconds) => self.now_s += seconds,
            Act::Invite(phone, how, takes_place) => self.invite(phone, how, takes_place),
            Act::Confirm(is_right) => self.confirm(is_right),
            Act::Ask => self.ask(),
            Act::Withdraw(nth) => self.withdraw(nth),
            Act::Decide(phone, nth, says) => drop(self.decide(phone, nth, says)),
            Act::Scan(phone, nth) => self.scan(phone, nth),
            Act::BeginMove(phone) => self.move_on(phone, &MoveAsk::Begin),
            Act::Follow(from, to) => self.follow(from, to),
            Act::ConfirmMove(from, to, is_right) => self.confirm_move(from, to, is_right),
            Act::AbortMove(phone) => self.move_on(phone, &MoveAsk::Abort),
            Act::Leave(phone) => self.leave(phone),
            Act::Remove(nth) => self.remove(nth),
            Act::Rotate => self.server.rotate(self.now()),
            Act::Rename => self.rename(),
            Act::Suspend => self.suspend(),
            Act::Resume => self.resume(),
        }
    }
}

/// What a network and power cuts do.
fn disturbance() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => (0..3_usize).prop_map(Act::Poll),
        6 => (0..64_usize).prop_map(Act::Deliver),
        2 => (0..64_usize).prop_map(Act::Lose),
        2 => (0..64_usize).prop_map(Act::Repeat),
        1 => (0..64_usize, 0..64_usize).prop_map(|(nth, with)| Act::Cross(nth, with)),
        2 => (0..3_usize).prop_map(Act::TimeOut),
        2 => (0..3_usize).prop_map(Act::KillPhone),
        1 => Just(Act::KillServer),
        2 => prop::sample::select(vec![1, 5, 20, 61, 119, 305]).prop_map(Act::Pass),
        4 => (0..3_usize, 1..5_usize).prop_map(|(phone, times)| Act::Exchange(phone, times)),
    ]
}

fn says() -> impl Strategy<Value = Says> {
    prop_oneof![
        5 => Just(Says::Yes),
        4 => (0..9_u8).prop_map(Says::Wrong),
        1 => Just(Says::Deny),
        1 => Just(Says::Report),
        1 => Just(Says::Cancel),
    ]
}

fn decision() -> impl Strategy<Value = Act> {
    (0..3_usize, 0..8_usize, says()).prop_map(|(phone, nth, says)| Act::Decide(phone, nth, says))
}

/// What people and administrators do without a plan.
fn whim() -> impl Strategy<Value = Act> {
    let how = prop_oneof![Just(How::Scanned), Just(How::Typed)];
    prop_oneof![
        6 => decision(),
        4 => Just(Act::Ask),
        2 => (0..3_usize, 0..8_usize).prop_map(|(phone, nth)| Act::Scan(phone, nth)),
        1 => (0..8_usize).prop_map(Act::Withdraw),
        2 => Just(Act::Rotate),
        1 => Just(Act::Rename),
        1 => Just(Act::Suspend),
        1 => Just(Act::Resume),
        1 => (0..3_usize).prop_map(Act::Leave),
        1 => (0..4_usize).prop_map(Act::Remove),
        2 => (0..3_usize, how, any::<bool>())
            .prop_map(|(phone, how, takes_place)| Act::Invite(phone, how, takes_place)),
        2 => any::<bool>().prop_map(Act::Confirm),
        1 => (0..2_usize).prop_map(Act::BeginMove),
        1 => (0..2_usize).prop_map(|from| Act::Follow(from, 2)),
        1 => (0..2_usize, any::<bool>())
            .prop_map(|(from, is_right)| Act::ConfirmMove(from, 2, is_right)),
        1 => (0..2_usize).prop_map(Act::AbortMove),
    ]
}

/// What is planned, and before each step of it what nobody planned.
fn disturbed(plan: impl Strategy<Value = Vec<Act>>) -> impl Strategy<Value = Schedule> {
    let unplanned = prop_oneof![5 => disturbance(), 2 => whim()];
    let unplanned = prop_oneof![1 => Just(vec![]), 2 => vec(unplanned, 0..3)];
    (plan, vec(unplanned, 24)).prop_map(|(plan, unplanned)| {
        let unplanned = unplanned.into_iter().chain(std::iter::repeat(vec![]));
        let steps = plan.into_iter().zip(unplanned);
        Schedule(
            steps
                .flat_map(|(step, before)| before.into_iter().chain([step]))
                .collect(),
        )
    })
}

/// A device is added: invited, enrolled, confirmed, tested.
fn addition(phone: usize, how: How, takes_place: bool, is_right: bool) -> Vec<Act> {
    vec![
        Act::Invite(phone, how, takes_place),
        Act::Exchange(phone, 4),
        Act::Confirm(is_right),
        Act::Exchange(phone, 2),
        Act::Decide(phone, 0, Says::Yes),
        Act::Exchange(phone, 2),
    ]
}

/// A few sign-ins, answered on either phone.
fn sign_ins() -> impl Strategy<Value = Vec<Act>> {
    let answer = (0..2_usize, says());
    let sign_in = vec(answer, 1..4).prop_map(|answers| {
        let answers = answers.into_iter().flat_map(|(phone, says)| {
            [
                Act::Exchange(phone, 2),
                Act::Decide(phone, 0, says),
                Act::Exchange(phone, 2),
            ]
        });
        std::iter::once(Act::Ask).chain(answers).collect::<Vec<_>>()
    });
    vec(sign_in, 1..3).prop_map(|all| all.concat())
}

/// A life: a phone is added and used, and leaves.
fn lives() -> impl Strategy<Value = Vec<Act>> {
    let how = prop_oneof![Just(How::Scanned), Just(How::Typed)];
    let is_right = prop::bool::weighted(0.9);
    (how, is_right, sign_ins(), any::<bool>()).prop_map(|(how, is_right, used, leaves)| {
        let mut life = addition(0, how, false, is_right);
        life.extend(used);
        if leaves {
            life.extend([Act::Leave(0), Act::Exchange(0, 3)]);
        }
        life
    })
}

fn moves() -> impl Strategy<Value = Vec<Act>> {
    (prop::bool::weighted(0.85), says()).prop_map(|(is_right, says)| {
        vec![
            Act::BeginMove(0),
            Act::Exchange(0, 2),
            Act::Ask,
            Act::Follow(0, 2),
            Act::Exchange(2, 4),
            Act::ConfirmMove(0, 2, is_right),
            Act::Exchange(0, 2),
            Act::Exchange(2, 2),
            Act::Decide(2, 0, Says::Yes),
            Act::Exchange(2, 2),
            Act::Ask,
            Act::Exchange(2, 2),
            Act::Decide(2, 0, says),
            Act::Exchange(0, 2),
        ]
    })
}

fn reactivations() -> impl Strategy<Value = Vec<Act>> {
    (prop::bool::weighted(0.9), sign_ins()).prop_map(|(is_right, used)| {
        let mut plan = vec![Act::Ask];
        plan.extend(addition(0, How::Scanned, true, is_right));
        // What was asked before may have been answered first.
        plan.extend([Act::Decide(0, 0, Says::Yes), Act::Exchange(0, 4)]);
        plan.extend(used);
        plan
    })
}

/// Runs as many schedules over copies of one beginning, and shrinks the first that fails.
fn run(
    name: &str,
    schedules: u32,
    plan: impl Strategy<Value = Vec<Act>>,
    begin: &World,
    expected: &[&str],
) {
    let is_long = std::env::var_os("COUNTERSIGN_LONG").is_some_and(|value| !value.is_empty());
    let mut seed = [7; 32];
    if is_long {
        seed = crate::entropy::generate_bytes(&crate::entropy::SystemEntropy::new()).unwrap();
    }
    let schedules = if is_long { schedules * 10 } else { schedules };
    let config = Config {
        cases: schedules,
        max_shrink_iters: 4_000,
        failure_persistence: None,
        ..Config::default()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let seen = std::cell::RefCell::new((Seen::default(), 0_u64));
    let ran = runner.run(&disturbed(plan), |schedule| {
        let mut world = begin.copy();
        for act in &schedule.0 {
            world.happens(*act);
        }
        world.come_to_rest();
        world.agree();
        let mut seen = seen.borrow_mut();
        seen.0.add(&world.oracle.seen);
        seen.1 += world.delivered;
        Ok(())
    });
    let (seen, delivered) = seen.into_inner();
    println!(
        "{name}: {schedules} schedules, {delivered} messages delivered, {:?}",
        seen.0
    );
    if let Err(failed) = ran {
        panic!("{name}, seed {seed:?}: {failed}");
    }
    for what in expected {
        assert!(seen.0.contains_key(what), "{what} never happened");
    }
}

#[test]
fn schedules_of_sign_ins_end_in_agreement() {
    let expected = [
        "approved",
        "denied",
        "reported",
        "cancelled",
        "expired",
        "withdrawn",
    ];
    run(
        "sign-ins",
        4_000,
        sign_ins(),
        &World::with_two_phones(),
        &expected,
    );
}

#[test]
fn schedules_from_enrolment_to_leaving_end_in_agreement() {
    let expected = ["added", "approved", "left", "timed out", "wrong check"];
    run("lives", 2_600, lives(), &World::new(), &expected);
}

#[test]
fn schedules_of_moves_end_in_agreement() {
    let expected = ["moved", "move ended", "wrong number", "approved"];
    run(
        "moves",
        1_900,
        moves(),
        &World::with_two_phones(),
        &expected,
    );
}

#[test]
fn schedules_of_reactivations_end_in_agreement() {
    let expected = ["replaced", "added", "approved"];
    run(
        "re-activations",
        1_600,
        reactivations(),
        &World::with_two_phones(),
        &expected,
    );
}
