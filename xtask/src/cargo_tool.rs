//! Programs that cargo itself builds, kept in the cache folder.

use std::path::PathBuf;
use std::process::Command;

use crate::options::Options;
use crate::process::{self, Failure, cargo};

/// A crate with a program, and the version that is used.
pub(crate) struct CargoTool {
    /// Name of the crate and of its program.
    pub(crate) name: &'static str,
    /// The exact version, so that every machine runs the same.
    pub(crate) version: &'static str,
    /// What a person should expect of the first run.
    pub(crate) cost: &'static str,
}

const CARGO_DENY: CargoTool = CargoTool {
    name: "cargo-deny",
    version: "0.20.2",
    cost: "several minutes",
};

impl CargoTool {
    /// The program, installed first when this version is not there.
    pub(crate) fn program(&self) -> Result<PathBuf, Failure> {
        let folder = process::cache()?.join(format!("{}-{}", self.name, self.version));
        let program = folder.join("bin").join(self.name);
        if !program.is_file() {
            println!(
                "Installing {} {} into the cache folder, once ({})",
                self.name, self.version, self.cost
            );
            process::run(
                cargo()
                    .args(["install", self.name, "--locked", "--version", self.version])
                    .arg("--root")
                    .arg(&folder),
            )?;
        }
        Ok(program)
    }
}

/// `cargo xtask deny`: licences, sources and advisories, by `deny.toml`.
pub(crate) fn deny(arguments: &[String]) -> Result<(), Failure> {
    Options::parse(arguments, &[])?;
    let program = CARGO_DENY.program()?;
    let check = |what: &[&str]| {
        process::run(
            Command::new(&program)
                .args(["--locked", "check"])
                .args(what)
                .current_dir(process::root()),
        )
    };
    check(&["licenses", "sources", "bans"])?;
    // Last, because only this one needs the network: the list of advisories is a repository of its own.
    check(&["advisories"])
}
