//! A test's source without what does nothing in it: its comments, and its texts, but for those of a single word.

use super::own_text::is_of_name;
use super::pieces::{Piece, pieces};

/// A source without the lines that only a comment stands in. A text of one word stays: a table may be called by it, or a variant.
pub(super) fn plain(source: &str, comment: &str) -> String {
    let mut kept = String::new();
    let mut was_alone = false;
    for piece in pieces(source, comment) {
        match piece {
            // The line goes with its comment.
            Piece::Code('\n') if was_alone => kept.truncate(line(&kept)),
            Piece::Code(letter) => kept.push(letter),
            Piece::Comment => {}
            Piece::Text(quotes, text) => {
                let word = if text.chars().all(is_of_name) {
                    text
                } else {
                    ""
                };
                kept.extend([quotes, word, quotes]);
            }
        }
        let is_empty = (kept.get(line(&kept)..)).is_some_and(|line| line.trim().is_empty());
        was_alone = is_empty && (was_alone || matches!(piece, Piece::Comment));
        was_alone &= !matches!(piece, Piece::Code('\n'));
    }
    kept
}

/// Where the last line begins.
fn line(text: &str) -> usize {
    text.rfind('\n').map_or(0, |at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_gone_with_the_lines_that_are_theirs() {
        let source = "/** Of A. */\nclass A {\n    // Of b,\n    // and c.\n    fun b() = 1 // B\n\n    /* C\n\n     * D */ \n    val d = 2 /* E */ + 3\n}";
        assert_eq!(
            plain(source, "//"),
            "class A {\n    fun b() = 1 \n\n    val d = 2  + 3\n}"
        );
        let source =
            "# Of a.\ndef a():\n    \"\"\"Says\n\n    b.\n    \"\"\"\n    return 4 // 2 # Not C.\n";
        assert_eq!(
            plain(source, "#"),
            "def a():\n    \"\"\"\"\"\"\n    return 4 // 2 \n"
        );
    }

    #[test]
    fn of_texts_only_words_stay() {
        assert_eq!(
            plain("f(\"ONE\", \"a.b\", 'c d', '\"', \"e\\\" f\", g)", "#"),
            "f(\"ONE\", \"\", '', '', \"\", g)"
        );
    }
}
