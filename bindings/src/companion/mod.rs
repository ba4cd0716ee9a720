//! The companion: one object for a vault's whole life in a shell, whether it is locked, open or shut.
//!
//! The vault stands behind a mutex, which is taken for one step of core. No port is called while it is held.

pub mod accounts;
pub mod asking;
pub mod driving;
pub mod history;
pub mod keeping;
pub mod leaving;
pub mod life;
pub mod place;
pub mod recovery;
pub mod work;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use countersign_core::approval::ApprovalError;
use countersign_core::companion as core;
use countersign_core::companion::{PorchCompanion, PorchMemory, TakenLane};
use countersign_core::secret::Secret;
use countersign_core::time::UnixSeconds;

use crate::errors::CountersignError;
use crate::ports::Ports;
use crate::ports::anchor::Shelf;

/// A vault and everything one can do with it. Safe to share between threads: each step is whole, and none waits for a person or
/// a server with the vault held.
///
/// Where a time may be given and is not, the clock port is asked.
#[derive(uniffi::Object)]
pub struct Companion {
    state: Mutex<State>,
    /// Held by whoever derives a key, which takes much memory; never with the state.
    deriving: Mutex<()>,
    /// How often it was locked, counted with the state held.
    lockings: AtomicU64,
    ports: Ports,
    shelf: Option<Arc<Shelf>>,
}

enum State {
    Locked {
        companion: core::LockedCompanion,
        porch: Option<OpenPorch>,
    },
    Open(Box<core::Companion>),
    Closed,
}

/// How often a companion had been locked when a step began that holds nothing for a while.
#[derive(Clone, Copy, Eq, PartialEq)]
struct Lockings(u64);

/// What is needed to stand on the porch again.
struct OpenPorch {
    secret: Secret,
    memory: PorchMemory,
}

impl Companion {
    fn lock_state(&self) -> MutexGuard<'_, State> {
        // A step that panicked has left the state that it was in, or none.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_deriving(&self) -> MutexGuard<'_, ()> {
        self.deriving.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lockings(&self) -> Lockings {
        Lockings(self.lockings.load(Ordering::Acquire))
    }

    /// The time that was given, or the clock's.
    fn time(&self, given: Option<UnixSeconds>) -> Result<UnixSeconds, CountersignError> {
        self.ports.time(given)
    }

    /// Looks at the open vault.
    fn look<R>(&self, step: impl FnOnce(&core::Companion) -> R) -> Result<R, CountersignError> {
        match &*self.lock_state() {
            State::Open(companion) => Ok(step(companion)),
            State::Locked { .. } => Err(CountersignError::NotUnlocked),
            State::Closed => Err(CountersignError::Closed),
        }
    }

    /// Changes the open vault. The anchor is brought in before and out after, with nothing held.
    fn change<R, E>(
        &self,
        step: impl FnOnce(&mut core::Companion) -> Result<R, E>,
    ) -> Result<R, CountersignError>
    where
        CountersignError: From<E>,
    {
        self.anchored(|| match &mut *self.lock_state() {
            State::Open(companion) => Ok(step(companion)?),
            State::Locked { .. } => Err(CountersignError::NotUnlocked),
            State::Closed => Err(CountersignError::Closed),
        })
    }

    /// Looks at the desk of work accounts: the open vault, or the porch of a locked one.
    fn at_desk<R>(
        &self,
        open: impl FnOnce(&mut core::Companion) -> Result<R, ApprovalError>,
        porch: impl FnOnce(&mut PorchCompanion<'_>) -> Result<R, ApprovalError>,
    ) -> Result<R, CountersignError> {
        self.given_at_desk(
            (),
            |companion, ()| open(companion),
            |there, ()| porch(there),
        )
    }

    /// Changes something on it, with a value that whichever it is takes.
    fn change_desk<I, R>(
        &self,
        given: I,
        open: impl FnOnce(&mut core::Companion, I) -> Result<R, ApprovalError>,
        porch: impl FnOnce(&mut PorchCompanion<'_>, I) -> Result<R, ApprovalError>,
    ) -> Result<R, CountersignError> {
        self.anchored(|| self.given_at_desk(given, open, porch))
    }

    fn given_at_desk<I, R>(
        &self,
        given: I,
        open: impl FnOnce(&mut core::Companion, I) -> Result<R, ApprovalError>,
        porch: impl FnOnce(&mut PorchCompanion<'_>, I) -> Result<R, ApprovalError>,
    ) -> Result<R, CountersignError> {
        match &mut *self.lock_state() {
            State::Open(companion) => Ok(open(companion, given)?),
            State::Locked {
                companion,
                porch: Some(OpenPorch { secret, memory }),
            } => {
                let mut there = companion.return_to_porch(secret, memory)?;
                let done = porch(&mut there, given);
                *memory = there.leave();
                Ok(done?)
            }
            State::Locked { porch: None, .. } => Err(CountersignError::NotUnlocked),
            State::Closed => Err(CountersignError::Closed),
        }
    }

    /// Frees a lane. Asks no port and no file, so that it can be done while a future is dropped.
    fn free(&self, taken: TakenLane) -> Result<(), CountersignError> {
        match &mut *self.lock_state() {
            State::Open(companion) => companion.give_up(taken),
            State::Locked {
                porch: Some(porch), ..
            } => porch.memory.give_up(taken),
            // A vault that was locked meanwhile has forgotten it.
            State::Locked { porch: None, .. } => {}
            State::Closed => return Err(CountersignError::Closed),
        }
        Ok(())
    }

    fn anchored<R>(&self, step: impl FnOnce() -> R) -> R {
        if let Some(shelf) = &self.shelf {
            shelf.pull();
        }
        let done = step();
        if let Some(shelf) = &self.shelf {
            shelf.push();
        }
        done
    }
}
