//! One function that does nothing, behind the same boundary as the core: its first call, and each further one, cost what UniFFI
//! costs.

uniffi::setup_scaffolding!("empty");

/// Nothing.
#[uniffi::export]
pub fn nothing() {}
