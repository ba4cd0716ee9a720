//! Whose a lane is. An account has one request at a time on each; whoever took a lane frees it, and nobody else's.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::approval::{Errand, Lane};
use crate::vault::RecordId;

/// A lane as somebody took it. It says nothing of who has the lane since.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TakenLane {
    account: RecordId,
    lane: Lane,
    turn: u64,
}

impl TakenLane {
    /// The account that it is of.
    #[must_use]
    pub const fn account(&self) -> RecordId {
        self.account
    }

    /// Which of the account's lanes.
    #[must_use]
    pub const fn lane(&self) -> Lane {
        self.lane
    }

    pub(super) const fn turn(&self) -> u64 {
        self.turn
    }

    /// The lane of a request that was prepared.
    #[must_use]
    pub const fn of(errand: &Errand) -> Self {
        Self {
            account: errand.account,
            lane: errand.lane,
            turn: errand.turn,
        }
    }
}

/// A number that no other turn of this process has: a vault may be locked and unlocked while a request is on its way.
fn next_turn() -> u64 {
    static TURNS: AtomicU64 = AtomicU64::new(1);
    TURNS.fetch_add(1, Ordering::Relaxed)
}

/// The lanes that are taken, each with its turn.
#[derive(Debug, Default)]
pub(super) struct Lanes(BTreeMap<(RecordId, Lane), u64>);

impl Lanes {
    /// Takes a lane; none while somebody else has it.
    pub(super) fn take(&mut self, account: RecordId, lane: Lane) -> Option<TakenLane> {
        (!self.is_taken(account, lane)).then(|| self.take_over(account, lane))
    }

    /// Takes a lane from whoever has it.
    pub(super) fn take_over(&mut self, account: RecordId, lane: Lane) -> TakenLane {
        let turn = next_turn();
        self.0.insert((account, lane), turn);
        TakenLane {
            account,
            lane,
            turn,
        }
    }

    /// Frees a lane, unless somebody else has taken it since.
    pub(super) fn free(&mut self, taken: TakenLane) {
        if self.has(taken) {
            self.0.remove(&(taken.account, taken.lane));
        }
    }

    /// Whether it is still theirs.
    pub(super) fn has(&self, taken: TakenLane) -> bool {
        self.0.get(&(taken.account, taken.lane)) == Some(&taken.turn)
    }

    pub(super) fn is_taken(&self, account: RecordId, lane: Lane) -> bool {
        self.0.contains_key(&(account, lane))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNT: RecordId = RecordId::from_bytes([1; 16]);

    #[test]
    fn a_lane_is_taken_once() {
        let mut lanes = Lanes::default();
        let taken = lanes.take(ACCOUNT, Lane::Say).unwrap();
        assert_eq!(lanes.take(ACCOUNT, Lane::Say), None);
        assert!(lanes.take(ACCOUNT, Lane::Ask).is_some());
        lanes.free(taken);
        assert!(!lanes.has(taken));
        assert!(lanes.take(ACCOUNT, Lane::Say).is_some());
    }

    #[test]
    fn nobody_frees_a_lane_that_is_somebody_elses_by_now() {
        let mut lanes = Lanes::default();
        let first = lanes.take(ACCOUNT, Lane::Say).unwrap();
        let second = lanes.take_over(ACCOUNT, Lane::Say);
        lanes.free(first);
        assert!(lanes.has(second));
        assert!(!lanes.has(first));
    }

    #[test]
    fn a_turn_of_other_lanes_is_none_of_these() {
        let taken = Lanes::default().take(ACCOUNT, Lane::Say).unwrap();
        let mut others = Lanes::default();
        let other = others.take(ACCOUNT, Lane::Say).unwrap();
        others.free(taken);
        assert!(others.has(other));
    }
}
