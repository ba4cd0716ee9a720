//! The history's rows in the table `log`: appended inside a change, cut when there are too many, read in their order.
//! The manifest says how many there ever were and what their chain has come to.

use rusqlite::{Connection, OptionalExtension, params};
use zeroize::Zeroizing;

use super::chain::{BadPlace, ChainFault, ChainHead, ChainReport, ChainRow, Link, Walk, encode};
use super::error::VaultError;
use super::format::{Aad, Realm};
use super::keys::SealingKeys;
use super::open::Vault;
use super::rows::{LogRow, each_log, log_row};
use super::state::ManifestState;
use super::write::{Sealer, column};
use crate::time::UnixSeconds;

/// Most rows of the history. The oldest are cut when there would be more.
pub const HISTORY_ROWS_MAX: u64 = 10_000;
/// So many are cut at once.
const CUT_ROWS: u64 = 1_000;

/// The history as a change found it and as it leaves it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct LogEnd {
    pub(super) head: ChainHead,
    /// Places ever written.
    pub(super) count: u64,
    /// Bodies sealed on the way.
    pub(super) sealed: u64,
}

impl LogEnd {
    pub(super) const fn of(manifest: &ManifestState) -> Self {
        Self {
            head: ChainHead(manifest.log_head),
            count: manifest.log_count,
            sealed: 0,
        }
    }

    /// Appends a link. Whatever stood there was nobody's: the manifest does not have it.
    pub(super) fn append(
        &mut self,
        tx: &Connection,
        sealer: Sealer<'_>,
        link: &Link,
    ) -> Result<(), VaultError> {
        let seq = self.count.checked_add(1).ok_or(VaultError::DamagedData)?;
        store_plain(tx, sealer, seq, encode(&self.head, link, &[]))?;
        (self.head, self.count) = (self.head.after(seq, link), seq);
        self.sealed += 1;
        Ok(())
    }

    /// Takes the oldest rows away when there are too many. A row that says what the chain had come to there takes the
    /// place of the last of them.
    pub(super) fn cut(
        &mut self,
        tx: &Connection,
        sealer: Sealer<'_>,
        now: UnixSeconds,
    ) -> Result<(), VaultError> {
        let Some(first) = lowest(tx)? else {
            return Ok(());
        };
        let rows = self.count.saturating_sub(first).saturating_add(1);
        if rows <= HISTORY_ROWS_MAX {
            return Ok(());
        }
        let kept = self.count.saturating_sub(HISTORY_ROWS_MAX - CUT_ROWS);
        // Where the row that would be the first cannot be read, the next change tries another one.
        let Some(first_kept) = read(tx, sealer.realm, sealer.keys, kept)? else {
            return Ok(());
        };
        if matches!(first_kept.link, Link::Lost { .. }) {
            // It stands for places before it too, and what would be cut to is among these.
            return Ok(());
        }
        let start = first_kept.previous;
        let link = Link::Cut { at: now, start };
        let place = kept.saturating_sub(1);
        tx.execute("DELETE FROM log WHERE seq <= ?1", [column(place)?])?;
        store(tx, sealer, place, &ChainRow::new(start, link))?;
        self.sealed += 1;
        Ok(())
    }
}

/// What shows without reading all: whether the first and the last row are there.
pub(super) fn glance(
    db: &Connection,
    realm: Realm,
    keys: &SealingKeys,
    count: u64,
) -> Result<Option<BadPlace>, VaultError> {
    let bad = |seq, fault| Ok(Some(BadPlace { seq, fault }));
    let (first, last) = (lowest(db)?, highest(db)?);
    let (Some(first), Some(last)) = (first, last) else {
        return match count {
            0 => Ok(None),
            _ => bad(1, ChainFault::Missing),
        };
    };
    if last > count {
        return bad(count.saturating_add(1), ChainFault::Extra);
    }
    if last < count {
        return bad(last.saturating_add(1), ChainFault::Missing);
    }
    let begins = |link: &Link| match link {
        Link::Cut { .. } => true,
        Link::Lost { count, .. } => *count == first,
        _ => first == 1,
    };
    match read(db, realm, keys, first)? {
        Some(row) if begins(&row.link) => Ok(None),
        None if first == 1 => bad(1, ChainFault::Unreadable),
        _ => bad(1, ChainFault::Missing),
    }
}

/// Reads every row in its order as far as the chain holds and `take` wants more. The first bad place ends it.
pub(super) fn walk<E: From<BadPlace>>(
    db: &Connection,
    sealer: Sealer<'_>,
    end: LogEnd,
    mut take: impl FnMut(u64, &Link) -> Result<(), E>,
) -> Result<Result<ChainReport, E>, VaultError> {
    let mut walk = Walk::new(end.count, end.head);
    let mut going = Ok(());
    each_log(db, |row| {
        let read = opened(&row, sealer);
        going = walk.step(row.seq, read.as_ref()).map_err(E::from);
        if let (Ok(()), Some(read)) = (&going, &read) {
            going = take(row.seq, &read.link);
        }
        going.is_ok()
    })?;
    Ok(going.and_then(|()| Ok(walk.finish()?)))
}

/// Writes a whole history: as it is when its chain holds, otherwise mended.
pub(super) fn put_all(
    tx: &Connection,
    sealer: Sealer<'_>,
    rows: Vec<(u64, ChainRow)>,
    end: LogEnd,
    now: UnixSeconds,
) -> Result<LogEnd, VaultError> {
    let mut walk = Walk::new(end.count, end.head);
    let steps = rows.iter().map(|(seq, row)| walk.step(*seq, Some(row)));
    let holds = steps.collect::<Result<(), _>>().is_ok() && walk.finish().is_ok();
    if !holds {
        return mend(tx, sealer, rows, end.count, now);
    }
    let mut sealed = 0;
    for (seq, row) in &rows {
        store(tx, sealer, *seq, row)?;
        sealed += 1;
    }
    Ok(LogEnd { sealed, ..end })
}

/// Writes the whole history again with a chain that holds: what is missing or cannot be read is said in its place.
pub(super) fn mend(
    tx: &Connection,
    sealer: Sealer<'_>,
    rows: Vec<(u64, ChainRow)>,
    count: u64,
    now: UnixSeconds,
) -> Result<LogEnd, VaultError> {
    tx.execute("DELETE FROM log", [])?;
    let mut end = LogEnd {
        head: ChainHead::default(),
        count: 0,
        sealed: 0,
    };
    for (seq, row) in rows {
        let previous = match row.link {
            Link::Cut { start, .. } if end.count == 0 => start,
            // One that is not the first says nothing any more, and the next row's gap takes this one in.
            Link::Cut { .. } | Link::Lost { .. } => continue,
            Link::Entry(_) | Link::PorchLost { .. } => {
                end.fill_gap(tx, sealer, seq.saturating_sub(1), now)?;
                end.head
            }
        };
        let row = row.after(previous);
        store(tx, sealer, seq, &row)?;
        (end.head, end.count) = (end.head.after(seq, &row.link), seq);
        end.sealed += 1;
    }
    end.fill_gap(tx, sealer, count, now)?;
    Ok(end)
}

impl LogEnd {
    /// Says that the places up to `last` are lost.
    fn fill_gap(
        &mut self,
        tx: &Connection,
        sealer: Sealer<'_>,
        last: u64,
        now: UnixSeconds,
    ) -> Result<(), VaultError> {
        let count = last.saturating_sub(self.count);
        if count == 0 {
            return Ok(());
        }
        let row = ChainRow::new(self.head, Link::Lost { at: now, count });
        store(tx, sealer, last, &row)?;
        (self.head, self.count) = (self.head.after(last, &row.link), last);
        self.sealed += 1;
        Ok(())
    }
}

/// All rows that open, in their order.
pub(super) fn readable(
    db: &Connection,
    sealer: Sealer<'_>,
) -> Result<Vec<(u64, ChainRow)>, VaultError> {
    let mut rows = vec![];
    each_log(db, |row| {
        rows.extend(opened(&row, sealer).map(|read| (row.seq, read)));
        true
    })?;
    Ok(rows)
}

/// The newest rows that open, the newest first, until `take` has enough.
pub(super) fn newest(
    db: &Connection,
    sealer: Sealer<'_>,
    mut take: impl FnMut(u64, Link) -> bool,
) -> Result<(), VaultError> {
    let mut statement =
        db.prepare_cached("SELECT seq, epoch, nonce, body FROM log ORDER BY seq DESC")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let read = log_row(row).and_then(|row| Some((row.seq, opened(&row, sealer)?)));
        if let Some((seq, read)) = read
            && !take(seq, read.link)
        {
            break;
        }
    }
    Ok(())
}

fn opened(row: &LogRow, sealer: Sealer<'_>) -> Option<ChainRow> {
    opened_with(row, sealer.realm, sealer.keys)
}

fn opened_with(row: &LogRow, realm: Realm, keys: &SealingKeys) -> Option<ChainRow> {
    ChainRow::decode(&row.open(realm, keys)?).ok()
}

fn read(
    db: &Connection,
    realm: Realm,
    keys: &SealingKeys,
    seq: u64,
) -> Result<Option<ChainRow>, VaultError> {
    let row = db
        .prepare_cached("SELECT seq, epoch, nonce, body FROM log WHERE seq = ?1")?
        .query_row([column(seq)?], |row| Ok(log_row(row)))
        .optional()?;
    Ok(row.flatten().and_then(|row| opened_with(&row, realm, keys)))
}

fn store(tx: &Connection, sealer: Sealer<'_>, seq: u64, row: &ChainRow) -> Result<(), VaultError> {
    store_plain(tx, sealer, seq, row.encode())
}

/// Seals a row's plaintext at its place.
pub(super) fn store_plain(
    tx: &Connection,
    sealer: Sealer<'_>,
    seq: u64,
    plain: Zeroizing<Vec<u8>>,
) -> Result<(), VaultError> {
    let aad = Aad::log(sealer.realm, seq, sealer.epoch);
    let sealed = sealer.keys.log.seal(&aad, plain, sealer.entropy)?;
    tx.prepare_cached(
        "INSERT INTO log(seq, epoch, nonce, body) VALUES (?1, ?2, ?3, ?4) \
         ON CONFLICT(seq) DO UPDATE SET epoch = excluded.epoch, nonce = excluded.nonce, body = excluded.body",
    )?
    .execute(params![
        column(seq)?,
        sealer.epoch,
        sealed.nonce,
        sealed.body
    ])?;
    Ok(())
}

fn lowest(db: &Connection) -> Result<Option<u64>, VaultError> {
    number_of(db, "SELECT min(seq) FROM log")
}

fn highest(db: &Connection) -> Result<Option<u64>, VaultError> {
    number_of(db, "SELECT max(seq) FROM log")
}

fn number_of(db: &Connection, query: &str) -> Result<Option<u64>, VaultError> {
    let found: Option<i64> = db.prepare_cached(query)?.query_row([], |row| row.get(0))?;
    Ok(found.and_then(|seq| u64::try_from(seq).ok()))
}

impl Vault {
    /// How many entries the history ever had, and what its chain has come to.
    #[must_use]
    pub const fn history_end(&self) -> (u64, ChainHead) {
        let end = LogEnd::of(&self.state.manifest);
        (end.count, end.head)
    }

    /// Goes along the history in its order as far as its chain holds, and gives each link with its number to `take`. The
    /// first bad place, or what `take` says, ends it and is what is returned.
    ///
    /// # Errors
    ///
    /// [`VaultError::Locked`] when the key was rotated elsewhere; [`VaultError::DamagedData`], [`VaultError::Io`].
    pub fn walk_history<E: From<BadPlace>>(
        &self,
        take: impl FnMut(u64, &Link) -> Result<(), E>,
    ) -> Result<Result<ChainReport, E>, VaultError> {
        let end = LogEnd::of(&self.state.manifest);
        walk(&self.parts.file.db, self.sealer(), end, take)
    }

    /// Gives the entries of the history that can be read to `take`, the newest first, until it wants no more.
    ///
    /// # Errors
    ///
    /// [`VaultError::DamagedData`], [`VaultError::Io`].
    pub fn newest_history(&self, take: impl FnMut(u64, Link) -> bool) -> Result<(), VaultError> {
        newest(&self.parts.file.db, self.sealer(), take)
    }
}
