//! A row's place on its page: what stands before it, and how much of it stands on other pages (SQLite's file
//! format description, §1.6 "B-tree Pages").

use super::shape::Shape;
use super::varint::{ends_with_size, rowid_at_end};
use crate::vault::wal::{PAGE_BYTES, word};

/// Least bytes of a long row that stay on its own page.
const LOCAL_BYTES_MIN: usize = (PAGE_BYTES - 12) * 32 / 255 - 23;
/// Most bytes of a row on a page of an index b-tree.
const INDEX_BYTES_MAX: usize = (PAGE_BYTES - 12) * 64 / 255 - 23;
/// Most bytes of a row on a leaf of a table b-tree.
const TABLE_BYTES_MAX: usize = PAGE_BYTES - 35;
/// Bytes of a row on one overflow page.
pub(super) const OVERFLOW_BYTES: usize = PAGE_BYTES - 4;

/// A row as far as its own page has it.
pub(super) struct Cell<'a> {
    pub(super) shape: Shape,
    /// 0 in the tables that have none.
    pub(super) rowid: i64,
    /// The row's bytes on this page.
    pub(super) local: &'a [u8],
    /// Where the others begin.
    pub(super) overflow: Option<Overflow>,
}

/// The part of a row that stands on a chain of other pages.
#[derive(Clone, Copy)]
pub(super) struct Overflow {
    /// Number of the first page.
    pub(super) first_page: u32,
    pub(super) bytes: usize,
}

impl<'a> Cell<'a> {
    /// The row whose record header begins at `at`. Neither the page's header nor its pointers are asked, and of what stands
    /// before the row only what the row itself cannot say: so damage there costs no row.
    pub(super) fn at(page: &'a [u8], at: usize) -> Option<Self> {
        let (before, from) = page.split_at_checked(at)?;
        let shape = Shape::parse(from)?;
        let rowid = if shape.table.has_rowid() {
            rowid_at_end(before)?
        } else {
            0
        };
        if shape.table.occurs_by_chance() && !ends_with_size(before, shape.payload_bytes) {
            return None;
        }
        let local_bytes = local_bytes(shape.payload_bytes, shape.table.has_rowid());
        let local = from.get(..local_bytes)?;
        let overflow = match shape.payload_bytes - local_bytes {
            0 => None,
            bytes => Some(Overflow {
                first_page: word(from, local_bytes)?,
                bytes,
            }),
        };
        Some(Self {
            shape,
            rowid,
            local,
            overflow,
        })
    }
}

/// How many bytes of a row stand on its own page.
const fn local_bytes(payload_bytes: usize, is_table_leaf: bool) -> usize {
    let most = if is_table_leaf {
        TABLE_BYTES_MAX
    } else {
        INDEX_BYTES_MAX
    };
    if payload_bytes <= most {
        return payload_bytes;
    }
    // As many as leave the last overflow page full, if they fit.
    let even = LOCAL_BYTES_MIN + (payload_bytes - LOCAL_BYTES_MIN) % OVERFLOW_BYTES;
    if even <= most { even } else { LOCAL_BYTES_MIN }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_much_stays_on_the_page_as_sqlite_leaves_there() {
        assert_eq!(
            (LOCAL_BYTES_MIN, INDEX_BYTES_MAX, TABLE_BYTES_MAX),
            (489, 1002, 4061)
        );
        for (payload, index, table) in [
            (1002, 1002, 1002),
            (1003, 489, 1003),
            (4061, 489, 4061),
            (4062, 489, 489),
            (489 + 4092, 489, 489),
            (490 + 4092, 490, 490),
            (1002 + 4092, 1002, 1002),
            (1003 + 4092, 489, 1003),
        ] {
            assert_eq!(local_bytes(payload, false), index, "{payload}");
            assert_eq!(local_bytes(payload, true), table, "{payload}");
        }
    }
}
