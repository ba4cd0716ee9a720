//! The formats that this version reads: the one it writes, and earlier ones, which it migrates.

use rusqlite::Connection;

use super::error::VaultError;
use super::format::FORMAT;
use super::schema::TABLES;

/// Name and text of a table.
pub(super) type Table = (&'static str, &'static str);

/// A format of an earlier version.
pub(super) struct Earlier {
    /// Its number.
    pub(super) format: u32,
    /// Its tables, in the order of their names.
    tables: &'static [Table],
    /// Brings the tables to those of the present format, inside the transaction that seals everything anew.
    pub(super) lift: fn(&Connection) -> Result<(), VaultError>,
}

/// All of them. No release has written another format than the present one: format 0 is one of the tests, so that
/// migrating is known to work before it is needed.
const EARLIER: &[Earlier] = &[
    #[cfg(any(test, feature = "format-0"))]
    format_0::FORMAT_0,
];

/// An earlier format by its number.
pub(super) fn earlier(format: u32) -> Option<&'static Earlier> {
    EARLIER.iter().find(|earlier| earlier.format == format)
}

/// The tables of a format; none for one that this version does not read.
pub(super) fn tables(format: u32) -> Option<&'static [Table]> {
    if format == FORMAT {
        return Some(&TABLES);
    }
    earlier(format).map(|earlier| earlier.tables)
}

/// The tests' own earlier format: the present one without the table `porch`, sealed under its own number.
#[cfg(any(test, feature = "format-0"))]
mod format_0 {
    use super::{Connection, Earlier, TABLES, VaultError};

    pub(super) const FORMAT_0: Earlier = Earlier {
        format: 0,
        tables: &[
            TABLES[0], TABLES[1], TABLES[2], TABLES[3], TABLES[5], TABLES[6],
        ],
        lift,
    };

    fn lift(db: &Connection) -> Result<(), VaultError> {
        let (_, porch) = TABLES[4];
        db.execute(porch, [])?;
        Ok(())
    }
}
