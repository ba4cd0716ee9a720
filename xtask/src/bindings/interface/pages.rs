//! The pages of `docs/api/`: each step that a package offers stands on its language's page, as it is declared.

use std::collections::BTreeSet;

use super::{read, root};
use crate::process::Failure;

/// A language's page, and how the steps are found in what is committed of its interface.
struct Page {
    place: &'static str,
    interface: &'static str,
    steps: fn(&str) -> BTreeSet<String>,
    /// Written by hand around the interface: what is defined here under a name stands in the place of the interface's.
    by_hand: &'static [&'static str],
}

const PAGES: [Page; 3] = [
    Page {
        place: "docs/api/kotlin.md",
        interface: "bindings/kotlin/api/countersign.api",
        steps: kotlin,
        by_hand: &[],
    },
    Page {
        place: "docs/api/swift.md",
        interface: "bindings/swift/api/countersign.api",
        steps: swift,
        by_hand: &[],
    },
    Page {
        place: "docs/api/python.md",
        interface: "bindings/python/countersign/native/countersign.pyi",
        steps: python,
        by_hand: &[
            "bindings/python/countersign/companion.py",
            "bindings/python/countersign/ports.py",
        ],
    },
];

/// # Errors
///
/// Steps that a page does not have as they are, and those on a page that are not there, by their lines.
pub(super) fn check() -> Result<(), Failure> {
    let mut wrong = Vec::new();
    for page in &PAGES {
        let interface = (page.steps)(&read(&root(page.interface))?);
        let mut own = BTreeSet::new();
        for file in page.by_hand {
            own.extend(names(&read(&root(file))?));
        }
        let text = read(&root(page.place))?;
        wrong.extend(
            (wrong_on(&text, &interface, &own).into_iter())
                .map(|line| format!("{}: {line}", page.place)),
        );
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(Failure::new(format!(
            "Pages that do not show the interface as it is:\n{}",
            wrong.join("\n")
        )))
    }
}

/// What is wrong with a page.
fn wrong_on(page: &str, interface: &BTreeSet<String>, own: &BTreeSet<String>) -> Vec<String> {
    let shown: BTreeSet<&str> = page.lines().filter(|line| is_step(line)).collect();
    let is_own = |line: &str| {
        own.iter()
            .any(|name| line.contains(&format!("def {name}(")))
    };
    let missing = (interface.iter())
        .filter(|line| !shown.contains(line.as_str()) && !is_own(line))
        .map(|line| format!("{line} is missing"));
    let unnamed = (own.iter())
        .filter(|name| !page.contains(&format!("{name}(")))
        .map(|name| format!("{name} is missing"));
    let gone = (shown.iter())
        .filter(|line| !interface.contains(**line) && !is_own(line))
        .map(|line| format!("{line} is not there"));
    missing.chain(unnamed).chain(gone).collect()
}

/// Whether a line shows a step; one of an example has a body.
fn is_step(line: &str) -> bool {
    const STARTS: [&str; 6] = [
        "fun ",
        "suspend fun ",
        "func ",
        "static func ",
        "def ",
        "async def ",
    ];
    STARTS.iter().any(|start| line.starts_with(start))
        && !line.contains('{')
        && !line.ends_with(':')
}

fn kotlin(interface: &str) -> BTreeSet<String> {
    let lines = interface
        .lines()
        .map(|line| line.trim().trim_start_matches("public "));
    lines
        // `Companion` stands above it, with the same two.
        .filter(|line| is_step(line) && !line.ends_with(": CompanionHandle"))
        .map(str::to_owned)
        .collect()
}

fn swift(interface: &str) -> BTreeSet<String> {
    let lines = interface.lines().map(|line| {
        let line = line.trim().trim_start_matches("public ");
        line.trim_start_matches("open ")
    });
    lines
        .filter(|line| is_step(line))
        .map(str::to_owned)
        .collect()
}

fn python(interface: &str) -> BTreeSet<String> {
    let mut steps = BTreeSet::new();
    for class in interface.split("\nclass ") {
        let name = class.split('(').next().unwrap_or_default();
        // A class twice, and what a variant is asked for.
        let is_twice = name.ends_with("Impl") || name.ends_with("Protocol");
        let has_variants = class.contains("\n    class ");
        let lines =
            (class.lines()).filter(|line| !line.starts_with(' ') || !is_twice && !has_variants);
        steps.extend(
            lines
                .map(|line| line.trim().trim_end_matches(": ..."))
                .filter(|line| is_step(line) && !line.contains(" __"))
                .map(str::to_owned),
        );
    }
    steps
}

/// The public functions that Python source defines, and those of its public classes.
fn names(source: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut is_offered = false;
    for line in source.lines() {
        let inner = line.trim_start();
        match line.len() - inner.len() {
            0 if !inner.is_empty() => {
                is_offered = inner.starts_with("class ") && !inner.starts_with("class _")
            }
            4 if is_offered => {}
            _ => continue,
        }
        let defined = inner
            .strip_prefix("async ")
            .unwrap_or(inner)
            .strip_prefix("def ");
        let name = defined.and_then(|rest| rest.split('(').next());
        names.extend(
            name.filter(|name| !name.starts_with('_'))
                .map(str::to_owned),
        );
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_shows_its_interface() {
        check().unwrap();
    }

    #[test]
    fn a_page_names_each_step_as_it_is_and_no_other() {
        let interface =
            kotlin("class A\n    fun list(): List<Row>\n    suspend fun send()\nval X: Int\n");
        let wrong = |page: &str| wrong_on(page, &interface, &BTreeSet::new());
        assert!(
            wrong("```kotlin\nfun list(): List<Row>\nsuspend fun send()\nfun example() {\n```")
                .is_empty()
        );
        assert_eq!(
            wrong("fun list(): List<Row>"),
            ["suspend fun send() is missing"]
        );
        assert_eq!(
            wrong("fun list(): List<Old>\nsuspend fun send()"),
            [
                "fun list(): List<Row> is missing",
                "fun list(): List<Old> is not there"
            ]
        );
    }

    #[test]
    fn steps_are_found_in_each_language() {
        let swift = swift(
            "open class A\n    open func list() throws -> [Row]\n    public static func open() -> A\n    public init(a: Int)\n",
        );
        assert_eq!(
            Vec::from_iter(swift),
            ["func list() throws -> [Row]", "static func open() -> A"]
        );
        let python = python(
            "X = int\n\nclass A():\n    def list(self) -> int: ...\n    def __init__(self) -> None: ...\n\nclass AProtocol():\n    \
             def other(self) -> int: ...\n\nclass E():\n    class ONE(E):\n    def is_one(self) -> bool: ...\n\nasync def wait() -> None: ...\n",
        );
        assert_eq!(
            Vec::from_iter(python),
            ["async def wait() -> None", "def list(self) -> int"]
        );
    }

    #[test]
    fn what_is_written_by_hand_is_named_and_takes_the_place_of_the_interfaces() {
        let own = names(
            "class _Hidden:\n    def inside(self) -> None:\n\nclass A:\n    def open(\n    def _own(self)\n        def deep()\n\ndef ports() -> P:\n",
        );
        assert_eq!(Vec::from_iter(&own), ["open", "ports"]);
        let interface = BTreeSet::from(["def open(cls) -> A".to_owned()]);
        assert!(wrong_on("def open(path) -> A\n`ports()`", &interface, &own).is_empty());
        assert_eq!(
            wrong_on("def open(path) -> A", &interface, &own),
            ["ports is missing"]
        );
    }
}
