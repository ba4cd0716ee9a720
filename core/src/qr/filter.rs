//! Other views of a grey picture, for codes that the picture as it is does not give.

use std::borrow::Cow;

use super::luma::Luma;

/// Half as wide and high, each pixel the mean of four: noise and fine patterns go. `None` when too small.
pub(super) fn halved(luma: &Luma<'_>) -> Option<Luma<'static>> {
    let (width, height) = (luma.sides().0 / 2, luma.sides().1 / 2);
    if width == 0 || height == 0 {
        return None;
    }
    let mut pixels = Vec::with_capacity(usize::from(width) * usize::from(height));
    let mut rows = luma.rows();
    while let (Some(upper), Some(lower)) = (rows.next(), rows.next()) {
        let pairs = upper.chunks_exact(2).zip(lower.chunks_exact(2));
        pixels.extend(pairs.map(|(above, below)| mean(above.iter().chain(below))));
    }
    Some(rebuilt(width, height, pixels))
}

/// Every pixel between the darkest and the lightest of its neighbourhood, so that faint codes and codes in the
/// shade become black and white.
///
/// The neighbourhood is a block of [`BLOCK`] pixels and the eight around it; where these hold less contrast than
/// noise has, the pixels become white.
pub(super) fn levelled(luma: &Luma<'_>) -> Luma<'static> {
    let (width, height) = luma.sides();
    let columns = luma.width().div_ceil(BLOCK);
    let mut extremes: Vec<Vec<(u8, u8)>> = Vec::new();
    let mut rows = luma.rows();
    loop {
        let band: Vec<&[u8]> = rows.by_ref().take(BLOCK).collect();
        if band.is_empty() {
            break;
        }
        let mut blocks = vec![(u8::MAX, u8::MIN); columns];
        for row in band {
            for (block, greys) in blocks.iter_mut().zip(row.chunks(BLOCK)) {
                for &grey in greys {
                    *block = (block.0.min(grey), block.1.max(grey));
                }
            }
        }
        extremes.push(blocks);
    }
    let widened = widened(&extremes);
    let mut pixels = Vec::with_capacity(luma.pixels().len());
    for (y, row) in luma.rows().enumerate() {
        let Some(blocks) = widened.get(y / BLOCK) else {
            break;
        };
        for (&(dark, light), greys) in blocks.iter().zip(row.chunks(BLOCK)) {
            pixels.extend(greys.iter().map(|&grey| stretched(grey, dark, light)));
        }
    }
    rebuilt(width, height, pixels)
}

/// Side of a block of [`levelled`] in pixels: three of them hold a finder pattern of common size.
const BLOCK: usize = 16;

/// Less contrast than this, of 255, is noise.
const MIN_CONTRAST: u8 = 4;

/// The extremes of each block and the eight around it.
fn widened(extremes: &[Vec<(u8, u8)>]) -> Vec<Vec<(u8, u8)>> {
    let join = |blocks: &mut dyn Iterator<Item = (u8, u8)>| {
        blocks.fold((u8::MAX, u8::MIN), |all, block| {
            (all.0.min(block.0), all.1.max(block.1))
        })
    };
    let around = |index: usize| index.saturating_sub(1)..=index + 1;
    let across = extremes.iter().map(|row| {
        let columns = 0..row.len();
        columns
            .map(|x| join(&mut around(x).filter_map(|x| row.get(x).copied())))
            .collect()
    });
    let across: Vec<Vec<(u8, u8)>> = across.collect();
    let down = across.iter().enumerate().map(|(y, row)| {
        let columns = 0..row.len();
        let at = |x: usize, y: usize| across.get(y).and_then(|row| row.get(x)).copied();
        columns
            .map(|x| join(&mut around(y).filter_map(|y| at(x, y))))
            .collect()
    });
    down.collect()
}

fn stretched(grey: u8, dark: u8, light: u8) -> u8 {
    let contrast = light.saturating_sub(dark);
    if contrast < MIN_CONTRAST {
        return u8::MAX;
    }
    let above = u16::from(grey.saturating_sub(dark));
    u8::try_from(above * 255 / u16::from(contrast)).unwrap_or(u8::MAX)
}

fn mean<'a>(greys: impl Iterator<Item = &'a u8>) -> u8 {
    let (sum, count) = greys.fold((0_u32, 0_u32), |(sum, count), &grey| {
        (sum + u32::from(grey), count + 1)
    });
    u8::try_from(sum / count.max(1)).unwrap_or(u8::MAX)
}

fn rebuilt(width: u16, height: u16, pixels: Vec<u8>) -> Luma<'static> {
    Luma::new(width, height, Cow::Owned(pixels)).expect("each filter gives width × height pixels")
}
