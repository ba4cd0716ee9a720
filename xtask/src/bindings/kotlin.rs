//! The Kotlin package: written from the library, compiled and tested by Maven, with its artifacts in the cache folder.

use std::env::consts;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::adapt::kotlin::KOTLIN;
use super::built;
use super::counts::Counts;
use crate::process::{self, Failure};
use crate::setup;

/// The package's folder.
fn source() -> PathBuf {
    process::root().join("bindings/kotlin")
}

/// Installs a JDK and Maven where they are missing.
pub(super) fn prepare() -> Result<(), Failure> {
    setup::need_program("java", "default-jdk-headless")?;
    setup::need_program("mvn", "maven")
}

/// Compiles the package around a library and runs its tests.
///
/// # Errors
///
/// What does not compile; tests that fail, or that there are none.
pub(super) fn test(library: &Path) -> Result<(), Failure> {
    write_sources(library)?;
    lend(library)?;
    let reports = source().join("target/surefire-reports");
    // One that is not there is empty too.
    let _ = std::fs::remove_dir_all(&reports);
    let run =
        process::run(maven("test")?.env("COUNTERSIGN_SCRIPTED", built("countersign-scripted")));
    let counts = Counts::of_reports(&reports);
    if counts.passed > 0 {
        // Everything that it takes to get here has been fetched.
        write_stamp("test")?;
    }
    println!("Kotlin: {counts}");
    run?;
    counts.all_passed("Kotlin")
}

/// Packs the package around a library that is shipped, into a folder. Its sources are those that [`write_sources`] wrote last.
pub(super) fn pack(library: &Path, folder: &Path) -> Result<PathBuf, Failure> {
    lend(library)?;
    let target = source().join("target");
    for older in jars(&target) {
        std::fs::remove_file(older)
            .map_err(|error| Failure::new(format!("cannot remove an older jar: {error}")))?;
    }
    process::run(maven("package")?.arg("-Dmaven.test.skip=true"))?;
    write_stamp("package")?;
    let made = jars(&target)
        .pop()
        .ok_or_else(|| Failure::new("Maven made no jar"))?;
    let packed = folder.join(made.file_name().unwrap_or_default());
    std::fs::copy(&made, &packed)
        .map_err(|error| Failure::new(format!("cannot copy the jar: {error}")))?;
    Ok(packed)
}

/// Compiles the package as Android has it, and looks that Android has what it calls. Its sources are those that
/// [`write_sources`] wrote last.
pub(super) fn check_for_android() -> Result<(), Failure> {
    process::run(maven("process-classes")?.arg("-Pandroid"))?;
    write_stamp("process-classes")
}

fn jars(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "jar"))
        .collect()
}

/// Writes the interface's source from an unstripped library.
pub(super) fn write_sources(library: &Path) -> Result<(), Failure> {
    let written = super::packages("generated-kotlin")?;
    super::generate("kotlin", library, &written)?;
    let name = "app/countersign/core/countersign.kt";
    let generated = std::fs::read_to_string(written.join(name))
        .map_err(|error| Failure::new(format!("cannot read the generated source: {error}")))?;
    let adapted = KOTLIN.made_in(&generated)?;
    let place = source().join("target/generated/kotlin").join(name);
    super::renew_source(&place, &adapted)
}

/// Where the source of the library that does nothing is written, beside which the core is measured.
pub(super) fn bench_sources() -> PathBuf {
    source().join("target/generated/bench")
}

/// Compiles what measures calls, and gives the class path that it runs with.
pub(super) fn compile_bench() -> Result<String, Failure> {
    process::run(maven("test-compile")?.arg("-Pbench"))?;
    write_stamp("test-compile")?;
    let target = source().join("target");
    let others = std::fs::read_to_string(target.join("bench-classpath"))
        .map_err(|error| Failure::new(format!("cannot read the class path: {error}")))?;
    let own = ["test-classes", "classes"].map(|name| target.join(name).display().to_string());
    Ok([own.join(":"), others.trim().to_owned()].join(":"))
}

/// Puts a library where the package has it, in the folder that JNA looks into on this machine.
fn lend(library: &Path) -> Result<(), Failure> {
    let system = if consts::OS == "macos" {
        "darwin"
    } else {
        consts::OS
    };
    let machine = if consts::ARCH == "x86_64" {
        "x86-64"
    } else {
        consts::ARCH
    };
    let folder = source()
        .join("target/generated/native")
        .join(format!("{system}-{machine}"));
    super::lend(library, &folder)
}

/// Maven at work on the package up to a phase; without the network once all that this asks for is there.
fn maven(phase: &str) -> Result<Command, Failure> {
    let repository = process::cache()?.join("maven");
    let mut maven = Command::new("mvn");
    maven
        .args([phase, "--batch-mode", "--no-transfer-progress", "--quiet"])
        .arg(format!("-Dmaven.repo.local={}", repository.display()))
        .current_dir(source());
    let wanted = wanted()?;
    if std::fs::read_to_string(stamp(phase)?).is_ok_and(|had| had == wanted) {
        maven.arg("--offline");
    } else {
        println!("Fetching Maven artifacts into the cache folder");
    }
    Ok(maven)
}

/// Written last: for what a phase has fetched all that it takes.
fn stamp(phase: &str) -> Result<PathBuf, Failure> {
    Ok(process::cache()?.join(format!("maven-{phase}-fetched-pom.xml")))
}

fn write_stamp(phase: &str) -> Result<(), Failure> {
    std::fs::write(stamp(phase)?, wanted()?)
        .map_err(|error| Failure::new(format!("cannot write the stamp: {error}")))
}

/// What names all that is fetched.
fn wanted() -> Result<String, Failure> {
    std::fs::read_to_string(source().join("pom.xml"))
        .map_err(|error| Failure::new(format!("cannot read pom.xml: {error}")))
}
