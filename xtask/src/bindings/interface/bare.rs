//! A source without what a reader of its declarations does not need: comments, and what stands in texts.

use crate::bindings::pieces::{Piece, pieces};

/// The source with a space for each comment and each letter in quotes, and nothing between the quotes of a text.
pub(super) fn bare(source: &str) -> Vec<char> {
    let mut bare = Vec::with_capacity(source.len());
    for piece in pieces(source, "//") {
        match piece {
            Piece::Code(letter) => bare.push(letter),
            Piece::Comment | Piece::Text("'", _) => bare.push(' '),
            Piece::Text(..) => bare.extend(['"', '"']),
        }
    }
    bare
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_texts_are_emptied_and_nothing_else() {
        for (source, expected) in [
            ("a // b {\nc", "a  \nc"),
            ("a /* b /* { */ } */ c", "a   c"),
            (r#"x("a \" { }") y"#, r#"x("") y"#),
            ("x(\"\"\"a \" {\n\"\"\") y", "x(\"\") y"),
            ("when ('\"') { a }", "when ( ) { a }"),
        ] {
            assert_eq!(String::from_iter(bare(source)), expected, "{source}");
        }
    }
}
