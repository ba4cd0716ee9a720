//! Every reachable state of the protocol's models: what holds in all of them, and which rule it rests on.
//!
//! `COUNTERSIGN_LONG=1` adds larger bounds.
#![forbid(unsafe_code)]

mod answers;
mod checker;
mod enrolment;
mod moving;
mod rotation;
mod support;
