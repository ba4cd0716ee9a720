//! Points in time as messages have them. Nothing here reads a clock.

use crate::json::{INTEGER_MAX, Json};

/// Seconds since 1970-01-01T00:00:00Z, at most 2^53 - 1.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Timestamp(u64);

impl Timestamp {
    /// A point in time; none beyond what a message can say.
    #[must_use]
    pub fn new(unix_s: u64) -> Option<Self> {
        (unix_s <= INTEGER_MAX.unsigned_abs()).then_some(Self(unix_s))
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn unix_s(self) -> u64 {
        self.0
    }

    /// Its form in a message.
    ///
    /// # Panics
    ///
    /// Never: it is at most 2^53 - 1.
    #[must_use]
    pub fn to_json(self) -> Json {
        Json::Integer(i64::try_from(self.0).expect("a time is at most 2^53 - 1"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_what_every_reader_can_hold() {
        let last = INTEGER_MAX.unsigned_abs();
        assert_eq!(Timestamp::new(last).map(Timestamp::unix_s), Some(last));
        assert_eq!(Timestamp::new(last + 1), None);
        assert!(Timestamp::new(last).unwrap().to_json() == Json::Integer(INTEGER_MAX));
    }
}
