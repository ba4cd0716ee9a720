//! The packages for other languages: built from one library, and tested in each language.
//!
//! Their tools lie in the cache folder; a stamp says that they are there, so that a second run begins at once.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::options::Options;
use crate::process::{self, Failure, cargo};
use crate::python;

/// The cargo package that the packages are made from.
const CRATE: &str = "countersign-bindings";

/// `cargo xtask bindings`: the packages as they are shipped, or with `--test` the scenarios alone.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    if arguments == ["--test"] {
        return test();
    }
    Options::parse(arguments, &[])?;
    let python = python::PACKAGE.prepare()?;
    generator()?;
    let folder = packages("shipped")?;
    write_stubs(&python)?;
    let wheel = wheel(&python, &folder, &["--profile", "bindings", "--strip"])?;
    println!("{}", wheel.display());
    Ok(())
}

/// The scenarios of `bindings/scenarios.txt` in each language, through packages that are made for tests: they also say how much
/// they have allocated.
///
/// # Errors
///
/// What cannot be installed or built; scenarios that fail.
pub(crate) fn test() -> Result<(), Failure> {
    let python = python::PACKAGE.prepare()?;
    generator()?;
    process::run(cargo().args(["build", "--locked", "--package", "countersign-scripted"]))?;
    let folder = packages("tested")?;
    let with_counts = ["--profile", "dev", "--features", "count-allocations"];
    let wheel = wheel(&python, &folder, &with_counts)?;
    process::run(
        Command::new(&python)
            .args(["-m", "pip", "install", "--quiet", "--no-deps", "--no-index"])
            .args(["--disable-pip-version-check", "--force-reinstall"])
            .arg(wheel),
    )?;
    process::run(
        Command::new(&python)
            .args(["-P", "-m", "pytest"])
            .current_dir(source())
            .env("COUNTERSIGN_SCRIPTED", built("countersign-scripted"))
            // The package is the installed one, whatever lies elsewhere.
            .env_remove("PYTHONPATH"),
    )
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

/// Builds the program that writes the packages' sources, under the name by which packagers call it.
fn generator() -> Result<(), Failure> {
    process::run(
        cargo()
            .args(["build", "--locked", "--package", CRATE])
            .args(["--features", "bindgen"]),
    )?;
    let folder = tools();
    let called = folder.join("uniffi-bindgen");
    std::fs::create_dir_all(&folder)
        .and_then(|()| std::fs::copy(built("countersign-bindgen"), called))
        .map(drop)
        .map_err(|error| Failure::new(format!("cannot put the generator in its place: {error}")))
}

fn tools() -> PathBuf {
    process::root().join("target/packages/tools")
}

/// Renews the type stubs of the Python package, which show each change of the interface.
fn write_stubs(python: &Path) -> Result<(), Failure> {
    let generated = packages("generated")?;
    process::run(
        Command::new(built("countersign-bindgen"))
            .args([
                "generate",
                "--no-format",
                "--language",
                "python",
                "--out-dir",
            ])
            .arg(&generated)
            .arg(built("libcountersign.so"))
            .current_dir(process::root()),
    )?;
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
    process::run(&mut maturin)?;
    let mut wheels = std::fs::read_dir(folder)
        .map_err(|error| Failure::new(format!("cannot list the packages: {error}")))?
        .filter_map(Result::ok)
        .map(|entry| entry.path());
    wheels
        .find(|path| path.extension().is_some_and(|ending| ending == "whl"))
        .ok_or_else(|| Failure::new("maturin made no wheel"))
}
