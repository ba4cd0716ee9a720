//! A Python of the tests' own, with pinned packages, in the cache folder.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{self, Failure};

/// An environment in the cache folder, with exactly the packages of one file.
pub(crate) struct Environment {
    /// Its folder there.
    folder: &'static str,
    /// The file of pinned packages, in the repository.
    requirements: &'static str,
}

/// What tests compare codes, vaults and messages with; `tests/src/python.rs` looks at the same place.
pub(crate) const PEERS: Environment = Environment {
    folder: "python",
    requirements: "tests/requirements.txt",
};

/// What the Python package is built and tested with.
pub(crate) const PACKAGE: Environment = Environment {
    folder: "python-package",
    requirements: "bindings/python/requirements.txt",
};

/// The interpreter inside an environment.
fn inside(folder: &Path) -> PathBuf {
    folder.join("bin/python")
}

/// Written last: the requirements that were installed.
fn stamp(folder: &Path) -> PathBuf {
    folder.join("installed-requirements.txt")
}

/// A system Python that can make environments.
pub(crate) fn interpreter() -> Option<&'static str> {
    ["python3", "/usr/bin/python3"].into_iter().find(|program| {
        process::output(Command::new(program).args(["-c", "import ensurepip, venv"])).is_some()
    })
}

impl Environment {
    fn folder(&self) -> Result<PathBuf, Failure> {
        Ok(process::cache()?.join(self.folder))
    }

    fn wanted(&self) -> Result<String, Failure> {
        let file = self.requirements;
        std::fs::read_to_string(process::root().join(file))
            .map_err(|error| Failure::new(format!("cannot read {file}: {error}")))
    }

    /// Whether it has exactly the packages that are asked for, and still starts.
    pub(crate) fn is_ready(&self) -> Result<bool, Failure> {
        let folder = self.folder()?;
        let wanted = self.wanted()?;
        let is_current = std::fs::read_to_string(stamp(&folder)).is_ok_and(|had| had == wanted);
        // The system's Python may have gone since.
        Ok(is_current
            && process::output(Command::new(inside(&folder)).args(["-S", "-c", ""])).is_some())
    }

    /// Makes the environment when it is not there or has other packages; gives its interpreter.
    ///
    /// # Errors
    ///
    /// No Python, or its package index was not reached; a later run begins again.
    pub(crate) fn prepare(&self) -> Result<PathBuf, Failure> {
        let folder = self.folder()?;
        let python = inside(&folder);
        if self.is_ready()? {
            return Ok(python);
        }
        let base = interpreter().ok_or_else(|| Failure::new("no python3 with venv was found"))?;
        let wanted = self.wanted()?;
        println!(
            "Installing Python packages into the cache folder: {}",
            wanted
                .lines()
                .filter(|line| line.contains("=="))
                .collect::<Vec<_>>()
                .join(" ")
        );
        if folder.exists() {
            std::fs::remove_dir_all(&folder).map_err(|error| {
                Failure::new(format!("cannot clear the old environment: {error}"))
            })?;
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
                .arg(process::root().join(self.requirements)),
        )?;
        std::fs::write(stamp(&folder), wanted)
            .map_err(|error| Failure::new(format!("cannot write the stamp: {error}")))?;
        Ok(python)
    }
}
