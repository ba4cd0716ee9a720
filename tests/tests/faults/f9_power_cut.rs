//! F9: power cuts. What was not flushed is lost, reordered or torn, and every promise still holds.

use countersign_tests::chance::{Chance, for_each_seed, rounds};
use countersign_tests::faults::trace::{Deed, Operation};
use countersign_tests::faults::tree::Tree;
use countersign_tests::vault_driver::describe;

use crate::outcome::{Anchored, Outcomes};
use crate::scene::Scene;
use crate::script::{CHANGES_PASSWORD, LIFE, Reference};

#[test]
fn f9_a_power_cut_leaves_the_state_before_or_after() {
    let outcomes = cut_at_any_operation(90_000, rounds(500));
    outcomes.print("power cuts");
}

#[test]
fn f9_a_vault_that_did_not_flush_would_be_caught() {
    let reference = Reference::life();
    let is_flush = |operation: &&Operation| operation.deed != Deed::Sync;
    let trace: Vec<Operation> = reference
        .ended
        .trace
        .iter()
        .filter(is_flush)
        .cloned()
        .collect();
    let mut disk = reference.disk.clone();
    disk.apply(&trace);
    let mut caught = 0;
    for_each_seed(93_000, 30, |chance| {
        let opened = Scene::of(&disk.crash(chance)).open();
        let found = opened.map(|companion| describe(&companion));
        caught += u32::from(found.as_ref() != Ok(&reference.contents[LIFE.len() - 1]));
    });
    assert!(caught > 10, "{caught}");
}

#[test]
#[ignore = "core: an anchor is never flushed, and a vault keeps eight tokens: nine changes after the last flush it looks forked"]
fn f9_a_late_anchor_never_makes_a_vault_look_forked() {
    let outcomes = cut_at_any_operation(90_000, rounds(500));
    assert_eq!(outcomes.forked, 0);
}

#[test]
#[ignore = "core: a torn last change without any anchor is refused as a damaged log (ADR 4), and no anchor is ever flushed"]
fn f9_a_power_cut_soon_after_the_making_never_shuts_a_vault() {
    let outcomes = cut_at_any_operation(90_000, rounds(500));
    assert_eq!(outcomes.undecided, 0);
}

#[test]
fn f9_a_power_cut_while_the_password_changes_leaves_exactly_one_password() {
    let reference = Reference::password();
    let said: Vec<u64> = (0..)
        .zip(&reference.ended.trace)
        .filter(|(_, operation)| matches!(operation.deed, Deed::Said(_)))
        .map(|(n, _)| n)
        .collect();
    let (before, after) = (said[CHANGES_PASSWORD - 1], said[CHANGES_PASSWORD]);
    let mut outcomes = Outcomes::default();
    for_each_seed(91_000, rounds(20), |chance| {
        let crashed = Crashed::draw(reference, chance.between(before, after + 1), chance);
        let (scene, anchored) = (Scene::of(&crashed.left), crashed.anchored);
        outcomes.look_at_passwords(reference, crashed.promised, &scene, anchored);
    });
    outcomes.print("power cuts around a new password");
}

fn cut_at_any_operation(first_seed: u64, count: u32) -> Outcomes {
    let reference = Reference::life();
    let last = u64::try_from(reference.ended.trace.len()).unwrap();
    let mut outcomes = Outcomes::default();
    for_each_seed(first_seed, count, |chance| {
        let crashed = Crashed::draw(reference, chance.between(0, last), chance);
        let (scene, anchored) = (Scene::of(&crashed.left), crashed.anchored);
        outcomes.look(reference, crashed.promised, &scene, anchored);
    });
    outcomes
}

/// What a power cut left.
struct Crashed {
    left: Tree,
    /// How many steps had been promised.
    promised: usize,
    anchored: Anchored,
}

impl Crashed {
    /// One state after a cut before the operation `cut`.
    fn draw(reference: &Reference, cut: u64, chance: &mut Chance) -> Self {
        let done = &reference.ended.trace[..usize::try_from(cut).unwrap()];
        let mut disk = reference.disk.clone();
        disk.apply(done);
        let is_said = |operation: &&Operation| matches!(operation.deed, Deed::Said(_));
        let left = disk.crash(chance);
        Self {
            promised: done.iter().filter(is_said).count(),
            anchored: Anchored::after(&left, &disk.shown()),
            left,
        }
    }
}
