//! The tables. At open `sqlite_schema` must hold exactly these texts: a planted trigger would undo a deletion.

use rusqlite::Connection;

use super::error::VaultError;
use super::formats::Table;

/// Name and text of every table, in the order of their names.
pub(super) const TABLES: [Table; 7] = [
    (
        "bucket",
        "CREATE TABLE bucket(n INTEGER PRIMARY KEY NOT NULL CHECK(n BETWEEN 0 AND 255), \
         rev INT NOT NULL CHECK(rev >= 1), epoch INT NOT NULL CHECK(epoch BETWEEN 1 AND 4294967295), \
         nonce BLOB NOT NULL CHECK(length(nonce) = 12), body BLOB NOT NULL CHECK(length(body) % 45 = 16 AND length(body) <= 1044496)) STRICT",
    ),
    (
        "log",
        "CREATE TABLE log(seq INTEGER PRIMARY KEY NOT NULL CHECK(seq >= 1), \
         epoch INT NOT NULL CHECK(epoch BETWEEN 1 AND 4294967295), \
         nonce BLOB NOT NULL CHECK(length(nonce) = 12), body BLOB NOT NULL CHECK(length(body) % 256 = 16 AND length(body) <= 1044496)) STRICT",
    ),
    (
        "manifest",
        "CREATE TABLE manifest(one INTEGER PRIMARY KEY NOT NULL CHECK(one = 1), gen INT NOT NULL CHECK(gen >= 1), \
         epoch INT NOT NULL CHECK(epoch BETWEEN 1 AND 4294967295), \
         nonce BLOB NOT NULL CHECK(length(nonce) = 12), body BLOB NOT NULL CHECK(length(body) % 256 = 16 AND length(body) <= 1044496)) STRICT",
    ),
    (
        "meta",
        "CREATE TABLE meta(k TEXT PRIMARY KEY NOT NULL CHECK(length(k) BETWEEN 1 AND 64), \
         v BLOB NOT NULL CHECK(length(v) <= 1024)) STRICT, WITHOUT ROWID",
    ),
    (
        "porch",
        "CREATE TABLE porch(id BLOB PRIMARY KEY NOT NULL CHECK(length(id) = 16), rev INT NOT NULL CHECK(rev >= 1), \
         epoch INT NOT NULL CHECK(epoch BETWEEN 1 AND 4294967295), nonce BLOB NOT NULL CHECK(length(nonce) = 12), \
         body BLOB NOT NULL CHECK(length(body) % 256 = 16 AND length(body) <= 1044496)) STRICT, WITHOUT ROWID",
    ),
    (
        "record",
        "CREATE TABLE record(id BLOB PRIMARY KEY NOT NULL CHECK(length(id) = 16), \
         kind INT NOT NULL CHECK(kind BETWEEN 0 AND 255), rev INT NOT NULL CHECK(rev >= 1), \
         epoch INT NOT NULL CHECK(epoch BETWEEN 1 AND 4294967295), nonce BLOB NOT NULL CHECK(length(nonce) = 12), \
         body BLOB NOT NULL CHECK(length(body) % 256 = 16 AND length(body) <= 1044496)) STRICT, WITHOUT ROWID",
    ),
    (
        "slot",
        "CREATE TABLE slot(id BLOB PRIMARY KEY NOT NULL CHECK(length(id) = 16), \
         kind INT NOT NULL CHECK(kind BETWEEN 0 AND 255), epoch INT NOT NULL CHECK(epoch BETWEEN 1 AND 4294967295), \
         nonce BLOB NOT NULL CHECK(length(nonce) = 16), params BLOB NOT NULL CHECK(length(params) <= 4096), \
         public BLOB NOT NULL CHECK(length(public) = 32), sealed BLOB NOT NULL CHECK(length(sealed) = 84), \
         digest BLOB NOT NULL CHECK(length(digest) = 32)) STRICT, WITHOUT ROWID",
    ),
];

/// Makes the tables of a new vault.
pub(super) fn create_tables(db: &Connection) -> Result<(), VaultError> {
    for (_, text) in TABLES {
        db.execute(text, [])?;
    }
    Ok(())
}

/// # Errors
///
/// [`VaultError::DamagedSchema`] when there is anything else than the tables of the format.
pub(super) fn check_schema(db: &Connection, tables: &[Table]) -> Result<(), VaultError> {
    let mut statement =
        db.prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name")?;
    let mut rows = statement.query([])?;
    let mut known = tables.iter();
    while let Some(row) = rows.next()? {
        let found: (String, String, String, Option<String>) =
            (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
        let is_known = known.next().is_some_and(|(name, text)| {
            found.0 == "table"
                && found.1 == *name
                && found.2 == *name
                && found.3.as_deref() == Some(text)
        });
        if !is_known {
            return Err(VaultError::DamagedSchema);
        }
    }
    if known.next().is_some() {
        Err(VaultError::DamagedSchema)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made() -> Connection {
        let db = Connection::open_in_memory().unwrap();
        create_tables(&db).unwrap();
        db
    }

    #[test]
    fn what_is_created_is_known() {
        assert_eq!(check_schema(&made(), &TABLES), Ok(()));
    }

    #[test]
    fn f6_anything_planted_or_missing_is_a_damaged_schema() {
        for change in [
            "CREATE TRIGGER t AFTER DELETE ON record BEGIN SELECT 1; END",
            "CREATE VIEW v AS SELECT 1",
            "CREATE INDEX i ON record(kind)",
            "CREATE TABLE zebra(a)",
            "CREATE TABLE aaa(a)",
            "DROP TABLE porch",
            "ALTER TABLE record ADD COLUMN more INT",
        ] {
            let db = made();
            db.execute(change, []).unwrap();
            assert_eq!(
                check_schema(&db, &TABLES),
                Err(VaultError::DamagedSchema),
                "{change}"
            );
        }
    }
}
