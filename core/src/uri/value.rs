//! Values of parameters that decide which codes are shown: read exactly or refused.

use super::UriError;
use crate::encoding::base32::{self, Base32Error, Decoded};
use crate::encoding::percent::{self, Plus};
use crate::otp::{Algorithm, Counter, Digits, Period};

/// A number in a link or a form that is not what it should be.
struct BadNumber {
    at: Option<u32>,
}

/// Reads a key from a parameter's raw value, so that positions are those of the raw value.
pub(crate) fn secret_in_link(raw: &str, plus: Plus) -> Result<Decoded, UriError> {
    if !percent::needs_decoding(raw, plus) {
        return base32::decode(raw).map_err(secret_error);
    }
    let decoded = percent::decode_secret(raw, plus).map_err(|percent::Utf8Error { at }| {
        UriError::InvalidSecret {
            at,
            replacement: None,
        }
    })?;
    base32::decode(&decoded).map_err(|error| in_raw(secret_error(error), raw, &decoded))
}

/// Reads another parameter's raw value with one of the functions below, so that positions are those
/// of the raw value; what is not there is empty.
pub(crate) fn in_link<T>(
    raw: Option<&str>,
    read: impl FnOnce(&str) -> Result<T, UriError>,
) -> Result<T, UriError> {
    let raw = raw.unwrap_or("");
    let decoded = percent::decode(raw, Plus::Space);
    read(&decoded).map_err(|error| in_raw(error, raw, &decoded))
}

/// Moves a position in the decoded value to the same character of the raw one.
fn in_raw(error: UriError, raw: &str, decoded: &str) -> UriError {
    let moved = |at: u32| {
        let scalars = usize::try_from(at).unwrap_or(usize::MAX);
        let offset = decoded
            .char_indices()
            .nth(scalars)
            .map_or(decoded.len(), |(offset, _)| offset);
        percent::raw_position(raw, offset)
    };
    match error {
        UriError::InvalidSecret { at, replacement } => UriError::InvalidSecret {
            at: moved(at),
            replacement,
        },
        UriError::InvalidDigits { at } => UriError::InvalidDigits { at: at.map(moved) },
        UriError::InvalidPeriod { at } => UriError::InvalidPeriod { at: at.map(moved) },
        UriError::InvalidCounter { at } => UriError::InvalidCounter { at: at.map(moved) },
        other => other,
    }
}

/// What Base32 says, in the words of a link.
pub(crate) const fn secret_error(error: Base32Error) -> UriError {
    match error {
        Base32Error::Empty => UriError::EmptySecret,
        Base32Error::TooLong => UriError::SecretTooLong,
        Base32Error::Character { at, replacement } => UriError::InvalidSecret { at, replacement },
    }
}

/// The hash, in any unambiguous spelling; none when the value means the default.
///
/// # Errors
///
/// [`UriError::UnsupportedAlgorithm`] for everything else, never a default: it would show wrong codes.
pub(crate) fn algorithm(text: &str) -> Result<Option<Algorithm>, UriError> {
    let text = text.trim();
    if is_default(text) {
        return Ok(None);
    }
    let without = |text, prefix| super::link::strip_prefix_ignoring_case(text, prefix);
    let separator = ['-', '_', ' '];
    let name = without(text, "Algorithm.").unwrap_or(text);
    let name = match without(name, "HMAC") {
        Some(rest) => rest.strip_prefix(separator).unwrap_or(rest),
        None => name,
    };
    let size = without(name, "SHA").ok_or(UriError::UnsupportedAlgorithm)?;
    match size.strip_prefix(separator).unwrap_or(size) {
        "1" => Ok(Some(Algorithm::Sha1)),
        "256" => Ok(Some(Algorithm::Sha256)),
        "512" => Ok(Some(Algorithm::Sha512)),
        _ => Err(UriError::UnsupportedAlgorithm),
    }
}

/// The digit count; none when the value means the default.
///
/// # Errors
///
/// [`UriError::InvalidDigits`].
pub(crate) fn digits(text: &str) -> Result<Option<Digits>, UriError> {
    if is_default(text.trim()) {
        return Ok(None);
    }
    number(text)
        .and_then(|count| Digits::new(count).map_err(|_| BadNumber { at: None }))
        .map(Some)
        .map_err(|BadNumber { at }| UriError::InvalidDigits { at })
}

/// The period; none when the value means the default.
///
/// # Errors
///
/// [`UriError::InvalidPeriod`].
pub(crate) fn period(text: &str) -> Result<Option<Period>, UriError> {
    if is_default(text.trim()) {
        return Ok(None);
    }
    number(text)
        .and_then(|seconds| Period::new(seconds).map_err(|_| BadNumber { at: None }))
        .map(Some)
        .map_err(|BadNumber { at }| UriError::InvalidPeriod { at })
}

/// The counter; none when the value is empty.
///
/// # Errors
///
/// [`UriError::InvalidCounter`].
pub(crate) fn counter(text: &str) -> Result<Option<Counter>, UriError> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    number(text)
        .and_then(|value| Counter::new(value).map_err(|_| BadNumber { at: None }))
        .map(Some)
        .map_err(|BadNumber { at }| UriError::InvalidCounter { at })
}

/// Exporters write `null` for a value they do not have.
pub(crate) fn is_default(text: &str) -> bool {
    text.is_empty() || text.eq_ignore_ascii_case("null")
}

/// ASCII digits with white space around them, within 64 bits.
fn number(text: &str) -> Result<u64, BadNumber> {
    let digits = text.trim();
    if let Some(offset) = digits.find(|letter: char| !letter.is_ascii_digit()) {
        let leading = text.chars().take_while(|letter| letter.is_whitespace());
        let before = digits
            .char_indices()
            .take_while(|(at, _)| *at < offset)
            .count();
        let at = u32::try_from(leading.count() + before).unwrap_or(u32::MAX);
        return Err(BadNumber { at: Some(at) });
    }
    digits.parse().map_err(|_| BadNumber { at: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unambiguous_spellings_of_a_hash_are_read() {
        for text in [
            "SHA256",
            "sha256",
            "Sha-256",
            "SHA_256",
            "HmacSHA256",
            "HMAC-SHA-256",
            "HMAC_SHA256",
            "Algorithm.sha256",
            " sha256 ",
        ] {
            assert_eq!(algorithm(text), Ok(Some(Algorithm::Sha256)), "{text}");
        }
        assert_eq!(algorithm("HmacSHA1"), Ok(Some(Algorithm::Sha1)));
        assert_eq!(algorithm(""), Ok(None));
        assert_eq!(algorithm("null"), Ok(None));
    }

    #[test]
    fn every_other_hash_is_refused() {
        for text in [
            "MD5",
            "SHA",
            "SHA2",
            "SHA224",
            "SHA384",
            "SHA3-256",
            "SHA128",
            "SHA512/256",
            "SHA25",
            "SHA2566",
            "256",
            "SHА256",
            "ſha1",
            "SHA--1",
            "0",
            "none",
        ] {
            assert_eq!(
                algorithm(text),
                Err(UriError::UnsupportedAlgorithm),
                "{text}"
            );
        }
    }

    #[test]
    fn a_count_is_1_to_10() {
        for (text, count) in [("1", 1), ("06", 6), (" 8 ", 8), ("10", 10)] {
            assert_eq!(digits(text).unwrap().unwrap().count(), count);
        }
        for (text, at) in [
            ("0", None),
            ("11", None),
            ("262", None),
            ("-1", Some(0)),
            ("6.0", Some(1)),
            (" 6x", Some(2)),
            ("0x6", Some(1)),
            ("six", Some(0)),
            ("٦", Some(0)),
            ("99999999999999999999999999", None),
        ] {
            assert_eq!(digits(text), Err(UriError::InvalidDigits { at }), "{text}");
        }
    }

    #[test]
    fn a_period_is_1_to_2_31_minus_1() {
        assert_eq!(period("2147483647").unwrap().unwrap().seconds(), 2147483647);
        assert_eq!(period("null"), Ok(None));
        for text in ["0", "-30", "30.5", "2147483648", "4294967296", "30s", "1e3"] {
            assert!(
                matches!(period(text), Err(UriError::InvalidPeriod { .. })),
                "{text}"
            );
        }
    }

    #[test]
    fn a_counter_is_0_to_2_63_minus_1() {
        let largest = counter("9223372036854775807").unwrap().unwrap();
        assert_eq!(largest.value(), Counter::MAX);
        assert_eq!(counter(" "), Ok(None));
        for text in [
            "-1",
            "9223372036854775808",
            "18446744073709551616",
            "null",
            "1.5",
        ] {
            assert!(
                matches!(counter(text), Err(UriError::InvalidCounter { .. })),
                "{text}"
            );
        }
    }

    #[test]
    fn a_position_is_that_of_the_raw_value() {
        let at = |raw| secret_in_link(raw, Plus::Space).unwrap_err().at();
        assert_eq!(at("JBSW%20Y3D0"), Some(10));
        assert_eq!(at("QWERT!%C2%A3"), Some(5));
        assert_eq!(at("QWERT%C2%A3"), Some(5));
        assert_eq!(at("QW+ER%FF"), Some(5));
        assert_eq!(at("QW%2BER"), Some(2));
        assert_eq!(at("Q%3DER"), Some(1));
        let at = |raw| in_link(Some(raw), digits).unwrap_err().at();
        assert_eq!(at("%208x"), Some(4));
        assert_eq!(at("%36%ff"), Some(3));
        assert_eq!(at("+é"), Some(1));
        assert_eq!(at("%31%31"), None);
    }
}
