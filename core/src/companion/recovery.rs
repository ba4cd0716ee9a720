//! Recovering a vault: a snapshot in its place, or what can still be read of damaged files. Both work on the vault's
//! place, alone, and leave it locked.

use super::Companion;
use crate::entropy::Entropy;
use crate::time::UnixSeconds;
use crate::vault::{
    AnchorStore, Credential, OlderKey, Restored, Salvage, Snapshot, VaultError, VaultLocation,
    restore,
};

impl Companion {
    /// Puts a snapshot ([`VaultLocation::snapshots`]) in the vault's place, under a new key; what lay there is kept.
    ///
    /// # Errors
    ///
    /// Those of [`crate::vault::restore`]: the vault is as it was.
    pub fn restore_snapshot(
        location: &VaultLocation,
        snapshot: &Snapshot,
        credential: &Credential<'_>,
        older: OlderKey,
        (anchors, entropy): (&dyn AnchorStore, &dyn Entropy),
        now: UnixSeconds,
    ) -> Result<Restored, VaultError> {
        restore(
            location,
            snapshot,
            credential,
            older,
            (anchors, entropy),
            now,
        )
    }

    /// Reads everything that can be read of a vault, whatever has happened to its files; nothing is written before
    /// [`Salvage::apply`].
    ///
    /// # Errors
    ///
    /// Those of [`Salvage::examine`].
    pub fn examine_damaged<'a>(
        location: &'a VaultLocation,
        credential: &Credential<'_>,
        anchors: &'a dyn AnchorStore,
        entropy: &'a dyn Entropy,
    ) -> Result<Salvage<'a>, VaultError> {
        Salvage::examine(location, credential, anchors, entropy)
    }
}
