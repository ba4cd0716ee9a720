//! Databases with the tables of a vault and rows of random content, as SQLite writes them.

use rusqlite::config::DbConfig;
use rusqlite::{Connection, Row};
use tempfile::TempDir;

use crate::vault::format::RecordId;
use crate::vault::location::VaultLocation;
use crate::vault::manifest::Entry;
use crate::vault::pages::{FoundRow, read_files};
use crate::vault::schema::create_tables;
use crate::vault::seal::tag_of;
use crate::vault::slot::SlotRow;

/// Numbers that look random and are the same in every run.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(super) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end).unwrap()).unwrap()
    }

    /// Without a zero, so that no body goes on as the number of an overflow page begins.
    pub(super) fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count)
            .map(|_| u8::try_from(self.below(255)).unwrap() + 1)
            .collect()
    }
}

/// A database with the tables of a vault and rows of random content.
pub(super) struct Made {
    folder: TempDir,
    pub(super) db: Connection,
    pub(super) dice: Dice,
}

/// What [`Made`] leaves behind.
pub(super) struct Left {
    /// Every row that SQLite saw.
    pub(super) rows: Vec<FoundRow>,
    pub(super) file: Vec<u8>,
    pub(super) log: Vec<u8>,
}

impl Made {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = Connection::open(folder.path().join("vault")).unwrap();
        for (setting, value) in [
            ("journal_mode", "WAL"),
            ("wal_autocheckpoint", "0"),
            ("secure_delete", "ON"),
        ] {
            db.pragma_update(None, setting, value).unwrap();
        }
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
            .unwrap();
        create_tables(&db).unwrap();
        Self {
            folder,
            db,
            dice: Dice(0x9e37_79b9_7f4a_7c15),
        }
    }

    /// A row of `record` whose body has so many blocks of 256 bytes, and a tag.
    pub(super) fn record(&mut self, blocks: usize) {
        let (id, nonce) = (self.dice.bytes(16), self.dice.bytes(12));
        let kind = [0, 1, 2, 127, 128, 255][self.dice.below(6)];
        let rev = [1, 127, 128, 40_000, 1 << 23, 1 << 40, i64::MAX][self.dice.below(7)];
        let epoch = [1, 2, 300, u32::MAX][self.dice.below(4)];
        let body = self.dice.bytes(blocks * 256 + 16);
        self.db
            .execute(
                "INSERT INTO record VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                (id, kind, rev, epoch, nonce, body),
            )
            .unwrap();
    }

    pub(super) fn porch(&mut self, blocks: usize) {
        let (id, nonce) = (self.dice.bytes(16), self.dice.bytes(12));
        let body = self.dice.bytes(blocks * 256 + 16);
        self.db
            .execute(
                "INSERT INTO porch VALUES (?1, 3, 4, ?2, ?3)",
                (id, nonce, body),
            )
            .unwrap();
    }

    pub(super) fn bucket(&mut self, n: u8, entries: usize) {
        let (nonce, body) = (self.dice.bytes(12), self.dice.bytes(entries * 45 + 16));
        self.db
            .execute(
                "REPLACE INTO bucket VALUES (?1, 9, 1, ?2, ?3)",
                (n, nonce, body),
            )
            .unwrap();
    }

    pub(super) fn manifest(&mut self, blocks: usize) {
        let (nonce, body) = (self.dice.bytes(12), self.dice.bytes(blocks * 256 + 16));
        self.db
            .execute(
                "REPLACE INTO manifest VALUES (1, 70000, 1, ?1, ?2)",
                (nonce, body),
            )
            .unwrap();
    }

    pub(super) fn log(&mut self, seq: i64, blocks: usize) {
        let (nonce, body) = (self.dice.bytes(12), self.dice.bytes(blocks * 256 + 16));
        self.db
            .execute("INSERT INTO log VALUES (?1, 1, ?2, ?3)", (seq, nonce, body))
            .unwrap();
    }

    pub(super) fn slot(&mut self, params: usize) {
        let (id, nonce, params) = (
            self.dice.bytes(16),
            self.dice.bytes(16),
            self.dice.bytes(params),
        );
        let (public, sealed, digest) = (
            self.dice.bytes(32),
            self.dice.bytes(84),
            self.dice.bytes(32),
        );
        self.db
            .execute(
                "INSERT INTO slot VALUES (?1, 2, 1, ?2, ?3, ?4, ?5, ?6)",
                (id, nonce, params, public, sealed, digest),
            )
            .unwrap();
    }

    pub(super) fn meta(&mut self, key: &str, value: usize) {
        let value = self.dice.bytes(value);
        self.db
            .execute("INSERT INTO meta VALUES (?1, ?2)", (key, value))
            .unwrap();
    }

    /// A few rows of every table, of which several have overflow pages.
    pub(super) fn every_table(&mut self) {
        for blocks in [1, 2, 3, 4, 15, 17, 40, 78] {
            self.record(blocks);
            self.porch(blocks);
        }
        for (n, entries) in [(0, 1), (1, 0), (127, 90), (128, 91), (255, 400)] {
            self.bucket(n, entries);
        }
        self.manifest(20);
        for (seq, blocks) in [
            (1, 1),
            (200, 15),
            (1 << 30, 16),
            (1 << 56, 17),
            (i64::MAX, 60),
        ] {
            self.log(seq, blocks);
        }
        for params in [0, 28, 700, 850, 4096] {
            self.slot(params);
        }
        for (key, value) in [
            ("e", 0),
            ("vault_id", 16),
            ("ключ", 1024),
            (&format!("a{}", "\u{1f511}".repeat(63)), 200),
        ] {
            self.meta(key, value);
        }
    }

    pub(super) fn checkpoint(&self, mode: &str) {
        let pragma = format!("PRAGMA wal_checkpoint({mode})");
        self.db.query_row(&pragma, [], |_| Ok(())).unwrap();
    }

    pub(super) fn close(self) -> Left {
        let rows = seen(&self.db);
        drop(self.db);
        let (file, log) =
            read_files(&VaultLocation::new(&self.folder.path().join("vault"))).unwrap();
        Left { rows, file, log }
    }
}

/// Every row that SQLite sees.
pub(super) fn seen(db: &Connection) -> Vec<FoundRow> {
    let mut rows = vec![];
    let mut select = |text: &str, read: fn(&Row<'_>) -> rusqlite::Result<FoundRow>| {
        let mut statement = db.prepare(text).unwrap();
        rows.extend(statement.query_map([], read).unwrap().map(Result::unwrap));
    };
    for table in ["bucket", "manifest"] {
        select(&format!("SELECT * FROM {table}"), |row| {
            Ok(FoundRow::List {
                number: row.get(0)?,
                version: unsigned(row, 1)?,
                epoch: row.get(2)?,
                nonce: row.get(3)?,
                body: row.get(4)?,
            })
        });
    }
    select("SELECT * FROM record", |row| {
        let body: Vec<u8> = row.get(5)?;
        Ok(FoundRow::Record {
            id: RecordId(row.get(0)?),
            entry: Entry {
                kind: row.get(1)?,
                rev: unsigned(row, 2)?,
                epoch: row.get(3)?,
                tag: tag_of(&body).unwrap(),
            },
            nonce: row.get(4)?,
            body,
        })
    });
    select("SELECT * FROM porch", |row| {
        Ok(FoundRow::Porch {
            id: RecordId(row.get(0)?),
            rev: unsigned(row, 1)?,
            epoch: row.get(2)?,
            nonce: row.get(3)?,
            body: row.get(4)?,
        })
    });
    select("SELECT * FROM log", |row| {
        Ok(FoundRow::Log {
            seq: unsigned(row, 0)?,
            epoch: row.get(1)?,
            nonce: row.get(2)?,
            body: row.get(3)?,
        })
    });
    select("SELECT * FROM slot", |row| {
        Ok(FoundRow::Slot(SlotRow {
            id: RecordId(row.get(0)?),
            kind: row.get(1)?,
            epoch: row.get(2)?,
            nonce: row.get(3)?,
            params: row.get(4)?,
            public: row.get(5)?,
            sealed: row.get(6)?,
            digest: row.get(7)?,
        }))
    });
    select("SELECT * FROM meta", |row| {
        Ok(FoundRow::Meta {
            key: row.get(0)?,
            value: row.get(1)?,
        })
    });
    rows
}

fn unsigned(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    row.get(column).map(i64::cast_unsigned)
}
