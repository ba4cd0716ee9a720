//! Small sets, as a state needs them: equal when they hold the same.

/// A set of numbers below eight.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Bits(u8);

impl Bits {
    /// Nothing.
    pub const NONE: Self = Self(0);

    /// Whether it holds the number.
    #[must_use]
    pub const fn has(self, number: u8) -> bool {
        self.0 & (1 << number) != 0
    }

    /// With the number.
    #[must_use]
    pub const fn with(self, number: u8) -> Self {
        Self(self.0 | (1 << number))
    }

    /// Without the number.
    #[must_use]
    pub const fn without(self, number: u8) -> Self {
        Self(self.0 & !(1 << number))
    }

    /// Whether it holds nothing.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many it holds.
    #[must_use]
    pub const fn count(self) -> u32 {
        self.0.count_ones()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_put_in_and_not_taken_out() {
        let set = Bits::NONE.with(3).with(5).with(3);
        assert!(set.has(3) && set.has(5) && !set.has(4));
        assert_eq!(set.count(), 2);
        assert_eq!(set.without(3).without(5), Bits::NONE);
        assert!(set.without(3).without(5).is_empty());
    }
}
