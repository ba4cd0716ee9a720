//! A difference that came into the file since the last check must not be blessed by the next write.

use rusqlite::{Connection, OptionalExtension};

use super::error::VaultError;
use super::format::RecordId;
use super::manifest::{Entry, Stamp, bucket_bounds};
use super::meta::meta_digest;
use super::rows::{blob, number};
use super::seal::tag_of;
use super::slot::load_slots;
use super::state::State;

/// Everything that the list covers, before a write that seals all of it anew.
///
/// # Errors
///
/// [`VaultError::Tampered`].
pub(super) fn check_all(tx: &Connection, state: &State) -> Result<(), VaultError> {
    for n in 0..=u8::MAX {
        check_bucket(tx, state, n)?;
    }
    if load_slots(tx)? != state.slots || meta_digest(tx)? != state.meta {
        return Err(VaultError::Tampered);
    }
    Ok(())
}

/// One bucket and all rows that it lists.
///
/// # Errors
///
/// [`VaultError::Tampered`].
pub(super) fn check_bucket(tx: &Connection, state: &State, n: u8) -> Result<(), VaultError> {
    let stood = tx
        .prepare_cached("SELECT rev, substr(body, -16) FROM bucket WHERE n = ?1")?
        .query_row([n], |row| {
            Ok(number(row, 0).zip(blob(row, 1).and_then(tag_of)))
        })
        .optional()?;
    let stamp = stood.map(|columns| {
        let (rev, tag) = columns?;
        Some(Stamp {
            rev: u64::try_from(rev).ok()?,
            tag,
        })
    });
    if stamp != state.stamps.get(&n).copied().map(Some) {
        return Err(VaultError::Tampered);
    }
    let (first, last) = bucket_bounds(n);
    let mut statement = tx.prepare_cached(
        "SELECT id, kind, rev, epoch, substr(body, -16) FROM record WHERE id BETWEEN ?1 AND ?2 ORDER BY id",
    )?;
    let mut rows = statement.query([first.bytes(), last.bytes()])?;
    let mut listed = state.entries.bucket(n).iter();
    while let Some(row) = rows.next()? {
        let (stood, known) = (read_entry(row), listed.next());
        let is_known = stood
            .zip(known)
            .is_some_and(|((id, entry), (known_id, known))| {
                // A row that was unreadable before stays as it is, whatever its bytes are by now.
                id == *known_id && (entry == *known || state.findings.unreadable.contains(&id))
            });
        if !is_known {
            return Err(VaultError::Tampered);
        }
    }
    if listed.next().is_some() {
        Err(VaultError::Tampered)
    } else {
        Ok(())
    }
}

fn read_entry(row: &rusqlite::Row<'_>) -> Option<(RecordId, Entry)> {
    let entry = Entry {
        kind: u8::try_from(number(row, 1)?).ok()?,
        rev: u64::try_from(number(row, 2)?).ok()?,
        epoch: u32::try_from(number(row, 3)?).ok()?,
        tag: tag_of(blob(row, 4)?)?,
    };
    Some((RecordId::from_slice(blob(row, 0)?)?, entry))
}
