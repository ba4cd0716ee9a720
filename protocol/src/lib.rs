//! The words of the Countersign approval protocol, version 1: what a device and a server say to each other, and how it
//! is signed. No storage, no sockets, no clock: both halves are built on this crate and know nothing of each other.
#![forbid(unsafe_code)]

mod address;
pub mod base64url;
pub mod bell;
pub mod claims;
pub mod derive;
pub mod digits;
pub mod envelope;
pub mod hash;
pub mod json;
pub mod key;
pub mod kind;
pub mod lines;
pub mod message;
pub mod problem;
pub mod secret;
pub mod signature;
#[cfg(test)]
mod signer;
pub mod signing;
mod stored;
pub mod time;
