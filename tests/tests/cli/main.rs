//! The program `countersign` as a person or a script runs it. Scenario ids stand in the names of the tests.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::string_slice,
    reason = "what the tests share is test code too: it fails the test that calls it"
)]

mod add;
mod codes;
mod contract;
mod demo;
#[allow(dead_code, reason = "the keyring's own tests need more of it")]
#[path = "../keyring/desktop.rs"]
mod desktop;
mod doctor;
mod images;
mod init;
mod journey;
mod keep;
mod keyring;
mod leaks;
mod live;
mod person;
mod pipes;
mod progress;
mod recover;
mod salvage;
mod scripted_lies;
mod scripted_lost;
mod scripted_site;
mod scripted_standing;
mod scripted_together;
mod scripted_trouble;
mod scripted_waits;
mod slots;
mod status;
mod tamper;
mod terminal;
mod unlock;
mod work;
