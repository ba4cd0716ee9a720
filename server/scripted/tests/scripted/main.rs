//! The server for tests does what it is told, told by Rust and told over HTTP; and each of its lies is the lie that it says.
#![forbid(unsafe_code)]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what the tests share is test code too: it fails the test that calls it"
)]

mod client;
mod controls;
mod lies;
mod network;
#[allow(dead_code, reason = "the verifier's own tests need more of it")]
#[path = "../../../verifier/tests/verifier/phone.rs"]
mod phone;
mod program;

/// Where a phone of the verifier's tests is that is told no address.
mod world {
    pub(crate) const URL: &str = "https://login.example.org";
}
