//! Drawing what is left of changes that were not flushed.

use super::disk::Change;
use super::tree::Tree;
use crate::chance::Chance;

/// What a disk writes whole or not at all.
const SECTOR_BYTES: usize = 512;
/// SQLite's one file that is changed through memory.
const MAPPED: &str = "-shm";

/// A way to lose changes: pure ones find what even chances rarely do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Style {
    /// Only what was flushed.
    Flushed,
    /// All names and no bytes.
    Names,
    /// All bytes and no names.
    Bytes,
    /// All names and bytes, but the last write to each file is torn.
    TornEnd,
    /// The first few changes of each file and folder.
    First,
    /// The last few changes of each file: the disk wrote them first.
    Last,
    /// Each write by itself: kept, lost or torn.
    Scattered,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Fate {
    Kept,
    Lost,
    Torn,
}

impl Style {
    pub(super) const ALL: [Self; 7] = [
        Self::Flushed,
        Self::Names,
        Self::Bytes,
        Self::TornEnd,
        Self::First,
        Self::Last,
        Self::Scattered,
    ];

    /// How many changes of a folder are kept; they stay in order.
    pub(super) fn names_kept(self, count: usize, chance: &mut Chance) -> usize {
        match self {
            Self::Flushed | Self::Bytes => 0,
            Self::Names | Self::TornEnd => count,
            Self::First | Self::Last | Self::Scattered => up_to(count, chance),
        }
    }

    fn fates(self, count: usize, chance: &mut Chance) -> Vec<Fate> {
        let (before, after, turn) = match self {
            Self::Flushed | Self::Names => (Fate::Lost, Fate::Lost, 0),
            Self::Bytes => (Fate::Kept, Fate::Kept, 0),
            Self::TornEnd => (Fate::Kept, Fate::Torn, count.saturating_sub(1)),
            Self::First => (Fate::Kept, Fate::Lost, up_to(count, chance)),
            Self::Last => (Fate::Lost, Fate::Kept, up_to(count, chance)),
            Self::Scattered => {
                let fates = [Fate::Kept, Fate::Lost, Fate::Torn];
                return (0..count).map(|_| *chance.one_of(&fates)).collect();
            }
        };
        let fate = |n| if n < turn { before } else { after };
        (0..count).map(fate).collect()
    }
}

/// What is left of a file.
pub(super) fn bytes(style: Style, safe: &[u8], pending: &[Change], chance: &mut Chance) -> Vec<u8> {
    let mut left = safe.to_vec();
    for (change, fate) in pending.iter().zip(style.fates(pending.len(), chance)) {
        match (change, fate) {
            (_, Fate::Kept) => carry_out(&mut left, change),
            // What was written afterwards went to blocks of the new length.
            (Change::Resize { .. }, Fate::Lost) => break,
            (Change::Resize { .. }, Fate::Torn) => carry_out(&mut left, change),
            (Change::Write { at, data }, fate) => {
                let is_longer = at + data.len() > left.len();
                if is_longer && chance.between(0, 1) == 0 {
                    left.resize(at + data.len(), 0);
                }
                if fate == Fate::Torn {
                    tear(&mut left, *at, data, chance);
                }
            }
        }
    }
    left
}

/// Does to bytes what a change says.
pub(super) fn carry_out(bytes: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Resize { length } => bytes.resize(*length, 0),
        Change::Write { at, data } => put(bytes, *at, data),
    }
}

/// Gives files that are changed through memory any content: nobody knows what of it reached the disk.
pub(super) fn maps(tree: &mut Tree, chance: &mut Chance) {
    let mut absent = Vec::new();
    for (path, bytes) in &mut tree.entries {
        if let (Some(bytes), true) = (bytes, path.to_string_lossy().ends_with(MAPPED)) {
            match chance.between(0, 3) {
                0 => absent.push(path.clone()),
                1 => {}
                2 => bytes.fill(0),
                _ => *bytes = chance.bytes(bytes.len()),
            }
        }
    }
    for path in absent {
        tree.entries.remove(&path);
    }
}

/// Writes some of the sectors that `data` touches.
fn tear(bytes: &mut Vec<u8>, at: usize, data: &[u8], chance: &mut Chance) {
    let mut from = 0;
    while from < data.len() {
        let to = SECTOR_BYTES - (at + from) % SECTOR_BYTES + from;
        let sector = data.get(from..to.min(data.len())).unwrap_or_default();
        if chance.between(0, 1) == 0 {
            put(bytes, at + from, sector);
        }
        from = to;
    }
}

fn put(bytes: &mut Vec<u8>, at: usize, data: &[u8]) {
    let end = at + data.len();
    if bytes.len() < end {
        bytes.resize(end, 0);
    }
    if let Some(place) = bytes.get_mut(at..end) {
        place.copy_from_slice(data);
    }
}

fn up_to(count: usize, chance: &mut Chance) -> usize {
    let drawn = chance.between(0, u64::try_from(count).unwrap_or(u64::MAX));
    usize::try_from(drawn).unwrap_or(count)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn drawn(safe: &[u8], pending: &[Change]) -> BTreeSet<Vec<u8>> {
        let mut left = BTreeSet::new();
        for seed in 0..400 {
            let mut chance = Chance::new(seed);
            let style = *chance.one_of(&Style::ALL);
            left.insert(bytes(style, safe, pending, &mut chance));
        }
        left
    }

    fn write(at: usize, byte: u8, count: usize) -> Change {
        let data = vec![byte; count];
        Change::Write { at, data }
    }

    #[test]
    fn nothing_pending_loses_nothing() {
        assert_eq!(drawn(b"safe", &[]), BTreeSet::from([b"safe".to_vec()]));
    }

    #[test]
    fn two_writes_come_in_every_combination() {
        let left = drawn(b"00", &[write(0, b'1', 1), write(1, b'2', 1)]);
        for expected in [b"00", b"10", b"02", b"12"] {
            assert!(left.contains(expected.as_slice()));
        }
        assert_eq!(left.len(), 4);
    }

    #[test]
    fn a_write_is_torn_between_sectors_only() {
        for state in drawn(&[0; 1024], &[write(0, 1, 1024)]) {
            for sector in state.chunks(SECTOR_BYTES) {
                assert!(sector.iter().all(|byte| *byte == sector[0]));
            }
        }
        assert_eq!(drawn(&[0; 1024], &[write(0, 1, 1024)]).len(), 4);
    }

    #[test]
    fn a_lost_cut_loses_what_was_written_after_it() {
        let pending = [Change::Resize { length: 0 }, write(0, b'n', 1)];
        let left = drawn(b"old", &pending);
        let expected = [b"old".as_slice(), b"", b"n", b"\0"];
        assert_eq!(left, expected.iter().map(|state| state.to_vec()).collect());
    }
}
