//! The vault as its users and its attackers meet it. Tests open with the recovery slot where the KDF is not
//! what is tested.

mod accepting;
mod attacks;
mod derived;
mod faults;
mod flips;
mod history;
mod life;
mod migrating;
mod newer;
mod opening;
mod pages;
mod planted;
mod porch;
mod porch_history;
mod renewing;
mod restoring;
mod salvaging;
mod slots;
mod snapshots;
mod ways;
mod work;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rusqlite::Connection;
use tempfile::TempDir;

use super::*;
use crate::account::{Account, Name};
use crate::entropy::SystemEntropy;
use crate::otp::{Otp, OtpKind};
use crate::secret::Secret;
use crate::time::UnixSeconds;

const NOW: UnixSeconds = UnixSeconds(1_800_000_000);

/// Anchors in memory: one value is one installation, a clone is the same one.
#[derive(Clone, Default)]
struct Installation(Arc<Mutex<HashMap<VaultId, Vec<u8>>>>);

impl AnchorStore for Installation {
    fn read(&self, vault: VaultId) -> Option<Vec<u8>> {
        self.0.lock().unwrap().get(&vault).cloned()
    }

    fn replace(
        &self,
        vault: VaultId,
        expected: Option<&[u8]>,
        anchor: &[u8],
        _: Flush,
    ) -> StoredAnchor {
        let mut anchors = self.0.lock().unwrap();
        if anchors.get(&vault).map(Vec::as_slice) != expected {
            return StoredAnchor::Changed;
        }
        anchors.insert(vault, anchor.to_vec());
        StoredAnchor::Done
    }
}

/// A folder with a vault that has a recovery slot, and the installation that made it.
struct Place {
    folder: TempDir,
    code: RecoveryCode,
    installation: Installation,
}

impl Place {
    fn new() -> Self {
        let place = Self {
            folder: tempfile::tempdir().unwrap(),
            code: RecoveryCode::generate(&SystemEntropy::new()).unwrap(),
            installation: Installation::default(),
        };
        let setup = NewVault {
            password: None,
            recovery: Some(&place.code),
            kdf: KdfParams::DEFAULT,
        };
        drop(place.create(&setup).unwrap());
        place
    }

    /// With a password slot too.
    fn with_password(password: &[u8]) -> Self {
        let place = Self {
            folder: tempfile::tempdir().unwrap(),
            code: RecoveryCode::generate(&SystemEntropy::new()).unwrap(),
            installation: Installation::default(),
        };
        let password = Secret::copy_of(password);
        let setup = NewVault {
            password: Some(&password),
            recovery: Some(&place.code),
            kdf: KdfParams::DEFAULT,
        };
        drop(place.create(&setup).unwrap());
        place
    }

    /// The same vault and code elsewhere, for an installation of its own.
    fn copy_of(other: &Self) -> Self {
        let code = other.code.format();
        let copy = Self {
            folder: tempfile::tempdir().unwrap(),
            code: RecoveryCode::parse(code.expose()).unwrap(),
            installation: Installation::default(),
        };
        std::fs::copy(other.path(), copy.path()).unwrap();
        copy
    }

    fn create(&self, setup: &NewVault<'_>) -> Result<Vault, VaultError> {
        let anchors = Box::new(self.installation.clone());
        Vault::create(
            &self.location(),
            setup,
            anchors,
            Box::new(SystemEntropy::new()),
            NOW,
        )
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("vault")
    }

    fn location(&self) -> VaultLocation {
        VaultLocation::new(&self.path())
    }

    fn open(&self) -> Result<LockedVault, VaultError> {
        self.open_by(&self.installation)
    }

    fn open_by(&self, installation: &Installation) -> Result<LockedVault, VaultError> {
        let anchors = Box::new(installation.clone());
        LockedVault::open(&self.location(), anchors, Box::new(SystemEntropy::new()))
    }

    fn unlock(&self) -> Vault {
        self.unlock_by(&self.installation)
    }

    fn unlock_by(&self, installation: &Installation) -> Vault {
        let locked = self.open_by(installation).unwrap();
        locked
            .unlock(&Credential::Recovery(&self.code), NOW)
            .unwrap()
    }

    /// A plain connection, as an attacker with the file has it.
    fn attack(&self) -> Connection {
        Connection::open(self.path()).unwrap()
    }

    /// The content of every file in the folder, the log included.
    fn bytes(&self) -> Vec<u8> {
        all_bytes(self.folder.path())
    }
}

fn all_bytes(folder: &Path) -> Vec<u8> {
    let files = std::fs::read_dir(folder).unwrap();
    files
        .flat_map(|file| std::fs::read(file.unwrap().path()).unwrap())
        .collect()
}

fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

fn account(name: &str) -> Account {
    Account {
        issuer: Name::new("Acme"),
        label_issuer: None,
        account: Name::new(name),
        otp: Otp::new(
            Secret::copy_of(format!("key of {name}").as_bytes()),
            OtpKind::TOTP,
        )
        .unwrap(),
    }
}

fn add(vault: &mut Vault, name: &str) -> RecordId {
    let id = RecordId::generate(&SystemEntropy::new()).unwrap();
    store(vault, id, StoredAccount::new(account(name), 0, NOW)).unwrap();
    id
}

fn store(vault: &mut Vault, id: RecordId, stored: StoredAccount) -> Result<(), VaultError> {
    vault.change(NOW, |_, change| {
        change.put(id, Stored::Account(Box::new(stored)));
        Ok(())
    })
}

fn rename(vault: &mut Vault, id: RecordId, name: &str) -> Result<(), VaultError> {
    vault.change(NOW, |vault, change| {
        let mut edited = vault.account(id)?.duplicate();
        edited.account.account = Name::new(name);
        change.put(id, Stored::Account(Box::new(edited)));
        Ok(())
    })
}

fn delete(vault: &mut Vault, id: RecordId) -> Result<(), VaultError> {
    vault.change(NOW, |_, change| {
        change.delete(id);
        Ok(())
    })
}

fn append(vault: &mut Vault, text: &str) {
    let appended = vault.change(NOW, |_, change| {
        change.append(Secret::copy_of(text.as_bytes()));
        Ok(())
    });
    appended.unwrap();
}

/// What stands in the history, in its order, as far as it can be read.
fn entries(vault: &Vault) -> Vec<String> {
    let mut found = vec![];
    let take = |_, link: Link| {
        found.push(match link {
            // EXPOSE: entries of tests.
            Link::Entry(entry) => String::from_utf8(entry.expose().to_vec()).unwrap(),
            Link::Cut { .. } => "cut".to_owned(),
            Link::Lost { count, .. } => format!("lost {count}"),
            Link::PorchLost { count, .. } => format!("porch lost {count}"),
        });
        true
    };
    vault.newest_history(take).unwrap();
    found.reverse();
    found
}

fn names(vault: &Vault) -> Vec<String> {
    let mut names: Vec<String> = vault
        .accounts()
        .map(|(_, stored)| stored.account.account.as_str().to_owned())
        .collect();
    names.sort();
    names
}

fn with_password(place: &Place, password: &[u8]) -> Result<Vault, VaultError> {
    let password = Secret::copy_of(password);
    let locked = place.open().unwrap();
    locked
        .unlock(&Credential::Password(&password), NOW)
        .map_err(|refused| refused.error)
}
