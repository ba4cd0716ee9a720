//! The list of errors: each variant of each is reached by a test in each language, under one name, or there is a reason why none can.

use std::collections::BTreeMap;

use super::own_text::own_text;
use super::scenarios::{LANGUAGES, Tests, entries, read};
use super::spelling::Variant;
use crate::process::{self, Failure};

/// The variants by their names as in the list.
type Variants = BTreeMap<String, Variant>;

/// One line of the list.
struct Row<'a> {
    variant: &'a str,
    /// None where there is a reason in its place.
    test: Option<&'a str>,
}

/// # Errors
///
/// A variant without one row, a row without a variant, or one whose test a language does not have or does not name it, each by its
/// name.
pub(super) fn check() -> Result<(), Failure> {
    let list = read(&process::root().join("bindings/errors.txt"))?;
    // Held against the library by `interface`.
    let interface = read(&process::root().join("bindings/kotlin/api/countersign.api"))?;
    let (rows, variants) = (rows(&list), variants(&interface));
    let mut wrong = wrong_rows(&rows, &variants);
    for tests in &LANGUAGES {
        wrong.extend(wrong_tests(&rows, &variants, &tests.sources()?, tests));
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(Failure::new(format!(
            "Errors that bindings/errors.txt does not have as they are:\n{}",
            wrong.join("\n")
        )))
    }
}

fn rows(list: &str) -> Vec<Row<'_>> {
    entries(list)
        .map(|line| {
            let (variant, rest) = line.split_once(' ').unwrap_or((line, ""));
            let is_reason = rest.starts_with("- ");
            Row {
                variant,
                test: (!is_reason).then_some(rest),
            }
        })
        .collect()
}

/// A type that is one of its variants.
#[derive(Clone, Copy, Eq, PartialEq)]
struct Choice<'a> {
    /// As Kotlin calls it.
    name: &'a str,
    /// Whether its variants are more than names.
    is_sealed: bool,
}

impl<'a> Choice<'a> {
    /// The one whose variants follow a line.
    fn of(line: &'a str) -> Option<Self> {
        let sealed = line.strip_prefix("sealed class ");
        let head = sealed.or_else(|| line.strip_prefix("enum class "))?;
        Some(Self {
            name: head.split([':', ' ']).next()?,
            is_sealed: sealed.is_some(),
        })
    }

    fn is_thrown(self) -> bool {
        self.name.ends_with("Exception")
    }

    fn is_error(self) -> bool {
        self.is_thrown() || self.name.ends_with("Error") || self.name.ends_with("Fault")
    }

    /// Whether Python asks its values by `is_` and a variant's name.
    fn is_asked(self) -> bool {
        self.is_sealed && !self.is_thrown()
    }
}

/// Every variant of every error, and of what is the fact in one, from Kotlin's interface.
fn variants(interface: &str) -> Variants {
    let all = all_variants(interface);
    let one = |(of, in_kotlin, name): &(Choice<'_>, &str, String)| {
        let others = || {
            all.iter()
                .filter(move |(other, _, namesake)| other != of && namesake == name)
        };
        let error = match of.name.strip_suffix("Exception") {
            Some(error) => format!("{error}Error"),
            None => of.name.to_owned(),
        };
        let variant = Variant {
            in_kotlin: format!("{}.{in_kotlin}", of.name),
            name: name.clone(),
            is_shared: others().next().is_some(),
            is_asked_elsewhere: others().any(|(other, _, _)| other.is_asked()),
            error: error.clone(),
        };
        (format!("{error}.{name}"), variant)
    };
    all.iter()
        .filter(|(of, _, _)| of.is_error())
        .map(one)
        .collect()
}

/// Every variant of every type, as Kotlin calls it and as the list does.
fn all_variants(interface: &str) -> Vec<(Choice<'_>, &str, String)> {
    let mut all = Vec::new();
    let mut of = None;
    for line in interface.lines() {
        let Some(inner) = line.strip_prefix("    ") else {
            of = Choice::of(line);
            continue;
        };
        if let (Some(of), Some(variant)) = (of, variant_of(inner)) {
            all.push((of, variant, in_list(variant)));
        }
    }
    all
}

/// The variant that a line in an error's declaration is: a class, an object, or a name alone.
fn variant_of(line: &str) -> Option<&str> {
    let line = line.trim_start_matches("data ");
    let name = (line.strip_prefix("class "))
        .or_else(|| line.strip_prefix("object "))
        .unwrap_or(line);
    let name = name.split(['(', ':']).next().unwrap_or_default();
    let is_name = name.starts_with(|letter: char| letter.is_ascii_uppercase())
        && name
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    is_name.then_some(name)
}

/// A variant's name in the list, of Kotlin's.
fn in_list(variant: &str) -> String {
    let is_loud = !variant.contains(|letter: char| letter.is_ascii_lowercase());
    if is_loud {
        pascal_case(variant)
    } else {
        variant.to_owned()
    }
}

/// Variants without one row, and rows without a variant.
fn wrong_rows(rows: &[Row<'_>], variants: &Variants) -> Vec<String> {
    let count = |name: &str| rows.iter().filter(|row| row.variant == name).count();
    let counted = variants.keys().filter_map(|name| match count(name) {
        0 => Some(format!("{name} has no row")),
        1 => None,
        many => Some(format!("{name} has {many} rows")),
    });
    let unknown = rows
        .iter()
        .filter(|row| !variants.contains_key(row.variant))
        .map(|row| format!("{} is no variant", row.variant));
    counted.chain(unknown).collect()
}

/// Rows whose test a language does not have, or does not name the variant.
fn wrong_tests(
    rows: &[Row<'_>],
    variants: &Variants,
    sources: &[String],
    tests: &Tests,
) -> Vec<String> {
    let wrong = |row: &Row<'_>| {
        let (test, variant) = (row.test?, variants.get(row.variant)?);
        let language = tests.language;
        let text = sources
            .iter()
            .filter(|source| (tests.is_there)(source, test))
            .find_map(|source| own_text(source, &(tests.head)(test)));
        let Some(text) = text else {
            return Some(format!("{}: there is no {test} ({language})", row.variant));
        };
        let is_named = (tests.spelling)(variant).is_in(&text);
        (!is_named).then(|| format!("{}: {test} does not name it ({language})", row.variant))
    };
    rows.iter().filter_map(wrong).collect()
}

/// `NoCode` of `NO_CODE`.
fn pascal_case(loud: &str) -> String {
    loud.split('_')
        .map(|word| {
            let mut letters = word.chars();
            let first: String = letters.next().into_iter().collect();
            first + &letters.as_str().to_ascii_lowercase()
        })
        .collect()
}

#[cfg(test)]
mod tests;
