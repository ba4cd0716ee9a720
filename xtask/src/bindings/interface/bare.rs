//! A source without what a reader of its declarations does not need: comments, and what stands in texts.

/// The source with a space for each comment and nothing between the quotes of a text.
pub(super) fn bare(source: &str) -> Vec<char> {
    let mut rest = source;
    let mut bare = Vec::with_capacity(source.len());
    while let Some(letter) = rest.chars().next() {
        let (kept, taken): (&str, usize) = if rest.starts_with("//") {
            (" ", rest.find('\n').unwrap_or(rest.len()))
        } else if rest.starts_with("/*") {
            (" ", comment(rest))
        } else if rest.starts_with("\"\"\"") {
            ("\"\"", text(rest, "\"\"\""))
        } else if letter == '"' {
            ("\"\"", text(rest, "\""))
        } else if rest.starts_with("'\"'") {
            (" ", 3)
        } else {
            bare.push(letter);
            rest = rest.get(letter.len_utf8()..).unwrap_or_default();
            continue;
        };
        bare.extend(kept.chars());
        rest = rest.get(taken..).unwrap_or_default();
    }
    bare
}

/// How long the comment is that begins here; others may lie in it.
fn comment(source: &str) -> usize {
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

/// How long the text is that begins here, with its quotes.
fn text(source: &str, quotes: &str) -> usize {
    let mut at = quotes.len();
    while let Some(rest) = source.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with(quotes) {
            return at + quotes.len();
        }
        if rest.starts_with('\\') {
            at += 1;
        }
        let letter = source.get(at..).and_then(|rest| rest.chars().next());
        at += letter.map_or(1, char::len_utf8);
    }
    source.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of(source: &str) -> String {
        bare(source).into_iter().collect()
    }

    #[test]
    fn comments_and_texts_are_emptied_and_nothing_else() {
        for (source, expected) in [
            ("a // b {\nc", "a  \nc"),
            ("a /* b /* { */ } */ c", "a   c"),
            (r#"x("a \" { }") y"#, r#"x("") y"#),
            ("x(\"\"\"a \" {\n\"\"\") y", "x(\"\") y"),
            ("when ('\"') { a }", "when ( ) { a }"),
            ("ä // ö", "ä  "),
            ("open /* never", "open  "),
            ("open \"never", "open \"\""),
        ] {
            assert_eq!(text_of(source), expected, "{source}");
        }
    }
}
