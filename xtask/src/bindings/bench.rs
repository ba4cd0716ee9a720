//! What calls through the packages cost: each language's own program measures, beside a library that does nothing.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::swift::Toolchain;
use super::{
    COUNTS, CRATE, Reads, built, generate, generator, kotlin, library, packages, swift, wheel,
};
use crate::process::{self, Failure, cargo};
use crate::python;

/// New processes differ more than turns inside of one.
const FIRST_CALLS: usize = 11;

/// What was measured: `language/what`, and nanoseconds or bytes, a value a turn.
pub(crate) type Measured = Vec<(String, Vec<f64>)>;

/// Builds the packages as they are shipped and measures calls through each, and the library's bytes.
///
/// # Errors
///
/// What cannot be installed or built; a program that ends early or says something else.
pub(crate) fn measure() -> Result<Measured, Failure> {
    let python = python::PACKAGE.prepare()?;
    kotlin::prepare()?;
    let swift = swift::prepare()?;
    generator(Reads::WhatTestsHave)?;
    let mut measured = library::sizes()?;
    let libraries = Libraries::build()?;
    measured.extend(measure_memory()?);
    measured.extend(measure_kotlin(&libraries)?);
    measured.extend(measure_python(&libraries, &python)?);
    measured.extend(measure_swift(&libraries, &swift)?);
    Ok(measured)
}

/// Both libraries as they are built, and their stripped copies in one folder.
struct Libraries {
    countersign: PathBuf,
    empty: PathBuf,
    stripped: PathBuf,
}

impl Libraries {
    fn build() -> Result<Self, Failure> {
        let mut build = cargo();
        build.args(["build", "--locked", "--package", "countersign-empty"]);
        process::run(build.args(library::PROFILE))?;
        // The wheel's build puts a stripped one in its place, of which the generator reads nothing.
        let built = library::build(&[])?;
        let countersign = packages("unstripped")?.join(built.file_name().unwrap_or_default());
        std::fs::copy(&built, &countersign)
            .map_err(|error| Failure::new(format!("cannot keep the library: {error}")))?;
        let libraries = Self {
            countersign,
            empty: process::root()
                .join("target/bindings")
                .join(library::named("empty")),
            stripped: packages("measured")?,
        };
        for library in [&libraries.countersign, &libraries.empty] {
            let name = library.file_name().unwrap_or_default();
            library::strip(library, &libraries.stripped.join(name))?;
        }
        Ok(libraries)
    }
}

/// What opening and closing leaves behind.
fn measure_memory() -> Result<Measured, Failure> {
    let example = ["--package", CRATE, "--example", "open_and_close"];
    let mut build = cargo();
    build.args(["build", "--locked", "--features", COUNTS]);
    process::run(build.args(example))?;
    read(
        "library",
        Command::new(built("examples/open_and_close")).arg(packages("measured-memory")?),
    )
}

fn measure_kotlin(libraries: &Libraries) -> Result<Measured, Failure> {
    kotlin::write_sources(&libraries.countersign)?;
    generate("kotlin", &libraries.empty, &kotlin::bench_sources())?;
    let class_path = kotlin::compile_bench()?;
    let java = |arguments: &[&str]| {
        let mut java = Command::new("java");
        java.arg(format!(
            "-Djna.library.path={}",
            libraries.stripped.display()
        ));
        java.arg("-cp").arg(&class_path);
        java.arg("app.countersign.core.BenchKt").args(arguments);
        java
    };
    let folder = packages("measured-kotlin")?;
    let mut measured = read("kotlin", java(&["warm"]).arg(&folder))?;
    measured.extend(first_calls("kotlin", |library| java(&["first", library]))?);
    Ok(measured)
}

fn measure_python(libraries: &Libraries, python: &Path) -> Result<Measured, Failure> {
    let folder = packages("measured-python")?;
    let made = folder.join("wheel");
    let wheel = wheel(python, &made, &library::SHIPPED_WHEEL)?;
    let place = folder.join("packages");
    process::run(
        Command::new(python)
            .args(["-m", "pip", "install", "--quiet", "--no-deps", "--no-index"])
            .args(["--disable-pip-version-check", "--target"])
            .arg(&place)
            .arg(wheel),
    )?;
    generate("python", &libraries.empty, &place)?;
    library::strip(&libraries.empty, &place.join(library::named("empty")))?;
    let bench = |arguments: &[&str]| {
        let mut bench = Command::new(python);
        bench
            .arg("-P")
            .arg(super::source().join("bench.py"))
            .args(arguments)
            .env("PYTHONPATH", &place);
        bench
    };
    let mut measured = read("python", bench(&["warm"]).arg(&folder))?;
    measured.extend(first_calls("python", |library| bench(&["first", library]))?);
    Ok(measured)
}

fn measure_swift(libraries: &Libraries, toolchain: &Toolchain) -> Result<Measured, Failure> {
    let stripped = libraries.stripped.join(library::named("countersign"));
    let said = swift::bench(toolchain, &stripped, &libraries.countersign)?;
    measures("swift", &said).ok_or_else(|| Failure::new("the Swift bench says no numbers"))
}

/// The first calls of new processes, of both libraries in turn.
fn first_calls(language: &str, call: impl Fn(&str) -> Command) -> Result<Measured, Failure> {
    let mut measured = ["first", "first-empty"].map(|name| (format!("{language}/{name}"), vec![]));
    // The first of all reads the files into memory.
    for turn in 0..=FIRST_CALLS {
        for ((_, turns), library) in measured.iter_mut().zip(["countersign", "empty"]) {
            let spent = read(language, &mut call(library))?;
            if turn > 0 {
                turns.extend(spent.into_iter().flat_map(|(_, turns)| turns));
            }
        }
    }
    Ok(measured.into())
}

/// What a program prints: a line a measure, its name and its turns.
fn read(language: &str, program: &mut Command) -> Result<Measured, Failure> {
    println!("$ {}", process::spelled(program));
    let said = process::output(program)
        .ok_or_else(|| Failure::new(format!("`{}` failed", process::spelled(program))))?;
    measures(language, &said)
        .ok_or_else(|| Failure::new(format!("`{}` says no numbers", process::spelled(program))))
}

/// None unless every line is a name and at least one number.
fn measures(language: &str, said: &str) -> Option<Measured> {
    let lines = said.lines().map(|line| {
        let (name, turns) = line.split_once(' ')?;
        let turns: Option<Vec<f64>> = turns.split(' ').map(|turn| turn.parse().ok()).collect();
        Some((format!("{language}/{name}"), turns?))
    });
    let measured: Measured = lines.collect::<Option<_>>()?;
    (!measured.is_empty()).then_some(measured)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_are_read_a_line_each() {
        assert_eq!(
            measures("kotlin", "list 1 2.5\ntick 3\n"),
            Some(vec![
                ("kotlin/list".to_owned(), vec![1.0, 2.5]),
                ("kotlin/tick".to_owned(), vec![3.0]),
            ])
        );
    }

    #[test]
    fn what_is_no_measure_is_none() {
        for said in ["", "list", "list ", "list one", "WARNING: list 1\n"] {
            assert_eq!(measures("kotlin", said), None, "{said}");
        }
    }
}
