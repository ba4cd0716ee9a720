//! What a measurement was made on.

use std::path::Path;
use std::process::Command;

use crate::process;

/// Processor, cores, system, the file system on which `files` lie, and compiler, one line.
pub(super) fn described(files: &Path) -> String {
    let processor = std::fs::read_to_string("/proc/cpuinfo")
        .ok()
        .and_then(|text| value_of(&text, "model name", ':'))
        .or_else(|| {
            process::output(Command::new("sysctl").args(["-n", "machdep.cpu.brand_string"]))
        })
        .map_or_else(
            || "unknown processor".to_owned(),
            |text| text.trim().to_owned(),
        );
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let system = std::fs::read_to_string("/etc/os-release")
        .ok()
        .and_then(|text| value_of(&text, "PRETTY_NAME", '='))
        .unwrap_or_else(|| std::env::consts::OS.to_owned());
    let file_system = process::output(Command::new("stat").args(["-f", "-c", "%T"]).arg(files))
        .unwrap_or_else(|| "an unknown file system".to_owned());
    let compiler = process::output(Command::new("rustc").arg("--version")).unwrap_or_default();
    format!(
        "{processor}, {cores} cores, {}, files on {}, {}",
        system.trim_matches('"'),
        file_system.trim(),
        compiler.trim()
    )
}

/// The value behind `name` in lines of the form `name<separator>value`.
fn value_of(text: &str, name: &str, separator: char) -> Option<String> {
    text.lines()
        .filter_map(|line| line.split_once(separator))
        .find(|(key, _)| key.trim() == name)
        .map(|(_, value)| value.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_name() {
        let text = "processor\t: 0\nmodel name\t: A Chip @ 2 GHz\n";
        assert_eq!(value_of(text, "model name", ':').unwrap(), "A Chip @ 2 GHz");
        assert_eq!(value_of(text, "model", ':'), None);
    }
}
