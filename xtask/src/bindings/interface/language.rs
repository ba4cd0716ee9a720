//! The words by which Kotlin and Swift declare something.

/// A language whose declarations are read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Language {
    Kotlin,
    Swift,
}

/// What a head begins with.
pub(super) struct Beginning {
    pub(super) modifiers: Vec<String>,
    pub(super) keyword: String,
    pub(super) name: String,
}

impl Language {
    fn modifiers(self) -> &'static [&'static str] {
        match self {
            Self::Kotlin => &[
                "abstract",
                "actual",
                "annotation",
                "companion",
                "const",
                "data",
                "enum",
                "expect",
                "external",
                "final",
                "infix",
                "inline",
                "inner",
                "internal",
                "lateinit",
                "open",
                "operator",
                "override",
                "private",
                "protected",
                "public",
                "sealed",
                "suspend",
                "tailrec",
                "value",
            ],
            Self::Swift => &[
                "class",
                "convenience",
                "fileprivate",
                "final",
                "indirect",
                "internal",
                "lazy",
                "mutating",
                "nonisolated",
                "open",
                "override",
                "package",
                "private",
                "public",
                "required",
                "static",
                "unowned",
                "weak",
            ],
        }
    }

    fn keywords(self) -> &'static [&'static str] {
        match self {
            Self::Kotlin => &[
                "class",
                "constructor",
                "fun",
                "interface",
                "object",
                "typealias",
                "val",
                "var",
            ],
            Self::Swift => &[
                "actor",
                "case",
                "class",
                "enum",
                "extension",
                "func",
                "init",
                "let",
                "protocol",
                "struct",
                "subscript",
                "typealias",
                "var",
            ],
        }
    }

    /// What a head begins with; none where it declares nothing.
    pub(super) fn beginning(self, head: &str) -> Option<Beginning> {
        let mut modifiers = Vec::new();
        let mut words = head.split_whitespace().peekable();
        while let Some(word) = words.next() {
            let plain = word.split(['(', '?', '<', ':']).next().unwrap_or_default();
            let next = words.peek().copied().unwrap_or_default();
            // `class` is both in Swift.
            let is_modifier = self.modifiers().contains(&plain)
                && (plain != "class" || self.keywords().contains(&next));
            if is_modifier {
                modifiers.push(word.to_owned());
            } else if self.keywords().contains(&plain) {
                let is_nameless = matches!(plain, "init" | "constructor");
                let name = if is_nameless { plain } else { next };
                let letters = name.chars();
                let name = letters
                    .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
                    .collect();
                return Some(Beginning {
                    modifiers,
                    keyword: plain.to_owned(),
                    name,
                });
            } else {
                return None;
            }
        }
        None
    }
}
