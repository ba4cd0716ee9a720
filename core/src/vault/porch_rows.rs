//! The rows of the table `porch`: an entry a work account, and the chain of what is left for the history. A row of the chain
//! has an id that begins with a word and ends with its number.

use rusqlite::{Connection, params};
use zeroize::Zeroizing;

use super::anchor::PorchMark;
use super::chain::{ChainRow, Link, encode};
use super::error::VaultError;
use super::format::{Aad, Realm, RecordId};
use super::porch_entry::PorchEntry;
use super::rows::{load_porch, load_porch_between};
use super::seal::SealingKey;
use super::write::{Sealer, check_entries, column, following};
use crate::entropy::Entropy;
use crate::time::UnixSeconds;

/// Most entries that wait for the history.
pub const PORCH_ROWS_MAX: u64 = 4_096;
/// What the ids of the chain begin with; those of records are random.
const CHAIN: [u8; 8] = *b"history\0";

/// What sealing on the porch needs, whether the vault is open or only the porch.
#[derive(Clone, Copy)]
pub(super) struct PorchSeal<'a> {
    pub(super) realm: Realm,
    pub(super) epoch: u32,
    pub(super) key: &'a SealingKey,
    pub(super) entropy: &'a dyn Entropy,
}

impl<'a> From<Sealer<'a>> for PorchSeal<'a> {
    fn from(sealer: Sealer<'a>) -> Self {
        Self {
            realm: sealer.realm,
            epoch: sealer.epoch,
            key: &sealer.keys.porch,
            entropy: sealer.entropy,
        }
    }
}

/// The chain's rows in their order, as far as they can be read.
pub(super) struct Chain {
    pub(super) rows: Vec<(u64, ChainRow)>,
    /// Whether there are others.
    pub(super) has_unreadable: bool,
}

/// Entries of accounts, by the ids of their records.
pub(super) fn entries(
    db: &Connection,
    seal: PorchSeal<'_>,
) -> Result<Vec<(RecordId, PorchEntry)>, VaultError> {
    let rows = load_porch(db)?;
    let open = |row: &super::rows::PorchRow| {
        let (id, _, plain) = row.open_with(seal.realm, seal.key)?;
        (number_of(id).is_none()).then_some((id, PorchEntry::decode(&plain).ok()?))
    };
    Ok(rows.iter().filter_map(open).collect())
}

/// The entry of one account, when it can be read.
pub(super) fn entry(
    db: &Connection,
    seal: PorchSeal<'_>,
    id: RecordId,
) -> Result<Option<PorchEntry>, VaultError> {
    let rows = load_porch_between(db, id, id)?;
    let opened = rows
        .first()
        .and_then(|row| row.open_with(seal.realm, seal.key));
    Ok(opened.and_then(|(_, _, plain)| PorchEntry::decode(&plain).ok()))
}

pub(super) fn chain(db: &Connection, seal: PorchSeal<'_>) -> Result<Chain, VaultError> {
    let mut chain = Chain {
        rows: vec![],
        has_unreadable: false,
    };
    for row in load_porch_between(db, chain_id(0), chain_id(u64::MAX))? {
        let Some(number) = row.record_id().and_then(number_of) else {
            continue;
        };
        let opened = row.open_with(seal.realm, seal.key);
        match opened.and_then(|(_, _, plain)| ChainRow::decode(&plain).ok()) {
            Some(read) => chain.rows.push((number, read)),
            None => chain.has_unreadable = true,
        }
    }
    Ok(chain)
}

/// Appends to the chain what is left for the history; what the chain has come to, where something was appended.
pub(super) fn append(
    tx: &Connection,
    seal: PorchSeal<'_>,
    anchored: Option<PorchMark>,
    links: &[Link],
) -> Result<Option<PorchMark>, VaultError> {
    if links.is_empty() {
        return Ok(None);
    }
    check_entries(links)?;
    let Chain { rows, .. } = chain(tx, seal)?;
    let wide = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
    if wide(rows.len() + links.len()) > PORCH_ROWS_MAX {
        return Err(VaultError::PorchFull);
    }
    let stood = rows
        .last()
        .map_or_else(PorchMark::default, |(seq, row)| PorchMark {
            count: *seq,
            head: row.previous.after(*seq, &row.link),
        });
    // Where the anchor knows of more, the porch was rolled back: what comes now is not taken for what is gone.
    let mut mark = anchored.map_or(stood, |anchored| anchored.later(stood));
    for link in links {
        mark = place(tx, seal, mark, link)?;
    }
    Ok(Some(mark))
}

/// Writes one link after `mark`.
fn place(
    tx: &Connection,
    seal: PorchSeal<'_>,
    mark: PorchMark,
    link: &Link,
) -> Result<PorchMark, VaultError> {
    let seq = mark.count.checked_add(1).ok_or(VaultError::DamagedData)?;
    store(tx, seal, chain_id(seq), encode(&mark.head, link, &[]))?;
    Ok(PorchMark {
        count: seq,
        head: mark.head.after(seq, link),
    })
}

/// Begins the porch anew: nothing is on it but the mark up to which the history has taken its chain over.
pub(super) fn begin_anew(
    tx: &Connection,
    seal: PorchSeal<'_>,
    mark: PorchMark,
    now: UnixSeconds,
) -> Result<(), VaultError> {
    tx.execute("DELETE FROM porch", [])?;
    if mark.count == 0 {
        return Ok(());
    }
    let base = Link::Cut {
        at: now,
        start: mark.head,
    };
    store(
        tx,
        seal,
        chain_id(mark.count),
        encode(&mark.head, &base, &[]),
    )
}

/// Seals a row's plaintext under an id, in place of what stood there.
pub(super) fn store(
    tx: &Connection,
    seal: PorchSeal<'_>,
    id: RecordId,
    plain: Zeroizing<Vec<u8>>,
) -> Result<(), VaultError> {
    let earlier: Option<i64> = {
        let mut statement = tx.prepare_cached("SELECT rev FROM porch WHERE id = ?1")?;
        let mut rows = statement.query([id.bytes()])?;
        rows.next()?.map(|row| row.get(0)).transpose()?
    };
    let rev = following(earlier.and_then(|rev| u64::try_from(rev).ok()).unwrap_or(0));
    let aad = Aad::porch(seal.realm, id, rev, seal.epoch);
    let sealed = seal.key.seal(&aad, plain, seal.entropy)?;
    tx.prepare_cached(
        "INSERT INTO porch(id, rev, epoch, nonce, body) VALUES (?1, ?2, ?3, ?4, ?5) \
         ON CONFLICT(id) DO UPDATE SET rev = excluded.rev, epoch = excluded.epoch, \
         nonce = excluded.nonce, body = excluded.body",
    )?
    .execute(params![
        id.bytes(),
        column(rev)?,
        seal.epoch,
        sealed.nonce,
        sealed.body
    ])?;
    Ok(())
}

pub(super) fn remove(tx: &Connection, id: RecordId) -> Result<(), VaultError> {
    tx.prepare_cached("DELETE FROM porch WHERE id = ?1")?
        .execute([id.bytes()])?;
    Ok(())
}

fn chain_id(seq: u64) -> RecordId {
    let mut bytes = [0; 16];
    let (word, number) = bytes.split_at_mut(CHAIN.len());
    word.copy_from_slice(&CHAIN);
    number.copy_from_slice(&seq.to_be_bytes());
    RecordId(bytes)
}

/// The number in the id of a row of the chain; none in a record's.
fn number_of(id: RecordId) -> Option<u64> {
    let rest = id.0.strip_prefix(&CHAIN)?;
    rest.try_into().map(u64::from_be_bytes).ok()
}
