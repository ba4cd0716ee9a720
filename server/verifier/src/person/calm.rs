//! What protects a person from requests that they did not make, and cannot be turned against them.

use countersign_protocol::hash::Id;
use countersign_protocol::message::SuspendedWhy;
use countersign_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Open statements that ring and are listed at once.
pub const RINGING_MAX: usize = 5;
/// Statements without an answer within a day after which none rings.
pub const UNANSWERED_MAX: usize = 10;
/// How long a report keeps statements from ringing, in seconds.
pub const MUTE_S: u64 = 20 * 60;
/// Wrong numbers in a row that suspend approvals.
pub const WRONG_NUMBERS_MAX: u8 = 10;
/// Wrong offline responses in a row that stop them.
pub const WRONG_RESPONSES_MAX: u8 = 10;
/// How long after a report no move begins, in seconds.
pub const NO_MOVE_S: u64 = DAY_S;

/// How often a test may be asked again within [`TESTS_AGAIN_S`], whatever the person's device.
pub const TESTS_AGAIN_MAX: usize = 3;
/// For how long a test that was asked again counts, in seconds.
pub const TESTS_AGAIN_S: u64 = 600;

const DAY_S: u64 = 24 * 60 * 60;
const HOUR_S: u64 = 60 * 60;
/// A suspension lasts 2^n hours, and a day at most.
const SUSPENSION_MAX_S: u64 = DAY_S;

/// Counters of one person.
#[derive(Debug, Default, Deserialize, Serialize)]
pub(crate) struct Calm {
    unanswered: Vec<Unanswered>,
    muted_until: Option<Timestamp>,
    reported_at: Option<Timestamp>,
    wrong_numbers: u8,
    wrong_responses: u8,
    /// Suspensions since the last approval.
    suspensions: u32,
    suspended: Option<Suspended>,
    /// When tests were asked again, the oldest first.
    #[serde(default)]
    tests_again: Vec<Timestamp>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Unanswered {
    statement: Id,
    at: Timestamp,
}

/// That nothing can be approved for now.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Suspended {
    pub(crate) until: Option<Timestamp>,
    pub(crate) why: SuspendedWhy,
}

impl Calm {
    /// Forgets what time has ended.
    pub(crate) fn settle(&mut self, now: Timestamp) {
        let is_over = |until: &Option<Timestamp>| until.is_some_and(|until| now >= until);
        if self
            .suspended
            .as_ref()
            .is_some_and(|suspended| is_over(&suspended.until))
        {
            self.suspended = None;
        }
        if is_over(&self.muted_until) {
            self.muted_until = None;
        }
        self.unanswered.retain(|one| now < one.at.plus_s(DAY_S));
        self.tests_again.retain(|at| now < at.plus_s(TESTS_AGAIN_S));
    }

    /// Counts that a test is asked again.
    ///
    /// # Errors
    ///
    /// When it may be, where it was asked too often.
    pub(crate) fn ask_test_again(&mut self, now: Timestamp) -> Result<(), Timestamp> {
        if self.tests_again.len() >= TESTS_AGAIN_MAX
            && let Some(oldest) = self.tests_again.first()
        {
            return Err(oldest.plus_s(TESTS_AGAIN_S));
        }
        self.tests_again.push(now);
        Ok(())
    }

    /// Whether a new statement may be listed and ring, with so many open that do.
    pub(crate) const fn may_ring(&self, ringing: usize) -> bool {
        ringing < RINGING_MAX
            && self.unanswered.len() < UNANSWERED_MAX
            && self.muted_until.is_none()
    }

    /// A statement rang.
    pub(crate) fn rang(&mut self, statement: Id, now: Timestamp) {
        self.unanswered.push(Unanswered { statement, at: now });
    }

    /// The person answered it, whatever they said.
    pub(crate) fn answered(&mut self, statement: &Id) {
        self.unanswered.retain(|one| one.statement != *statement);
    }

    /// An approval ends every stop.
    pub(crate) fn approved(&mut self) {
        self.unanswered.clear();
        self.muted_until = None;
        self.wrong_numbers = 0;
        self.wrong_responses = 0;
        self.suspensions = 0;
    }

    pub(crate) fn reported(&mut self, now: Timestamp) {
        self.muted_until = Some(now.plus_s(MUTE_S));
        self.reported_at = Some(now);
    }

    /// A wrong number from a device. True when it was one too many: approvals are suspended now.
    pub(crate) fn wrong_number(&mut self, now: Timestamp) -> bool {
        self.wrong_numbers += 1;
        if self.wrong_numbers < WRONG_NUMBERS_MAX {
            return false;
        }
        let hours = 1_u64.checked_shl(self.suspensions).unwrap_or(u64::MAX);
        let lasts_s = hours.saturating_mul(HOUR_S).min(SUSPENSION_MAX_S);
        self.wrong_numbers = 0;
        self.suspensions = self.suspensions.saturating_add(1);
        // One that an administrator has to end is not shortened.
        let until = match self.suspended {
            Some(Suspended { until: None, .. }) => return true,
            _ => Some(now.plus_s(lasts_s)),
        };
        let why = SuspendedWhy::WrongNumbers;
        self.suspended = Some(Suspended { until, why });
        true
    }

    /// A wrong offline response. True when it was one too many: none is taken now.
    pub(crate) const fn wrong_response(&mut self) -> bool {
        self.wrong_responses = self.wrong_responses.saturating_add(1);
        self.wrong_responses == WRONG_RESPONSES_MAX
    }

    pub(crate) const fn takes_responses(&self) -> bool {
        self.wrong_responses < WRONG_RESPONSES_MAX
    }

    pub(crate) const fn suspended(&self) -> Option<Suspended> {
        self.suspended
    }

    pub(crate) const fn suspend(&mut self, until: Option<Timestamp>) {
        let why = SuspendedWhy::Administrator;
        self.suspended = Some(Suspended { until, why });
    }

    /// Ends a suspension. The count of those since the last approval stays.
    pub(crate) const fn resume(&mut self) {
        self.suspended = None;
    }

    /// Whether a move may begin.
    pub(crate) fn may_move(&self, now: Timestamp) -> bool {
        let reported = self.reported_at;
        self.suspended.is_none() && reported.is_none_or(|at| now >= at.plus_s(NO_MOVE_S))
    }

    /// When something here ends by itself.
    pub(crate) fn next_end(&self) -> Option<Timestamp> {
        self.suspended.and_then(|suspended| suspended.until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(unix_s: u64) -> Timestamp {
        Timestamp::new(1_800_000_000 + unix_s).unwrap()
    }

    fn id(byte: u8) -> Id {
        Id::from_bytes([byte; 16])
    }

    #[test]
    fn suspensions_double_up_to_a_day_and_an_approval_begins_anew() {
        let mut calm = Calm::default();
        let mut now = 0;
        let mut suspend = |calm: &mut Calm| {
            for _ in 1..WRONG_NUMBERS_MAX {
                assert!(!calm.wrong_number(at(now)));
            }
            assert!(calm.wrong_number(at(now)));
            let until = calm.suspended().unwrap().until.unwrap();
            let hours = (until.unix_s() - at(now).unix_s()) / HOUR_S;
            now = until.unix_s() - at(0).unix_s();
            calm.settle(at(now - 1));
            assert!(calm.suspended().is_some());
            calm.settle(at(now));
            assert!(calm.suspended().is_none());
            hours
        };
        let hours = [(); 7].map(|()| suspend(&mut calm));
        assert_eq!(hours, [1, 2, 4, 8, 16, 24, 24]);
        calm.approved();
        assert_eq!(suspend(&mut calm), 1);
    }

    #[test]
    fn a_suspension_by_an_administrator_is_not_shortened_by_wrong_numbers() {
        let mut calm = Calm::default();
        calm.suspend(None);
        for _ in 0..WRONG_NUMBERS_MAX {
            calm.wrong_number(at(0));
        }
        calm.settle(at(100 * DAY_S));
        let expected = Suspended {
            until: None,
            why: SuspendedWhy::Administrator,
        };
        assert_eq!(calm.suspended(), Some(expected));
        calm.resume();
        assert_eq!(calm.suspended(), None);
    }

    #[test]
    fn ten_without_an_answer_within_a_day_stop_the_ringing() {
        let mut calm = Calm::default();
        for minute in 0..10 {
            assert!(calm.may_ring(0));
            calm.rang(id(minute), at(u64::from(minute) * 60));
        }
        assert!(!calm.may_ring(0));
        // An answer takes its own away; time takes the first one away.
        calm.answered(&id(3));
        assert!(calm.may_ring(0));
        calm.rang(id(10), at(600));
        calm.settle(at(DAY_S - 1));
        assert!(!calm.may_ring(0));
        calm.settle(at(DAY_S));
        assert!(calm.may_ring(0));
        assert!(!calm.may_ring(RINGING_MAX));
    }

    #[test]
    fn a_report_mutes_for_twenty_minutes_and_forbids_moves_for_a_day() {
        let mut calm = Calm::default();
        calm.reported(at(0));
        calm.settle(at(MUTE_S - 1));
        assert!(!calm.may_ring(0));
        calm.settle(at(MUTE_S));
        assert!(calm.may_ring(0));
        assert!(!calm.may_move(at(NO_MOVE_S - 1)));
        assert!(calm.may_move(at(NO_MOVE_S)));
    }
}
