//! Every step that anybody can take.

use stateright::{Model, Property};

use super::phone::{Phone, Test, Verdict};
use super::server::{Server, Trial};
use super::steps::{answer_place, test_place};
use super::{Document, Enrolment, State, properties};
use crate::bits::Bits;
use crate::check::{Ends, Goal};
use crate::pair::Which;

/// A step.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Action {
    /// The phone sends its enrolment, for the first time or again.
    SendEnrol,
    /// It arrives.
    Enrol,
    /// A first document arrives at the phone.
    TakeDocument(Document),
    /// The phone stores what it had only in its memory.
    Store,
    /// The phone fetches, and reveals its nonce.
    Fetch,
    /// The reveal arrives.
    Reveal,
    /// The fetch arrives, and is answered.
    AnswerFetch,
    /// The reply arrives.
    TakeState,
    /// The person brings the phone's number to the page.
    BringNumber,
    /// The same, and two numbers that nobody aimed at one another are equal.
    BringNumberWithLuck,
    /// The person types another number than the phone's.
    Mistype,
    /// The page sends a test, for the first time or again.
    SendTest,
    /// The person decides on the test, and the phone stores the answer.
    Decide(Verdict),
    /// The stored answer is sent, for the first time or again.
    SendAnswer,
    /// An answer arrives.
    Answer(Which, Verdict),
    /// A receipt arrives.
    Receipt(Which),
    /// The phone is killed, or gives up waiting.
    Kill,
    /// Everything on its way is lost.
    Lose,
    /// The phone gives up an account of which it has heard nothing that its server signed.
    GiveUp,
    /// The phone begins again with fresh keys and the same code.
    BeginAgain,
    /// The invitation's time is up.
    Expire,
    /// The unfinished device's time is up.
    TimeOut,
    /// The test's time is up.
    ExpireTest,
    /// Mallory enrols a device of their own.
    MalloryEnrols,
    /// Mallory reveals their nonce.
    MalloryReveals,
    /// Mallory reveals another nonce than they committed to.
    MalloryRevealsAnother,
    /// Mallory offers the phone a document of their own.
    MalloryOffers(Document),
    /// Mallory's device approves its test, with the number that the person typed for it.
    MalloryApproves,
}

impl Model for Enrolment {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            phone: Phone::new(),
            server: Server::default(),
            enrol_sent: false,
            documents_sent: Bits::NONE,
            reveal_sent: false,
            answers_sent: Bits::NONE,
            receipts_sent: Bits::NONE,
            nonce_known: false,
            guesses: Bits::NONE,
            is_lucky: false,
        }]
    }

    fn actions(&self, _: &State, actions: &mut Vec<Action>) {
        actions.extend([
            Action::SendEnrol,
            Action::Enrol,
            Action::Store,
            Action::Fetch,
            Action::Reveal,
            Action::AnswerFetch,
            Action::TakeState,
            Action::BringNumber,
            Action::BringNumberWithLuck,
            Action::Mistype,
            Action::SendTest,
            Action::SendAnswer,
            Action::Kill,
            Action::Lose,
            Action::GiveUp,
            Action::BeginAgain,
            Action::Expire,
            Action::TimeOut,
            Action::ExpireTest,
            Action::MalloryEnrols,
            Action::MalloryReveals,
            Action::MalloryRevealsAnother,
            Action::MalloryApproves,
        ]);
        actions.extend(Document::ALL.map(Action::TakeDocument));
        actions.extend(Document::ALL.map(Action::MalloryOffers));
        actions.extend(Verdict::BOTH.map(Action::Decide));
        for which in Which::BOTH {
            actions.push(Action::Receipt(which));
            actions.extend(Verdict::BOTH.map(|verdict| Action::Answer(which, verdict)));
        }
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = *state;
        match action {
            Action::SendEnrol => next.send_enrol(self)?,
            Action::Enrol => next.enrol(self)?,
            Action::TakeDocument(document) => {
                if !state.documents_sent.has(document.place()) {
                    return None;
                }
                next.phone.take_document(document, self)?;
            }
            Action::Store => next.phone.document = Some(next.phone.unsaved.take()?),
            Action::Fetch => next.fetch(self)?,
            Action::Reveal => next.reveal()?,
            Action::AnswerFetch => next.answer_fetch(self)?,
            Action::TakeState => next.phone.take_state()?,
            Action::BringNumber => next.bring_number(false, self)?,
            Action::BringNumberWithLuck => next.bring_number(true, self)?,
            Action::Mistype => {
                state.phone.shown()?;
                next.asked_after()?.confirm(false, self);
            }
            Action::SendTest => {
                let device = next.server.device.as_mut()?;
                *device.trials.of_mut(device.next_test()?) = Trial::Open;
            }
            Action::Decide(verdict) => next.phone.decide(verdict)?,
            Action::SendAnswer => {
                let Test::Answered(which, verdict) = state.phone.test else {
                    return None;
                };
                next.answers_sent = next.answers_sent.with(answer_place(which, verdict));
            }
            Action::Answer(which, verdict) => next.answer(which, verdict, self)?,
            Action::Receipt(which) => {
                if !state.receipts_sent.has(test_place(which)) {
                    return None;
                }
                next.phone.end_test(which);
            }
            Action::Kill => next.phone.kill(self),
            Action::Lose => next.lose(),
            Action::GiveUp => next.give_up()?,
            Action::BeginAgain => next.begin_again(self)?,
            Action::Expire => {
                next.server.is_expired |= next.server.device.is_none();
            }
            Action::TimeOut => next.unfinished()?.end(),
            Action::ExpireTest => next.expire_test()?,
            Action::MalloryEnrols => next.mallory_enrols(self)?,
            Action::MalloryReveals => next.mallory_reveals(self)?,
            Action::MalloryRevealsAnother => next.mallory()?.end(),
            Action::MalloryOffers(document) => next.mallory_offers(document, self)?,
            Action::MalloryApproves => {
                let device = next.mallory()?;
                for which in Which::BOTH {
                    device.judge(which, Verdict::Approve, self);
                }
            }
        }
        (next != *state).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all(self)
    }
}

impl Ends for Enrolment {
    fn goals(&self) -> Vec<Goal<Self>> {
        properties::goals()
    }
}
