//! What was decided at this desk, for those who do not wait for ever.

use std::collections::BTreeSet;

use countersign_core::approval::{CannotApprove, StatementId, StatementView};

use super::{Ended, Goal};

/// Decisions that were signed and stored here.
#[derive(Debug)]
pub(super) struct Decided {
    /// Those of which the server has confirmed nothing yet.
    on_their_way: BTreeSet<StatementId>,
    /// How many there were.
    count: usize,
    /// How many of them were taken note of.
    noted: usize,
}

impl Decided {
    /// Nothing yet.
    pub(super) const fn new() -> Self {
        Self {
            on_their_way: BTreeSet::new(),
            count: 0,
            noted: 0,
        }
    }

    /// A decision was signed and stored.
    pub(super) fn add(&mut self, id: StatementId) {
        self.on_their_way.insert(id);
        self.count += 1;
    }

    /// Forgets those that have ended, and those whose number was wrong.
    pub(super) fn look(&mut self, open: &[StatementView]) {
        let answered = open
            .iter()
            .filter(|view| view.cannot_approve == Some(CannotApprove::Answered));
        let answered: BTreeSet<StatementId> = answered.map(|view| view.id).collect();
        self.on_their_way.retain(|id| answered.contains(id));
    }

    /// Whether a decision is on its way.
    fn is_on_its_way(&self) -> bool {
        !self.on_their_way.is_empty()
    }

    /// Whether time does not count now: something was decided since the last call, or is on its way and more may be decided.
    pub(super) fn has_news(&mut self, is_over: bool) -> bool {
        let before = std::mem::replace(&mut self.noted, self.count);
        before != self.count || (self.is_on_its_way() && !is_over)
    }

    /// How it ends where nothing more can be decided and nothing is on its way; `ended` are all requests that have.
    pub(super) fn end(&self, goal: Goal, ended: &[StatementId]) -> Ended {
        let is_enough = match goal {
            Goal::None => self.count > 0,
            _ => !ended.is_empty(),
        };
        match is_enough {
            true => Ended::Done,
            false => Ended::NothingCame,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: StatementId = StatementId::from_bytes([1; 16]);

    #[test]
    fn time_counts_until_something_is_decided_and_again_after_its_end() {
        let mut decided = Decided::new();
        assert!(!decided.has_news(false));
        decided.add(ID);
        assert!(decided.has_news(false));
        assert!(decided.has_news(false), "it is on its way");
        decided.look(&[]);
        assert!(!decided.has_news(false));
    }

    #[test]
    fn where_nothing_more_can_be_decided_time_counts_from_the_last_decision() {
        let mut decided = Decided::new();
        decided.add(ID);
        assert!(decided.has_news(true));
        assert!(!decided.has_news(true));
        assert!(decided.is_on_its_way());
    }

    #[test]
    fn only_what_was_decided_or_has_ended_is_an_end() {
        let mut decided = Decided::new();
        for goal in [Goal::None, Goal::FirstEnd] {
            assert_eq!(decided.end(goal, &[]), Ended::NothingCame);
        }
        decided.add(ID);
        assert_eq!(decided.end(Goal::None, &[]), Ended::Done);
        // Its number was wrong.
        assert_eq!(decided.end(Goal::FirstEnd, &[]), Ended::NothingCame);
        assert_eq!(decided.end(Goal::FirstEnd, &[ID]), Ended::Done);
    }
}
