//! The Swift package: written from the library, compiled and tested by a toolchain in the cache folder.

mod inside;
mod mirror;
mod toolchain;

use std::path::{Path, PathBuf};
use std::process::Command;

use super::adapt;
use super::counts::Counts;
use crate::process::{self, Failure};

pub(super) use toolchain::{Toolchain, prepare};

/// The package's folder, in the repository.
const PACKAGE: &str = "bindings/swift";

/// What the package is made of, beside its library.
const SHIPPED: [&str; 3] = ["Package.swift", "README.md", "Sources"];

fn source() -> PathBuf {
    process::root().join(PACKAGE)
}

/// Compiles the package around a library and runs its tests.
///
/// # Errors
///
/// What does not compile; tests that fail, or that there are none.
pub(super) fn test(toolchain: &Toolchain, library: &Path) -> Result<(), Failure> {
    write_sources(library)?;
    lend(library)?;
    let reports = source().join(".build/reports");
    // One that is not there is empty too.
    let _ = std::fs::remove_dir_all(&reports);
    std::fs::create_dir_all(&reports)
        .map_err(|error| Failure::new(format!("cannot make a folder for reports: {error}")))?;
    let run = toolchain.run(
        PACKAGE,
        &[
            "swift",
            "test",
            "--xunit-output",
            ".build/reports/tests.xml",
        ],
        &[("COUNTERSIGN_STRICT", "1")],
    );
    let counts = Counts::of_reports(&reports);
    println!("Swift: {counts}");
    run?;
    counts.all_passed("Swift")
}

/// Packs the package around a library that is shipped, into a folder. Its sources are those that [`write_sources`] wrote last.
pub(super) fn pack(library: &Path, folder: &Path) -> Result<PathBuf, Failure> {
    let packed = folder.join("countersign-swift");
    super::lend(library, &packed.join("lib"))?;
    let mut copy = Command::new("cp");
    copy.arg("-R").args(SHIPPED).arg(&packed);
    process::run(copy.current_dir(source()))?;
    Ok(packed)
}

/// What the bench program of the package says around a shipped library; the interface is read from the unstripped one.
///
/// # Errors
///
/// What does not compile or run.
pub(super) fn bench(
    toolchain: &Toolchain,
    library: &Path,
    unstripped: &Path,
) -> Result<String, Failure> {
    write_sources(unstripped)?;
    lend(library)?;
    toolchain.output(
        "bindings/swift/Bench",
        &["swift", "run", "--configuration", "release", "--quiet"],
    )
}

/// Writes the interface's source and header from an unstripped library.
pub(super) fn write_sources(library: &Path) -> Result<(), Failure> {
    let written = super::packages("generated-swift")?;
    super::generate("swift", library, &written)?;
    let read = |name: &str| {
        std::fs::read_to_string(written.join(name))
            .map_err(|error| Failure::new(format!("cannot read the generated {name}: {error}")))
    };
    let header = "CountersignFFI.h";
    let interface = "CountersignGenerated.swift";
    let sources = source().join("Sources");
    super::renew_source(&sources.join("CountersignFFI").join(header), &read(header)?)?;
    let adapted = adapt::swift::adapted(&read(interface)?)?;
    super::renew_source(
        &sources.join("CountersignGenerated").join(interface),
        &adapted,
    )
}

/// Puts a library where the package has it.
fn lend(library: &Path) -> Result<(), Failure> {
    super::lend(library, &source().join("lib"))
}
