//! A code: a secret with a short life.

use std::fmt;

use zeroize::Zeroize;

use super::parameters::Digits;

/// Steam's alphabet: no vowels and nothing that is easily misread.
const STEAM_ALPHABET: &[u8; 26] = b"23456789BCDFGHJKMNPQRTVWXY";
/// Characters of a Steam code.
const STEAM_CHARACTERS: usize = 5;

/// One code as a value. Redacted in `Debug`; [`Code::text`] is what a person types.
#[derive(Clone, Eq)]
pub struct Code {
    value: u64,
    form: Form,
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Form {
    Decimal(Digits),
    Steam,
}

impl Code {
    /// `truncated` is the 31-bit number of RFC 4226 §5.3.
    pub(super) const fn decimal(truncated: u32, digits: Digits) -> Self {
        // A widening that `From` cannot do in a const.
        #[expect(clippy::as_conversions, reason = "u32 to u64 loses nothing")]
        let value = truncated as u64 % digits.modulus();
        Self {
            value,
            form: Form::Decimal(digits),
        }
    }

    pub(super) fn steam(truncated: u32) -> Self {
        Self {
            value: u64::from(truncated),
            form: Form::Steam,
        }
    }

    /// The code as text: decimal with leading zeros, or Steam's five characters.
    #[must_use]
    pub fn text(&self) -> CodeText {
        let mut text = CodeText {
            bytes: [b'0'; 10],
            start: 0,
            end: 10,
        };
        let mut rest = self.value;
        match self.form {
            Form::Decimal(digits) => {
                let count = usize::from(digits.count());
                for place in text.bytes.iter_mut().rev().take(count) {
                    let digit;
                    (rest, digit) = div_rem_10(rest);
                    *place = b'0' + digit;
                }
                text.start = text.end - count;
            }
            Form::Steam => {
                // The last remainder stands first in the text's reverse: Steam writes the lowest digit first.
                for place in text.bytes.iter_mut().take(STEAM_CHARACTERS) {
                    let index = usize::try_from(rest % 26).unwrap_or(0);
                    *place = STEAM_ALPHABET.get(index).copied().unwrap_or(b'?');
                    rest /= 26;
                }
                text.end = STEAM_CHARACTERS;
            }
        }
        text
    }
}

/// A number below 2^32 through ten, and the rest: by the reciprocal, since a compiler that saves space divides, and a list has
/// thousands of digits.
fn div_rem_10(value: u64) -> (u64, u8) {
    // ⌈2^35 / 10⌉: exact for every number of 32 bits.
    let tens = (value * 0xcccc_cccd) >> 35;
    (tens, u8::try_from(value - tens * 10).unwrap_or(0))
}

impl PartialEq for Code {
    fn eq(&self, other: &Self) -> bool {
        // One comparison of one word: no early end to time.
        self.form == other.form && self.value ^ other.value == 0
    }
}

impl Drop for Code {
    fn drop(&mut self) {
        self.value.zeroize();
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

/// A code as text on the stack, wiped when dropped.
pub struct CodeText {
    bytes: [u8; 10],
    start: usize,
    end: usize,
}

impl CodeText {
    /// The text itself. Every call says why it needs it, in an `EXPOSE:` comment.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.bytes
            .get(self.start..self.end)
            .and_then(|bytes| str::from_utf8(bytes).ok())
            .expect("start and end lie within ten ASCII characters")
    }
}

impl Drop for CodeText {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

impl fmt::Debug for CodeText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::div_rem_10;

    #[test]
    fn digits_are_those_of_a_division() {
        let edges = [
            0,
            1,
            9,
            10,
            11,
            99,
            100,
            (1 << 31) - 1,
            1 << 31,
            u64::from(u32::MAX),
        ];
        let spread = (0..1_000).map(|n| n * 4_294_967);
        for value in edges.into_iter().chain(spread) {
            let (tens, digit) = div_rem_10(value);
            assert_eq!(
                (tens, u64::from(digit)),
                (value / 10, value % 10),
                "{value}"
            );
        }
    }
}
