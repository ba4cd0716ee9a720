//! Set-up, tests, benches and fuzzing of Countersign.
#![forbid(unsafe_code)]

fn main() {}
