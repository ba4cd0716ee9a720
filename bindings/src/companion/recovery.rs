//! Recovering a vault: a snapshot in its place, or what can still be read of damaged files. Both work on the vault's place,
//! alone, and leave it locked.

use std::sync::Arc;

use countersign_core::companion as core;
use countersign_core::entropy::{Entropy, SystemEntropy};
use countersign_core::secret::Secret;
use countersign_core::time::UnixSeconds;
use countersign_core::vault::{
    self, Beyond, OlderKey, RecordId, Restored, SalvageReport, Salvaged, VaultError,
};

use super::keeping::SnapshotInfo;
use super::place::VaultPlace;
use crate::errors::CountersignError;
use crate::ports::Ports;
use crate::reading::recovery_code::RecoveryCode;

/// What opens a damaged vault or a snapshot.
#[derive(uniffi::Enum)]
pub enum Credential {
    /// The password's UTF-8 bytes as typed.
    Password {
        /// The bytes.
        password: Vec<u8>,
    },
    /// The recovery code.
    Recovery {
        /// The code.
        code: Arc<RecoveryCode>,
    },
    /// What a key of the platform unwrapped for one slot.
    Platform {
        /// The slot.
        slot: RecordId,
        /// Its secret, 32 bytes.
        secret: Vec<u8>,
    },
}

impl Credential {
    fn with<R>(self, step: impl FnOnce(&vault::Credential<'_>) -> R) -> R {
        match self {
            Self::Password { password } => {
                step(&vault::Credential::Password(&Secret::new(password)))
            }
            Self::Recovery { code } => step(&vault::Credential::Recovery(code.code())),
            Self::Platform { slot, secret } => {
                let secret = &Secret::new(secret);
                step(&vault::Credential::Platform { slot, secret })
            }
        }
    }
}

/// The snapshots beside a vault, the newest first. Nothing is opened.
///
/// # Errors
///
/// `Vault` with `NoAccess` or `Io`.
#[uniffi::export]
pub fn snapshots(place: VaultPlace) -> Result<Vec<SnapshotInfo>, CountersignError> {
    let found = place.location().snapshots()?;
    Ok(found.iter().map(SnapshotInfo::from).collect())
}

/// Puts a snapshot in the vault's place, under a new key; what lay there is kept. With a password it takes most of a second: not on
/// a thread that draws.
///
/// # Errors
///
/// `Vault`, among them `Busy` while anybody has the vault open, `NoSuchSnapshot`, `DamagedSnapshot`, `SnapshotOlderKey`, and
/// those of unlocking, for the snapshot's own secrets: the vault is as it was.
#[uniffi::export(default(now = None))]
pub fn restore_snapshot(
    place: VaultPlace,
    snapshot: SnapshotInfo,
    credential: Credential,
    older: OlderKey,
    ports: Ports,
    now: Option<UnixSeconds>,
) -> Result<Restored, CountersignError> {
    let now = ports.time(now)?;
    let location = place.location();
    let found = location.snapshots()?;
    let mut found = found.iter().filter(|found| found.path() == snapshot.path);
    let chosen = found.next().ok_or(VaultError::NoSuchSnapshot)?;
    let anchors = place.anchors_alone(ports.anchor);
    let entropy: &dyn Entropy = &SystemEntropy::new();
    let done = credential.with(|credential| {
        let lent = (anchors.as_ref(), entropy);
        core::Companion::restore_snapshot(&location, chosen, credential, older, lent, now)
    })?;
    Ok(done)
}

/// Reads everything that can be read of a vault, whatever has happened to its files. Nothing is written. It takes as long as
/// `restore_snapshot`.
///
/// # Errors
///
/// `Vault`, among them `Busy` while anybody has the vault open, `WrongPassword`, `NothingRecovered`.
#[uniffi::export]
pub fn examine_damaged(
    place: VaultPlace,
    credential: Credential,
    ports: Ports,
) -> Result<SalvageReport, CountersignError> {
    let location = place.location();
    let anchors = place.anchors_alone(ports.anchor);
    let entropy = SystemEntropy::new();
    let report = credential.with(|credential| {
        let salvage =
            core::Companion::examine_damaged(&location, credential, anchors.as_ref(), &entropy)?;
        Ok::<_, VaultError>(salvage.report().clone())
    });
    Ok(report?)
}

/// Copies the damaged files aside and puts what was recovered in the vault's place, under a new key. `shown` is what
/// `examine_damaged` found and the person has seen. It takes as long as that.
///
/// # Errors
///
/// `Changed` when something else would be recovered now; those of `examine_damaged` and of writing: the vault's files are as
/// they were.
#[uniffi::export(default(now = None))]
pub fn salvage(
    place: VaultPlace,
    credential: Credential,
    shown: SalvageReport,
    beyond: Beyond,
    ports: Ports,
    now: Option<UnixSeconds>,
) -> Result<Salvaged, CountersignError> {
    let now = ports.time(now)?;
    let location = place.location();
    let anchors = place.anchors_alone(ports.anchor);
    let entropy = SystemEntropy::new();
    let done = credential.with(|credential| {
        let salvage =
            core::Companion::examine_damaged(&location, credential, anchors.as_ref(), &entropy)?;
        if *salvage.report() != shown {
            return Err(CountersignError::Changed);
        }
        Ok(salvage.apply(beyond, now)?)
    })?;
    Ok(done)
}
