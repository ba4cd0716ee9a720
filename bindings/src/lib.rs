//! The core for Kotlin, Swift and Python: objects, values, ports and errors in one namespace, as `docs/adr/0013-bindings.md` says.
// No `forbid(unsafe_code)`: UniFFI writes its scaffolding here, which is unsafe. What stands in these files is not.
#![allow(unsafe_code, reason = "UniFFI's scaffolding lies in this crate")]

#[cfg(feature = "count-allocations")]
pub mod allocated;
#[cfg(not(feature = "count-allocations"))]
mod allocator;
pub mod companion;
pub mod errors;
pub mod ports;
pub mod reading;
pub mod values;

uniffi::setup_scaffolding!("countersign");
