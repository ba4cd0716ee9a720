//! The Countersign authenticator for the terminal.
#![forbid(unsafe_code)]

mod args;

use clap::Parser as _;

fn main() {
    let cli = args::Cli::parse();
    drop(cli);
}
