//! What keeps bombing quiet: an account rings at most twice in ten minutes, then its statements queue without a sound until
//! one is approved; after a report it is mute for twenty minutes. Nothing is ever answered by itself, and what is queued
//! stays answerable (protocol §9).

use crate::encoding::tlv::{Malformed, Reader, Writer, u64_of};
use crate::time::UnixSeconds;

/// So many rings …
const RINGS_MAX: usize = 2;
/// … in so many seconds.
const RINGS_WITHIN_S: u64 = 10 * 60;
/// How long a report keeps an account mute, in seconds.
pub(crate) const MUTE_S: u64 = 20 * 60;
/// After so many seconds without a statement an account that was quietened rings again.
const REST_S: u64 = 24 * 60 * 60;

/// Whether a statement makes a sound.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Sound {
    Rings,
    Quiet,
}

/// What an account's sounds depend on: a value, so that every shell and the porch decide alike.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Shield {
    /// The last rings, oldest first, by this device's clock.
    rings: Vec<UnixSeconds>,
    /// When it was quietened: from then on nothing rings until an approval.
    quiet_since: Option<UnixSeconds>,
    /// The last statement that came.
    last_at: Option<UnixSeconds>,
    muted_at: Option<UnixSeconds>,
}

impl Shield {
    /// Takes note of a statement that came, and says whether it rings.
    pub(crate) fn arrived(&mut self, now: UnixSeconds) -> Sound {
        let had_rest = self
            .last_at
            .is_none_or(|last| distance_s(last, now) >= REST_S);
        if had_rest {
            self.quiet_since = None;
        }
        self.last_at = Some(now);
        if self.muted_until(now).is_some() || self.quiet_since.is_some() {
            return Sound::Quiet;
        }
        self.rings
            .retain(|ring| distance_s(*ring, now) < RINGS_WITHIN_S);
        if self.rings.len() >= RINGS_MAX {
            self.quiet_since = Some(now);
            return Sound::Quiet;
        }
        self.rings.push(now);
        Sound::Rings
    }

    /// A sign-in was approved: what comes next rings again.
    pub(crate) fn approved(&mut self) {
        *self = Self {
            last_at: self.last_at,
            ..Self::default()
        };
    }

    /// It was not the person: mute.
    pub(crate) const fn reported(&mut self, now: UnixSeconds) {
        self.muted_at = Some(now);
    }

    /// Until when it is mute, by this device's clock. A clock that was set back does not keep it mute for longer than the time
    /// that a report mutes.
    pub(crate) fn muted_until(&self, now: UnixSeconds) -> Option<UnixSeconds> {
        let muted_at = self.muted_at?;
        (distance_s(muted_at, now) < MUTE_S).then(|| muted_at.plus(MUTE_S))
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut body = Writer::new();
        for ring in &self.rings {
            body.put_u64(field::RING, ring.0);
        }
        for (tag, at) in [
            (field::QUIET_SINCE, self.quiet_since),
            (field::LAST, self.last_at),
            (field::MUTED, self.muted_at),
        ] {
            if let Some(at) = at {
                body.put_u64(tag, at.0);
            }
        }
        body.finish_unpadded().to_vec()
    }

    pub(crate) fn decode(body: &[u8]) -> Result<Self, Malformed> {
        let mut shield = Self::default();
        let mut reader = Reader::new(body);
        while let Some((tag, value)) = reader.next()? {
            let at = UnixSeconds(u64_of(value)?);
            match tag {
                field::RING if shield.rings.len() < RINGS_MAX => shield.rings.push(at),
                field::QUIET_SINCE => shield.quiet_since = Some(at),
                field::LAST => shield.last_at = Some(at),
                field::MUTED => shield.muted_at = Some(at),
                _ => return Err(Malformed),
            }
        }
        Ok(shield)
    }
}

mod field {
    pub(super) const RING: u8 = 1;
    pub(super) const QUIET_SINCE: u8 = 2;
    pub(super) const LAST: u8 = 3;
    pub(super) const MUTED: u8 = 4;
}

/// Seconds between two points, whichever is first: a clock may be set back.
const fn distance_s(a: UnixSeconds, b: UnixSeconds) -> u64 {
    a.0.abs_diff(b.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: UnixSeconds = UnixSeconds(1_800_000_000);

    fn rings(shield: &mut Shield, after_s: u64) -> bool {
        shield.arrived(START.plus(after_s)) == Sound::Rings
    }

    #[test]
    fn r11_ten_requests_in_five_minutes_ring_twice() {
        let mut shield = Shield::default();
        let rang = (0..10).filter(|n| rings(&mut shield, n * 30)).count();
        assert_eq!(rang, 2);
        // Quiet for as long as they go on, however slowly.
        assert!(!rings(&mut shield, 3_600));
        assert!(!rings(&mut shield, 3_600 + REST_S - 1));
        shield.approved();
        assert!(rings(&mut shield, 3_600 + REST_S));
    }

    #[test]
    fn two_in_ten_minutes_each_time_ring_all() {
        let mut shield = Shield::default();
        for n in 0..20 {
            assert!(rings(&mut shield, n * (RINGS_WITHIN_S / 2)), "{n}");
        }
        assert!(!rings(&mut shield, 19 * (RINGS_WITHIN_S / 2) + 1));
    }

    #[test]
    fn after_a_day_without_any_it_rings_again() {
        let mut shield = Shield::default();
        for n in 0..5 {
            rings(&mut shield, n);
        }
        assert!(rings(&mut shield, 4 + REST_S));
    }

    #[test]
    fn a_report_mutes_for_twenty_minutes() {
        let mut shield = Shield::default();
        shield.reported(START);
        assert_eq!(shield.muted_until(START), Some(START.plus(MUTE_S)));
        assert!(!rings(&mut shield, 0));
        assert!(!rings(&mut shield, MUTE_S - 1));
        assert_eq!(shield.muted_until(START.plus(MUTE_S)), None);
        assert!(rings(&mut shield, MUTE_S));
    }

    #[test]
    fn a_clock_set_back_does_not_mute_for_years() {
        let mut shield = Shield::default();
        shield.reported(START);
        let back = UnixSeconds(START.0 - 3_600);
        assert_eq!(shield.muted_until(back), None);
        assert_eq!(shield.arrived(back), Sound::Rings);
    }

    #[test]
    fn a_shield_is_read_as_it_was_written() {
        let mut shield = Shield::default();
        assert_eq!(Shield::decode(&shield.encode()), Ok(shield.clone()));
        for n in 0..3 {
            rings(&mut shield, n);
        }
        shield.reported(START);
        assert_eq!(Shield::decode(&shield.encode()), Ok(shield.clone()));
        let mut body = Writer::new();
        body.put_u64(9, 0);
        assert_eq!(Shield::decode(&body.finish_unpadded()), Err(Malformed));
        let mut body = Writer::new();
        for _ in 0..3 {
            body.put_u64(field::RING, 0);
        }
        assert_eq!(Shield::decode(&body.finish_unpadded()), Err(Malformed));
    }
}
