//! The encrypted vault: one SQLite file in which every record is sealed, with a sealed list of all records, so
//! that what is missing, added, changed or older shows. `docs/vault-format.md` describes every byte.
//!
//! A vault is [opened](LockedVault::open) without a secret and [unlocked](LockedVault::unlock) with one. Every
//! write is one transaction. Opening never creates, moves or deletes a vault, a key or a slot.

mod accept;
mod anchor;
mod anchor_folder;
mod anchoring;
mod aside;
mod body;
mod build;
mod chain;
mod changing;
mod create;
mod derived;
mod entries;
mod error;
mod file;
mod findings;
mod flock;
mod format;
mod formats;
mod kdf;
mod keys;
mod load;
mod location;
mod lock;
mod locked;
mod log;
mod manifest;
mod meta;
mod migrate;
mod open;
mod pages;
mod platform;
mod porch;
mod porch_entry;
mod porch_rows;
mod porch_taking;
mod record;
mod recovery;
mod rekey;
mod rescue;
mod restore;
mod rotate;
mod rows;
mod salvage;
mod salvage_rows;
mod schema;
mod seal;
mod slot;
mod slot_changes;
mod slots;
mod snapshots;
mod state;
mod tries;
mod unlock;
mod verify;
mod wal;
mod ways;
mod write;

use crate::encoding::tlv;

pub use anchor::{
    AnchorStore, Flush, LATE_GENERATIONS, LineageFinding, NoAnchor, Stored as StoredAnchor,
};
pub use anchor_folder::AnchorFolder;
pub use anchoring::settled_anchor;
pub use aside::Damaged;
pub use body::{BodyForm, canonical_body};
pub use chain::{BadPlace, ChainFault, ChainHead, ChainReport, ENTRY_BYTES_MAX, Link};
pub use create::NewVault;
pub use derived::{DerivedPassword, NewPassword, PasswordTrial};
pub use error::VaultError;
pub use findings::{Findings, SlotChange, SlotFinding};
pub use format::{APPLICATION_ID, FORMAT, NotAnId, RECORDS_MAX, RecordId, VaultId};
pub use kdf::KdfParams;
pub use location::VaultLocation;
pub use locked::{Credential, LockedVault, PlatformSlot, Refused};
pub use log::HISTORY_ROWS_MAX;
pub use open::Vault;
pub use platform::{PlatformContext, PlatformKey, PlatformKeyError, WRAPPED_BYTES_MAX};
pub use porch::{Porch, PorchChange};
pub use porch_entry::{PORCH_BYTES_MAX, PorchEntry, PorchField};
pub use porch_rows::PORCH_ROWS_MAX;
pub use record::{
    NAME_BYTES_MAX, NOTE_BYTES_MAX, StoredAccount, StoredWork, TAGS_MAX, WORK_BYTES_MAX, WorkKind,
};
pub(crate) use record::{Stored, StoredTag};
pub use recovery::{RecoveryCode, RecoveryCodeError};
pub use rekey::Rotated;
pub use restore::{OlderKey, Restored, restore};
pub use salvage::{Beyond, Salvage, SalvageReport, Salvaged};
pub use slot::SlotKind;
pub use slot_changes::NewPlatformSlot;
pub use snapshots::Snapshot;
pub use ways::{LastWay, SlotInfo};
pub use write::Change;

#[cfg(test)]
mod tests;
