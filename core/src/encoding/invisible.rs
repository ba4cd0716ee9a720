//! Characters that a person does not see: what web pages and word processors put into copied text.

/// General category Cf, as far as copied text is known to hold it: byte order marks, zero-width and direction marks.
pub(crate) const fn is_format(letter: char) -> bool {
    matches!(
        letter,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
    )
}

/// Whether a character only sets type: white space, hyphens and dashes, and marks without width.
///
/// Right-to-left embeddings and overrides are not among them: they change the order in which a
/// person sees the characters around them, so that what is seen is not what is read.
pub(crate) fn is_typesetting(letter: char) -> bool {
    if matches!(
        letter,
        '\u{202b}' | '\u{202d}' | '\u{202e}' | '\u{2067}' | '\u{fff9}'..='\u{fffb}'
    ) {
        return false;
    }
    letter.is_whitespace()
        || is_format(letter)
        || matches!(
            letter,
            '-' | '\u{2010}'
                ..='\u{2015}' | '\u{2043}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}'
        )
}

/// White space, control and format characters.
pub(crate) fn is_unseen(letter: char) -> bool {
    letter.is_whitespace() || letter.is_control() || is_format(letter)
}

/// The text without white space, control and format characters at both ends.
pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches(is_unseen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trims_what_is_not_seen_and_nothing_else() {
        assert_eq!(
            trim("\u{feff} \u{200b}\0otpauth://x y\r\n\u{2060}"),
            "otpauth://x y"
        );
        assert_eq!(trim("\u{feff}\u{0}"), "");
    }

    #[test]
    fn an_override_is_not_typesetting() {
        assert!(!is_typesetting('\u{202e}'));
        assert!(is_typesetting('\u{200e}'));
        assert!(!is_typesetting('_'));
    }
}
