//! Which pages a row may go on.

use super::super::cell::{OVERFLOW_BYTES, Overflow};
use super::super::copies::{
    Copies,
    Place::{self, File, Log},
};
use crate::vault::wal::{HEADER_BYTES, PAGE_BYTES};

/// A page that names `next` as the next of its chain.
fn page(next: u32) -> Vec<u8> {
    let mut page = vec![0; PAGE_BYTES];
    page[..4].copy_from_slice(&next.to_be_bytes());
    page
}

/// A log of frames, each with its page number, whether it ends a transaction, and the next page of its chain.
fn log(frames: &[(u32, bool, u32)]) -> Vec<u8> {
    let mut log = vec![0; HEADER_BYTES];
    for (number, ends_transaction, next) in frames {
        log.extend_from_slice(&number.to_be_bytes());
        log.extend_from_slice(&u32::from(*ends_transaction).to_be_bytes());
        log.extend_from_slice(&[0; 16]);
        log.extend_from_slice(&page(*next));
    }
    log
}

/// The chains of a row on page 3 that goes on at page 2 or 4 with two pages.
fn chains(file: &[u8], log: &[u8], from: Place, first_page: u32) -> Vec<Vec<Place>> {
    let overflow = Overflow {
        first_page,
        bytes: OVERFLOW_BYTES + 1,
    };
    Copies::new(file, log).chains(from, overflow, &mut || true)
}

#[test]
fn a_row_of_the_file_goes_on_in_the_file_or_in_the_newest_frames() {
    let file = [page(0), page(4), page(0), page(0)].concat();
    let frames = log(&[(2, true, 4), (2, true, 4), (5, true, 0)]);
    let found = chains(&file, &frames, File(2), 2);
    assert_eq!(found, [[File(1), File(3)], [Log(1), File(3)]]);
    // The file ends before the page, which is in the log alone.
    let found = chains(&file[..3 * PAGE_BYTES], &log(&[(4, true, 0)]), File(2), 2);
    assert_eq!(found, [[File(1), Log(0)]]);
}

#[test]
fn a_row_of_the_log_goes_on_in_its_own_transaction() {
    let log = log(&[
        (2, false, 4),
        (3, false, 0),
        (4, true, 0),
        (2, false, 4),
        (4, true, 0),
    ]);
    assert_eq!(chains(&[], &log, Log(1), 2)[0], [Log(0), Log(2)]);
}

#[test]
fn without_marks_the_order_of_the_page_numbers_shows_the_transaction() {
    let log = log(&[
        (2, false, 4),
        (3, false, 0),
        (4, false, 0),
        (2, false, 4),
        (4, false, 0),
    ]);
    assert!(chains(&[], &log, Log(1), 2).contains(&vec![Log(0), Log(2)]));
}

#[test]
fn a_row_that_was_copied_with_its_page_goes_on_in_older_frames_or_in_the_file() {
    let frames = log(&[(4, false, 5), (5, true, 0), (3, false, 0), (4, false, 5)]);
    assert!(chains(&[], &frames, Log(2), 4).contains(&vec![Log(0), Log(1)]));
    let file = [page(0), page(4), page(0), page(0)].concat();
    let frames = log(&[(3, false, 0), (2, false, 4), (4, true, 0)]);
    assert!(chains(&file, &frames, Log(0), 2).contains(&vec![File(1), File(3)]));
}

#[test]
fn a_chain_that_comes_back_or_breaks_off_is_none() {
    let file = [page(0), page(2), page(9), page(2)].concat();
    for first_page in [0, 2, 3, 9, u32::MAX] {
        assert!(
            chains(&file, &[], File(2), first_page).is_empty(),
            "{first_page}"
        );
    }
    assert_eq!(chains(&file, &[], File(2), 4), [[File(3), File(1)]]);
}

#[test]
fn no_page_is_looked_at_that_is_not_allowed() {
    let file = [page(0), page(4), page(0), page(0)].concat();
    let overflow = Overflow {
        first_page: 2,
        bytes: OVERFLOW_BYTES + 1,
    };
    let mut asked = 0;
    let mut is_allowed = || {
        asked += 1;
        asked < 2
    };
    let chains = Copies::new(&file, &[]).chains(File(2), overflow, &mut is_allowed);
    assert!(chains.is_empty());
    assert_eq!(
        asked, 3,
        "two looks for the first guess, one for the second"
    );
}
