//! Notes of requests whose ids are used up.

use countersign_protocol::hash::Thumbprint;
use countersign_protocol::time::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};

use super::super::{RequestTaken, StoreError};
use super::{columns, integer, whose};
use crate::person::{Index, RequestId, SEEN_MAX};

/// How many notes of other devices are looked at beside each one that is made, the next in order and the first of all: so those of
/// devices that never come again go too. Devices have random places there.
const OTHERS: u32 = 8;

/// Notes a request by itself, or says why not. The log is written when this returns, and reaches the disk with the next change of
/// anybody at the latest: whoever writes next sets `synchronous` anew.
pub(super) fn take(
    connection: &mut Connection,
    request: &RequestId,
    now: Timestamp,
) -> Result<RequestTaken, StoreError> {
    connection.execute_batch("PRAGMA synchronous = NORMAL")?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let (kind, key) = columns(&Index::Key(request.device));
    if whose(&transaction, kind, &key)?.is_none() {
        return Ok(RequestTaken::NoSuchDevice);
    }
    let taken = note(&transaction, request, now)?;
    transaction.commit()?;
    Ok(taken)
}

/// Notes a request in a transaction.
pub(super) fn note(
    transaction: &Connection,
    request: &RequestId,
    now: Timestamp,
) -> Result<RequestTaken, StoreError> {
    let (device, now) = (request.device.bytes().as_slice(), integer(now.unix_s())?);
    let mut outdated = transaction.prepare_cached(
        "DELETE FROM request WHERE until <= ?2 AND (device = ?1 OR (device, id) IN
             (SELECT * FROM (SELECT device, id FROM request WHERE device > ?1 ORDER BY device, id LIMIT ?3)
              UNION ALL
              SELECT * FROM (SELECT device, id FROM request ORDER BY device, id LIMIT ?3)))",
    )?;
    outdated.execute(params![device, now, OTHERS])?;
    let mut insert = transaction.prepare_cached(
        "INSERT INTO request(device, id, until)
         SELECT ?1, ?2, ?3 WHERE (SELECT count(*) FROM request WHERE device = ?1) < ?4
         ON CONFLICT DO NOTHING",
    )?;
    let id = request.id.bytes().as_slice();
    let until = integer(request.until.unix_s())?;
    let most = i64::try_from(SEEN_MAX).unwrap_or(i64::MAX);
    if insert.execute(params![device, id, until, most])? > 0 {
        return Ok(RequestTaken::First);
    }
    let mut query =
        transaction.prepare_cached("SELECT 1 FROM request WHERE device = ?1 AND id = ?2")?;
    let noted: Option<i64> = query
        .query_row(params![device, id], |row| row.get(0))
        .optional()?;
    Ok(match noted {
        Some(_) => RequestTaken::Again,
        None => RequestTaken::TooMany,
    })
}

/// Forgets a device that nobody is found by any more.
pub(super) fn forget(transaction: &Connection, device: &Thumbprint) -> Result<(), StoreError> {
    let mut forget = transaction.prepare_cached("DELETE FROM request WHERE device = ?1")?;
    forget.execute([device.bytes().as_slice()])?;
    Ok(())
}
