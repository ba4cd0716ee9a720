//! How a vault stands and what keeping it came to.

use countersign_core::time::UnixSeconds;
use countersign_core::vault::{
    Beyond, Damaged, KdfParams, LastWay, OlderKey, RecordId, Restored, Rotated, SalvageReport,
    Salvaged, SlotInfo, SlotKind,
};

use super::names::FilePath;

/// What Argon2id costs.
#[uniffi::remote(Record)]
pub struct KdfParams {
    /// Memory in KiB: 65,536 to 262,144 (64 to 256 MiB).
    pub memory_kib: u32,
    /// Passes over the memory: 3 to 32 when read, 3 to 16 when made.
    pub passes: u32,
    /// Lanes: 1 to 4.
    pub lanes: u32,
}

/// What opens a slot.
#[uniffi::remote(Enum)]
pub enum SlotKind {
    /// A password, through Argon2id.
    Password,
    /// The recovery code.
    Recovery,
    /// A key of the platform.
    Platform,
    /// What works while the vault is locked: it gets the porch's key, never the vault's.
    Porch,
}

/// A way to unlock, as it is listed.
#[uniffi::remote(Record)]
pub struct SlotInfo {
    /// The slot's id.
    pub id: RecordId,
    /// What opens it; none for a kind that this version does not know.
    pub kind: Option<SlotKind>,
    /// When it was made; none while its record cannot be read.
    pub created_at: Option<UnixSeconds>,
    /// When it last opened the vault, to the hour. Advisory: who can write the file can change it.
    pub last_used_at: Option<UnixSeconds>,
    /// What a password's key derivation costs.
    pub kdf: Option<KdfParams>,
    /// Whether this slot opened the vault now.
    pub is_in_use: bool,
    /// Whether its keys are older than the vault's key: unlocking with it once renews them.
    pub is_stale: bool,
}

/// Whether a vault may be left with keys of the platform alone.
#[uniffi::remote(Enum)]
pub enum LastWay {
    /// A password or a recovery code stays: the rule.
    Keep,
    /// The person has accepted in words that this is a managed device: what is lost with it is enrolled anew.
    ManagedDevice,
}

/// What happens to rows that cannot be read when everything is sealed under a new key.
#[uniffi::remote(Enum)]
pub enum Damaged {
    /// They stand in the way: nothing is changed.
    Refuse,
    /// They are moved to a file of their own, `NAME.damaged-<time>`: the person has consented.
    SetAside,
}

/// What a renewed key left behind.
#[uniffi::remote(Record)]
pub struct Rotated {
    /// How many rows could not be read and were set aside.
    pub set_aside: u32,
    /// The file that has them.
    pub file: Option<FilePath>,
}

/// What to do with a snapshot from before a change of the vault's key.
#[uniffi::remote(Enum)]
pub enum OlderKey {
    /// Refuse, so that the person can be told.
    Refuse,
    /// The person was told that the vault then opens as it did, and wants that.
    Accept,
}

/// What a restore did.
#[uniffi::remote(Record)]
pub struct Restored {
    /// Accounts in the vault now, those in the trash included.
    pub account_count: u32,
    /// When the snapshot was made.
    pub taken_at: UnixSeconds,
    /// Where what lay there before was copied to; none when there was nothing.
    pub set_aside: Option<FilePath>,
}

/// What can be recovered, before anything is written.
#[uniffi::remote(Record)]
pub struct SalvageReport {
    /// Accounts that can be recovered, those in the trash included.
    pub recovered: u32,
    /// Accounts that there were, by the sealed list, else by the newest snapshot; none when neither can be read.
    pub expected: Option<u32>,
    /// Accounts that the list names and that cannot be read.
    pub lost: Vec<RecordId>,
    /// Accounts that can only be read as they were before their last change.
    pub older: Vec<RecordId>,
    /// Accounts of the newest snapshot that are not among the recovered and were not deleted since.
    pub beyond: Vec<RecordId>,
    /// When that snapshot was made; none without one that opens with the same secret.
    pub snapshot_at: Option<UnixSeconds>,
}

/// Whether accounts that only the newest snapshot has are taken from it.
#[uniffi::remote(Enum)]
pub enum Beyond {
    /// They are left out.
    Leave,
    /// They are taken, as they were then.
    Take,
}

/// What a salvage did.
#[uniffi::remote(Record)]
pub struct Salvaged {
    /// Accounts in the vault now, those in the trash included.
    pub account_count: u32,
    /// Of these, accounts that came from the snapshot.
    pub from_snapshot: u32,
    /// Where the damaged files were copied to.
    pub set_aside: Option<FilePath>,
}
