//! The Python with pinned packages that `cargo xtask setup` makes, and conversations with it.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::peers;

/// That Python: `COUNTERSIGN_PYTHON`, or the one in the cache folder. None, with a printed line, when it
/// is missing and may be.
///
/// # Panics
///
/// When it is missing and `COUNTERSIGN_ALLOW_MISSING` does not name `python`.
#[must_use]
pub fn python() -> Option<PathBuf> {
    let found = match std::env::var_os("COUNTERSIGN_PYTHON") {
        Some(path) => Some(PathBuf::from(path)),
        None => in_cache().filter(|path| path.exists()),
    };
    if found.is_none() {
        peers::leave_out("python");
    }
    found
}

/// Where `cargo xtask setup` puts it; `xtask/src/python.rs` looks at the same place.
fn in_cache() -> Option<PathBuf> {
    let base = std::env::var_os("XDG_CACHE_HOME")
        .filter(|folder| !folder.is_empty())
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")))?;
    Some(base.join("countersign/python/bin/python"))
}

/// Starts a script of `tests/peers`, writes `lines` to it and gives the lines of its answer.
///
/// # Panics
///
/// When the script cannot be started or fails.
#[must_use]
pub fn answers(python: &Path, script: &str, lines: &str) -> Vec<String> {
    let mut child = Command::new(python)
        .arg(
            Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("peers")
                .join(script),
        )
        // Scripts use each other, and their folder is not one to write to.
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python starts");
    let mut stdin = child.stdin.take().expect("standard input is piped");
    let lines = lines.to_owned();
    // From a thread: a script that answers before it has read all would wait for us, and we for it.
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = child.wait_with_output().expect("Python is still ours");
    assert!(output.status.success(), "{script} failed");
    writer
        .join()
        .expect("the writer does not panic")
        .expect("the script reads all lines");
    String::from_utf8(output.stdout)
        .expect("scripts answer in UTF-8")
        .lines()
        .map(str::to_owned)
        .collect()
}
