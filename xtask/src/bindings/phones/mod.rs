//! The library for phones: `cargo xtask bindings --android` and `--apple`, with the tools of their makers.

mod android;
mod apple;

use std::path::{Path, PathBuf};
use std::process::Command;

use super::CRATE;
use super::library::PROFILE;
use crate::process::{self, Failure, cargo};

pub(super) use android::build as android;
pub(super) use apple::build as apple;

/// Where in a source a crash was, in the symbols that are put apart.
const LINES: &str = "profile.bindings.debug='line-tables-only'";

/// The command that builds the library of one kind for one target.
fn library(target: &str, kind: &str) -> Command {
    let mut rustc = cargo();
    rustc
        .args(["rustc", "--locked", "--package", CRATE, "--lib"])
        .args(["--crate-type", kind, "--target", target])
        .args(PROFILE)
        .args(["--config", LINES]);
    rustc
}

/// Where that command leaves it.
fn built_for(target: &str, name: &str) -> PathBuf {
    let target = process::root().join("target").join(target);
    target.join("bindings").join(name)
}

/// Rust's own libraries for each target.
///
/// # Errors
///
/// Those that are missing, with the command that fetches them.
fn need_targets(targets: &[&str]) -> Result<(), Failure> {
    let is_missing = |target: &str| {
        let mut rustc = Command::new("rustc");
        rustc.args(["--print", "target-libdir", "--target", target]);
        let folder = process::output(rustc.current_dir(process::root()));
        folder.is_none_or(|folder| !Path::new(folder.trim()).is_dir())
    };
    let missing: Vec<&str> = (targets.iter().copied())
        .filter(|target| is_missing(target))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "Rust is missing for {0}: `rustup target add {0}`.",
        missing.join(" ")
    )))
}

fn make_folder(folder: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(folder)
        .map_err(|error| Failure::new(format!("cannot make {}: {error}", folder.display())))
}

/// Copies a file into a folder, which is made.
fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    to.parent().map_or(Ok(()), make_folder)?;
    std::fs::copy(from, to)
        .map(drop)
        .map_err(|error| Failure::new(format!("cannot write {}: {error}", to.display())))
}

/// The command as one line, for tests of what is called.
#[cfg(test)]
fn words(command: &Command) -> Vec<String> {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words
        .map(|word| word.to_string_lossy().into_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_is_built_as_it_is_shipped_and_with_its_lines() {
        let command = library("aarch64-linux-android", "cdylib");
        let line = words(&command)[1..].join(" ");
        assert_eq!(
            line,
            "rustc --locked --package countersign-bindings --lib --crate-type cdylib --target aarch64-linux-android \
             --profile bindings --config profile.bindings.debug='line-tables-only'"
        );
    }

    #[test]
    fn a_target_that_is_missing_is_named_with_its_remedy() {
        let refused = need_targets(&["no-such-target"]).unwrap_err().to_string();
        assert!(
            refused.contains("rustup target add no-such-target"),
            "{refused}"
        );
        assert!(need_targets(&[]).is_ok());
    }
}
