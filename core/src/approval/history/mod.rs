//! The history of approvals: what was asked, what the person said and what became of it, with the messages that prove it. The
//! vault keeps its entries sealed and chained; here is what stands in them, how they are verified, and how they leave.
//!
//! No protocol is named here: a message is a label and its text, and whoever knows the protocol checks its signature.

mod entry;
mod export;
mod names;
mod refused;
mod verify;
mod view;

pub use super::evidence::About;
pub use entry::{Entry, Label, Message, NotALabel, NotAnEntry};
pub use export::{AccountKeys, Ending, ExportError, Exported, KeyOfAccount, Scope, Wanted, export};
pub use names::{Decision, Kind, Outcome};
pub use refused::{append_refused, leave_refused};
pub use verify::{BadEntry, EntryFault, NotGenuine, Verified, verify};
pub use view::{Item, ItemKind, newest};

#[cfg(test)]
mod tests;
