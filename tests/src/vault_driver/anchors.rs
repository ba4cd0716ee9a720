//! Anchors as files, kept as the program for the terminal keeps them: compared and stored under a lock, by a new file and
//! a rename, one in a few with a flush.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use countersign_core::vault::{AnchorStore, Flush, StoredAnchor, VaultId};

/// The anchors of one installation, in a folder that exists.
#[derive(Clone, Debug)]
pub struct AnchorFolder(PathBuf);

impl AnchorFolder {
    /// The anchors in a folder.
    #[must_use]
    pub const fn new(folder: PathBuf) -> Self {
        Self(folder)
    }

    fn file(&self, vault: VaultId) -> PathBuf {
        self.0.join(format!("anchor-{vault}"))
    }

    fn store(
        &self,
        vault: VaultId,
        expected: Option<&[u8]>,
        anchor: &[u8],
        flush: Flush,
    ) -> io::Result<StoredAnchor> {
        let file = self.file(vault);
        let lock = writable(&file.with_extension("lock"), false)?;
        lock.lock()?;
        if self.read(vault).as_deref() != expected {
            return Ok(StoredAnchor::Changed);
        }
        let path = file.with_extension("new");
        let mut new = writable(&path, true)?;
        new.write_all(anchor)?;
        if flush == Flush::Now {
            new.sync_all()?;
        }
        fs::rename(path, file)?;
        if flush == Flush::Now {
            File::open(&self.0)?.sync_all()?;
        }
        Ok(StoredAnchor::Done)
    }
}

impl AnchorStore for AnchorFolder {
    fn read(&self, vault: VaultId) -> Option<Vec<u8>> {
        fs::read(self.file(vault)).ok()
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

fn writable(path: &Path, truncate: bool) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(truncate)
        .open(path)
}
