//! Where a vault lies, where its anchors do, and what unlocking it costs.

use std::path::PathBuf;
use std::sync::Arc;

use countersign_core::companion as core;
use countersign_core::time::UnixSeconds;
use countersign_core::vault::{AnchorFolder, AnchorStore, KdfParams, NoAnchor, VaultLocation};

use crate::errors::CountersignError;
use crate::ports::anchor::{Anchor, PortStore, Shelf, ShelfStore};
use crate::values::names::FilePath;

/// Where a vault lies.
#[derive(Clone, uniffi::Record)]
pub struct VaultPlace {
    /// Its file; others that belong to it lie beside it.
    pub path: FilePath,
    /// A folder for this installation's anchors, where no anchor port is lent. It must not be copied along with the vault.
    /// Without both an older copy of the vault does not show.
    #[uniffi(default = None)]
    pub anchor_folder: Option<FilePath>,
}

impl VaultPlace {
    pub(super) fn location(&self) -> VaultLocation {
        VaultLocation::new(&self.path)
    }

    /// Where core keeps anchors while a companion is there: the shell's port behind a shelf, files, or nowhere.
    pub(super) fn anchors(&self, shelf: Option<&Arc<Shelf>>) -> Box<dyn AnchorStore> {
        match shelf {
            Some(shelf) => Box::new(ShelfStore(Arc::clone(shelf))),
            None => self.files(),
        }
    }

    /// Where core keeps them while there is none: the port itself is asked.
    pub(super) fn anchors_alone(&self, port: Option<Arc<dyn Anchor>>) -> Box<dyn AnchorStore> {
        match port {
            Some(port) => Box::new(PortStore(port)),
            None => self.files(),
        }
    }

    fn files(&self) -> Box<dyn AnchorStore> {
        match &self.anchor_folder {
            Some(folder) => {
                let folder: PathBuf = folder.clone();
                Box::new(AnchorFolder::new(Some(folder), &self.path))
            }
            None => Box::new(NoAnchor),
        }
    }
}

/// Whether a companion last used at `last_used` is to be locked by now. An `auto_lock_s` of 0 locks at once.
#[uniffi::export]
#[must_use]
pub fn is_idle(last_used: UnixSeconds, now: UnixSeconds, auto_lock_s: u32) -> bool {
    core::Companion::is_idle(last_used, now, auto_lock_s)
}

/// Does the work of one derivation with the least parameters, for a shell that measures it, to ask `calibrated_kdf` then: most of a
/// second, not on a thread that draws.
///
/// # Errors
///
/// `Vault` when there is not so much memory.
#[uniffi::export]
pub fn rehearse_kdf() -> Result<(), CountersignError> {
    Ok(KdfParams::rehearse()?)
}

/// The parameters for a device on which `rehearse_kdf` takes so many milliseconds.
#[uniffi::export]
#[must_use]
pub fn calibrated_kdf(floor_ms: u64) -> KdfParams {
    KdfParams::calibrated(floor_ms)
}
