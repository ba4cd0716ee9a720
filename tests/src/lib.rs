//! What the tests of the whole product share: the built program, programs of other people, reproducible
//! chance and the functions that are fuzzed.
#![forbid(unsafe_code)]

pub mod chance;
pub mod fuzz;
pub mod peers;
pub mod program;
pub mod python;
pub mod zbar;
