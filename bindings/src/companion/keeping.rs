//! Keeping the vault: its ways to unlock, its key, its snapshots, and how it stands.

use std::path::PathBuf;
use std::sync::Arc;

use countersign_core::companion as core;
use countersign_core::entropy::SystemEntropy;
use countersign_core::secret::Secret;
use countersign_core::time::UnixSeconds;
use countersign_core::vault::{
    self, Damaged, Findings, KdfParams, LastWay, NewPassword, RecordId, Rotated, SlotInfo,
    SlotKind, Vault, VaultError,
};

use super::{Companion, Lockings};
use crate::errors::CountersignError;
use crate::ports::platform_key::{PlatformKey, bytes_of};
use crate::reading::recovery_code::RecoveryCode;
use crate::values::names::FilePath;

/// A copy of the vault beside it.
#[derive(Clone, Debug, uniffi::Record)]
pub struct SnapshotInfo {
    /// Its file.
    pub path: FilePath,
    /// When it was made, by the clock of then.
    pub taken_at: UnixSeconds,
    /// The change that it holds last: more is newer.
    pub generation: u64,
    /// Its size in bytes.
    pub bytes: u64,
}

impl From<&vault::Snapshot> for SnapshotInfo {
    fn from(snapshot: &vault::Snapshot) -> Self {
        Self {
            path: snapshot.path().to_owned(),
            taken_at: snapshot.taken_at,
            generation: snapshot.generation,
            bytes: snapshot.bytes,
        }
    }
}

/// How a vault stands.
#[derive(Clone, Debug, uniffi::Record)]
pub struct VaultStatus {
    /// The file's format.
    pub format: u32,
    /// The number of its last change.
    pub generation: u64,
    /// When that was, by the clock of whoever made it.
    pub last_change_at: UnixSeconds,
    /// How often its key was renewed, from 1.
    pub epoch: u32,
    /// The vault's file in bytes, its log not counted.
    pub bytes: u64,
    /// Accounts that can be read, those in the trash apart.
    pub account_count: u32,
    /// Accounts in the trash.
    pub trashed_count: u32,
    /// All records of the list, tags and the slots' own included.
    pub record_count: u32,
    /// The ways to unlock.
    pub slots: Vec<SlotInfo>,
    /// Snapshots beside the vault, the newest first.
    pub snapshots: Vec<SnapshotInfo>,
    /// What was set aside because it was damaged.
    pub damaged_copies: Vec<FilePath>,
    /// Whether copies that open with old secrets, or hold what was deleted, are still there.
    pub cleanup_due: bool,
    /// Whether nothing can be written here.
    pub is_read_only: bool,
    /// What the check against the sealed list found.
    pub findings: Findings,
    /// Why nothing is written until the findings are accepted; none when that need not be.
    pub write_error: Option<vault::VaultError>,
    /// Why a vault of an earlier format was not brought along, so that nothing is written; none when it was, or need not be.
    pub unmigrated: Option<vault::VaultError>,
}

impl VaultStatus {
    fn of(status: core::VaultStatus, unmigrated: Option<vault::VaultError>) -> Self {
        let core::VaultStatus {
            format,
            generation,
            last_change_at,
            epoch,
            bytes,
            account_count,
            trashed_count,
            record_count,
            slots,
            snapshots,
            damaged_copies,
            cleanup_due,
            is_read_only,
            findings,
        } = status;
        let damaged_copies: Vec<PathBuf> = damaged_copies;
        Self {
            format,
            generation,
            last_change_at,
            epoch,
            bytes,
            account_count,
            trashed_count,
            record_count,
            slots,
            snapshots: snapshots.iter().map(SnapshotInfo::from).collect(),
            damaged_copies,
            cleanup_due,
            is_read_only,
            write_error: findings.write_error(),
            unmigrated,
            findings,
        }
    }
}

impl Companion {
    /// Derives a new password's key for the open vault, with nothing of it held meanwhile, where it can be set now.
    fn derived(
        &self,
        password: &[u8],
        kdf: Option<KdfParams>,
        begin: impl FnOnce(&Vault) -> Result<(), VaultError>,
    ) -> Result<(NewPassword, Lockings), CountersignError> {
        let since = self.lockings();
        let password = Secret::copy_of(password);
        let kdf = kdf.unwrap_or(KdfParams::DEFAULT);
        let _deriving = self.lock_deriving();
        self.look(|companion| begin(companion.vault()))??;
        let derived = NewPassword::derive(&password, kdf, &SystemEntropy::new())?;
        Ok((derived, since))
    }

    /// Sets it, unless the vault was locked since.
    fn change_since<R>(
        &self,
        (password, since): (NewPassword, Lockings),
        step: impl FnOnce(&mut core::Companion, NewPassword) -> Result<R, VaultError>,
    ) -> Result<R, CountersignError> {
        self.change(|companion| {
            if self.lockings() != since {
                return Err(CountersignError::NotUnlocked);
            }
            Ok(step(companion, password)?)
        })
    }
}

#[uniffi::export]
impl Companion {
    /// How the vault stands.
    ///
    /// # Errors
    ///
    /// `Vault`, `NotUnlocked`, `Closed`.
    pub fn status(&self) -> Result<VaultStatus, CountersignError> {
        let (status, unmigrated) =
            self.look(|companion| (companion.status(), companion.vault().unmigrated()))?;
        Ok(VaultStatus::of(status?, unmigrated))
    }

    /// The ways to unlock.
    ///
    /// # Errors
    ///
    /// `Vault`, `NotUnlocked`, `Closed`.
    pub fn slots(&self) -> Result<Vec<SlotInfo>, CountersignError> {
        Ok(self.look(core::Companion::slots)??)
    }

    /// What the last check of the vault found.
    ///
    /// # Errors
    ///
    /// `NotUnlocked`, `Closed`.
    pub fn findings(&self) -> Result<Findings, CountersignError> {
        self.look(|companion| companion.findings().clone())
    }

    /// Takes over what another process changed; true when there was something.
    ///
    /// # Errors
    ///
    /// `Vault`: `Locked` when the password was changed elsewhere. It is locked then, and is to be unlocked again.
    pub fn refresh(&self) -> Result<bool, CountersignError> {
        let refreshed = self.change(core::Companion::refresh);
        if let Err(CountersignError::Vault {
            fault: VaultError::Locked,
        }) = refreshed
        {
            self.lock()?;
        }
        refreshed
    }

    /// Reads and checks the whole vault again.
    ///
    /// # Errors
    ///
    /// `Vault`, `NotUnlocked`, `Closed`.
    pub fn check(&self) -> Result<Findings, CountersignError> {
        self.change(core::Companion::check)
    }

    /// Accepts the vault as it is found and seals it anew; returns what was accepted.
    ///
    /// # Errors
    ///
    /// `Vault`, `NotUnlocked`, `Closed`.
    #[uniffi::method(default(now = None))]
    pub fn accept(&self, now: Option<UnixSeconds>) -> Result<Findings, CountersignError> {
        let now = self.time(now)?;
        self.change(|companion| companion.accept(now))
    }

    /// Replaces the password; the old one opens no copy of what is written from now on.
    ///
    /// # Errors
    ///
    /// `Vault`: the old password still holds then. `NotUnlocked`, `Closed`.
    #[uniffi::method(default(kdf = None, now = None))]
    pub fn change_password(
        &self,
        new_password: &[u8],
        damaged: Damaged,
        kdf: Option<KdfParams>,
        now: Option<UnixSeconds>,
    ) -> Result<Rotated, CountersignError> {
        let now = self.time(now)?;
        let password = self.derived(new_password, kdf, Vault::begin_change_password)?;
        self.change_since(password, |companion, password| {
            companion.set_password(password, damaged, now)
        })
    }

    /// Adds a password to a vault that has none.
    ///
    /// # Errors
    ///
    /// `Vault`, among them `SlotExists`: nothing was added then. `NotUnlocked`, `Closed`.
    #[uniffi::method(default(kdf = None, now = None))]
    pub fn add_password(
        &self,
        password: &[u8],
        kdf: Option<KdfParams>,
        now: Option<UnixSeconds>,
    ) -> Result<RecordId, CountersignError> {
        let now = self.time(now)?;
        let password = self.derived(password, kdf, Vault::begin_add_password)?;
        self.change_since(password, |companion, password| {
            companion.put_password(password, now)
        })
    }

    /// Adds a recovery code, which the person has stored already, to a vault that has none.
    ///
    /// # Errors
    ///
    /// As `add_password`.
    #[uniffi::method(default(now = None))]
    pub fn add_recovery_code(
        &self,
        code: &RecoveryCode,
        now: Option<UnixSeconds>,
    ) -> Result<RecordId, CountersignError> {
        let now = self.time(now)?;
        self.change(|companion| companion.add_recovery_code(code.code(), now))
    }

    /// Sets another recovery code in place of the one there is, and renews the vault's key.
    ///
    /// # Errors
    ///
    /// `Vault`: the old code still holds then. `NotUnlocked`, `Closed`.
    #[uniffi::method(default(now = None))]
    pub fn change_recovery_code(
        &self,
        code: &RecoveryCode,
        damaged: Damaged,
        now: Option<UnixSeconds>,
    ) -> Result<Rotated, CountersignError> {
        let now = self.time(now)?;
        self.change(|companion| companion.change_recovery_code(code.code(), damaged, now))
    }

    /// Adds a key of the platform as a way to unlock; with `SlotKind::Porch` one for what works while the vault is locked. The
    /// platform may ask the person; nothing is held meanwhile.
    ///
    /// # Errors
    ///
    /// `Vault`, among them `PlatformKey`, `TooManySlots` and `SlotExists`; `PortFailed`: nothing was added then.
    pub async fn add_platform_key(
        &self,
        key: Arc<dyn PlatformKey>,
        kind: SlotKind,
    ) -> Result<RecordId, CountersignError> {
        let new = self.change(|companion| companion.begin_platform_key(kind))?;
        // EXPOSE: the platform wraps it.
        let secret = new.secret().expose().to_vec();
        let wrapped = key.wrap(bytes_of(&new.context()), secret).await?;
        let now = self.time(None)?;
        self.change(|companion| companion.finish_platform_key(new, &wrapped, now))
    }

    /// Removes a way to unlock and renews the vault's key.
    ///
    /// # Errors
    ///
    /// `Vault`, among them `LastSlot`: it still opens the vault then. `NotUnlocked`, `Closed`.
    #[uniffi::method(default(now = None))]
    pub fn remove_slot(
        &self,
        id: RecordId,
        last: LastWay,
        damaged: Damaged,
        now: Option<UnixSeconds>,
    ) -> Result<Rotated, CountersignError> {
        let now = self.time(now)?;
        self.change(|companion| companion.remove_slot(id, last, damaged, now))
    }

    /// Renews the vault's key.
    ///
    /// # Errors
    ///
    /// `Vault`: nothing was changed then. `NotUnlocked`, `Closed`.
    #[uniffi::method(default(now = None))]
    pub fn renew_key(
        &self,
        damaged: Damaged,
        now: Option<UnixSeconds>,
    ) -> Result<Rotated, CountersignError> {
        let now = self.time(now)?;
        self.change(|companion| companion.renew_key(damaged, now))
    }

    /// Renews the vault's key after a device was lost: every key of a platform but the one in use is dropped.
    ///
    /// # Errors
    ///
    /// `Vault`: nothing was changed then. `NotUnlocked`, `Closed`.
    #[uniffi::method(default(now = None))]
    pub fn forget_other_devices(
        &self,
        last: LastWay,
        damaged: Damaged,
        now: Option<UnixSeconds>,
    ) -> Result<Rotated, CountersignError> {
        let now = self.time(now)?;
        self.change(|companion| companion.forget_other_devices(last, damaged, now))
    }

    /// Makes a snapshot when something changed since the last one, everything is readable and nobody else is making one; true when
    /// it did. Called when a person's work is done.
    ///
    /// # Errors
    ///
    /// `Vault`: earlier snapshots are as they were. `NotUnlocked`, `Closed`.
    #[uniffi::method(default(now = None))]
    pub fn snapshot(&self, now: Option<UnixSeconds>) -> Result<bool, CountersignError> {
        let now = self.time(now)?;
        self.change(|companion| companion.snapshot(now))
    }

    /// Takes over what the porch has got further with, and makes it anew. Each unlock does it; a shell does it before it locks,
    /// where work accounts were added or changed.
    ///
    /// # Errors
    ///
    /// `Vault`: nothing was changed, and the next unlock tries again. `NotUnlocked`, `Closed`.
    #[uniffi::method(default(now = None))]
    pub fn take_over_porch(&self, now: Option<UnixSeconds>) -> Result<(), CountersignError> {
        let now = self.time(now)?;
        self.change(|companion| companion.take_over_porch(now))
    }
}
