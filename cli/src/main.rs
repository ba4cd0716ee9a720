//! The Countersign authenticator for the terminal.
#![forbid(unsafe_code)]

fn main() {}
