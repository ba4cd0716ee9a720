//! Randomness, as an argument, and what is drawn with it.

use countersign_protocol::digits::Digits;
use countersign_protocol::hash::Id;
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
        Self(ring::rand::SystemRandom::new())
    }
}

impl Entropy for SystemEntropy {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyError> {
        self.0.fill(buffer).map_err(|_| EntropyError)
    }
}

/// Fresh random bytes of a fixed length.
pub(crate) fn generate_bytes<const N: usize>(
    entropy: &dyn Entropy,
) -> Result<[u8; N], EntropyError> {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes)?;
    Ok(bytes)
}

pub(crate) fn generate_id(entropy: &dyn Entropy) -> Result<Id, EntropyError> {
    generate_bytes(entropy).map(Id::from_bytes)
}

/// So many decimal digits, each as likely as any other.
pub(crate) fn generate_digits(entropy: &dyn Entropy, count: usize) -> Result<String, EntropyError> {
    let mut digits = String::with_capacity(count);
    while digits.len() < count {
        let [byte] = generate_bytes(entropy)?;
        // 250 is the greatest multiple of ten that a byte holds: above it some digits would be likelier.
        if byte < 250 {
            digits.push(char::from(b'0' + byte % 10));
        }
    }
    Ok(digits)
}

/// A sign-in's number of so many digits.
pub(crate) fn generate_number(entropy: &dyn Entropy, count: u8) -> Result<Digits, EntropyError> {
    let text = generate_digits(entropy, usize::from(count))?;
    Ok(Digits::parse(&text, count).expect("a policy asks for six to eight digits"))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    struct Bytes(Mutex<Vec<u8>>);

    impl Entropy for Bytes {
        fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyError> {
            let mut left = self.0.lock().unwrap();
            for byte in buffer {
                *byte = left.pop().ok_or(EntropyError)?;
            }
            Ok(())
        }
    }

    #[test]
    fn bytes_that_would_make_some_digits_likelier_are_left_out() {
        let entropy = Bytes(Mutex::new(vec![255, 9, 250, 249, 10, 0]));
        assert_eq!(generate_digits(&entropy, 4), Ok("0099".to_owned()));
        assert_eq!(generate_digits(&entropy, 1), Err(EntropyError));
    }

    #[test]
    fn the_system_does_not_repeat_itself() {
        let entropy = SystemEntropy::default();
        assert_ne!(generate_id(&entropy), generate_id(&entropy));
    }
}
