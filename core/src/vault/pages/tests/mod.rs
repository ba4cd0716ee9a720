//! What SQLite wrote is found again, whole and damaged.

mod chains;
mod damage;
mod hostile;
mod made;

use self::made::{Dice, Left, Made, seen};
use super::*;

fn found(file: &[u8], log: &[u8]) -> Vec<FoundRow> {
    let mut rows = vec![];
    scan(file, log, &mut |row| rows.push(row));
    rows
}

/// Asserts that all of `rows` are among those found.
#[track_caller]
fn assert_found<'a>(rows: impl IntoIterator<Item = &'a FoundRow>, found: &[FoundRow]) {
    for row in rows {
        assert!(
            found.contains(row),
            "missing of {}: {:.60}",
            found.len(),
            format!("{row:?}")
        );
    }
}

#[test]
fn every_row_of_every_table_is_found_in_the_file() {
    let mut made = Made::new();
    made.every_table();
    made.checkpoint("TRUNCATE");
    let left = made.close();
    assert!(left.log.is_empty());
    let found = found(&left.file, &left.log);
    assert_found(&left.rows, &found);
    assert_found(&found, &left.rows);
}

#[test]
fn every_row_of_every_table_is_found_in_the_log() {
    let mut made = Made::new();
    made.every_table();
    let left = made.close();
    let found = found(&left.file, &left.log);
    assert_found(&left.rows, &found);
    assert_found(&found, &left.rows);
}

#[test]
fn rows_of_every_length_are_found() {
    let mut made = Made::new();
    for length in 0..=85 {
        made.record(length);
        made.log(i64::try_from(length).unwrap() + 1, length);
    }
    for n in 0..=255 {
        made.bucket(n, usize::from(n) * 2);
    }
    for params in 0..=80 {
        made.slot(params * 50);
    }
    made.record(4080);
    made.manifest(4080);
    made.checkpoint("TRUNCATE");
    let left = made.close();
    assert_found(&left.rows, &found(&left.file, &left.log));
}

#[test]
fn rows_on_interior_pages_and_of_many_transactions_are_found() {
    let mut made = Made::new();
    for n in 0..700 {
        made.record(if n % 25 == 0 { 40 } else { 1 + n % 3 });
        if n == 300 {
            made.checkpoint("TRUNCATE");
        }
        if n % 7 == 0 {
            // Long rows change often, so that their overflow pages are used again and again.
            made.manifest(16 + n % 64);
            made.bucket(u8::try_from(n % 11).unwrap(), 90 + n % 300);
        }
    }
    let left = made.close();
    assert!(left.file.iter().step_by(4096).any(|kind| *kind == 0x02));
    assert!(left.log.len() > left.file.len());
    assert_found(&left.rows, &found(&left.file, &left.log));
}

#[test]
fn rows_of_a_transaction_larger_than_the_cache_are_found() {
    let mut made = Made::new();
    made.db.pragma_update(None, "cache_size", 10).unwrap();
    made.db.execute_batch("BEGIN").unwrap();
    for n in 0..200 {
        made.record(n % 80);
    }
    made.db.execute_batch("COMMIT").unwrap();
    let left = made.close();
    assert_found(&left.rows, &found(&left.file, &left.log));
}

#[test]
fn a_log_whose_start_was_written_anew_still_gives_its_rows() {
    let mut made = Made::new();
    for _ in 0..40 {
        made.record(20);
    }
    // The log stays as long as it was; its next frames replace the first ones.
    made.checkpoint("RESTART");
    for _ in 0..5 {
        made.record(20);
    }
    made.manifest(30);
    let left = made.close();
    assert_found(&left.rows, &found(&left.file, &left.log));
}

#[test]
fn a_missing_log_is_empty_and_only_plain_files_of_a_bounded_size_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let location = VaultLocation::new(&folder.path().join("vault"));
    assert_eq!(read_files(&location).err(), Some(VaultError::NoVault));
    fs::write(location.path(), b"1234").unwrap();
    assert_eq!(read_files(&location), Ok((b"1234".to_vec(), vec![])));
    fs::write(location.log(), b"5").unwrap();
    assert_eq!(read_files(&location), Ok((b"1234".to_vec(), b"5".to_vec())));
    assert_eq!(read_at_most(location.path(), 4), Ok(b"1234".to_vec()));
    let refused = read_at_most(location.path(), 3).err();
    assert_eq!(refused, Some(VaultError::FileTooLarge { max_bytes: 3 }));
    fs::remove_file(location.log()).unwrap();
    fs::create_dir(location.log()).unwrap();
    assert_eq!(read_files(&location).err(), Some(VaultError::NotAVault));
}

#[test]
fn rows_of_every_transaction_are_found_while_its_frames_are_there() {
    let mut made = Made::new();
    let mut rows = vec![];
    for n in 0..40 {
        made.db.execute_batch("BEGIN").unwrap();
        made.record(if n % 4 == 0 { 30 } else { 1 });
        made.manifest(16 + n % 32);
        made.bucket(7, 90 + n);
        made.bucket(9, 300);
        made.db.execute_batch("COMMIT").unwrap();
        rows.extend(seen(&made.db));
        if n % 10 == 9 {
            made.db
                .execute("DELETE FROM record WHERE length(body) > 2000", [])
                .unwrap();
        }
    }
    let left = made.close();
    assert_found(&rows, &found(&left.file, &left.log));
    for mark in [0, 1] {
        let log = damage::with_marks(&left.log, mark);
        assert_found(&rows, &found(&left.file, &log));
    }
}
