//! The network: one request of the core is posted, and what came back is given to it as a value.
//!
//! Nothing is followed, kept or retried here. The core says what is sent again, and when.

mod client;
mod host;
mod later;
mod proxy;

#[cfg(test)]
mod tests;

pub(crate) use client::{Came, Http};
