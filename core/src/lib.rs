//! All behaviour of the Countersign authenticator's device.
//!
//! The crate knows no clock, no socket, no log and no user interface: time and randomness are
//! arguments, and what a shell must do is returned as a value. Modules stand on floors and use
//! only the floors below their own (`docs/ARCHITECTURE.md`).
#![forbid(unsafe_code)]

pub mod account;
pub mod approval;
pub mod companion;
pub mod device;
pub mod doctor;
pub mod encoding;
pub mod entropy;
pub mod manual;
pub mod otp;
#[cfg(feature = "qr")]
pub mod qr;
pub mod secret;
pub mod time;
pub mod uri;
pub mod vault;
