//! The program `countersign`, built as it is shipped: with its own dependencies' features only.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// The path of the built program. It is built once a process, with the profile of the tests and in their
/// target folder, so that it is never older than the sources.
///
/// # Panics
///
/// When it does not compile.
pub fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(build)
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

fn build() -> PathBuf {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .args(["build", "--package", "countersign", "--bin", "countersign"])
        .args(["--message-format", "json", "--quiet"])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit());
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    if let Some(target) = target_folder() {
        command.arg("--target-dir").arg(target);
    }
    // What the outer cargo set for its own packages would make the inner one compile them again.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command.env_remove("LIBSQLITE3_FLAGS");
    let output = command.output().expect("cargo starts");
    assert!(output.status.success(), "countersign does not compile");
    executable(&String::from_utf8_lossy(&output.stdout)).expect("cargo names the program it built")
}

/// The folder with `debug` or `release` in it that this test program lies in.
fn target_folder() -> Option<PathBuf> {
    let test = std::env::current_exe().ok()?;
    let profile = test.ancestors().nth(2)?;
    let is_expected = matches!(profile.file_name()?.to_str()?, "debug" | "release");
    is_expected.then(|| profile.parent().map(Path::to_path_buf))?
}

/// The executable among cargo's messages, one JSON document a line.
fn executable(messages: &str) -> Option<PathBuf> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| text(message, "/target/name").as_deref() == Some("countersign"))
        .find_map(|message| text(&message, "/executable").map(PathBuf::from))
}

fn text(message: &serde_json::Value, pointer: &str) -> Option<String> {
    message.pointer(pointer)?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_built_beside_the_tests() {
        assert!(program().is_file());
        let target = target_folder().unwrap();
        assert!(program().starts_with(target));
    }

    #[test]
    fn only_the_programs_own_message_names_it() {
        let messages = r#"{"reason":"compiler-artifact","target":{"name":"xtask"},"executable":"x"}
no json
{"reason":"compiler-artifact","target":{"name":"countersign"},"executable":"y"}"#;
        assert_eq!(executable(messages), Some(PathBuf::from("y")));
        assert_eq!(executable("{}"), None);
    }
}
