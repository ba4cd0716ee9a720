//! What scripts rely on: the table of error names, the help, the assets of the build.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use countersign_tests::program::program;
use serde_json::Value;

use crate::person::{Person, exit_table, feed, hold_schema};

const VERBS: [&[&str]; 30] = [
    &["init"],
    &["add"],
    &["list"],
    &["code"],
    &["next"],
    &["edit"],
    &["remove"],
    &["restore"],
    &["export"],
    &["approve"],
    &["requests"],
    &["watch"],
    &["history"],
    &["history", "verify"],
    &["history", "export"],
    &["about"],
    &["move"],
    &["leave"],
    &["passwd"],
    &["vault", "status"],
    &["vault", "check"],
    &["vault", "snapshots"],
    &["vault", "restore"],
    &["vault", "salvage"],
    &["vault", "rotate"],
    &["vault", "slots", "list"],
    &["vault", "slots", "add"],
    &["vault", "slots", "remove"],
    &["doctor"],
    &["demo"],
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn sources(folder: &Path) -> Vec<String> {
    let mut texts = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            texts.extend(sources(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            texts.push(fs::read_to_string(path).unwrap());
        }
    }
    texts
}

/// The names that a source hands to `Failure::new` as text.
fn failures_in(source: &str) -> impl Iterator<Item = String> {
    source.split("Failure::new(").skip(1).filter_map(|rest| {
        let name = rest.trim_start().strip_prefix('"')?;
        name.split('"').next().map(str::to_owned)
    })
}

/// The names that a `name()` of the core can give: `Self::Variant => "name"`.
fn names_in(source: &str, until: &str) -> Vec<String> {
    let part = source.split(until).next().unwrap();
    part.split("=> \"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .filter(|name| {
            name.bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        })
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_error_name_of_the_sources_stands_in_the_table() {
    let table = exit_table();
    let mut names: BTreeSet<String> = sources(&root().join("cli/src"))
        .iter()
        .flat_map(|source| failures_in(source).collect::<Vec<_>>())
        .collect();
    let core = root().join("core/src");
    let read = |path: &str| fs::read_to_string(core.join(path)).unwrap();
    names.extend(names_in(&read("vault/error.rs"), "fn retry_after_s"));
    names.extend(names_in(&read("companion/find.rs"), "impl Companion"));
    names.extend(names_in(&read("qr/error.rs"), "#[cfg(test)]"));
    let uri = read("uri/error.rs");
    let errors = uri.split("impl UriError").nth(1).unwrap();
    names.extend(names_in(errors, "pub enum Warning"));
    assert!(names.len() > 60, "{}", names.len());
    let missing: Vec<&String> = names
        .iter()
        .filter(|name| !table.contains_key(*name))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn the_table_is_the_programs_own() {
    let source = fs::read_to_string(root().join("cli/src/exit.rs")).unwrap();
    let listed = source.split("pub(crate) const ERRORS").nth(1).unwrap();
    let listed = listed.split("#[cfg(test)]").next().unwrap();
    let mut expected = std::collections::BTreeMap::new();
    let groups = [
        "Exit::Refused",
        "Exit::Usage",
        "Exit::Locked",
        "Exit::Damaged",
        "Exit::Unavailable",
    ];
    for (exit, group) in (1..).zip(groups) {
        let names = listed
            .split(group)
            .nth(1)
            .unwrap()
            .split("],")
            .next()
            .unwrap();
        for name in names.split('"').skip(1).step_by(2) {
            expected.insert(name.to_owned(), exit);
        }
    }
    // The one that no verb returns: a signal ends the program.
    expected.insert("interrupted".into(), 130);
    assert_eq!(*exit_table(), expected);
}

#[test]
fn every_verb_has_help_with_an_example_and_its_exit_codes() {
    let person = Person::without_vault();
    for verb in VERBS {
        let mut arguments = verb.to_vec();
        arguments.push("--help");
        let done = feed(person.bare(&arguments), b"");
        assert_eq!(done.exit, 0);
        assert!(done.err.is_empty());
        let example = format!("countersign {}", verb.join(" "));
        let is_shown = done.out.split("Example").nth(1).is_some_and(|examples| {
            examples.contains(&example) || examples.contains(&format!("countersign {} ", verb[0]))
        });
        assert!(is_shown, "{verb:?}: {}", done.out);
        assert!(done.out.contains("Exit codes:"), "{verb:?}");
    }
    let done = feed(person.bare(&["--help"]), b"");
    for word in [
        "Exit codes:",
        "130",
        "--json",
        "COUNTERSIGN_PASSWORD",
        "NO_COLOR",
    ] {
        assert!(done.out.contains(word), "{word}");
    }
}

#[test]
fn help_and_version_are_documents_too() {
    let person = Person::without_vault();
    for (arguments, definition) in [
        (&["--help", "--json"][..], "help"),
        (&["list", "--help", "--json"], "help"),
        (&["--version", "--json"], "version"),
    ] {
        let done = feed(person.bare(arguments), b"");
        assert_eq!(done.exit, 0);
        let document: Value = serde_json::from_str(&done.out).unwrap();
        hold_schema(definition, &document);
    }
}

#[test]
fn nonsense_is_one_document_with_a_usage_error() {
    let person = Person::without_vault();
    for arguments in [
        &["--json"][..],
        &["nonsense", "--json"],
        &["code", "--json"],
        &["--json", "list", "x"],
    ] {
        let done = feed(person.bare(arguments), b"");
        assert_eq!(done.exit, 2, "{arguments:?}");
        let document: Value = serde_json::from_str(&done.out).unwrap();
        hold_schema("refusal", &document);
        assert_eq!(document["error"]["name"], "usage");
    }
    assert_eq!(feed(person.bare(&[]), b"").exit, 2);
}

#[test]
fn the_build_makes_completions_and_man_pages() {
    let folder = program().parent().unwrap().join("assets");
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    for name in ["countersign.bash", "_countersign", "countersign.fish"] {
        let text = read(name);
        for word in ["init", "recovery-code-file", "doctor"] {
            assert!(text.contains(word), "{name}: {word}");
        }
    }
    let page = read("countersign.1");
    assert!(page.contains(".TH") && page.contains("Exit codes"));
    for (page, word) in [
        ("vault-check", "accept"),
        ("vault-salvage", "snapshot"),
        ("vault-slots-add", "keyring"),
        ("vault-slots-remove", "managed"),
    ] {
        let page = read(&format!("countersign-{page}.1"));
        assert!(page.contains(word) && page.contains("Exit codes"), "{word}");
    }
}
