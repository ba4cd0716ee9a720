//! A folder with a vault, and how it is made and opened.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use countersign_core::companion::{Companion, LockedCompanion};
use countersign_core::entropy::SystemEntropy;
use countersign_core::secret::Secret;
use countersign_core::time::UnixSeconds;
use countersign_core::vault::{
    AnchorStore, Credential, KdfParams, NewVault, NoAnchor, RecoveryCode, VaultError, VaultLocation,
};
use tempfile::TempDir;

pub(crate) const NOW: UnixSeconds = UnixSeconds(1_800_000_000);
/// A password that NFKC changes: a ligature and a combining mark.
pub(crate) const PASSWORD: &str = "ﬁve Zoe\u{308}s";

/// A folder for a vault with a password and a recovery code.
pub(crate) struct Place {
    folder: TempDir,
    pub(crate) code: RecoveryCode,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            code: RecoveryCode::generate(&SystemEntropy::new()).unwrap(),
        }
    }

    pub(crate) fn vault(&self) -> PathBuf {
        self.folder.path().join("the vault?%20.db")
    }

    pub(crate) fn create(&self) -> Companion {
        let password = Secret::copy_of(PASSWORD.as_bytes());
        let setup = NewVault {
            password: Some(&password),
            recovery: Some(&self.code),
            kdf: KdfParams::DEFAULT,
        };
        let location = VaultLocation::new(&self.vault());
        let (anchors, entropy) = (Box::new(NoAnchor), Box::new(SystemEntropy::new()));
        Companion::create(&location, &setup, anchors, entropy, NOW).unwrap()
    }

    pub(crate) fn unlock(&self, credential: &Credential<'_>) -> Result<Companion, VaultError> {
        self.unlock_by(Box::new(NoAnchor), credential)
    }

    pub(crate) fn unlock_by(
        &self,
        anchors: Box<dyn AnchorStore>,
        credential: &Credential<'_>,
    ) -> Result<Companion, VaultError> {
        let location = VaultLocation::new(&self.vault());
        let locked: LockedCompanion =
            Companion::open(&location, anchors, Box::new(SystemEntropy::new()))?;
        locked.unlock(credential, NOW).map_err(|(_, error)| error)
    }

    /// A file beside the vault's folder, so that the folder holds the vault alone.
    pub(crate) fn write_credential(&self, name: &str, text: &str) -> (TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(name);
        fs::write(&file, format!("{text}\n")).unwrap();
        (folder, file)
    }

    /// Every file of the folder with its bytes.
    pub(crate) fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        files_of(self.folder.path())
    }
}

fn files_of(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect()
}
