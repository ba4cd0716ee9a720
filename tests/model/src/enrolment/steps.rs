//! What the larger steps do.

use super::phone::{Asking, Phone, Standing, Verdict};
use super::server::{Enrolled, Stage, Trial, Who};
use super::{Document, Enrolment, Fault, State};
use crate::bits::Bits;
use crate::pair::Which;

/// The place of a test's answer in a set.
pub(super) const fn answer_place(which: Which, verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Approve => test_place(which),
        Verdict::Deny => 2 + test_place(which),
    }
}

/// The place of a test in a set.
pub(super) const fn test_place(which: Which) -> u8 {
    match which {
        Which::First => 0,
        Which::Second => 1,
    }
}

/// The place of a pair of numbers in a set: the phone's rests on its keys and its document, Mallory's never changes.
const fn guess_place(attempt: Which, shown: Document) -> u8 {
    let document = match shown {
        Document::Server | Document::ServerAgain | Document::Aimed => 0,
        Document::Blind => 1,
        Document::BlindAgain => 2,
    };
    3 * test_place(attempt) + document
}

/// The phone and the network.
impl State {
    /// Once a document is stored, the enrolment is never sent again.
    pub(super) fn send_enrol(&mut self, model: &Enrolment) -> Option<()> {
        if !self.phone.is_enrolling() || self.phone.document.is_some() {
            return None;
        }
        self.enrol_sent = true;
        self.nonce_known |= model.lacks(Fault::RevealsAtOnce) && !model.is_pinned;
        Some(())
    }

    pub(super) fn enrol(&mut self, model: &Enrolment) -> Option<()> {
        let who = Who::Phone(self.phone.attempt.filter(|_| self.enrol_sent)?);
        let document = self.server.enrol(who, model)?;
        self.documents_sent = self.documents_sent.with(document.place());
        Some(())
    }

    /// Every fetch reveals, until the device is active; a reveal that goes through Mallory is known to them.
    pub(super) fn fetch(&mut self, model: &Enrolment) -> Option<()> {
        let is_known = self.phone.standing != Standing::Ended && self.phone.shown().is_some();
        if !is_known || self.phone.asking != Asking::Nothing {
            return None;
        }
        self.phone.asking = Asking::Sent;
        if self.phone.standing == Standing::Unfinished {
            self.reveal_sent = true;
            self.nonce_known |= !model.is_pinned;
        }
        Some(())
    }

    pub(super) fn reveal(&mut self) -> Option<()> {
        let is_sent = self.reveal_sent;
        let device = self.phones_device().filter(|_| is_sent)?;
        device.is_revealed = true;
        Some(())
    }

    pub(super) fn answer_fetch(&mut self, model: &Enrolment) -> Option<()> {
        if self.phone.asking != Asking::Sent {
            return None;
        }
        let device = *self.phones_device()?;
        if device.stage == Stage::Removed && model.lacks(Fault::NoTombstone) {
            return None;
        }
        self.phone.asking = Asking::Answered(device.stage, device.trials);
        Some(())
    }

    pub(super) fn answer(
        &mut self,
        which: Which,
        verdict: Verdict,
        model: &Enrolment,
    ) -> Option<()> {
        let is_sent = self.answers_sent.has(answer_place(which, verdict));
        self.phones_device()
            .filter(|_| is_sent)?
            .judge(which, verdict, model);
        self.receipts_sent = self.receipts_sent.with(test_place(which));
        Some(())
    }

    pub(super) fn lose(&mut self) {
        self.enrol_sent = false;
        self.documents_sent = Bits::NONE;
        self.reveal_sent = false;
        self.answers_sent = Bits::NONE;
        self.receipts_sent = Bits::NONE;
    }

    /// A stored document of the server's is given up by nothing that is not signed.
    pub(super) fn give_up(&mut self) -> Option<()> {
        if self.phone.standing != Standing::Unfinished
            || self.phone.document.is_some_and(Document::is_the_servers)
        {
            return None;
        }
        self.phone.standing = Standing::Ended;
        Some(())
    }

    pub(super) fn begin_again(&mut self, model: &Enrolment) -> Option<()> {
        if !model.lacks(Fault::SameCodeAgain)
            || self.phone.standing != Standing::Ended
            || self.phone.attempt != Some(Which::First)
        {
            return None;
        }
        self.phone = Phone {
            attempt: Some(Which::Second),
            ..Phone::default()
        };
        self.nonce_known = false;
        self.lose();
        Some(())
    }

    /// The server's device, when it has the phone's present keys.
    pub(super) fn phones_device(&mut self) -> Option<&mut Enrolled> {
        let attempt = self.phone.attempt?;
        let device = self.server.device.as_mut()?;
        (device.who == Who::Phone(attempt)).then_some(device)
    }
}

/// The page and the person before it.
impl State {
    pub(super) fn asked_after(&mut self) -> Option<&mut Enrolled> {
        self.server.device.as_mut().filter(|it| it.is_asked_after())
    }

    pub(super) fn unfinished(&mut self) -> Option<&mut Enrolled> {
        self.server.device.as_mut().filter(|it| it.is_unfinished())
    }

    /// The number on the phone is held against the one that the server derives for its device.
    pub(super) fn bring_number(&mut self, with_luck: bool, model: &Enrolment) -> Option<()> {
        let shown = self.phone.shown()?;
        let attempt = self.phone.attempt?;
        let device = *self.asked_after()?;
        let is_equal = match device.who {
            Who::Phone(enrolled) => enrolled == attempt && shown == device.document,
            Who::Mallory => shown == Document::Aimed,
            Who::MalloryAimed => true,
        };
        let place = guess_place(attempt, shown);
        let is_a_guess = device.who.is_mallory() && !is_equal;
        if with_luck && (!is_a_guess || self.guesses.has(place)) {
            return None;
        }
        if is_a_guess {
            self.guesses = self.guesses.with(place);
            self.is_lucky |= with_luck;
        }
        self.asked_after()?.confirm(is_equal || with_luck, model);
        Some(())
    }

    pub(super) fn expire_test(&mut self) -> Option<()> {
        let device = self.server.device.as_mut()?;
        let which = Which::BOTH
            .into_iter()
            .find(|which| *device.trials.of(*which) == Trial::Open)?;
        *device.trials.of_mut(which) = Trial::Over;
        Some(())
    }
}

/// Mallory.
impl State {
    pub(super) fn mallory(&mut self) -> Option<&mut Enrolled> {
        self.unfinished().filter(|device| device.who.is_mallory())
    }

    /// Whether the phone's number is fixed and known to Mallory, who can now try what is left to them to choose.
    fn is_target_known(&self) -> bool {
        self.nonce_known && self.phone.shown().is_some()
    }

    pub(super) fn mallory_enrols(&mut self, model: &Enrolment) -> Option<()> {
        let is_there = self
            .server
            .device
            .is_some_and(|device| device.who.is_mallory());
        if !is_there {
            self.server.enrol(Who::Mallory, model)?;
            return Some(());
        }
        // The same bytes again, or others: where either gives another number, they are tried until it is the phone's.
        let is_another =
            model.lacks(Fault::InvitationTwice) || model.lacks(Fault::AnotherDocumentForTheSame);
        if !is_another || !self.is_target_known() {
            return None;
        }
        if model.lacks(Fault::InvitationTwice) {
            self.server.accepted += 1;
        }
        let device = self.unfinished()?;
        device.who = Who::MalloryAimed;
        Some(())
    }

    pub(super) fn mallory_reveals(&mut self, model: &Enrolment) -> Option<()> {
        let is_aimed = model.lacks(Fault::TakesAnyReveal) && self.is_target_known();
        let device = self.mallory()?;
        if !device.is_revealed && is_aimed {
            device.who = Who::MalloryAimed;
        }
        device.is_revealed = true;
        Some(())
    }

    /// A document can be aimed once Mallory knows their own device's number and the phone's nonce.
    pub(super) fn mallory_offers(&mut self, document: Document, model: &Enrolment) -> Option<()> {
        let can_aim = self.nonce_known && self.mallory().is_some();
        let can_offer = match document {
            Document::Server | Document::ServerAgain => false,
            Document::Blind | Document::BlindAgain => true,
            Document::Aimed => can_aim,
        };
        // Whoever is not in the middle saw no enrolment to which a document could be the reply.
        if !can_offer || model.is_pinned || !self.enrol_sent {
            return None;
        }
        self.documents_sent = self.documents_sent.with(document.place());
        Some(())
    }
}
