//! What a check of a vault found.

use countersign_core::vault::{
    BadPlace, ChainFault, Findings, LineageFinding, RecordId, SlotChange, SlotFinding,
};

/// What is wrong with a slot's row.
#[uniffi::remote(Enum)]
pub enum SlotChange {
    /// The row is gone.
    Missing,
    /// Nobody with the open vault made it.
    Added,
    /// It is not the row that was made.
    Changed,
}

/// A slot that is not as it was left.
#[uniffi::remote(Record)]
pub struct SlotFinding {
    /// The slot's id.
    pub id: RecordId,
    /// What is wrong.
    pub change: SlotChange,
}

/// The result of checking a vault. Empty when all is well.
#[uniffi::remote(Record)]
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

/// How the file stands to this device's last change, when not as its descendant.
#[uniffi::remote(Enum)]
pub enum LineageFinding {
    /// The file is older than this device's last change.
    RolledBack,
    /// The file is not older, but does not hold this device's last change.
    Forked,
}

/// What is wrong at a place of the history.
#[uniffi::remote(Enum)]
pub enum ChainFault {
    /// The entry is gone.
    Missing,
    /// The entry is there and cannot be read.
    Unreadable,
    /// The entry is not the one that the rest of the chain hangs on.
    Changed,
    /// Nobody with the open vault wrote the entry.
    Extra,
}

/// The first place of the history that is not as it was written.
#[uniffi::remote(Record)]
pub struct BadPlace {
    /// Its number, counted from 1 over everything ever written.
    pub seq: u64,
    /// What is wrong there.
    pub fault: ChainFault,
}
