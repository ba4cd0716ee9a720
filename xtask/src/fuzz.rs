//! `cargo xtask fuzz TARGET SECONDS`.

use std::process::Command;

use crate::cargo_tool::CargoTool;
use crate::process::{self, Failure};
use crate::setup;

const CARGO_FUZZ: CargoTool = CargoTool {
    name: "cargo-fuzz",
    version: "0.13.2",
    cost: "about a minute",
};

/// Runs one target for a time. What is found lands in `fuzz/found/TARGET`, failing inputs in
/// `fuzz/artifacts/TARGET`; the committed seeds in `fuzz/corpus/TARGET` are read and left alone.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    let targets = targets()?;
    let [target, seconds] = arguments else {
        return Err(Failure::new(format!(
            "cargo xtask fuzz TARGET SECONDS; the targets are {}",
            targets.join(", ")
        )));
    };
    if !targets.contains(target) {
        return Err(Failure::new(format!(
            "There is no target {target:?}, only {}.",
            targets.join(", ")
        )));
    }
    let seconds: u32 = seconds
        .parse()
        .ok()
        .filter(|&seconds| seconds > 0)
        .ok_or_else(|| Failure::new("SECONDS is a whole number above 0"))?;
    // libFuzzer itself is C++.
    setup::need_program("c++", "g++")?;
    let program = CARGO_FUZZ.program()?;
    let root = process::root();
    let found = format!("fuzz/found/{target}");
    std::fs::create_dir_all(root.join(&found))
        .map_err(|error| Failure::new(format!("cannot create {found}: {error}")))?;
    process::run(
        Command::new(program)
            .args(["run", target, &found])
            .arg(format!("fuzz/corpus/{target}"))
            .arg("--")
            .arg(format!("-max_total_time={seconds}"))
            // The sanitizer's flags are unstable ones; this lets the stable compiler take them.
            .env("RUSTC_BOOTSTRAP", "1")
            .current_dir(root),
    )
}

/// The names of the files in `fuzz/fuzz_targets`, sorted.
fn targets() -> Result<Vec<String>, Failure> {
    let entries = std::fs::read_dir(process::root().join("fuzz/fuzz_targets"))
        .map_err(|error| Failure::new(format!("cannot list fuzz/fuzz_targets: {error}")))?;
    let mut targets: Vec<String> = entries
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            name.strip_suffix(".rs").map(str::to_owned)
        })
        .collect();
    targets.sort();
    Ok(targets)
}
