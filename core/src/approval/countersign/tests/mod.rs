//! The device's half against a server that does as it is told.

mod answering;
mod crowding;
mod enrolling;
mod merging;
mod moving;
pub(crate) mod peer;
pub(crate) mod platform;
mod receiving;
mod refusing;
mod reporting;
