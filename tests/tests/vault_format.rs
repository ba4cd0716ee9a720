//! `docs/vault-format.md` says what the vault's code does: its tables, its field numbers and its worked
//! example are held against the code, and `docs/decrypt.py` reads what the code writes.
#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a test ends where it is surprised")]

#[path = "vault_format/document.rs"]
mod document;
#[path = "vault_format/example.rs"]
mod example;
#[path = "vault_format/place.rs"]
mod place;
#[path = "vault_format/primitives.rs"]
mod primitives;
#[path = "vault_format/script.rs"]
mod script;

use std::fs;
use std::path::Path;

use rusqlite::Connection;

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
    let mut documented = document::fields();
    let mut coded = fields_of_the_code();
    documented.sort();
    coded.sort();
    assert!(coded.len() > 20, "the code's fields were not found");
    assert_eq!(documented, coded);
}

/// Every `const NAME: u8 = NUMBER;` inside a `mod field` of the vault's code.
fn fields_of_the_code() -> Vec<(u8, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/src/vault");
    let mut fields = vec![];
    for file in fs::read_dir(folder).unwrap() {
        let file = file.unwrap().path();
        if file.extension().is_none_or(|ending| ending != "rs") {
            continue;
        }
        let text = fs::read_to_string(file).unwrap();
        for block in text.split("mod field {").skip(1) {
            let (block, _) = block.split_once("\n}").unwrap();
            for line in block.lines() {
                let Some((_, constant)) = line.split_once("const ") else {
                    continue;
                };
                let (name, number) = constant.split_once(": u8 = ").unwrap();
                let number = number.trim_end_matches(';').parse().unwrap();
                fields.push((number, name.to_lowercase()));
            }
        }
    }
    fields
}
