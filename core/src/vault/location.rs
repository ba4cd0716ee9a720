//! Where a vault lies, and the names of the files beside it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::error::VaultError;

/// A vault's place: its file, and by appended endings the files that belong to it.
#[derive(Clone, Eq, PartialEq)]
pub struct VaultLocation(PathBuf);

impl VaultLocation {
    /// The place of a vault; nothing is looked at yet.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// The vault's file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The folder that holds all the vault's files.
    #[must_use]
    pub fn folder(&self) -> &Path {
        match self.0.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        }
    }

    /// The size of the vault's file in bytes.
    ///
    /// # Errors
    ///
    /// [`VaultError::NoVault`], [`VaultError::NoAccess`], [`VaultError::Io`].
    pub fn bytes(&self) -> Result<u64, VaultError> {
        Ok(std::fs::metadata(&self.0)?.len())
    }

    /// SQLite's write-ahead log.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.beside("-wal")
    }

    /// The file that says by locks who has the vault open.
    #[must_use]
    pub fn lock(&self) -> PathBuf {
        self.beside(".lock")
    }

    /// The file whose lock says who makes a snapshot. Nobody opens it as a database: on Apple's systems and the BSDs a lock of this
    /// kind and those of SQLite are in each other's way.
    pub(super) fn snapshot_lock(&self) -> PathBuf {
        self.beside(".lock-snap")
    }

    /// Where a new vault is built before it gets its name.
    #[must_use]
    pub fn under_construction(&self) -> PathBuf {
        self.beside(".new")
    }

    /// The file's name with `ending` appended.
    pub(super) fn beside(&self, ending: &str) -> PathBuf {
        let mut name = OsString::from(self.0.as_os_str());
        name.push(ending);
        PathBuf::from(name)
    }
}

impl std::fmt::Debug for VaultLocation {
    /// A path names its owner, so it is not shown.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("VaultLocation([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn siblings_keep_the_whole_name() {
        let place = VaultLocation::new(Path::new("/a/b?c%20.vault"));
        assert_eq!(place.log(), Path::new("/a/b?c%20.vault-wal"));
        assert_eq!(place.lock(), Path::new("/a/b?c%20.vault.lock"));
        assert_eq!(place.folder(), Path::new("/a"));
        assert_eq!(VaultLocation::new(Path::new("v")).folder(), Path::new("."));
    }
}
