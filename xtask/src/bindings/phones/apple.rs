//! The XCFramework for Apple's systems, by Xcode.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{built_for, copy, library, make_folder, need_targets};
use crate::bindings::{Reads, built, generate, generator, library_name, packages};
use crate::process::{self, Failure};

/// What one part of the framework serves.
struct Slice {
    name: &'static str,
    targets: &'static [&'static str],
    /// The oldest system: the variable by which compilers hear of it, and its version.
    oldest: (&'static str, &'static str),
}

const SLICES: [Slice; 3] = [
    Slice {
        name: "ios",
        targets: &["aarch64-apple-ios"],
        oldest: ("IPHONEOS_DEPLOYMENT_TARGET", "17.0"),
    },
    Slice {
        name: "ios-simulator",
        targets: &["aarch64-apple-ios-sim", "x86_64-apple-ios"],
        oldest: ("IPHONEOS_DEPLOYMENT_TARGET", "17.0"),
    },
    Slice {
        name: "macos",
        targets: &["aarch64-apple-darwin"],
        oldest: ("MACOSX_DEPLOYMENT_TARGET", "14.0"),
    },
];

const LIBRARY: &str = "libcountersign.a";

/// The framework, and the module that it is.
const FRAMEWORK: &str = "CountersignFFI";

/// `--apple`: the framework and its archive, whose checksum a package names.
///
/// # Errors
///
/// No Xcode; a target that Rust does not have; a library that does not build.
pub(in crate::bindings) fn build() -> Result<(), Failure> {
    need_xcode(process::is_on_path)?;
    let targets: Vec<&str> = SLICES
        .iter()
        .flat_map(|slice| slice.targets)
        .copied()
        .collect();
    need_targets(&targets)?;
    generator(Reads::WhatItIsGiven)?;
    let folder = packages("apple")?;
    let headers = headers(&folder)?;
    let mut libraries = Vec::new();
    for slice in &SLICES {
        for target in slice.targets {
            process::run(&mut compile(slice, target))?;
        }
        let joined = folder.join(slice.name).join(LIBRARY);
        let parts = slice
            .targets
            .iter()
            .map(|target| built_for(target, LIBRARY));
        make_folder(&folder.join(slice.name))?;
        // Of one part it makes a copy.
        process::run(&mut lipo(&parts.collect::<Vec<_>>(), &joined))?;
        libraries.push(joined);
    }
    let framework = folder.join(format!("{FRAMEWORK}.xcframework"));
    process::run(&mut xcframework(&libraries, &headers, &framework))?;
    let manifest = "PrivacyInfo.xcprivacy";
    copy(
        &process::root().join("bindings/swift").join(manifest),
        &folder.join(manifest),
    )?;
    let archive = folder.join(format!("{FRAMEWORK}.xcframework.zip"));
    process::run(
        Command::new("ditto")
            .args(["-c", "-k", "--sequesterRsrc", "--keepParent"])
            .arg(&framework)
            .arg(&archive),
    )?;
    println!("{}, with the checksum", archive.display());
    process::run(
        Command::new("swift")
            .args(["package", "compute-checksum"])
            .arg(&archive),
    )
}

fn need_xcode(is_there: impl Fn(&str) -> bool) -> Result<(), Failure> {
    if ["xcodebuild", "lipo", "ditto", "swift"]
        .into_iter()
        .all(is_there)
    {
        return Ok(());
    }
    Err(Failure::new(
        "No Xcode: an XCFramework is made on a Mac, with Xcode 16 or newer chosen by `xcode-select`.",
    ))
}

fn compile(slice: &Slice, target: &str) -> Command {
    let mut rustc = library(target, "staticlib");
    let (variable, version) = slice.oldest;
    rustc.env(variable, version);
    rustc
}

/// The header and the module map that the generator writes, in a folder of their own.
fn headers(folder: &Path) -> Result<PathBuf, Failure> {
    let written = packages("generated-swift")?;
    generate("swift", &built(&library_name()), &written)?;
    let headers = folder.join("headers");
    // Two frameworks of an app have their headers in one folder.
    let module = headers.join(FRAMEWORK);
    let entries = std::fs::read_dir(&written)
        .map_err(|error| Failure::new(format!("cannot list what was generated: {error}")))?;
    for path in entries.filter_map(Result::ok).map(|entry| entry.path()) {
        let ending = path.extension().and_then(|ending| ending.to_str());
        match (ending, path.file_name()) {
            (Some("h"), Some(name)) => copy(&path, &module.join(name))?,
            // Xcode looks for it under this name alone.
            (Some("modulemap"), _) => copy(&path, &module.join("module.modulemap"))?,
            _ => {}
        }
    }
    Ok(headers)
}

/// One library of those for several processors.
fn lipo(parts: &[PathBuf], joined: &Path) -> Command {
    let mut lipo = Command::new("lipo");
    lipo.arg("-create").args(parts).arg("-output").arg(joined);
    lipo
}

fn xcframework(libraries: &[PathBuf], headers: &Path, framework: &Path) -> Command {
    let mut xcodebuild = Command::new("xcodebuild");
    xcodebuild.arg("-create-xcframework");
    for library in libraries {
        xcodebuild
            .arg("-library")
            .arg(library)
            .arg("-headers")
            .arg(headers);
    }
    xcodebuild.arg("-output").arg(framework);
    xcodebuild
}

#[cfg(test)]
mod tests {
    use super::super::words;
    use super::*;

    #[test]
    fn without_xcode_it_is_refused() {
        let refused = need_xcode(|program| program != "lipo")
            .unwrap_err()
            .to_string();
        assert!(refused.contains("Xcode"), "{refused}");
        assert!(need_xcode(|_| true).is_ok());
    }

    #[test]
    fn each_part_is_compiled_for_the_oldest_system() {
        for slice in &SLICES {
            for target in slice.targets {
                let command = compile(slice, target);
                let (variable, version) = slice.oldest;
                let mut set = command.get_envs();
                assert!(
                    set.any(|(name, value)| name == variable && value == Some(version.as_ref()))
                );
                let line = words(&command).join(" ");
                assert!(
                    line.contains(&format!("--crate-type staticlib --target {target}")),
                    "{line}"
                );
            }
        }
    }

    #[test]
    fn the_framework_has_each_library_with_the_headers() {
        let libraries = ["/a/l.a", "/b/l.a"].map(PathBuf::from);
        assert_eq!(
            words(&xcframework(
                &libraries,
                Path::new("/h"),
                Path::new("/o.xcframework")
            ))
            .join(" "),
            "xcodebuild -create-xcframework -library /a/l.a -headers /h -library /b/l.a -headers /h -output /o.xcframework"
        );
        assert_eq!(
            words(&lipo(&libraries, Path::new("/o.a"))).join(" "),
            "lipo -create /a/l.a /b/l.a -output /o.a"
        );
    }
}
