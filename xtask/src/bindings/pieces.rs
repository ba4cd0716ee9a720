//! A source of any of the languages in pieces: what is done in it, its comments, and its texts.

/// One piece of a source.
pub(super) enum Piece<'a> {
    /// A letter of what is neither comment nor text.
    Code(char),
    Comment,
    /// A text, with its quotes apart.
    Text(&'static str, &'a str),
}

/// Longer ones first, as a shorter one begins them. Kotlin's letters stand in the single ones.
const QUOTES: [&str; 4] = ["\"\"\"", "'''", "\"", "'"];

/// Where a line of comment begins with `#`, as Python's does, there are no others.
pub(super) fn pieces<'a>(source: &'a str, comment: &str) -> Vec<Piece<'a>> {
    let mut rest = source;
    let mut pieces = Vec::with_capacity(source.len());
    while let Some(letter) = rest.chars().next() {
        let (piece, taken) = if rest.starts_with(comment) {
            (Piece::Comment, rest.find('\n').unwrap_or(rest.len()))
        } else if comment == "//" && rest.starts_with("/*") {
            (Piece::Comment, block(rest))
        } else if let Some(quotes) = QUOTES.into_iter().find(|quotes| rest.starts_with(quotes)) {
            let (text, taken) = text(rest, quotes);
            (Piece::Text(quotes, text), taken)
        } else {
            (Piece::Code(letter), letter.len_utf8())
        };
        pieces.push(piece);
        rest = rest.get(taken..).unwrap_or_default();
    }
    pieces
}

/// How long the comment is that begins here; others may lie in it.
fn block(source: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(rest) = source.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    source.len()
}

/// The text that begins here, and how long it is with its quotes. One in single quotes ends with its line at the latest.
fn text<'a>(source: &'a str, quotes: &str) -> (&'a str, usize) {
    let within = |end| source.get(quotes.len()..end).unwrap_or_default();
    let mut at = quotes.len();
    while let Some(rest) = source.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with(quotes) {
            return (within(at), at + quotes.len());
        }
        if quotes.len() == 1 && rest.starts_with('\n') {
            return (within(at), at);
        }
        if rest.starts_with('\\') {
            at += 1;
        }
        let letter = source.get(at..).and_then(|rest| rest.chars().next());
        at += letter.map_or(1, char::len_utf8);
    }
    (within(source.len()), source.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A space for each comment, and a text in angles.
    fn shown(source: &str, comment: &str) -> String {
        let one = |piece| match piece {
            Piece::Code(letter) => letter.to_string(),
            Piece::Comment => " ".to_owned(),
            Piece::Text(_, text) => format!("<{text}>"),
        };
        pieces(source, comment).into_iter().map(one).collect()
    }

    #[test]
    fn comments_and_texts_are_told_from_the_rest() {
        for (source, expected) in [
            ("a // b {\nc", "a  \nc"),
            ("a /* b /* { */ } */ c", "a   c"),
            (r#"x("a \" { }") y"#, r#"x(<a \" { }>) y"#),
            ("x(\"\"\"a \" {\n\"\"\") y", "x(<a \" {\n>) y"),
            ("a(\"https://b\", \"/*\") c", "a(<https://b>, </*>) c"),
            ("when ('\"') { a }", "when (<\">) { a }"),
            ("ä // ö", "ä  "),
            ("open /* never", "open  "),
            ("open \"never", "open <never>"),
            ("open \"to\nits end", "open <to>\nits end"),
            ("#expect(a)", "#expect(a)"),
        ] {
            assert_eq!(shown(source, "//"), expected, "{source}");
        }
        assert_eq!(
            shown("4 // 2 /* # '\n'''a\n'b''' \"\"", "#"),
            "4 // 2 /*  \n<a\n'b> <>"
        );
    }
}
