//! What an open vault's check against its sealed list found.

use super::anchor::LineageFinding;
use super::chain::BadPlace;
use super::error::VaultError;
use super::format::RecordId;

/// What is wrong with a slot's row.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SlotChange {
    /// The row is gone.
    Missing,
    /// Nobody with the open vault made it.
    Added,
    /// It is not the row that was made.
    Changed,
}

/// A slot that is not as it was left.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SlotFinding {
    /// The slot's id.
    pub id: RecordId,
    /// What is wrong.
    pub change: SlotChange,
}

/// The result of checking a vault. Empty when all is well.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Findings {
    /// Listed records whose bytes are damaged. The others work and the vault can be written.
    pub unreadable: Vec<RecordId>,
    /// Listed records that are gone.
    pub missing: Vec<RecordId>,
    /// Records that nobody with the open vault made.
    pub extra: Vec<RecordId>,
    /// Readable records that are not the listed version.
    pub changed: Vec<RecordId>,
    /// Slots that are not as they were left.
    pub slots: Vec<SlotFinding>,
    /// The sealed list itself (manifest, a bucket, a fixed entry of `meta`) is damaged or was changed.
    pub index: bool,
    /// SQLite's own check of the file failed after an unclean end, although everything that was looked at could be read:
    /// it can be read on, and is to be salvaged before it is written.
    pub structure: bool,
    /// The first place of the history that is not as it was written. Everything else works and may be written.
    pub history: Option<BadPlace>,
    /// How the file stands to this device's last change, when not as its descendant.
    pub lineage: Option<LineageFinding>,
    /// This device has no anchor for the vault, so a rollback would not show. Said once; the next change makes one.
    pub anchor_missing: bool,
}

impl Findings {
    /// Whether the list, a record or a slot was changed by something else.
    #[must_use]
    pub fn is_tampered(&self) -> bool {
        self.index
            || !(self.missing.is_empty()
                && self.extra.is_empty()
                && self.changed.is_empty()
                && self.slots.is_empty())
    }

    /// Why writing must wait for `vault check --accept`; `None` when it need not.
    #[must_use]
    pub fn write_error(&self) -> Option<VaultError> {
        if self.structure {
            return Some(VaultError::DamagedData);
        }
        if self.is_tampered() {
            return Some(VaultError::Tampered);
        }
        match self.lineage {
            Some(LineageFinding::RolledBack) => Some(VaultError::RolledBack),
            Some(LineageFinding::Forked) => Some(VaultError::Forked),
            None => None,
        }
    }

    /// Whether there is nothing to tell.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.write_error().is_none() && self.unreadable.is_empty() && self.history.is_none()
    }
}
