//! Points in time as messages have them. Nothing here reads a clock.

use serde::{Deserialize, Serialize};

use crate::json::{INTEGER_MAX, Json};

/// Seconds since 1970-01-01T00:00:00Z, at most 2^53 - 1.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct Timestamp(u64);

impl From<Timestamp> for u64 {
    fn from(time: Timestamp) -> Self {
        time.unix_s()
    }
}

impl TryFrom<u64> for Timestamp {
    type Error = TooLate;

    fn try_from(unix_s: u64) -> Result<Self, TooLate> {
        Self::new(unix_s).ok_or(TooLate)
    }
}

/// No message can say so late a time.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("later than any message can say")]
pub struct TooLate;

impl Timestamp {
    /// The last point that a message can say.
    pub const MAX: Self = Self(INTEGER_MAX.unsigned_abs());

    /// A point in time; none beyond what a message can say.
    #[must_use]
    pub fn new(unix_s: u64) -> Option<Self> {
        (unix_s <= INTEGER_MAX.unsigned_abs()).then_some(Self(unix_s))
    }

    /// So many seconds later, and no later than a message can say.
    #[must_use]
    pub fn plus_s(self, seconds: u64) -> Self {
        Self::new(self.0.saturating_add(seconds)).unwrap_or(Self::MAX)
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn unix_s(self) -> u64 {
        self.0
    }

    /// The time as people read it: `2027-01-15 08:00:00 UTC`, in the proleptic Gregorian calendar.
    #[must_use]
    pub fn format(self) -> String {
        let (days, of_day_s) = (self.0 / DAY_S, self.0 % DAY_S);
        let (year, month, day) = civil(days);
        let (hour, minute, second) = (of_day_s / 3_600, of_day_s / 60 % 60, of_day_s % 60);
        format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
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

const DAY_S: u64 = 24 * 60 * 60;

/// Year, month and day of a number of days since 1970-01-01. Years are counted from March, so that a leap day is the last.
const fn civil(days: u64) -> (u64, u64, u64) {
    const DAYS_OF_400_YEARS: u64 = 146_097;
    /// From 0000-03-01 to 1970-01-01.
    const BEFORE_1970: u64 = 719_468;
    let days = days + BEFORE_1970;
    let (era, of_era) = (days / DAYS_OF_400_YEARS, days % DAYS_OF_400_YEARS);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    // Months from March have 153 days in five, in the same order.
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let (month, carried) = if from_march < 10 {
        (from_march + 3, 0)
    } else {
        (from_march - 9, 1)
    };
    (era * 400 + year + carried, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_as_a_date() {
        for (unix_s, expected) in [
            (0, "1970-01-01 00:00:00 UTC"),
            (951_782_399, "2000-02-28 23:59:59 UTC"),
            (951_782_400, "2000-02-29 00:00:00 UTC"),
            (1_709_251_199, "2024-02-29 23:59:59 UTC"),
            (1_709_251_200, "2024-03-01 00:00:00 UTC"),
            (1_767_225_599, "2025-12-31 23:59:59 UTC"),
            (4_107_542_400, "2100-03-01 00:00:00 UTC"),
            (4_294_967_296, "2106-02-07 06:28:16 UTC"),
        ] {
            let time = Timestamp::new(unix_s).unwrap();
            assert_eq!(time.format(), expected);
        }
    }

    #[test]
    fn a_time_is_what_every_reader_can_hold() {
        let last = INTEGER_MAX.unsigned_abs();
        assert_eq!(Timestamp::new(last).map(Timestamp::unix_s), Some(last));
        assert_eq!(Timestamp::new(last + 1), None);
        let time = Timestamp::new(last - 2).unwrap();
        assert_eq!(time.plus_s(1).unix_s(), last - 1);
        assert_eq!(time.plus_s(u64::MAX).unix_s(), last);
        assert!(Timestamp::new(last).unwrap().to_json() == Json::Integer(INTEGER_MAX));
    }
}
