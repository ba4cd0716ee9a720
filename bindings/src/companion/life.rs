//! A vault's life: made, opened, unlocked, locked, shut.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use countersign_core::companion as core;
use countersign_core::entropy::SystemEntropy;
use countersign_core::secret::Secret;
use countersign_core::time::UnixSeconds;
use countersign_core::vault::{
    AnchorFolder, AnchorStore, Credential, KdfParams, NewVault, NoAnchor, VaultError, VaultId,
    VaultLocation,
};

use super::{Companion, OpenPorch, State};
use crate::errors::CountersignError;
use crate::ports::Ports;
use crate::ports::anchor::{Anchor, PortStore, Shelf, ShelfStore};
use crate::ports::platform_key::{PlatformKey, WrapError, bytes_of};
use crate::reading::recovery_code::RecoveryCode;
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

/// How a companion's vault stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq, uniffi::Enum)]
pub enum CompanionState {
    /// It is open and locked.
    Locked,
    /// It is locked, and work accounts can be answered on its porch.
    OnThePorch,
    /// It is unlocked.
    Unlocked,
    /// The companion was shut.
    Closed,
}

impl VaultPlace {
    pub(super) fn location(&self) -> VaultLocation {
        VaultLocation::new(&self.path)
    }

    /// Where core keeps anchors while a companion is there: the shell's port behind a shelf, files, or nowhere.
    fn anchors(&self, shelf: Option<&Arc<Shelf>>) -> Box<dyn AnchorStore> {
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

impl Companion {
    fn over(state: State, ports: Ports, shelf: Option<Arc<Shelf>>) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(state),
            ports,
            shelf,
        })
    }

    /// Unlocks the locked vault; where that fails it is locked as before, the porch too.
    pub(super) fn unlock(
        &self,
        credential: &Credential<'_>,
        now: UnixSeconds,
    ) -> Result<(), CountersignError> {
        self.anchored(|| {
            let mut state = self.lock_state();
            let (companion, porch) = match std::mem::replace(&mut *state, State::Closed) {
                State::Locked { companion, porch } => (companion, porch),
                other => {
                    let error = match other {
                        State::Closed => CountersignError::Closed,
                        _ => CountersignError::NotLocked,
                    };
                    *state = other;
                    return Err(error);
                }
            };
            match companion.unlock(credential, now) {
                Ok(companion) => {
                    *state = State::Open(Box::new(companion));
                    Ok(())
                }
                Err((companion, error)) => {
                    *state = State::Locked { companion, porch };
                    Err(error.into())
                }
            }
        })
    }

    /// Looks at the locked vault.
    pub(super) fn look_locked<R>(
        &self,
        step: impl FnOnce(&mut core::LockedCompanion) -> Result<R, VaultError>,
    ) -> Result<R, CountersignError> {
        match &mut *self.lock_state() {
            State::Locked { companion, .. } => Ok(step(companion)?),
            State::Open(_) => Err(CountersignError::NotLocked),
            State::Closed => Err(CountersignError::Closed),
        }
    }
}

#[uniffi::export]
impl Companion {
    /// Makes a vault where there is none, and leaves it unlocked. With a recovery code, which the person has stored already, a
    /// password, or both. Argon2id takes most of a second: not on a thread that draws.
    ///
    /// # Errors
    ///
    /// `Vault`, among them `NoWayIn` without both, `VaultExists` and `Leftovers`: no vault was made, and nothing was touched.
    #[uniffi::constructor(default(recovery = None, kdf = None, now = None))]
    pub fn create(
        place: VaultPlace,
        ports: Ports,
        password: Option<Vec<u8>>,
        recovery: Option<Arc<RecoveryCode>>,
        kdf: Option<KdfParams>,
        now: Option<UnixSeconds>,
    ) -> Result<Arc<Self>, CountersignError> {
        let password = password.map(Secret::new);
        let shelf = ports.anchor.clone().map(Shelf::new);
        let companion = Self::over(State::Closed, ports, shelf);
        let now = companion.time(now)?;
        let setup = NewVault {
            password: password.as_ref(),
            recovery: recovery.as_deref().map(RecoveryCode::code),
            kdf: kdf.unwrap_or(KdfParams::DEFAULT),
        };
        let anchors = place.anchors(companion.shelf.as_ref());
        let entropy = Box::new(SystemEntropy::new());
        let made = core::Companion::create(&place.location(), &setup, anchors, entropy, now)?;
        *companion.lock_state() = State::Open(Box::new(made));
        if let Some(shelf) = &companion.shelf {
            shelf.push();
        }
        Ok(companion)
    }

    /// Opens a vault's file without a secret.
    ///
    /// # Errors
    ///
    /// `Vault` with what is wrong with the file, which is untouched.
    #[uniffi::constructor]
    pub fn open(place: VaultPlace, ports: Ports) -> Result<Arc<Self>, CountersignError> {
        let shelf = ports.anchor.clone().map(Shelf::new);
        let anchors = place.anchors(shelf.as_ref());
        let entropy = Box::new(SystemEntropy::new());
        let companion = core::Companion::open(&place.location(), anchors, entropy)?;
        if let Some(shelf) = &shelf {
            shelf.belongs_to(companion.id());
        }
        let porch = None;
        Ok(Self::over(State::Locked { companion, porch }, ports, shelf))
    }

    /// How the vault stands now.
    #[must_use]
    pub fn state(&self) -> CompanionState {
        match &*self.lock_state() {
            State::Locked { porch: None, .. } => CompanionState::Locked,
            State::Locked { porch: Some(_), .. } => CompanionState::OnThePorch,
            State::Open(_) => CompanionState::Unlocked,
            State::Closed => CompanionState::Closed,
        }
    }

    /// Which vault this is.
    ///
    /// # Errors
    ///
    /// `Closed`.
    pub fn vault_id(&self) -> Result<VaultId, CountersignError> {
        match &*self.lock_state() {
            State::Locked { companion, .. } => Ok(companion.id()),
            State::Open(companion) => Ok(companion.id()),
            State::Closed => Err(CountersignError::Closed),
        }
    }

    /// Whether the locked vault can be unlocked with a password.
    ///
    /// # Errors
    ///
    /// `NotLocked`, `Closed`, `Vault`.
    pub fn has_password(&self) -> Result<bool, CountersignError> {
        self.look_locked(|companion| companion.has_password())
    }

    /// Whether the locked vault can be unlocked with a recovery code.
    ///
    /// # Errors
    ///
    /// `NotLocked`, `Closed`, `Vault`.
    pub fn has_recovery(&self) -> Result<bool, CountersignError> {
        self.look_locked(|companion| companion.has_recovery())
    }

    /// Whether the locked vault can be unlocked with a key of the platform.
    ///
    /// # Errors
    ///
    /// `NotLocked`, `Closed`, `Vault`.
    pub fn has_platform_key(&self) -> Result<bool, CountersignError> {
        self.look_locked(|companion| companion.has_platform_key())
    }

    /// Whether something can be asked, rung and answered while this vault is locked.
    ///
    /// # Errors
    ///
    /// `NotLocked`, `Closed`, `Vault`.
    pub fn has_porch(&self) -> Result<bool, CountersignError> {
        self.look_locked(|companion| Ok(companion.porch_slot()?.is_some()))
    }

    /// Unlocks with a password, its UTF-8 bytes as typed. The caller wipes them. Argon2id takes most of a second.
    ///
    /// # Errors
    ///
    /// `Vault`, among them `WrongPassword` and `Wait`: the vault is locked as before. `NotLocked`, `Closed`.
    #[uniffi::method(default(now = None))]
    pub fn unlock_with_password(
        &self,
        password: &[u8],
        now: Option<UnixSeconds>,
    ) -> Result<(), CountersignError> {
        let now = self.time(now)?;
        let password = Secret::copy_of(password);
        self.unlock(&Credential::Password(&password), now)
    }

    /// Unlocks with the recovery code.
    ///
    /// # Errors
    ///
    /// As `unlock_with_password`.
    #[uniffi::method(default(now = None))]
    pub fn unlock_with_recovery(
        &self,
        code: &RecoveryCode,
        now: Option<UnixSeconds>,
    ) -> Result<(), CountersignError> {
        let now = self.time(now)?;
        self.unlock(&Credential::Recovery(code.code()), now)
    }

    /// Unlocks with a key of the platform, which may ask the person. The first way that it unwraps opens the vault; ways whose
    /// key is gone for good are passed over, and retired once the vault is unlocked in any way.
    ///
    /// # Errors
    ///
    /// `Vault`, among them `NoSuchSlot` and `PlatformKey` with what the platform said; `PortFailed`: the vault is locked as
    /// before. `NotLocked`, `Closed`.
    pub async fn unlock_with_platform_key(
        &self,
        key: Arc<dyn PlatformKey>,
    ) -> Result<(), CountersignError> {
        let slots = self.look_locked(|companion| companion.platform_slots())?;
        let mut last = CountersignError::from(VaultError::NoSuchSlot);
        for slot in slots {
            let secret = match key.unwrap(bytes_of(&slot.context), slot.wrapped).await {
                Ok(secret) => Secret::new(secret),
                Err(WrapError::Invalidated) => {
                    self.look_locked(|companion| {
                        companion.key_is_gone(slot.context.slot);
                        Ok(())
                    })?;
                    last = WrapError::Invalidated.into();
                    continue;
                }
                // Nothing is known about the others then, and the person is not asked again for each.
                Err(error) => return Err(error.into()),
            };
            let credential = Credential::Platform {
                slot: slot.context.slot,
                secret: &secret,
            };
            match self.unlock(&credential, self.time(None)?) {
                Err(error @ CountersignError::Vault { .. }) => last = error,
                done => return done,
            }
        }
        Err(last)
    }

    /// Opens the porch of the locked vault with the key of the platform that does not ask the person: from then on work accounts
    /// are asked, rung and answered. No account, code or secret is in reach.
    ///
    /// # Errors
    ///
    /// `Vault`: `NoSuchSlot` when there is none, `DamagedSlot`, `PlatformKey`; `PortFailed`, `NotLocked`, `Closed`.
    pub async fn open_porch(&self, key: Arc<dyn PlatformKey>) -> Result<(), CountersignError> {
        let slot = self.look_locked(|companion| companion.porch_slot())?;
        let slot = slot.ok_or(VaultError::NoSuchSlot)?;
        let secret = key.unwrap(bytes_of(&slot.context), slot.wrapped).await?;
        let secret = Secret::new(secret);
        match &mut *self.lock_state() {
            State::Locked { companion, porch } => {
                let memory = companion.open_porch(&secret)?.leave();
                *porch = Some(OpenPorch { secret, memory });
                Ok(())
            }
            State::Open(_) => Err(CountersignError::NotLocked),
            State::Closed => Err(CountersignError::Closed),
        }
    }

    /// Forgets every key; the file stays open and can be unlocked again. Of a locked vault nothing changes.
    ///
    /// # Errors
    ///
    /// `Closed`.
    pub fn lock(&self) -> Result<(), CountersignError> {
        self.anchored(|| {
            let mut state = self.lock_state();
            match std::mem::replace(&mut *state, State::Closed) {
                State::Open(companion) => {
                    *state = State::Locked {
                        companion: companion.lock(),
                        porch: None,
                    };
                }
                State::Closed => return Err(CountersignError::Closed),
                locked @ State::Locked { .. } => *state = locked,
            }
            Ok(())
        })
    }

    /// Forgets every key and closes the file, whoever still holds this object; every later step says `Closed`. Once more is no
    /// error.
    pub fn shut(&self) {
        self.anchored(|| {
            let closed = std::mem::replace(&mut *self.lock_state(), State::Closed);
            drop(closed);
        });
    }
}

/// Whether a companion last used at `last_used` is to be locked by now. An `auto_lock_s` of 0 locks at once.
#[uniffi::export]
#[must_use]
pub fn is_idle(last_used: UnixSeconds, now: UnixSeconds, auto_lock_s: u32) -> bool {
    core::Companion::is_idle(last_used, now, auto_lock_s)
}

/// Does the work of one derivation with the least parameters, for a shell that measures it, to ask `calibrated_kdf` then.
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
