//! Points in time, with their unit in the type. Nothing here reads a clock.

use countersign_protocol::time::Timestamp;

/// Seconds since 1970-01-01T00:00:00Z, without leap seconds (RFC 6238 §4.2).
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct UnixSeconds(pub u64);

impl UnixSeconds {
    /// The point `seconds` later; the end of the range when that is past it.
    #[must_use]
    pub const fn plus(self, seconds: u64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// Seconds from `earlier` to this point; 0 when `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The point as people read it, in UTC: `2027-01-15 08:00:00 UTC`, in the proleptic Gregorian calendar. What lies beyond
    /// 2^53 - 1 is read as that.
    #[must_use]
    pub fn format(self) -> String {
        Timestamp::new(self.0).unwrap_or(Timestamp::MAX).format()
    }
}

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct UnixMillis(pub u64);

impl UnixMillis {
    /// The whole second this point lies in.
    #[must_use]
    pub const fn seconds(self) -> UnixSeconds {
        UnixSeconds(self.0 / 1000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn since_is_zero_before() {
        assert_eq!(UnixSeconds(5).since(UnixSeconds(9)), 0);
        assert_eq!(UnixSeconds(9).since(UnixSeconds(5)), 4);
    }

    #[test]
    fn a_point_is_read_as_a_date_however_late_it_is() {
        assert_eq!(UnixSeconds(0).format(), "1970-01-01 00:00:00 UTC");
        let last = UnixSeconds((1 << 53) - 1).format();
        assert_eq!(UnixSeconds(u64::MAX).format(), last);
    }

    #[test]
    fn plus_stops_at_the_end() {
        assert_eq!(UnixSeconds(u64::MAX).plus(1), UnixSeconds(u64::MAX));
    }

    #[test]
    fn milliseconds_round_down() {
        assert_eq!(UnixMillis(1_999).seconds(), UnixSeconds(1));
    }
}
