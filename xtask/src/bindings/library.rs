//! The library as it is shipped, and the budget of its bytes.

use std::env::consts;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::bench::Measured;
use super::{CRATE, library_name};
use crate::process::{self, Failure, cargo};

/// How the shipped library is compiled.
pub(super) const PROFILE: [&str; 2] = ["--profile", "bindings"];

/// The same for maturin, which strips what it packs.
pub(super) const SHIPPED_WHEEL: [&str; 3] = ["--profile", "bindings", "--strip"];

/// Tells the C compiler to leave out the tables for unwinding: no error goes through SQLite or ring, and they are large.
pub(super) fn slim_c(command: &mut Command) {
    command.env(
        "CFLAGS",
        "-fno-asynchronous-unwind-tables -fno-unwind-tables",
    );
}

/// One row of the budget.
struct Variant {
    name: &'static str,
    features: &'static [&'static str],
}

/// The budget is for one kind of machine.
const HAS_BUDGET: bool = cfg!(all(target_os = "linux", target_arch = "x86_64"));

const VARIANTS: [Variant; 2] = [
    Variant {
        name: "without_qr",
        features: &["--no-default-features"],
    },
    Variant {
        name: "everything",
        features: &[],
    },
];

/// Builds the shipped library in each variant and holds its stripped size against `bindings/budget.toml`. What is left in the
/// target folder is the whole one.
///
/// # Errors
///
/// A library that does not build, is larger than its budget, or has none.
pub(crate) fn check_size() -> Result<(), Failure> {
    if !HAS_BUDGET {
        println!("The budget of the library's size is for x86_64 Linux; it is not held here.");
        return Ok(());
    }
    let budget = std::fs::read_to_string(process::root().join("bindings/budget.toml"))
        .map_err(|error| Failure::new(format!("cannot read bindings/budget.toml: {error}")))?;
    let mut too_large = vec![];
    for (variant, bytes) in VARIANTS.iter().zip(stripped_bytes()?) {
        let most_bytes = budgeted(&budget, variant.name).ok_or_else(|| {
            Failure::new(format!("bindings/budget.toml names no {}", variant.name))
        })?;
        println!(
            "library, {}: {bytes} bytes stripped, at most {most_bytes}",
            variant.name
        );
        if bytes > most_bytes {
            too_large.push(variant.name);
        }
    }
    if too_large.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "the library is larger than its budget: {}",
        too_large.join(", ")
    )))
}

/// Builds the shipped library, not yet stripped.
pub(super) fn build(features: &[&str]) -> Result<PathBuf, Failure> {
    let mut rustc = cargo();
    rustc
        .args(["rustc", "--locked", "--package", CRATE, "--lib"])
        .args(["--crate-type", "cdylib"])
        .args(PROFILE)
        .args(features);
    slim_c(&mut rustc);
    process::run(&mut rustc)?;
    Ok(process::root().join("target/bindings").join(library_name()))
}

/// What a library is called on this machine.
pub(super) fn named(name: &str) -> String {
    format!("{}{name}{}", consts::DLL_PREFIX, consts::DLL_SUFFIX)
}

/// Copies a library without what only debuggers and the generator read.
pub(super) fn strip(library: &Path, to: &Path) -> Result<(), Failure> {
    process::run(Command::new("strip").arg("-o").arg(to).arg(library))
}

/// The bytes of each variant for the table of benches, on machines that have a budget.
pub(super) fn sizes() -> Result<Measured, Failure> {
    if !HAS_BUDGET {
        return Ok(vec![]);
    }
    let names = VARIANTS.iter().map(|variant| variant.name);
    let measured = names.zip(stripped_bytes()?).map(|(name, bytes)| {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        (format!("library/{name}"), vec![f64::from(bytes)])
    });
    Ok(measured.collect())
}

/// The stripped bytes of each variant.
fn stripped_bytes() -> Result<Vec<u64>, Failure> {
    let folder = super::packages("sized")?;
    let bytes = VARIANTS.iter().map(|variant| {
        let stripped = folder.join(variant.name);
        strip(&build(variant.features)?, &stripped)?;
        let kept = std::fs::metadata(&stripped);
        kept.map(|kept| kept.len())
            .map_err(|error| Failure::new(format!("cannot look at the stripped library: {error}")))
    });
    bytes.collect()
}

/// The bytes behind a name; none where there is no such name or no number.
fn budgeted(budget: &str, name: &str) -> Option<u64> {
    let (_, number) = budget
        .lines()
        .filter_map(|line| line.split_once('='))
        .find(|(known, _)| known.trim() == name)?;
    number.trim().replace('_', "").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_read_by_its_name() {
        let budget = "# a = 1\nwithout_qr = 3_600_000\neverything = many\n";
        assert_eq!(budgeted(budget, "without_qr"), Some(3_600_000));
        assert_eq!(budgeted(budget, "everything"), None);
        assert_eq!(budgeted(budget, "qr"), None);
    }

    #[test]
    fn every_variant_has_a_budget() {
        let budget = std::fs::read_to_string(process::root().join("bindings/budget.toml")).unwrap();
        for variant in &VARIANTS {
            assert!(
                budgeted(&budget, variant.name).is_some(),
                "{}",
                variant.name
            );
        }
    }
}
