//! What a test says itself: its function, and what that names of its own file, as a table that it goes over.

use std::ops::Range;

/// The text of the function with this head, and of each declaration of the same source that it names. None where there is no such
/// function.
pub(super) fn own_text(source: &str, head: &str) -> Option<String> {
    let lines: Vec<&str> = source.lines().collect();
    let at = lines.iter().position(|line| line.contains(head))?;
    let own = lines
        .get(beginning(&lines, at)..end(&lines, at))?
        .join("\n");
    let named: Vec<String> = declarations(&lines)
        .into_iter()
        .filter(|(name, range)| !range.contains(&at) && has_word(&own, name))
        .filter_map(|(_, range)| Some(lines.get(range)?.join("\n")))
        .collect();
    Some([vec![own], named].concat().join("\n"))
}

/// Whether a text has these letters, not as a part of a longer name, nor, with their dot, as a member of something.
pub(super) fn has_word(text: &str, word: &str) -> bool {
    let begins = !word.starts_with(is_of_name);
    let is_member = |before: &str| {
        word.starts_with('.') && !before.is_empty() && !before.ends_with([' ', '\n', '(', '['])
    };
    let ends = !word.ends_with(is_of_name);
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).unwrap_or_default();
        let after = text.get(at + word.len()..).unwrap_or_default();
        !is_member(before)
            && (begins || !before.ends_with(is_of_name))
            && (ends || !after.starts_with(is_of_name))
    })
}

/// What a name is made of.
pub(super) fn is_of_name(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// What a source declares outside of functions, by its name: the lines of it.
fn declarations(lines: &[&str]) -> Vec<(String, Range<usize>)> {
    let mut all = Vec::new();
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        let next = match declared(line) {
            None => at + 1,
            Some((keyword, name)) => {
                let end = end(lines, at);
                if !name.is_empty() {
                    all.push((name, at..end));
                }
                // What stands in a type is declared for the whole file as well.
                if TYPES.contains(&keyword) {
                    at + 1
                } else {
                    end
                }
            }
        };
        at = next;
    }
    all
}

/// The first line of what is declared in a line: its annotations stand above it.
fn beginning(lines: &[&str], at: usize) -> usize {
    let own = lines.get(at).map_or(0, |line| depth(line));
    let above = lines.get(..at).unwrap_or_default().iter().rev();
    let annotations = above.take_while(|line| {
        !line.trim().is_empty()
            && depth(line) >= own
            && !(depth(line) == own && declared(line).is_some())
    });
    at - annotations.count()
}

/// The line after the last one of what is declared in a line.
fn end(lines: &[&str], at: usize) -> usize {
    let own = lines.get(at).map_or(0, |line| depth(line));
    let mut end = at + 1;
    for (place, line) in lines.iter().enumerate().skip(at + 1) {
        if line.trim().is_empty() {
            continue;
        }
        let closes = depth(line) == own && line.trim_start().starts_with(['}', ')', ']']);
        if depth(line) <= own && !closes {
            break;
        }
        end = place + 1;
    }
    end
}

/// By how much a line is indented.
fn depth(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// Declares what others stand in.
const TYPES: [&str; 6] = [
    "class",
    "enum",
    "extension",
    "interface",
    "object",
    "struct",
];

/// Declares something else.
const MEMBERS: [&str; 6] = ["def", "fun", "func", "let", "val", "var"];

/// What a line declares: by which word, and the name, which is empty where there is none.
fn declared(line: &str) -> Option<(&str, String)> {
    let line = line.trim_start();
    if line.starts_with(['#', '"', '}', ')']) {
        return None;
    }
    let mut words = line.split_whitespace().peekable();
    while let Some(word) = words.next() {
        let next = words.peek().copied().unwrap_or_default();
        let is_keyword = |word: &str| TYPES.contains(&word) || MEMBERS.contains(&word);
        // Kotlin has enum classes.
        if is_keyword(word) && !is_keyword(next) {
            let head = next.split(['(', ':', '<', '=']).next().unwrap_or_default();
            let name = head.rsplit('.').next().unwrap_or_default();
            let is_name = name.chars().all(is_of_name);
            return Some((word, if is_name { name } else { "" }.to_owned()));
        }
    }
    // Python has no word for a constant.
    let (name, _) = line.split_once(['=', ':'])?;
    let name = name.trim_end();
    let is_constant = name
        .chars()
        .all(|letter| letter.is_ascii_uppercase() || letter == '_');
    (is_constant && !name.is_empty()).then(|| ("=", name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_ends_where_the_next_one_begins() {
        let source = "\
class LifeTest : Desk() {
    @Test
    @Other(
        1,
    )
    fun itLocks() = scenario {
        lock()

        locked()
    }

    @Test
    fun itOpens() = open()
}
";
        assert_eq!(
            own_text(source, "fun itLocks(").unwrap(),
            "    @Test\n    @Other(\n        1,\n    )\n    fun itLocks() = scenario {\n        lock()\n\n        locked()\n    }"
        );
        assert_eq!(
            own_text(source, "fun itOpens(").unwrap(),
            "    @Test\n    fun itOpens() = open()"
        );
        assert_eq!(own_text(source, "fun itGoes("), None);
        let source = "    @Test func itLocks() { lock() }\n    @Test func itOpens() { open() }\n";
        assert_eq!(
            own_text(source, "func itOpens(").unwrap(),
            "    @Test func itOpens() { open() }"
        );
        let source = "@cases(\n    [1],\n)\ndef test_it_locks(\n    n: int,\n) -> None:\n    lock()\n\n\ndef other() -> None:\n    open()\n";
        let text = own_text(source, "def test_it_locks(").unwrap();
        assert!(
            text.starts_with("@cases(") && text.ends_with("    lock()"),
            "{text}"
        );
    }

    #[test]
    fn a_table_belongs_to_the_tests_that_go_over_it() {
        let source = "TEXTS = {\n    \"ONE\": 1,\n}\n\nFORMS: dict = {\n    \"TWO\": 2,\n}\n\ndef test_a(text) -> None:\n    TEXTS[text]\n";
        let text = own_text(source, "def test_a(").unwrap();
        assert!(text.contains("ONE") && !text.contains("TWO"), "{text}");
        let source = "\
class A {
    @Source(\"texts\")
    fun a() = 1

    fun b() {
        val texts = 3
    }

    private companion object Cases {
        fun texts() = listOf(
            One,
        )

        val forms = Two
    }
}
";
        let text = own_text(source, "fun a(").unwrap();
        assert!(text.contains("One"), "{text}");
        assert!(!text.contains("Two") && !text.contains('3'), "{text}");
        // What has no name belongs to nobody, and what stands in it to whoever names that.
        let source = "class A {\n    fun a() = one {\n    }\n\n    companion object {\n        const val one = 1\n        fun <T> two() {\n            val one = 2\n        }\n        val (one, three) = 3\n    }\n}\n";
        assert_eq!(
            own_text(source, "fun a(").unwrap(),
            "    fun a() = one {\n    }\n        const val one = 1"
        );
        let source = "private let texts: [A] = [\n    .one,\n]\n\nextension S {\n    @Suite struct T {\n        @Test(arguments: texts)\n        func a() {}\n    }\n}\n";
        assert!(own_text(source, "func a(").unwrap().contains(".one"));
    }

    #[test]
    fn a_name_is_no_part_of_a_longer_one() {
        assert!(has_word("is(.locked)", ".locked"));
        assert!(!has_word("is(a().locked, a.locked, \\.locked)", ".locked"));
        assert!(has_word("VaultError.Locked, 1", "VaultError.Locked"));
        assert!(has_word("a.is_LOCKED()", "is_LOCKED()"));
        for none in [
            "MyVaultError.Locked",
            "VaultError.LockedOut",
            "VaultError.Lock",
        ] {
            assert!(!has_word(none, "VaultError.Locked"), "{none}");
        }
    }
}
