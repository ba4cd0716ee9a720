//! From grey to black and white, block by block, so that shadows do not matter.
//!
//! A block's threshold is the mean of the estimates of the 5 × 5 blocks around it. A block with contrast estimates
//! its own mean; a flat one takes over what its neighbours say, or passes for ground.

use rxing::common::{BitArray, BitMatrix};

use super::luma::Luma;

/// Side of a block in pixels.
const BLOCK: usize = 8;

/// Pixels in one word of a row of bits: a row of a block is one of its bytes.
const WORD: usize = BLOCK * size_of::<usize>();

/// Blocks around a block, in one direction, whose estimates count.
const REACH: usize = 2;

/// A block with less contrast than this is flat: ink and ground do not both lie in it.
const MIN_CONTRAST: u8 = 24;

/// The colour of the modules that are looked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Ink {
    /// Dark modules on light ground.
    Dark,
    /// Light modules on dark ground.
    Light,
}

/// What is known of the pixels of a block.
struct Block {
    min: u8,
    max: u8,
    mean: u8,
}

impl Block {
    /// The same block in a picture whose dark is light.
    fn inverted(&self) -> Self {
        Self {
            min: 255 - self.max,
            max: 255 - self.min,
            mean: 255 - self.mean,
        }
    }
}

/// Sets a bit for every pixel with ink. `None` when a side has fewer than five blocks.
pub(super) fn black_and_white(luma: &Luma<'_>, ink: Ink) -> Option<BitMatrix> {
    let estimates = estimates(luma, ink);
    let thresholds = smoothed(&estimates)?;
    let (width, height) = luma.sides();
    let mut image = BitMatrix::new(width.into(), height.into()).ok()?;
    let mut bits = BitArray::with_size(luma.width());
    let of_rows = thresholds.iter().flat_map(|row| [row; BLOCK]);
    for ((y, row), thresholds) in (0..).zip(luma.rows()).zip(of_rows) {
        let words = row.chunks(WORD).zip(thresholds.chunks(WORD / BLOCK));
        for (index, (greys, thresholds)) in words.enumerate() {
            let word = match ink {
                Ink::Dark => word(greys, thresholds, |grey, edge| grey <= edge),
                Ink::Light => word(greys, thresholds, |grey, edge| 255 - grey <= edge),
            };
            bits.setBulk(index * WORD, word);
        }
        image.setRow(y, &bits);
    }
    Some(image)
}

/// One word of a row: the first pixel is the lowest bit.
fn word(greys: &[u8], thresholds: &[u8], has_ink: impl Fn(u8, u8) -> bool) -> usize {
    let blocks = greys.chunks(BLOCK).zip(thresholds);
    blocks.rev().fold(0, |word, (block, &threshold)| {
        let pixels = block.iter().rev();
        pixels.fold(word, |word, &grey| {
            word << 1 | usize::from(has_ink(grey, threshold))
        })
    })
}

/// Each block's own estimate of the line between ink and ground.
fn estimates(luma: &Luma<'_>, ink: Ink) -> Vec<Vec<u8>> {
    let mut estimates: Vec<Vec<u8>> = Vec::with_capacity(luma.rows().len().div_ceil(BLOCK));
    for band in luma.pixels().chunks(luma.width() * BLOCK) {
        let above = estimates.last();
        let mut row: Vec<u8> = Vec::with_capacity(luma.width().div_ceil(BLOCK));
        for (x, block) in blocks(band, luma.width()).into_iter().enumerate() {
            let block = match ink {
                Ink::Dark => block,
                Ink::Light => block.inverted(),
            };
            let at = |row: &Vec<u8>, x: usize| row.get(x).copied().map(u16::from);
            let neighbours = || {
                let above = above?;
                let left = x.checked_sub(1)?;
                Some((at(above, x)? + 2 * at(&row, left)? + at(above, left)?) / 4)
            };
            row.push(estimate(&block, neighbours()));
        }
        estimates.push(row);
    }
    estimates
}

/// The blocks of a band of at most [`BLOCK`] rows.
fn blocks(band: &[u8], width: usize) -> Vec<Block> {
    let columns = width.div_ceil(BLOCK);
    let mut sums = vec![(0_u16, u8::MAX, u8::MIN, 0_u16); columns];
    for row in band.chunks(width) {
        for (all, greys) in sums.iter_mut().zip(row.chunks(BLOCK)) {
            for &grey in greys {
                all.0 += u16::from(grey);
                all.1 = all.1.min(grey);
                all.2 = all.2.max(grey);
                all.3 += 1;
            }
        }
    }
    let blocks = sums.into_iter().map(|(sum, min, max, count)| Block {
        min,
        max,
        mean: u8::try_from(sum / count.max(1)).unwrap_or(u8::MAX),
    });
    blocks.collect()
}

fn estimate(block: &Block, neighbours: Option<u16>) -> u8 {
    if block.max - block.min > MIN_CONTRAST {
        return block.mean;
    }
    // Flat: all ground, unless it is darker than the line that the neighbours draw.
    match neighbours.map(u8::try_from) {
        Some(Ok(neighbours)) if block.min < neighbours => neighbours,
        _ => block.min / 2,
    }
}

/// The means of 5 × 5 blocks; at the edges those of the nearest whole 5 × 5. `None` when there are none.
fn smoothed(estimates: &[Vec<u8>]) -> Option<Vec<Vec<u8>>> {
    let side = 2 * REACH + 1;
    let columns = estimates.first()?.len();
    let last_row = estimates.len().checked_sub(side)?;
    let last_column = columns.checked_sub(side)?;
    let rows = (0..estimates.len()).map(|y| {
        let top = y.saturating_sub(REACH).min(last_row);
        let window = estimates.get(top..top + side).unwrap_or_default();
        let mut sums = vec![0_u16; columns];
        for row in window {
            for (sum, &value) in sums.iter_mut().zip(row) {
                *sum += u16::from(value);
            }
        }
        let means = sums.windows(side).map(|sums| sums.iter().sum::<u16>() / 25);
        let means: Vec<u8> = means
            .map(|mean| u8::try_from(mean).unwrap_or(u8::MAX))
            .collect();
        let at = |x: usize| means.get(x.saturating_sub(REACH).min(last_column)).copied();
        (0..columns).filter_map(at).collect()
    });
    Some(rows.collect())
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    /// A picture of 83 × 77 pixels, so that neither side is whole blocks or words.
    fn picture(grey: impl Fn(usize, usize) -> u8) -> Luma<'static> {
        let pixels = (0..77).flat_map(|y| (0..83).map(move |x| (x, y)));
        let pixels: Vec<u8> = pixels.map(|(x, y)| grey(x, y)).collect();
        Luma::new(83, 77, Cow::Owned(pixels)).unwrap()
    }

    /// Squares of 6 pixels.
    fn is_ink(x: usize, y: usize) -> bool {
        (x / 6 + y / 6).is_multiple_of(2)
    }

    fn assert_squares(luma: &Luma<'_>, ink: Ink) {
        let image = black_and_white(luma, ink).unwrap();
        for (x, y) in (0..83).flat_map(|x| (0..77).map(move |y| (x, y))) {
            let expected = is_ink(usize::try_from(x).unwrap(), usize::try_from(y).unwrap());
            assert_eq!(image.get(x, y), expected, "{x} {y}");
        }
    }

    #[test]
    fn ink_of_either_colour_is_found_in_the_shade_too() {
        assert_squares(
            &picture(|x, y| if is_ink(x, y) { 20 } else { 220 }),
            Ink::Dark,
        );
        assert_squares(
            &picture(|x, y| if is_ink(x, y) { 220 } else { 20 }),
            Ink::Light,
        );
        let shaded = picture(|x, y| {
            let light = u8::try_from(250 - 2 * x).unwrap();
            if is_ink(x, y) { light / 4 } else { light }
        });
        assert_squares(&shaded, Ink::Dark);
    }

    #[test]
    fn an_even_ground_has_no_ink() {
        for grey in [1, 20, 128, 255] {
            let image = black_and_white(&picture(|_, _| grey), Ink::Dark).unwrap();
            assert_eq!(image.getTopLeftOnBit(), None, "{grey}");
        }
    }

    #[test]
    fn pictures_below_five_blocks_are_left_to_another_way() {
        let small = Luma::new(32, 100, Cow::Owned(vec![0; 3_200])).unwrap();
        assert!(black_and_white(&small, Ink::Dark).is_none());
    }
}
