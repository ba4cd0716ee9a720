//! What was read, and where.

use crate::secret::SecretText;

/// A place in a picture, in pixels from its upper left corner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Corner {
    /// To the right.
    pub x_px: f32,
    /// Downwards.
    pub y_px: f32,
}

/// One QR code that was read.
#[derive(Debug)]
pub struct Symbol {
    /// What the code says. Bytes that are no UTF-8 are read as the code declares (ECI, Kanji), else by the
    /// likeliest of ISO 8859-1 and Shift_JIS (ISO/IEC 18004 §7.3).
    pub text: SecretText,
    /// The corners of the code, clockwise in the picture; the first is the one at the middle finder pattern, upper
    /// left in an upright code. Good to a few pixels, and a corner can lie outside the picture.
    pub corners: [Corner; 4],
}

/// The upright box around a symbol.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    left: f32,
    top: f32,
    right: f32,
    bottom: f32,
}

impl Bounds {
    /// The smallest box around all corners.
    pub(super) fn around(corners: &[Corner; 4]) -> Self {
        let fold = |pick: fn(&Corner) -> f32, join: fn(f32, f32) -> f32, start: f32| {
            corners.iter().map(pick).fold(start, join)
        };
        Self {
            left: fold(|corner| corner.x_px, f32::min, f32::INFINITY),
            top: fold(|corner| corner.y_px, f32::min, f32::INFINITY),
            right: fold(|corner| corner.x_px, f32::max, f32::NEG_INFINITY),
            bottom: fold(|corner| corner.y_px, f32::max, f32::NEG_INFINITY),
        }
    }

    /// The middle of the box.
    fn middle(self) -> Corner {
        Corner {
            x_px: f32::midpoint(self.left, self.right),
            y_px: f32::midpoint(self.top, self.bottom),
        }
    }

    /// Whether a place lies in the box.
    pub(super) fn holds(self, place: Corner) -> bool {
        (self.left..=self.right).contains(&place.x_px)
            && (self.top..=self.bottom).contains(&place.y_px)
    }
}

impl Symbol {
    /// Whether both are the same code, seen in two passes over one picture.
    pub(super) fn is_again(&self, other: &Self) -> bool {
        let (ours, theirs) = (
            Bounds::around(&self.corners),
            Bounds::around(&other.corners),
        );
        self.text == other.text && (ours.holds(theirs.middle()) || theirs.holds(ours.middle()))
    }
}

/// Sorts as people read: lines from top to bottom, in a line from left to right.
///
/// Two codes stand in one line when the middle of the lower one is not below the foot of the higher one.
pub(super) fn sort_for_reading(symbols: &mut [Symbol]) {
    let middle = |symbol: &Symbol| Bounds::around(&symbol.corners).middle();
    symbols.sort_by(|a, b| middle(a).y_px.total_cmp(&middle(b).y_px));
    let mut rest = symbols;
    while let Some(first) = rest.first() {
        let foot = Bounds::around(&first.corners).bottom;
        let in_line = rest
            .iter()
            .take_while(|symbol| middle(symbol).y_px <= foot)
            .count();
        // At least the first, also when its corners are no numbers.
        let (line, below) = rest.split_at_mut(in_line.max(1));
        line.sort_by(|a, b| middle(a).x_px.total_cmp(&middle(b).x_px));
        rest = below;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(text: &str, x: f32, y: f32, side: f32) -> Symbol {
        let corner = |x_px, y_px| Corner { x_px, y_px };
        Symbol {
            text: SecretText::new(text.into()),
            corners: [
                corner(x, y),
                corner(x + side, y),
                corner(x + side, y + side),
                corner(x, y + side),
            ],
        }
    }

    fn order(mut symbols: Vec<Symbol>) -> String {
        sort_for_reading(&mut symbols);
        // EXPOSE: made-up letters of a test.
        symbols.iter().map(|symbol| symbol.text.expose()).collect()
    }

    #[test]
    fn a_line_is_read_from_left_to_right_although_it_is_not_quite_level() {
        let symbols = vec![
            square("d", 200.0, 240.0, 100.0),
            square("b", 200.0, 0.0, 100.0),
            square("a", 0.0, 20.0, 100.0),
            square("c", 0.0, 250.0, 100.0),
        ];
        assert_eq!(order(symbols), "abcd");
    }

    #[test]
    fn places_that_are_no_numbers_end_the_sorting_too() {
        let symbols = vec![
            square("b", f32::NAN, f32::NAN, 1.0),
            square("a", 0.0, 0.0, 1.0),
        ];
        assert_eq!(order(symbols).len(), 2);
    }

    #[test]
    fn the_same_text_at_the_same_place_is_one_code() {
        let code = square("a", 0.0, 0.0, 100.0);
        assert!(code.is_again(&square("a", 3.0, -2.0, 101.0)));
        assert!(!code.is_again(&square("a", 300.0, 0.0, 100.0)));
        assert!(!code.is_again(&square("b", 0.0, 0.0, 100.0)));
    }

    #[test]
    fn debug_shows_no_text() {
        let shown = format!("{:?}", square("MARKED", 0.0, 0.0, 1.0));
        assert!(!shown.contains("MARKED"), "{shown}");
    }
}
