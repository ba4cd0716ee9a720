//! What the packages offer: a snapshot a language, so that each change of the interface shows in the repository.
//!
//! The Kotlin and the Swift one are written here; Python's is its type stubs, which its own tests hold.

mod bare;
mod declared;
mod language;
mod pages;

use std::path::{Path, PathBuf};

use self::declared::{Declared, declared};
use self::language::Language;
use super::{adapt, built};
use crate::process::{self, Failure};

/// A language whose interface is read from its sources.
struct Package {
    language: Language,
    /// As the generator calls it.
    called: &'static str,
    /// Where the generator puts the source.
    generated: &'static str,
    /// What is written by hand, in this order.
    by_hand: &'static [&'static str],
    /// Where the snapshot lies.
    snapshot: &'static str,
}

const PACKAGES: [Package; 2] = [
    Package {
        language: Language::Kotlin,
        called: "kotlin",
        generated: "app/countersign/core/countersign.kt",
        by_hand: &[
            "bindings/kotlin/src/main/kotlin/app/countersign/core",
            "bindings/kotlin/src/jvm/kotlin/app/countersign/core",
            "bindings/kotlin/src/android/kotlin/app/countersign/core",
        ],
        snapshot: "bindings/kotlin/api/countersign.api",
    },
    Package {
        language: Language::Swift,
        called: "swift",
        generated: "CountersignGenerated.swift",
        by_hand: &[
            "bindings/swift/Sources/CountersignGenerated",
            "bindings/swift/Sources/Countersign",
        ],
        snapshot: "bindings/swift/api/countersign.api",
    },
];

/// Holds the snapshots against the library of the last build for tests, and the pages against the snapshots.
///
/// # Errors
///
/// An interface that is not its snapshot's; a step that a page does not name.
pub(super) fn check() -> Result<(), Failure> {
    for package in &PACKAGES {
        let (now, known) = (package.now()?, read(&root(package.snapshot))?);
        if now != known {
            return Err(Failure::new(format!(
                "The interface is not the one of {}: {}. Where that is meant, `cargo xtask bindings --renew` writes it \
                 anew; CHANGELOG.md says it to shells.",
                package.snapshot,
                first_difference(&known, &now)
            )));
        }
    }
    pages::check()
}

/// Writes the snapshots from the library of the last build for tests.
///
/// # Errors
///
/// What the generator does not write, or cannot be stored.
pub(super) fn renew() -> Result<(), Failure> {
    for package in &PACKAGES {
        let place = root(package.snapshot);
        let now = package.now()?;
        place
            .parent()
            .map_or(Ok(()), std::fs::create_dir_all)
            .and_then(|()| std::fs::write(&place, now))
            .map_err(|error| Failure::new(format!("cannot write a snapshot: {error}")))?;
        println!("{}", package.snapshot);
    }
    Ok(())
}

impl Package {
    /// The interface as it is now.
    fn now(&self) -> Result<String, Failure> {
        let folder = super::packages("interface")?;
        super::generate(self.called, &built(&super::library_name()), &folder)?;
        let generated = read(&folder.join(self.generated))?;
        let generated = match self.language {
            Language::Kotlin => adapt::kotlin::KOTLIN.made_in(&generated)?,
            Language::Swift => adapt::swift::adapted(&generated)?,
        };
        let mut sources = vec![generated];
        for folder in self.by_hand {
            // What the generator wrote for the package's tests may lie there too.
            let files = files(&root(folder))?;
            for file in files.iter().filter(|file| !file.ends_with(self.generated)) {
                sources.push(read(file)?);
            }
        }
        Ok(text(&sources, self.language))
    }
}

fn root(place: &str) -> PathBuf {
    process::root().join(place)
}

/// The files of a folder by their names; none where it is not there.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let entries = std::fs::read_dir(folder)
        .map_err(|error| Failure::new(format!("cannot list {}: {error}", folder.display())))?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.is_file())
        .collect();
    files.sort();
    Ok(files)
}

fn read(file: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(file)
        .map_err(|error| Failure::new(format!("cannot read {}: {error}", file.display())))
}

/// The declarations of all sources, a line each.
fn text(sources: &[String], language: Language) -> String {
    let mut text = "Written by `cargo xtask bindings --renew`.\n".to_owned();
    for source in sources {
        for one in &declared(source, language) {
            add(one, "", &mut text);
        }
    }
    match language {
        // Where they come from goes without saying.
        Language::Kotlin => text
            .replace("app.countersign.core.", "")
            .replace("kotlin.", ""),
        Language::Swift => text,
    }
}

fn add(one: &Declared, before: &str, text: &mut String) {
    let shown: Vec<&Declared> = one
        .members
        .iter()
        .filter(|member| is_offered(member))
        .collect();
    if !is_offered(one) || one.keyword == "extension" && shown.is_empty() {
        return;
    }
    text.push_str(before);
    text.push_str(&one.head);
    text.push('\n');
    for member in shown {
        add(member, &format!("{before}    "), text);
    }
}

/// Whether it is for shells: not what the generator needs for itself, nor what it says twice.
fn is_offered(one: &Declared) -> bool {
    const INWARD: [&str; 5] = ["Ffi", "RustBuffer", "UniFfi", "Uniffi", "uniffi"];
    const NAMES: [&str; 4] = ["Disposable", "ForeignBytes", "NoHandle", "destroy"];
    let name = one.name.as_str();
    let has = |parts: &[&str]| parts.iter().any(|part| one.head.contains(part));
    match one.keyword.as_str() {
        _ if INWARD.iter().any(|start| name.starts_with(start)) || NAMES.contains(&name) => false,
        "constructor" | "init" => !has(&["noHandle:", "withHandle:", "unsafeFromHandle"]),
        // A port of this side, for Rust to call itself.
        "class" if name.ends_with("Impl") => false,
        // The class behind it says the same, and which arguments may be left out.
        "protocol" => !name.ends_with("Protocol"),
        // Each of the generator's classes has one.
        "object" if has(&["companion"]) => one.members.iter().any(is_offered),
        _ => true,
    }
}

/// The first line that is not the same, as it was and as it is.
fn first_difference(known: &str, now: &str) -> String {
    let (known, now): (Vec<&str>, Vec<&str>) = (known.lines().collect(), now.lines().collect());
    let at = (known.iter().zip(&now))
        .take_while(|(had, has)| had == has)
        .count();
    let line = |lines: &[&str]| {
        lines
            .get(at)
            .map_or("nothing", |line| line.trim())
            .to_owned()
    };
    format!(
        "{:?} has become {:?} in line {}",
        line(&known),
        line(&now),
        at + 1
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_generator_needs_for_itself_is_left_out() {
        let source = "
open class Vault: Disposable {
    constructor(withHandle: UniffiWithHandle, handle: Long) {}
    constructor() : this(UniffiWithHandle, 1)
    fun uniffiCloneHandle(): Long = 1
    val name: kotlin.String
    companion object
}
class ClockImpl: Clock {}
public object FfiConverterTypeVault { fun lift(value: Long): Vault = Vault() }
class Sync { companion object { fun open(): app.countersign.core.Vault = Vault() } }
";
        assert_eq!(
            text(&[source.to_owned()], Language::Kotlin),
            "Written by `cargo xtask bindings --renew`.\n\
             open class Vault: Disposable\n    constructor()\n    val name: String\n\
             class Sync\n    companion object\n        fun open(): Vault\n"
        );
        let source = "
public protocol VaultProtocol: AnyObject { func list() }
public protocol Clock { func now() }
extension Vault: Sendable {}
";
        assert_eq!(
            text(&[source.to_owned()], Language::Swift),
            "Written by `cargo xtask bindings --renew`.\npublic protocol Clock\n    func now()\n"
        );
    }

    #[test]
    fn the_first_difference_is_named() {
        assert_eq!(
            first_difference("a\n  b\nc", "a\n  d\nc"),
            "\"b\" has become \"d\" in line 2"
        );
        assert_eq!(
            first_difference("a", "a\nb"),
            "\"nothing\" has become \"b\" in line 2"
        );
    }
}
