//! What can go wrong with a vault: the facts of core.

use countersign_core::vault::{PlatformKeyError, VaultError};

/// Why the vault did not do what was asked. Unless a variant says otherwise, nothing was changed.
#[uniffi::remote(Enum)]
pub enum VaultError {
    /// There is no file at the place.
    NoVault,
    /// There is a vault already; it was not touched.
    VaultExists,
    /// Files of an earlier vault lie here without it.
    Leftovers,
    /// The file is something else: a folder, a link, a pipe, a text, another program's database.
    NotAVault,
    /// The file has no bytes.
    EmptyFile,
    /// A newer version of the program made it.
    VaultTooNew {
        /// The file's format.
        found: u32,
        /// The newest format known here.
        known: u32,
    },
    /// No released version made it.
    VaultTooOld {
        /// The file's format.
        found: u32,
    },
    /// Its tables are not those of a vault.
    DamagedSchema,
    /// The write-ahead log is damaged, so that the latest changes would be missing silently.
    DamagedLog,
    /// SQLite cannot read the file.
    DamagedData,
    /// The slot does not hold together.
    DamagedSlot,
    /// The vault has no slot of this kind.
    NoSuchSlot,
    /// The password or recovery code does not open its slot.
    WrongPassword,
    /// Too many wrong tries; nothing was tried now.
    Wait {
        /// Seconds until the next try counts.
        retry_after_s: u64,
    },
    /// A password is UTF-8 text.
    PasswordNotText,
    /// A password has at least one character.
    PasswordEmpty,
    /// Argon2id's parameters are outside what is allowed; nothing was computed.
    KdfOutOfBounds,
    /// A vault without password and recovery code could never be opened.
    NoWayIn,
    /// Somebody changed the vault without its key; it can be read, but not written.
    Tampered,
    /// The file is older than this device's last change.
    RolledBack,
    /// The file went another way than this device's last change.
    Forked,
    /// Somebody else is writing.
    Busy,
    /// The vault's key was changed elsewhere; unlock it again.
    Locked,
    /// The disk is full.
    DiskFull,
    /// The place cannot be written.
    ReadOnly,
    /// The operating system refuses access.
    NoAccess,
    /// Reading or writing failed otherwise.
    Io,
    /// There was no randomness.
    Entropy,
    /// No record has this id.
    NoSuchAccount,
    /// The record's bytes are damaged.
    UnreadableRecord,
    /// The keys have sealed as many bodies as is safe; the vault's key must be renewed first.
    KeyWornOut,
    /// There is a slot of this kind, and a vault has one of it.
    SlotExists,
    /// There are as many slots of this kind as a vault has.
    TooManySlots {
        /// The limit.
        max: u32,
    },
    /// Without this slot nothing but keys of the platform, or nothing at all, would open the vault.
    LastSlot,
    /// The platform's key did not do what was asked.
    PlatformKey(PlatformKeyError),
    /// A wrapped secret is longer than a slot can hold.
    WrappedTooLong,
    /// There is no such snapshot.
    NoSuchSnapshot,
    /// The snapshot is damaged.
    DamagedSnapshot,
    /// The snapshot is from before a change of the vault's key: it opens with an older password.
    SnapshotOlderKey,
    /// Nothing of the vault could be read with this secret.
    NothingRecovered,
    /// The HOTP counter comes from an older file: codes it gives may have been used, and the server may be ahead.
    CounterDoubtful,
    /// Records that cannot be read stand in the way of changing the vault's key.
    UnreadableInTheWay {
        /// How many there are.
        count: u32,
    },
    /// The account has no counter.
    NoCounter,
    /// The counter is at its end, 2^63-1.
    CounterExhausted,
    /// An issuer, account or tag is longer than 1 KiB.
    NameTooLong {
        /// Its length in UTF-8.
        got_bytes: u64,
        /// The limit.
        max_bytes: u64,
    },
    /// A note is longer than 16 KiB.
    NoteTooLong {
        /// Its length in UTF-8.
        got_bytes: u64,
        /// The limit.
        max_bytes: u64,
    },
    /// An account has more than 32 tags.
    TooManyTags {
        /// How many there would be.
        got: u64,
        /// The limit.
        max: u64,
    },
    /// A work account or what is in flight for it is longer than 64 KiB.
    WorkTooLarge {
        /// Its length.
        got_bytes: u64,
        /// The limit.
        max_bytes: u64,
    },
    /// An entry of the history is longer than 64 KiB.
    EntryTooLarge {
        /// Its length.
        got_bytes: u64,
        /// The limit.
        max_bytes: u64,
    },
    /// The porch has kept as many entries for the history as it can.
    PorchFull,
    /// The vault is full: 20,000 records.
    TooManyRecords {
        /// The limit.
        max: u64,
    },
    /// The file or its log is larger than any vault.
    FileTooLarge {
        /// The limit.
        max_bytes: u64,
    },
}

/// Why a platform's key did not do what was asked; with success, the five results there are.
///
/// They are never mixed: a key that is gone and a key that cannot be had now look alike in careless code, and whoever
/// takes the second for the first loses accounts.
#[uniffi::remote(Enum)]
pub enum PlatformKeyError {
    /// The person said no, or went away.
    Cancelled,
    /// Too many failed attempts at the device's own lock; it will open again.
    LockedOut,
    /// The key is gone for good: only this may retire a slot, and never the last one.
    Invalidated,
    /// The key store cannot be reached now; nothing is known about the key.
    NotAvailable,
}
