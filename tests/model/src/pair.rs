//! Two of a kind, and which of them is meant.

/// One of two.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Which {
    /// The one.
    First,
    /// The other.
    Second,
}

impl Which {
    /// Both, in order.
    pub const BOTH: [Self; 2] = [Self::First, Self::Second];
}

/// Two of a kind.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Pair<T> {
    first: T,
    second: T,
}

impl<T: Copy> Pair<T> {
    /// The same twice.
    pub const fn both(value: T) -> Self {
        Self {
            first: value,
            second: value,
        }
    }
}

impl<T> Pair<T> {
    /// The one that is meant.
    pub const fn of(&self, which: Which) -> &T {
        match which {
            Which::First => &self.first,
            Which::Second => &self.second,
        }
    }

    /// The one that is meant, to change it.
    pub const fn of_mut(&mut self, which: Which) -> &mut T {
        match which {
            Which::First => &mut self.first,
            Which::Second => &mut self.second,
        }
    }
}
