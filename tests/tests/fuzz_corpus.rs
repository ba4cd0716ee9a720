//! Every committed seed through the function that its fuzz target calls.
#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a test ends where it is surprised")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use countersign_tests::chance::{Chance, for_each_seed, rounds};
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

/// What libFuzzer does for minutes, in small: bytes of a seed changed, removed, repeated or joined to another's.
fn bend(chance: &mut Chance, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut data = chance.one_of(seeds).clone();
    for _ in 0..chance.between(1, 4) {
        let length = u64::try_from(data.len()).unwrap();
        let first = usize::try_from(chance.between(0, length)).unwrap();
        let last = usize::try_from(chance.between(0, length)).unwrap();
        let (first, last) = (first.min(last), first.max(last));
        match chance.between(0, 4) {
            0 => drop(data.drain(first..last)),
            1 => data.extend_from_within(first..last),
            2 => data.splice(first..first, chance.bytes(3)).for_each(drop),
            3 => data.truncate(last),
            _ => {
                let other = chance.one_of(seeds);
                let taken = other.get(first..).unwrap_or_default();
                data.splice(first..last, taken.iter().copied())
                    .for_each(drop);
            }
        }
        if let Some(byte) = data.get_mut(first) {
            *byte ^= 1 << chance.between(0, 7);
        }
    }
    data
}

#[test]
fn bent_seeds_are_taken_without_a_panic() {
    for (name, run) in TARGETS {
        let folder = fuzz_folder().join("corpus").join(name);
        let seeds: Vec<Vec<u8>> = names(&folder)
            .iter()
            .map(|seed| std::fs::read(folder.join(seed)).unwrap())
            .collect();
        for_each_seed(0, rounds(1_000), |chance| run(&bend(chance, &seeds)));
    }
}
