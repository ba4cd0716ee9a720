//! Every step that anybody can take.

use stateright::{Model, Property};

use super::device::{Asking, Device, Told, View};
use super::server::{Outcome, Server};
use super::{ANSWERS_MAX, Answers, Decision, Fault, State, properties};
use crate::bits::Bits;
use crate::check::{Ends, Goal};
use crate::pair::{Pair, Which};

/// A step.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Action {
    /// A device scans the statement from the sign-in page.
    Scan(Which),
    /// The person decides, and the device stores the answer.
    Decide(Which, Decision),
    /// A stored answer is sent, for the first time or again.
    Send(Which, u8),
    /// An answer arrives at the server.
    Answer(Which, u8),
    /// A receipt arrives.
    Receipt(Which, u8),
    /// A device asks what there is.
    Fetch(Which),
    /// Its question arrives.
    AnswerFetch(Which),
    /// The reply arrives.
    TakeState(Which),
    /// A device is killed, or gives up waiting.
    Kill(Which),
    /// Everything on its way is lost.
    Lose,
    /// The statement's time is up.
    Expire,
    /// The server forgets a statement that ended a day ago.
    Forget,
}

impl Model for Answers {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            devices: Pair::default(),
            server: Server::new(self.tries),
            sent: Pair::default(),
            receipts: Pair::default(),
        }]
    }

    fn actions(&self, _: &State, actions: &mut Vec<Action>) {
        for which in Which::BOTH {
            actions.extend([
                Action::Scan(which),
                Action::Decide(which, Decision::Approve),
                Action::Decide(which, Decision::ApproveWrong),
                Action::Decide(which, Decision::Deny),
                Action::Decide(which, Decision::Report),
                Action::Fetch(which),
                Action::AnswerFetch(which),
                Action::TakeState(which),
                Action::Kill(which),
            ]);
            for number in 0..ANSWERS_MAX {
                actions.extend([
                    Action::Send(which, number),
                    Action::Answer(which, number),
                    Action::Receipt(which, number),
                ]);
            }
        }
        actions.extend([Action::Lose, Action::Expire, Action::Forget]);
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = *state;
        match action {
            Action::Scan(which) => next.devices.of_mut(which).scan(&state.server)?,
            Action::Decide(which, decision) => self.decide(&mut next, which, decision)?,
            Action::Send(which, number) => {
                let device = state.devices.of(which);
                if !device.waiting.has(number) && !device.unsaved.has(number) {
                    return None;
                }
                let sent = next.sent.of_mut(which);
                *sent = sent.with(number);
            }
            Action::Answer(which, number) => {
                if !state.sent.of(which).has(number) {
                    return None;
                }
                let decision = state.devices.of(which).decision(number)?;
                if next.server.take(which, number, decision, self) {
                    let receipts = next.receipts.of_mut(which);
                    *receipts = receipts.with(number);
                }
            }
            Action::Receipt(which, number) => {
                if !state.receipts.of(which).has(number) {
                    return None;
                }
                let reply = state.server.reply(which, number)?;
                next.devices.of_mut(which).take_receipt(number, reply, self);
            }
            Action::Fetch(which) => {
                let device = next.devices.of_mut(which);
                if device.asking != Asking::Nothing {
                    return None;
                }
                device.asking = Asking::Sent {
                    names: device.names_it(),
                };
            }
            Action::AnswerFetch(which) => {
                let device = next.devices.of_mut(which);
                let Asking::Sent { names } = device.asking else {
                    return None;
                };
                let told = self.tell(&state.server, names);
                device.asking = Asking::Answered { names, told };
            }
            Action::TakeState(which) => {
                let device = next.devices.of_mut(which);
                let Asking::Answered { names, told } = device.asking else {
                    return None;
                };
                device.take_state(names, told, state.server.outcome, self);
            }
            Action::Kill(which) => next.devices.of_mut(which).kill(self),
            Action::Lose => {
                next.sent = Pair::default();
                next.receipts = Pair::default();
            }
            Action::Expire => {
                if state.server.outcome.is_some() {
                    return None;
                }
                next.server.end(Outcome::Expired);
            }
            Action::Forget => {
                next.server.outcome?;
                next.server.is_forgotten = true;
            }
        }
        (next != *state).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all(self)
    }
}

impl Ends for Answers {
    fn goals(&self) -> Vec<Goal<Self>> {
        properties::goals()
    }
}

impl Device {
    fn scan(&mut self, server: &Server) -> Option<()> {
        // The page shows it while it is open, and the device's own view of its time saves only a useless question.
        if self.view != View::Unseen || server.outcome.is_some() {
            return None;
        }
        self.view = View::Held;
        Some(())
    }
}

impl Answers {
    fn decide(&self, next: &mut State, which: Which, decision: Decision) -> Option<()> {
        let made: u8 = Which::BOTH
            .iter()
            .map(|which| next.devices.of(*which).made_count())
            .sum();
        // Both devices are alike: the first is whichever is answered on first.
        if which == Which::Second && made == 0 {
            return None;
        }
        let device = next.devices.of_mut(which);
        if made >= self.answers_max || !device.can_decide(decision) {
            return None;
        }
        device.make(decision, !self.lacks(Fault::SendsBeforeStoring))?;
        device.person_approved |= decision == Decision::Approve;
        Some(())
    }

    fn tell(&self, server: &Server, names: bool) -> Told {
        let is_left_out = !self.listed && (!names || self.lacks(Fault::ScannedIsLeftOut));
        match server.outcome {
            _ if server.is_forgotten => Told::Nothing,
            None if is_left_out => Told::Nothing,
            None => Told::Open,
            Some(_) if names && !self.lacks(Fault::ClosedIsLeftOut) => Told::Closed,
            Some(_) if names => Told::Open,
            Some(_) => Told::Nothing,
        }
    }
}

impl State {
    /// How many answers but reports were sent by a device and not judged yet.
    pub(super) fn unjudged(&self, which: Which) -> u32 {
        let device = self.devices.of(which);
        let judged = |number| self.server.reply(which, number).is_some();
        let mut unjudged = Bits::NONE;
        for number in 0..ANSWERS_MAX {
            let is_answer = device
                .decision(number)
                .is_some_and(|decision| decision != Decision::Report);
            if is_answer && !judged(number) && self.sent.of(which).has(number) {
                unjudged = unjudged.with(number);
            }
        }
        unjudged.count()
    }
}
