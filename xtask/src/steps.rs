//! `test`, `lint` and `fmt`: the parts in order.

use std::io::{BufRead, BufReader, IsTerminal};
use std::process::{Command, Stdio};

use crate::bindings;
use crate::options::Options;
use crate::process::{self, Failure, cargo};
use crate::rules;
use crate::setup::{self, Ready};
use crate::timing::Timing;

/// `cargo xtask test`: everything that must hold.
pub(crate) fn test(arguments: &[String]) -> Result<(), Failure> {
    let options = setup::parse(arguments)?;
    let mut timing = Timing::default();
    let ready = timing.part("set-up", || setup::prepare(&options));
    static_parts(&mut timing);
    let counts = timing.part("tests", || {
        ready
            .as_ref()
            .ok_or_else(|| Failure::new("nothing was set up"))
            .and_then(|ready| run_tests(ready, &options))
    });
    timing.part("packages", || bindings::test(&options));
    timing.part("library size", bindings::check_size);
    timing.part("demo", || {
        process::run(cargo().args(["run", "--release", "--locked", "--", "demo", "--yes"]))
    });
    println!("\n{}", timing.table());
    if let Some(counts) = counts {
        println!("{counts}");
    }
    timing.finish()
}

/// `cargo xtask lint`: what can be said without running a test.
pub(crate) fn lint(arguments: &[String]) -> Result<(), Failure> {
    Options::parse(arguments, &[])?;
    let mut timing = Timing::default();
    static_parts(&mut timing);
    println!("\n{}", timing.table());
    timing.finish()
}

/// `cargo xtask fmt`.
pub(crate) fn format(arguments: &[String]) -> Result<(), Failure> {
    Options::parse(arguments, &[])?;
    process::run(cargo().args(["fmt", "--all"]))?;
    process::run(cargo().args(["fmt", "--manifest-path", "fuzz/Cargo.toml"]))
}

fn static_parts(timing: &mut Timing) {
    timing.part("house rules", || rules::check(&[]));
    timing.part("rustfmt", || {
        process::run(cargo().args(["fmt", "--all", "--check"]))?;
        process::run(cargo().args(["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check"]))
    });
    timing.part("clippy", || {
        process::run(cargo().args([
            "clippy",
            "--workspace",
            "--all-targets",
            "--locked",
            "--",
            "--deny",
            "warnings",
        ]))
    });
    timing.part("documentation", || {
        process::run(
            cargo()
                .args(["doc", "--workspace", "--no-deps", "--locked"])
                .env("RUSTDOCFLAGS", "--deny warnings"),
        )
    });
}

/// How many tests passed, failed and were ignored, over all test programs.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct Counts {
    passed: u64,
    failed: u64,
    ignored: u64,
}

impl Counts {
    /// Adds what one line of cargo's output says; other lines say nothing.
    fn add(&mut self, line: &str) {
        let Some((_, summary)) = line.split_once("test result: ") else {
            return;
        };
        let counted = |word: &str| {
            summary
                .split([';', '.'])
                .filter_map(|part| part.trim().strip_suffix(word))
                .find_map(|count| count.trim().parse::<u64>().ok())
                .unwrap_or(0)
        };
        self.passed += counted("passed");
        self.failed += counted("failed");
        self.ignored += counted("ignored");
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "{} passed, {} failed, {} ignored",
            self.passed, self.failed, self.ignored
        )
    }
}

fn run_tests(ready: &Ready, options: &Options) -> Result<Counts, Failure> {
    let mut command = cargo();
    command
        .args(["test", "--workspace", "--locked", "--no-fail-fast"])
        .env("COUNTERSIGN_ALLOW_MISSING", options.allow_missing.join(","));
    if let Some(python) = &ready.python {
        command.env("COUNTERSIGN_PYTHON", python);
    }
    if options.long {
        command.env("COUNTERSIGN_LONG", "1");
    }
    count_while_running(&mut command)
}

/// Runs the tests, shows every line as it comes, and counts.
fn count_while_running(command: &mut Command) -> Result<Counts, Failure> {
    if std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none() {
        command.env("CARGO_TERM_COLOR", "always");
    }
    println!("$ {}", process::spelled(command));
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| Failure::new(format!("cargo could not start: {error}")))?;
    let mut counts = Counts::default();
    if let Some(stdout) = child.stdout.take() {
        // A test may print what is no UTF-8.
        for line in BufReader::new(stdout).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line);
            println!("{line}");
            counts.add(&line);
        }
    }
    match child.wait() {
        Ok(status) if status.success() => Ok(counts),
        Ok(_) => Err(Failure::new(format!("Tests failed: {counts}."))),
        Err(error) => Err(Failure::new(format!("cargo was lost: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_added_up() {
        let mut counts = Counts::default();
        for line in [
            "running 3 tests",
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.10s",
            "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 4 filtered out; finished in 0.10s",
            "test a ... ok",
        ] {
            counts.add(line);
        }
        assert_eq!(counts.to_string(), "15 passed, 2 failed, 1 ignored");
    }

    #[test]
    fn a_failing_program_is_a_failure_with_its_counts() {
        let script = "echo 'test result: FAILED. 1 passed; 1 failed; 0 ignored'; exit 101";
        let failure = count_while_running(Command::new("sh").args(["-c", script])).unwrap_err();
        assert_eq!(
            failure.to_string(),
            "Tests failed: 1 passed, 1 failed, 0 ignored."
        );
    }
}
