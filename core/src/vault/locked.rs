//! A vault before it is unlocked, and how a new one is made.

use std::fmt;

use super::anchor::AnchorStore;
use super::derived::DerivedPassword;
use super::error::VaultError;
use super::file;
use super::format::{FORMAT, Realm, RecordId, VaultId};
use super::kdf::derive_secret;
use super::keys::{Key32, key_from};
use super::location::VaultLocation;
use super::meta::load_vault_id;
use super::migrate::migrate;
use super::open::{Parts, Vault};
use super::platform::PlatformContext;
use super::recovery::RecoveryCode;
use super::slot::{SlotKind, SlotRow, load_slots};
use super::unlock::unlocked_content;
use crate::entropy::Entropy;
use crate::secret::Secret;
use crate::time::UnixSeconds;

/// What unlocks a vault.
pub enum Credential<'a> {
    /// The password's UTF-8 bytes as typed.
    Password(&'a Secret),
    /// What was derived of the password apart from the vault ([`LockedVault::begin_password`]).
    Derived(&'a DerivedPassword),
    /// The recovery code.
    Recovery(&'a RecoveryCode),
    /// What a key of the platform unwrapped for one slot ([`LockedVault::platform_slots`]).
    Platform {
        /// The slot.
        slot: RecordId,
        /// Its secret, 32 bytes.
        secret: &'a Secret,
    },
}

impl Credential<'_> {
    /// The kind of slot that this opens.
    #[must_use]
    pub const fn kind(&self) -> SlotKind {
        match self {
            Self::Password(_) | Self::Derived(_) => SlotKind::Password,
            Self::Recovery(_) => SlotKind::Recovery,
            Self::Platform { .. } => SlotKind::Platform,
        }
    }

    /// The one slot that this can open; none when it is not known.
    pub(super) const fn slot(&self) -> Option<RecordId> {
        match self {
            Self::Platform { slot, .. } => Some(*slot),
            Self::Password(_) | Self::Derived(_) | Self::Recovery(_) => None,
        }
    }

    pub(super) fn derive(&self, slot: &SlotRow) -> Result<Key32, VaultError> {
        match self {
            Self::Password(password) => derive_secret(password, &slot.params),
            Self::Derived(derived) => derived.of(slot),
            Self::Recovery(code) => Ok(code.derive_secret()),
            Self::Platform { secret, .. } => {
                // EXPOSE: the slot's keys are derived from it.
                key_from(secret.expose()).ok_or(VaultError::DamagedSlot)
            }
        }
    }
}

impl fmt::Debug for Credential<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Credential::{:?}([redacted])", self.kind())
    }
}

/// A slot whose secret a key of the platform has wrapped.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PlatformSlot {
    /// What the wrapped secret is bound to.
    pub context: PlatformContext,
    /// What the platform's key unwraps.
    pub wrapped: Vec<u8>,
}

/// A vault that is open and locked: its file holds together as far as that shows without a key.
pub struct LockedVault {
    pub(super) parts: Parts,
}

/// An unlocking that did not work, with the vault to try again.
pub struct Refused {
    /// The vault, still locked.
    pub locked: LockedVault,
    /// Why.
    pub error: VaultError,
}

impl fmt::Debug for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Refused({:?})", self.error)
    }
}

impl fmt::Debug for LockedVault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("LockedVault")
    }
}

impl LockedVault {
    /// Opens a vault's file. Nothing but SQLite's own log files is made beside it.
    ///
    /// # Errors
    ///
    /// What is wrong with the file, before any secret is asked for: [`VaultError::NoVault`], [`VaultError::Leftovers`],
    /// [`VaultError::NotAVault`], [`VaultError::EmptyFile`], [`VaultError::VaultTooNew`], [`VaultError::VaultTooOld`],
    /// [`VaultError::DamagedSchema`], [`VaultError::DamagedLog`], [`VaultError::DamagedData`], [`VaultError::ReadOnly`],
    /// [`VaultError::NoAccess`], [`VaultError::Busy`], [`VaultError::Io`]. The file is untouched.
    pub fn open(
        location: &VaultLocation,
        anchors: Box<dyn AnchorStore>,
        entropy: Box<dyn Entropy>,
    ) -> Result<Self, VaultError> {
        let file = file::open(location)?;
        let realm = Realm {
            vault: load_vault_id(&file.db)?,
            format: file.format,
        };
        Ok(Self {
            parts: Parts {
                file,
                realm,
                location: location.clone(),
                anchors,
                entropy,
            },
        })
    }

    pub(super) const fn from_parts(parts: Parts) -> Self {
        Self { parts }
    }

    /// Which vault this is.
    #[must_use]
    pub const fn id(&self) -> VaultId {
        self.parts.realm.vault
    }

    /// Whether the vault has a slot of this kind.
    ///
    /// # Errors
    ///
    /// [`VaultError::DamagedData`], [`VaultError::Io`].
    pub fn has_slot(&self, kind: SlotKind) -> Result<bool, VaultError> {
        Ok(load_slots(&self.parts.file.db)?
            .rows
            .iter()
            .any(|slot| slot.kind == kind.number()))
    }

    /// The slots that a key of the platform opens, each with what it has to unwrap. Nothing is proved about them.
    ///
    /// # Errors
    ///
    /// [`VaultError::DamagedData`], [`VaultError::Io`].
    pub fn platform_slots(&self) -> Result<Vec<PlatformSlot>, VaultError> {
        self.wrapped_slots(SlotKind::Platform)
    }

    pub(super) fn wrapped_slots(&self, kind: SlotKind) -> Result<Vec<PlatformSlot>, VaultError> {
        let rows = load_slots(&self.parts.file.db)?.rows.into_iter();
        let vault = self.id();
        Ok(rows
            .filter(|row| row.kind == kind.number() && row.check_digest(vault).is_ok())
            .map(|row| PlatformSlot {
                context: PlatformContext {
                    vault,
                    slot: row.id,
                },
                wrapped: row.params,
            })
            .collect())
    }

    /// Unlocks with a password, the recovery code or what a platform's key unwrapped. Wrong tries are counted, also across restarts.
    ///
    /// # Errors
    ///
    /// [`VaultError::WrongPassword`], [`VaultError::Wait`], [`VaultError::NoSuchSlot`], [`VaultError::DamagedSlot`],
    /// [`VaultError::KdfOutOfBounds`], [`VaultError::DamagedLog`], [`VaultError::DamagedData`], [`VaultError::Locked`] when the
    /// slot was changed while its key was derived. The vault is given back.
    pub fn unlock(
        mut self,
        credential: &Credential<'_>,
        now: UnixSeconds,
    ) -> Result<Vault, Box<Refused>> {
        match unlocked_content(&self.parts, credential, now) {
            Ok(content) => {
                let is_earlier = self.parts.realm.format < FORMAT;
                if !is_earlier {
                    return Ok(Vault::assemble(self.parts, content, now));
                }
                // What must not be written yet is not migrated yet either; it can be read.
                let in_the_way = match self.parts.file.is_read_only {
                    true => Some(VaultError::ReadOnly),
                    false => content.state.findings.write_error(),
                };
                let (content, unmigrated) = match in_the_way {
                    Some(error) => (content, Some(error)),
                    None => migrate(&mut self.parts, content, now),
                };
                Ok(Vault::of_earlier_format(self.parts, content, unmigrated))
            }
            Err(error) => Err(Box::new(Refused {
                locked: self,
                error,
            })),
        }
    }
}
