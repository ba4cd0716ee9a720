//! A vault's life: made, opened, unlocked, locked, shut.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use countersign_core::companion as core;
use countersign_core::companion::PorchMemory;
use countersign_core::entropy::SystemEntropy;
use countersign_core::secret::Secret;
use countersign_core::time::UnixSeconds;
use countersign_core::vault::{Credential, KdfParams, NewVault, VaultError, VaultId};

use super::place::VaultPlace;
use super::{Companion, Lockings, OpenPorch, State};
use crate::errors::CountersignError;
use crate::ports::Ports;
use crate::ports::anchor::Shelf;
use crate::ports::platform_key::{PlatformKey, WrapError, bytes_of};
use crate::reading::recovery_code::RecoveryCode;

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

impl Companion {
    fn over(state: State, ports: Ports, shelf: Option<Arc<Shelf>>) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(state),
            deriving: Mutex::new(()),
            lockings: AtomicU64::new(0),
            ports,
            shelf,
        })
    }

    /// Unlocks the locked vault, unless somebody has locked it again since `since`; where that fails it is locked as before, the
    /// porch too.
    pub(super) fn unlock(
        &self,
        credential: &Credential<'_>,
        now: UnixSeconds,
        since: Lockings,
    ) -> Result<(), CountersignError> {
        self.anchored(|| {
            let mut state = self.lock_state();
            let (companion, porch) = match std::mem::replace(&mut *state, State::Closed) {
                State::Locked { companion, porch } if self.lockings() == since => {
                    (companion, porch)
                }
                other => {
                    let error = match other {
                        State::Closed => CountersignError::Closed,
                        State::Open(_) => CountersignError::NotLocked,
                        State::Locked { .. } => VaultError::Locked.into(),
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

    /// Unlocks with a password, its UTF-8 bytes as typed. The caller wipes them. Argon2id takes most of a second, in which other
    /// steps go on.
    ///
    /// # Errors
    ///
    /// `Vault`, among them `WrongPassword`, `Wait`, and `Locked` when it was locked again meanwhile: it is locked as before.
    /// `NotLocked`, also when somebody else has unlocked it meanwhile; `Closed`.
    #[uniffi::method(default(now = None))]
    pub fn unlock_with_password(
        &self,
        password: &[u8],
        now: Option<UnixSeconds>,
    ) -> Result<(), CountersignError> {
        let now = self.time(now)?;
        let since = self.lockings();
        let password = Secret::copy_of(password);
        let derived = {
            // One at a time takes the memory; the vault is not held, so that whoever else has it goes on.
            let _deriving = self.lock_deriving();
            let trial = self.look_locked(|companion| companion.begin_password(now))?;
            trial.derive(&password)
        };
        drop(password);
        self.unlock(&Credential::Derived(&derived), now, since)
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
        let since = self.lockings();
        self.unlock(&Credential::Recovery(code.code()), now, since)
    }

    /// Unlocks with a key of the platform, which may ask the person. The first way that it unwraps opens the vault; ways whose
    /// key is gone for good are passed over, and retired once the vault is unlocked in any way.
    ///
    /// # Errors
    ///
    /// `Vault`, among them `NoSuchSlot`, `PlatformKey` with what the platform said, and `Locked` when it was locked again
    /// meanwhile; `PortFailed`: the vault is locked as before. `NotLocked`, `Closed`.
    pub async fn unlock_with_platform_key(
        &self,
        key: Arc<dyn PlatformKey>,
    ) -> Result<(), CountersignError> {
        let since = self.lockings();
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
            match self.unlock(&credential, self.time(None)?, since) {
                // Another way may be sound; of any other error it would make no difference.
                Err(
                    error @ CountersignError::Vault {
                        fault: VaultError::DamagedSlot,
                    },
                ) => last = error,
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
                // One that is open already keeps what it knows of requests on their way.
                let mut fresh = PorchMemory::default();
                let known = porch.as_mut().map_or(&mut fresh, |open| &mut open.memory);
                let memory = companion.return_to_porch(&secret, known)?.leave();
                *porch = Some(OpenPorch { secret, memory });
                Ok(())
            }
            State::Open(_) => Err(CountersignError::NotLocked),
            State::Closed => Err(CountersignError::Closed),
        }
    }

    /// Forgets every key; the file stays open and can be unlocked again. Of a locked vault nothing changes, but that whoever is
    /// unlocking it at this moment does not.
    ///
    /// # Errors
    ///
    /// `Closed`.
    pub fn lock(&self) -> Result<(), CountersignError> {
        self.anchored(|| {
            let mut state = self.lock_state();
            self.lockings.fetch_add(1, Ordering::Release);
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
