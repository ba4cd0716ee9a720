//! The device's half against a server that does as it is told.

mod answering;
mod enrolling;
mod peer;
mod receiving;
mod refusing;
