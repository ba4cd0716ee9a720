//! Every step that anybody can take.

use stateright::{Model, Property};

use super::new_phone::{NewPhone, Test};
use super::old_phone::{OldPhone, Sees};
use super::server::{Fate, OldStands, Server, place};
use super::{Moving, Phone, Seen, State, properties};
use crate::bits::Bits;
use crate::check::{Ends, Goal};
use crate::pair::{Pair, Which};

/// A step.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Action {
    /// The person begins a move on the old phone, which asks for it.
    SendStart,
    /// It arrives.
    Start,
    /// The person types the new phone's number into the old one, which sends it.
    SendRight,
    /// The person types another number.
    SendWrong,
    /// A right number, sent in this move, arrives.
    Right(Which),
    /// A wrong number, sent in this move, arrives.
    Wrong(Which),
    /// The person ends the move on the old phone, which says so.
    SendAbort,
    /// The end of this move arrives.
    Abort(Which),
    /// The move's time is up.
    TimeOut,
    /// The new phone scans the invitation.
    Scan,
    /// The new phone sends its enrolment, for the first time or again.
    SendEnrol,
    /// It arrives.
    Enrol,
    /// The document arrives, and is stored.
    TakeDocument,
    /// The new phone gives up: nothing was enrolled, and the invitation is worth nothing any more.
    GiveUp,
    /// The person approves the test on the new phone, with the number that the old one shows.
    ApproveTest,
    /// The stored answer is sent, for the first time or again.
    SendTest,
    /// It arrives.
    TakeTest,
    /// A phone asks what there is.
    Fetch(Phone),
    /// Its question arrives.
    AnswerFetch(Phone),
    /// The reply arrives.
    TakeState(Phone),
    /// A real statement is made.
    MakeStatement,
    /// Its time is up.
    ExpireStatement,
    /// The person approves it on a phone.
    Approve(Phone),
    /// The stored answer is sent, for the first time or again.
    SendAnswer(Phone),
    /// It arrives.
    Answer(Phone),
    /// The old phone is suspended.
    Suspend,
    /// The old phone is removed.
    Remove,
    /// A phone is killed, or gives up waiting.
    Kill(Phone),
    /// Everything on its way is lost.
    Lose,
}

impl Model for Moving {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            old: OldPhone::default(),
            new: NewPhone::default(),
            seen: Pair::default(),
            server: Server::default(),
            start_sent: false,
            right_sent: Bits::NONE,
            wrong_sent: Bits::NONE,
            abort_sent: Bits::NONE,
            enrol_sent: false,
            document_sent: false,
            test_sent: false,
            answer_sent: Bits::NONE,
        }]
    }

    fn actions(&self, _: &State, actions: &mut Vec<Action>) {
        actions.extend([
            Action::SendStart,
            Action::Start,
            Action::SendRight,
            Action::SendWrong,
            Action::SendAbort,
            Action::TimeOut,
            Action::Scan,
            Action::SendEnrol,
            Action::Enrol,
            Action::TakeDocument,
            Action::GiveUp,
            Action::ApproveTest,
            Action::SendTest,
            Action::TakeTest,
            Action::Lose,
        ]);
        if self.is_disturbed {
            actions.extend([
                Action::MakeStatement,
                Action::ExpireStatement,
                Action::Suspend,
                Action::Remove,
            ]);
        }
        for which in Which::BOTH {
            actions.extend([
                Action::Right(which),
                Action::Wrong(which),
                Action::Abort(which),
                Action::Fetch(which),
                Action::AnswerFetch(which),
                Action::TakeState(which),
                Action::Approve(which),
                Action::SendAnswer(which),
                Action::Answer(which),
                Action::Kill(which),
            ]);
        }
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = *state;
        match action {
            Action::SendStart => next.send_start()?,
            Action::Start => {
                // Each request is taken once; to ask again is another request.
                next.start_sent = !std::mem::replace(&mut next.start_sent, false);
                if next.start_sent {
                    return None;
                }
                next.server.start(self);
            }
            Action::SendRight => {
                let which = next.typed()?;
                next.right_sent = next.right_sent.with(place(which));
            }
            Action::SendWrong => {
                let which = next.typed()?;
                next.wrong_sent = next.wrong_sent.with(place(which));
            }
            Action::Right(which) => {
                let sent = take(&mut next.right_sent, which)?;
                next.server.confirm(sent, true, self);
            }
            Action::Wrong(which) => {
                let sent = take(&mut next.wrong_sent, which)?;
                next.server.confirm(sent, false, self);
            }
            Action::SendAbort => {
                let which = state.old.sees.which()?;
                next.abort_sent = next.abort_sent.with(place(which));
            }
            Action::Abort(which) => {
                let sent = take(&mut next.abort_sent, which)?;
                next.server.abort(sent, self);
            }
            Action::TimeOut => {
                next.server.open?;
                next.server.end_move(self);
            }
            Action::Scan => next.scan()?,
            Action::SendEnrol => {
                next.enrol_sent |= state.new.is_unfinished() && !state.new.has_document;
            }
            Action::Enrol => next.enrol()?,
            Action::TakeDocument => {
                next.new.has_document |= state.document_sent && state.new.is_unfinished();
            }
            Action::GiveUp => next.give_up()?,
            Action::ApproveTest => {
                let is_shown = state.old.sees.which() == state.new.scanned
                    && matches!(state.old.sees, Sees::Testing(_));
                if state.new.test != Test::Held || !is_shown {
                    return None;
                }
                next.new.test = Test::Answered;
            }
            Action::SendTest => next.test_sent |= state.new.test == Test::Answered,
            Action::TakeTest => {
                let which = state.new.scanned.filter(|_| state.test_sent)?;
                next.server.take_over(which, self)?;
            }
            Action::Fetch(phone) => next.fetch(phone)?,
            Action::AnswerFetch(phone) => next.answer_fetch(phone, self)?,
            Action::TakeState(phone) => next.take_state(phone)?,
            Action::MakeStatement => next.server.make_statement()?,
            Action::ExpireStatement => {
                if !matches!(state.server.fate, Fate::Open(_)) {
                    return None;
                }
                next.server.fate = Fate::Withdrawn;
            }
            Action::Approve(phone) => {
                if *state.seen.of(phone) != Seen::Held {
                    return None;
                }
                *next.seen.of_mut(phone) = Seen::Answered;
            }
            Action::SendAnswer(phone) => {
                if *state.seen.of(phone) == Seen::Answered {
                    next.answer_sent = next.answer_sent.with(place(phone));
                }
            }
            Action::Answer(phone) => {
                if !state.answer_sent.has(place(phone)) {
                    return None;
                }
                next.server.answer(phone, self)?;
            }
            Action::Suspend => next.server.stop_old(OldStands::Suspended, self)?,
            Action::Remove => next.server.stop_old(OldStands::Removed, self)?,
            Action::Kill(phone) => next.kill(phone, self),
            Action::Lose => next.lose(),
        }
        (next != *state).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all(self)
    }
}

impl Ends for Moving {
    fn goals(&self) -> Vec<Goal<Self>> {
        properties::goals()
    }
}

/// A request is taken once.
fn take(sent: &mut Bits, which: Which) -> Option<Which> {
    let is_sent = sent.has(place(which));
    *sent = sent.without(place(which));
    is_sent.then_some(which)
}
