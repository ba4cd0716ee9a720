//! Rows out of the bytes of a damaged vault, without SQLite: the reading half of salvage.
//!
//! Every row proves itself later, by its AEAD or its digest, so the search may be generous. It asks neither the
//! database's header nor the pages' headers, pointers and trees: on every page it looks at every byte for
//! something that has the exact form of a row. So it also finds rows that SQLite no longer shows, in the log's
//! earlier frames and in the unused room of pages, and it may find one row several times.

mod cell;
mod copies;
mod shape;
#[cfg(test)]
mod tests;
mod varint;

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::Path;

use ring::digest;

use self::cell::{Cell, Overflow};
use self::copies::{Copies, Place};
use super::error::VaultError;
use super::format::{NONCE_BYTES, RecordId};
use super::location::VaultLocation;
use super::manifest::Entry;
use super::slot::{SlotRow, finish32};

/// Most bytes of a vault's file, and of its log: more than 20,000 records with the longest notes need.
const FILE_BYTES_MAX: u64 = 512 * 1024 * 1024;
/// For each byte of the two files so many are taken out of them at most, copies of one row in several frames included.
const BYTES_TAKEN_PER_BYTE: usize = 16;
/// For each page so many looks at overflow pages at most.
const STEPS_PER_PAGE: usize = 1024;

/// One row as it stands on some page. It fits the CHECKs of its table; nothing else about it is proved.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum FoundRow {
    Slot(SlotRow),
    Record {
        id: RecordId,
        /// Its columns and tag, as a list would have them.
        entry: Entry,
        nonce: [u8; NONCE_BYTES],
        body: Vec<u8>,
    },
    /// Of `bucket` or `manifest`, which have one form: the manifest has number 1, and so may a bucket.
    List {
        /// A bucket's `n`, or the manifest's `one`.
        number: u8,
        /// A bucket's `rev`, or the manifest's `gen`.
        version: u64,
        epoch: u32,
        nonce: [u8; NONCE_BYTES],
        body: Vec<u8>,
    },
    Log {
        seq: u64,
        epoch: u32,
        nonce: [u8; NONCE_BYTES],
        body: Vec<u8>,
    },
    Porch {
        id: RecordId,
        rev: u64,
        epoch: u32,
        nonce: [u8; NONCE_BYTES],
        body: Vec<u8>,
    },
    Meta {
        key: String,
        value: Vec<u8>,
    },
}

/// The bytes of a vault's file and of its log; without a log, none. Only to be called while alone at the vault:
/// closing the files would drop SQLite's locks in this process.
///
/// # Errors
///
/// [`VaultError::NoVault`], [`VaultError::NotAVault`] where one of them is not a plain file, [`VaultError::FileTooLarge`],
/// [`VaultError::NoAccess`] and [`VaultError::Io`] from reading.
pub(super) fn read_files(location: &VaultLocation) -> Result<(Vec<u8>, Vec<u8>), VaultError> {
    let file = read_at_most(location.path(), FILE_BYTES_MAX)?;
    let log = match read_at_most(&location.log(), FILE_BYTES_MAX) {
        Err(VaultError::NoVault) => vec![],
        other => other?,
    };
    Ok((file, log))
}

fn read_at_most(path: &Path, max_bytes: u64) -> Result<Vec<u8>, VaultError> {
    if !fs::symlink_metadata(path)?.is_file() {
        return Err(VaultError::NotAVault);
    }
    let mut bytes = vec![];
    let read = File::open(path)?
        .take(max_bytes + 1)
        .read_to_end(&mut bytes);
    match read {
        Ok(_) if u64::try_from(bytes.len()).is_ok_and(|read| read <= max_bytes) => Ok(bytes),
        Ok(_) => Err(VaultError::FileTooLarge { max_bytes }),
        // There is not so much memory.
        Err(error) if error.kind() == ErrorKind::OutOfMemory => {
            Err(VaultError::FileTooLarge { max_bytes })
        }
        Err(error) => Err(error.into()),
    }
}

/// Calls `take` with every row that `file` and `log` hold: page by page, first those of the file, then those of the log's
/// frames in their order, whatever the frames' checksums, salts and commit marks say.
///
/// A row with all its bytes on undamaged pages is always found. One that continues on overflow pages comes once for
/// every set of pages that it may mean, at most four; the same bytes from the same pages come once. Time and memory
/// stay in proportion to the two files, whatever is in them: only where somebody made rows overlap are some left out.
pub(super) fn scan(file: &[u8], log: &[u8], take: &mut dyn FnMut(FoundRow)) {
    Scan::new(file, log).run(take);
}

/// A search in progress and what it may still spend.
struct Scan<'a> {
    copies: Copies<'a>,
    /// The long rows that were taken.
    taken: HashSet<[u8; 32]>,
    bytes_left: usize,
    steps_left: usize,
}

impl<'a> Scan<'a> {
    fn new(file: &'a [u8], log: &'a [u8]) -> Self {
        let copies = Copies::new(file, log);
        Self {
            taken: HashSet::new(),
            bytes_left: (file.len() + log.len()).saturating_mul(BYTES_TAKEN_PER_BYTE),
            steps_left: copies.len().saturating_mul(STEPS_PER_PAGE),
            copies,
        }
    }

    fn run(&mut self, take: &mut dyn FnMut(FoundRow)) {
        for (place, page) in self.copies.all() {
            for at in 0..page.len() {
                if let Some(cell) = Cell::at(page, at) {
                    self.take_cell(place, &cell, take);
                }
            }
        }
    }

    fn take_cell(&mut self, place: Place, cell: &Cell<'_>, take: &mut dyn FnMut(FoundRow)) {
        let Some(overflow) = cell.overflow else {
            if self.spend(cell.local.len()) {
                cell.shape
                    .decode(cell.rowid, cell.local)
                    .into_iter()
                    .for_each(take);
            }
            return;
        };
        let steps_left = &mut self.steps_left;
        let mut is_allowed = || {
            let left = steps_left.checked_sub(1);
            *steps_left = left.unwrap_or_default();
            left.is_some()
        };
        for chain in self.copies.chains(place, overflow, &mut is_allowed) {
            self.take_long(cell, overflow, &chain, take);
        }
    }

    /// Takes a row that continues on the pages of `chain`.
    fn take_long(
        &mut self,
        cell: &Cell<'_>,
        overflow: Overflow,
        chain: &[Place],
        take: &mut dyn FnMut(FoundRow),
    ) {
        // A leaf stands in the log once for every change of one of its rows: the others are not taken anew.
        if !self.spend(cell.local.len()) || !self.taken.insert(identity(cell, chain)) {
            return;
        }
        if !self.spend(overflow.bytes) {
            return;
        }
        let mut row = Vec::with_capacity(cell.shape.payload_bytes);
        row.extend_from_slice(cell.local);
        if self
            .copies
            .append_chain(chain, overflow, &mut row)
            .is_some()
        {
            cell.shape
                .decode(cell.rowid, &row)
                .into_iter()
                .for_each(take);
        }
    }

    /// Whether so many bytes may still be taken.
    fn spend(&mut self, bytes: usize) -> bool {
        let left = self.bytes_left.checked_sub(bytes);
        self.bytes_left = left.unwrap_or(self.bytes_left);
        left.is_some()
    }
}

/// Two rows with one identity have the same bytes.
fn identity(cell: &Cell<'_>, chain: &[Place]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(&cell.rowid.to_be_bytes());
    context.update(cell.local);
    for place in chain {
        context.update(&place.bytes());
    }
    finish32(context)
}
