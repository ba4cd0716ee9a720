//! Other views of a grey picture, for codes that the picture as it is does not give.

use std::borrow::Cow;

use super::luma::Luma;

/// Dark becomes light.
pub(super) fn inverted(luma: &Luma<'_>) -> Luma<'static> {
    let (width, height) = luma.sides();
    let pixels = luma.pixels().iter().map(|&grey| 255 - grey).collect();
    rebuilt(width, height, pixels)
}

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

fn mean<'a>(greys: impl Iterator<Item = &'a u8>) -> u8 {
    let (sum, count) = greys.fold((0_u32, 0_u32), |(sum, count), &grey| {
        (sum + u32::from(grey), count + 1)
    });
    u8::try_from(sum / count.max(1)).unwrap_or(u8::MAX)
}

fn rebuilt(width: u16, height: u16, pixels: Vec<u8>) -> Luma<'static> {
    Luma::new(width, height, Cow::Owned(pixels)).expect("each filter gives width × height pixels")
}
