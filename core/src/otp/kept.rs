//! The codes that a window was made of, kept: whoever asks at each tick has each code made once.

use std::sync::atomic::{AtomicU64, Ordering};

use zeroize::Zeroize as _;

/// The bits of a truncated HMAC (RFC 4226 §5.3); the bits above them say which step it is of.
const VALUE_BITS: u32 = 31;

/// The last truncated value of an even and of an odd step: a step and the one after it are both kept. Wiped when dropped.
///
/// Each word is its step and one more, above 31 bits of value: what is written at once is read as one, from any thread, and 0 is
/// no value.
#[derive(Default)]
pub(super) struct Kept([AtomicU64; 2]);

impl Kept {
    /// The value of a step: the kept one, or the one that is made.
    pub(super) fn of_step(&self, step: u64, make: impl FnOnce() -> u32) -> u32 {
        let [even, odd] = &self.0;
        let word = if step.is_multiple_of(2) { even } else { odd };
        let Some(tag) = tag(step) else {
            // More than eight thousand million steps are not kept.
            return make();
        };
        let had = word.load(Ordering::Relaxed);
        let value = u64::from(u32::MAX >> 1);
        if had & !value == tag {
            // Its own 31 bits fit.
            if let Ok(kept) = u32::try_from(had & value) {
                return kept;
            }
        }
        let made = make();
        word.store(tag | u64::from(made), Ordering::Relaxed);
        made
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        for word in &mut self.0 {
            word.get_mut().zeroize();
        }
    }
}

/// What stands above the value of a step; none where it does not fit.
fn tag(step: u64) -> Option<u64> {
    let above = step.checked_add(1)?;
    (above >> (u64::BITS - VALUE_BITS) == 0).then_some(above << VALUE_BITS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LARGEST: u32 = u32::MAX >> 1;

    #[test]
    fn a_step_is_made_once() {
        let kept = Kept::default();
        assert_eq!(kept.of_step(0, || 7), 7);
        assert_eq!(kept.of_step(1, || LARGEST), LARGEST);
        assert_eq!(kept.of_step(0, || unreachable!()), 7);
        assert_eq!(kept.of_step(1, || unreachable!()), LARGEST);
    }

    #[test]
    fn another_step_is_made_anew() {
        let kept = Kept::default();
        assert_eq!(kept.of_step(4, || 0), 0);
        assert_eq!(kept.of_step(6, || 1), 1);
        assert_eq!(kept.of_step(4, || 2), 2);
    }

    #[test]
    fn what_no_word_holds_is_not_kept() {
        let kept = Kept::default();
        let last_kept = (1 << 33) - 2;
        assert_eq!(kept.of_step(last_kept, || 1), 1);
        assert_eq!(kept.of_step(last_kept, || unreachable!()), 1);
        for step in [last_kept + 1, u64::MAX - 1, u64::MAX] {
            assert_eq!(kept.of_step(step, || 1), 1);
            assert_eq!(kept.of_step(step, || 2), 2);
        }
    }

    #[test]
    fn threads_that_share_it_see_no_value_of_another_step() {
        let kept = Kept::default();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for step in 0..2_000_u32 {
                        for step in [step, step + 2] {
                            assert_eq!(kept.of_step(step.into(), || step), step);
                        }
                    }
                });
            }
        });
    }
}
