//! Approvals as a person has them: the whole companion with its vault on one side, the server's half with its store on the other.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "what the tests share is test code too: it fails the test that calls it"
)]

mod adding;
mod answering;
mod attacks;
mod device;
mod history;
mod keys;
mod moving;
mod organisation;
mod porch;
mod ringing;
mod server;
mod showing;
