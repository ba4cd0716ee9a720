//! Random cases that are the same in every run.

/// SplitMix64: a small generator whose whole state is its seed, so that a failure can be repeated.
#[derive(Clone, Debug)]
pub struct Chance {
    state: u64,
}

impl Chance {
    /// The sequence that belongs to `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// Any 64 bits.
    pub const fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from `first` to `last`, both possible.
    ///
    /// # Panics
    ///
    /// When `first` is above `last`.
    pub fn between(&mut self, first: u64, last: u64) -> u64 {
        assert!(first <= last, "an empty range");
        match (last - first).checked_add(1) {
            // The bias of a remainder is below 2^-20 for the ranges that tests use.
            Some(count) => first + self.bits() % count,
            None => self.bits(),
        }
    }

    /// A number below 2^`bits`, with every length up to that equally likely.
    pub fn of_any_size(&mut self, bits: u32) -> u64 {
        let length = self.between(0, u64::from(bits.min(64)));
        match length {
            0 => 0,
            length => self.bits() >> (64 - length),
        }
    }

    /// One of `choices`.
    ///
    /// # Panics
    ///
    /// When there is none.
    pub fn one_of<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        let last = choices.len().checked_sub(1).expect("something to choose");
        let index = self.between(0, u64::try_from(last).unwrap_or(u64::MAX));
        usize::try_from(index)
            .ok()
            .and_then(|index| choices.get(index))
            .expect("the index is below the length")
    }

    /// `count` random bytes.
    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        std::iter::repeat_with(|| self.bits().to_le_bytes())
            .flatten()
            .take(count)
            .collect()
    }
}

/// How many random cases a test runs: `usual`, or ten times as many with `cargo xtask test --long`.
#[must_use]
pub fn rounds(usual: u32) -> u32 {
    let is_long = std::env::var_os("COUNTERSIGN_LONG").is_some_and(|value| !value.is_empty());
    if is_long {
        usual.saturating_mul(10)
    } else {
        usual
    }
}

/// Runs `body` with a fresh sequence a round and names the round's seed when it panics, so that
/// `Chance::new(seed)` repeats it alone.
pub fn for_each_seed(first_seed: u64, count: u32, mut body: impl FnMut(&mut Chance)) {
    for seed in (first_seed..).take(usize::try_from(count).unwrap_or(usize::MAX)) {
        let on_panic = NamedSeed(seed);
        body(&mut Chance::new(seed));
        drop(on_panic);
    }
}

/// Prints its seed when it is dropped by a panic.
struct NamedSeed(u64);

impl Drop for NamedSeed {
    #[expect(clippy::print_stderr, reason = "a failing test says how to repeat it")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("repeat with Chance::new({})", self.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first outputs of SplitMix64 for seed 1234567, as its author's reference program prints them.
    const REFERENCE: [u64; 5] = [
        6_457_827_717_110_365_317,
        3_203_168_211_198_807_973,
        9_817_491_932_198_370_423,
        4_593_380_528_125_082_431,
        16_408_922_859_458_223_821,
    ];

    #[test]
    fn the_sequence_is_splitmix64() {
        let mut chance = Chance::new(1_234_567);
        for expected in REFERENCE {
            assert_eq!(chance.bits(), expected);
        }
    }

    #[test]
    fn ranges_are_met_at_both_ends_and_never_left() {
        let mut chance = Chance::new(1);
        let drawn: Vec<u64> = (0..1_000).map(|_| chance.between(3, 6)).collect();
        for value in 3..=6 {
            assert!(drawn.contains(&value));
        }
        assert!(drawn.iter().all(|value| (3..=6).contains(value)));
        assert_eq!(chance.between(7, 7), 7);
        assert!((0..1_000).all(|_| chance.of_any_size(5) < 32));
    }

    #[test]
    fn bytes_have_the_length_asked_for() {
        assert_eq!(Chance::new(1).bytes(13).len(), 13);
        assert!(Chance::new(1).bytes(0).is_empty());
        assert_ne!(Chance::new(1).bytes(13), Chance::new(2).bytes(13));
    }
}
