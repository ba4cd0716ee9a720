//! Anchors as files, kept as the program for the terminal keeps them: under a lock, by a new file and a rename, without
//! a flush.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use countersign_core::vault::{AnchorStore, VaultId};

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

    fn store(&self, vault: VaultId, anchor: &[u8]) -> io::Result<()> {
        let file = self.file(vault);
        let lock = writable(&file.with_extension("lock"), false)?;
        lock.lock()?;
        let new = file.with_extension("new");
        writable(&new, true)?.write_all(anchor)?;
        fs::rename(new, file)
    }
}

impl AnchorStore for AnchorFolder {
    fn read(&self, vault: VaultId) -> Option<Vec<u8>> {
        fs::read(self.file(vault)).ok()
    }

    fn write(&self, vault: VaultId, anchor: &[u8]) -> bool {
        self.store(vault, anchor).is_ok()
    }
}

fn writable(path: &Path, truncate: bool) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(truncate)
        .open(path)
}
