//! Which three finder patterns may belong to one code.
//!
//! Slanted and tilted codes are why this is our own: seen from the side, the right angle of a code becomes any
//! angle between 30° and 150° and its two sides have different lengths.

use rxing::{
    common::cpp_essentials::ConcentricPattern, qrcode::cpp_port::detector::FinderPatternSet,
};

/// How many neighbours are looked at as the ends of a code's sides. In the densest sheet of codes fewer are nearer.
const NEIGHBOURS: usize = 16;

/// The cosine of 30°.
const MAX_COSINE: f32 = 0.866;

/// How often the larger finder pattern, or side, is as long as the smaller one of the same code.
const MAX_RATIO: f32 = 2.5;

/// All plausible sets, the most plausible first: small and right-angled.
pub(super) fn plausible_sets(patterns: &[ConcentricPattern]) -> Vec<FinderPatternSet> {
    let mut sets: Vec<(f32, FinderPatternSet)> = Vec::new();
    for corner in patterns {
        let neighbours = neighbours(corner, patterns);
        for (index, first) in neighbours.iter().enumerate() {
            for second in neighbours.iter().skip(index + 1) {
                sets.extend(scored_set(corner, first, second));
            }
        }
    }
    sets.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    sets.into_iter().map(|(_, set)| set).collect()
}

/// The nearest patterns of about the same size; a difference in size counts like distance.
fn neighbours(
    corner: &ConcentricPattern,
    patterns: &[ConcentricPattern],
) -> Vec<ConcentricPattern> {
    let mut ranked: Vec<(f32, ConcentricPattern)> = patterns
        .iter()
        .filter(|pattern| *pattern != corner)
        .filter_map(|pattern| {
            let ratio = ratio(side(corner), side(pattern));
            let rank = ConcentricPattern::distance(*corner, *pattern) * ratio * ratio;
            (ratio <= MAX_RATIO).then_some((rank, *pattern))
        })
        .collect();
    ranked.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    ranked.truncate(NEIGHBOURS);
    ranked.into_iter().map(|(_, pattern)| pattern).collect()
}

/// The set with its corner at `corner` and its rank; `None` when no code looks like that.
fn scored_set(
    corner: &ConcentricPattern,
    first: &ConcentricPattern,
    second: &ConcentricPattern,
) -> Option<(f32, FinderPatternSet)> {
    let (to_first, to_second) = (*first - *corner, *second - *corner);
    let length = |a: &ConcentricPattern| ConcentricPattern::dot(*a, *a).sqrt();
    let (length_1, length_2) = (length(&to_first), length(&to_second));
    let cosine = ConcentricPattern::dot(to_first, to_second) / (length_1 * length_2);
    let skew = ratio(length_1, length_2);
    // Written so that what is no number is refused too.
    let is_plausible = cosine.abs() <= MAX_COSINE && skew <= MAX_RATIO;
    if !is_plausible {
        return None;
    }
    // A finder pattern is 7 modules wide; centres are 14 to 170 modules apart (ISO/IEC 18004 §6.3.1). Slant makes
    // patterns look narrower or wider than they are.
    let module_px = (side(corner) + side(first) + side(second)) / 21.0;
    let modules = f32::midpoint(length_1, length_2) / module_px;
    if !(10.0..=260.0).contains(&modules) {
        return None;
    }
    let is_clockwise = ConcentricPattern::cross(to_first, to_second) >= 0.0;
    let (right, lower) = if is_clockwise {
        (first, second)
    } else {
        (second, first)
    };
    let score = (length_1 + length_2) * (skew + 2.0 * cosine.abs());
    let set = FinderPatternSet {
        bl: *lower,
        tl: *corner,
        tr: *right,
    };
    Some((score, set))
}

/// The width of a pattern in pixels; never 0, so that ratios are numbers.
fn side(pattern: &ConcentricPattern) -> f32 {
    u16::try_from(pattern.size).map_or(1.0, |side| f32::from(side.max(1)))
}

/// How often the longer one is as long as the shorter one.
fn ratio(a: f32, b: f32) -> f32 {
    a.max(b) / a.min(b)
}

#[cfg(test)]
mod tests {
    use rxing::point;

    use super::*;

    fn pattern(x: f32, y: f32, size: i32) -> ConcentricPattern {
        ConcentricPattern {
            p: point(x, y),
            size,
        }
    }

    #[test]
    fn the_right_angle_comes_first_and_the_order_is_clockwise() {
        let [tl, tr, bl] = [
            pattern(0.0, 0.0, 28),
            pattern(100.0, 0.0, 28),
            pattern(0.0, 100.0, 28),
        ];
        for patterns in [[tl, tr, bl], [bl, tl, tr], [tr, bl, tl], [bl, tr, tl]] {
            let sets = plausible_sets(&patterns);
            assert_eq!(sets[0], FinderPatternSet { bl, tl, tr });
        }
    }

    #[test]
    fn strongly_slanted_and_tilted_codes_are_plausible() {
        let slanted = [
            pattern(521.0, 238.0, 36),
            pattern(701.0, 216.0, 37),
            pattern(419.0, 431.0, 36),
        ];
        assert_eq!(plausible_sets(&slanted)[0].tl, slanted[0]);
        let tilted = [
            pattern(602.0, 209.0, 44),
            pattern(869.0, 277.0, 35),
            pattern(650.0, 507.0, 71),
        ];
        assert!(
            plausible_sets(&tilted)
                .iter()
                .any(|set| set.tl == tilted[0])
        );
    }

    #[test]
    fn what_no_code_looks_like_is_left_out() {
        let in_line = [
            pattern(0.0, 0.0, 28),
            pattern(100.0, 0.0, 28),
            pattern(200.0, 0.0, 28),
        ];
        assert!(plausible_sets(&in_line).is_empty());
        let too_near = [
            pattern(0.0, 0.0, 28),
            pattern(20.0, 0.0, 28),
            pattern(0.0, 20.0, 28),
        ];
        assert!(plausible_sets(&too_near).is_empty());
        let too_different = [
            pattern(0.0, 0.0, 28),
            pattern(100.0, 0.0, 8),
            pattern(0.0, 100.0, 28),
        ];
        assert!(plausible_sets(&too_different).is_empty());
        assert!(plausible_sets(&[pattern(0.0, 0.0, 28); 2]).is_empty());
        let nowhere = [
            pattern(f32::NAN, 0.0, 28),
            pattern(1.0, 0.0, 0),
            pattern(0.0, 1.0, -3),
        ];
        assert!(plausible_sets(&nowhere).is_empty());
    }
}
