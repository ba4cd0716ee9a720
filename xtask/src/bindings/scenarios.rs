//! The list of scenarios: each is tested in each language, under the same name.

use std::path::{Path, PathBuf};

use super::plain::plain;
use super::spelling::{self, Spelling, Variant};
use crate::process::{self, Failure};

/// One language's tests: where they lie, what their files end with, and how a scenario is found in them.
pub(super) struct Tests {
    pub(super) language: &'static str,
    folder: &'static str,
    ending: &'static str,
    /// What its function begins with.
    pub(super) head: fn(&str) -> String,
    pub(super) is_there: fn(&str, &str) -> bool,
    /// What a comment begins with.
    comment: &'static str,
    /// How its tests name a variant of an error.
    pub(super) spelling: fn(&Variant) -> Spelling,
}

pub(super) const LANGUAGES: [Tests; 3] = [
    Tests {
        language: "Python",
        folder: "bindings/python/tests",
        ending: ".py",
        head: |name| format!("def test_{name}("),
        is_there: |source, name| {
            // One function may be several scenarios, which are its parameters' ids.
            source.contains(&format!("def test_{name}(")) || source.contains(&format!("\"{name}\""))
        },
        comment: "#",
        spelling: spelling::python,
    },
    Tests {
        language: "Kotlin",
        folder: "bindings/kotlin/src/test/kotlin/app/countersign/core",
        ending: "Test.kt",
        head: kotlin_head,
        is_there: is_kotlin_test,
        comment: "//",
        spelling: spelling::kotlin,
    },
    Tests {
        language: "Swift",
        folder: "bindings/swift/Tests/CountersignTests",
        ending: "Tests.swift",
        head: swift_head,
        is_there: is_swift_test,
        comment: "//",
        spelling: spelling::swift,
    },
];

/// # Errors
///
/// A scenario that a language does not test, by its name.
pub(super) fn check() -> Result<(), Failure> {
    let list = read(&process::root().join("bindings/scenarios.txt"))?;
    let missing: Vec<String> = LANGUAGES
        .iter()
        .map(|tests| Ok(missing(&list, &tests.sources()?.concat(), tests)))
        .collect::<Result<Vec<_>, Failure>>()?
        .concat();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(Failure::new(format!(
            "Scenarios without a test: {}.",
            missing.join(", ")
        )))
    }
}

/// The lines of a list that are no comments.
pub(super) fn entries(list: &str) -> impl Iterator<Item = &str> {
    list.lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn missing(list: &str, sources: &str, tests: &Tests) -> Vec<String> {
    entries(list)
        .filter(|name| !(tests.is_there)(sources, name))
        .map(|name| format!("{name} ({})", tests.language))
        .collect()
}

impl Tests {
    /// The sources of a language's tests, a file each, without their comments.
    pub(super) fn sources(&self) -> Result<Vec<String>, Failure> {
        let folder = process::root().join(self.folder);
        let entries = std::fs::read_dir(&folder)
            .map_err(|error| Failure::new(format!("cannot list {}: {error}", self.folder)))?;
        let files: Vec<PathBuf> = entries
            .filter_map(Result::ok)
            .map(|entry| entry.path())
            .filter(|path| path.to_string_lossy().ends_with(self.ending))
            .collect();
        files
            .iter()
            .map(|file| Ok(plain(&read(file)?, self.comment)))
            .collect()
    }
}

pub(super) fn read(file: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(file)
        .map_err(|error| Failure::new(format!("cannot read {}: {error}", file.display())))
}

fn kotlin_head(name: &str) -> String {
    format!("fun {}(", camel_case(name))
}

fn swift_head(name: &str) -> String {
    format!("func {}(", camel_case(name))
}

/// Whether a function of the scenario's name stands there as a test.
fn is_kotlin_test(source: &str, name: &str) -> bool {
    source.match_indices(&kotlin_head(name)).any(|(at, _)| {
        let before = source.get(..at).unwrap_or_default();
        // Its annotations are the lines back to the one before it.
        let annotations = before.rsplit("\n\n").next().unwrap_or_default();
        annotations.contains("@Test") || annotations.contains("@ParameterizedTest")
    })
}

/// Whether a function of the scenario's name stands there as a test; one with several cases has them on the line before.
fn is_swift_test(source: &str, name: &str) -> bool {
    source.match_indices(&swift_head(name)).any(|(at, _)| {
        let before = source.get(..at).unwrap_or_default();
        let mut lines = before.rsplit('\n').map(str::trim_start);
        let is_test = |line: Option<&str>| line.is_some_and(|line| line.starts_with("@Test"));
        let own = lines.next();
        // The line before may be another test whole.
        let before = lines.next().filter(|line| !line.contains("func "));
        is_test(own) || (own == Some("") && is_test(before))
    })
}

fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let mut joined = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        joined.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        joined.push_str(letters.as_str());
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_is_tested_in_every_language() {
        check().unwrap();
    }

    #[test]
    fn a_scenario_is_a_test_and_not_only_a_function() {
        let source = "@Test\nfun aVaultIsMade() {}\n\nfun itIsNone() {}\n\n@ParameterizedTest\n@X\nfun itHasTwo(a: Int) {}";
        assert!(is_kotlin_test(source, "a_vault_is_made"));
        assert!(is_kotlin_test(source, "it_has_two"));
        for none in ["it_is_none", "a_vault_is", "vault_is_made"] {
            assert!(!is_kotlin_test(source, none), "{none}");
        }
    }

    #[test]
    fn what_is_missing_is_named_with_its_language() {
        let [python, kotlin, swift] = &LANGUAGES;
        let list = "# Life\na_vault_is_made\n\nit_is_gone\n";
        let source = "def test_a_vault_is_made() -> None:\n@Test\nfun itIsGone() {}";
        assert_eq!(missing(list, source, python), ["it_is_gone (Python)"]);
        assert_eq!(missing(list, source, kotlin), ["a_vault_is_made (Kotlin)"]);
        let source = "    @Test func aVaultIsMade() async throws {}\n    func itIsGone() {}";
        assert_eq!(missing(list, source, swift), ["it_is_gone (Swift)"]);
        let source = "@Test(arguments: [1])\n    func aVaultIsMade(n: Int) {}\n@Test\n\n    func itIsGone() {}";
        assert_eq!(missing(list, source, swift), ["it_is_gone (Swift)"]);
    }
}
