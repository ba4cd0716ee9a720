//! Base32 of code keys (RFC 4648 §6): read as people and web pages write it, written in one canonical form.

use base32::Alphabet;
use zeroize::Zeroizing;

use super::invisible::is_typesetting;
use crate::otp::KEY_BYTES_MAX;
use crate::secret::{Secret, SecretText};

const ALPHABET: Alphabet = Alphabet::Rfc4648 { padding: false };
/// The most characters that decode to [`KEY_BYTES_MAX`] bytes.
const CHARACTERS_MAX: usize = (KEY_BYTES_MAX * 8 + 7) / 5;

/// Why text is not a key in Base32.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Base32Error {
    /// There are less than eight bits.
    #[error("the key is empty")]
    Empty,
    /// A character that Base32 does not have, or padding before the end.
    #[error("the key is not Base32 at character {at}")]
    Character {
        /// Position in the text as given, in Unicode scalars from 0, separators counted.
        at: u32,
        /// The letter that was most likely meant, where only one looks alike.
        replacement: Option<char>,
    },
    /// It decodes to more than [`KEY_BYTES_MAX`] bytes.
    #[error("the key has more than {KEY_BYTES_MAX} bytes")]
    TooLong,
}

/// A key that was read.
#[derive(Debug, Eq, PartialEq)]
pub struct Decoded {
    /// The bytes, 1 to [`KEY_BYTES_MAX`].
    pub bytes: Secret,
    /// Whether an encoder writes this many characters. If not, one may be missing or too many.
    pub has_canonical_length: bool,
}

/// Reads a key. Letters of both cases are taken; white space, dashes, marks without width and
/// padding at the end are skipped; spare bits are ignored.
///
/// # Errors
///
/// All of [`Base32Error`]; nothing is repaired that could change the key.
pub fn decode(text: &str) -> Result<Decoded, Base32Error> {
    let mut key = Collected::with_room_for(text.len());
    // Nearly every key is letters only: no need to look at Unicode then.
    let plain = text
        .bytes()
        .take_while(|&byte| quintet(byte).is_some_and(|value| key.push(value)))
        .count();
    let rest = text.split_at_checked(plain).map_or(text, |(_, rest)| rest);
    let mut padding_at = None;
    for (at, letter) in (plain..).zip(rest.chars()) {
        match u8::try_from(letter).ok().and_then(quintet) {
            Some(value) => {
                if let Some(at) = padding_at {
                    return Err(bad_character(at, '='));
                }
                if !key.push(value) {
                    return Err(Base32Error::TooLong);
                }
            }
            None if letter == '=' => padding_at = padding_at.or(Some(at)),
            None if is_typesetting(letter) => {}
            None => return Err(bad_character(at, letter)),
        }
    }
    if key.bytes.is_empty() {
        return Err(Base32Error::Empty);
    }
    Ok(Decoded {
        bytes: Secret::copy_of(&key.bytes),
        has_canonical_length: !matches!(key.letter_count % 8, 1 | 3 | 6),
    })
}

/// Writes bytes in upper case without padding.
#[must_use]
pub fn encode(bytes: &[u8]) -> SecretText {
    let mut text = String::with_capacity(bytes.len().div_ceil(5) * 8);
    for chunk in bytes.chunks(5) {
        // The crate takes too little room for a longer text, which would move and leave copies of the
        // key behind. For five bytes it takes enough; letters of bytes that are not there are dropped.
        let mut five = Zeroizing::new([0; 5]);
        for (place, byte) in five.iter_mut().zip(chunk) {
            *place = *byte;
        }
        let letters = Zeroizing::new(base32::encode(ALPHABET, &*five));
        text.extend(letters.chars().take((chunk.len() * 8).div_ceil(5)));
    }
    SecretText::new(text)
}

/// The five bits of a letter of the alphabet, of either case.
const fn quintet(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a'),
        b'2'..=b'7' => Some(byte - b'2' + 26),
        _ => None,
    }
}

/// The bytes so far, in one buffer that never moves, so that no copy is left behind. (The `base32`
/// crate writes; its reader wants the letters alone, which would be a second copy of the key.)
struct Collected {
    bytes: Zeroizing<Vec<u8>>,
    letter_count: usize,
    bits: u32,
    bit_count: u32,
}

impl Collected {
    fn with_room_for(characters: usize) -> Self {
        let letters = characters.min(CHARACTERS_MAX);
        Self {
            bytes: Zeroizing::new(Vec::with_capacity(letters * 5 / 8 + 1)),
            letter_count: 0,
            bits: 0,
            bit_count: 0,
        }
    }

    /// Takes five bits; false when there are too many.
    fn push(&mut self, quintet: u8) -> bool {
        if self.letter_count == CHARACTERS_MAX {
            return false;
        }
        self.letter_count += 1;
        self.bits = self.bits << 5 | u32::from(quintet);
        self.bit_count += 5;
        if self.bit_count >= 8 {
            self.bit_count -= 8;
            let [.., byte] = (self.bits >> self.bit_count).to_be_bytes();
            self.bytes.push(byte);
        }
        true
    }
}

fn bad_character(at: usize, letter: char) -> Base32Error {
    Base32Error::Character {
        at: u32::try_from(at).unwrap_or(u32::MAX),
        // 1 looks like I and L, 9 like nothing.
        replacement: match letter {
            '0' => Some('O'),
            '8' => Some('B'),
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bytes(text: &str) -> Result<Vec<u8>, Base32Error> {
        decode(text).map(|decoded| decoded.bytes.expose().to_vec())
    }

    #[test]
    fn matches_rfc_4648() {
        for (text, expected) in [
            ("MY", "f"),
            ("MZXQ", "fo"),
            ("MZXW6", "foo"),
            ("MZXW6YQ", "foob"),
            ("MZXW6YTB", "fooba"),
            ("MZXW6YTBOI", "foobar"),
        ] {
            assert_eq!(bytes(text).unwrap(), expected.as_bytes());
            assert_eq!(encode(expected.as_bytes()).expose(), text);
        }
        assert_eq!(encode(b"").expose(), "");
        let whole = base32::encode(ALPHABET, &[0xa5; KEY_BYTES_MAX]);
        assert_eq!(encode(&[0xa5; KEY_BYTES_MAX]).expose(), whole);
    }

    #[test]
    fn typesetting_case_and_padding_change_nothing() {
        for text in [
            "mzxw6ytboi",
            " MZXW 6YTB OI ",
            "MZXW-6YTB\u{2011}OI",
            "MZXW\u{a0}6YTB\u{2009}\u{200b}OI\u{feff}",
            "MZXW6YTBOI======",
            "MZXW6YTBOI= = \u{2013}",
            "MZXW6\tYTB\r\nOI",
            "\u{200e}MZXW6YTBOI",
        ] {
            assert_eq!(bytes(text).unwrap(), b"foobar", "{text:?}");
        }
    }

    #[test]
    fn spare_bits_are_ignored() {
        assert_eq!(bytes("QWERTYUIOP"), bytes("QWERTYUIOM"));
    }

    #[test]
    fn a_bad_character_has_its_position() {
        for (text, at, replacement) in [
            ("0", 0, Some('O')),
            ("MZ XW8", 5, Some('B')),
            ("MZ1", 2, None),
            ("MZ9", 2, None),
            ("\u{200b}MZß", 3, None),
            ("MZ=XW", 2, None),
            ("=MZ", 0, None),
            ("MZ_XW", 2, None),
            ("MZ\0", 2, None),
            ("\u{202e}MZXW", 0, None),
            ("ＪＢ", 0, None),
            ("MZı", 2, None),
        ] {
            let expected = Base32Error::Character { at, replacement };
            assert_eq!(bytes(text), Err(expected), "{text:?}");
        }
    }

    #[test]
    fn less_than_a_byte_is_empty() {
        for text in ["", "A", " - ", "====", "A======="] {
            assert_eq!(bytes(text), Err(Base32Error::Empty), "{text:?}");
        }
    }

    #[test]
    fn an_odd_length_is_taken_and_said() {
        for (length, canonical) in [(2, true), (3, false), (6, false), (8, true), (9, false)] {
            let decoded = decode(&"A".repeat(length)).unwrap();
            assert_eq!(decoded.has_canonical_length, canonical, "{length}");
        }
    }

    #[test]
    fn the_longest_key_is_taken_and_no_longer_one() {
        let longest = encode(&[0xff; KEY_BYTES_MAX]);
        assert_eq!(bytes(longest.expose()).unwrap().len(), KEY_BYTES_MAX);
        let longer = format!("{}AA", longest.expose());
        assert_eq!(bytes(&longer), Err(Base32Error::TooLong));
        assert_eq!(
            bytes(&"A".repeat(10 * 1024 * 1024)),
            Err(Base32Error::TooLong)
        );
    }

    proptest! {
        #[test]
        fn decoding_reverses_encoding(key in prop::collection::vec(any::<u8>(), 1..=KEY_BYTES_MAX)) {
            let text = encode(&key);
            let decoded = decode(text.expose()).unwrap();
            prop_assert_eq!(decoded.bytes.expose(), &key[..]);
            prop_assert!(decoded.has_canonical_length);
        }

        #[test]
        fn no_text_panics_and_no_error_shows_it(text in any::<String>()) {
            drop(decode(&text));
        }
    }
}
