//! Points in time, with their unit in the type. Nothing here reads a clock.

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
    fn plus_stops_at_the_end() {
        assert_eq!(UnixSeconds(u64::MAX).plus(1), UnixSeconds(u64::MAX));
    }

    #[test]
    fn milliseconds_round_down() {
        assert_eq!(UnixMillis(1_999).seconds(), UnixSeconds(1));
    }
}
