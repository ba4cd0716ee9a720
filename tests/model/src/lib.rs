//! The approval protocol as small state machines, every reachable state of which is checked.
//!
//! Each module is one part of the protocol: both ends, the people at them, and a network that loses, repeats, delays and
//! reorders; either end may be killed between any two steps. Signatures, hashes and numbers are facts of the state, so
//! that nothing here shares a line with the code that it judges. A *fault* is a rule of the protocol that is left out:
//! each one shows that a property can fail, and so what the rule is for.
#![forbid(unsafe_code)]

pub mod answers;
pub mod bits;
pub mod check;
pub mod enrolment;
pub mod moving;
pub mod pair;
pub mod rotation;
