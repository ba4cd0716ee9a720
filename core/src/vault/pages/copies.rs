//! All copies of all pages: those of the file, and those of its log in the order in which they were written.
//! Which copy of an overflow page goes with a row is a guess; a wrong one gives a body that does not open.

use std::collections::BTreeMap;

use super::cell::{OVERFLOW_BYTES, Overflow};
use crate::vault::wal::{FRAME_HEADER_BYTES, HEADER_BYTES, PAGE_BYTES, word};

/// Where one copy of a page stands, counted in pages or frames from 0.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Place {
    File(usize),
    Log(usize),
}

impl Place {
    /// Different for different places.
    pub(super) fn bytes(self) -> [u8; 9] {
        let (source, index) = match self {
            Self::File(index) => (0, index),
            Self::Log(index) => (1, index),
        };
        let mut bytes = [source; 9];
        if let Some((_, rest)) = bytes.split_first_mut() {
            rest.copy_from_slice(&index.to_be_bytes());
        }
        bytes
    }
}

/// Which copy of an overflow page to take. Where there is none, another guess takes its place.
#[derive(Clone, Copy)]
enum Guess {
    /// The file's.
    File,
    /// The newest of the log up to this frame.
    UpTo(usize),
    /// The one of the same transaction as this frame, which writes its pages in the order of their numbers.
    Around(usize),
}

struct Frame<'a> {
    page_number: u32,
    /// The last frame of its transaction, as far as the marks of their ends can be believed.
    transaction_end: usize,
    page: &'a [u8],
}

/// A file and its log, cut into pages.
pub(super) struct Copies<'a> {
    file: Vec<&'a [u8]>,
    frames: Vec<Frame<'a>>,
    /// By page number, the frames that hold a copy of it, in their order.
    frames_of: BTreeMap<u32, Vec<usize>>,
}

impl<'a> Copies<'a> {
    /// The file's last page may be cut short; a torn last frame is left out. No checksum and no salt is looked at.
    pub(super) fn new(file: &'a [u8], log: &'a [u8]) -> Self {
        let written = log.get(HEADER_BYTES..).unwrap_or_default();
        let mut frames = vec![];
        let mut frames_of = BTreeMap::<u32, Vec<usize>>::new();
        let mut transaction_start = 0;
        for (index, frame) in written
            .chunks_exact(FRAME_HEADER_BYTES + PAGE_BYTES)
            .enumerate()
        {
            let Some((header, page)) = frame.split_at_checked(FRAME_HEADER_BYTES) else {
                continue;
            };
            let page_number = word(header, 0).unwrap_or_default();
            frames_of.entry(page_number).or_default().push(index);
            frames.push(Frame {
                page_number,
                transaction_end: usize::MAX,
                page,
            });
            if word(header, 4) != Some(0) {
                for frame in frames.iter_mut().skip(transaction_start) {
                    frame.transaction_end = index;
                }
                transaction_start = index + 1;
            }
        }
        Self {
            file: file.chunks(PAGE_BYTES).collect(),
            frames,
            frames_of,
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.file.len() + self.frames.len()
    }

    /// Every copy with its place: first the file's, then the log's.
    pub(super) fn all(&self) -> Vec<(Place, &'a [u8])> {
        let file = self.file.iter().enumerate();
        let log = self.frames.iter().enumerate();
        file.map(|(index, page)| (Place::File(index), *page))
            .chain(log.map(|(index, frame)| (Place::Log(index), frame.page)))
            .collect()
    }

    /// The chains of pages that may hold the rest of a row which begins at `from`, the likeliest first, at most four.
    /// `is_allowed` is asked before every look at a page.
    pub(super) fn chains(
        &self,
        from: Place,
        overflow: Overflow,
        is_allowed: &mut dyn FnMut() -> bool,
    ) -> Vec<Vec<Place>> {
        let newest = Guess::UpTo(usize::MAX);
        let (in_file, in_log);
        let guesses: &[Guess] = match from {
            Place::File(_) => {
                in_file = [Guess::File, newest];
                &in_file
            }
            Place::Log(index) => {
                let end = self
                    .frames
                    .get(index)
                    .map_or(index, |frame| frame.transaction_end);
                in_log = [
                    Guess::UpTo(end),
                    Guess::UpTo(index),
                    Guess::Around(index),
                    Guess::File,
                ];
                &in_log
            }
        };
        let mut chains = vec![];
        for guess in guesses {
            let chain = self.chain(overflow, *guess, is_allowed);
            if let Some(chain) = chain.filter(|chain| !chains.contains(chain)) {
                chains.push(chain);
            }
        }
        chains
    }

    /// `None` when the chain breaks off or comes back to a page.
    fn chain(
        &self,
        overflow: Overflow,
        guess: Guess,
        is_allowed: &mut dyn FnMut() -> bool,
    ) -> Option<Vec<Place>> {
        let mut chain = vec![];
        let mut next_page = overflow.first_page;
        for _ in 0..overflow.bytes.div_ceil(OVERFLOW_BYTES) {
            if !is_allowed() {
                return None;
            }
            let place = self.find(next_page, guess)?;
            if chain.contains(&place) {
                return None;
            }
            chain.push(place);
            next_page = word(self.page(place)?, 0)?;
        }
        Some(chain)
    }

    /// Appends to `row` what a chain holds of it. `None` when the file ends within.
    pub(super) fn append_chain(
        &self,
        chain: &[Place],
        overflow: Overflow,
        row: &mut Vec<u8>,
    ) -> Option<()> {
        let mut left = overflow.bytes;
        for place in chain {
            let bytes = left.min(OVERFLOW_BYTES);
            row.extend_from_slice(self.page(*place)?.get(4..4 + bytes)?);
            left -= bytes;
        }
        Some(())
    }

    fn page(&self, place: Place) -> Option<&'a [u8]> {
        match place {
            Place::File(index) => self.file.get(index).copied(),
            Place::Log(index) => self.frames.get(index).map(|frame| frame.page),
        }
    }

    fn find(&self, page_number: u32, guess: Guess) -> Option<Place> {
        let index = usize::try_from(page_number).ok()?.checked_sub(1)?;
        let in_file = (index < self.file.len()).then_some(Place::File(index));
        let frames = self
            .frames_of
            .get(&page_number)
            .map_or(&[][..], Vec::as_slice);
        let newest = |last: usize| {
            let count = frames.partition_point(|frame| *frame <= last);
            count.checked_sub(1).and_then(|newest| frames.get(newest))
        };
        let in_log = match guess {
            Guess::File => None,
            Guess::UpTo(last) => newest(last),
            Guess::Around(near) => {
                let is_later = self.frames.get(near)?.page_number < page_number;
                let next = frames.get(frames.partition_point(|frame| *frame <= near));
                next.filter(|_| is_later).or_else(|| newest(near))
            }
        };
        in_log
            .map(|frame| Place::Log(*frame))
            .or(in_file)
            .or_else(|| frames.last().map(|frame| Place::Log(*frame)))
    }
}
