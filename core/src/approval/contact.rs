//! How an account's server is reached: when it answered last, since when it does not, and when to try again.

use crate::encoding::tlv::{Malformed, Reader, Writer, u64_of};
use crate::time::UnixSeconds;

use super::exchange::{Errand, Lane};
use super::model::{Hint, StatementId};

/// The longest that a server may make a device wait, in seconds.
const RETRY_AFTER_MAX_S: u64 = 15 * 60;
/// The longest that a device waits by itself.
const BACKOFF_MAX_S: u64 = 60;
/// So much of an older time is stored at most, so that asking often does not write often.
const STORED_WITHIN_S: u64 = 60 * 60;

/// How long the server is not asked again for what it refused, at first, in seconds.
const REFUSED_S: u64 = 16;
/// Most refusals that are remembered: more than an account has to say.
const REFUSALS_MAX: usize = 128;

/// What is said to a server: one answer is not another, while a request that is signed afresh stays the same.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Said {
    /// What it is in its protocol.
    pub(crate) topic: u8,
    /// The statement that it answers.
    pub(crate) statement: Option<StatementId>,
}

impl Said {
    pub(crate) const fn of(errand: &Errand) -> Self {
        Self {
            topic: errand.topic,
            statement: errand.statement,
        }
    }
}

/// What the server refused to do: it waits by itself, and holds up nothing else.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Refusal {
    said: Said,
    times: u32,
    at: UnixSeconds,
}

/// How an account's server is reached.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Contact {
    /// When it last answered anything of the protocol, by this device's clock.
    pub(crate) last_answer_at: Option<UnixSeconds>,
    /// Since when it does not.
    pub(crate) failing_since: Option<UnixSeconds>,
    /// When it was last asked what is there.
    pub(crate) asked_at: Option<UnixSeconds>,
    /// What it said last instead of answering. Not signed, so it is shown and no more; not stored.
    pub(crate) hint: Option<Hint>,
    ask: Retry,
    say: Retry,
    refusals: Vec<Refusal>,
    /// States in a row that said no more than that the request's time was off.
    stale: u32,
}

/// When a lane may be used again. Not stored: whoever starts anew tries at once.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
struct Retry {
    failures: u32,
    at: Option<UnixSeconds>,
    /// Whether the server said so.
    is_asked_for: bool,
}

impl Contact {
    /// When a lane may be used again; none when at once. A clock that was ahead for a moment puts off nothing for longer than a
    /// device may be made to wait.
    pub(crate) fn retry_at(&self, lane: Lane, now: UnixSeconds) -> Option<UnixSeconds> {
        let at = match lane {
            Lane::Ask => self.ask.at,
            Lane::Say => self.say.at,
        };
        at.filter(|at| at.since(now) <= RETRY_AFTER_MAX_S)
    }

    /// When something that the server refused may be said again; at once when it has not.
    pub(crate) fn said_again_at(&self, said: Said, now: UnixSeconds) -> UnixSeconds {
        let refusal = self.refusals.iter().find(|refusal| refusal.said == said);
        let at = refusal.map(|refusal| refusal.at);
        at.filter(|at| at.since(now) <= BACKOFF_MAX_S)
            .unwrap_or(UnixSeconds(0))
    }

    /// Whose turn it is: first what the server has not refused, then what it refused longest ago.
    pub(crate) fn turn_of(&self, said: Said) -> usize {
        let place = self
            .refusals
            .iter()
            .position(|refusal| refusal.said == said);
        place.map_or(0, |place| place + 1)
    }

    const fn lane(&mut self, lane: Lane) -> &mut Retry {
        match lane {
            Lane::Ask => &mut self.ask,
            Lane::Say => &mut self.say,
        }
    }

    /// The server answered as the protocol says.
    pub(crate) fn answered(&mut self, lane: Lane, said: Said, now: UnixSeconds) {
        *self.lane(lane) = Retry::default();
        self.refusals.retain(|refusal| refusal.said != said);
        self.last_answer_at = Some(now);
        self.failing_since = None;
        self.hint = None;
    }

    /// It did not, or said later: after `retry_after_s`, or after 1, 2, 4 … 60 s.
    pub(crate) fn failed(&mut self, lane: Lane, retry_after_s: Option<u64>, now: UnixSeconds) {
        let retry = self.lane(lane);
        let backoff_s = 1_u64 << retry.failures.min(6);
        retry.failures += 1;
        let wait_s = retry_after_s
            .unwrap_or(backoff_s.min(BACKOFF_MAX_S))
            .clamp(1, RETRY_AFTER_MAX_S);
        retry.at = Some(now.plus(wait_s));
        retry.is_asked_for = retry_after_s.is_some();
        self.failing_since.get_or_insert(now);
    }

    /// It answered that this request will not do: it is not tried again soon, after 16, 32, 60 s, and whatever else there is to
    /// say goes before it.
    pub(crate) fn refused(&mut self, lane: Lane, said: Said, hint: Hint, now: UnixSeconds) {
        *self.lane(lane) = Retry::default();
        self.hint = Some(hint);
        self.last_answer_at = Some(now);
        let of = |refusal: &Refusal| refusal.said == said;
        let earlier = self.refusals.iter().position(of);
        let times = earlier.map_or(0, |place| self.refusals.remove(place).times);
        if self.refusals.len() >= REFUSALS_MAX {
            self.refusals.remove(0);
        }
        let wait_s = (REFUSED_S << times.min(2)).min(BACKOFF_MAX_S);
        self.refusals.push(Refusal {
            said,
            times: times + 1,
            at: now.plus(wait_s),
        });
    }

    /// The same is to be signed afresh: at once the first time, then later and later.
    pub(crate) fn again(&mut self, lane: Lane, now: UnixSeconds) {
        self.last_answer_at = Some(now);
        let retry = self.lane(lane);
        let backoff_s = if retry.failures == 0 {
            0
        } else {
            1_u64 << retry.failures.min(6)
        };
        retry.failures += 1;
        retry.at = Some(now.plus(backoff_s.min(BACKOFF_MAX_S)));
    }

    /// Its clock and the request's were too far apart. The first time the next request knows better; two in a row are no answer.
    pub(crate) fn stale(&mut self, lane: Lane, now: UnixSeconds) {
        self.stale += 1;
        if self.stale >= 2 {
            self.failed(lane, None, now);
        }
    }

    /// There is a reason to try at once: what this device waits for by itself it does not wait for any more.
    pub(crate) fn at_once(&mut self) {
        for retry in [&mut self.ask, &mut self.say] {
            if !retry.is_asked_for {
                retry.at = None;
            }
        }
        for refusal in &mut self.refusals {
            refusal.at = UnixSeconds(0);
        }
    }

    pub(crate) const fn fresh(&mut self) {
        self.stale = 0;
    }

    /// Whether what is stored of `self` differs from `before` in more than an hour of the same.
    pub(crate) fn is_worth_storing(&self, before: &Self) -> bool {
        let is_old = match (self.last_answer_at, before.last_answer_at) {
            (Some(now), Some(stored)) => now.0.abs_diff(stored.0) >= STORED_WITHIN_S,
            (now, stored) => now != stored,
        };
        is_old || self.failing_since != before.failing_since
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut body = Writer::new();
        for (tag, at) in [
            (field::LAST_ANSWER, self.last_answer_at),
            (field::FAILING_SINCE, self.failing_since),
        ] {
            if let Some(at) = at {
                body.put_u64(tag, at.0);
            }
        }
        body.finish_unpadded().to_vec()
    }

    pub(crate) fn decode(body: &[u8]) -> Result<Self, Malformed> {
        let mut contact = Self::default();
        let mut reader = Reader::new(body);
        while let Some((tag, value)) = reader.next()? {
            let at = Some(UnixSeconds(u64_of(value)?));
            match tag {
                field::LAST_ANSWER => contact.last_answer_at = at,
                field::FAILING_SINCE => contact.failing_since = at,
                _ => return Err(Malformed),
            }
        }
        Ok(contact)
    }
}

mod field {
    pub(super) const LAST_ANSWER: u8 = 1;
    pub(super) const FAILING_SINCE: u8 = 2;
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixSeconds = UnixSeconds(1_800_000_000);
    const SAID: Said = Said {
        topic: 1,
        statement: None,
    };

    #[test]
    fn waits_grow_to_a_minute_and_end_with_an_answer() {
        let mut contact = Contact::default();
        let mut waits = vec![];
        for _ in 0..9 {
            contact.failed(Lane::Ask, None, NOW);
            waits.push(contact.retry_at(Lane::Ask, NOW).unwrap().since(NOW));
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(contact.retry_at(Lane::Say, NOW), None);
        assert_eq!(contact.failing_since, Some(NOW));
        contact.answered(Lane::Ask, SAID, NOW.plus(9));
        assert_eq!(contact.retry_at(Lane::Ask, NOW), None);
        assert_eq!(contact.failing_since, None);
        assert_eq!(contact.last_answer_at, Some(NOW.plus(9)));
    }

    #[test]
    fn a_server_says_when_but_not_for_ever() {
        let mut contact = Contact::default();
        for (said, waited) in [(0, 1), (7, 7), (86_400, 900)] {
            contact.failed(Lane::Say, Some(said), NOW);
            assert_eq!(contact.retry_at(Lane::Say, NOW), Some(NOW.plus(waited)));
        }
    }

    #[test]
    fn a_clock_that_was_ahead_for_a_moment_puts_off_nothing_for_long() {
        for ahead_s in [24 * 60 * 60, 365 * 24 * 60 * 60, u64::MAX - NOW.0] {
            let mut contact = Contact::default();
            let ahead = NOW.plus(ahead_s);
            contact.failed(Lane::Ask, Some(900), ahead);
            contact.failed(Lane::Say, None, ahead);
            contact.refused(Lane::Say, SAID, Hint::UnknownDevice, ahead);
            assert_eq!(contact.retry_at(Lane::Ask, NOW), None, "{ahead_s}");
            assert_eq!(contact.said_again_at(SAID, NOW), UnixSeconds(0));
        }
        // As long as it may be.
        let mut contact = Contact::default();
        contact.failed(Lane::Ask, Some(900), NOW);
        assert_eq!(contact.retry_at(Lane::Ask, NOW), Some(NOW.plus(900)));
        assert_eq!(contact.retry_at(Lane::Ask, UnixSeconds(NOW.0 - 1)), None);
    }

    #[test]
    fn two_stale_states_in_a_row_are_no_answer() {
        let mut contact = Contact::default();
        contact.stale(Lane::Ask, NOW);
        assert_eq!(contact.retry_at(Lane::Ask, NOW), None);
        contact.stale(Lane::Ask, NOW);
        assert_eq!(contact.failing_since, Some(NOW));
        contact.answered(Lane::Ask, SAID, NOW);
        contact.fresh();
        contact.stale(Lane::Ask, NOW);
        assert_eq!(contact.retry_at(Lane::Ask, NOW), None);
    }

    #[test]
    fn a_refusal_is_an_answer_that_is_not_asked_for_at_once_again() {
        let mut contact = Contact::default();
        let mut waits = vec![];
        for _ in 0..4 {
            contact.refused(Lane::Say, SAID, Hint::UnknownDevice, NOW);
            waits.push(contact.said_again_at(SAID, NOW).since(NOW));
        }
        assert_eq!(waits, [16, 32, 60, 60]);
        assert_eq!(contact.failing_since, None);
        assert_eq!(contact.last_answer_at, Some(NOW));
        assert_eq!(contact.hint, Some(Hint::UnknownDevice));
        contact.answered(Lane::Say, SAID, NOW);
        assert_eq!(contact.hint, None);
        assert_eq!(contact.said_again_at(SAID, NOW), UnixSeconds(0));
    }

    #[test]
    fn what_was_refused_holds_up_nothing_else() {
        let mut contact = Contact::default();
        contact.refused(Lane::Say, SAID, Hint::UnknownDevice, NOW);
        let other = Said { topic: 2, ..SAID };
        assert_eq!(contact.retry_at(Lane::Say, NOW), None);
        assert_eq!(contact.said_again_at(other, NOW), UnixSeconds(0));
        contact.answered(Lane::Say, other, NOW);
        assert_eq!(contact.said_again_at(SAID, NOW), NOW.plus(16));
        contact.at_once();
        assert_eq!(contact.said_again_at(SAID, NOW), UnixSeconds(0));
        // It has its turn after all else, and after what was refused before it.
        contact.refused(Lane::Say, other, Hint::Defect, NOW);
        let third = Said { topic: 3, ..SAID };
        let turns = [third, SAID, other].map(|said| contact.turn_of(said));
        assert_eq!(turns, [0, 1, 2]);
        contact.refused(Lane::Say, SAID, Hint::Defect, NOW);
        let turns = [third, SAID, other].map(|said| contact.turn_of(said));
        assert_eq!(turns, [0, 2, 1]);
    }

    #[test]
    fn refusals_that_are_remembered_have_an_end() {
        let mut contact = Contact::default();
        for statement in 0..=u8::MAX {
            let said = Said {
                statement: Some(StatementId([statement; 16])),
                ..SAID
            };
            contact.refused(Lane::Say, said, Hint::Defect, NOW);
        }
        assert_eq!(contact.refusals.len(), REFUSALS_MAX);
    }

    #[test]
    fn a_reason_to_try_at_once_ends_a_wait_that_no_server_asked_for() {
        let mut contact = Contact::default();
        contact.failed(Lane::Ask, None, NOW);
        contact.failed(Lane::Say, Some(600), NOW);
        contact.at_once();
        assert_eq!(contact.retry_at(Lane::Ask, NOW), None);
        assert_eq!(contact.retry_at(Lane::Say, NOW), Some(NOW.plus(600)));
        // How often it failed is not forgotten by it.
        contact.failed(Lane::Ask, None, NOW);
        assert_eq!(contact.retry_at(Lane::Ask, NOW), Some(NOW.plus(2)));
    }

    #[test]
    fn an_hour_of_the_same_is_not_written() {
        let mut stored = Contact::default();
        stored.answered(Lane::Ask, SAID, NOW);
        let mut later = stored.clone();
        later.answered(Lane::Ask, SAID, NOW.plus(STORED_WITHIN_S - 1));
        assert!(!later.is_worth_storing(&stored));
        later.answered(Lane::Ask, SAID, NOW.plus(STORED_WITHIN_S));
        assert!(later.is_worth_storing(&stored));
        let mut failing = stored.clone();
        failing.failed(Lane::Ask, None, NOW);
        assert!(failing.is_worth_storing(&stored));
    }

    #[test]
    fn what_is_stored_is_read() {
        let mut contact = Contact::default();
        contact.answered(Lane::Ask, SAID, NOW);
        contact.failing_since = Some(NOW);
        let read = Contact::decode(&contact.encode()).unwrap();
        assert_eq!(read.last_answer_at, Some(NOW));
        assert_eq!(read.failing_since, Some(NOW));
        let mut body = Writer::new();
        body.put_u64(3, 1);
        assert_eq!(Contact::decode(&body.finish_unpadded()), Err(Malformed));
    }
}
