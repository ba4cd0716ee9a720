//! Bytes that somebody made: the search ends, and costs no more than the files' size allows.

use proptest::prelude::*;

use super::*;
use crate::vault::wal::{HEADER_BYTES, PAGE_BYTES};

/// What one search cost.
struct Spent {
    steps: usize,
    bytes: usize,
    rows: usize,
}

fn spent(file: &[u8], log: &[u8]) -> Spent {
    let mut scan = Scan::new(file, log);
    let (steps, bytes) = (scan.steps_left, scan.bytes_left);
    let (mut rows, mut taken) = (0, 0);
    scan.run(&mut |row| {
        rows += 1;
        taken += match row {
            FoundRow::Record { body, .. } => body.len(),
            _ => 0,
        };
    });
    let spent = Spent {
        steps: steps - scan.steps_left,
        bytes: bytes - scan.bytes_left,
        rows,
    };
    assert!(taken <= spent.bytes);
    spent
}

/// The form of a record with the longest body: header length, blob of 16, three numbers 1, blob of 12, blob of 1,044,496.
const LONGEST: [u8; 9] = [9, 0x2c, 9, 9, 9, 0x24, 0xff, 0xc0, 0x2c];

/// A page full of the beginnings of such records, one in the other, which all continue on page `next`.
fn overlapping(next: u32) -> Vec<u8> {
    // After 489 bytes of such a row stands the number of the next page, and 489 is 9 more than a multiple of 15.
    let each =
        (0_u16..).flat_map(|n| [&LONGEST[..], &next.to_be_bytes(), &n.to_be_bytes()].concat());
    each.take(PAGE_BYTES).collect()
}

/// Pages that each name the next, from page `first` on.
fn chained(first: u32, count: u32) -> Vec<u8> {
    (first..first + count)
        .flat_map(|page| {
            let mut bytes = vec![0x5a; PAGE_BYTES];
            bytes[..4].copy_from_slice(&(page + 1).to_be_bytes());
            bytes
        })
        .collect()
}

#[test]
fn a_chain_that_comes_back_ends() {
    let mut made = Made::new();
    made.record(60);
    made.record(1);
    made.checkpoint("TRUNCATE");
    let left = made.close();
    let whole = spent(&left.file, &[]);
    let pages = left.file.len() / PAGE_BYTES;
    for from in 0..pages {
        for to in 1..=pages {
            let mut file = left.file.clone();
            let number = u32::try_from(to).unwrap().to_be_bytes();
            file[from * PAGE_BYTES..][..4].copy_from_slice(&number);
            let spent = spent(&file, &[]);
            assert!(
                spent.steps <= whole.steps,
                "{from} to {to}: {}",
                spent.steps
            );
            assert!(spent.rows >= 1);
        }
    }
}

#[test]
fn rows_that_overlap_cost_no_more_than_a_multiple_of_the_file() {
    let hostile: Vec<u8> = (0..4).flat_map(|_| overlapping(5)).collect();
    let file = [hostile, chained(5, 256)].concat();
    let in_file = spent(&file, &[]);
    assert!(in_file.rows > 4 && in_file.rows <= 16 * file.len() / 1_044_533);
    assert!(in_file.bytes <= 16 * file.len());
    assert!(in_file.steps <= 1024 * file.len() / PAGE_BYTES);

    let frames = (1_u32..)
        .zip(file.chunks_exact(PAGE_BYTES))
        .flat_map(|(number, page)| {
            let header = [number.to_be_bytes().as_slice(), &[0; 20]].concat();
            [header.as_slice(), page].concat()
        });
    let log: Vec<u8> = [0; HEADER_BYTES].into_iter().chain(frames).collect();
    let both = spent(&file, &log);
    assert!(both.bytes <= 16 * (file.len() + log.len()));
    assert!(both.steps <= 2 * 1024 * file.len() / PAGE_BYTES);
}

#[test]
fn a_row_behind_bytes_that_somebody_made_is_still_found() {
    let mut made = Made::new();
    made.record(1);
    made.checkpoint("TRUNCATE");
    let left = made.close();
    // Their chain breaks off, so that they cost steps alone.
    let hostile: Vec<u8> = (0..50).flat_map(|_| overlapping(u32::MAX)).collect();
    let file = [hostile, left.file].concat();
    assert_found(&left.rows, &found(&file, &[]));
}

#[test]
fn a_leaf_that_stands_in_the_log_many_times_is_taken_once() {
    let mut made = Made::new();
    made.record(4000);
    for n in 0..100 {
        made.record(n % 2);
    }
    let left = made.close();
    let longest = left
        .rows
        .iter()
        .filter(|row| matches!(row, FoundRow::Record { body, .. } if body.len() > 1_000_000));
    let found = found(&left.file, &left.log);
    for row in longest {
        assert_eq!(found.iter().filter(|found| *found == row).count(), 1);
    }
}

/// Bytes in which parts of pages, headers and rows follow each other without sense.
fn senseless() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..600),
        prop::collection::vec(
            prop_oneof![Just(0_u8), Just(0xff), Just(0x80), Just(9), Just(0x2c)],
            0..40
        ),
        Just(LONGEST.to_vec()),
        // Bucket, log, porch, slot and meta.
        Just(vec![6, 0, 9, 9, 0x24, 0x2c]),
        Just(vec![5, 0, 9, 0x24, 0x2c]),
        Just(vec![6, 0x2c, 9, 9, 0x24, 0x2c]),
        Just(vec![10, 0x2c, 9, 9, 0x2c, 12, 0x4c, 0x81, 0x34, 0x4c]),
        Just(vec![6, 3, 15, 16, b'k', 1, 2]),
        (0_u32..12).prop_map(|page| page.to_be_bytes().to_vec()),
    ];
    prop::collection::vec(part, 0..60).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn no_bytes_panic(file in senseless(), log in senseless()) {
        let spent = spent(&file, &log);
        prop_assert!(spent.bytes <= 16 * (file.len() + log.len()));
    }
}
