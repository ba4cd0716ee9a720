//! What the children do: a vault's life in steps, and what is true after each of them.

use std::sync::OnceLock;

use countersign_tests::faults::child::Ended;
use countersign_tests::faults::disk::Disk;
use countersign_tests::faults::plan::Class;
use countersign_tests::faults::trace::{Deed, count};
use countersign_tests::faults::tree::Tree;

use crate::scene::{NOTHING, Scene, contents, lines};

/// Every operation that needs no password, and reopening between them.
pub(crate) const LIFE: [&str; 22] = [
    "init",
    "add=alice",
    "count=bob",
    "next=bob",
    "note=alice:first",
    "tag=alice:work",
    "next=bob",
    "rename=alice:anna",
    "add=carol",
    "remove=carol",
    "restore=carol",
    "remove=carol",
    "purge=carol",
    "lock",
    "next=bob",
    "work=asked",
    "add=dora",
    "close",
    "next=bob",
    "work=approved",
    "remove=anna",
    "next=bob",
];

/// Snapshots, renewed keys, a salvage and a restore, which takes back what came after the snapshot.
pub(crate) const KEEPING: [&str; 17] = [
    "init",
    "add=alice",
    "count=bob",
    "work=asked",
    "snapshot",
    "next=bob",
    "rotate",
    "add=carol",
    "work=approved",
    "salvage",
    "next=bob",
    "snapshot",
    "add=eve",
    "recover-newest",
    "next=bob",
    "close",
    "add=dora",
];

/// What the locked vault leaves for the history, taken over, and a renewed key in between.
pub(crate) const PORCH: [&str; 14] = [
    "init",
    "add=alice",
    "porch",
    "work=asked",
    "leave=approved",
    "leave=refused",
    "take-over",
    "add=carol",
    "leave=expired",
    "rotate",
    "leave=denied",
    "take-over",
    "close",
    "take-over",
];

/// A changed password. Each costs two key derivations or more, so there are fewer of these.
pub(crate) const PASSWORD: [&str; 7] = [
    "init=old",
    "count=bob",
    "next=bob",
    "password=new",
    "next=bob",
    "close",
    "next=bob",
];
/// The step of [`PASSWORD`] that changes it.
pub(crate) const CHANGES_PASSWORD: usize = 3;

/// A run in which nothing failed.
pub(crate) struct Reference {
    pub(crate) steps: Vec<&'static str>,
    /// What was there before it.
    pub(crate) before: Tree,
    /// The same, to repeat the trace on.
    pub(crate) disk: Disk,
    pub(crate) ended: Ended,
    /// What is true after each step.
    pub(crate) contents: Vec<String>,
}

impl Reference {
    /// Of any steps, at what is in `scene`; they are done there.
    pub(crate) fn of(scene: &Scene, steps: &[&'static str]) -> Self {
        let before = scene.tree();
        let disk = Disk::of(&scene.watched()).unwrap();
        let ended = scene.run(steps, None);
        let contents = contents(&lines(&ended));
        assert_eq!(contents.len(), steps.len());
        // A call that the library does not see would make all that follows worthless.
        let mut repeated = disk.clone();
        repeated.apply(&ended.trace);
        let shown = repeated.shown().without("-shm");
        assert_eq!(shown, scene.tree().without("-shm"), "the trace has a hole");
        Self {
            steps: steps.to_vec(),
            before,
            disk,
            ended,
            contents,
        }
    }

    /// Of [`LIFE`].
    pub(crate) fn life() -> &'static Self {
        static RUN: OnceLock<Reference> = OnceLock::new();
        RUN.get_or_init(|| Self::of(&Scene::new(), &LIFE))
    }

    /// Of [`KEEPING`].
    pub(crate) fn keeping() -> &'static Self {
        static RUN: OnceLock<Reference> = OnceLock::new();
        RUN.get_or_init(|| Self::of(&Scene::new(), &KEEPING))
    }

    /// Of [`PORCH`].
    pub(crate) fn porch() -> &'static Self {
        static RUN: OnceLock<Reference> = OnceLock::new();
        RUN.get_or_init(|| Self::of(&Scene::new(), &PORCH))
    }

    /// Of [`PASSWORD`].
    pub(crate) fn password() -> &'static Self {
        static RUN: OnceLock<Reference> = OnceLock::new();
        RUN.get_or_init(|| Self::of(&Scene::new(), &PASSWORD))
    }

    /// Of the first step of [`LIFE`] alone.
    pub(crate) fn birth() -> &'static Self {
        static RUN: OnceLock<Reference> = OnceLock::new();
        RUN.get_or_init(|| Self::of(&Scene::new(), &["init"]))
    }

    /// Of [`LIFE`] in a vault that is there already.
    pub(crate) fn later_life() -> &'static Self {
        static RUN: OnceLock<Reference> = OnceLock::new();
        let [_init, later @ ..] = &LIFE;
        RUN.get_or_init(|| Self::after_init(later))
    }

    /// Of [`PORCH`] in a vault that is there already.
    pub(crate) fn later_porch() -> &'static Self {
        static RUN: OnceLock<Reference> = OnceLock::new();
        let [_init, later @ ..] = &PORCH;
        RUN.get_or_init(|| Self::after_init(later))
    }

    fn after_init(later: &[&'static str]) -> Self {
        let scene = Scene::new();
        assert_eq!(scene.run(&["init"], None).said, ["done 0 []"]);
        Self::of(&scene, later)
    }

    /// What may be true when so many steps were promised: those alone, or the next one too.
    pub(crate) fn possible(&self, promised: usize) -> Vec<&str> {
        let before = promised.checked_sub(1).map(|last| &*self.contents[last]);
        let after = self.contents.get(promised).map(|next| &**next);
        [Some(before.unwrap_or(NOTHING)), after]
            .into_iter()
            .flatten()
            .collect()
    }

    /// How many operations the trace has up to the promise of a step, that one included.
    pub(crate) fn until(&self, step: usize) -> u64 {
        let said = (1..).zip(&self.ended.trace);
        let mut said = said.filter(|(_, operation)| matches!(operation.deed, Deed::Said(_)));
        said.nth(step).unwrap().0
    }

    /// Numbers of the first and last operation of a class in a step, counted from 1 over the whole run.
    pub(crate) fn numbers_of(&self, step: usize, class: Class) -> (u64, u64) {
        let of_step = |number: &u64| self.step_of(class, *number) == step;
        let all = 1..=count(&self.ended.trace, class);
        let numbers: Vec<u64> = all.filter(of_step).collect();
        (numbers[0], numbers[numbers.len() - 1])
    }

    /// The step in which an operation of a class falls; the end of the process belongs to the last one.
    pub(crate) fn step_of(&self, class: Class, number: u64) -> usize {
        let mut left = number;
        let mut step = 0;
        for operation in &self.ended.trace {
            step += usize::from(matches!(operation.deed, Deed::Said(_)));
            left -= u64::from(operation.is_in(class));
            if left == 0 {
                break;
            }
        }
        step.min(self.steps.len() - 1)
    }
}
