//! Attacks by name.
