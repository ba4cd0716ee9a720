//! A vault before it is unlocked, and how a new one is made.

use std::fmt;

use rusqlite::{Transaction, TransactionBehavior};
use zeroize::Zeroizing;

use super::anchor::{Anchor, AnchorStore};
use super::error::VaultError;
use super::file::{self, OpenFile};
use super::findings::Findings;
use super::format::VaultId;
use super::kdf::{KdfParams, derive_secret};
use super::keys::{SealingKeys, SlotKeys, VaultKey};
use super::location::VaultLocation;
use super::manifest::{Entries, Stamps};
use super::open::{Parts, Vault};
use super::recovery::RecoveryCode;
use super::slot::{SlotKind, SlotRow, load_slots};
use super::slots::{SlotSecret, make_slot, put_slot};
use super::state::{ManifestState, State, load_vault_id, store_meta};
use super::tries;
use super::write::{Draft, Next, Sealer, begin, finish};
use crate::entropy::{Entropy, generate_bytes};
use crate::secret::Secret;
use crate::time::UnixSeconds;

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

/// How a new vault is unlocked: by a password, a recovery code, or both.
pub struct NewVault<'a> {
    /// The password.
    pub password: Option<&'a Secret>,
    /// The recovery code, which the person has written down or stored already.
    pub recovery: Option<&'a RecoveryCode>,
    /// What the password's key derivation costs.
    pub kdf: KdfParams,
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
        log_is_doubtful,
        is_read_only,
        ..
    } = &parts.file;
    let kind = credential.kind().number();
    let find = |slots: Vec<SlotRow>| slots.into_iter().find(|slot| slot.kind == kind);
    let slot = find(load_slots(db)?).ok_or(VaultError::NoSuchSlot)?;
    slot.check_digest()?;
    if !is_read_only {
        tries::check(db, now)?;
    }
    let secret = credential.derive(&slot)?;
    // The anchor is read before the database, so that nobody's later change makes it look ahead.
    let anchor = read_anchor(parts.anchors.as_ref(), parts.vault);
    let snapshot = Transaction::new_unchecked(db, TransactionBehavior::Deferred)?;
    // The KDF took a while: the slot is looked at again, in the transaction that reads all the rest.
    let current = find(load_slots(&snapshot)?).filter(|current| current.id == slot.id);
    let current = current
        .filter(|current| current.params == slot.params)
        .ok_or(VaultError::Locked)?;
    let opened = current.open(parts.vault, &SlotKeys::derive(&secret, &current.nonce));
    let key = match opened {
        Ok(key) => key,
        Err(error) => {
            drop(snapshot);
            if error == VaultError::WrongPassword && !is_read_only {
                tries::note_wrong(db, now)?;
            }
            return Err(error);
        }
    };
    let keys = key.sealing_keys(parts.vault);
    let mut state = State::load(&snapshot, parts.vault, &keys, anchor.as_ref())?;
    drop(snapshot);
    settle_log(&mut state.findings, *log_is_doubtful, anchor.is_some())?;
    if !is_read_only {
        // A counter that cannot be written does not keep the person out.
        let _ = tries::reset(db);
    }
    let opened_by = SlotSecret {
        id: current.id,
        kind: current.kind,
        params: current.params,
        secret,
    };
    Ok(Content {
        key,
        keys,
        state,
        anchor,
        opened_by,
    })
}

/// A doubtful log's last transaction was either torn, so never promised to anybody, or damaged after it was:
/// then this device's anchor is ahead of the file. Without an anchor nobody can tell.
fn settle_log(
    findings: &mut Findings,
    log_is_doubtful: bool,
    has_anchor: bool,
) -> Result<(), VaultError> {
    if log_is_doubtful && (!has_anchor || findings.lineage.is_some()) {
        return Err(VaultError::DamagedLog);
    }
    Ok(())
}

pub(super) fn read_anchor(anchors: &dyn AnchorStore, vault: VaultId) -> Option<Anchor> {
    anchors
        .read(vault)
        .and_then(|bytes| Anchor::decode(&bytes, vault))
}

/// Makes a vault and unlocks it. The recovery code must be safe before this is called.
pub(super) fn create(
    location: &VaultLocation,
    setup: &NewVault<'_>,
    anchors: Box<dyn AnchorStore>,
    entropy: Box<dyn Entropy>,
    now: UnixSeconds,
) -> Result<Vault, VaultError> {
    let vault = VaultId::generate(entropy.as_ref())?;
    let mut secrets = vec![];
    if let Some(password) = setup.password {
        secrets.push(SlotSecret::for_password(
            password,
            setup.kdf,
            entropy.as_ref(),
        )?);
    }
    if let Some(code) = setup.recovery {
        secrets.push(SlotSecret::for_recovery(code, entropy.as_ref())?);
    }
    let key = VaultKey::generate(entropy.as_ref(), 1)?;
    let keys = key.sealing_keys(vault);
    let sealer = Sealer {
        vault,
        keys: &keys,
        epoch: key.epoch,
        entropy: entropy.as_ref(),
    };
    let next = Next {
        generation: 1,
        branch: generate_bytes(entropy.as_ref())?,
        now,
    };
    let written = file::create(location, |db| {
        super::schema::create_tables(db)?;
        let tx = begin(db)?;
        store_meta(&tx, vault, key.epoch)?;
        let mut draft = Draft {
            entries: Entries::new(),
            stamps: Stamps::new(),
            touched: std::collections::BTreeSet::new(),
        };
        for secret in &secrets {
            let (row, record) = make_slot(sealer, &key, secret, now)?;
            put_slot(&tx, sealer, &mut draft, &row, &record)?;
        }
        let slots = load_slots(&tx)?;
        let written = finish(&tx, sealer, draft, &ManifestState::default(), &slots, next)?;
        tx.commit()?;
        Ok(written)
    })?;
    anchors.write(vault, &written.anchor.encode(vault));
    let opened_by = secrets.into_iter().next().ok_or(VaultError::NoWayIn)?;
    let file = file::open(location)?;
    let anchor = Some(written.anchor);
    let state = State::load(&file.db, vault, &keys, anchor.as_ref())?;
    let parts = Parts {
        file,
        vault,
        anchors,
        entropy,
    };
    Ok(Vault::assemble(
        parts,
        Content {
            key,
            keys,
            state,
            anchor,
            opened_by,
        },
        now,
    ))
}
