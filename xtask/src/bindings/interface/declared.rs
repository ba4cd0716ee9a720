//! What a source in Kotlin or Swift declares for others: heads without bodies.

use super::bare::bare;
use super::language::{Beginning, Language};

/// One public declaration.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Declared {
    /// Its kind: `fun`, `class`, ….
    pub(super) keyword: String,
    /// Its name; empty where it has none.
    pub(super) name: String,
    /// All of it up to its body, on one line.
    pub(super) head: String,
    /// What is declared inside.
    pub(super) members: Vec<Declared>,
}

/// The public declarations of a source, in their order.
pub(super) fn declared(source: &str, language: Language) -> Vec<Declared> {
    let mut reader = Reader {
        letters: bare(source),
        at: 0,
        language,
    };
    let mut all = Vec::new();
    while reader.peek().is_some() {
        all.extend(reader.scope(Scope::Closed));
        // A brace too many ends nothing.
        reader.at += 1;
    }
    all
}

/// Where a declaration stands.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Scope {
    /// Only what says so is public.
    Closed,
    /// All is public that does not say otherwise.
    Open,
    /// The names of an enum's variants, up to a semicolon; then as `Open`.
    Variants,
}

/// What ends a head.
enum End {
    Body,
    Line,
}

struct Reader {
    letters: Vec<char>,
    at: usize,
    language: Language,
}

impl Reader {
    fn peek(&self) -> Option<char> {
        self.letters.get(self.at).copied()
    }

    /// The next letter that is not white, which is not taken.
    fn next_black(&self) -> Option<char> {
        let rest = self.letters.get(self.at..).unwrap_or_default();
        rest.iter().copied().find(|letter| !letter.is_whitespace())
    }

    /// Reads up to the end of the scope, whose brace is not taken.
    fn scope(&mut self, mut scope: Scope) -> Vec<Declared> {
        let mut all = Vec::new();
        loop {
            self.skip_before_head();
            match self.peek() {
                None | Some('}') => return all,
                Some(';') => {
                    self.at += 1;
                    if scope == Scope::Variants {
                        scope = Scope::Open;
                    }
                    continue;
                }
                Some(_) => {}
            }
            let begun = self.at;
            let (head, end) = self.head(scope);
            let declared = self.rest_of(head, &end, scope);
            all.extend(declared);
            if self.at == begun {
                // A letter that begins nothing.
                self.at += 1;
            }
        }
    }

    /// The declaration with this head, if it is public; what follows the head is taken.
    fn rest_of(&mut self, head: String, end: &End, scope: Scope) -> Option<Declared> {
        if scope == Scope::Variants {
            if matches!(end, End::Body) {
                self.skip_block();
            }
            let name = head.clone();
            return (!head.is_empty()).then(|| Declared {
                keyword: "case".to_owned(),
                name,
                head,
                members: Vec::new(),
            });
        }
        let beginning = self.language.beginning(&head);
        let mut members = Vec::new();
        match (&beginning, end) {
            (_, End::Line) => {}
            (Some(beginning), End::Body) if is_type(&beginning.keyword) => {
                self.at += 1;
                members = self.scope(self.inside(beginning));
                self.at += 1;
            }
            (_, End::Body) => self.skip_block(),
        }
        let beginning = beginning.filter(|beginning| self.is_public(beginning, scope))?;
        let head = match beginning.name.as_str() {
            "" => head,
            // Which other one it calls is a body.
            "constructor" => head.split(": this(").next().unwrap_or_default().to_owned(),
            name => head.replacen(&format!("{name} ("), &format!("{name}("), 1),
        };
        Some(Declared {
            head,
            keyword: beginning.keyword,
            name: beginning.name,
            members,
        })
    }

    /// The scope of a type's body.
    fn inside(&self, beginning: &Beginning) -> Scope {
        let has = |word: &str| beginning.modifiers.iter().any(|modifier| modifier == word);
        match self.language {
            Language::Kotlin if has("enum") => Scope::Variants,
            Language::Kotlin => Scope::Open,
            Language::Swift if beginning.keyword == "protocol" => Scope::Open,
            Language::Swift if beginning.keyword == "extension" && has("public") => Scope::Open,
            Language::Swift => Scope::Closed,
        }
    }

    fn is_public(&self, beginning: &Beginning, scope: Scope) -> bool {
        let has = |words: &[&str]| {
            let mut modifiers = beginning.modifiers.iter();
            modifiers.any(|modifier| words.contains(&modifier.as_str()))
        };
        match self.language {
            // What overrides is declared where it comes from.
            Language::Kotlin => !has(&["private", "internal", "protected", "override"]),
            Language::Swift => {
                let is_always = matches!(beginning.keyword.as_str(), "case" | "extension");
                let is_hidden = has(&["fileprivate", "internal", "package", "private"]);
                has(&["public", "open"]) || !is_hidden && (is_always || scope == Scope::Open)
            }
        }
    }

    /// Takes white space, annotations and what a preprocessor reads.
    fn skip_before_head(&mut self) {
        while let Some(letter) = self.peek() {
            if letter.is_whitespace() {
                self.at += 1;
            } else if letter == '#' {
                while self.peek().is_some_and(|letter| letter != '\n') {
                    self.at += 1;
                }
            } else if letter == '@' {
                self.at += 1;
                while (self.peek())
                    .is_some_and(|letter| letter.is_alphanumeric() || "_:.".contains(letter))
                {
                    self.at += 1;
                }
                if self.peek() == Some('(') {
                    self.skip_between('(', ')');
                }
            } else {
                return;
            }
        }
    }

    fn skip_block(&mut self) {
        self.skip_between('{', '}');
    }

    /// Takes what begins here with one letter, up to the other that belongs to it.
    fn skip_between(&mut self, opening: char, closing: char) {
        let mut depth = 0_usize;
        while let Some(letter) = self.peek() {
            self.at += 1;
            if letter == opening {
                depth += 1;
            } else if letter == closing {
                depth = depth.saturating_sub(1);
            }
            if depth == 0 {
                return;
            }
        }
    }

    /// Reads up to a body, which is not taken, or to the end of the declaration; gives it on one line, without its value.
    fn head(&mut self, scope: Scope) -> (String, End) {
        let mut head = String::new();
        let mut depth = 0_usize;
        let mut is_value = false;
        let mut last = ' ';
        while let Some(letter) = self.peek() {
            match letter {
                '(' | '[' => depth += 1,
                ')' | ']' => depth = depth.saturating_sub(1),
                '{' if depth == 0 && !is_value => return (one_line(&head), End::Body),
                '{' => {
                    self.skip_block();
                    last = '}';
                    continue;
                }
                '}' | ';' if depth == 0 => break,
                ',' if depth == 0 && scope == Scope::Variants => {
                    self.at += 1;
                    break;
                }
                '=' if depth == 0 && !is_value && !head.contains("typealias ") => is_value = true,
                '\n' if depth == 0 && self.ends_here(last) => break,
                _ => {}
            }
            if !is_value {
                head.push(letter);
            }
            if !letter.is_whitespace() {
                last = letter;
            }
            self.at += 1;
        }
        (one_line(&head), End::Line)
    }

    /// Whether a declaration ends with this line, whose last letter is given.
    fn ends_here(&self, last: char) -> bool {
        let goes_on_after = ":=,(&|+.".contains(last);
        let goes_on_with = self
            .next_black()
            .is_some_and(|next| ":{=.?&|+)".contains(next));
        !goes_on_after && !goes_on_with
    }
}

fn is_type(keyword: &str) -> bool {
    matches!(
        keyword,
        "actor" | "class" | "enum" | "extension" | "interface" | "object" | "protocol" | "struct"
    )
}

/// A head as one line: single spaces, none inside of parentheses, no backticks.
fn one_line(head: &str) -> String {
    let words: Vec<&str> = head.split_whitespace().collect();
    let mut line = words.join(" ").replace('`', "");
    for (from, to) in [
        ("( ", "("),
        (" )", ")"),
        (" ,", ","),
        (",)", ")"),
        (" :", ":"),
        (")throws", ") throws"),
        (")async", ") async"),
    ] {
        line = line.replace(from, to);
    }
    line
}

#[cfg(test)]
mod tests;
