//! The person's terminal: questions, secrets without echo, and putting everything right at the end.

mod console;
mod interrupt;
mod progress;
mod reader;
mod typed_line;

pub(crate) use console::Console;
pub(crate) use interrupt::Interrupts;
pub(crate) use progress::Progress;
pub(crate) use typed_line::{Pressed, TypedLine};

use std::io;
use std::path::Path;

use rustix::termios::tcgetwinsize;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Columns and rows when nobody says how large the terminal is.
const SIZE_UNKNOWN: (usize, usize) = (80, 24);

/// How a name with nothing in it is shown.
const NOTHING: &str = "-";

/// Columns and rows of the terminal on standard output. Only the system is asked: a library that
/// starts another program for the answer would hand it our environment.
pub(crate) fn size() -> (usize, usize) {
    match tcgetwinsize(io::stdout()) {
        Ok(size) if size.ws_col > 0 && size.ws_row > 0 => {
            (usize::from(size.ws_col), usize::from(size.ws_row))
        }
        _ => SIZE_UNKNOWN,
    }
}

/// A name from outside, made safe to stand beside our own words: it cannot move the cursor, and
/// where it has letters that run from right to left they do not turn what follows.
pub(crate) fn shown(name: &str) -> String {
    let kept: String = name
        .chars()
        .map(|letter| match letter {
            // Line and paragraph separators would break the table.
            '\u{2028}' | '\u{2029}' => ' ',
            letter if letter.is_control() => ' ',
            letter => letter,
        })
        .collect();
    if kept.is_empty() {
        return NOTHING.into();
    }
    if kept.chars().any(runs_from_the_right) {
        // First strong isolate and its end (UAX #9 §2.4); names have none of their own.
        return format!("\u{2068}{kept}\u{2069}");
    }
    kept
}

/// A path as the person named it, to be said in an error; `otherwise` where it looks like a link that was
/// given in its place, because a link holds a secret.
pub(crate) fn shown_path(path: &Path, otherwise: &str) -> String {
    let text = path.to_string_lossy();
    if text.contains(':') || text.contains('=') {
        otherwise.into()
    } else {
        shown(&text)
    }
}

/// Letters of the scripts that are written from right to left (UAX #9 table 4, R and AL, by block).
const fn runs_from_the_right(letter: char) -> bool {
    matches!(letter,
        '\u{0590}'..='\u{08ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}'
        | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
}

/// Columns that a text takes.
pub(crate) fn columns(text: &str) -> usize {
    text.width()
}

/// The text cut to at most `width` columns, with an ellipsis where something was left out.
pub(crate) fn fitted(text: &str, width: usize) -> String {
    if columns(text) <= width {
        return text.into();
    }
    let mut kept = String::new();
    let mut taken = 1;
    let isolated = text.starts_with('\u{2068}');
    for letter in text.chars() {
        taken += letter.width().unwrap_or(0);
        if taken > width {
            break;
        }
        kept.push(letter);
    }
    if width > 0 {
        kept.push('…');
    }
    if isolated {
        kept.push('\u{2069}');
    }
    kept
}

/// The text with its long lines broken between words, so that the terminal cuts none in the middle. What follows keeps its line's
/// place; a word that is longer than a line stays whole, to be copied, and so does a command between backquotes.
pub(crate) fn broken(text: &str, width: usize) -> String {
    let lines: Vec<String> = text
        .split('\n')
        .map(|line| broken_line(line, width))
        .collect();
    lines.join("\n")
}

fn broken_line(line: &str, width: usize) -> String {
    if columns(line) <= width {
        return line.into();
    }
    let words = line.trim_start_matches(' ');
    let indent = " ".repeat(line.len().saturating_sub(words.len()));
    let mut broken = indent.clone();
    let mut taken = columns(&indent);
    let mut is_first = true;
    for word in unbroken(words) {
        let needed = columns(word);
        if !is_first && taken + 1 + needed > width {
            broken.push('\n');
            broken.push_str(&indent);
            taken = columns(&indent);
        } else if !is_first {
            broken.push(' ');
            taken += 1;
        }
        broken.push_str(word);
        taken += needed;
        is_first = false;
    }
    broken
}

/// The words of a line, with all of a command between backquotes as one.
fn unbroken(line: &str) -> Vec<&str> {
    let mut words = vec![];
    let (mut start, mut is_command) = (0, false);
    for (place, letter) in line.char_indices() {
        match letter {
            '`' => is_command = !is_command,
            ' ' if !is_command => {
                words.extend(line.get(start..place));
                start = place + 1;
            }
            _ => {}
        }
    }
    words.extend(line.get(start..));
    words
}

/// The text filled with spaces to `width` columns.
pub(crate) fn padded(text: &str, width: usize) -> String {
    let missing = width.saturating_sub(columns(text));
    format!("{text}{}", " ".repeat(missing))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_place() {
        assert_eq!(shown(""), "-");
        assert_eq!(shown("Acme"), "Acme");
        assert_eq!(shown("a\u{1b}[2Jb\u{2028}c"), "a [2Jb c");
        assert_eq!(shown("בנק"), "\u{2068}בנק\u{2069}");
    }

    #[test]
    fn a_link_in_the_place_of_a_path_is_not_repeated() {
        assert_eq!(shown_path(Path::new("a/b.png"), "it"), "a/b.png");
        for link in [
            "otpauth://totp/MARKED",
            "otpauth:totp/MARKED",
            "secret=MARKED",
        ] {
            assert_eq!(shown_path(Path::new(link), "it"), "it");
        }
    }

    #[test]
    fn wide_letters_are_counted_by_columns() {
        assert_eq!(columns("漢字"), 4);
        assert_eq!(fitted("漢字漢字", 5), "漢字…");
        assert_eq!(fitted("漢字漢字", 4), "漢…");
        assert_eq!(columns(&fitted("漢字漢字", 6)), 5);
        assert_eq!(fitted("abc", 3), "abc");
        assert_eq!(fitted("abcd", 3), "ab…");
        assert_eq!(fitted("abcd", 0), "");
        assert_eq!(padded("漢", 4), "漢  ");
    }

    #[test]
    fn long_lines_are_broken_between_words_and_nowhere_else() {
        for (text, expected) in [
            ("one two", "one two"),
            ("one two three", "one two\nthree"),
            ("  one two three", "  one\n  two\n  three"),
            ("one two three\nfour\n", "one two\nthree\nfour\n"),
            ("a https://acme.test/x b", "a\nhttps://acme.test/x\nb"),
            ("漢字漢 字", "漢字漢\n字"),
            ("a b: `do it all` c", "a b:\n`do it all`\nc"),
        ] {
            assert_eq!(broken(text, 7), expected, "{text:?}");
        }
        for width in 0..40 {
            let text = "all  that was said, with its  spaces";
            let words = |text: &str| -> Vec<String> {
                text.split_whitespace().map(str::to_owned).collect()
            };
            assert_eq!(words(&broken(text, width)), words(text), "{width}");
        }
    }

    #[test]
    fn a_cut_name_is_still_isolated() {
        let cut = fitted(&shown("בנקבנק"), 4);
        assert!(cut.starts_with('\u{2068}') && cut.ends_with('\u{2069}'));
    }
}
