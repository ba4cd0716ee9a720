//! Randomness that is the same in every run.

use std::sync::{Mutex, PoisonError};

use countersign_core::entropy::{Entropy, EntropyError};

use crate::chance::Chance;

/// Randomness that a number fixes. For vaults of tests alone.
pub struct SeededEntropy(Mutex<Chance>);

impl SeededEntropy {
    /// The randomness that belongs to `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(Mutex::new(Chance::new(seed)))
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyError> {
        let mut chance = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = chance.bytes(buffer.len());
        buffer.copy_from_slice(&bytes);
        Ok(())
    }
}
