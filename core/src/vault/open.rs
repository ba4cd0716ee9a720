//! An unlocked vault.

use std::fmt;

use super::anchor::{Anchor, AnchorStore};
use super::aside::Damaged;
use super::create::{NewVault, create};
use super::error::VaultError;
use super::file::{self, OpenFile};
use super::findings::Findings;
use super::format::{Realm, RecordId, VaultId};
use super::keys::{SealingKeys, VaultKey};
use super::location::VaultLocation;
use super::locked::LockedVault;
use super::record::{StoredAccount, StoredTag, StoredWork};
use super::slots::SlotSecret;
use super::state::State;
use super::unlock::Content;
use super::write::{SEALINGS_TIRED, Sealer};
use crate::account::Name;
use crate::entropy::Entropy;
use crate::time::UnixSeconds;

/// What a vault has whether it is locked or not.
pub(super) struct Parts {
    pub(super) file: OpenFile,
    pub(super) realm: Realm,
    pub(super) location: VaultLocation,
    pub(super) anchors: Box<dyn AnchorStore>,
    pub(super) entropy: Box<dyn Entropy>,
}

/// An unlocked vault: its keys, and everything it holds, checked.
pub struct Vault {
    pub(super) parts: Parts,
    pub(super) key: VaultKey,
    pub(super) keys: SealingKeys,
    pub(super) state: State,
    /// This installation's branch and last known generation, once it has one.
    pub(super) anchor: Option<Anchor>,
    /// What opened the vault; none once that way was removed.
    pub(super) opened_by: Option<SlotSecret>,
    /// How the vault stands to the present format.
    pub(super) format: FormatState,
}

/// How an open vault stands to the present format.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum FormatState {
    /// It has it.
    Present,
    /// It was migrated now: the copy from before stays until a later unlock.
    Migrated,
    /// It has an earlier one, for this reason: it can be read, and accepted, but not written.
    Earlier(VaultError),
}

impl fmt::Debug for Vault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Vault")
            .field("findings", &self.state.findings)
            .finish_non_exhaustive()
    }
}

impl Vault {
    /// Makes a vault where there is none and leaves it unlocked. The recovery code must be stored by the person before.
    ///
    /// # Errors
    ///
    /// [`VaultError::NoWayIn`] without password and code, [`VaultError::VaultExists`], [`VaultError::Leftovers`],
    /// [`VaultError::KdfOutOfBounds`], [`VaultError::PasswordEmpty`], [`VaultError::PasswordNotText`],
    /// [`VaultError::Entropy`], [`VaultError::DiskFull`], [`VaultError::NoAccess`], [`VaultError::ReadOnly`],
    /// [`VaultError::Busy`], [`VaultError::Io`]: no vault was made, and nothing that was there was touched.
    pub fn create(
        location: &VaultLocation,
        setup: &NewVault<'_>,
        anchors: Box<dyn AnchorStore>,
        entropy: Box<dyn Entropy>,
        now: UnixSeconds,
    ) -> Result<Self, VaultError> {
        if setup.password.is_none() && setup.recovery.is_none() {
            return Err(VaultError::NoWayIn);
        }
        create(location, setup, anchors, entropy, now)
    }

    pub(super) fn assemble(parts: Parts, content: Content, now: UnixSeconds) -> Self {
        let Content {
            key,
            keys,
            state,
            anchor,
            opened_by,
        } = content;
        let mut vault = Self {
            parts,
            key,
            keys,
            state,
            anchor,
            opened_by: Some(opened_by),
            format: FormatState::Present,
        };
        if vault.state.findings.write_error().is_none() && !vault.parts.file.is_read_only {
            // Housekeeping that the next unlock tries again: it never keeps the person out.
            let _ = file::allow_checkpoints(&vault.parts.file.db);
            let _ = file::checkpoint_at_once(&vault.parts.file.db);
            let _ = vault.renew_opened_slot(now);
            let _ = vault.clean_up(now);
            if vault.state.manifest.sealings >= SEALINGS_TIRED {
                let _ = vault.renew_key(Damaged::Refuse, now);
            }
        }
        vault
    }

    /// A vault of an earlier format, migrated now or not.
    pub(super) fn of_earlier_format(
        parts: Parts,
        content: Content,
        unmigrated: Option<VaultError>,
    ) -> Self {
        Self {
            parts,
            key: content.key,
            keys: content.keys,
            state: content.state,
            anchor: content.anchor,
            opened_by: Some(content.opened_by),
            format: unmigrated.map_or(FormatState::Migrated, FormatState::Earlier),
        }
    }

    /// Why the vault still has an earlier format, in which it can be read and not written; none when it has the present one.
    #[must_use]
    pub const fn unmigrated(&self) -> Option<VaultError> {
        match self.format {
            FormatState::Earlier(error) => Some(error),
            FormatState::Present | FormatState::Migrated => None,
        }
    }

    /// Which vault this is.
    #[must_use]
    pub const fn id(&self) -> VaultId {
        self.parts.realm.vault
    }

    /// What the last check found.
    #[must_use]
    pub const fn findings(&self) -> &Findings {
        &self.state.findings
    }

    /// Where the vault lies.
    #[must_use]
    pub const fn location(&self) -> &VaultLocation {
        &self.parts.location
    }

    /// The format of the file.
    #[must_use]
    pub const fn format(&self) -> u32 {
        self.parts.realm.format
    }

    /// The number of the last change.
    #[must_use]
    pub const fn generation(&self) -> u64 {
        self.state.version.generation
    }

    /// Which vault key it is, from 1.
    #[must_use]
    pub const fn epoch(&self) -> u32 {
        self.key.epoch
    }

    /// Records in the sealed list, of every kind.
    #[must_use]
    pub fn record_count(&self) -> usize {
        self.state.entries.len()
    }

    /// Whether copies are still to be deleted that open with old secrets or hold what was deleted.
    #[must_use]
    pub const fn is_cleanup_due(&self) -> bool {
        self.state.manifest.cleanup_due
    }

    /// Whether nothing can be written here.
    #[must_use]
    pub const fn is_read_only(&self) -> bool {
        self.parts.file.is_read_only
    }

    /// The time of the last change, by the clock of whoever made it; 0 where the list cannot be read.
    #[must_use]
    pub const fn last_change_at(&self) -> UnixSeconds {
        self.state.manifest.wall_clock
    }

    /// All accounts, those in the trash included, in the order of their ids.
    pub fn accounts(&self) -> impl Iterator<Item = (RecordId, &StoredAccount)> {
        self.state.accounts()
    }

    /// One account.
    ///
    /// # Errors
    ///
    /// [`VaultError::NoSuchAccount`], [`VaultError::UnreadableRecord`].
    pub fn account(&self, id: RecordId) -> Result<&StoredAccount, VaultError> {
        self.state.account(id)
    }

    /// All records of approvals, in the order of their ids.
    pub fn work(&self) -> impl Iterator<Item = (RecordId, &StoredWork)> {
        self.state.work()
    }

    /// One record of approvals.
    ///
    /// # Errors
    ///
    /// [`VaultError::NoSuchAccount`], [`VaultError::UnreadableRecord`].
    pub fn work_record(&self, id: RecordId) -> Result<&StoredWork, VaultError> {
        self.state.work_record(id)
    }

    pub(crate) fn tags(&self) -> impl Iterator<Item = (RecordId, &StoredTag)> {
        self.state.tags()
    }

    pub(crate) fn tag(&self, id: RecordId) -> Option<&Name> {
        self.state.tag(id)
    }

    #[cfg(test)]
    pub(super) fn set_busy_timeout_ms(&self, milliseconds: u64) {
        let timeout = std::time::Duration::from_millis(milliseconds);
        self.parts.file.db.busy_timeout(timeout).unwrap();
    }

    pub(crate) fn entropy(&self) -> &dyn Entropy {
        self.parts.entropy.as_ref()
    }

    /// Forgets every key and everything derived; the file stays open and can be unlocked again.
    #[must_use]
    pub fn lock(self) -> LockedVault {
        if !self.parts.file.is_read_only && self.state.findings.write_error().is_none() {
            let _ = file::checkpoint(&self.parts.file.db);
        }
        LockedVault::from_parts(self.parts)
    }

    pub(super) fn check_writable(&self) -> Result<(), VaultError> {
        if self.parts.file.is_read_only {
            return Err(VaultError::ReadOnly);
        }
        self.unmigrated().map_or(Ok(()), Err)
    }

    /// Whether copies from before a migration may go: not in the session that made them.
    pub(super) fn may_drop_earlier_formats(&self) -> bool {
        self.format == FormatState::Present
    }

    pub(super) fn sealer(&self) -> Sealer<'_> {
        Sealer {
            realm: self.parts.realm,
            keys: &self.keys,
            epoch: self.key.epoch,
            entropy: self.parts.entropy.as_ref(),
        }
    }
}
