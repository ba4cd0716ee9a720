//! The server's half: how both phones stand, the move, and one real statement.

use super::{Fault, Moving, NEW, OLD, Phone};
use crate::bits::Bits;
use crate::pair::Which;

/// How the old phone stands.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum OldStands {
    /// It works.
    #[default]
    Active,
    /// It gets nothing for now.
    Suspended,
    /// The new phone took over.
    Moved,
    /// Somebody removed it.
    Removed,
}

/// How far the new phone is.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Stage {
    /// Its number was not confirmed yet.
    Unconfirmed,
    /// Its test is open.
    Confirmed,
    /// It works.
    Active,
    /// Its move ended.
    Removed,
}

/// A move that is open.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Move {
    /// Which it is.
    pub which: Which,
    /// Wrong numbers so far.
    pub wrong: u8,
}

/// The new phone, as enrolled.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Enrolled {
    /// The move whose invitation it took.
    pub which: Which,
    /// How far it is.
    pub stage: Stage,
    /// Whether it has revealed its nonce.
    pub is_revealed: bool,
}

/// What became of the real statement.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub enum Fate {
    /// It was not made.
    #[default]
    Unmade,
    /// It is open, for this phone.
    Open(Phone),
    /// This phone approved it.
    Approved(Phone),
    /// Its phone is not active any more, or its time is up.
    Withdrawn,
}

/// The server.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub struct Server {
    /// How the old phone stands.
    pub old: OldStands,
    /// The new phone.
    pub new: Option<Enrolled>,
    /// The move.
    pub open: Option<Move>,
    /// How many moves were begun.
    pub begun: u8,
    /// The real statement.
    pub fate: Fate,
    /// Moves for which the right number was taken.
    pub confirmed: Bits,
    /// Whether a step of one move ever did something to another.
    pub has_crossed: bool,
    /// Whether a phone took over from one that was not active.
    pub moved_an_inactive: bool,
    /// Whether a phone's answer was counted while it was not active.
    pub counted_an_inactive: bool,
}

impl Server {
    /// Whether this phone gets real statements.
    #[must_use]
    pub fn is_active(&self, phone: Phone) -> bool {
        match phone {
            OLD => self.old == OldStands::Active,
            NEW => self.new.is_some_and(|new| new.stage == Stage::Active),
        }
    }

    /// The first start of a move makes it; another one, while it is open, is given the same.
    pub(super) fn start(&mut self, model: &Moving) -> Option<()> {
        if self.open.is_some() || self.old != OldStands::Active || self.begun >= model.moves_max {
            return None;
        }
        let which = if self.begun == 0 {
            Which::First
        } else {
            Which::Second
        };
        self.begun += 1;
        self.open = Some(Move { which, wrong: 0 });
        Some(())
    }

    /// An enrolment with a move's invitation arrives; whether it is answered with a document.
    pub(super) fn enrol(&mut self, which: Which) -> Option<()> {
        if self.new.is_some_and(|new| new.which == which) {
            return Some(());
        }
        self.open.filter(|open| open.which == which)?;
        self.new = Some(Enrolled {
            which,
            stage: Stage::Unconfirmed,
            is_revealed: false,
        });
        Some(())
    }

    /// Whether a step that was sent in one move does something in the open one.
    fn concerns(&mut self, which: Which, model: &Moving) -> Option<Move> {
        let open = self.open?;
        if open.which != which && !model.lacks(Fault::StepsNameNoMove) {
            return None;
        }
        Some(open)
    }

    /// A number arrives.
    pub(super) fn confirm(&mut self, which: Which, is_right: bool, model: &Moving) -> Option<()> {
        let open = self.concerns(which, model)?;
        let new = self.new.as_mut().filter(|new| {
            new.which == open.which && new.stage == Stage::Unconfirmed && new.is_revealed
        })?;
        if is_right && open.which == which || model.lacks(Fault::AnyNumberConfirms) {
            new.stage = Stage::Confirmed;
            if is_right {
                self.confirmed = self.confirmed.with(place(which));
            }
            if model.lacks(Fault::OldGoesAtTheNumber) {
                self.old = OldStands::Moved;
            }
        } else {
            let wrong = open.wrong + 1;
            self.open = Some(Move { wrong, ..open });
            if wrong >= model.wrong_max {
                self.end_move(model);
            }
        }
        self.has_crossed |= open.which != which;
        Some(())
    }

    pub(super) fn abort(&mut self, which: Which, model: &Moving) -> Option<()> {
        let open = self.concerns(which, model)?;
        self.has_crossed |= open.which != which;
        self.end_move(model);
        Some(())
    }

    /// The old phone stays as it is, and the new one is none.
    pub(super) fn end_move(&mut self, model: &Moving) {
        self.open = None;
        if let Some(new) = self.new.as_mut().filter(|new| new.stage != Stage::Active)
            && !model.lacks(Fault::EndLeavesTheNew)
        {
            new.stage = Stage::Removed;
        }
    }

    /// The new phone's approval of its test arrives: in one step the one is active and the other is not.
    pub(super) fn take_over(&mut self, which: Which, model: &Moving) -> Option<()> {
        let is_loose = model.lacks(Fault::EndLeavesTheNew);
        let new = self
            .new
            .as_mut()
            .filter(|new| new.which == which && new.stage == Stage::Confirmed)?;
        if self.open.is_none() && !is_loose {
            return None;
        }
        new.stage = Stage::Active;
        self.open = None;
        let is_kept = model.lacks(Fault::OldGoesAtTheNumber);
        self.moved_an_inactive |= self.old != OldStands::Active && !is_kept;
        if !model.lacks(Fault::OldStaysActive) {
            self.old = OldStands::Moved;
        }
        self.withdraw(model);
        Some(())
    }

    /// The old phone is suspended or removed.
    pub(super) fn stop_old(&mut self, stands: OldStands, model: &Moving) -> Option<()> {
        if !matches!(self.old, OldStands::Active | OldStands::Suspended) || self.old == stands {
            return None;
        }
        self.old = stands;
        if !model.lacks(Fault::SuspendedPhoneMoves) {
            self.end_move(model);
        }
        self.withdraw(model);
        Some(())
    }

    fn withdraw(&mut self, model: &Moving) {
        if self.fate == Fate::Open(OLD) && !model.lacks(Fault::AnswersOfTheMovedCount) {
            self.fate = Fate::Withdrawn;
        }
    }

    /// A real statement is made, for the phone that is active.
    pub(super) fn make_statement(&mut self) -> Option<()> {
        let phone = Which::BOTH
            .into_iter()
            .find(|phone| self.is_active(*phone))?;
        if self.fate != Fate::Unmade {
            return None;
        }
        self.fate = Fate::Open(phone);
        Some(())
    }

    /// A phone's approval of the real statement arrives.
    pub(super) fn answer(&mut self, phone: Phone, model: &Moving) -> Option<()> {
        let is_active = self.is_active(phone);
        if self.fate != Fate::Open(phone)
            || !is_active && !model.lacks(Fault::AnswersOfTheMovedCount)
        {
            return None;
        }
        self.counted_an_inactive |= !is_active;
        self.fate = Fate::Approved(phone);
        Some(())
    }
}

/// The place of a move, or a phone, in a set.
pub(super) const fn place(which: Which) -> u8 {
    match which {
        Which::First => 0,
        Which::Second => 1,
    }
}
