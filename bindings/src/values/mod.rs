//! Values of core, mirrored field by field: one that core has more of and the mirror has not stops the build.

mod accounts;
mod disclosure;
mod exchange;
mod findings;
mod history;
pub(crate) mod names;
#[cfg(feature = "qr")]
mod pictures;
mod reading;
mod recovery;
pub mod statements;
mod vault;
mod vault_error;
mod work;
