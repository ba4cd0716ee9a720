//! Numbers that people read and type: strings of decimal digits of exact length, leading zeros kept.

use std::fmt;

/// Most digits of such a number.
pub const DIGITS_MAX: u8 = 8;

/// The text is not so many decimal digits.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not {expected} digits")]
pub struct NotDigits {
    /// How many it should be.
    pub expected: u8,
}

/// One to [`DIGITS_MAX`] decimal digits: a sign-in's number is six to eight, as the server's rules say. Shown to nobody but
/// the person, compared without an early end.
#[derive(Clone)]
pub struct Digits {
    digits: [u8; 8],
    count: u8,
}

impl Digits {
    /// Reads exactly `count` digits.
    ///
    /// # Errors
    ///
    /// [`NotDigits`], also for a count that no number has.
    pub fn parse(text: &str, count: u8) -> Result<Self, NotDigits> {
        let is_digits = text.bytes().all(|byte| byte.is_ascii_digit());
        if !(1..=DIGITS_MAX).contains(&count) || text.len() != usize::from(count) || !is_digits {
            return Err(NotDigits { expected: count });
        }
        let mut digits = [b'0'; 8];
        for (digit, typed) in digits.iter_mut().zip(text.bytes()) {
            *digit = typed;
        }
        Ok(Self { digits, count })
    }

    /// The last `count` digits of a number, 1 to 8 of them.
    fn of(number: u64, count: u8) -> Self {
        let mut digits = [b'0'; 8];
        let mut left = number;
        for digit in digits.iter_mut().take(usize::from(count)).rev() {
            let last = u8::try_from(left % 10).unwrap_or(0);
            (*digit, left) = (b'0' + last, left / 10);
        }
        Self { digits, count }
    }

    /// The digits.
    ///
    /// # Panics
    ///
    /// Never: they are ASCII.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let digits = self.digits.get(..usize::from(self.count));
        str::from_utf8(digits.unwrap_or_default()).expect("only ASCII digits are ever stored")
    }
}

impl PartialEq for Digits {
    fn eq(&self, other: &Self) -> bool {
        // How many there are is no secret.
        let differences = self.digits.iter().zip(&other.digits).map(|(a, b)| a ^ b);
        self.count == other.count && differences.fold(0, |seen, one| seen | one) == 0
    }
}

impl Eq for Digits {}

impl fmt::Debug for Digits {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

/// Declares a number of fixed length.
macro_rules! fixed_digits {
    ($(#[$doc:meta])* $name:ident, $count:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Eq, PartialEq)]
        pub struct $name(Digits);

        impl $name {
            /// Its last digits are those of a derived number.
            pub(crate) fn of(number: u64) -> Self {
                Self(Digits::of(number, $count))
            }

            /// Reads what was typed.
            ///
            /// # Errors
            ///
            /// [`NotDigits`].
            pub fn parse(text: &str) -> Result<Self, NotDigits> {
                Digits::parse(text, $count).map(Self)
            }

            /// The digits.
            #[must_use]
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }
        }
    };
}

fixed_digits! {
    /// Six digits that the person compares, or types into the page: nobody stands between device and server.
    CheckNumber, 6
}
fixed_digits! {
    /// Eight digits that the person types into the page when the device has no network.
    OfflineResponse, 8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_keep_their_zeros_and_take_nothing_else() {
        assert_eq!(CheckNumber::of(1_000_042).as_str(), "000042");
        assert_eq!(OfflineResponse::of(5).as_str(), "00000005");
        assert_eq!(CheckNumber::parse("000042").unwrap().as_str(), "000042");
        for text in ["", "00042", "0000042", "00004a", "+00042", "٠٠٠", "00 042"] {
            let refused = CheckNumber::parse(text);
            assert_eq!(refused, Err(NotDigits { expected: 6 }), "{text}");
        }
    }

    #[test]
    fn a_number_has_one_to_eight_digits() {
        for count in 1..=8 {
            let text = "12345678".get(..usize::from(count)).unwrap();
            assert_eq!(Digits::parse(text, count).unwrap().as_str(), text);
        }
        for (text, count) in [("", 0), ("123456789", 9)] {
            let refused = Digits::parse(text, count);
            assert_eq!(refused, Err(NotDigits { expected: count }));
        }
    }

    #[test]
    fn each_digit_and_the_count_are_compared() {
        let number = CheckNumber::of(42);
        assert_eq!(number, CheckNumber::parse("000042").unwrap());
        for other in [142, 43, 100_042] {
            assert_ne!(number, CheckNumber::of(other));
        }
        // Two numbers whose missing digits would be the same.
        let digits = |text, count| Digits::parse(text, count).unwrap();
        assert_ne!(digits("120", 3), digits("12", 2));
        assert_eq!(format!("{number:?}"), "CheckNumber([redacted])");
    }
}
