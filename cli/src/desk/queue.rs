//! The requests that are open, and which of them is before the person: one at a time, the oldest first (R8).

use std::collections::BTreeMap;

use countersign_core::approval::{CannotApprove, StatementId, StatementView};
use countersign_core::time::UnixSeconds;
use countersign_core::vault::RecordId;

/// How long a server may take to confirm an answer before the next request comes before the person.
const CONFIRMED_WITHIN_S: u64 = 5;

/// What is known of a request.
#[derive(Debug, Default)]
struct Followed {
    tries_left: Option<u8>,
    /// When it was left without an answer, counted in such times; none while it was not.
    left: Option<u64>,
}

/// What is new about a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Change {
    /// It has come.
    Came,
    /// A number was wrong.
    Tries,
    /// Nothing.
    Nothing,
}

/// Whose turn it is now.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Choice<'v> {
    /// The same one's as before, or nobody's as before.
    Same,
    /// This one's now; so many others wait after it.
    Next {
        view: &'v StatementView,
        others: usize,
    },
    /// Nobody's any more.
    Nobody,
}

/// The queue.
#[derive(Debug)]
pub(super) struct Queue {
    followed: BTreeMap<StatementId, Followed>,
    /// Whose turn it is.
    shown: Option<StatementId>,
    /// What was answered here and has still to be confirmed, and since when.
    sent: Option<(StatementId, UnixSeconds)>,
    /// How often a request was left.
    times_left: u64,
}

impl Queue {
    /// Nothing has come yet.
    pub(super) const fn new() -> Self {
        Self {
            followed: BTreeMap::new(),
            shown: None,
            sent: None,
            times_left: 0,
        }
    }

    /// Whose turn it is.
    pub(super) const fn shown(&self) -> Option<StatementId> {
        self.shown
    }

    /// Whether the last answer has still to be confirmed.
    pub(super) const fn is_sent(&self) -> bool {
        self.sent.is_some()
    }

    /// Whether a request is open.
    pub(super) fn has(&self, id: StatementId) -> bool {
        self.followed.contains_key(&id)
    }

    /// Takes those away that are not open any more.
    pub(super) fn take_ended(&mut self, open: &[StatementView]) -> Vec<StatementId> {
        let is_open = |id: &StatementId| open.iter().any(|view| view.id == *id);
        let ended = self.followed.keys().filter(|id| !is_open(id));
        let ended: Vec<StatementId> = ended.copied().collect();
        self.followed.retain(|id, _| is_open(id));
        ended
    }

    /// Follows a request that is open.
    pub(super) fn follow(&mut self, view: &StatementView) -> Change {
        let change = match self.followed.get(&view.id) {
            None => Change::Came,
            Some(known) if known.tries_left != view.tries_left => Change::Tries,
            Some(_) => Change::Nothing,
        };
        self.followed.entry(view.id).or_default().tries_left = view.tries_left;
        change
    }

    /// Keeps the turn as long as its request can be answered, and gives it to the oldest one otherwise. `is_silent` says whether
    /// an account's server gives no answer.
    pub(super) fn choose<'v>(
        &mut self,
        open: &'v [StatementView],
        now: UnixSeconds,
        is_silent: impl Fn(RecordId) -> bool,
    ) -> Choice<'v> {
        if self.awaits_receipt(open, now, is_silent) {
            return Choice::Same;
        }
        let waiting: Vec<&StatementView> = open
            .iter()
            .filter(|view| view.cannot_approve != Some(CannotApprove::Answered))
            .collect();
        if waiting.iter().any(|view| Some(view.id) == self.shown) {
            return Choice::Same;
        }
        let left = |view: &&StatementView| self.followed.get(&view.id).and_then(|known| known.left);
        // Of those that were never left the oldest, then the one that was left longest ago.
        let next = waiting.iter().copied().min_by_key(left);
        let before = std::mem::replace(&mut self.shown, next.map(|view| view.id));
        match (next, before) {
            (Some(view), _) => Choice::Next {
                view,
                others: waiting.len().saturating_sub(1),
            },
            (None, Some(_)) => Choice::Nobody,
            (None, None) => Choice::Same,
        }
    }

    /// Whether the last answer is about to be confirmed. Most servers confirm at once; one that does not keeps nobody from the
    /// next request.
    fn awaits_receipt(
        &mut self,
        open: &[StatementView],
        now: UnixSeconds,
        is_silent: impl Fn(RecordId) -> bool,
    ) -> bool {
        let Some((id, since)) = self.sent else {
            return false;
        };
        match open.iter().find(|view| view.id == id) {
            Some(view) if view.cannot_approve == Some(CannotApprove::Answered) => {
                let is_late = now.since(since) >= CONFIRMED_WITHIN_S;
                if !is_late && !is_silent(view.account) {
                    return true;
                }
            }
            // The number was wrong: it is before the person again.
            Some(view) => self.shown = Some(view.id),
            None => {}
        }
        self.sent = None;
        false
    }

    /// A request was answered here; true when it was its turn.
    pub(super) fn answered(&mut self, id: StatementId, now: UnixSeconds) -> bool {
        let was_shown = self.shown == Some(id);
        if was_shown {
            self.shown = None;
            self.sent = Some((id, now));
        }
        was_shown
    }

    /// Esc: the request stays open, and the next one has its turn. When all were left they come around again.
    pub(super) fn skip(&mut self) {
        self.times_left += 1;
        if let Some(followed) = self.shown.and_then(|id| self.followed.get_mut(&id)) {
            followed.left = Some(self.times_left);
        }
        self.shown = None;
    }
}

#[cfg(test)]
mod tests;
