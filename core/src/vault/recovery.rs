//! The recovery code: 160 random bits on paper, as eight groups of four and a check group.

use ring::digest;
use ring::hkdf;
use zeroize::Zeroizing;

use super::keys::{Key32, empty_key};
use crate::entropy::{Entropy, EntropyError};
use crate::secret::SecretText;

/// Crockford's Base32 alphabet: no I, L, O, U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const KEY_BYTES: usize = 20;
const KEY_CHARACTERS: usize = 32;
const CHECK_CHARACTERS: usize = 4;

/// Why typed text is no recovery code. It holds none of the text.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum RecoveryCodeError {
    /// It has not 36 letters and digits.
    #[error("a recovery code has 36 letters and digits in nine groups; this has {got}")]
    Length {
        /// Letters and digits counted, at most 255.
        got: u8,
    },
    /// A character that no recovery code has.
    #[error("character {at} is in no recovery code", at = at + 1)]
    Character {
        /// Its position in the text, in characters from 0.
        at: u32,
    },
    /// The check group does not fit: one group at least is mistyped.
    #[error("the groups do not fit together: one of them is mistyped")]
    Check,
}

impl RecoveryCodeError {
    /// The error's name in documents for programs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        "invalid_recovery_code"
    }
}

/// 160 random bits that open the vault when the password is lost.
pub struct RecoveryCode(Zeroizing<[u8; KEY_BYTES]>);

impl RecoveryCode {
    /// A fresh code.
    ///
    /// # Errors
    ///
    /// [`EntropyError`] when there is no randomness.
    pub fn generate(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        entropy.fill(&mut *bytes)?;
        Ok(Self(bytes))
    }

    /// Reads a typed code. Case, white space and dashes do not matter; O is read as 0, I and L as 1.
    ///
    /// # Errors
    ///
    /// [`RecoveryCodeError`]: each says what is wrong without repeating what was typed.
    pub fn parse(text: &str) -> Result<Self, RecoveryCodeError> {
        let mut values = Zeroizing::new(Vec::with_capacity(KEY_CHARACTERS + CHECK_CHARACTERS));
        let mut count: u8 = 0;
        for (at, letter) in (0_u32..).zip(text.chars()) {
            if letter.is_whitespace() || matches!(letter, '-' | '\u{2010}'..='\u{2015}') {
                continue;
            }
            let value = value_of(letter).ok_or(RecoveryCodeError::Character { at })?;
            count = count.saturating_add(1);
            if values.len() < KEY_CHARACTERS + CHECK_CHARACTERS {
                values.push(value);
            }
        }
        if usize::from(count) != KEY_CHARACTERS + CHECK_CHARACTERS {
            return Err(RecoveryCodeError::Length { got: count });
        }
        let (key, check) = values.split_at(KEY_CHARACTERS);
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        for (five, eight) in bytes.chunks_exact_mut(5).zip(key.chunks_exact(8)) {
            let word = eight
                .iter()
                .fold(0_u64, |word, &value| word << 5 | u64::from(value));
            five.copy_from_slice(
                word.to_be_bytes()
                    .last_chunk::<5>()
                    .expect("eight bytes hold five"),
            );
        }
        if check != check_values(&bytes) {
            return Err(RecoveryCodeError::Check);
        }
        Ok(Self(bytes))
    }

    /// The code for paper: nine groups of four with dashes between them.
    #[must_use]
    pub fn format(&self) -> SecretText {
        let mut text = String::with_capacity(44);
        let key = self.0.chunks_exact(5).flat_map(|five| {
            let word = five
                .iter()
                .fold(0_u64, |word, &byte| word << 8 | u64::from(byte));
            (0..8)
                .rev()
                .map(move |place| u8::try_from(word >> (place * 5) & 31).unwrap_or(0))
        });
        for (n, value) in key.chain(check_values(&self.0)).enumerate() {
            if n > 0 && n % 4 == 0 {
                text.push('-');
            }
            text.push(
                ALPHABET
                    .get(usize::from(value))
                    .copied()
                    .map_or('?', char::from),
            );
        }
        SecretText::new(text)
    }

    /// The slot's secret: HKDF-SHA256 of the 20 bytes, no salt.
    pub(super) fn derive_secret(&self) -> Key32 {
        let mut secret = empty_key();
        hkdf::Salt::new(hkdf::HKDF_SHA256, &[])
            .extract(&*self.0)
            .expand(&[b"countersign/v1/recovery"], hkdf::HKDF_SHA256)
            .and_then(|okm| okm.fill(&mut **secret))
            .expect("32 bytes is one block of HKDF-SHA256");
        secret
    }
}

impl std::fmt::Debug for RecoveryCode {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("[redacted]")
    }
}

/// The first 20 bits of SHA-256("countersign-recovery/1" ‖ the 20 bytes), as four values of five bits.
fn check_values(bytes: &[u8; KEY_BYTES]) -> [u8; CHECK_CHARACTERS] {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(b"countersign-recovery/1");
    context.update(bytes);
    let sum = context.finish();
    let word = sum
        .as_ref()
        .iter()
        .take(4)
        .fold(0_u32, |word, &byte| word << 8 | u32::from(byte));
    [27, 22, 17, 12].map(|shift| u8::try_from(word >> shift & 31).unwrap_or(0))
}

fn value_of(letter: char) -> Option<u8> {
    let letter = match letter.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    let place = ALPHABET
        .iter()
        .position(|&known| char::from(known) == letter)?;
    u8::try_from(place).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    #[test]
    fn a_code_reads_what_it_writes() {
        let entropy = SystemEntropy::new();
        for _ in 0..50 {
            let code = RecoveryCode::generate(&entropy).unwrap();
            let text = code.format();
            assert_eq!(text.expose().len(), 44);
            let read = RecoveryCode::parse(text.expose()).unwrap();
            assert_eq!(*read.0, *code.0);
        }
    }

    #[test]
    fn paper_is_forgiven() {
        let code = RecoveryCode(Zeroizing::new([0x08; KEY_BYTES]));
        let text = code.format();
        let typed = text
            .expose()
            .to_lowercase()
            .replace('-', " ")
            .replace('0', "o")
            .replace('1', "l");
        assert_eq!(*RecoveryCode::parse(&typed).unwrap().0, *code.0);
    }

    #[test]
    fn every_single_mistyped_character_is_noticed() {
        let code = RecoveryCode(Zeroizing::new(*b"01234567890123456789"));
        let text = code.format();
        let mut unnoticed = 0;
        for (at, letter) in text
            .expose()
            .char_indices()
            .filter(|(_, letter)| *letter != '-')
        {
            for &other in ALPHABET
                .iter()
                .filter(|&&other| char::from(other) != letter)
            {
                let mut typed = text.expose().to_owned();
                typed.replace_range(at..=at, char::from(other).encode_utf8(&mut [0; 4]));
                unnoticed += u32::from(RecoveryCode::parse(&typed).is_ok());
            }
        }
        assert_eq!(unnoticed, 0);
    }

    #[test]
    fn the_refusals_say_where() {
        let error = |text: &str| RecoveryCode::parse(text).unwrap_err();
        assert_eq!(error(""), RecoveryCodeError::Length { got: 0 });
        assert_eq!(
            error(&"0".repeat(37)),
            RecoveryCodeError::Length { got: 37 }
        );
        assert_eq!(
            error(&"0".repeat(1000)),
            RecoveryCodeError::Length { got: 255 }
        );
        assert_eq!(error("00 U"), RecoveryCodeError::Character { at: 3 });
        assert_eq!(error("é"), RecoveryCodeError::Character { at: 0 });
        assert_eq!(error(&"0".repeat(36)), RecoveryCodeError::Check);
        assert_eq!(RecoveryCodeError::Check.name(), "invalid_recovery_code");
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(
            format!("{:?}", RecoveryCode(Zeroizing::new([1; 20]))),
            "[redacted]"
        );
    }
}
