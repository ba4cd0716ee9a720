//! Percent-encoding (RFC 3986 §2.1), decoded once, after a link was split.

use std::borrow::Cow;

use zeroize::Zeroizing;

/// What `+` means.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Plus {
    /// Itself, as in a path and in our own links.
    Literal,
    /// A space, as HTML forms write queries.
    Space,
}

/// The decoded bytes are not UTF-8.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the decoded text is not UTF-8 at character {at}")]
pub struct Utf8Error {
    /// Position in the raw text, in Unicode scalars from 0.
    pub at: u32,
}

/// Decodes text that is shown: bad escapes stay as they are, invalid UTF-8 becomes U+FFFD.
#[must_use]
pub fn decode(raw: &str, plus: Plus) -> Cow<'_, str> {
    if !needs_decoding(raw, plus) {
        return Cow::Borrowed(raw);
    }
    let mut bytes = Vec::with_capacity(raw.len());
    decode_onto(&mut bytes, raw, plus);
    Cow::Owned(match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    })
}

/// Decodes text that has to be right, into a buffer that is wiped; bad escapes stay as they are.
///
/// # Errors
///
/// [`Utf8Error`] with the position of the first byte that is not UTF-8.
pub fn decode_secret(raw: &str, plus: Plus) -> Result<Zeroizing<String>, Utf8Error> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(raw.len()));
    decode_onto(&mut bytes, raw, plus);
    match str::from_utf8(&bytes) {
        Ok(text) => Ok(Zeroizing::new(text.to_owned())),
        Err(error) => Err(Utf8Error {
            at: raw_position(raw, error.valid_up_to()),
        }),
    }
}

/// Whether [`decode`] would change anything.
#[must_use]
pub fn needs_decoding(raw: &str, plus: Plus) -> bool {
    let bytes = raw.as_bytes();
    bytes.contains(&b'%') || (plus == Plus::Space && bytes.contains(&b'+'))
}

/// Whether every `%` begins an escape.
#[must_use]
pub fn is_well_formed(raw: &str) -> bool {
    let mut rest = raw.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = if byte == b'%' {
            match escape(after) {
                Some((_, after)) => after,
                None => return false,
            }
        } else {
            after
        };
    }
    true
}

/// Where the decoded byte number `offset` stands in the raw text, in Unicode scalars from 0.
#[must_use]
pub fn raw_position(raw: &str, offset: usize) -> u32 {
    let mut rest = raw.as_bytes();
    for _ in 0..offset {
        rest = match rest.split_first() {
            Some((b'%', after)) => escape(after).map_or(after, |(_, after)| after),
            Some((_, after)) => after,
            None => break,
        };
    }
    let before = raw.len() - rest.len();
    let scalars = raw
        .char_indices()
        .take_while(|(at, _)| *at < before)
        .count();
    u32::try_from(scalars).unwrap_or(u32::MAX)
}

/// Appends text with everything outside `unreserved` encoded (RFC 3986 §2.3).
pub fn encode_into(link: &mut String, text: &str) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            link.push(char::from(byte));
        } else {
            link.push('%');
            for nibble in [byte >> 4, byte & 0x0f] {
                let digit = HEX.get(usize::from(nibble)).copied().unwrap_or(b'0');
                link.push(char::from(digit));
            }
        }
    }
}

/// Decodes into a buffer with room for the whole raw text, so that it never moves.
fn decode_onto(bytes: &mut Vec<u8>, raw: &str, plus: Plus) {
    let mut rest = raw.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'%' => match escape(after) {
                Some((decoded, after)) => {
                    bytes.push(decoded);
                    rest = after;
                }
                None => bytes.push(byte),
            },
            b'+' if plus == Plus::Space => bytes.push(b' '),
            _ => bytes.push(byte),
        }
    }
}

/// The byte of two hexadecimal digits, and what follows them.
fn escape(after_percent: &[u8]) -> Option<(u8, &[u8])> {
    let (&[high, low], rest) = after_percent.split_first_chunk::<2>()?;
    Some((nibble(high)? << 4 | nibble(low)?, rest))
}

const fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn decodes_once() {
        assert_eq!(decode("a%252Fb", Plus::Literal), "a%2Fb");
        assert_eq!(decode("%C3%a9+%2B", Plus::Space), "é +");
        assert_eq!(decode("a+b", Plus::Literal), "a+b");
    }

    #[test]
    fn bad_escapes_stay() {
        for text in ["%", "%4", "%zz", "100%", "%+1%-1"] {
            assert_eq!(decode(text, Plus::Literal), text);
            assert!(!is_well_formed(text));
        }
        assert!(is_well_formed("a%20é"));
    }

    #[test]
    fn invalid_utf8_is_marked_in_names_and_refused_in_secrets() {
        assert_eq!(decode("a%ffb", Plus::Literal), "a\u{fffd}b");
        assert_eq!(
            decode_secret("é%41%ffb", Plus::Space),
            Err(Utf8Error { at: 4 })
        );
    }

    #[test]
    fn positions_are_those_of_the_raw_text() {
        assert_eq!(raw_position("AB%20C1", 4), 6);
        assert_eq!(raw_position("%C2%A3", 0), 0);
        assert_eq!(raw_position("é1", 2), 1);
        assert_eq!(raw_position("ab", 9), 2);
    }

    proptest! {
        #[test]
        fn decoding_reverses_encoding(text in any::<String>()) {
            let mut link = String::new();
            encode_into(&mut link, &text);
            prop_assert!(is_well_formed(&link));
            prop_assert_eq!(decode(&link, Plus::Space), text.as_str());
            prop_assert_eq!(decode(&link, Plus::Literal), text.as_str());
        }

        #[test]
        fn no_text_panics(text in any::<String>(), offset in 0_usize..50) {
            drop(decode(&text, Plus::Space));
            drop(decode_secret(&text, Plus::Literal));
            prop_assert!(usize::try_from(raw_position(&text, offset)).unwrap() <= text.chars().count());
        }
    }
}
