//! Every step that anybody can take.

use stateright::{Model, Property};

use super::device::{Ask, Device, Seen};
use super::server::{Fate, Server};
use super::{Rotation, State, properties};
use crate::bits::Bits;
use crate::check::{Ends, Goal};
use crate::pair::{Pair, Which};

/// A step.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Action {
    /// A new key joins the server's list.
    AddKey,
    /// The older keys leave it.
    RetireKeys,
    /// A statement is made.
    MakeStatement,
    /// Its time is up.
    ExpireStatement,
    /// The server is backed up.
    BackUp,
    /// The server is restored.
    Restore,
    /// The device asks what there is.
    Fetch(Which),
    /// Its question arrives.
    AnswerFetch(Which),
    /// The reply arrives.
    TakeState(Which),
    /// The person approves, and the answer is stored.
    Approve,
    /// The answer is sent, for the first time or again.
    SendAnswer,
    /// The answer that may name this key arrives.
    Answer(u8),
    /// A receipt under this key arrives.
    Receipt(u8),
    /// The device is killed, or gives up waiting.
    Kill,
    /// Everything on its way is lost.
    Lose,
}

impl Model for Rotation {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            device: Device {
                version_max: 1,
                sequence: 1,
                change: 1,
                ..Device::default()
            },
            server: Server::new(),
            answers_sent: Bits::NONE,
            receipts_sent: Bits::NONE,
        }]
    }

    fn actions(&self, _: &State, actions: &mut Vec<Action>) {
        actions.extend([
            Action::AddKey,
            Action::RetireKeys,
            Action::MakeStatement,
            Action::ExpireStatement,
            Action::Fetch(Which::First),
            Action::AnswerFetch(Which::First),
            Action::TakeState(Which::First),
            Action::Approve,
            Action::SendAnswer,
            Action::Kill,
            Action::Lose,
        ]);
        for key in 0..self.keys_max {
            actions.extend([Action::Answer(key), Action::Receipt(key)]);
        }
        if self.two_fetches {
            actions.extend([
                Action::Fetch(Which::Second),
                Action::AnswerFetch(Which::Second),
                Action::TakeState(Which::Second),
            ]);
        }
        if self.may_be_restored {
            actions.extend([Action::BackUp, Action::Restore]);
        }
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = *state;
        match action {
            Action::AddKey => next.server.add_key(self)?,
            Action::RetireKeys => next.server.retire_keys(self)?,
            Action::MakeStatement => {
                if state.server.fate != Fate::Unmade {
                    return None;
                }
                next.server.fate = Fate::Open(state.server.listed_key());
                next.server.change();
            }
            Action::ExpireStatement => {
                if !matches!(state.server.fate, Fate::Open(_)) {
                    return None;
                }
                next.server.fate = Fate::Expired;
                next.server.change();
            }
            Action::BackUp => {
                if state.server.backup.is_some() {
                    return None;
                }
                next.server.backup = Some(state.server.record);
                next.server.backup_key = state.server.newest_key;
            }
            Action::Restore => next.server.restore(self)?,
            Action::Fetch(which) => next.device.fetch(which)?,
            Action::AnswerFetch(which) => {
                let Ask::Sent {
                    have,
                    names,
                    is_fresh,
                } = *state.device.asks.of(which)
                else {
                    return None;
                };
                let reply = next.server.answer_fetch(have, self)?;
                *next.device.asks.of_mut(which) = Ask::Answered {
                    names,
                    is_fresh,
                    reply,
                };
            }
            Action::TakeState(which) => {
                let documents = state.server.documents;
                next.device.take_state(which, &documents, self)?;
            }
            Action::Approve => {
                if state.device.seen != Seen::Held {
                    return None;
                }
                next.device.seen = Seen::Answered;
            }
            Action::SendAnswer => {
                if state.device.seen != Seen::Answered {
                    return None;
                }
                let key = if self.requests_name_a_key {
                    state.device.newest_key(&state.server.documents)
                } else {
                    0
                };
                next.answers_sent = next.answers_sent.with(key);
            }
            Action::Answer(key) => next.answer(key, self)?,
            Action::Receipt(key) => {
                let is_known = state.device.knows(key, &state.server.documents);
                if !state.receipts_sent.has(key) || !is_known {
                    return None;
                }
                next.device.seen = Seen::Ended;
            }
            Action::Kill => next.device.asks = Pair::default(),
            Action::Lose => {
                next.answers_sent = Bits::NONE;
                next.receipts_sent = Bits::NONE;
            }
        }
        (next != *state).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all(self)
    }
}

impl Ends for Rotation {
    fn goals(&self) -> Vec<Goal<Self>> {
        properties::goals()
    }
}

impl State {
    fn answer(&mut self, named: u8, model: &Rotation) -> Option<()> {
        if !self.answers_sent.has(named) {
            return None;
        }
        match self.server.fate {
            Fate::Unmade | Fate::Unknown => return None,
            Fate::Open(_) => {
                self.server.fate = Fate::Approved;
                self.server.change();
            }
            Fate::Approved | Fate::Expired => {}
        }
        let key = self.server.receipt(named, model);
        self.receipts_sent = self.receipts_sent.with(key);
        Some(())
    }
}
