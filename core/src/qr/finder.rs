//! The search for finder patterns: the three squares by which a QR code is found (ISO/IEC 18004 §6.3.3).
//!
//! A row that crosses one shows dark and light runs of 1 : 1 : 3 : 1 : 1. Our own search, and not that of the
//! reader below us, because its work has a bound: pictures made to cost time end it early.

use rxing::{
    common::{
        BitMatrix,
        cpp_essentials::{ConcentricPattern, LocateConcentricPattern},
    },
    point,
};

use super::foreign;

/// More finder patterns than 64 codes have, three each, with room for what only looks like one.
const MAX_PATTERNS: usize = 1_000;

/// Finds finder patterns in every `row_step`th row; `row_step` is at least 1.
pub(super) fn find_patterns(image: &BitMatrix, row_step: u32) -> Vec<ConcentricPattern> {
    let mut found: Vec<ConcentricPattern> = Vec::new();
    let mut runs = Vec::new();
    // A candidate costs about as many steps as it is wide. Noise uses a tenth of this.
    let mut steps_left = (u64::from(image.width()) * u64::from(image.height()) / 2).max(1 << 20);
    let first_row = row_step.max(1) - 1;
    for y in (first_row..image.height()).step_by(usize::try_from(row_step.max(1)).unwrap_or(1)) {
        fill_runs(image, y, &mut runs);
        let mut x = 0_u32;
        for (index, window) in runs.windows(5).enumerate() {
            let &[a, b, c, d, e] = window else { continue };
            let start = x;
            x += u32::from(a);
            // The first run is light, so dark ones have odd numbers.
            if index % 2 == 0 || !has_finder_ratio([a, b, c, d, e]) {
                continue;
            }
            let width = [a, b, c, d, e].map(u32::from).iter().sum::<u32>();
            let centre = point(
                coordinate(start + u32::from(a) + u32::from(b)) + f32::from(c) / 2.0,
                coordinate(y) + 0.5,
            );
            let is_known = |old: &ConcentricPattern| {
                2.0 * rxing::Point::distance(centre, old.p) < coordinate(old.size.unsigned_abs())
            };
            if found.iter().any(is_known) {
                continue;
            }
            let Some(left) = steps_left.checked_sub(width.into()) else {
                return found;
            };
            steps_left = left;
            // Three times the width, for strongly slanted codes.
            let range = i32::try_from(3 * width).unwrap_or(i32::MAX);
            let located = foreign(|| {
                LocateConcentricPattern::<true, 5, 7>(image, &[1, 1, 3, 1, 1], centre, range)
            });
            found.extend(located);
            if found.len() >= MAX_PATTERNS {
                return found;
            }
        }
    }
    found
}

/// A coordinate as the reader below us wants it. Sides fit 16 bits.
fn coordinate(value_px: u32) -> f32 {
    u16::try_from(value_px).map_or(f32::from(u16::MAX), f32::from)
}

/// The lengths of the runs of one row in pixels: light, dark, light …; the first may be 0.
fn fill_runs(image: &BitMatrix, y: u32, runs: &mut Vec<u16>) {
    runs.clear();
    let row = image.getRow(y);
    let width = image.width();
    let mut run_start = 0_u32;
    let mut colour: usize = 0;
    let mut word_start = 0_u32;
    let mut push = |length: u32| runs.push(u16::try_from(length).unwrap_or(u16::MAX));
    for &word in row.getBitArray() {
        let mut changes = word ^ colour;
        while changes != 0 {
            let bit = changes.trailing_zeros();
            let at = word_start + bit;
            if at >= width {
                break;
            }
            push(at - run_start);
            run_start = at;
            colour = !colour;
            changes = (word ^ colour) & (usize::MAX << bit);
        }
        word_start += usize::BITS;
    }
    push(width - run_start);
}

/// Whether five runs can be a cut through a finder pattern, with what blur and slant do to it.
///
/// Sums of neighbours are compared with 2 : 4 : 4 : 2, since ink that spreads moves both edges of a run; each may
/// be off by three quarters of a module and half a pixel.
fn has_finder_ratio(runs: [u16; 5]) -> bool {
    let [a, b, c, d, e] = runs.map(i64::from);
    if c < 3 || c < 2 * a.max(e) || c < b.max(d) {
        return false;
    }
    let total = a + b + c + d + e;
    // In 28ths of a pixel: a module is total / 7.
    [(a + b, 2), (b + c, 4), (c + d, 4), (d + e, 2)]
        .into_iter()
        .all(|(sum, modules)| (28 * sum - 4 * modules * total).abs() <= 3 * total + 14)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(text: &str) -> BitMatrix {
        let width = u32::try_from(text.len()).unwrap();
        let mut matrix = BitMatrix::new(width, 1).unwrap();
        for (x, letter) in (0..).zip(text.chars()) {
            matrix.set_bool(x, 0, letter == '#');
        }
        matrix
    }

    #[test]
    fn runs_begin_with_a_light_one_and_fill_the_row() {
        let mut runs = Vec::new();
        fill_runs(&row("..###.#"), 0, &mut runs);
        assert_eq!(runs, [2, 3, 1, 1]);
        fill_runs(&row("#"), 0, &mut runs);
        assert_eq!(runs, [0, 1]);
        fill_runs(&row("...."), 0, &mut runs);
        assert_eq!(runs, [4]);
        let long = format!("{}{}{}", "#".repeat(64), ".".repeat(64), "#".repeat(70));
        fill_runs(&row(&long), 0, &mut runs);
        assert_eq!(runs, [0, 64, 64, 70]);
    }

    #[test]
    fn the_ratio_allows_spread_ink_and_nothing_else() {
        assert!(has_finder_ratio([1, 1, 3, 1, 1]));
        assert!(has_finder_ratio([10, 10, 30, 10, 10]));
        assert!(has_finder_ratio([13, 7, 33, 7, 13]));
        assert!(!has_finder_ratio([10, 10, 10, 10, 10]));
        assert!(!has_finder_ratio([30, 10, 30, 10, 10]));
        assert!(!has_finder_ratio([10, 40, 30, 10, 10]));
        assert!(!has_finder_ratio([u16::MAX; 5]));
    }
}
