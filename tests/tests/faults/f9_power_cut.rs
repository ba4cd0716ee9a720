//! F9: power cuts. What was not flushed is lost, reordered or torn, and every promise still holds.

use std::path::Path;

use countersign_tests::chance::{Chance, for_each_seed, rounds};
use countersign_tests::faults::trace::{Deed, Operation};
use countersign_tests::faults::tree::Tree;
use countersign_tests::vault_driver::describe;

use crate::outcome::{Anchored, Outcomes};
use crate::scene::Scene;
use crate::script::{CHANGES_PASSWORD, LIFE, Reference};

#[test]
fn k2_f9_a_power_cut_leaves_the_state_before_or_after() {
    let outcomes = cut_at_any_operation(90_000, rounds(400));
    outcomes.print("power cuts");
}

#[test]
fn f9_a_power_cut_around_snapshots_rotation_salvage_and_restore_leaves_the_state_before_or_after() {
    let outcomes = cut(Reference::keeping(), 96_000, rounds(200));
    outcomes.print("power cuts around snapshots, rotation, salvage and restore");
}

#[test]
fn f9_a_power_cut_around_the_porch_loses_nothing_that_was_left_for_the_history() {
    let outcomes = cut(Reference::porch(), 97_000, rounds(200));
    outcomes.print("power cuts around the porch");
}

#[test]
fn f9_a_second_power_cut_while_the_first_is_made_good_loses_nothing_either() {
    let reference = Reference::life();
    let mut outcomes = Outcomes::default();
    for_each_seed(94_000, rounds(60), |chance| {
        let cut = chance.between(reference.until(2), reference.until(8));
        let first = Crashed::draw(reference, cut, chance);
        if !first.anchored.decides() {
            // Counted where a single cut is looked at.
            return;
        }
        let again = Reference::of(&Scene::of(&first.left), &["unlock", "next=bob", "close"]);
        assert!(
            reference
                .possible(first.promised)
                .contains(&&*again.contents[0])
        );
        for _ in 0..5 {
            let second = Crashed::draw(&again, chance.between(0, length(&again)), chance);
            assert!(second.left.entries.contains_key(Path::new("home/vault")));
            let scene = Scene::of(&second.left);
            outcomes.look(&again, second.promised, &scene, second.anchored);
        }
    });
    outcomes.print("second power cuts");
}

#[test]
fn f9_a_power_cut_after_init_has_made_the_vaults_folder_keeps_both() {
    let scene = Scene::empty();
    scene.place().make_state().unwrap();
    let reference = Reference::of(&scene, &["init", "count=bob", "next=bob"]);
    let mut outcomes = Outcomes::default();
    for_each_seed(95_000, rounds(30), |chance| {
        let crashed = Crashed::draw(&reference, chance.between(0, length(&reference)), chance);
        let (scene, anchored) = (Scene::of(&crashed.left), crashed.anchored);
        outcomes.look(&reference, crashed.promised, &scene, anchored);
    });
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
fn f9_a_late_anchor_never_makes_a_vault_look_forked() {
    let outcomes = cut_at_any_operation(90_000, rounds(400));
    assert_eq!(outcomes.forked, 0);
}

#[test]
fn f9_a_power_cut_soon_after_the_making_never_shuts_a_vault() {
    let outcomes = cut_at_any_operation(90_000, rounds(400));
    assert_eq!(outcomes.undecided, 0);
}

#[test]
fn f9_a_power_cut_while_the_password_changes_leaves_exactly_one_password() {
    let reference = Reference::password();
    let before = reference.until(CHANGES_PASSWORD - 1);
    let after = reference.until(CHANGES_PASSWORD);
    let mut outcomes = Outcomes::default();
    for_each_seed(91_000, rounds(12), |chance| {
        let crashed = Crashed::draw(reference, chance.between(before, after), chance);
        let (scene, anchored) = (Scene::of(&crashed.left), crashed.anchored);
        outcomes.look_at_passwords(reference, crashed.promised, &scene, anchored);
    });
    outcomes.print("power cuts around a new password");
}

fn cut_at_any_operation(first_seed: u64, count: u32) -> Outcomes {
    cut(Reference::life(), first_seed, count)
}

fn cut(reference: &Reference, first_seed: u64, count: u32) -> Outcomes {
    let last = length(reference);
    let mut outcomes = Outcomes::default();
    for_each_seed(first_seed, count, |chance| {
        let crashed = Crashed::draw(reference, chance.between(0, last), chance);
        let (scene, anchored) = (Scene::of(&crashed.left), crashed.anchored);
        outcomes.look(reference, crashed.promised, &scene, anchored);
    });
    outcomes
}

fn length(reference: &Reference) -> u64 {
    u64::try_from(reference.ended.trace.len()).unwrap()
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
