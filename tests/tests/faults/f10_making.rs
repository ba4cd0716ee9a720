//! F10 while a vault is made: afterwards there is none, and a later try makes one.

use countersign_core::vault::VaultError;
use countersign_tests::faults::plan::{Class, Plan};
use countersign_tests::faults::trace::count;
use countersign_tests::vault_driver::describe;

use crate::f10_failing_disk::{BROKEN, FULL, Findings, STAYS_BROKEN, STAYS_FULL};
use crate::scene::Scene;
use crate::script::Reference;

#[test]
fn f10_a_vault_made_under_a_fault_can_be_opened() {
    let trace = &Reference::birth().ended.trace;
    for class in [Class::Write, Class::Name, Class::Sync, Class::Read] {
        for number in 1..=count(trace, class) {
            let plan = Plan {
                class,
                number,
                fault: BROKEN,
            };
            let scene = Scene::new();
            let said = scene.run(&["init"], Some(plan)).said;
            let opened = scene.open().map(|companion| describe(&companion));
            let is_right = matches!(opened, Err(VaultError::NoVault) | Ok(_));
            assert!(is_right, "{plan}: {said:?}, {opened:?}");
        }
    }
}

#[test]
fn f10_a_fault_while_a_vault_is_made_makes_none_and_a_later_try_works() {
    let mut findings = Findings::new(Reference::birth());
    for class in [Class::Write, Class::Name] {
        findings.run_all(class, FULL);
        findings.run_all(class, STAYS_FULL);
    }
    for class in [Class::Write, Class::Name, Class::Sync, Class::Read] {
        findings.run_all(class, BROKEN);
        findings.run_all(class, STAYS_BROKEN);
    }
    findings.judge("faults while a vault is made");
}
