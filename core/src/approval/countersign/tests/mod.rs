//! The device's half against a server that does as it is told.

mod answering;
mod crowding;
mod enrolling;
mod merging;
pub(crate) mod peer;
pub(crate) mod platform;
mod receiving;
mod refusing;
mod reporting;
