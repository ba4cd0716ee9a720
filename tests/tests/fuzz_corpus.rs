//! Every committed seed through the function that its fuzz target calls.
#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a test ends where it is surprised")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use countersign_tests::fuzz::TARGETS;

fn fuzz_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz")
}

/// Names of what lies in a folder, without `.rs`.
fn names(folder: &Path) -> BTreeSet<String> {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .map(|name| name.trim_end_matches(".rs").to_owned())
        .collect()
}

#[test]
fn every_target_has_a_function_and_seeds() {
    let targets: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(names(&fuzz_folder().join("fuzz_targets")), targets);
    assert_eq!(names(&fuzz_folder().join("corpus")), targets);
}

#[test]
fn every_seed_is_taken_without_a_panic() {
    for (name, run) in TARGETS {
        let folder = fuzz_folder().join("corpus").join(name);
        let seeds = names(&folder);
        assert!(seeds.len() >= 10, "{name} has {} seeds", seeds.len());
        for seed in seeds {
            let data = std::fs::read(folder.join(&seed)).unwrap();
            let run = std::panic::catch_unwind(|| run(&data));
            assert!(run.is_ok(), "fuzz/corpus/{name}/{seed}");
        }
    }
}
