//! Wrong tries: a plain counter outside the manifest. It slows a thief with the unlocked device down and is
//! advisory only: whoever can write the file can reset it (docs/THREAT-MODEL.md). Nothing is ever wiped.

use rusqlite::{Connection, OptionalExtension, params};

use super::error::VaultError;
use crate::time::UnixSeconds;

/// Key of the row in `meta`.
const KEY: &str = "plain/tries";
/// So many wrong tries cost nothing.
const FREE: u32 = 10;
/// The first wait, doubled with every further wrong try.
const FIRST_WAIT_S: u64 = 30;
/// The longest wait.
const LONGEST_WAIT_S: u64 = 15 * 60;

/// Seconds to wait after `count` wrong tries in a row.
fn delay_s(count: u32) -> u64 {
    let Some(doublings) = count.checked_sub(FREE) else {
        return 0;
    };
    FIRST_WAIT_S
        .checked_shl(doublings.min(16))
        .unwrap_or(LONGEST_WAIT_S)
        .min(LONGEST_WAIT_S)
}

/// # Errors
///
/// [`VaultError::Wait`] while the next try does not count yet. No clock jump makes the wait longer than it was.
pub(super) fn check(db: &Connection, now: UnixSeconds) -> Result<(), VaultError> {
    let (count, retry_at) = load(db)?;
    match retry_at.since(now).min(delay_s(count)) {
        0 => Ok(()),
        retry_after_s => Err(VaultError::Wait { retry_after_s }),
    }
}

/// Counts a wrong try.
pub(super) fn note_wrong(db: &Connection, now: UnixSeconds) -> Result<(), VaultError> {
    let count = load(db)?.0.saturating_add(1);
    store(db, count, now.plus(delay_s(count)))
}

/// Forgets wrong tries after a right one; writes nothing when there were none.
pub(super) fn reset(db: &Connection) -> Result<(), VaultError> {
    match load(db)? {
        (0, _) => Ok(()),
        _ => store(db, 0, UnixSeconds(0)),
    }
}

/// A value of another length was not written by us and counts as none.
fn load(db: &Connection) -> Result<(u32, UnixSeconds), VaultError> {
    let value: Option<Vec<u8>> = db
        .prepare_cached("SELECT v FROM meta WHERE k = ?1")?
        .query_row([KEY], |row| row.get(0))
        .optional()?;
    let fields = value.as_deref().and_then(|value| {
        let (count, retry_at) = value.split_first_chunk::<4>()?;
        Some((
            u32::from_be_bytes(*count),
            UnixSeconds(u64::from_be_bytes(retry_at.try_into().ok()?)),
        ))
    });
    Ok(fields.unwrap_or((0, UnixSeconds(0))))
}

fn store(db: &Connection, count: u32, retry_at: UnixSeconds) -> Result<(), VaultError> {
    let mut value = count.to_be_bytes().to_vec();
    value.extend_from_slice(&retry_at.0.to_be_bytes());
    db.prepare_cached(
        "INSERT INTO meta(k, v) VALUES (?1, ?2) ON CONFLICT(k) DO UPDATE SET v = excluded.v",
    )?
    .execute(params![KEY, value])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::schema::create_tables;

    fn db() -> Connection {
        let db = Connection::open_in_memory().unwrap();
        create_tables(&db).unwrap();
        db
    }

    fn after(wrong: u32, now: UnixSeconds) -> Connection {
        let db = db();
        for _ in 0..wrong {
            note_wrong(&db, now).unwrap();
        }
        db
    }

    const NOW: UnixSeconds = UnixSeconds(1_000_000);

    #[test]
    fn k1_after_ten_wrong_tries_the_wait_grows_to_a_quarter_of_an_hour() {
        assert_eq!(check(&after(9, NOW), NOW), Ok(()));
        for (wrong, retry_after_s) in [(10, 30), (11, 60), (12, 120), (15, 900), (200, 900)] {
            assert_eq!(
                check(&after(wrong, NOW), NOW),
                Err(VaultError::Wait { retry_after_s }),
                "{wrong}"
            );
        }
    }

    #[test]
    fn the_wait_passes_with_time() {
        let db = after(10, NOW);
        assert_eq!(
            check(&db, NOW.plus(29)),
            Err(VaultError::Wait { retry_after_s: 1 })
        );
        assert_eq!(check(&db, NOW.plus(30)), Ok(()));
    }

    #[test]
    fn f19_a_clock_set_back_does_not_lengthen_the_wait() {
        let db = after(10, NOW);
        assert_eq!(
            check(&db, UnixSeconds(0)),
            Err(VaultError::Wait { retry_after_s: 30 })
        );
    }

    #[test]
    fn a_right_try_forgets_the_wrong_ones() {
        let db = after(12, NOW);
        reset(&db).unwrap();
        assert_eq!(check(&db, NOW), Ok(()));
        assert_eq!(load(&db).unwrap().0, 0);
    }

    #[test]
    fn a_value_that_is_not_ours_counts_as_none() {
        let db = db();
        db.execute("INSERT INTO meta VALUES (?1, x'0102')", [KEY])
            .unwrap();
        assert_eq!(check(&db, NOW), Ok(()));
    }
}
