//! The program `countersign`, built as it is shipped: with its own dependencies' features only.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::building::build;

/// The path of the built program. It is built once a process, with the profile of the tests and in their
/// target folder, so that it is never older than the sources.
///
/// # Panics
///
/// When it does not compile.
pub fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    let arguments = ["--package", "countersign", "--bin", "countersign"];
    PROGRAM.get_or_init(|| build(&arguments, "countersign"))
}

/// A command that runs the program with none of the variables that would change what it does.
#[must_use]
pub fn countersign() -> Command {
    let mut command = Command::new(program());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("COUNTERSIGN_") {
            command.env_remove(name);
        }
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::building::target_folder;

    #[test]
    fn the_program_is_built_beside_the_tests() {
        assert!(program().is_file());
        let target = target_folder().unwrap();
        assert!(program().starts_with(target));
    }
}
