//! Work accounts through the program, against a real server on this machine.

mod adding;
mod answering;
mod killed;
mod moving;
mod office;
mod refused;
mod replacing;
mod resuming;
mod screen;
pub(crate) mod together;
mod unreachable;
mod watching;
