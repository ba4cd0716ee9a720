//! What a row looks like in the file: its record header says how many columns of which lengths follow
//! (SQLite's file format description, §2.1 "Record Format"), and no two tables of a vault look the same but
//! `bucket` and `manifest`.

use std::ops::RangeInclusive;

use super::FoundRow;
use super::varint::read_varint;
use crate::vault::format::{NONCE_BYTES, RecordId};
use crate::vault::manifest::Entry;
use crate::vault::seal::tag_of;
use crate::vault::slot::{SEALED_BYTES, SlotRow};

/// Most bytes of a body.
const BODY_BYTES_MAX: usize = 1_044_496;
/// Most bytes of a slot's `params`.
const PARAMS_BYTES_MAX: usize = 4096;
/// Most bytes of a value of `meta`.
const META_VALUE_BYTES_MAX: usize = 1024;
/// Most characters of a key of `meta`, each of at most four bytes.
const META_KEY_CHARS_MAX: usize = 64;
/// Columns of `slot`, the widest table.
const COLUMNS_MAX: usize = 8;
/// The serial type of a rowid's column.
const NULL: u8 = 0;
/// The serial type of an id.
const BLOB_16: u8 = 12 + 2 * 16;
/// Bytes of a header with one or two bytes for a text and for a blob.
const META_HEADER_BYTES: RangeInclusive<usize> = 3..=5;
/// Bytes of a header with four to eight columns, of at most three bytes each.
const LONGER_HEADER_BYTES: RangeInclusive<usize> = 5..=1 + 3 * COLUMNS_MAX;

/// A column's serial type.
#[derive(Clone, Copy)]
enum Column {
    Null,
    /// The serial type itself: 1 to 6 for a width, 8 and 9 for the values 0 and 1.
    Int(u8),
    Blob(usize),
    Text(usize),
}

impl Column {
    /// `None` for real numbers and for what SQLite reserves: no table of ours has them.
    fn parse(serial: u64) -> Option<Self> {
        match serial {
            0 => Some(Self::Null),
            1..=6 | 8 | 9 => Some(Self::Int(u8::try_from(serial).ok()?)),
            7 | 10 | 11 => None,
            even if even % 2 == 0 => Some(Self::Blob(usize::try_from((even - 12) / 2).ok()?)),
            odd => Some(Self::Text(usize::try_from((odd - 13) / 2).ok()?)),
        }
    }

    fn bytes(self) -> usize {
        match self {
            Self::Int(width @ 1..=4) => usize::from(width),
            Self::Int(5) => 6,
            Self::Int(6) => 8,
            Self::Int(_) | Self::Null => 0,
            Self::Blob(bytes) | Self::Text(bytes) => bytes,
        }
    }
}

/// Which table a row is of.
#[derive(Clone, Copy)]
pub(super) enum Table {
    Slot,
    Record,
    /// `bucket` or `manifest`.
    List,
    Log,
    Porch,
    Meta,
}

impl Table {
    /// `None` when the columns are those of no table; the conditions are the CHECKs of the schema.
    fn of(columns: &[Column]) -> Option<Self> {
        use Column::{Blob, Int, Null, Text};
        let is_padded = |body: usize| body % 256 == 16 && body <= BODY_BYTES_MAX;
        let is_entries = |body: usize| body % 45 == 16 && body <= BODY_BYTES_MAX;
        match *columns {
            [
                Blob(16),
                Int(_),
                Int(_),
                Int(_),
                Blob(NONCE_BYTES),
                Blob(body),
            ] => is_padded(body).then_some(Self::Record),
            [Blob(16), Int(_), Int(_), Blob(NONCE_BYTES), Blob(body)] => {
                is_padded(body).then_some(Self::Porch)
            }
            [
                Blob(16),
                Int(_),
                Int(_),
                Blob(16),
                Blob(params),
                Blob(32),
                Blob(SEALED_BYTES),
                Blob(32),
            ] => (params <= PARAMS_BYTES_MAX).then_some(Self::Slot),
            [Null, Int(_), Int(_), Blob(NONCE_BYTES), Blob(body)] => {
                (is_padded(body) || is_entries(body)).then_some(Self::List)
            }
            [Null, Int(_), Blob(NONCE_BYTES), Blob(body)] => is_padded(body).then_some(Self::Log),
            [Text(key), Blob(value)] => {
                let fits =
                    (1..=4 * META_KEY_CHARS_MAX).contains(&key) && value <= META_VALUE_BYTES_MAX;
                fits.then_some(Self::Meta)
            }
            _ => None,
        }
    }

    /// Whether its rows stand in a table b-tree, with a number for a key, and not in an index b-tree.
    pub(super) const fn has_rowid(self) -> bool {
        matches!(self, Self::List | Self::Log)
    }

    /// Whether so few and so free columns that ciphertext looks the same now and then.
    pub(super) const fn occurs_by_chance(self) -> bool {
        matches!(self, Self::Meta)
    }
}

/// A row's record header that fits one of the tables.
pub(super) struct Shape {
    pub(super) table: Table,
    columns: [Column; COLUMNS_MAX],
    header_bytes: usize,
    /// Bytes of the header and all columns.
    pub(super) payload_bytes: usize,
}

impl Shape {
    /// Reads the record header that `bytes` begins with. `None` when it is none, or that of no row of a vault.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        // The length of each of our headers fits one byte, and it counts itself. Most places fail here already.
        let [length, first, ..] = *bytes else {
            return None;
        };
        let header_bytes = usize::from(length);
        let lengths = match first {
            NULL | BLOB_16 => LONGER_HEADER_BYTES,
            _ => META_HEADER_BYTES,
        };
        if !lengths.contains(&header_bytes) {
            return None;
        }
        let mut serials = bytes.get(1..header_bytes)?;
        let mut columns = [Column::Null; COLUMNS_MAX];
        let mut count = 0;
        let mut payload_bytes = header_bytes;
        while !serials.is_empty() {
            let (serial, rest) = read_varint(serials)?;
            let column = Column::parse(serial)?;
            *columns.get_mut(count)? = column;
            payload_bytes = payload_bytes.checked_add(column.bytes())?;
            (serials, count) = (rest, count + 1);
        }
        Some(Self {
            table: Table::of(columns.get(..count)?)?,
            columns,
            header_bytes,
            payload_bytes,
        })
    }

    /// The row in `payload`, which begins with this header and has all its bytes. `None` when a number is out of its range.
    pub(super) fn decode(&self, rowid: i64, payload: &[u8]) -> Option<FoundRow> {
        let mut fields = Fields {
            columns: self.columns.iter(),
            bytes: payload.get(self.header_bytes..)?,
        };
        if self.table.has_rowid() {
            // The column of the rowid itself is stored as NULL.
            fields.next()?;
        }
        Some(match self.table {
            Table::Slot => FoundRow::Slot(fields.slot()?),
            Table::Record => fields.record()?,
            Table::Porch => FoundRow::Porch {
                id: RecordId(fields.array()?),
                rev: fields.version()?,
                epoch: fields.epoch()?,
                nonce: fields.array()?,
                body: fields.next()?.to_vec(),
            },
            Table::List => FoundRow::List {
                number: u8::try_from(rowid).ok()?,
                version: fields.version()?,
                epoch: fields.epoch()?,
                nonce: fields.array()?,
                body: fields.next()?.to_vec(),
            },
            Table::Log => FoundRow::Log {
                seq: u64::try_from(rowid).ok().filter(|seq| *seq >= 1)?,
                epoch: fields.epoch()?,
                nonce: fields.array()?,
                body: fields.next()?.to_vec(),
            },
            Table::Meta => {
                let key = std::str::from_utf8(fields.next()?).ok()?.to_owned();
                if key.chars().count() > META_KEY_CHARS_MAX {
                    return None;
                }
                let value = fields.next()?.to_vec();
                FoundRow::Meta { key, value }
            }
        })
    }
}

/// The columns of a row that are still to be read.
struct Fields<'a> {
    columns: std::slice::Iter<'a, Column>,
    bytes: &'a [u8],
}

impl<'a> Fields<'a> {
    fn next(&mut self) -> Option<&'a [u8]> {
        let (field, rest) = self.bytes.split_at_checked(self.columns.next()?.bytes())?;
        self.bytes = rest;
        Some(field)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.next()?.try_into().ok()
    }

    fn number<T: TryFrom<i64>>(&mut self) -> Option<T> {
        let column = *self.columns.as_slice().first()?;
        let bytes = self.next()?;
        let value = match column {
            Column::Int(8) => 0,
            Column::Int(9) => 1,
            _ => {
                let is_negative = bytes.first()? & 0x80 != 0;
                let start = if is_negative { -1 } else { 0 };
                bytes
                    .iter()
                    .fold(start, |value: i64, byte| value << 8 | i64::from(*byte))
            }
        };
        T::try_from(value).ok()
    }

    /// `rev` or `gen`.
    fn version(&mut self) -> Option<u64> {
        self.number().filter(|version| *version >= 1)
    }

    fn epoch(&mut self) -> Option<u32> {
        self.number().filter(|epoch| *epoch >= 1)
    }

    fn slot(&mut self) -> Option<SlotRow> {
        Some(SlotRow {
            id: RecordId(self.array()?),
            kind: self.number()?,
            epoch: self.epoch()?,
            nonce: self.array()?,
            params: self.next()?.to_vec(),
            public: self.array()?,
            sealed: self.next()?.to_vec(),
            digest: self.array()?,
        })
    }

    fn record(&mut self) -> Option<FoundRow> {
        let id = RecordId(self.array()?);
        let (kind, rev, epoch) = (self.number()?, self.version()?, self.epoch()?);
        let nonce = self.array()?;
        let body = self.next()?.to_vec();
        let entry = Entry {
            kind,
            rev,
            epoch,
            tag: tag_of(&body)?,
        };
        Some(FoundRow::Record {
            id,
            entry,
            nonce,
            body,
        })
    }
}
