//! What the text in a key field looks like when it is not a key in Base32.

use super::ManualError;
use crate::encoding::invisible::is_typesetting;
use crate::uri::link::{Link, split_scheme, strip_prefix_ignoring_case, trim};
use crate::uri::migration::is_migration;
use crate::uri::{Hint, UriError, foreign};

/// Hexadecimal seeds of hardware tokens have at least this many digits.
const HEX_DIGITS_MIN: usize = 16;
/// Keys in Base64 have at least this many characters.
const BASE64_CHARACTERS_MIN: usize = 16;

/// What a key field holds.
pub(super) enum KeyText {
    /// A link that holds a key.
    Link,
    /// A link that does not.
    OtherLink(Option<Hint>),
    /// Anything else: to be read as Base32.
    Key,
}

/// Decides by the scheme. Base32 has no colon, so no key is taken for a link.
pub(super) fn link_in(text: &str) -> KeyText {
    let text = trim(text);
    let Some((scheme, rest)) = split_scheme(text) else {
        return KeyText::Key;
    };
    let is = |wanted: &str| scheme.eq_ignore_ascii_case(wanted);
    if Link::split(text).is_ok_and(|link| foreign::vendor_and_kind(&link).is_some()) {
        return KeyText::OtherLink(Some(Hint::PushActivation));
    }
    if is("otpauth") || is("apple-otpauth") || is("steam") {
        return KeyText::Link;
    }
    if is_migration(scheme) {
        return KeyText::OtherLink(Some(Hint::GoogleExport));
    }
    if is("phonefactor") || is("pia") || is("edumfa-push") || is("countersign") {
        return KeyText::OtherLink(Some(Hint::PushActivation));
    }
    if is("http") || is("https") {
        return KeyText::OtherLink(Some(Hint::WebLink));
    }
    if is("fido") {
        return KeyText::OtherLink(Some(Hint::Passkey));
    }
    if is("motp") || is("wifi") || is("mailto") || is("tel") || rest.starts_with("//") {
        return KeyText::OtherLink(None);
    }
    KeyText::Key
}

/// Adds to a bad key what it looks like. One letter is suggested only when nothing else is likely.
pub(super) fn with_hint(error: UriError, text: &str) -> ManualError {
    let UriError::InvalidSecret { at, .. } = error else {
        return error.into();
    };
    let hint = of_key(text);
    let error = match hint {
        Some(_) => UriError::InvalidSecret {
            at,
            replacement: None,
        },
        None => error,
    };
    ManualError {
        hint,
        ..error.into()
    }
}

/// What a key looks like instead of Base32; none when nothing else is likely.
pub(super) fn of_key(text: &str) -> Option<Hint> {
    let letters = || text.chars().filter(|&letter| !is_typesetting(letter));
    let count = letters().count();
    if (6..=8).contains(&count) && letters().all(|letter| letter.is_ascii_digit()) {
        return Some(Hint::LooksLikeCode);
    }
    let hex = strip_prefix_ignoring_case(trim(text), "0x").unwrap_or(text);
    let hex_digits = || hex.chars().filter(|&letter| !is_typesetting(letter));
    if hex_digits().count() >= HEX_DIGITS_MIN
        && hex_digits().all(|letter| letter.is_ascii_hexdigit())
    {
        return Some(Hint::LooksLikeHex);
    }
    // Dashes belong to the URL-safe alphabet here, so only white space is skipped.
    let text = trim(text);
    let is_base64 = text.len() >= BASE64_CHARACTERS_MIN
        && text
            .trim_end_matches('=')
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_'));
    // A keyboard that begins with a capital letter is no mix of cases.
    let has_both_cases = text.bytes().filter(u8::is_ascii_lowercase).count() > 1
        && text.bytes().skip(1).filter(u8::is_ascii_uppercase).count() > 1;
    let has_base64_sign = text.contains(['+', '/', '_', '0', '1', '8', '9']);
    let has_base64_padding = text.ends_with('=') && text.len().is_multiple_of(4);
    (is_base64 && has_both_cases && (has_base64_sign || has_base64_padding))
        .then_some(Hint::LooksLikeBase64)
}

/// Where the padding begins, in Unicode scalars of the field as given.
pub(super) fn padding_position(text: &str) -> u32 {
    let at = text.chars().position(|letter| letter == '=').unwrap_or(0);
    u32::try_from(at).unwrap_or(u32::MAX)
}
