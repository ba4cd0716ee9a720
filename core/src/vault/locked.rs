//! A vault before it is unlocked, and how a new one is made.

use std::fmt;

use rusqlite::{Transaction, TransactionBehavior};
use zeroize::Zeroizing;

use super::anchor::{Anchor, AnchorStore};
use super::error::VaultError;
use super::file::{self, OpenFile};
use super::findings::Findings;
use super::format::VaultId;
use super::kdf::derive_secret;
use super::keys::{SealingKeys, SlotKeys, VaultKey};
use super::location::VaultLocation;
use super::meta::load_vault_id;
use super::open::{Parts, Vault};
use super::recovery::RecoveryCode;
use super::slot::{SlotKind, SlotRow, Slots, load_slots};
use super::slots::SlotSecret;
use super::state::State;
use super::tries;
use super::wal::LogState;
use crate::entropy::Entropy;
use crate::secret::Secret;
use crate::time::UnixSeconds;

/// So many slots of a kind are tried: one is ours, and each costs a key derivation.
const CANDIDATES_MAX: usize = 4;

/// What unlocks a vault.
pub enum Credential<'a> {
    /// The password's UTF-8 bytes as typed.
    Password(&'a Secret),
    /// The recovery code.
    Recovery(&'a RecoveryCode),
}

impl Credential<'_> {
    /// The kind of slot that this opens.
    #[must_use]
    pub const fn kind(&self) -> SlotKind {
        match self {
            Self::Password(_) => SlotKind::Password,
            Self::Recovery(_) => SlotKind::Recovery,
        }
    }

    fn derive(&self, slot: &SlotRow) -> Result<Zeroizing<[u8; 32]>, VaultError> {
        match self {
            Self::Password(password) => derive_secret(password, &slot.params),
            Self::Recovery(code) => Ok(code.derive_secret()),
        }
    }
}

impl fmt::Debug for Credential<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Credential::{:?}([redacted])", self.kind())
    }
}

/// A vault that is open and locked: its file holds together as far as that shows without a key.
pub struct LockedVault {
    parts: Parts,
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
        let vault = load_vault_id(&file.db)?;
        Ok(Self {
            parts: Parts {
                file,
                vault,
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
        self.parts.vault
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

    /// Unlocks with a password or the recovery code. Wrong tries are counted, also across restarts.
    ///
    /// # Errors
    ///
    /// [`VaultError::WrongPassword`], [`VaultError::Wait`], [`VaultError::NoSuchSlot`], [`VaultError::DamagedSlot`],
    /// [`VaultError::KdfOutOfBounds`], [`VaultError::DamagedLog`], [`VaultError::DamagedData`], [`VaultError::Locked`] when the
    /// slot was changed while its key was derived. The vault is given back.
    pub fn unlock(
        self,
        credential: &Credential<'_>,
        now: UnixSeconds,
    ) -> Result<Vault, Box<Refused>> {
        match unlocked_content(&self.parts, credential, now) {
            Ok(content) => Ok(Vault::assemble(self.parts, content, now)),
            Err(error) => Err(Box::new(Refused {
                locked: self,
                error,
            })),
        }
    }
}

/// What unlocking adds to the open file.
pub(super) struct Content {
    pub(super) key: VaultKey,
    pub(super) keys: SealingKeys,
    pub(super) state: State,
    pub(super) anchor: Option<Anchor>,
    pub(super) opened_by: SlotSecret,
}

fn unlocked_content(
    parts: &Parts,
    credential: &Credential<'_>,
    now: UnixSeconds,
) -> Result<Content, VaultError> {
    let OpenFile {
        db,
        log,
        is_read_only,
        ..
    } = &parts.file;
    let slots = candidates(load_slots(db)?, parts.vault, credential.kind())?;
    // Nothing at all is written while the log is doubtful.
    let counts_tries = !is_read_only && *log == LogState::Whole;
    if !is_read_only {
        tries::check(db, now)?;
    }
    let mut error = VaultError::WrongPassword;
    for slot in slots {
        match opened_by_slot(parts, credential, &slot) {
            Ok(content) => {
                if counts_tries {
                    // A counter that cannot be written does not keep the person out.
                    let _ = tries::reset(db);
                }
                return Ok(content);
            }
            Err(VaultError::WrongPassword) => {}
            Err(other) => error = other,
        }
    }
    if error == VaultError::WrongPassword && counts_tries {
        // Nor does it hide that the password was wrong.
        let _ = tries::note_wrong(db, now);
    }
    Err(error)
}

/// The slots of a kind that hold together. There is one, unless somebody planted others to hide it.
///
/// # Errors
///
/// [`VaultError::NoSuchSlot`]; [`VaultError::DamagedSlot`] when none of them holds together.
fn candidates(slots: Slots, vault: VaultId, kind: SlotKind) -> Result<Vec<SlotRow>, VaultError> {
    let mut rows = slots.rows;
    rows.retain(|slot| slot.kind == kind.number());
    if rows.is_empty() && slots.misshapen.is_empty() {
        return Err(VaultError::NoSuchSlot);
    }
    rows.retain(|slot| slot.check_digest(vault).is_ok());
    rows.truncate(CANDIDATES_MAX);
    if rows.is_empty() {
        Err(VaultError::DamagedSlot)
    } else {
        Ok(rows)
    }
}

fn opened_by_slot(
    parts: &Parts,
    credential: &Credential<'_>,
    slot: &SlotRow,
) -> Result<Content, VaultError> {
    let OpenFile { db, log, .. } = &parts.file;
    let secret = credential.derive(slot)?;
    // The anchor is read before the database, so that nobody's later change makes it look ahead.
    let anchor = read_anchor(parts.anchors.as_ref(), parts.vault);
    let snapshot = Transaction::new_unchecked(db, TransactionBehavior::Deferred)?;
    // The KDF took a while: the slot is looked at again, in the transaction that reads all the rest.
    let mut rows = load_slots(&snapshot)?.rows;
    rows.retain(|current| current.id == slot.id && current.params == slot.params);
    let current = rows.pop().ok_or(VaultError::Locked)?;
    let key = current.open(parts.vault, &SlotKeys::derive(&secret, &current.nonce))?;
    let keys = key.sealing_keys(parts.vault);
    let state = State::load(&snapshot, parts.vault, &keys, anchor.as_ref())?;
    drop(snapshot);
    if key.epoch != state.version.epoch && state.contents.is_empty() {
        // A slot's row from before a rotation, put back: its key opens nothing.
        return Err(VaultError::DamagedSlot);
    }
    settle_log(&state.findings, *log, anchor.is_some())?;
    parts.file.share()?;
    let SlotRow {
        id, kind, params, ..
    } = current;
    Ok(Content {
        key,
        keys,
        state,
        anchor,
        opened_by: SlotSecret {
            id,
            kind,
            params,
            secret,
        },
    })
}

/// A doubtful log's last transaction was either torn, so never promised to anybody, or damaged after it was:
/// then this device's anchor is ahead of the file. Without an anchor nobody can tell.
fn settle_log(findings: &Findings, log: LogState, has_anchor: bool) -> Result<(), VaultError> {
    let is_lost = match log {
        LogState::Unfinished => findings.lineage.is_some(),
        LogState::Doubtful => !has_anchor || findings.lineage.is_some(),
        LogState::Whole | LogState::Damaged => false,
    };
    if is_lost {
        return Err(VaultError::DamagedLog);
    }
    Ok(())
}

pub(super) fn read_anchor(anchors: &dyn AnchorStore, vault: VaultId) -> Option<Anchor> {
    anchors
        .read(vault)
        .and_then(|bytes| Anchor::decode(&bytes, vault))
}
