//! Building other crates of the workspace from a test program, in its own profile and target folder.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Builds with `cargo build ARGUMENTS` and returns the file that the target called `name` became.
///
/// # Panics
///
/// When it does not compile.
pub(crate) fn build(arguments: &[&str], name: &str) -> PathBuf {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .arg("build")
        .args(arguments)
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
    assert!(output.status.success(), "{name} does not compile");
    built(&String::from_utf8_lossy(&output.stdout), name).expect("cargo names what it built")
}

/// The folder with `debug` or `release` in it that this test program lies in.
pub(crate) fn target_folder() -> Option<PathBuf> {
    let test = std::env::current_exe().ok()?;
    let profile = test.ancestors().nth(2)?;
    let is_expected = matches!(profile.file_name()?.to_str()?, "debug" | "release");
    is_expected.then(|| profile.parent().map(Path::to_path_buf))?
}

/// The program or library among cargo's messages, one JSON document a line.
fn built(messages: &str, name: &str) -> Option<PathBuf> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| text(message, "/target/name").as_deref() == Some(name))
        .find_map(|message| {
            text(&message, "/executable").or_else(|| text(&message, "/filenames/0"))
        })
        .map(PathBuf::from)
}

fn text(message: &serde_json::Value, pointer: &str) -> Option<String> {
    message.pointer(pointer)?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_targets_own_message_names_it() {
        let messages = r#"{"reason":"compiler-artifact","target":{"name":"xtask"},"executable":"x"}
no json
{"reason":"compiler-artifact","target":{"name":"countersign"},"executable":"y"}
{"reason":"compiler-artifact","target":{"name":"lib"},"filenames":["z.so"],"executable":null}"#;
        assert_eq!(built(messages, "countersign"), Some(PathBuf::from("y")));
        assert_eq!(built(messages, "lib"), Some(PathBuf::from("z.so")));
        assert_eq!(built("{}", "lib"), None);
    }
}
