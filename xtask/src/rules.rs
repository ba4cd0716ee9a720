//! The house rules that a compiler does not know.

use std::path::{Path, PathBuf};

use crate::options::Options;
use crate::process::{self, Failure};

/// From here on a file probably has a second idea in it.
const LINES_WARNED: usize = 400;
/// From here on it certainly has.
const LINES_REFUSED: usize = 600;

/// Folders that hold nothing written by us; in a second worktree `.git` is a file.
const SKIPPED: [&str; 6] = ["target", ".build", ".git", "found", "artifacts", "corpus"];

/// Names that say what kind of thing a file is, never what it is about.
const EMPTY_NAMES: [&str; 8] = [
    "common", "helper", "helpers", "manager", "misc", "shared", "util", "utils",
];

/// Beginnings of paths that are made by hand on one machine; made-up homes of examples are fine. Written in two
/// halves, so that this file passes.
const MACHINE_PATHS: [&str; 2] = [concat!("/ro", "ot/"), concat!("/wo", "rk/")];

/// Notes to oneself.
const NOTES: [&str; 2] = [concat!("TO", "DO"), concat!("FIX", "ME")];

/// The crates that may be unsafe: one stands in for functions of the C library under a child of the fault tests, and in the others
/// lies what a generator writes.
const UNSAFE_CRATES: [&str; 3] = [
    "tests/faults/src/lib.rs",
    "bindings/src/lib.rs",
    "bindings/empty/src/lib.rs",
];

/// The only place that packages come from.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// `cargo xtask rules`.
pub(crate) fn check(arguments: &[String]) -> Result<(), Failure> {
    Options::parse(arguments, &[])?;
    let root = process::root();
    let mut files = Vec::new();
    collect(&root, &mut files)?;
    files.sort();
    let mut broken = Vec::new();
    for file in &files {
        let name = file.strip_prefix(&root).unwrap_or(file);
        // Pictures and other bytes have no lines.
        if let Ok(text) = std::fs::read_to_string(file) {
            broken.extend(examine(name, &text));
        }
    }
    for line in &broken {
        println!("{line}");
    }
    match broken.len() {
        0 => {
            println!("{} files keep the house rules", files.len());
            Ok(())
        }
        count => Err(Failure::new(format!("{count} breaks of the house rules"))),
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let entries = std::fs::read_dir(folder)
        .map_err(|error| Failure::new(format!("cannot list a folder: {error}")))?;
    for entry in entries.filter_map(Result::ok) {
        let path = entry.path();
        let name = entry.file_name();
        if SKIPPED.iter().any(|skipped| name == *skipped) {
            continue;
        }
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

/// What is wrong with one file, a line each.
fn examine(name: &Path, text: &str) -> Vec<String> {
    let shown = name.display();
    let mut broken = Vec::new();
    if let Some(at) = machine_path(text) {
        broken.push(format!("{shown}:{at}: a path of one machine"));
    }
    if name == Path::new("Cargo.lock") || name.ends_with("fuzz/Cargo.lock") {
        for line in text.lines().filter(|line| line.starts_with("source = ")) {
            if line != format!("source = \"{REGISTRY}\"") {
                broken.push(format!("{shown}: a package from elsewhere than crates.io"));
            }
        }
    }
    if name.extension().is_none_or(|extension| extension != "rs") {
        return broken;
    }
    let lines = text.lines().count();
    if lines > LINES_REFUSED {
        broken.push(format!("{shown}: {lines} lines, more than {LINES_REFUSED}"));
    } else if lines > LINES_WARNED {
        println!("note: {shown} has {lines} lines; is there a second idea in it?");
    }
    for part in name.with_extension("").components() {
        let part = part.as_os_str();
        if EMPTY_NAMES.iter().any(|empty| part == *empty) {
            broken.push(format!("{shown}: a name that says nothing"));
        }
    }
    let must_be_safe =
        is_crate_root(name) && !UNSAFE_CRATES.iter().any(|one| name == Path::new(one));
    if must_be_safe && !text.contains("#![forbid(unsafe_code)]") {
        broken.push(format!("{shown}: no forbid(unsafe_code)"));
    }
    if let Some(at) = line_with_any(text, &NOTES) {
        broken.push(format!("{shown}:{at}: a note to oneself"));
    }
    broken
}

/// Whether a crate of the workspace begins in this file.
fn is_crate_root(name: &Path) -> bool {
    let parts: Vec<_> = name
        .components()
        .map(|part| part.as_os_str().to_string_lossy())
        .collect();
    match parts.iter().map(AsRef::as_ref).collect::<Vec<_>>()[..] {
        ["fuzz", ..] => false,
        [.., "src", "lib.rs" | "main.rs"] | [_, "build.rs"] => true,
        [.., "src", "bin", _] => true,
        _ => false,
    }
}

/// The number of the first line, from 1, that has a path of one machine in it.
fn machine_path(text: &str) -> Option<usize> {
    let is_at_start = |line: &str, at: usize| {
        let before = line.get(..at).and_then(|head| head.chars().last());
        before.is_none_or(|letter| !letter.is_alphanumeric() && !"./_-:~}".contains(letter))
    };
    number_of_line(text, |line| {
        MACHINE_PATHS.iter().any(|path| {
            line.match_indices(path)
                .any(|(at, _)| is_at_start(line, at))
        })
    })
}

fn line_with_any(text: &str, words: &[&str]) -> Option<usize> {
    number_of_line(text, |line| words.iter().any(|word| line.contains(word)))
}

fn number_of_line(text: &str, is_meant: impl Fn(&str) -> bool) -> Option<usize> {
    (1..)
        .zip(text.lines())
        .find(|(_, line)| is_meant(line))
        .map(|(number, _)| number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(name: &str, text: &str) -> usize {
        examine(Path::new(name), text).len()
    }

    #[test]
    fn a_long_file_is_refused_and_a_short_one_is_not() {
        assert_eq!(broken("core/src/otp/mod.rs", &"\n".repeat(600)), 0);
        assert_eq!(broken("core/src/otp/mod.rs", &"\n".repeat(601)), 1);
        assert_eq!(broken("docs/long.md", &"\n".repeat(601)), 0);
    }

    #[test]
    fn empty_names_are_refused_for_files_and_folders() {
        assert_eq!(broken("core/src/utils.rs", ""), 1);
        assert_eq!(broken("core/src/common/mod.rs", ""), 1);
        assert_eq!(broken("core/src/community.rs", ""), 0);
    }

    #[test]
    fn every_crate_forbids_unsafe_code() {
        assert_eq!(broken("core/src/lib.rs", "//! A crate."), 1);
        assert_eq!(broken("cli/src/main.rs", "//! A crate."), 1);
        assert_eq!(broken("core/src/lib.rs", "#![forbid(unsafe_code)]"), 0);
        assert_eq!(broken("core/src/otp/lib.rs", "//! No crate."), 0);
        assert_eq!(broken("tests/other/src/lib.rs", "//! A crate."), 1);
        for one in UNSAFE_CRATES {
            assert_eq!(broken(one, "//! One of two."), 0);
        }
    }

    #[test]
    fn machine_paths_are_found_and_look_alikes_are_not() {
        let [home, work] = MACHINE_PATHS;
        assert_eq!(broken("README.md", &format!("cd {work}tree")), 1);
        assert_eq!(broken("README.md", &format!("\"{home}me\"")), 1);
        assert_eq!(
            broken("README.md", &format!("https://example.org{work}x")),
            0
        );
        assert_eq!(broken("README.md", &format!("target{work}x")), 0);
    }

    #[test]
    fn a_package_from_elsewhere_is_refused() {
        let ours = format!("source = \"{REGISTRY}\"\n");
        assert_eq!(broken("Cargo.lock", &ours), 0);
        assert_eq!(
            broken("Cargo.lock", "source = \"git+https://example.org\"\n"),
            1
        );
    }

    #[test]
    fn notes_to_oneself_are_refused() {
        let [note, _] = NOTES;
        assert_eq!(broken("core/src/time.rs", &format!("// {note}: later")), 1);
    }
}
