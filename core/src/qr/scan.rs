//! One pass over one grey picture: black and white, finder patterns, codes.

use rxing::{
    Binarizer, LuminanceSource, Point,
    common::{
        BitMatrix, DetectorRXingResult, ECIStringBuilder, GlobalHistogramBinarizer,
        cpp_essentials::{ConcentricPattern, DecoderResult},
    },
    qrcode::cpp_port::{
        decoder::Decode,
        detector::{FinderPatternSet, SampleQR},
    },
};

use zeroize::Zeroizing;

use super::{
    finder::find_patterns,
    foreign,
    luma::Luma,
    sets::plausible_sets,
    symbol::Corner,
    threshold::{self, Ink},
};
use crate::secret::SecretText;

/// How the line between dark and light is drawn.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Threshold {
    /// Block by block, from the neighbourhood: shadows do not matter. Small pictures have one line.
    Local(Ink),
    /// One for the whole picture, for dark ink.
    Global,
}

/// The work that one picture may cost besides looking at its pixels.
///
/// Counted, not timed: the core has no clock, and the same picture must always have the same answer.
pub(super) struct Budget {
    /// Modules that may still be sampled from what looks like a code.
    modules_left: u32,
}

impl Budget {
    /// Enough for 64 codes with thousands of wrong guesses among them.
    pub(super) fn new() -> Self {
        Self {
            modules_left: 8_000_000,
        }
    }

    /// Takes a cost off; `false` when it is more than what is left, which ends all work.
    fn pay(&mut self, modules: u32) -> bool {
        match self.modules_left.checked_sub(modules) {
            Some(left) => {
                self.modules_left = left;
                true
            }
            None => {
                self.modules_left = 0;
                false
            }
        }
    }
}

/// Which part of a message that is spread over several codes (structured append, ISO/IEC 18004 §8).
pub(super) struct Part {
    /// Position in the message, from 0.
    pub(super) index: u8,
    /// How many parts the message has: 2 to 16.
    pub(super) count: u8,
    /// The parity of the whole message: parts with another one do not belong to it.
    pub(super) parity: u8,
    /// This part of the message. Bytes, since a letter can be cut between two codes.
    pub(super) bytes: Zeroizing<Vec<u8>>,
}

/// A code as one pass saw it.
pub(super) struct Sighting {
    /// What it says.
    pub(super) text: SecretText,
    /// Where, in the pixels of the pass.
    pub(super) corners: [Corner; 4],
    /// Set when it is only a part of a message.
    pub(super) part: Option<Part>,
}

/// Looks for codes in every `row_step`th row.
pub(super) fn scan(
    luma: &Luma<'_>,
    threshold: Threshold,
    row_step: u32,
    budget: &mut Budget,
) -> Vec<Sighting> {
    let Some(image) = foreign(|| black_and_white(luma, threshold)) else {
        return Vec::new();
    };
    let patterns = find_patterns(&image, row_step);
    let mut used: Vec<ConcentricPattern> = Vec::new();
    let mut sightings = Vec::new();
    for set in plausible_sets(&patterns) {
        let members = [set.bl, set.tl, set.tr];
        if members.iter().any(|member| used.contains(member)) {
            continue;
        }
        // The price of one try without a code at its end.
        if !budget.pay(400) {
            break;
        }
        if let Some(sighting) = foreign(|| read_set(&image, &set, budget)) {
            used.extend(members);
            sightings.push(sighting);
        }
    }
    sightings
}

/// Pixels with ink as set bits.
fn black_and_white(luma: &Luma<'_>, threshold: Threshold) -> Option<BitMatrix> {
    let local = match threshold {
        Threshold::Local(ink) => threshold::black_and_white(luma, ink),
        Threshold::Global => None,
    };
    local.or_else(|| {
        let (width, height) = luma.sides();
        let pixels = luma.pixels();
        let mut source =
            rxing::Luma8Source::new_with_slice(pixels, width.into(), height.into()).ok()?;
        if threshold == Threshold::Local(Ink::Light) {
            source.invert();
        }
        let binarizer = GlobalHistogramBinarizer::new(source);
        binarizer.get_black_matrix().ok().cloned()
    })
}

/// Samples and decodes what three finder patterns may enclose.
fn read_set(image: &BitMatrix, set: &FinderPatternSet, budget: &mut Budget) -> Option<Sighting> {
    let sampled = SampleQR(image, set).ok()?;
    let modules = sampled.getBits();
    if !budget.pay(modules.width() * modules.height()) {
        return None;
    }
    let decoded = Decode(modules).ok()?;
    if !decoded.isValid() {
        return None;
    }
    let corners = corners(sampled.getPoints())?;
    let text = text_of(decoded.content())?;
    Some(Sighting {
        text,
        corners,
        part: part_of(&decoded),
    })
}

/// The four corners clockwise, when the reader below us told four.
fn corners(points: &[Point]) -> Option<[Corner; 4]> {
    // The reader names them upper left, upper right, lower left, lower right.
    let &[upper_left, upper_right, lower_left, lower_right] = points else {
        return None;
    };
    Some(
        [upper_left, upper_right, lower_right, lower_left].map(|place| Corner {
            x_px: place.x,
            y_px: place.y,
        }),
    )
}

/// The text of a code. `None` when bytes would be lost: half a text can be a wrong key.
fn text_of(content: &ECIStringBuilder) -> Option<SecretText> {
    let bytes = content.bytes();
    if !content.has_eci {
        // Without a declared character set nearly everybody writes UTF-8, against the letter of the standard.
        // The bytes are judged whole: a letter can be cut by the border of two segments.
        if let Ok(text) = std::str::from_utf8(bytes) {
            return Some(SecretText::new(text.to_owned()));
        }
    }
    let text = SecretText::new(content.to_string());
    // EXPOSE: only whether there is any text.
    let is_lost = text.expose().is_empty() && !bytes.is_empty();
    (!is_lost).then_some(text)
}

/// The part's place in its message, when the code is one of several.
fn part_of(decoded: &DecoderResult<bool>) -> Option<Part> {
    let part = decoded.structuredAppend();
    let count = u8::try_from(part.count).ok().filter(|&count| count > 1)?;
    Some(Part {
        index: u8::try_from(part.index).ok()?,
        count,
        parity: part.id.parse().ok()?,
        bytes: Zeroizing::new(decoded.content().bytes().to_vec()),
    })
}
