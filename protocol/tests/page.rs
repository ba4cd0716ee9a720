//! The specification says what the code does: `docs/protocol.md` against the crate.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test ends where it is surprised"
)]

#[path = "page/claims.rs"]
mod claims;
#[path = "page/derived.rs"]
mod derived;
#[path = "page/limits.rs"]
mod limits;
#[path = "page/refusals.rs"]
mod refusals;
#[path = "page/words.rs"]
mod words;

const PAGE: &str = include_str!("../../docs/protocol.md");

/// The cells of the one row of a text's tables that begins with this cell. The first one is the second.
fn row_of(text: &'static str, first: &str) -> Vec<&'static str> {
    let mut rows = rows(text).filter(|cells| cells[1] == first);
    let row = rows.next().unwrap_or_else(|| panic!("no row of {first}"));
    assert!(rows.next().is_none(), "{first} is there twice");
    row
}

fn rows(text: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    text.lines()
        .filter(|line| line.starts_with('|'))
        .map(|line| line.split('|').map(str::trim).collect())
}

/// What stands between two lines that are there once.
fn between(begin: &str, end: &str) -> &'static str {
    let (_, rest) = PAGE
        .split_once(begin)
        .unwrap_or_else(|| panic!("no {begin}"));
    let (section, _) = rest.split_once(end).unwrap_or_else(|| panic!("no {end}"));
    section
}

/// The part that begins with this heading, up to the next one of its rank.
fn section(heading: &str) -> &'static str {
    let (_, rest) = PAGE.split_once(&format!("\n## {heading}\n")).unwrap();
    rest.split("\n## ").next().unwrap()
}

/// The words in backticks of a cell.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}
