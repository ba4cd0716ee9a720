//! base64url without padding (RFC 4648 §5), as the approval protocol writes it, and the loose
//! reading of Base64 that other programs' exports need.

use countersign_protocol::base64url;

use crate::secret::Secret;

/// The text is not canonical base64url.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not base64url")]
pub struct Base64UrlError;

/// Reads what [`encode`] writes and nothing else: no padding, no white space, spare bits zero.
///
/// # Errors
///
/// [`Base64UrlError`] for any other text.
pub fn decode(text: &str) -> Result<Secret, Base64UrlError> {
    let mut sextets = Sextets::for_characters(text.len());
    for byte in text.bytes() {
        sextets.push(sextet(byte).ok_or(Base64UrlError)?);
    }
    match sextets.finish() {
        (bytes, 0) => Ok(bytes),
        _ => Err(Base64UrlError),
    }
}

/// Reads exactly `N` bytes.
///
/// # Errors
///
/// [`Base64UrlError`] for any other text or length.
pub fn decode_array<const N: usize>(text: &str) -> Result<[u8; N], Base64UrlError> {
    // EXPOSE: the caller asked for an array and says what becomes of it.
    decode(text)?
        .expose()
        .try_into()
        .map_err(|_| Base64UrlError)
}

/// Writes bytes as base64url without padding.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    base64url::format(bytes)
}

/// Reads Base64 of either alphabet, with or without padding and line breaks; a space stands for a
/// plus that was read as form encoding. None when it is no Base64.
pub(crate) fn decode_loosely(text: &str) -> Option<Secret> {
    let text = text.trim_end_matches(|letter: char| letter == '=' || letter.is_ascii_control());
    let mut sextets = Sextets::for_characters(text.len());
    for byte in text.bytes() {
        match byte {
            b'+' | b' ' => sextets.push(62),
            b'/' => sextets.push(63),
            b'\r' | b'\n' | b'\t' => {}
            _ => sextets.push(sextet(byte)?),
        }
    }
    let is_whole = sextets.bit_count != 6;
    let (bytes, _) = sextets.finish();
    is_whole.then_some(bytes)
}

fn sextet(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'-' => Some(62),
        b'_' => Some(63),
        _ => None,
    }
}

/// Collects groups of six bits into bytes without moving them, so that no copy is left behind.
struct Sextets {
    bytes: zeroize::Zeroizing<Vec<u8>>,
    bits: u32,
    bit_count: u32,
}

impl Sextets {
    fn for_characters(count: usize) -> Self {
        Self {
            bytes: zeroize::Zeroizing::new(Vec::with_capacity(count / 4 * 3 + 3)),
            bits: 0,
            bit_count: 0,
        }
    }

    fn push(&mut self, sextet: u8) {
        self.bits = self.bits << 6 | u32::from(sextet);
        self.bit_count += 6;
        if self.bit_count >= 8 {
            self.bit_count -= 8;
            let [.., byte] = (self.bits >> self.bit_count).to_be_bytes();
            self.bytes.push(byte);
            self.bits &= (1 << self.bit_count) - 1;
        }
    }

    /// The bytes, and the bits that are left: not 0 when the text is not canonical.
    fn finish(self) -> (Secret, u32) {
        // Six spare bits are a whole character too many, whatever their value.
        let rest = if self.bit_count == 6 { 1 } else { self.bits };
        (Secret::copy_of(&self.bytes), rest)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn matches_rfc_4648_without_padding() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg"),
            ("fo", "Zm8"),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg"),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(encode(bytes.as_bytes()), text);
            assert_eq!(decode(text).unwrap().expose(), bytes.as_bytes());
        }
        assert_eq!(encode(&[0xfb, 0xff]), "-_8");
    }

    #[test]
    fn refuses_everything_else() {
        for text in [
            "Zg==", "Zh", "Z", "Zm9", "Zm9v\n", "Zm 9v", "+/8", "Zm9vY", "é",
        ] {
            assert!(decode(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn an_array_has_its_length() {
        assert_eq!(decode_array::<3>("Zm9v"), Ok(*b"foo"));
        assert!(decode_array::<4>("Zm9v").is_err());
    }

    #[test]
    fn loose_reading_takes_both_alphabets() {
        for text in ["+/8=", "-_8", " /8", "+/\r\n8==", "+/9"] {
            assert_eq!(
                decode_loosely(text).unwrap().expose(),
                [0xfb, 0xff],
                "{text:?}"
            );
        }
        for text in ["A", "AAAAA", "+/8=A", "%2B"] {
            assert!(decode_loosely(text).is_none(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn only_what_is_written_is_read(text in "[A-Za-z0-9_=+/ -]{0,12}") {
            if let Ok(bytes) = decode(&text) {
                prop_assert_eq!(encode(bytes.expose()), text);
            }
        }

        #[test]
        fn decoding_reverses_encoding(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let text = encode(&bytes);
            let decoded = decode(&text).unwrap();
            prop_assert_eq!(decoded.expose(), &bytes[..]);
        }
    }
}
