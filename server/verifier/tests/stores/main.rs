//! What every store keeps, and one suite for all of them.
#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a test ends where it is surprised")]

mod requests;
mod seal;
mod sqlite;
mod suite;
mod together;
