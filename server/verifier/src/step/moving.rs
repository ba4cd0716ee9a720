//! `cs-move`: a new phone takes over from this one, which plays the setup page. Until the new phone has approved its test
//! everything stays as it is.

use countersign_protocol::digits::CheckNumber;
use countersign_protocol::envelope::Verified;
use countersign_protocol::hash::{Id, Thumbprint};
use countersign_protocol::message::{Move, MoveStep};
use countersign_protocol::problem::Problem;

use super::device::Checked;
use super::{Answered, StepError, Turn};
use crate::person::{Moving, Purpose};
use crate::reply::Reply;

/// How long a move may take, in seconds.
pub(crate) const MOVE_S: u64 = 600;

impl Turn<'_> {
    pub(super) fn move_step(
        &mut self,
        id: Thumbprint,
        message: &Verified,
        step: &Move,
    ) -> Answered<Reply> {
        match self.check_request(&id, message, &step.request)? {
            Checked::Stale(reply) => return Ok(reply),
            Checked::Again => {}
            Checked::New(seen) => {
                self.take_move_step(&id, &step.step)?;
                self.remember_request(&id, seen);
            }
        }
        // What cannot be done is not done: the state has no move, and says how the device stands.
        self.state_after(id, message.compact().hash())
    }

    fn take_move_step(&mut self, id: &Thumbprint, step: &MoveStep) -> Answered<()> {
        if !self
            .person
            .device(id)
            .is_some_and(|device| device.is_active())
        {
            return Ok(());
        }
        match step {
            MoveStep::Start if self.person.moving.is_none() => self.begin_move(id)?,
            MoveStep::Confirm { invitation, check } if self.is_in_move(id, invitation)? => {
                self.confirm_newcomer(check)?;
            }
            MoveStep::Abort { invitation } if self.is_in_move(id, invitation)? => {
                self.end_move()?
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether the device is in this move. A step of another one came late, and does nothing to the move that the device is in.
    fn is_in_move(&self, id: &Thumbprint, invitation: &Id) -> Answered<bool> {
        let moving = self.person.moving.as_ref();
        match moving.filter(|moving| moving.from == *id) {
            None => Ok(false),
            Some(moving) if moving.invitation == *invitation => Ok(true),
            Some(_) => Err(Problem::UnknownInvitation.into()),
        }
    }

    fn begin_move(&mut self, id: &Thumbprint) -> Result<(), StepError> {
        let now = self.now();
        if !self.desk.rules.policy.may_move || !self.person.calm.may_move(now) {
            return Ok(());
        }
        if let Ok(invited) = self.invite(Purpose::Move)? {
            self.person.moving = Some(Moving {
                from: *id,
                invitation: invited.id,
                until: now.plus_s(MOVE_S),
            });
        }
        Ok(())
    }

    /// A wrong number counts against the new phone; the third ends it, and the move with it.
    fn confirm_newcomer(&mut self, check: &CheckNumber) -> Result<(), StepError> {
        let Some(newcomer) = self.person.newcomer().map(|device| device.id) else {
            return Ok(());
        };
        // The state tells the old phone what came of it.
        self.type_number(&newcomer, check).map(|_| ())
    }
}
