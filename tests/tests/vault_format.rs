//! `docs/vault-format.md` says what the vault's code does: its tables, its field numbers and its worked
//! example are held against the code, and `docs/decrypt.py` reads what the code writes.
#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a test ends where it is surprised")]

#[path = "vault_format/document.rs"]
mod document;
#[path = "vault_format/example.rs"]
mod example;
#[path = "vault_format/memory.rs"]
mod memory;
#[path = "vault_format/place.rs"]
mod place;
#[path = "vault_format/primitives.rs"]
mod primitives;
#[path = "vault_format/script.rs"]
mod script;
#[path = "vault_format/written.rs"]
mod written;

use std::fs;
use std::path::Path;

use rusqlite::Connection;

use countersign_core::approval::history::{Decision, Kind, Outcome};
use place::Place;

#[test]
fn the_documented_tables_are_those_of_a_fresh_vault() {
    let place = Place::new();
    drop(place.create());
    let db = Connection::open(place.vault()).unwrap();
    let mut statement = db
        .prepare("SELECT sql FROM sqlite_schema ORDER BY name")
        .unwrap();
    let made: Vec<String> = statement
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(document::tables(), made);
    for (setting, value) in [
        ("application_id", 0x4353_5654),
        ("user_version", 1),
        ("page_size", 4096),
    ] {
        let query = format!("PRAGMA {setting}");
        let found: i64 = db.query_row(&query, [], |row| row.get(0)).unwrap();
        assert_eq!(found, value, "{setting}");
    }
}

#[test]
fn the_documented_fields_are_those_of_the_code() {
    for (heading, file) in [
        ("### Kind 1, ", "record/account.rs"),
        ("### Kind 2, ", "record/tag.rs"),
        ("### Kind 3, ", "record/settings.rs"),
        ("### Kind 4, ", "record/slot_key.rs"),
        ("### Kinds 5 and 6, ", "record/work.rs"),
        ("### The history", "chain.rs"),
        ("## 7. ", "manifest.rs"),
    ] {
        assert_eq!(document::fields(heading), fields_of(file), "{heading}");
    }
}

#[test]
fn the_page_of_the_history_says_what_the_code_says() {
    let entry = fields_of("../approval/history/entry.rs");
    assert_eq!(document::history_rows("| field |", 0), entry);
    let kinds = Kind::ALL.iter().map(|kind| (kind.number(), kind.name()));
    assert_eq!(document::history_rows("| kind |", 0), owned(kinds));
    let decisions = Decision::ALL.iter().map(|one| (one.number(), one.name()));
    assert_eq!(document::history_rows("| decision |", 0), owned(decisions));
    let outcomes = Outcome::ALL.iter().map(|one| (one.number(), one.name()));
    assert_eq!(document::history_rows("| decision |", 3), owned(outcomes));
}

fn owned<'a>(pairs: impl Iterator<Item = (u8, &'a str)>) -> Vec<(u8, String)> {
    pairs
        .map(|(number, name)| (number, name.to_owned()))
        .collect()
}

/// Every `const NAME: u8 = NUMBER;` of one of the vault's files: these hold field numbers and no other `u8`.
fn fields_of(file: &str) -> Vec<(u8, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../core/src/vault")
        .join(file);
    let text = fs::read_to_string(path).unwrap();
    text.lines()
        .filter_map(|line| line.split_once("const ")?.1.split_once(": u8 = "))
        .map(|(name, number)| {
            let number = number.trim_end_matches(';').parse().unwrap();
            (number, name.to_lowercase())
        })
        .collect()
}
