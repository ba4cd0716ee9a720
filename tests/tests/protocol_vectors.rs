//! `tests/vectors/protocol`, every case: what readers get of good messages, and what the others are refused for.
#![forbid(unsafe_code)]
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a case that has not its form fails the test"
)]

#[path = "protocol_vectors/accepted.rs"]
mod accepted;
#[path = "protocol_vectors/derived.rs"]
mod derived;
#[path = "protocol_vectors/flipped.rs"]
mod flipped;
#[path = "protocol_vectors/links.rs"]
mod links;
#[path = "protocol_vectors/page.rs"]
mod page;
#[path = "protocol_vectors/plain.rs"]
mod plain;
#[path = "protocol_vectors/refused.rs"]
mod refused;
