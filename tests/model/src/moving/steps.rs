//! What the larger steps do.

use super::new_phone::{self, Progress};
use super::old_phone::{self, Sees};
use super::server::{Fate, OldStands, Stage};
use super::{Fault, Moving, NEW, OLD, Phone, Seen, State};
use crate::bits::Bits;
use crate::pair::Which;

impl State {
    pub(super) fn send_start(&mut self) -> Option<()> {
        if self.old.stands != OldStands::Active || self.old.sees != Sees::Nothing {
            return None;
        }
        self.start_sent = true;
        Some(())
    }

    /// The move for which the person can type a number that the new phone shows.
    pub(super) fn typed(&self) -> Option<Which> {
        let Sees::Invited(which) = self.old.sees else {
            return None;
        };
        let is_shown = self.new.is_unfinished() && self.new.has_document;
        (is_shown && self.new.scanned == Some(which)).then_some(which)
    }

    pub(super) fn scan(&mut self) -> Option<()> {
        let Sees::Invited(which) = self.old.sees else {
            return None;
        };
        self.new.scan(which)?;
        // What was sent for other keys answers nothing of these.
        self.enrol_sent = false;
        self.document_sent = false;
        self.test_sent = false;
        Some(())
    }

    pub(super) fn enrol(&mut self) -> Option<()> {
        let which = self.new.scanned.filter(|_| self.enrol_sent)?;
        // With other keys the same invitation is a used one.
        let is_used = self.server.new.is_some_and(|new| new.which == which);
        if is_used && self.new.lost == Some(which) {
            return None;
        }
        self.new.lost = None;
        self.server.enrol(which)?;
        self.document_sent = true;
        Some(())
    }

    /// A refusal is not signed, but without a document there is no account that it could end.
    pub(super) fn give_up(&mut self) -> Option<()> {
        let is_open = self.server.open.map(|open| open.which) == self.new.scanned;
        if !self.new.is_unfinished() || self.new.has_document || is_open {
            return None;
        }
        self.new.progress = Progress::Ended;
        Some(())
    }

    pub(super) fn fetch(&mut self, phone: Phone) -> Option<()> {
        match phone {
            OLD if self.old.asking == old_phone::Asking::Nothing => {
                self.old.asking = old_phone::Asking::Sent;
            }
            NEW if self.new.asking == new_phone::Asking::Nothing
                && self.new.has_document
                && self.new.progress != Progress::Ended =>
            {
                self.new.asking = new_phone::Asking::Sent;
            }
            OLD | NEW => return None,
        }
        Some(())
    }

    pub(super) fn answer_fetch(&mut self, phone: Phone, model: &Moving) -> Option<()> {
        let is_active = self.server.is_active(phone);
        let is_named = matches!(self.seen.of(phone), Seen::Held | Seen::Answered);
        let is_over = !matches!(self.server.fate, Fate::Unmade | Fate::Open(_));
        let is_listed = is_active && self.server.fate == Fate::Open(phone);
        let is_told = is_active || !model.lacks(Fault::MovedIsToldNothing);
        let is_closed = is_named && is_over && is_told;
        match phone {
            OLD => {
                let stands = self.server.old;
                let is_end = matches!(stands, OldStands::Moved | OldStands::Removed);
                if self.old.asking != old_phone::Asking::Sent
                    || is_end && model.lacks(Fault::NoTombstone)
                {
                    return None;
                }
                self.old.asking = old_phone::Asking::Answered {
                    stands,
                    sees: self.shown_move(),
                    is_listed,
                    is_closed,
                };
            }
            NEW => {
                let scanned = self.new.scanned;
                let new = self.server.new.as_mut();
                let new = new.filter(|new| Some(new.which) == scanned)?;
                if self.new.asking != new_phone::Asking::Sent {
                    return None;
                }
                new.is_revealed = true;
                self.new.asking = new_phone::Asking::Answered {
                    stage: new.stage,
                    is_listed,
                    is_closed,
                };
            }
        }
        Some(())
    }

    fn shown_move(&self) -> Sees {
        let Some(open) = self.server.open else {
            return Sees::Nothing;
        };
        let is_testing = self
            .server
            .new
            .is_some_and(|new| new.which == open.which && new.stage == Stage::Confirmed);
        if is_testing {
            Sees::Testing(open.which)
        } else {
            Sees::Invited(open.which)
        }
    }

    pub(super) fn take_state(&mut self, phone: Phone) -> Option<()> {
        let (is_listed, is_closed) = match phone {
            OLD => {
                let old_phone::Asking::Answered {
                    stands,
                    sees,
                    is_listed,
                    is_closed,
                } = self.old.asking
                else {
                    return None;
                };
                self.old.asking = old_phone::Asking::Nothing;
                self.old.stands = stands;
                self.old.sees = sees;
                (is_listed, is_closed)
            }
            NEW => {
                let new_phone::Asking::Answered {
                    stage,
                    is_listed,
                    is_closed,
                } = self.new.asking
                else {
                    return None;
                };
                self.new.asking = new_phone::Asking::Nothing;
                self.new.take_stage(stage);
                (is_listed, is_closed)
            }
        };
        self.seen.of_mut(phone).learn(is_listed, is_closed);
        Some(())
    }

    pub(super) fn kill(&mut self, phone: Phone, model: &Moving) {
        match phone {
            OLD => self.old.asking = old_phone::Asking::Nothing,
            NEW => self.new.kill(model),
        }
    }

    pub(super) fn lose(&mut self) {
        self.start_sent = false;
        self.right_sent = Bits::NONE;
        self.wrong_sent = Bits::NONE;
        self.abort_sent = Bits::NONE;
        self.enrol_sent = false;
        self.document_sent = false;
        self.test_sent = false;
        self.answer_sent = Bits::NONE;
    }
}
