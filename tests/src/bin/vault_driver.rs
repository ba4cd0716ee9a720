//! The child of the fault tests: see `countersign_tests::vault_driver`.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    countersign_tests::vault_driver::run(&arguments)
}
