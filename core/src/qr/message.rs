//! Messages that are spread over several codes (structured append, ISO/IEC 18004 §8).
//!
//! A part alone is not shown: the beginning of a link can look like a whole link with a shorter key.

use zeroize::Zeroizing;

use super::{
    scan::Part,
    symbol::{Corner, Symbol},
};
use crate::secret::SecretText;

/// The parts seen so far in one picture.
#[derive(Default)]
pub(super) struct Messages(Vec<(Part, [Corner; 4])>);

impl Messages {
    /// Adds a part; the whole message when it was the last one missing, with the corners of its first part.
    ///
    /// `None` also when the bytes together are no UTF-8 or do not have the parity that all parts name.
    pub(super) fn add(&mut self, part: Part, corners: [Corner; 4]) -> Option<Symbol> {
        let (count, parity) = (part.count, part.parity);
        let belongs = |other: &Part| other.count == count && other.parity == parity;
        let is_known = |(other, _): &(Part, _)| belongs(other) && other.index == part.index;
        if self.0.iter().any(is_known) {
            return None;
        }
        self.0.push((part, corners));

        let mut parts: Vec<_> = self.0.iter().filter(|(part, _)| belongs(part)).collect();
        if parts.len() != usize::from(count) {
            return None;
        }
        parts.sort_by_key(|(part, _)| part.index);
        let mut bytes = Zeroizing::new(Vec::new());
        for (part, _) in &parts {
            bytes.extend_from_slice(&part.bytes);
        }
        if bytes.iter().fold(0, |sum, byte| sum ^ byte) != parity {
            return None;
        }
        let text = std::str::from_utf8(&bytes).ok()?;
        let &(_, corners) = parts.first()?;
        Some(Symbol {
            text: SecretText::new(text.to_owned()),
            corners: *corners,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: [Corner; 4] = [Corner {
        x_px: 0.0,
        y_px: 0.0,
    }; 4];

    fn add(messages: &mut Messages, index: u8, text: &[u8], parity: u8) -> Option<String> {
        let part = Part {
            index,
            count: 2,
            parity,
            bytes: Zeroizing::new(text.to_vec()),
        };
        // EXPOSE: made-up letters of a test.
        messages
            .add(part, PLACE)
            .map(|symbol| symbol.text.expose().to_owned())
    }

    #[test]
    fn a_message_is_shown_when_its_last_part_was_seen_in_any_order() {
        let whole = "a\u{e9}b".as_bytes();
        let parity = whole.iter().fold(0, |sum, byte| sum ^ byte);
        let (head, tail) = whole.split_at(2);
        let mut messages = Messages::default();
        assert_eq!(add(&mut messages, 1, tail, parity), None);
        assert_eq!(add(&mut messages, 1, tail, parity), None);
        assert_eq!(
            add(&mut messages, 0, head, parity),
            Some("a\u{e9}b".to_owned())
        );
    }

    #[test]
    fn parts_of_other_messages_and_wrong_parities_are_not_joined() {
        let mut messages = Messages::default();
        assert_eq!(add(&mut messages, 0, b"a", 7), None);
        assert_eq!(add(&mut messages, 1, b"b", 8), None);
        assert_eq!(add(&mut messages, 1, b"b", 7), None);
    }
}
