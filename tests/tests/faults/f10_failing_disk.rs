//! F10: a full disk and a failing one, at every write, name, flush and read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use countersign_core::vault::VaultError;
use countersign_tests::chance::{Chance, for_each_seed, rounds};
use countersign_tests::faults::child::Ended;
use countersign_tests::faults::plan::{Class, Errno, Fault, Lasting, Plan};
use countersign_tests::faults::trace::{Deed, Operation, count};
use countersign_tests::vault_driver::{Line, describe, is_expected};

use crate::scene::{NOTHING, SEED, Scene, lines};
use crate::script::{CHANGES_PASSWORD, PASSWORD, Reference};

pub(crate) const FULL: Fault = Fault::Fail(Errno::NoRoom, Lasting::Once);
pub(crate) const STAYS_FULL: Fault = Fault::Fail(Errno::NoRoom, Lasting::Onwards);
const FILLS_UP: Fault = Fault::Half(Errno::NoRoom, Lasting::Onwards);
pub(crate) const BROKEN: Fault = Fault::Fail(Errno::Broken, Lasting::Once);
pub(crate) const STAYS_BROKEN: Fault = Fault::Fail(Errno::Broken, Lasting::Onwards);

#[test]
fn f10_a_full_disk_at_any_write_is_named_changes_nothing_and_later_all_works() {
    let mut findings = Findings::new(Reference::later_life());
    for (class, fault) in [
        (Class::Write, FULL),
        (Class::Write, STAYS_FULL),
        (Class::Write, FILLS_UP),
        (Class::Name, FULL),
    ] {
        findings.run_all(class, fault);
    }
    findings.judge("full disk");
}

#[test]
fn f10_a_failing_disk_at_any_operation_is_named_changes_nothing_and_later_all_works() {
    let mut findings = Findings::new(Reference::later_life());
    for (class, fault) in [
        (Class::Write, BROKEN),
        (Class::Write, STAYS_BROKEN),
        (Class::Name, BROKEN),
        (Class::Sync, BROKEN),
        (Class::Sync, STAYS_BROKEN),
        (Class::Read, BROKEN),
        (Class::Read, STAYS_BROKEN),
    ] {
        findings.run_all(class, fault);
    }
    findings.judge("failing disk");
}

#[test]
fn f10_a_fault_around_the_porch_is_named_changes_nothing_and_later_all_works() {
    let mut findings = Findings::new(Reference::later_porch());
    for (class, fault) in [
        (Class::Write, FULL),
        (Class::Write, BROKEN),
        (Class::Sync, BROKEN),
    ] {
        findings.run_all(class, fault);
    }
    findings.judge("faults around the porch");
}

#[test]
fn f10_a_short_write_is_no_fault() {
    let mut findings = Findings::new(Reference::later_life());
    findings.run_all(Class::Write, Fault::Half(Errno::NoRoom, Lasting::Once));
    assert_eq!(findings.errors, BTreeMap::new());
    findings.judge("short writes");
}

#[test]
fn f10_anchors_that_cannot_be_stored_never_make_a_vault_look_forked() {
    let mut findings = Findings::new(Reference::later_life());
    findings.run_all(Class::Name, STAYS_FULL);
    findings.judge("no room for names");
}

#[test]
fn f10_a_fault_while_the_password_changes_leaves_exactly_one_password() {
    let reference = Reference::password();
    let mut failed = 0;
    let classes = [
        (Class::Write, FULL),
        (Class::Write, BROKEN),
        (Class::Sync, BROKEN),
        (Class::Read, BROKEN),
    ];
    for (class, fault) in classes {
        for_each_seed(100_000, rounds(1), |chance| {
            let (first, last) = reference.numbers_of(CHANGES_PASSWORD, class);
            let number = chance.between(first, last);
            let plan = Plan {
                class,
                number,
                fault,
            };
            let scene = Scene::new();
            let ended = scene.run(&PASSWORD, Some(plan));
            let lines = lines(&ended);
            failed += lines.len() - PASSWORD.len();
            let done = lines
                .iter()
                .filter(|line| matches!(line, Line::Done { .. }));
            assert_eq!(done.count(), PASSWORD.len(), "{plan}: {lines:?}");
            assert_eq!(scene.opened_by(&["old", "new"]), Ok(vec!["new"]), "{plan}");
            let found = scene.open().map(|companion| describe(&companion));
            assert_eq!(found.as_ref(), Ok(&reference.contents[PASSWORD.len() - 1]));
            // Given up: the old password still holds. What was written and not flushed may be there when the vault is
            // opened again; then the new one does.
            let kept = Scene::new();
            let until = &PASSWORD[..=CHANGES_PASSWORD];
            let lasting = Plan {
                fault: Fault::Fail(errno(fault), Lasting::Onwards),
                ..plan
            };
            let ended = kept.run(until, Some(lasting));
            let is_done = ended.said.last().unwrap().starts_with("done");
            let opened = kept.opened_by(&["old", "new"]).unwrap();
            let may_be_new = is_done || class == Class::Sync;
            let is_right = opened == ["old"] && !is_done || opened == ["new"] && may_be_new;
            assert!(is_right, "{lasting}: {:?}, {opened:?}", ended.said);
        });
    }
    println!("faults while the password changes: {failed} errors");
}

const fn errno(fault: Fault) -> Errno {
    match fault {
        Fault::Fail(errno, _) | Fault::Half(errno, _) => errno,
        Fault::Kill(_) => Errno::Broken,
    }
}

/// What runs under faults showed.
pub(crate) struct Findings {
    reference: &'static Reference,
    runs: u32,
    /// How often each error was given.
    errors: BTreeMap<String, u32>,
    problems: Vec<String>,
}

impl Findings {
    pub(crate) const fn new(reference: &'static Reference) -> Self {
        Self {
            reference,
            runs: 0,
            errors: BTreeMap::new(),
            problems: Vec::new(),
        }
    }

    /// Every operation of a class with `--long`, every third otherwise.
    pub(crate) fn run_all(&mut self, class: Class, fault: Fault) {
        let stride = if rounds(1) > 1 { 1 } else { 3 };
        let first = Chance::new(u64::from(self.runs)).between(1, stride);
        let mut number = first;
        while number <= count(&self.reference.ended.trace, class) {
            let plan = Plan {
                class,
                number,
                fault,
            };
            self.runs += 1;
            if let Err(problem) = self.run(plan) {
                self.problems.push(format!("{plan}: {problem}"));
            }
            number += stride;
        }
    }

    pub(crate) fn judge(&self, about: &str) {
        println!("{about}: {} runs, errors {:?}", self.runs, self.errors);
        let problems = self.problems.join("\n");
        assert!(problems.is_empty(), "{problems}");
    }

    fn run(&mut self, plan: Plan) -> Result<(), String> {
        let mut steps = self.reference.steps.as_slice();
        let flush_fails_for_good = plan.class == Class::Sync && plan.fault == STAYS_BROKEN;
        if flush_fails_for_good {
            // What was not flushed may be there when the vault is opened again: the last step tells before from after.
            steps = &steps[..=self.reference.step_of(plan.class, plan.number)];
        }
        let scene = Scene::of(&self.reference.before);
        let ended = scene.run(steps, Some(plan));
        if !ended.status.success() {
            return Err(format!("the child ended with {}", ended.status));
        }
        self.check_errors(plan, &ended)?;
        let mut possible = BTreeSet::from([self.check_contents(&ended)?]);
        if flush_fails_for_good {
            possible.extend(self.reference.contents.get(steps.len() - 1).cloned());
        }
        // What cannot be removed stays.
        let is_stuck = |done: &Operation| done.deed == Deed::Remove && done.error != 0;
        let is_stuck = ended.trace.iter().any(is_stuck);
        if is_stuck && self.reference.before.files().next().is_none() {
            // A vault that could neither be opened nor be taken back.
            possible.insert("[]".to_owned());
        }
        let left_behind = |path: &&Path| !is_expected(path) && !is_stuck;
        if let Some(path) = scene.tree().files().find(left_behind) {
            return Err(format!("left behind: {}", path.display()));
        }
        check_afterwards(&scene, &possible)
            .map_err(|problem| format!("{problem}; {:?}", ended.said))
    }

    /// Every error has the name of the fault.
    fn check_errors(&mut self, plan: Plan, ended: &Ended) -> Result<(), String> {
        let failed: Vec<&Operation> = ended.trace.iter().filter(|done| done.error != 0).collect();
        let mut allowed = match plan.fault {
            Fault::Fail(Errno::Broken, _) => vec!["io"],
            _ => vec!["disk_full"],
        };
        if failed
            .iter()
            .any(|done| done.path.to_string_lossy().ends_with("-shm"))
        {
            // SQLite does not say why it cannot make room in its index.
            allowed.extend(["disk_full", "io"]);
        }
        if failed
            .iter()
            .any(|done| done.path.to_string_lossy().contains("vault.new"))
        {
            // Nor why a new file has no log.
            allowed.push("io");
        }
        if failed.iter().any(|done| done.deed == Deed::Create) {
            // Nor why it cannot make a file.
            allowed.extend(["no_access", "io"]);
        }
        if plan.class == Class::Read {
            // A page that cannot be read is damage to SQLite.
            allowed.push("damaged_data");
        }
        let is_stuck = failed.iter().any(|done| done.deed == Deed::Remove);
        let mut given_up = false;
        let mut failed_before = None;
        for line in lines(ended) {
            let Line::Failed { step, error } = line else {
                continue;
            };
            // What could not be added cannot be changed.
            let mut follows = given_up && matches!(&*error, "no_such_account" | "no_vault");
            // Where nothing can be removed any more, a vault that was made and not opened is there.
            follows |= is_stuck && error == "vault_exists";
            if !allowed.contains(&&*error) && !follows {
                return Err(format!("step {step} gives {error}; {:?}", ended.said));
            }
            *self.errors.entry(error).or_default() += 1;
            given_up |= failed_before == Some(step);
            failed_before = Some(step);
        }
        Ok(())
    }

    /// A step that failed once and was tried again has its effect once; one that failed twice has none. Returns
    /// what is true in the end.
    fn check_contents(&self, ended: &Ended) -> Result<String, String> {
        let mut content = match self.reference.before.files().count() {
            0 => NOTHING.to_owned(),
            _ => "[]".to_owned(),
        };
        let mut next_step = 0;
        let mut given_up = false;
        for line in lines(ended) {
            let Line::Done { step, content: now } = line else {
                continue;
            };
            given_up |= step > next_step;
            next_step = step + 1;
            let expected = if given_up {
                // What follows builds on what is not there.
                &content
            } else {
                &self.reference.contents[step]
            };
            // A vault that was never opened has nothing to show.
            if now != *expected && !now.is_empty() {
                return Err(format!("step {step} gives {now}, not {expected}"));
            }
            if !now.is_empty() {
                content = now;
            }
        }
        Ok(content)
    }
}

/// The fault is gone: the old state is there, and what could not be done can be done.
fn check_afterwards(scene: &Scene, possible: &BTreeSet<String>) -> Result<(), String> {
    match scene.open() {
        Ok(companion) => {
            let found = describe(&companion);
            if !possible.contains(&found) {
                return Err(format!("found {found}, not one of {possible:?}"));
            }
        }
        Err(VaultError::NoVault) if possible.contains(NOTHING) => {
            let again = scene.run(&["init"], None).said;
            if again != ["done 0 []"] {
                return Err(format!("another try to make it gives {again:?}"));
            }
        }
        Err(error) => return Err(format!("not opened: {error:?}")),
    }
    let mut later = scene.driver(SEED + 50, &["add=later"]);
    let said = scene.watch(None).run(&mut later).said;
    if said.len() == 1 && said[0].starts_with("done 0") {
        Ok(())
    } else {
        Err(format!("a later change gives {said:?}"))
    }
}
