//! Makes the shell completions and the man pages from the program's own command line.
#![forbid(unsafe_code)]

#[path = "src/args/mod.rs"]
#[allow(
    dead_code,
    unused_imports,
    reason = "the build script only needs the structure of the command line"
)]
mod args;

use std::path::{Path, PathBuf};
use std::{env, fs, io};

use clap::CommandFactory as _;
use clap_complete::Shell;

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=src/args");
    println!("cargo::rerun-if-changed=build.rs");
    let Some(out) = env::var_os("OUT_DIR").map(PathBuf::from) else {
        return Err(io::Error::other("cargo sets OUT_DIR"));
    };
    write_assets(&out)?;
    // Where a person finds them: target/<profile>/assets. OUT_DIR is target/<profile>/build/<package>/out.
    match out.ancestors().nth(3) {
        Some(profile) => write_assets(&profile.join("assets")),
        None => Ok(()),
    }
}

fn write_assets(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let mut command = args::Cli::command();
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        clap_complete::generate_to(shell, &mut command, "countersign", folder)?;
    }
    clap_mangen::generate_to(args::Cli::command(), folder)
}
