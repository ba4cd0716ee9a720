//! Whether a write-ahead log is whole. SQLite stops at the first frame that does not check and forgets
//! what follows, so a flipped bit would be a silent rollback; here it is noticed before the first read.
//! The form is SQLite's (file format description, §4 "The Write-Ahead Log").

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use super::error::VaultError;

pub(super) const HEADER_BYTES: usize = 32;
pub(super) const FRAME_HEADER_BYTES: usize = 24;
const MAGIC: u32 = 0x377f_0682;
/// The page size of every vault; a damaged header cannot be asked for it.
pub(super) const PAGE_BYTES: usize = 4096;

/// What the log's frames say.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum LogState {
    /// No log, or every frame checks, or it ends in the torn tail of a crash.
    Whole,
    /// Frames at the end belong to a transaction that was never finished: a crash, but for a damaged mark of its end.
    Unfinished,
    /// One transaction at the end does not check: torn by a crash, or the last change damaged. The anchor decides.
    Doubtful,
    /// A transaction that was on the disk for good does not check.
    Damaged,
}

/// Reads a log to its end. Only to be called while nobody has the vault open: closing the file would drop SQLite's locks.
///
/// # Errors
///
/// [`VaultError::NoAccess`] and [`VaultError::Io`] from reading.
pub(super) fn inspect_log(path: &Path) -> Result<LogState, VaultError> {
    match File::open(path) {
        Ok(file) => inspect(file),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(LogState::Whole),
        Err(error) => Err(error.into()),
    }
}

fn inspect(mut log: impl Read) -> Result<LogState, VaultError> {
    let mut header = [0; HEADER_BYTES];
    if !fill(&mut log, &mut header)? {
        return Ok(LogState::Whole);
    }
    let mut running = Header::parse(&header);
    let page_bytes = running
        .as_ref()
        .map_or(PAGE_BYTES, |header| header.page_bytes);
    let mut salts = running.as_ref().map(|header| header.salts);
    // Of the frames from the first bad one on that belong to this log: how many, and how many end a transaction.
    let (mut frames_left, mut commits_left) = (0_u64, 0_u64);
    let mut frame = vec![0; FRAME_HEADER_BYTES + page_bytes];
    while fill(&mut log, &mut frame)? {
        let Some(fields) = FrameFields::parse(&frame) else {
            break;
        };
        if let Some(header) = &mut running {
            if header.accepts(&fields, &frame) {
                continue;
            }
            running = None;
        }
        // A damaged header cannot say its salts: the first frame does.
        if *salts.get_or_insert(fields.salts) == fields.salts {
            frames_left += 1;
            commits_left += u64::from(fields.ends_transaction);
        }
    }
    Ok(match (frames_left, commits_left) {
        (0, _) => LogState::Whole,
        (_, 0) => LogState::Unfinished,
        // Every transaction but the last was synced before the next began.
        (_, 1) => LogState::Doubtful,
        _ => LogState::Damaged,
    })
}

/// What the log's header fixes for its frames, with the running checksum.
struct Header {
    big_endian: bool,
    page_bytes: usize,
    salts: [u8; 8],
    sum: (u32, u32),
}

impl Header {
    fn parse(bytes: &[u8; HEADER_BYTES]) -> Option<Self> {
        let magic = word(bytes, 0)?;
        if magic & !1 != MAGIC || word(bytes, 4)? != 3_007_000 {
            return None;
        }
        let page_bytes = usize::try_from(word(bytes, 8)?).ok()?;
        if !page_bytes.is_power_of_two() || !(512..=65_536).contains(&page_bytes) {
            return None;
        }
        let big_endian = magic & 1 == 1;
        let sum = checksum(bytes.get(..24)?, big_endian, (0, 0));
        if sum != (word(bytes, 24)?, word(bytes, 28)?) {
            return None;
        }
        let salts = bytes.get(16..24)?.try_into().ok()?;
        Some(Self {
            big_endian,
            page_bytes,
            salts,
            sum,
        })
    }

    fn accepts(&mut self, fields: &FrameFields, frame: &[u8]) -> bool {
        let (Some(head), Some(page)) = (frame.get(..8), frame.get(FRAME_HEADER_BYTES..)) else {
            return false;
        };
        let sum = checksum(
            page,
            self.big_endian,
            checksum(head, self.big_endian, self.sum),
        );
        let is_next = fields.page > 0 && fields.salts == self.salts && fields.sum == sum;
        if is_next {
            self.sum = sum;
        }
        is_next
    }
}

struct FrameFields {
    page: u32,
    ends_transaction: bool,
    salts: [u8; 8],
    sum: (u32, u32),
}

impl FrameFields {
    fn parse(frame: &[u8]) -> Option<Self> {
        Some(Self {
            page: word(frame, 0)?,
            ends_transaction: word(frame, 4)? != 0,
            salts: frame.get(8..16)?.try_into().ok()?,
            sum: (word(frame, 16)?, word(frame, 20)?),
        })
    }
}

pub(super) fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes
        .get(at..at + 4)?
        .try_into()
        .ok()
        .map(u32::from_be_bytes)
}

/// SQLite's checksum over pairs of words; `bytes` is a multiple of eight long.
fn checksum(bytes: &[u8], big_endian: bool, start: (u32, u32)) -> (u32, u32) {
    let read = if big_endian {
        u32::from_be_bytes
    } else {
        u32::from_le_bytes
    };
    let (words, _) = bytes.as_chunks::<4>();
    let (pairs, _) = words.as_chunks::<2>();
    pairs.iter().fold(start, |(first, second), [even, odd]| {
        let first = first.wrapping_add(read(*even)).wrapping_add(second);
        (first, second.wrapping_add(read(*odd)).wrapping_add(first))
    })
}

/// Fills `buffer`; false when the file ends before.
fn fill(log: &mut impl Read, buffer: &mut [u8]) -> Result<bool, VaultError> {
    match log.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::Connection;

    /// A log with `commits` transactions of several frames each, as SQLite wrote it.
    fn log(commits: u32) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("db");
        let db = Connection::open(&path).unwrap();
        db.pragma_update(None, "journal_mode", "WAL").unwrap();
        db.execute("CREATE TABLE t(a)", []).unwrap();
        db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
            .unwrap();
        for n in 0..commits {
            db.execute("INSERT INTO t VALUES (zeroblob(?1))", [9_000 + n])
                .unwrap();
        }
        std::fs::read(folder.path().join("db-wal")).unwrap()
    }

    fn state(log: &[u8]) -> LogState {
        inspect(log).unwrap()
    }

    #[test]
    fn what_sqlite_wrote_is_whole() {
        assert_eq!(state(&[]), LogState::Whole);
        assert_eq!(state(&log(1)), LogState::Whole);
        assert_eq!(state(&log(5)), LogState::Whole);
    }

    #[test]
    fn a_flip_in_all_but_the_last_transaction_is_damage() {
        let whole = log(4);
        let frame = FRAME_HEADER_BYTES + PAGE_BYTES;
        let frames = (whole.len() - HEADER_BYTES) / frame;
        let commits: Vec<usize> = (0..frames)
            .filter(|n| word(&whole, HEADER_BYTES + n * frame + 4).unwrap() != 0)
            .collect();
        assert_eq!(commits.len(), 4);
        for place in (0..whole.len()).step_by(61) {
            let mut flipped = whole.clone();
            flipped[place] ^= 0x10;
            let in_last = place > HEADER_BYTES + (commits[2] + 1) * frame;
            if in_last {
                // The last change alone: torn or damaged, the anchor knows.
                assert_ne!(state(&flipped), LogState::Damaged, "{place}");
            } else {
                assert_eq!(state(&flipped), LogState::Damaged, "{place}");
            }
        }
    }

    #[test]
    fn a_flip_in_the_header_is_damage() {
        let whole = log(3);
        for place in 0..HEADER_BYTES {
            let mut flipped = whole.clone();
            flipped[place] ^= 1;
            assert_eq!(state(&flipped), LogState::Damaged, "{place}");
        }
    }

    #[test]
    fn a_cut_is_a_normal_crash() {
        let whole = log(3);
        for length in (0..whole.len()).step_by(97) {
            assert_eq!(state(&whole[..length]), LogState::Whole, "{length}");
        }
    }

    #[test]
    fn frames_of_an_earlier_log_do_not_count() {
        let mut whole = log(2);
        let mut earlier = whole[HEADER_BYTES..].to_vec();
        for frame in earlier.chunks_mut(FRAME_HEADER_BYTES + PAGE_BYTES) {
            frame[8] ^= 0xff;
        }
        whole.extend_from_slice(&earlier);
        assert_eq!(state(&whole), LogState::Whole);
    }
}
