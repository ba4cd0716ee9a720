//! base64url as the protocol has it (RFC 4648 §5): no padding, spare bits zero, nothing else accepted. One text has one
//! meaning and one meaning has one text, so that no byte of a message can be changed without a change of what it says.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The text is not base64url, or does not have the length that was asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not base64url of the right length")]
pub struct NotBase64url;

/// Writes bytes.
#[must_use]
pub fn format(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Reads bytes of any number.
///
/// # Errors
///
/// [`NotBase64url`].
pub fn parse(text: &str) -> Result<Vec<u8>, NotBase64url> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| NotBase64url)
}

/// Reads exactly `N` bytes.
///
/// # Errors
///
/// [`NotBase64url`].
pub fn parse_exact<const N: usize>(text: &str) -> Result<[u8; N], NotBase64url> {
    parse(text)?.try_into().map_err(|_| NotBase64url)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_two_letters_beside_base64s_are_read() {
        assert_eq!(parse("-_8"), Ok(vec![0xfb, 0xff]));
        assert_eq!(format(&[0xfb, 0xff]), "-_8");
        assert_eq!(parse(""), Ok(vec![]));
    }

    #[test]
    fn what_another_base64_would_take_is_refused() {
        for text in [
            "+/8", "-_8=", "-_8 ", " -_8", "-_\n8", "-_9", "A", "AAAAA", "é", "-_8\0",
        ] {
            assert_eq!(parse(text), Err(NotBase64url), "{text:?}");
        }
    }

    #[test]
    fn another_length_is_refused() {
        assert_eq!(parse_exact::<2>("-_8"), Ok([0xfb, 0xff]));
        assert_eq!(parse_exact::<1>("-_8"), Err(NotBase64url));
        assert_eq!(parse_exact::<3>("-_8"), Err(NotBase64url));
    }

    proptest! {
        #[test]
        fn a_text_that_is_read_is_the_one_that_is_written(text in "[A-Za-z0-9_=+/-]{0,12}") {
            if let Ok(bytes) = parse(&text) {
                prop_assert_eq!(format(&bytes), text);
            }
        }
    }
}
