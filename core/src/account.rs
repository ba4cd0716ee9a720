//! A code account: names and what makes its codes.

use std::fmt;

use smol_str::SmolStr;

use crate::encoding::invisible;
use crate::otp::Otp;

/// A name for people: an issuer, an account, a tag. As private as a key, so redacted in `Debug`.
///
/// Always normalised: control characters (general category Cc) and bidirectional controls (Unicode
/// `Bidi_Control`) are gone; white space and characters without width are trimmed at both ends, so that a name of those
/// alone is none. Letters, case, emoji and colons stay.
#[derive(Clone, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Name(
    // Most names are short enough to need no memory of their own: a large vault opens faster.
    SmolStr,
);

impl Name {
    /// The name with nothing in it.
    pub const EMPTY: Self = Self(SmolStr::new_static(""));

    /// Normalises text from outside; anything is a name, also nothing.
    #[must_use]
    pub fn new(text: &str) -> Self {
        // Without an early end: that is many bytes at a time.
        let is_clean = text.bytes().fold(true, |is_clean, byte| {
            is_clean & matches!(byte, b' '..=b'~')
        });
        if is_clean && !text.starts_with(' ') && !text.ends_with(' ') {
            return Self(text.into());
        }
        if !text.contains(is_unsafe) {
            return Self(invisible::trim(text).into());
        }
        let kept: String = text.chars().filter(|&letter| !is_unsafe(letter)).collect();
        Self(invisible::trim(&kept).into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there is no text.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

/// Control characters and the twelve of Unicode's `Bidi_Control`: they could make a name show as another.
fn is_unsafe(letter: char) -> bool {
    if letter.is_ascii() {
        return letter.is_ascii_control();
    }
    letter.is_control()
        || matches!(letter, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A code account as it is read from a link, typed, stored and exported.
#[derive(Debug, Eq, PartialEq)]
pub struct Account {
    /// Who issued it; may be empty.
    pub issuer: Name,
    /// The label's prefix where it differs from `issuer`: it tells two tenants of one issuer apart.
    pub label_issuer: Option<Name>,
    /// Whose account it is; may be empty.
    pub account: Name,
    /// What makes its codes.
    pub otp: Otp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_loses_controls_and_keeps_letters() {
        assert_eq!(Name::new(" \tAcme \n").as_str(), "Acme");
        assert_eq!(Name::new("alice\0bob").as_str(), "alicebob");
        assert_eq!(Name::new("pay\u{202e}lap").as_str(), "paylap");
        assert_eq!(Name::new("\u{200f} a:b ").as_str(), "a:b");
        assert_eq!(Name::new("\u{200b}\u{feff}").as_str(), "");
        assert_eq!(Name::new("👩\u{200d}💻 Zoë").as_str(), "👩\u{200d}💻 Zoë");
    }

    #[test]
    fn normalising_twice_changes_nothing() {
        for text in ["", " ", "\u{202e} x \u{0}", "\u{2003}y\u{2003}\u{85}"] {
            let once = Name::new(text);
            assert_eq!(Name::new(once.as_str()), once);
        }
    }

    #[test]
    fn debug_shows_no_name() {
        assert_eq!(format!("{:?}", Name::new("MARKED")), "[redacted]");
    }
}
