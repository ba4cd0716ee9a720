//! Snapshots, damaged copies and ways to unlock, as lines and for documents.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use countersign_core::vault::{SlotInfo, SlotKind, Snapshot, VaultError, VaultLocation};
use serde_json::{Value, json};

use crate::dates;
use crate::terminal::shown;

const KIB: u64 = 1024;

/// SQLite's own files beside a copy.
const COMPANIONS: [&str; 3] = ["", "-wal", "-shm"];

/// Bytes as people write them.
pub(super) fn size(bytes: u64) -> String {
    match bytes {
        0..KIB => format!("{bytes} bytes"),
        _ if bytes < 10 * KIB * KIB => format!("{} KiB", bytes.div_ceil(KIB)),
        _ => format!("{} MiB", bytes.div_ceil(KIB * KIB)),
    }
}

/// A number of accounts in words.
pub(super) fn accounts(count: u32) -> String {
    match count {
        1 => "1 account".to_owned(),
        count => format!("{count} accounts"),
    }
}

/// Something that was set aside because it was damaged.
pub(super) struct DamagedCopy {
    /// Its file.
    pub(super) path: PathBuf,
    /// Its size, with the files that belong to it.
    pub(super) bytes: u64,
}

impl DamagedCopy {
    /// All of a vault's, by name.
    ///
    /// # Errors
    ///
    /// As [`VaultLocation::damaged_copies`].
    pub(super) fn of(location: &VaultLocation) -> Result<Vec<Self>, VaultError> {
        let paths = location.damaged_copies()?.into_iter();
        Ok(paths
            .map(|path| Self {
                bytes: files(&path)
                    .iter()
                    .filter_map(|file| fs::metadata(file).ok())
                    .map(|about| about.len())
                    .sum(),
                path,
            })
            .collect())
    }

    /// Its files that are there.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        files(&self.path)
    }

    /// The same for a document.
    pub(super) fn to_json(&self) -> Value {
        json!({"file": self.path.to_string_lossy(), "bytes": self.bytes})
    }
}

fn files(path: &Path) -> Vec<PathBuf> {
    COMPANIONS
        .iter()
        .map(|ending| {
            let mut name = OsString::from(path.as_os_str());
            name.push(ending);
            PathBuf::from(name)
        })
        .filter(|file| file.symlink_metadata().is_ok())
        .collect()
}

/// A document's list of snapshots.
pub(super) fn snapshots_to_json(snapshots: &[Snapshot]) -> Vec<Value> {
    (1_u64..)
        .zip(snapshots)
        .map(|(number, snapshot)| {
            json!({
                "number": number,
                "taken_at": snapshot.taken_at.0,
                "generation": snapshot.generation,
                "bytes": snapshot.bytes,
                "file": snapshot.path().to_string_lossy(),
            })
        })
        .collect()
}

/// A snapshot with its number, as a line.
pub(super) fn snapshot_line(number: usize, snapshot: &Snapshot) -> String {
    format!(
        "{number:>3}  {} UTC  {:>9}  change {}",
        dates::minute(snapshot.taken_at),
        size(snapshot.bytes),
        snapshot.generation
    )
}

/// A damaged copy as a line.
pub(super) fn damaged_line(copy: &DamagedCopy) -> String {
    format!(
        "     {}  ({})",
        shown(&copy.path.to_string_lossy()),
        size(copy.bytes)
    )
}

/// What a slot's kind is called on the command line and in documents.
pub(super) const fn kind(slot: &SlotInfo) -> &'static str {
    match slot.kind {
        Some(SlotKind::Password) => "password",
        Some(SlotKind::Recovery) => "recovery",
        Some(SlotKind::Platform) => "keyring",
        Some(SlotKind::Porch) => "porch",
        None => "unknown",
    }
}

/// A document's list of ways to unlock.
pub(super) fn slots_to_json(slots: &[SlotInfo]) -> Vec<Value> {
    slots
        .iter()
        .map(|slot| {
            json!({
                "id": slot.id.to_string(),
                "kind": kind(slot),
                "created_at": slot.created_at.map(|at| at.0),
                "last_used_at": slot.last_used_at.map(|at| at.0),
                "kdf": slot.kdf.map(|kdf| json!({
                    "memory_kib": kdf.memory_kib,
                    "passes": kdf.passes,
                    "lanes": kdf.lanes,
                })),
                "in_use": slot.is_in_use,
                "stale": slot.is_stale,
            })
        })
        .collect()
}

/// A way to unlock as a line.
pub(super) fn slot_line(slot: &SlotInfo) -> String {
    let mut line = format!("     {:<8}  {}", kind(slot), slot.id);
    if let Some(at) = slot.created_at {
        line.push_str(&format!("  made {}", dates::day(at)));
    }
    if let Some(at) = slot.last_used_at {
        line.push_str(&format!(", last used {}", dates::day(at)));
    }
    if let Some(kdf) = slot.kdf {
        line.push_str(&format!(
            ", Argon2id {} MiB x {}",
            kdf.memory_kib / 1024,
            kdf.passes
        ));
    }
    if slot.is_stale {
        line.push_str(", renewed at its next use");
    }
    if slot.is_in_use {
        line.push_str(", in use now");
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short() {
        for (bytes, expected) in [
            (0, "0 bytes"),
            (1023, "1023 bytes"),
            (1024, "1 KiB"),
            (90_113, "89 KiB"),
            (20 * 1024 * 1024, "20 MiB"),
        ] {
            assert_eq!(size(bytes), expected);
        }
    }
}
