//! What can go wrong with a vault. Each value is one fact that a person can act on; none holds text from the vault.

use super::platform::PlatformKeyError;
use crate::entropy::EntropyError;

/// Why the vault did not do what was asked. Unless a variant says otherwise, nothing was changed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum VaultError {
    /// There is no file at the place.
    #[error("there is no vault here; make one with `countersign init`")]
    NoVault,
    /// There is a vault already; it was not touched.
    #[error("there is a vault here already; it was not touched")]
    VaultExists,
    /// Files of an earlier vault lie here without it.
    #[error(
        "parts of an earlier vault lie here (a log, a snapshot or a damaged copy) without the vault itself; \
         move them to a safe place first"
    )]
    Leftovers,
    /// The file is something else: a folder, a link, a pipe, a text, another program's database.
    #[error("this file is not a Countersign vault; it was not touched")]
    NotAVault,
    /// The file has no bytes.
    #[error("the vault's file is empty (0 bytes); put a snapshot or a copy in its place")]
    EmptyFile,
    /// A newer version of the program made it.
    #[error(
        "this vault has format {found}; this program knows {known} at most; use a newer version of the program"
    )]
    VaultTooNew {
        /// The file's format.
        found: u32,
        /// The newest format known here.
        known: u32,
    },
    /// No released version made it.
    #[error("this vault has format {found}, which no release has written")]
    VaultTooOld {
        /// The file's format.
        found: u32,
    },
    /// Its tables are not those of a vault.
    #[error(
        "the vault's tables were changed by something else; nothing was read from them. \
         `countersign vault salvage` recovers the accounts"
    )]
    DamagedSchema,
    /// The write-ahead log is damaged, so that the latest changes would be missing silently.
    #[error(
        "the vault's log (the file that ends in -wal) is damaged: the latest changes would be missing. \
         Nothing was written. `countersign vault salvage` recovers what can be read"
    )]
    DamagedLog,
    /// SQLite cannot read the file.
    #[error(
        "the vault's file is damaged; nothing was written. `countersign vault salvage` recovers what can be read"
    )]
    DamagedData,
    /// The slot does not hold together.
    #[error("this way to unlock is damaged; use another one, such as the recovery code")]
    DamagedSlot,
    /// The vault has no slot of this kind.
    #[error("this vault cannot be unlocked this way; it has no such slot")]
    NoSuchSlot,
    /// The password or recovery code does not open its slot.
    #[error("wrong password or recovery code")]
    WrongPassword,
    /// Too many wrong tries; nothing was tried now.
    #[error("too many wrong tries: wait {retry_after_s} s")]
    Wait {
        /// Seconds until the next try counts.
        retry_after_s: u64,
    },
    /// A password is UTF-8 text.
    #[error("a password is text in UTF-8")]
    PasswordNotText,
    /// A password has at least one character.
    #[error("the password is empty")]
    PasswordEmpty,
    /// Argon2id's parameters are outside what is allowed; nothing was computed.
    #[error("the key derivation's parameters are out of bounds")]
    KdfOutOfBounds,
    /// A vault without password and recovery code could never be opened.
    #[error("a vault needs a password or a recovery code")]
    NoWayIn,
    /// Somebody changed the vault without its key; it can be read, but not written.
    #[error(
        "the vault was changed by something else; codes still work; look at `countersign vault check`"
    )]
    Tampered,
    /// The file is older than this device's last change.
    #[error("the vault is older than this device's last change; look at `countersign vault check`")]
    RolledBack,
    /// The file went another way than this device's last change.
    #[error("the vault does not hold this device's last change; look at `countersign vault check`")]
    Forked,
    /// Somebody else is writing.
    #[error("the vault is busy: another program is writing to it; try again")]
    Busy,
    /// The vault's key was changed elsewhere; unlock it again.
    #[error("the vault was locked by a change of its password elsewhere; unlock it again")]
    Locked,
    /// The disk is full.
    #[error("the disk is full; nothing was changed")]
    DiskFull,
    /// The place cannot be written.
    #[error("the vault cannot be written here: the place is read-only")]
    ReadOnly,
    /// The operating system refuses access.
    #[error("no access to the vault's files or folder")]
    NoAccess,
    /// Reading or writing failed otherwise.
    #[error("the disk or file system failed")]
    Io,
    /// There was no randomness.
    #[error("the system gave no randomness; nothing was changed")]
    Entropy,
    /// No record has this id.
    #[error("there is no such account")]
    NoSuchAccount,
    /// The record's bytes are damaged.
    #[error("this account's record is damaged and cannot be read; the others are not affected")]
    UnreadableRecord,
    /// The keys have sealed as many bodies as is safe; the vault's key must be renewed first.
    #[error(
        "the vault's key was used as often as is safe; renew it with `countersign vault rotate`"
    )]
    KeyWornOut,
    /// There is a slot of this kind, and a vault has one of it.
    #[error("there is one already, and a vault has one; change or remove it")]
    SlotExists,
    /// There are as many slots of this kind as a vault has.
    #[error("a vault has at most {max} ways to unlock of this kind")]
    TooManySlots {
        /// The limit.
        max: u32,
    },
    /// Without this slot nothing but keys of the platform, or nothing at all, would open the vault.
    #[error(
        "this is the last way to unlock that does not depend on this device; \
         set a password or a recovery code first"
    )]
    LastSlot,
    /// The platform's key did not do what was asked.
    #[error(transparent)]
    PlatformKey(#[from] PlatformKeyError),
    /// A wrapped secret is longer than a slot can hold.
    #[error("the platform's key gave more bytes than a vault can keep")]
    WrappedTooLong,
    /// There is no such snapshot.
    #[error("there is no such snapshot; see `countersign vault snapshots`")]
    NoSuchSnapshot,
    /// The snapshot is damaged.
    #[error("this snapshot is damaged; nothing was changed; try another one")]
    DamagedSnapshot,
    /// The snapshot is from before a change of the vault's key: it opens with an older password.
    #[error(
        "this snapshot is from before the last change of the password or of the ways to unlock: \
         the vault would open as it did then. Say that you want that"
    )]
    SnapshotOlderKey,
    /// Nothing of the vault could be read with this secret.
    #[error("nothing could be recovered from the vault's files; nothing was changed")]
    NothingRecovered,
    /// The HOTP counter comes from an older file: codes it gives may have been used, and the server may be ahead.
    #[error(
        "this account's counter comes from an older copy of the vault: the next code may have been used already. \
         Say that you want to go on"
    )]
    CounterDoubtful,
    /// Records that cannot be read stand in the way of changing the vault's key.
    #[error("{count} damaged records cannot be sealed anew; nothing was changed")]
    UnreadableInTheWay {
        /// How many there are.
        count: u32,
    },
    /// The account has no counter.
    #[error("only a counter-based account has a next code; this one's codes change with the time")]
    NoCounter,
    /// The counter is at its end, 2^63-1.
    #[error("the account's counter is at its end")]
    CounterExhausted,
    /// An issuer, account or tag is longer than 1 KiB.
    #[error("a name has at most {max_bytes} bytes, this has {got_bytes}")]
    NameTooLong {
        /// Its length in UTF-8.
        got_bytes: u64,
        /// The limit.
        max_bytes: u64,
    },
    /// A note is longer than 16 KiB.
    #[error("a note has at most {max_bytes} bytes, this has {got_bytes}")]
    NoteTooLong {
        /// Its length in UTF-8.
        got_bytes: u64,
        /// The limit.
        max_bytes: u64,
    },
    /// An account has more than 32 tags.
    #[error("an account has at most {max} tags, this would have {got}")]
    TooManyTags {
        /// How many there would be.
        got: u64,
        /// The limit.
        max: u64,
    },
    /// A work account or what is in flight for it is longer than 64 KiB.
    #[error("what is kept for a work account has at most {max_bytes} bytes, this has {got_bytes}")]
    WorkTooLarge {
        /// Its length.
        got_bytes: u64,
        /// The limit.
        max_bytes: u64,
    },
    /// An entry of the history is longer than 64 KiB.
    #[error("an entry of the history has at most {max_bytes} bytes, this has {got_bytes}")]
    EntryTooLarge {
        /// Its length.
        got_bytes: u64,
        /// The limit.
        max_bytes: u64,
    },
    /// The porch has kept as many entries for the history as it can.
    #[error("the locked vault has kept as much for the history as it can; unlock it")]
    PorchFull,
    /// The vault is full: 20,000 records.
    #[error("a vault holds at most {max} records")]
    TooManyRecords {
        /// The limit.
        max: u64,
    },
    /// The file or its log is larger than any vault.
    #[error("the vault's file or log is larger than any vault; at most {max_bytes} bytes are read")]
    FileTooLarge {
        /// The limit.
        max_bytes: u64,
    },
}

impl VaultError {
    /// The error's name in documents for programs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoVault => "no_vault",
            Self::VaultExists => "vault_exists",
            Self::Leftovers => "leftovers",
            Self::NotAVault => "not_a_vault",
            Self::EmptyFile => "empty_file",
            Self::VaultTooNew { .. } => "vault_too_new",
            Self::VaultTooOld { .. } => "vault_too_old",
            Self::DamagedSchema => "damaged_schema",
            Self::DamagedLog => "damaged_log",
            Self::DamagedData => "damaged_data",
            Self::DamagedSlot => "damaged_slot",
            Self::NoSuchSlot => "no_such_slot",
            Self::WrongPassword => "wrong_password",
            Self::Wait { .. } => "wait",
            Self::PasswordNotText => "password_not_text",
            Self::PasswordEmpty => "password_empty",
            Self::KdfOutOfBounds => "kdf_out_of_bounds",
            Self::NoWayIn => "no_way_in",
            Self::Tampered => "tampered",
            Self::RolledBack => "rolled_back",
            Self::Forked => "forked",
            Self::Busy => "busy",
            Self::Locked => "locked",
            Self::DiskFull => "disk_full",
            Self::ReadOnly => "read_only",
            Self::NoAccess => "no_access",
            Self::Io => "io",
            Self::Entropy => "entropy",
            Self::NoSuchAccount => "no_such_account",
            Self::UnreadableRecord => "unreadable_record",
            Self::KeyWornOut => "key_worn_out",
            Self::SlotExists => "slot_exists",
            Self::TooManySlots { .. } => "too_many_slots",
            Self::LastSlot => "last_slot",
            Self::PlatformKey(PlatformKeyError::Cancelled) => "platform_key_cancelled",
            Self::PlatformKey(PlatformKeyError::LockedOut) => "platform_key_locked_out",
            Self::PlatformKey(PlatformKeyError::Invalidated) => "platform_key_invalidated",
            Self::PlatformKey(PlatformKeyError::NotAvailable) => "platform_key_not_available",
            Self::WrappedTooLong => "wrapped_too_long",
            Self::NoSuchSnapshot => "no_such_snapshot",
            Self::DamagedSnapshot => "damaged_snapshot",
            Self::SnapshotOlderKey => "snapshot_older_key",
            Self::NothingRecovered => "nothing_recovered",
            Self::CounterDoubtful => "counter_doubtful",
            Self::UnreadableInTheWay { .. } => "unreadable_in_the_way",
            Self::NoCounter => "no_counter",
            Self::CounterExhausted => "counter_exhausted",
            Self::NameTooLong { .. } => "name_too_long",
            Self::NoteTooLong { .. } => "note_too_long",
            Self::TooManyTags { .. } => "too_many_tags",
            Self::WorkTooLarge { .. } => "work_too_large",
            Self::EntryTooLarge { .. } => "entry_too_large",
            Self::PorchFull => "porch_full",
            Self::TooManyRecords { .. } => "too_many_records",
            Self::FileTooLarge { .. } => "file_too_large",
        }
    }

    /// Seconds to wait before the next try, where the error is about that.
    #[must_use]
    pub const fn retry_after_s(self) -> Option<u64> {
        match self {
            Self::Wait { retry_after_s } => Some(retry_after_s),
            _ => None,
        }
    }
}

impl From<EntropyError> for VaultError {
    fn from(_: EntropyError) -> Self {
        Self::Entropy
    }
}

impl From<rusqlite::Error> for VaultError {
    /// Keeps the fact and drops SQLite's words.
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode;
        let rusqlite::Error::SqliteFailure(failure, _) = error else {
            // A column of another type or a missing row: the schema forbids both.
            return Self::DamagedData;
        };
        // The log's index cannot grow on a full disk.
        if failure.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE {
            return Self::DiskFull;
        }
        match failure.code {
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Self::Busy,
            ErrorCode::DiskFull => Self::DiskFull,
            ErrorCode::ReadOnly => Self::ReadOnly,
            ErrorCode::PermissionDenied
            | ErrorCode::CannotOpen
            | ErrorCode::AuthorizationForStatementDenied => Self::NoAccess,
            ErrorCode::DatabaseCorrupt
            | ErrorCode::ConstraintViolation
            | ErrorCode::TypeMismatch
            | ErrorCode::TooBig => Self::DamagedData,
            ErrorCode::NotADatabase => Self::NotAVault,
            _ => Self::Io,
        }
    }
}

impl From<std::io::Error> for VaultError {
    /// Keeps the fact and drops the path.
    fn from(error: std::io::Error) -> Self {
        use std::io::ErrorKind;
        match error.kind() {
            ErrorKind::NotFound => Self::NoVault,
            ErrorKind::PermissionDenied => Self::NoAccess,
            ErrorKind::AlreadyExists => Self::VaultExists,
            ErrorKind::ReadOnlyFilesystem => Self::ReadOnly,
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::DiskFull,
            _ => Self::Io,
        }
    }
}

#[cfg(test)]
mod tests;
