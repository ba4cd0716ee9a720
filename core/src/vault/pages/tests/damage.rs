//! Damage costs the rows on the damaged page and no others.

use std::collections::BTreeSet;

use super::*;
use crate::vault::wal::{FRAME_HEADER_BYTES, HEADER_BYTES, PAGE_BYTES};

const FRAME_BYTES: usize = FRAME_HEADER_BYTES + PAGE_BYTES;

/// A file without a log whose rows have different forms and lengths.
fn small_file() -> Left {
    let mut made = Made::new();
    made.every_table();
    for n in 0..60 {
        made.record(1 + n % 3);
    }
    made.checkpoint("TRUNCATE");
    made.close()
}

/// A file, and a log with many transactions whose rows come and go.
fn small_log() -> Left {
    let mut made = Made::new();
    made.every_table();
    made.checkpoint("TRUNCATE");
    for n in 0..12 {
        made.record(1 + 9 * (n % 4));
        made.manifest(16 + n);
        made.bucket(7, 95 + 10 * n);
    }
    made.close()
}

/// The pages on which a row lies, found by its bytes alone: the file's from 0, then the log's frames.
fn pages_of(row: &FoundRow, pages: &[&[u8]]) -> BTreeSet<usize> {
    // The columns from the last number on, which stand together as far as the page goes.
    let columns = match row {
        FoundRow::Slot(slot) => [
            slot.nonce.as_slice(),
            &slot.params,
            &slot.public,
            &slot.sealed,
            &slot.digest,
        ]
        .concat(),
        FoundRow::Meta { key, value } => [key.as_bytes(), value].concat(),
        FoundRow::Record { nonce, body, .. }
        | FoundRow::List { nonce, body, .. }
        | FoundRow::Log { nonce, body, .. }
        | FoundRow::Porch { nonce, body, .. } => [nonce.as_slice(), body].concat(),
    };
    let start = &columns[..columns.len().min(12)];
    let mut found = BTreeSet::new();
    for (index, page) in pages.iter().enumerate() {
        let windows = page.windows(start.len()).enumerate();
        for (at, _) in windows.filter(|(_, window)| *window == start) {
            // SQLite leaves remnants of rows that it moved: they do not count.
            let local = common_start(&page[at..], &columns);
            if let Some(others) = overflow_pages(&columns[local..], pages) {
                found.extend(others);
                found.insert(index);
            }
        }
    }
    assert!(!found.is_empty(), "the row is whole somewhere");
    found
}

/// All pages that hold what is left of a row; `None` when a piece of it is nowhere.
fn overflow_pages(mut rest: &[u8], pages: &[&[u8]]) -> Option<BTreeSet<usize>> {
    let mut found = BTreeSet::new();
    while !rest.is_empty() {
        let (piece, following) = rest.split_at(rest.len().min(4092));
        let holders = (0..pages.len()).filter(|n| pages[*n].get(4..4 + piece.len()) == Some(piece));
        let before = found.len();
        found.extend(holders);
        if found.len() == before {
            return None;
        }
        rest = following;
    }
    Some(found)
}

fn common_start(one: &[u8], other: &[u8]) -> usize {
    one.iter().zip(other).take_while(|(a, b)| a == b).count()
}

fn pages<'a>(file: &'a [u8], log: &'a [u8]) -> Vec<&'a [u8]> {
    let frames = log
        .get(HEADER_BYTES..)
        .unwrap_or_default()
        .chunks_exact(FRAME_BYTES);
    file.chunks_exact(PAGE_BYTES)
        .chain(frames.map(|frame| &frame[FRAME_HEADER_BYTES..]))
        .collect()
}

/// The log with every frame's mark of a transaction's end overwritten.
pub(super) fn with_marks(log: &[u8], mark: u32) -> Vec<u8> {
    let mut log = log.to_vec();
    for frame in log[HEADER_BYTES..].chunks_exact_mut(FRAME_BYTES) {
        frame[4..8].copy_from_slice(&mark.to_be_bytes());
    }
    log
}

impl Left {
    /// For every row the pages on which it lies.
    fn places(&self) -> Vec<BTreeSet<usize>> {
        let pages = pages(&self.file, &self.log);
        self.rows.iter().map(|row| pages_of(row, &pages)).collect()
    }

    /// Asserts that damage to one page costs no row of another one.
    #[track_caller]
    fn assert_others_found(&self, places: &[BTreeSet<usize>], page: usize, found: &[FoundRow]) {
        let others = self
            .rows
            .iter()
            .zip(places)
            .filter(|(_, places)| !places.contains(&page));
        assert_found(others.map(|(row, _)| row), found);
    }
}

#[test]
fn a_byte_overwritten_in_the_file_costs_only_its_page() {
    let left = small_file();
    let places = left.places();
    let mut dice = Dice(7);
    for _ in 0..400 {
        let mut file = left.file.clone();
        let at = dice.below(file.len());
        file[at] = u8::try_from(dice.below(256)).unwrap();
        left.assert_others_found(&places, at / PAGE_BYTES, &found(&file, &[]));
    }
}

#[test]
fn a_byte_overwritten_in_the_log_costs_only_its_frame() {
    let left = small_log();
    let places = left.places();
    let mut dice = Dice(8);
    let frames = (left.log.len() - HEADER_BYTES) / FRAME_BYTES;
    // The headers of all frames, the log's own header, and some bytes of pages.
    let headers =
        (0..frames).flat_map(|n| [3, 7, 8].map(|byte| HEADER_BYTES + n * FRAME_BYTES + byte));
    let others: Vec<usize> = (0..100).map(|_| dice.below(left.log.len())).collect();
    for at in headers.chain(0..HEADER_BYTES).chain(others) {
        let mut log = left.log.clone();
        log[at] ^= u8::try_from(1 + dice.below(255)).unwrap();
        let page = at.checked_sub(HEADER_BYTES).map_or(usize::MAX, |at| {
            left.file.len() / PAGE_BYTES + at / FRAME_BYTES
        });
        left.assert_others_found(&places, page, &found(&left.file, &log));
    }
}

#[test]
fn a_zeroed_page_costs_only_its_own_rows() {
    let left = small_file();
    let places = left.places();
    let pages = left.file.len() / PAGE_BYTES;
    assert!(
        (0..pages).any(|page| left.file[page * PAGE_BYTES] == 0x02),
        "one is an interior page"
    );
    for page in 0..pages {
        let mut file = left.file.clone();
        file[page * PAGE_BYTES..][..PAGE_BYTES].fill(0);
        left.assert_others_found(&places, page, &found(&file, &[]));
    }
}

#[test]
fn neither_headers_nor_pointers_of_pages_are_needed() {
    let left = small_file();
    let changes: [fn(u8) -> u8; 4] = [|_| 0, |byte| byte ^ 0x01, |byte| byte ^ 0x80, |_| 0xff];
    for change in changes {
        let mut file = left.file.clone();
        for page in file.chunks_exact_mut(PAGE_BYTES) {
            if !matches!(page[0], 0x02 | 0x0a | 0x0d) {
                continue;
            }
            let header = if page[0] == 0x02 { 12 } else { 8 };
            let cells = usize::from(u16::from_be_bytes([page[3], page[4]]));
            for byte in &mut page[..header + 2 * cells] {
                *byte = change(*byte);
            }
        }
        assert_found(&left.rows, &found(&file, &[]));
    }
}

#[test]
fn the_size_before_a_row_is_needed_for_meta_alone() {
    let left = small_file();
    let row = left
        .rows
        .iter()
        .find(|row| matches!(row, FoundRow::Record { .. }))
        .unwrap();
    let FoundRow::Record { id, .. } = row else {
        panic!()
    };
    let at = left
        .file
        .windows(16)
        .position(|window| window == id.0)
        .unwrap();
    // Header of eight or nine bytes, and a size of two bytes before it.
    let header = [8, 9]
        .into_iter()
        .find(|bytes| usize::from(left.file[at - bytes]) == *bytes)
        .unwrap();
    let mut file = left.file.clone();
    file[at - header - 2..at - header].fill(0xff);
    assert_found([row], &found(&file, &[]));
}

#[test]
fn a_file_cut_anywhere_gives_all_rows_before_the_cut() {
    let left = small_file();
    let places = left.places();
    for length in (0..left.file.len()).step_by(512) {
        let found = found(&left.file[..length], &[]);
        let whole = left
            .rows
            .iter()
            .zip(&places)
            .filter(|(_, places)| places.iter().all(|page| (page + 1) * PAGE_BYTES <= length));
        assert_found(whole.map(|(row, _)| row), &found);
    }
}

#[test]
fn a_log_cut_anywhere_gives_all_rows_before_the_cut() {
    let left = small_log();
    let places = left.places();
    let file_pages = left.file.len() / PAGE_BYTES;
    for length in (0..left.log.len()).step_by(512) {
        let found = found(&left.file, &left.log[..length]);
        let frames = length.saturating_sub(HEADER_BYTES) / FRAME_BYTES;
        let whole = left
            .rows
            .iter()
            .zip(&places)
            .filter(|(_, places)| places.iter().all(|page| *page < file_pages + frames));
        assert_found(whole.map(|(row, _)| row), &found);
    }
}
