//! The list of errors: each variant of each is reached by a test in each language, under one name, or there is a reason why none can.

use std::collections::BTreeMap;

use super::own_text::{has_word, own_text};
use super::scenarios::{LANGUAGES, Tests, read};
use crate::process::{self, Failure};

/// The variants by their names as in the list, each with its name in Kotlin.
type Variants = BTreeMap<String, String>;

/// How a language names a variant in a test; one of these is enough.
type Spellings = fn(name: &str, in_kotlin: &str) -> Vec<String>;

/// In the order of the languages.
const SPELLINGS: [Spellings; 3] = [python, |_, name| vec![name.to_owned()], swift];

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
    for (tests, spellings) in LANGUAGES.iter().zip(SPELLINGS) {
        wrong.extend(wrong_tests(
            &rows,
            &variants,
            &tests.sources()?,
            tests,
            spellings,
        ));
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
    list.lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
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

/// Every variant of every error, and of what is the fact in one, from Kotlin's interface.
fn variants(interface: &str) -> Variants {
    let mut variants = Variants::new();
    let mut error = None;
    for line in interface.lines() {
        let Some(inner) = line.strip_prefix("    ") else {
            error = error_of(line);
            continue;
        };
        if let (Some(error), Some(variant)) = (error, variant_of(inner)) {
            variants.insert(in_list(error, variant), format!("{error}.{variant}"));
        }
    }
    variants
}

/// The error whose variants follow a line, as Kotlin calls it.
fn error_of(line: &str) -> Option<&str> {
    let head = (line.strip_prefix("sealed class ")).or_else(|| line.strip_prefix("enum class "))?;
    let name = head.split([':', ' ']).next()?;
    let is_error = ["Error", "Exception", "Fault"]
        .iter()
        .any(|ending| name.ends_with(ending));
    is_error.then_some(name)
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
fn in_list(error: &str, variant: &str) -> String {
    let is_loud = !variant.contains(|letter: char| letter.is_ascii_lowercase());
    let variant = if is_loud {
        pascal_case(variant)
    } else {
        variant.to_owned()
    };
    match error.strip_suffix("Exception") {
        Some(error) => format!("{error}Error.{variant}"),
        None => format!("{error}.{variant}"),
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
    spellings: Spellings,
) -> Vec<String> {
    let wrong = |row: &Row<'_>| {
        let (test, in_kotlin) = (row.test?, variants.get(row.variant)?);
        let language = tests.language;
        let source = sources.iter().find(|source| (tests.is_there)(source, test));
        let text = source.and_then(|source| own_text(source, &(tests.head)(test)));
        let Some(text) = text else {
            return Some(format!("{}: there is no {test} ({language})", row.variant));
        };
        let is_named = spellings(row.variant, in_kotlin)
            .iter()
            .any(|name| has_word(&text, name));
        (!is_named).then(|| format!("{}: {test} does not name it ({language})", row.variant))
    };
    rows.iter().filter_map(wrong).collect()
}

fn python(name: &str, _: &str) -> Vec<String> {
    let (error, variant) = name.split_once('.').unwrap_or_default();
    // Python has a `KeyError` of its own.
    let error = if error == "KeyError" {
        "KeyStoreError"
    } else {
        error
    };
    let loud = loud_case(variant);
    vec![
        format!("{error}.{variant}"),
        format!("{error}.{loud}"),
        format!("is_{loud}()"),
        format!("\"{loud}\""),
    ]
}

fn swift(name: &str, _: &str) -> Vec<String> {
    let (_, variant) = name.split_once('.').unwrap_or_default();
    let mut letters = variant.chars();
    let first: String = letters.next().into_iter().collect();
    vec![format!(
        ".{}{}",
        first.to_ascii_lowercase(),
        letters.as_str()
    )]
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

/// `NO_CODE` of `NoCode`.
fn loud_case(name: &str) -> String {
    let mut loud = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !loud.is_empty() {
            loud.push('_');
        }
        loud.push(letter.to_ascii_uppercase());
    }
    loud
}

#[cfg(test)]
mod tests;
