//! What the tests of the whole product share: the built program, programs of other people, reproducible
//! chance, faults below a program, and the functions that are fuzzed.
#![forbid(unsafe_code)]

mod building;
pub mod chance;
pub mod faults;
pub mod fuzz;
pub mod messages;
pub mod peers;
pub mod program;
pub mod python;
pub mod vault_driver;
pub mod zbar;
