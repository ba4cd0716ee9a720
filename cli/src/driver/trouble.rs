//! What is wrong between this process and the servers, and what was said of it: once when it begins, and once when it is over.

use std::collections::BTreeMap;

use countersign_core::approval::{Cause, Event, Hint, Lane, Reply, Unreachable, WorkView};
use countersign_core::time::UnixSeconds;
use countersign_core::vault::RecordId;

/// What is wrong with what a server answers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Trouble {
    /// It gives no answer; why, where that is more than that it says it cannot now.
    Silent(Option<Unreachable>),
    /// What it answered was refused.
    Refused(Cause),
    /// It says without proof that it will not.
    Hint(Hint),
}

/// What is new about a server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Tidings {
    /// This is wrong from now on.
    Begun(Trouble),
    /// Nothing is wrong any more.
    Over,
}

/// What the last answers of all servers were, as far as they were none that could be taken.
#[derive(Debug, Default)]
pub(super) struct Troubles(BTreeMap<(RecordId, Lane), Trouble>);

impl Troubles {
    /// Notes what came on a lane. `view` is how its account stands `now`, after it, and `events` are what happened by it.
    pub(super) fn note(
        &mut self,
        lane: (RecordId, Lane),
        reply: &Reply,
        events: &[Event],
        view: Option<&WorkView>,
        now: UnixSeconds,
    ) {
        let refused = events.iter().find_map(|event| match event {
            Event::Refused { cause, .. } => Some(*cause),
            _ => None,
        });
        let trouble = match (reply, refused) {
            (Reply::Unreachable(why), _) => Some(Trouble::Silent(Some(*why))),
            (Reply::Answered { .. }, Some(cause)) => Some(Trouble::Refused(cause)),
            (Reply::Answered { .. }, None) => view.and_then(|view| unproven(view, now)),
        };
        match trouble {
            Some(trouble) => self.0.insert(lane, trouble),
            None => self.0.remove(&lane),
        };
        let is_end = |event: &Event| matches!(event, Event::Outcome { .. });
        if trouble.is_none() && events.iter().any(is_end) {
            // What an answer met is over with its request.
            self.0.remove(&(lane.0, Lane::Say));
        }
    }

    /// What is wrong with an account's server; what it says when it is asked comes first.
    pub(super) fn of(&self, account: RecordId) -> Option<Trouble> {
        let mut lanes = [Lane::Ask, Lane::Say].into_iter();
        lanes.find_map(|lane| self.0.get(&(account, lane)).copied())
    }
}

/// A hint that was given now; otherwise an answer that leaves the server as one that does not answer says that it cannot.
fn unproven(view: &WorkView, now: UnixSeconds) -> Option<Trouble> {
    match (view.hint, view.unreachable_since) {
        (Some(hint), _) if view.last_answer_at == Some(now) => Some(Trouble::Hint(hint)),
        (_, Some(_)) => Some(Trouble::Silent(None)),
        (_, None) => None,
    }
}

/// What was said of each account's server.
#[derive(Debug, Default)]
pub(crate) struct Said(BTreeMap<RecordId, Trouble>);

impl Said {
    /// Nothing yet.
    pub(crate) const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Compares what is wrong with what was said of it, and takes it as said.
    pub(crate) fn tidings(
        &mut self,
        account: RecordId,
        trouble: Option<Trouble>,
    ) -> Option<Tidings> {
        match trouble {
            Some(trouble) => {
                let before = self.0.insert(account, trouble);
                (before != Some(trouble)).then_some(Tidings::Begun(trouble))
            }
            None => self.0.remove(&account).map(|_| Tidings::Over),
        }
    }
}

#[cfg(test)]
mod tests {
    use countersign_core::approval::{Outcome, StatementId};

    use super::*;

    #[test]
    fn each_trouble_is_said_once_and_so_is_its_end() {
        let account = RecordId::from_bytes([1; 16]);
        let mut said = Said::new();
        let [silent, hint] = [Trouble::Silent(None), Trouble::Hint(Hint::UnknownDevice)];
        for (trouble, expected) in [
            (None, None),
            (Some(silent), Some(Tidings::Begun(silent))),
            (Some(silent), None),
            (Some(hint), Some(Tidings::Begun(hint))),
            (None, Some(Tidings::Over)),
            (None, None),
            (Some(hint), Some(Tidings::Begun(hint))),
        ] {
            assert_eq!(said.tidings(account, trouble), expected);
        }
    }

    #[test]
    fn what_an_answer_met_stays_until_its_request_has_ended() {
        let account = RecordId::from_bytes([1; 16]);
        let refused = Event::Refused {
            account,
            cause: Cause::Form,
        };
        let ended = Event::Outcome {
            account,
            statement: StatementId::from_bytes([2; 16]),
            outcome: Outcome::Expired,
        };
        let reply = Reply::Answered {
            status: 200,
            retry_after_s: None,
            body: Vec::new(),
        };
        let mut troubles = Troubles::default();
        let mut note = |lane, events: &[Event]| {
            troubles.note((account, lane), &reply, events, None, UnixSeconds(1));
            troubles.of(account)
        };
        let trouble = Some(Trouble::Refused(Cause::Form));
        assert_eq!(note(Lane::Say, &[refused]), trouble);
        assert_eq!(note(Lane::Ask, &[]), trouble);
        assert_eq!(note(Lane::Ask, &[ended]), None);
    }
}
