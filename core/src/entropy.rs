//! Randomness, as an argument.

use ring::rand::SecureRandom;

/// The source of randomness failed; nothing was changed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the system gave no randomness")]
pub struct EntropyError;

/// Where random bytes come from. Tests bring their own.
pub trait Entropy: Send + Sync {
    /// Fills `buffer` with random bytes.
    ///
    /// # Errors
    ///
    /// [`EntropyError`] when the source fails; `buffer` is then not to be used.
    fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyError>;
}

/// The operating system's randomness.
#[derive(Clone, Debug)]
pub struct SystemEntropy(ring::rand::SystemRandom);

impl Default for SystemEntropy {
    fn default() -> Self {
        Self::new()
    }
}

impl SystemEntropy {
    /// A handle on the operating system's source.
    #[must_use]
    pub fn new() -> Self {
        Self(ring::rand::SystemRandom::new())
    }
}

impl Entropy for SystemEntropy {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyError> {
        self.0.fill(buffer).map_err(|_| EntropyError)
    }
}

/// Fresh random bytes of a fixed length.
///
/// # Errors
///
/// [`EntropyError`] when the source fails.
pub fn generate_bytes<const N: usize>(entropy: &dyn Entropy) -> Result<[u8; N], EntropyError> {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_does_not_repeat_itself() {
        let entropy = SystemEntropy::new();
        let first: [u8; 16] = generate_bytes(&entropy).unwrap();
        let second: [u8; 16] = generate_bytes(&entropy).unwrap();
        assert_ne!(first, second);
    }
}
