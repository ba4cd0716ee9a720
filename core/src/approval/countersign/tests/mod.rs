//! The device's half against a server that does as it is told.

mod answering;
mod crowding;
mod enrolling;
mod merging;
mod peer;
mod platform;
mod receiving;
mod refusing;
mod reporting;
