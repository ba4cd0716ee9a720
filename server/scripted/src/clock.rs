//! The server's clock: the system's with an offset, or one that stands where it was set.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use countersign_protocol::time::Timestamp;

/// What the clock says.
#[derive(Clone, Copy, Debug)]
enum Hands {
    /// The system's time and so many seconds.
    Follow { offset_s: i64 },
    /// This time, until it is told another.
    Stand(Timestamp),
}

/// A clock that is told the time.
#[derive(Debug)]
pub(crate) struct Clock(Mutex<Hands>);

impl Default for Clock {
    fn default() -> Self {
        Self(Mutex::new(Hands::Follow { offset_s: 0 }))
    }
}

impl Clock {
    /// Stands still at this time.
    pub(crate) fn set(&self, at: Timestamp) {
        *self.hands() = Hands::Stand(at);
    }

    /// Goes with the system's clock, so many seconds ahead of it; below zero behind it.
    pub(crate) fn follow(&self, offset_s: i64) {
        *self.hands() = Hands::Follow { offset_s };
    }

    /// What it says.
    pub(crate) fn now(&self) -> Timestamp {
        match *self.hands() {
            Hands::Stand(at) => at,
            Hands::Follow { offset_s } => {
                let now_s = system_s().saturating_add_signed(offset_s);
                Timestamp::new(now_s).unwrap_or(Timestamp::MAX)
            }
        }
    }

    fn hands(&self) -> MutexGuard<'_, Hands> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn system_s() -> u64 {
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since_1970.map_or(0, |since_1970| since_1970.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_stands_where_it_was_set_until_it_is_told_to_go() {
        let clock = Clock::default();
        let at = Timestamp::new(1_800_000_000).unwrap();
        clock.set(at);
        assert_eq!(clock.now(), at);
        clock.follow(-86_400);
        let behind_s = system_s() - clock.now().unix_s();
        assert!((86_399..=86_401).contains(&behind_s), "{behind_s}");
        clock.follow(i64::MIN);
        assert_eq!(clock.now().unix_s(), 0);
        clock.follow(i64::MAX);
        assert_eq!(clock.now(), Timestamp::MAX);
    }
}
