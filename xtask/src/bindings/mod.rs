//! The packages for other languages: built from one library, and tested in each language.
//!
//! Their tools lie in the cache folder; a stamp says that they are there, so that a second run begins at once.

mod adapt;
pub(crate) mod bench;
mod counts;
mod elf;
mod errors;
mod interface;
mod kotlin;
mod library;
mod own_text;
mod phones;
mod pieces;
mod plain;
mod scenarios;
mod spelling;
mod swift;

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::options::Options;
use crate::process::{self, Failure, cargo};
use crate::python;
use crate::setup;

pub(crate) use library::check_size;

/// The cargo package that the packages are made from.
const CRATE: &str = "countersign-bindings";

/// The feature with which the library says how much it has allocated.
const COUNTS: &str = "count-allocations";

/// `cargo xtask bindings`: the packages as they are shipped, or with `--test` the scenarios alone.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    if let Some(("--test", rest)) = arguments
        .split_first()
        .map(|(first, rest)| (first.as_str(), rest))
    {
        return test(&setup::parse(rest)?);
    }
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--size"] => return check_size(),
        ["--renew"] => return renew(),
        ["--android"] => return phones::android(),
        ["--apple"] => return phones::apple(),
        _ => {}
    }
    Options::parse(arguments, &[])?;
    let python = python::PACKAGE.prepare()?;
    kotlin::prepare()?;
    swift::prepare()?;
    generator(Reads::WhatTestsHave)?;
    let folder = packages("shipped")?;
    write_stubs(&python)?;
    interface::renew()?;
    kotlin::write_sources(&built(&library_name()))?;
    swift::write_sources(&built(&library_name()))?;
    kotlin::check_for_android()?;
    let wheel = wheel(&python, &folder, &library::SHIPPED_WHEEL)?;
    println!("{}", wheel.display());
    // It is the library that lies in the wheel.
    let shipped = process::root().join("target/bindings").join(library_name());
    println!("{}", kotlin::pack(&shipped, &folder)?.display());
    println!("{}", swift::pack(&shipped, &folder)?.display());
    Ok(())
}

/// The scenarios of `bindings/scenarios.txt` in each language, through packages that are made for tests: they also say how much
/// they have allocated.
///
/// # Errors
///
/// What cannot be installed, unless it may be missing, or built; scenarios that fail, or that a language does not have; an error
/// that no test reaches.
pub(crate) fn test(options: &Options) -> Result<(), Failure> {
    scenarios::check()?;
    errors::check()?;
    let python = unless_missing("python", options, python::PACKAGE.prepare())?;
    let kotlin = unless_missing("kotlin", options, kotlin::prepare())?;
    let swift = unless_missing("swift", options, swift::prepare())?;
    generator(Reads::WhatItIsGiven)?;
    let interface = interface::check();
    process::run(cargo().args(["build", "--locked", "--package", "countersign-scripted"]))?;
    // A language that fails keeps no other from its tests.
    let python = python.map_or(Ok(()), |python| test_python(&python));
    let kotlin = kotlin.map_or(Ok(()), |()| {
        library_of_tests().and_then(|it| kotlin::test(&it))
    });
    let swift = swift.map_or(Ok(()), |swift| {
        library_of_tests().and_then(|it| swift::test(&swift, &it))
    });
    interface.and(python).and(kotlin).and(swift)
}

/// `--renew`: the snapshots of the three interfaces, which are committed.
fn renew() -> Result<(), Failure> {
    let python = python::PACKAGE.prepare()?;
    generator(Reads::WhatItIsGiven)?;
    write_stubs(&python)?;
    interface::renew()
}

/// What a language needs; none where that is missing and may be.
fn unless_missing<T>(
    name: &str,
    options: &Options,
    prepared: Result<T, Failure>,
) -> Result<Option<T>, Failure> {
    match prepared {
        Ok(ready) => Ok(Some(ready)),
        Err(failure) if options.allows(name) => {
            println!("{failure}; the package is not tested: {name}");
            Ok(None)
        }
        Err(failure) => Err(failure),
    }
}

fn test_python(python: &Path) -> Result<(), Failure> {
    let folder = packages("tested")?;
    let with_counts = ["--profile", "dev", "--features", COUNTS];
    let wheel = wheel(python, &folder, &with_counts)?;
    process::run(
        Command::new(python)
            .args(["-m", "pip", "install", "--quiet", "--no-deps", "--no-index"])
            .args(["--disable-pip-version-check", "--force-reinstall"])
            .arg(wheel),
    )?;
    process::run(
        Command::new(python)
            .args(["-P", "-m", "pytest"])
            .current_dir(source())
            .env("COUNTERSIGN_SCRIPTED", built("countersign-scripted"))
            // The package is the installed one, whatever lies elsewhere.
            .env_remove("PYTHONPATH"),
    )
}

/// The library that says how much it has allocated, with the interface in it.
fn library_of_tests() -> Result<PathBuf, Failure> {
    process::run(
        cargo()
            .args(["build", "--locked", "--package", CRATE, "--lib"])
            .args(["--features", COUNTS]),
    )?;
    let library = built(&library_name());
    if cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        // It is linked with the flags for Android.
        elf::check(&library)?;
    }
    Ok(library)
}

/// What the library is called on this machine.
fn library_name() -> String {
    library::named("countersign")
}

/// The Python package's folder.
fn source() -> PathBuf {
    process::root().join("bindings/python")
}

/// A program or library of the last build for tests.
fn built(name: &str) -> PathBuf {
    process::root().join("target/debug").join(name)
}

/// An empty folder for packages.
fn packages(name: &str) -> Result<PathBuf, Failure> {
    let folder = process::root().join("target/packages").join(name);
    // One that is not there is empty too.
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder)
        .map_err(|error| Failure::new(format!("cannot make a folder for packages: {error}")))?;
    Ok(folder)
}

/// What the generator reads the interface from.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Reads {
    /// The library that a packager gives it.
    WhatItIsGiven,
    /// The library of the last build for tests, which says the same: what is shipped is stripped of it.
    WhatTestsHave,
}

/// Builds the program that writes the packages' sources, and puts it under the name by which packagers call it.
fn generator(reads: Reads) -> Result<(), Failure> {
    process::run(
        cargo()
            .args(["build", "--locked", "--package", CRATE])
            .args(["--features", "bindgen"]),
    )?;
    let folder = tools();
    let called = folder.join("uniffi-bindgen");
    let program = built("countersign-bindgen");
    std::fs::create_dir_all(&folder)
        .and_then(|()| match reads {
            Reads::WhatItIsGiven => std::fs::copy(&program, &called).map(drop),
            Reads::WhatTestsHave => {
                let script = with_another_last_argument(&program, &built(&library_name()));
                std::fs::write(&called, script)?;
                std::fs::set_permissions(&called, Permissions::from_mode(0o755))
            }
        })
        .map_err(|error| Failure::new(format!("cannot put the generator in its place: {error}")))
}

/// A script that calls a program with its own arguments, but for the last.
fn with_another_last_argument(program: &Path, last: &Path) -> String {
    format!(
        "#!/bin/sh\nleft=$#\nfor argument do\n  shift\n  left=$((left - 1))\n  \
         [ \"$left\" -eq 0 ] || set -- \"$@\" \"$argument\"\ndone\nexec '{}' \"$@\" '{}'\n",
        program.display(),
        last.display()
    )
}

fn tools() -> PathBuf {
    process::root().join("target/packages/tools")
}

/// Writes the source of a library's interface in one language into a folder. The library is not stripped.
fn generate(language: &str, library: &Path, folder: &Path) -> Result<(), Failure> {
    process::run(
        Command::new(built("countersign-bindgen"))
            .args(["generate", "--no-format", "--language", language])
            .arg("--out-dir")
            .arg(folder)
            .arg(library)
            .current_dir(process::root()),
    )
}

/// Writes a generated source where it is compiled; one that says the same already is not compiled again.
fn renew_source(place: &Path, text: &str) -> Result<(), Failure> {
    if std::fs::read_to_string(place).is_ok_and(|had| had == text) {
        return Ok(());
    }
    place
        .parent()
        .map_or(Ok(()), std::fs::create_dir_all)
        .and_then(|()| std::fs::write(place, text))
        .map_err(|error| Failure::new(format!("cannot write the generated source: {error}")))
}

/// Puts a library into the folder where a package has it.
fn lend(library: &Path, folder: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::copy(library, folder.join(library_name())))
        .map(drop)
        .map_err(|error| Failure::new(format!("cannot put the library into the package: {error}")))
}

/// Renews the type stubs of the Python package, which show each change of the interface.
fn write_stubs(python: &Path) -> Result<(), Failure> {
    let generated = packages("generated")?;
    generate("python", &built(&library_name()), &generated)?;
    let written = process::output(
        Command::new(python)
            .arg(source().join("stubs.py"))
            .arg(generated.join("countersign.py")),
    );
    let written = written.ok_or_else(|| Failure::new("stubs.py failed"))?;
    std::fs::write(source().join("countersign/native/countersign.pyi"), written)
        .map_err(|error| Failure::new(format!("cannot write the stubs: {error}")))
}

/// Builds the Python package into a folder.
fn wheel(python: &Path, folder: &Path, options: &[&str]) -> Result<PathBuf, Failure> {
    let mut path = vec![tools()];
    path.extend(python.parent().map(Path::to_owned));
    path.extend(std::env::split_paths(
        &std::env::var_os("PATH").unwrap_or_default(),
    ));
    let path = std::env::join_paths(path)
        .map_err(|error| Failure::new(format!("a folder of PATH has no such name: {error}")))?;
    let mut maturin = Command::new(python);
    maturin
        .args(["-m", "maturin", "build", "--locked", "--out"])
        .arg(folder)
        .args(options)
        .current_dir(source())
        .env("PATH", path);
    process::forget_cargo(&mut maturin);
    if options == library::SHIPPED_WHEEL {
        library::slim_c(&mut maturin);
    }
    process::run(&mut maturin)?;
    let mut wheels = std::fs::read_dir(folder)
        .map_err(|error| Failure::new(format!("cannot list the packages: {error}")))?
        .filter_map(Result::ok)
        .map(|entry| entry.path());
    wheels
        .find(|path| path.extension().is_some_and(|ending| ending == "whl"))
        .ok_or_else(|| Failure::new("maturin made no wheel"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_calls_a_program_with_all_arguments_but_another_last_one() {
        let script = with_another_last_argument(Path::new("echo"), Path::new("other place"));
        let said = process::output(
            Command::new("sh")
                .args(["-c", &script, "script"])
                .args(["one", "t w o", "last"]),
        );
        assert_eq!(said.as_deref(), Some("one t w o other place\n"));
    }
}
