//! Rows of `record` and `bucket` as they stand in the file, whatever has happened to them.

use std::collections::BTreeSet;

use rusqlite::types::Value;
use rusqlite::{Connection, Row};
use zeroize::Zeroizing;

use super::aside::RawLog;
use super::entries::Entries;
use super::error::VaultError;
use super::format::{Aad, Realm, RecordId};
use super::keys::SealingKeys;
use super::manifest::{Entry, Stamp, Stamps, decode_bucket};
use super::seal::{SealingKey, tag_of};
use super::write::Sealer;

/// A row of the table `record` as it stands.
pub(super) struct RecordRow<'a> {
    pub(super) id: RecordId,
    /// Its columns and tag, as a list would have them.
    pub(super) entry: Entry,
    pub(super) nonce: &'a [u8],
    pub(super) body: &'a [u8],
}

/// Calls `take` with every row of `record` in the order of the ids. Returns, by what SQLite calls their id, the
/// rows whose form no record has: only damage or somebody else can have made them.
pub(super) fn each_record(
    db: &Connection,
    mut take: impl FnMut(RecordRow<'_>) -> Result<(), VaultError>,
) -> Result<Vec<Value>, VaultError> {
    let mut statement =
        db.prepare_cached("SELECT id, kind, rev, epoch, nonce, CASE WHEN length(body) <= 1044496 THEN body END FROM record ORDER BY id")?;
    let mut rows = statement.query([])?;
    let mut misshapen = vec![];
    while let Some(row) = rows.next()? {
        match read_record(row) {
            Some(record) => take(record)?,
            None => misshapen.push(row.get(0)?),
        }
    }
    Ok(misshapen)
}

fn read_record<'a>(row: &'a Row<'_>) -> Option<RecordRow<'a>> {
    let body = blob(row, 5)?;
    Some(RecordRow {
        id: RecordId::from_slice(blob(row, 0)?)?,
        entry: Entry {
            kind: u8::try_from(number(row, 1)?).ok()?,
            rev: u64::try_from(number(row, 2)?).ok()?,
            epoch: u32::try_from(number(row, 3)?).ok()?,
            tag: tag_of(body)?,
        },
        nonce: blob(row, 4)?,
        body,
    })
}

/// What the buckets say.
#[derive(Default)]
pub(super) struct Buckets {
    pub(super) entries: Entries,
    pub(super) stamps: Stamps,
    /// Buckets that do not open or do not have a bucket's form.
    pub(super) lost: BTreeSet<u8>,
}

pub(super) fn load_buckets(
    db: &Connection,
    realm: Realm,
    keys: &SealingKeys,
) -> Result<Buckets, VaultError> {
    let mut statement =
        db.prepare_cached("SELECT n, rev, epoch, nonce, body FROM bucket ORDER BY n")?;
    let mut rows = statement.query([])?;
    let mut buckets = Buckets::default();
    let mut buffer = Zeroizing::new(Vec::new());
    while let Some(row) = rows.next()? {
        // The table's key is checked by SQLite's own type; another number is no bucket of ours.
        let Some(n) = number(row, 0).and_then(|n| u8::try_from(n).ok()) else {
            continue;
        };
        let opened = open_bucket(row, realm, n, keys, (&mut buffer, &mut buckets.entries));
        let Some(stamp) = opened else {
            buckets.lost.insert(n);
            // Any stamp that no bucket has: the manifest's digest will not fit.
            buckets.stamps.insert(
                n,
                Stamp {
                    rev: 0,
                    tag: [0; 16],
                },
            );
            continue;
        };
        buckets.stamps.insert(n, stamp);
    }
    Ok(buckets)
}

fn open_bucket(
    row: &Row<'_>,
    realm: Realm,
    n: u8,
    keys: &SealingKeys,
    (buffer, entries): (&mut Vec<u8>, &mut Entries),
) -> Option<Stamp> {
    let rev = u64::try_from(number(row, 1)?).ok()?;
    let epoch = u32::try_from(number(row, 2)?).ok()?;
    let sealed = blob(row, 4)?;
    buffer.clear();
    buffer.extend_from_slice(sealed);
    let aad = Aad::bucket(realm, n, rev, epoch);
    let plain = keys.meta.open(blob(row, 3)?, aad.bytes(), buffer)?;
    decode_bucket(plain, n, entries).ok()?;
    Some(Stamp {
        rev,
        tag: tag_of(sealed)?,
    })
}

/// A row of the table `log`.
pub(super) struct LogRow {
    pub(super) seq: u64,
    epoch: u32,
    nonce: Vec<u8>,
    body: Vec<u8>,
}

impl LogRow {
    /// The row as it stands.
    pub(super) fn into_raw(self) -> RawLog {
        RawLog {
            seq: self.seq,
            epoch: self.epoch,
            nonce: self.nonce,
            body: self.body,
        }
    }

    pub(super) fn open(&self, realm: Realm, keys: &SealingKeys) -> Option<Zeroizing<Vec<u8>>> {
        let mut body = Zeroizing::new(self.body.clone());
        let aad = Aad::log(realm, self.seq, self.epoch);
        let length = keys.log.open(&self.nonce, aad.bytes(), &mut body)?.len();
        body.truncate(length);
        Some(body)
    }
}

/// Calls `take` with the rows of the log that have the form of one, in their order, until it wants no more.
pub(super) fn each_log(
    db: &Connection,
    mut take: impl FnMut(LogRow) -> bool,
) -> Result<(), VaultError> {
    let mut statement =
        db.prepare_cached("SELECT seq, epoch, nonce, body FROM log ORDER BY seq")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if log_row(row).is_some_and(|row| !take(row)) {
            break;
        }
    }
    Ok(())
}

/// A row of the log from its four columns.
pub(super) fn log_row(row: &Row<'_>) -> Option<LogRow> {
    Some(LogRow {
        seq: u64::try_from(number(row, 0)?).ok()?,
        epoch: u32::try_from(number(row, 1)?).ok()?,
        nonce: blob(row, 2)?.to_vec(),
        body: blob(row, 3)?.to_vec(),
    })
}

/// All rows of the log that have the form of one.
pub(super) fn load_log(db: &Connection) -> Result<Vec<LogRow>, VaultError> {
    let mut rows = vec![];
    each_log(db, |row| {
        rows.push(row);
        true
    })?;
    Ok(rows)
}

/// A row of the table `porch`, whatever its form.
pub(super) struct PorchRow {
    pub(super) id: Value,
    fields: Option<PorchFields>,
}

struct PorchFields {
    id: RecordId,
    rev: u64,
    epoch: u32,
    nonce: Vec<u8>,
    body: Vec<u8>,
}

impl PorchRow {
    /// Its id, where it has a row's form.
    pub(super) fn record_id(&self) -> Option<RecordId> {
        self.fields.as_ref().map(|fields| fields.id)
    }

    /// Id, rev and content of a row that opens.
    pub(super) fn open(&self, sealer: Sealer<'_>) -> Option<(RecordId, u64, Zeroizing<Vec<u8>>)> {
        self.open_with(sealer.realm, &sealer.keys.porch)
    }

    /// The same with the porch's key alone.
    pub(super) fn open_with(
        &self,
        realm: Realm,
        key: &SealingKey,
    ) -> Option<(RecordId, u64, Zeroizing<Vec<u8>>)> {
        let PorchFields {
            id,
            rev,
            epoch,
            nonce,
            body,
        } = self.fields.as_ref()?;
        let mut body = Zeroizing::new(body.clone());
        let aad = Aad::porch(realm, *id, *rev, *epoch);
        let plain = key.open(nonce, aad.bytes(), &mut body)?.to_vec();
        Some((*id, *rev, Zeroizing::new(plain)))
    }
}

pub(super) fn load_porch(db: &Connection) -> Result<Vec<PorchRow>, VaultError> {
    let mut statement = db.prepare("SELECT id, rev, epoch, nonce, body FROM porch ORDER BY id")?;
    let rows = statement.query_map([], porch_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The rows of the porch whose ids lie between two, these included.
pub(super) fn load_porch_between(
    db: &Connection,
    first: RecordId,
    last: RecordId,
) -> Result<Vec<PorchRow>, VaultError> {
    let mut statement = db.prepare_cached(
        "SELECT id, rev, epoch, nonce, body FROM porch WHERE id BETWEEN ?1 AND ?2 ORDER BY id",
    )?;
    let rows = statement.query_map([first.bytes(), last.bytes()], porch_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn porch_row(row: &Row<'_>) -> rusqlite::Result<PorchRow> {
    let fields = || {
        Some(PorchFields {
            id: RecordId::from_slice(blob(row, 0)?)?,
            rev: u64::try_from(number(row, 1)?).ok()?,
            epoch: u32::try_from(number(row, 2)?).ok()?,
            nonce: blob(row, 3)?.to_vec(),
            body: blob(row, 4)?.to_vec(),
        })
    };
    Ok(PorchRow {
        id: row.get(0)?,
        fields: fields(),
    })
}

pub(super) fn blob<'a>(row: &'a Row<'_>, column: usize) -> Option<&'a [u8]> {
    row.get_ref(column).ok()?.as_blob().ok()
}

pub(super) fn number(row: &Row<'_>, column: usize) -> Option<i64> {
    row.get_ref(column).ok()?.as_i64().ok()
}
