//! The anchors of this installation: one small file a vault and place, outside the vault's own folder.
//!
//! An anchor says how far this installation has seen a vault, so that an old copy put back is noticed.
//! A missing or torn one makes no claim. The vault is written first and the anchor after it, so a
//! late one is harmless: only one in a few is flushed to the disk.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use countersign_core::vault::{AnchorStore, Flush, StoredAnchor, VaultId};
use ring::digest::{SHA256, digest};

/// Nobody else reads an anchor.
const FILE_MODE: u32 = 0o600;
const FOLDER_MODE: u32 = 0o700;
/// The largest anchor that is read; they have less than a hundred bytes.
const ANCHOR_BYTES_MAX: u64 = 4096;
/// Bytes of the path's hash in the file name.
const PATH_HASH_BYTES: usize = 8;

/// Anchors as files in a folder.
pub(crate) struct AnchorFolder {
    folder: Option<PathBuf>,
    path_hash: String,
}

impl AnchorFolder {
    /// The anchors in `folder` for the vault at `vault`; without a folder there are none.
    pub(crate) fn new(folder: Option<PathBuf>, vault: &Path) -> Self {
        // The folder's canonical path and the file's name: the same before the vault exists and after.
        let canonical = vault
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty())
            .map_or_else(|| Path::new(".").canonicalize(), Path::canonicalize)
            .map(|parent| parent.join(vault.file_name().unwrap_or_default()))
            .and_then(|path| path.canonicalize().or(Ok(path)))
            .unwrap_or_else(|_| vault.to_owned());
        let hash = digest(&SHA256, canonical.as_os_str().as_encoded_bytes());
        Self {
            folder,
            path_hash: hash
                .as_ref()
                .iter()
                .take(PATH_HASH_BYTES)
                .map(|byte| format!("{byte:02x}"))
                .collect(),
        }
    }

    fn file(&self, vault: VaultId) -> Option<PathBuf> {
        let name = format!("anchor-{vault}-{}", self.path_hash);
        self.folder.as_ref().map(|folder| folder.join(name))
    }

    fn store(
        &self,
        vault: VaultId,
        expected: Option<&[u8]>,
        anchor: &[u8],
        flush: Flush,
    ) -> io::Result<StoredAnchor> {
        let (Some(folder), Some(file)) = (&self.folder, self.file(vault)) else {
            return Err(io::ErrorKind::NotFound.into());
        };
        DirBuilder::new()
            .recursive(true)
            .mode(FOLDER_MODE)
            .create(folder)?;
        let lock = private(&file.with_extension("lock"), false)?;
        lock.lock()?;
        if self.read(vault).as_deref() != expected {
            return Ok(StoredAnchor::Changed);
        }
        let path = file.with_extension("new");
        let mut new = private(&path, true)?;
        new.write_all(anchor)?;
        if flush == Flush::Now {
            new.sync_all()?;
        }
        fs::rename(path, file)?;
        if flush == Flush::Now {
            File::open(folder)?.sync_all()?;
        }
        Ok(StoredAnchor::Done)
    }
}

impl AnchorStore for AnchorFolder {
    fn read(&self, vault: VaultId) -> Option<Vec<u8>> {
        let mut anchor = Vec::new();
        File::open(self.file(vault)?)
            .ok()?
            .take(ANCHOR_BYTES_MAX)
            .read_to_end(&mut anchor)
            .ok()?;
        Some(anchor)
    }

    fn replace(
        &self,
        vault: VaultId,
        expected: Option<&[u8]>,
        anchor: &[u8],
        flush: Flush,
    ) -> StoredAnchor {
        let stored = self.store(vault, expected, anchor, flush);
        stored.unwrap_or(StoredAnchor::Failed)
    }
}

/// Opens a file for writing that only its owner can read.
fn private(path: &Path, truncate: bool) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(truncate)
        .mode(FILE_MODE)
        .open(path)
}
