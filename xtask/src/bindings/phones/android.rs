//! The library for the ABIs of Android, by the compiler of the NDK, with its symbols apart.

use std::env::consts;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{built_for, copy, library, need_targets};
use crate::bindings::{elf, packages};
use crate::process::{self, Failure};

/// One kind of device.
struct Abi {
    /// Its folder in an app.
    name: &'static str,
    /// Its target in Rust.
    target: &'static str,
    /// What the NDK's compiler calls it.
    compiler: &'static str,
}

/// The oldest Android that is served: version 8.
const API: u32 = 26;

const ABIS: [Abi; 3] = [
    Abi {
        name: "arm64-v8a",
        target: "aarch64-linux-android",
        compiler: "aarch64-linux-android",
    },
    Abi {
        name: "armeabi-v7a",
        target: "armv7-linux-androideabi",
        compiler: "armv7a-linux-androideabi",
    },
    Abi {
        name: "x86_64",
        target: "x86_64-linux-android",
        compiler: "x86_64-linux-android",
    },
];

const LIBRARY: &str = "libcountersign.so";

/// `--android`: `jniLibs` for an app, and beside it what a crash is read with.
///
/// # Errors
///
/// No NDK; a target that Rust does not have; a library that does not build or would not load.
pub(in crate::bindings) fn build() -> Result<(), Failure> {
    let ndk = ndk(|name| std::env::var_os(name).map(PathBuf::from))?;
    let tools = tools(&ndk)?;
    need_targets(&ABIS.map(|abi| abi.target))?;
    let folder = packages("android")?;
    for abi in &ABIS {
        process::run(&mut compile(abi, &tools))?;
        let built = built_for(abi.target, LIBRARY);
        elf::check(&built)?;
        let place = |kind: &str| folder.join(kind).join(abi.name).join(LIBRARY);
        let (shipped, symbols) = (place("jniLibs"), place("symbols"));
        copy(&built, &shipped)?;
        copy(&built, &symbols)?;
        for step in &mut split(&tools, &shipped, &symbols) {
            process::run(step)?;
        }
        println!("{}", shipped.display());
    }
    Ok(())
}

/// The NDK's folder, which `variable` gives by the names of the environment.
fn ndk(variable: impl Fn(&str) -> Option<PathBuf>) -> Result<PathBuf, Failure> {
    ["ANDROID_NDK_HOME", "ANDROID_NDK_ROOT"]
        .into_iter()
        .find_map(variable)
        .ok_or_else(|| {
            Failure::new(
                "No NDK: put the folder of Android's NDK, r27 or newer, into ANDROID_NDK_HOME \
                 (`sdkmanager 'ndk;27.2.12479018'` installs one).",
            )
        })
}

/// The folder of the NDK's programs for this machine.
fn tools(ndk: &Path) -> Result<PathBuf, Failure> {
    // It has no folder of its own for the newer Macs.
    let system = if consts::OS == "macos" {
        "darwin"
    } else {
        consts::OS
    };
    let tools = ndk.join(format!("toolchains/llvm/prebuilt/{system}-x86_64/bin"));
    if tools.is_dir() {
        return Ok(tools);
    }
    Err(Failure::new(format!(
        "{} has no tools for this machine: {} is missing.",
        ndk.display(),
        tools.display()
    )))
}

/// Cargo with the NDK's compiler for C and for linking.
fn compile(abi: &Abi, tools: &Path) -> Command {
    let mut rustc = library(abi.target, "cdylib");
    let compiler = tools.join(format!("{}{API}-clang", abi.compiler));
    let target = abi.target.replace('-', "_");
    rustc
        .env(
            format!("CARGO_TARGET_{}_LINKER", target.to_uppercase()),
            &compiler,
        )
        .env(format!("CC_{target}"), &compiler)
        .env(format!("AR_{target}"), tools.join("llvm-ar"));
    super::super::library::slim_c(&mut rustc);
    rustc
}

/// Takes from one copy what only debuggers read, and from the other what only devices run; the first then names the other.
fn split(tools: &Path, shipped: &Path, symbols: &Path) -> [Command; 3] {
    let objcopy = || Command::new(tools.join("llvm-objcopy"));
    let mut keep = objcopy();
    keep.arg("--only-keep-debug").arg(symbols);
    let mut strip = Command::new(tools.join("llvm-strip"));
    strip.arg("--strip-unneeded").arg(shipped);
    let mut link = objcopy();
    let mut name = std::ffi::OsString::from("--add-gnu-debuglink=");
    name.push(symbols);
    link.arg(name).arg(shipped);
    [keep, strip, link]
}

#[cfg(test)]
mod tests {
    use super::super::words;
    use super::*;

    #[test]
    fn without_an_ndk_the_remedy_is_named() {
        let refused = ndk(|_| None).unwrap_err().to_string();
        assert!(refused.contains("ANDROID_NDK_HOME"), "{refused}");
        let older = |name: &str| (name == "ANDROID_NDK_ROOT").then(|| PathBuf::from("/ndk"));
        assert_eq!(ndk(older).unwrap(), Path::new("/ndk"));
        assert!(tools(Path::new("/no/such/ndk")).is_err());
    }

    #[test]
    fn each_abi_is_compiled_by_the_compiler_of_the_oldest_android() {
        for (abi, compiler, linker) in [
            (
                &ABIS[0],
                "aarch64-linux-android26-clang",
                "CARGO_TARGET_AARCH64_LINUX_ANDROID_LINKER",
            ),
            (
                &ABIS[1],
                "armv7a-linux-androideabi26-clang",
                "CARGO_TARGET_ARMV7_LINUX_ANDROIDEABI_LINKER",
            ),
            (
                &ABIS[2],
                "x86_64-linux-android26-clang",
                "CARGO_TARGET_X86_64_LINUX_ANDROID_LINKER",
            ),
        ] {
            let command = compile(abi, Path::new("/ndk/bin"));
            let set = |name: &str| {
                let found = command.get_envs().find(|(known, _)| *known == name);
                found.and_then(|(_, value)| value).map(PathBuf::from)
            };
            assert_eq!(set(linker), Some(Path::new("/ndk/bin").join(compiler)));
            let target = abi.target.replace('-', "_");
            assert_eq!(set(&format!("CC_{target}")), set(linker));
            assert_eq!(
                set(&format!("AR_{target}")),
                Some(PathBuf::from("/ndk/bin/llvm-ar"))
            );
            assert!(words(&command).contains(&abi.target.to_owned()));
        }
    }

    #[test]
    fn symbols_are_put_apart() {
        let steps = split(
            Path::new("/b"),
            Path::new("/s/lib.so"),
            Path::new("/d/lib.so"),
        );
        let lines = steps.map(|step| words(&step).join(" "));
        assert_eq!(
            lines,
            [
                "/b/llvm-objcopy --only-keep-debug /d/lib.so",
                "/b/llvm-strip --strip-unneeded /s/lib.so",
                "/b/llvm-objcopy --add-gnu-debuglink=/d/lib.so /s/lib.so",
            ]
        );
    }
}
