//! A Python of the tests' own, with pinned packages, in the cache folder.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{self, Failure};

/// The pinned packages, `tests/requirements.txt`.
fn requirements() -> Result<String, Failure> {
    std::fs::read_to_string(requirements_path())
        .map_err(|error| Failure::new(format!("cannot read tests/requirements.txt: {error}")))
}

fn requirements_path() -> PathBuf {
    process::root().join("tests/requirements.txt")
}

fn folder() -> Result<PathBuf, Failure> {
    Ok(process::cache()?.join("python"))
}

/// The interpreter inside the environment; `tests/src/python.rs` looks at the same place.
fn inside(folder: &Path) -> PathBuf {
    folder.join("bin/python")
}

/// Written last: the requirements that were installed.
fn stamp(folder: &Path) -> PathBuf {
    folder.join("installed-requirements.txt")
}

/// Whether the environment has exactly the packages that are asked for, and still starts.
pub(crate) fn is_ready() -> Result<bool, Failure> {
    let folder = folder()?;
    let wanted = requirements()?;
    let is_current = std::fs::read_to_string(stamp(&folder)).is_ok_and(|had| had == wanted);
    // The system's Python may have gone since.
    Ok(is_current
        && process::output(Command::new(inside(&folder)).args(["-S", "-c", ""])).is_some())
}

/// A system Python that can make environments.
pub(crate) fn interpreter() -> Option<&'static str> {
    ["python3", "/usr/bin/python3"].into_iter().find(|program| {
        process::output(Command::new(program).args(["-c", "import ensurepip, venv"])).is_some()
    })
}

/// Makes the environment when it is not there or has other packages.
///
/// # Errors
///
/// No Python, or its package index was not reached; a later run begins again.
pub(crate) fn prepare() -> Result<PathBuf, Failure> {
    let folder = folder()?;
    let python = inside(&folder);
    if is_ready()? {
        return Ok(python);
    }
    let base = interpreter().ok_or_else(|| Failure::new("no python3 with venv was found"))?;
    let wanted = requirements()?;
    println!(
        "Installing Python packages into the cache folder: {}",
        wanted
            .lines()
            .filter(|line| line.contains("=="))
            .collect::<Vec<_>>()
            .join(" ")
    );
    if folder.exists() {
        std::fs::remove_dir_all(&folder)
            .map_err(|error| Failure::new(format!("cannot clear the old environment: {error}")))?;
    }
    process::run(Command::new(base).args(["-m", "venv"]).arg(&folder))?;
    process::run(
        Command::new(&python)
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
            ])
            .arg("--requirement")
            .arg(requirements_path()),
    )?;
    std::fs::write(stamp(&folder), wanted)
        .map_err(|error| Failure::new(format!("cannot write the stamp: {error}")))?;
    Ok(python)
}
