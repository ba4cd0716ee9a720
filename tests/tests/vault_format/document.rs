//! What `docs/vault-format.md` says, read strictly: a line that is not in its form ends the test.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

fn text() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/vault-format.md");
    fs::read_to_string(path).unwrap()
}

/// The lines of all fenced blocks of one language, in their order.
fn blocks(language: &str) -> Vec<String> {
    let fence = format!("```{language}");
    let mut lines = vec![];
    let mut is_inside = false;
    for line in text().lines() {
        match (is_inside, line) {
            (true, "```") => is_inside = false,
            (true, line) => lines.push(line.to_owned()),
            (false, line) => is_inside = line == fence,
        }
    }
    assert!(!is_inside, "a block has no end");
    lines
}

/// The text of every table, one line each, in the order of their names.
pub(crate) fn tables() -> Vec<String> {
    let text = blocks("sql").join("\n");
    let mut tables: Vec<String> = text
        .split_terminator(';')
        .map(|table| table.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    tables.sort();
    tables
}

/// Number and name of every field in the section under a heading, in the table that begins with `| field |`.
pub(crate) fn fields(heading: &str) -> Vec<(u8, String)> {
    let text = text();
    let mut lines = text.lines().skip_while(|line| !line.starts_with(heading));
    lines.next().unwrap_or_else(|| panic!("no {heading}"));
    let fields: Vec<(u8, String)> = lines
        .take_while(|line| !line.starts_with('#'))
        .skip_while(|line| !line.starts_with("| field |"))
        .skip(2)
        .map_while(|line| {
            let mut cells = line.strip_prefix('|')?.split('|').map(str::trim);
            let number = cells.next()?.parse().unwrap();
            Some((number, cells.next()?.trim_matches('`').to_owned()))
        })
        .collect();
    assert!(!fields.is_empty(), "no fields under {heading}");
    fields
}

/// Number and name in the first table of `docs/history.md` that begins so; the number stands in this column, the name in the next.
/// A row without a number there is passed over.
pub(crate) fn history_rows(beginning: &str, column: usize) -> Vec<(u8, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/history.md");
    let text = fs::read_to_string(path).unwrap();
    let lines = text.lines().skip_while(|line| !line.starts_with(beginning));
    let rows = lines.skip(2).map_while(|line| line.strip_prefix('|'));
    let rows: Vec<(u8, String)> = rows
        .filter_map(|row| {
            let mut cells = row.split('|').map(str::trim).skip(column);
            let number = cells.next()?.parse().ok()?;
            Some((number, cells.next()?.trim_matches('`').to_owned()))
        })
        .collect();
    assert!(!rows.is_empty(), "no rows after {beginning}");
    rows
}

/// The worked example: every name once, with its bytes.
pub(crate) fn example() -> BTreeMap<String, Vec<u8>> {
    let mut values: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut last = String::new();
    for line in blocks("example") {
        if line.starts_with('#') {
            continue;
        }
        if let Some(more) = line.strip_prefix("    ") {
            values.get_mut(&last).unwrap().extend(bytes_of(more));
            continue;
        }
        let (name, hex) = line
            .split_once(" =")
            .unwrap_or_else(|| panic!("not `name = hex`: {line}"));
        last = name.to_owned();
        let bytes = bytes_of(hex.strip_prefix(' ').unwrap_or(hex));
        let earlier = values.insert(last.clone(), bytes);
        assert!(earlier.is_none(), "{name} stands twice");
    }
    values
}

fn bytes_of(hex: &str) -> Vec<u8> {
    assert!(hex.len().is_multiple_of(2), "half a byte: {hex}");
    hex.as_bytes()
        .chunks_exact(2)
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}
