//! F13: kills and power cuts while an earlier format is migrated. The golden vault of format 0 has what must be there.

use std::path::Path;

use countersign_core::companion::Companion;
use countersign_core::entropy::SystemEntropy;
use countersign_core::vault::{Credential, RecoveryCode, VaultError};
use countersign_tests::chance::{for_each_seed, rounds};
use countersign_tests::faults::child::Ended;
use countersign_tests::faults::disk::Disk;
use countersign_tests::faults::plan::{Class, Fault, Moment, Plan};
use countersign_tests::faults::trace::count;
use countersign_tests::vault_driver::NOW;

use crate::scene::Scene;

const CODE: &str = "M2GT-58X4-MPKA-FA59-NANT-SBDE-NYRB-3CNK-5B9D";

/// A folder with the golden vault.
fn golden() -> Scene {
    let scene = Scene::new();
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/format-0.vault");
    std::fs::copy(file, scene.place().vault().path()).unwrap();
    // As `init` makes it.
    std::fs::write(scene.place().vault().lock(), b"").unwrap();
    scene
}

/// Unlocks it in a child, which migrates it.
fn migrate(scene: &Scene, plan: Option<Plan>) -> Ended {
    let mut command = scene.driver_with(CODE, &["unlock", "close"]);
    scene.watch(plan).run(&mut command)
}

fn unlock(scene: &Scene) -> Result<Companion, VaultError> {
    let place = scene.place();
    let entropy = Box::new(SystemEntropy::new());
    let locked = Companion::open(&place.vault(), Box::new(place.anchors()), entropy)?;
    let code = RecoveryCode::parse(CODE).unwrap();
    let unlocked = locked.unlock(&Credential::Recovery(&code), NOW);
    unlocked.map_err(|(_, error)| error)
}

/// Whatever was left, the vault opens whole with all its accounts, is migrated, and can be written.
fn check(scene: &Scene) {
    let mut companion = unlock(scene).unwrap();
    assert!(
        companion.findings().is_whole(),
        "{:?}",
        companion.findings()
    );
    let status = companion.status().unwrap();
    let counts = (status.format, status.account_count, status.trashed_count);
    assert_eq!(counts, (1, 2, 1));
    let steam = companion.find_in_trash("steam").unwrap();
    companion.restore(steam, NOW).unwrap();
    drop(companion);
    assert_eq!(unlock(scene).unwrap().list(NOW).len(), 3);
    // The copies from before are gone by now.
    let is_copy = |path: &&Path| path.to_string_lossy().contains(".pre-");
    assert_eq!(scene.tree().files().find(is_copy), None);
}

#[test]
fn f13_a_kill_while_a_vault_is_migrated_leaves_it_before_or_after() {
    let whole = migrate(&golden(), None);
    assert!(
        whole.said.iter().all(|line| line.starts_with("done")),
        "{:?}",
        whole.said
    );
    let last = count(&whole.trace, Class::Change);
    for_each_seed(130_000, rounds(25), |chance| {
        let scene = golden();
        let moments = [Moment::Before, Moment::Midway, Moment::After];
        let plan = Plan {
            class: Class::Change,
            number: chance.between(1, last),
            fault: Fault::Kill(*chance.one_of(&moments)),
        };
        migrate(&scene, Some(plan));
        check(&scene);
    });
}

#[test]
fn f13_a_power_cut_while_a_vault_is_migrated_leaves_it_before_or_after() {
    let scene = golden();
    let disk = Disk::of(&scene.watched()).unwrap();
    let trace = migrate(&scene, None).trace;
    for_each_seed(131_000, rounds(100), |chance| {
        let cut = chance.between(0, u64::try_from(trace.len()).unwrap());
        let mut disk = disk.clone();
        disk.apply(&trace[..usize::try_from(cut).unwrap()]);
        check(&Scene::of(&disk.crash(chance)));
    });
}
