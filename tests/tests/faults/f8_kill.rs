//! F8: `kill -9` at any point: by the parent at any time, and at, in and after single operations.

use std::time::{Duration, Instant};

use countersign_tests::chance::{Chance, for_each_seed, rounds};
use countersign_tests::faults::child::{Ended, Watch};
use countersign_tests::faults::plan::{Class, Fault, Moment, Plan};
use countersign_tests::faults::trace::count;
use countersign_tests::vault_driver::Line;

use crate::outcome::{Anchored, Outcomes};
use crate::scene::{SEED, Scene, lines};
use crate::script::{CHANGES_PASSWORD, KEEPING, LIFE, PASSWORD, PORCH, Reference};

#[test]
fn f8_a_kill_at_an_operation_leaves_the_state_before_or_after() {
    let reference = Reference::life();
    let last = count(&reference.ended.trace, Class::Change);
    let mut outcomes = Outcomes::default();
    for_each_seed(80_000, rounds(30), |chance| {
        let scene = Scene::new();
        let ended = scene.run(&LIFE, Some(kill(chance, 1, last)));
        outcomes.look(reference, promised(&ended), &scene, anchored(&scene));
    });
    outcomes.print("kills at an operation");
}

#[test]
fn f8_a_kill_at_any_time_leaves_the_state_before_or_after() {
    let reference = Reference::life();
    let whole_us = duration_us(&LIFE);
    let mut outcomes = Outcomes::default();
    for_each_seed(81_000, rounds(15), |chance| {
        let scene = Scene::new();
        let ended = kill_at_any_time(&scene, &LIFE, whole_us, chance);
        outcomes.look(reference, promised(&ended), &scene, anchored(&scene));
    });
    outcomes.print("kills at any time");
}

#[test]
fn f8_a_kill_around_snapshots_rotation_salvage_and_restore_leaves_the_state_before_or_after() {
    let reference = Reference::keeping();
    let last = count(&reference.ended.trace, Class::Change);
    let mut outcomes = Outcomes::default();
    for_each_seed(84_000, rounds(20), |chance| {
        let scene = Scene::new();
        let ended = scene.run(&KEEPING, Some(kill(chance, 1, last)));
        outcomes.look(reference, promised(&ended), &scene, anchored(&scene));
    });
    outcomes.print("kills around snapshots, rotation, salvage and restore");
}

#[test]
fn f8_a_kill_around_the_porch_loses_nothing_that_was_left_for_the_history_and_takes_nothing_twice()
{
    let reference = Reference::porch();
    let last = count(&reference.ended.trace, Class::Change);
    let mut outcomes = Outcomes::default();
    for_each_seed(85_000, rounds(20), |chance| {
        let scene = Scene::new();
        let ended = scene.run(&PORCH, Some(kill(chance, 1, last)));
        outcomes.look(reference, promised(&ended), &scene, anchored(&scene));
    });
    outcomes.print("kills around the porch");
}

#[test]
fn f8_a_kill_while_the_password_changes_leaves_exactly_one_password() {
    let reference = Reference::password();
    let (first, last) = reference.numbers_of(CHANGES_PASSWORD, Class::Change);
    let mut outcomes = Outcomes::default();
    for_each_seed(82_000, rounds(10), |chance| {
        let scene = Scene::new();
        let ended = scene.run(&PASSWORD, Some(kill(chance, first, last)));
        outcomes.look_at_passwords(reference, promised(&ended), &scene, anchored(&scene));
    });
    let whole_us = duration_us(&PASSWORD);
    for_each_seed(83_000, rounds(5), |chance| {
        let scene = Scene::new();
        let ended = kill_at_any_time(&scene, &PASSWORD, whole_us, chance);
        outcomes.look_at_passwords(reference, promised(&ended), &scene, anchored(&scene));
    });
    outcomes.print("kills around a new password");
}

fn kill(chance: &mut Chance, first: u64, last: u64) -> Plan {
    let moments = [Moment::Before, Moment::Midway, Moment::After];
    Plan {
        class: Class::Change,
        number: chance.between(first, last),
        fault: Fault::Kill(*chance.one_of(&moments)),
    }
}

/// How long the child takes, so that kills are spread over its life.
fn duration_us(steps: &[&str]) -> u64 {
    let scene = Scene::new();
    let start = Instant::now();
    let ended = untraced(&scene).run(&mut scene.driver(SEED, steps));
    assert!(ended.status.success());
    u64::try_from(start.elapsed().as_micros()).unwrap()
}

fn kill_at_any_time(scene: &Scene, steps: &[&str], whole_us: u64, chance: &mut Chance) -> Ended {
    let after = Duration::from_micros(chance.between(0, whole_us));
    untraced(scene).run_and_kill(&mut scene.driver(SEED, steps), after)
}

fn untraced(scene: &Scene) -> Watch {
    Watch {
        trace: None,
        ..scene.watch(None)
    }
}

/// After a kill nothing is lost.
fn anchored(scene: &Scene) -> Anchored {
    let tree = scene.tree();
    Anchored::after(&tree, &tree)
}

/// How many steps the child had promised when it ended. None may have failed.
fn promised(ended: &Ended) -> usize {
    let lines = lines(ended);
    let done = |line: &Line| matches!(line, Line::Done { .. });
    assert!(lines.iter().all(done), "{lines:?}");
    lines.len()
}
