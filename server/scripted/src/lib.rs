//! A server for tests. It is the verifier over a store in memory, and it does what it is told: its clock is what it was last
//! told, it makes invitations and statements, and for the next requests its network drops, holds, repeats or lies.
//!
//! Rust tests call the methods of [`Server`] on a running [`Scripted`]; others post JSON to `/control/…` of the same address
//! (docs/scripted-server.md). It listens on the loopback alone.
#![forbid(unsafe_code)]

mod clock;
mod control;
mod deed;
mod exchanges;
mod front;
mod lie;
mod pages;
mod scripted;
mod server;
mod slow;

pub use deed::{Deed, Path, Rule};
pub use exchanges::Exchange;
pub use scripted::{Scripted, StartError};
pub use server::{Server, ServerError};
