//! The rows of a real vault, in its bytes.

use std::collections::BTreeMap;

use rusqlite::types::FromSql;

use super::super::pages::{FoundRow, read_files, scan};
use super::super::seal::tag_of;
use super::super::slot::load_slots;
use super::*;
use crate::secret::SecretText;

fn column<T: FromSql>(db: &Connection, select: &str) -> Vec<T> {
    let mut statement = db.prepare(select).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

#[test]
fn every_row_of_a_vault_is_found_in_its_bytes() {
    let place = Place::with_password(b"first");
    let mut vault = place.unlock();
    for n in 0..60 {
        let id = add(&mut vault, &format!("account {n}"));
        let mut stored = vault.account(id).unwrap().duplicate();
        stored.note = SecretText::new("n".repeat(n * 200));
        store(&mut vault, id, stored).unwrap();
        if n % 6 == 5 {
            delete(&mut vault, id).unwrap();
        }
    }
    drop(vault);
    let (file, log) = read_files(&place.location()).unwrap();
    let (mut slots, mut records, mut bodies, mut meta) = (vec![], BTreeMap::new(), vec![], vec![]);
    scan(&file, &log, &mut |row| match row {
        FoundRow::Slot(slot) => slots.push(slot),
        FoundRow::Record {
            id, entry, body, ..
        } => {
            assert_eq!(tag_of(&body), Some(entry.tag));
            // Of an older version SQLite may have left a copy behind.
            records
                .entry(id.bytes().to_vec())
                .or_insert_with(Vec::new)
                .push(body);
        }
        FoundRow::List { body, .. } => bodies.push(body),
        FoundRow::Meta { key, .. } => meta.push(key),
        FoundRow::Log { .. } | FoundRow::Porch { .. } => panic!("there are none"),
    });
    let db = place.attack();
    for slot in load_slots(&db).unwrap().rows {
        assert!(slots.contains(&slot));
    }
    let ids: Vec<Vec<u8>> = column(&db, "SELECT id FROM record ORDER BY id");
    let sealed: Vec<Vec<u8>> = column(&db, "SELECT body FROM record ORDER BY id");
    assert_eq!(ids.len(), 50 + 2);
    for (id, body) in ids.iter().zip(&sealed) {
        assert!(records[id].contains(body));
    }
    for body in column(
        &db,
        "SELECT body FROM bucket UNION SELECT body FROM manifest",
    ) {
        assert!(bodies.contains(&body));
    }
    for key in column(&db, "SELECT k FROM meta") {
        assert!(meta.contains(&key));
    }
}
