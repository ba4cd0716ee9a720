//! The server's half of the Countersign approval protocol, for anybody's identity provider.
//!
//! A person is one aggregate ([`Person`]). Every message of a device, every call of a page and the passing of time is one
//! [`step::step`] on it: pure, with clock, randomness, keys and rules as arguments. A [`store::Store`] loads and saves
//! persons by version and keeps the events of a change in the same transaction; in a file they are sealed under a key that the
//! program gives (`store::StoreKey`, with the feature `sqlite`). [`Verifier`] joins them.
//!
//! With the feature `http`, the module `http` is the interface over the network, and says what the program that serves it has to
//! limit itself: connections, and how long the head of a request may take.
#![forbid(unsafe_code)]

pub mod address;
pub mod entropy;
pub mod event;
#[cfg(feature = "http")]
pub mod http;
mod kept;
pub mod keys;
pub mod person;
pub mod reply;
pub mod rules;
mod sources;
pub mod step;
pub mod store;
mod verifier;

pub use person::Person;
pub use verifier::{Setup, Verifier, VerifierError};
