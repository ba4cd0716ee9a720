//! Set-up, tests, benches and fuzzing of Countersign: `cargo xtask`.
#![forbid(unsafe_code)]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a task runner's output is what it is for"
)]

mod bench;
mod bindings;
mod cargo_tool;
mod fuzz;
mod options;
mod process;
mod python;
mod rules;
mod setup;
mod steps;
mod timing;

use std::process::ExitCode;

use process::Failure;

/// One command: what is typed, what it does, and the function that does it.
struct Task {
    name: &'static str,
    arguments: &'static str,
    about: &'static str,
    run: fn(&[String]) -> Result<(), Failure>,
}

const TASKS: [Task; 9] = [
    Task {
        name: "test",
        arguments: "[--allow-missing NAME,…] [--long]",
        about: "everything that must hold; installs what is missing first",
        run: steps::test,
    },
    Task {
        name: "fmt",
        arguments: "",
        about: "formats every crate",
        run: steps::format,
    },
    Task {
        name: "lint",
        arguments: "",
        about: "formatting, clippy, documentation and house rules, without running a test",
        run: steps::lint,
    },
    Task {
        name: "rules",
        arguments: "",
        about: "the house rules alone: sizes, names, no unsafe code",
        run: rules::check,
    },
    Task {
        name: "bench",
        arguments: "[--packages]",
        about: "measures against other implementations and writes docs/performance.md",
        run: bench::run,
    },
    Task {
        name: "bindings",
        arguments: "[--test [--allow-missing NAME,…] | --size | --renew | --android | --apple]",
        about: "builds the packages for other languages into target/packages, tests them, holds the library to its budget, writes the snapshots of the interfaces, or builds for phones; installs what that needs",
        run: bindings::run,
    },
    Task {
        name: "fuzz",
        arguments: "TARGET SECONDS",
        about: "feeds one parser with found inputs; installs cargo-fuzz if needed",
        run: fuzz::run,
    },
    Task {
        name: "deny",
        arguments: "",
        about: "licences, sources and advisories of all dependencies; installs cargo-deny if needed",
        run: cargo_tool::deny,
    },
    Task {
        name: "setup",
        arguments: "[--allow-missing NAME,…]",
        about: "installs what the tests need, and nothing else",
        run: setup::run,
    },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((name, rest)) = arguments.split_first() else {
        print_tasks();
        return ExitCode::SUCCESS;
    };
    if matches!(name.as_str(), "help" | "--help" | "-h") {
        print_tasks();
        return ExitCode::SUCCESS;
    }
    let Some(task) = TASKS.iter().find(|task| task.name == name) else {
        eprintln!("There is no task {name:?}.\n");
        print_tasks();
        return ExitCode::from(2);
    };
    match (task.run)(rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("\n{failure}");
            ExitCode::FAILURE
        }
    }
}

fn print_tasks() {
    println!("cargo xtask TASK\n");
    for task in &TASKS {
        let typed = format!("{} {}", task.name, task.arguments);
        println!("  {:<40}{}", typed.trim_end(), task.about);
    }
}
