//! A vault that is unlocked again and again.

use std::time::{Duration, Instant};

use countersign_core::companion::{Companion, LockedCompanion};
use countersign_core::vault::Credential;

use crate::filled::NOW;

/// A vault between two unlockings. Its file stays open.
pub(crate) struct Reopened(Option<LockedCompanion>);

impl Reopened {
    /// Locks the vault.
    pub(crate) fn new(companion: Companion) -> Self {
        Self(Some(companion.lock()))
    }

    /// What so many unlockings take, locking again apart.
    pub(crate) fn time(&mut self, credential: &Credential<'_>, rounds: u64) -> Duration {
        let mut took = Duration::ZERO;
        for _ in 0..rounds {
            let locked = self.0.take().unwrap();
            let began = Instant::now();
            let unlocked = locked.unlock(credential, NOW);
            took += began.elapsed();
            let companion = unlocked.map_err(|(_, error)| error).unwrap();
            self.0 = Some(companion.lock());
        }
        took
    }
}
