//! What time does: statements, invitations, moves and unfinished devices end, and what nobody asks after any more is forgotten.

use countersign_protocol::hash::{Id, Thumbprint};
use countersign_protocol::message::{Outcome, RemovedWhy};

use super::{Input, StepError, Turn};
use crate::event::Fact;
use crate::person::{End, Stage, TOMBSTONE_KEEP_S, TOMBSTONES_MAX, UNSEEN_MAX};

/// Time has passed, and nothing else happened. Its effect is that of every input: what has ended by now is stored as ended.
#[derive(Clone, Copy, Debug)]
pub struct PassTime;

impl Input for PassTime {
    type Reply = ();

    fn take(&self, _: &mut Turn<'_>) -> Result<(), StepError> {
        Ok(())
    }
}

impl Turn<'_> {
    /// Ends what has ended by now.
    pub(super) fn settle(&mut self) -> Result<(), StepError> {
        let now = self.now();
        self.person.calm.settle(now);
        let expired = self.person.statements.iter();
        let expired = expired.filter(|asked| asked.is_open() && now >= asked.expires_at);
        for id in expired.map(|asked| asked.id).collect::<Vec<_>>() {
            self.end_unanswered(&id, Outcome::Expired)?;
        }
        if self
            .person
            .moving
            .as_ref()
            .is_some_and(|moving| now >= moving.until)
        {
            self.end_move()?;
        }
        let late = self.person.devices.iter();
        let late = late.filter(|device| device.deadline().is_some_and(|deadline| now >= deadline));
        for id in late.map(|device| device.id).collect::<Vec<_>>() {
            self.remove(&id, RemovedWhy::TimedOut)?;
        }
        self.forget();
        Ok(())
    }

    /// Drops what nobody asks after any more.
    fn forget(&mut self) {
        let now = self.now();
        let moving = self.person.moving.as_ref().map(|one| one.invitation);
        for invitation in &mut self.person.invitations {
            if !invitation.is_open(now) && moving != Some(invitation.id) {
                invitation.secret = None;
            }
            // Until then another phone that types it is told that it was used.
            if now >= invitation.expires_at {
                invitation.code = None;
            }
        }
        self.person.invitations.retain(|one| !one.is_forgotten(now));
        self.person
            .statements
            .retain(|asked| now < asked.kept_until());
        let unseen = self
            .person
            .statements
            .iter()
            .filter(|asked| asked.is_unseen());
        let mut surplus = unseen.count().saturating_sub(UNSEEN_MAX);
        self.person.statements.retain(|asked| {
            let is_surplus = surplus > 0 && asked.is_unseen();
            surplus -= usize::from(is_surplus);
            !is_surplus
        });
        self.forget_tombstones();
        for device in &mut self.person.devices {
            device.seen.retain(|seen| now < seen.until);
        }
    }

    /// Drops tombstones whose time is over, and of too many those that ended first.
    fn forget_tombstones(&mut self) {
        let now = self.now();
        self.person.devices.retain(|device| {
            let ended_at = device.ended_at();
            ended_at.is_none_or(|at| now < at.plus_s(TOMBSTONE_KEEP_S))
        });
        let ended = self.person.devices.iter();
        let ended = ended.filter_map(|device| device.ended_at().map(|at| (at, device.id)));
        let mut ended: Vec<_> = ended.collect();
        let surplus = ended.len().saturating_sub(TOMBSTONES_MAX);
        ended.sort_unstable_by_key(|(at, _)| *at);
        ended.truncate(surplus);
        let is_surplus = |id| ended.iter().any(|(_, ended)| *ended == id);
        self.person.devices.retain(|device| !is_surplus(device.id));
    }

    /// Ends a statement that nobody answered.
    pub(super) fn end_unanswered(&mut self, id: &Id, outcome: Outcome) -> Result<(), StepError> {
        let now = self.now();
        let Some(asked) = self.person.statement_mut(id) else {
            return Ok(());
        };
        // What expired did so at its time, whenever it is noticed.
        let at = match outcome {
            Outcome::Expired => asked.expires_at,
            _ => now,
        };
        asked.close(End::unanswered(outcome, at));
        let hash = asked.hash;
        self.tell(Fact::Ended {
            statement: *id,
            hash,
            outcome,
            device: None,
            via: None,
            answer: None,
            receipt: None,
        })
    }

    /// Makes a device one no longer, and takes back what nobody but it could answer.
    pub(super) fn remove(&mut self, id: &Thumbprint, why: RemovedWhy) -> Result<(), StepError> {
        let at = self.now();
        let Some(device) = self
            .person
            .device_mut(id)
            .filter(|device| !device.is_ended())
        else {
            return Ok(());
        };
        let name = device.name.clone();
        let invitation = device.enrolled.as_ref().map(|enrolled| enrolled.invitation);
        device.end(Stage::Removed { why, at });
        self.tell(Fact::Removed {
            device: *id,
            name,
            why,
        })?;
        self.withdraw_orphans()?;
        // A move cannot outlive either of its two ends.
        let moving = self.person.moving.as_ref();
        if moving.is_some_and(|moving| moving.from == *id || Some(moving.invitation) == invitation)
        {
            self.end_move()?;
        }
        Ok(())
    }

    /// Ends a move; the old phone stays as it is, and the new one, if there is one yet, is none.
    pub(super) fn end_move(&mut self) -> Result<(), StepError> {
        let newcomer = self.person.newcomer().map(|device| device.id);
        let Some(moving) = self.person.moving.take() else {
            return Ok(());
        };
        let now = self.now();
        if let Some(invitation) = self.person.invitation_mut(&moving.invitation) {
            invitation.end(now);
        }
        match newcomer {
            Some(newcomer) => self.remove(&newcomer, RemovedWhy::MoveEnded),
            None => Ok(()),
        }
    }

    /// Withdraws open statements whose every reader is gone.
    pub(super) fn withdraw_orphans(&mut self) -> Result<(), StepError> {
        let person = &self.person;
        let is_alive = |id: &Thumbprint| person.device(id).is_some_and(|device| !device.is_ended());
        let open = person.statements.iter().filter(|asked| asked.is_open());
        let orphans = open.filter(|asked| !asked.audience.iter().any(is_alive));
        for id in orphans.map(|asked| asked.id).collect::<Vec<_>>() {
            self.end_unanswered(&id, Outcome::Withdrawn)?;
        }
        Ok(())
    }

    /// Withdraws every open statement but tests, which are about a device and not about a sign-in.
    pub(super) fn withdraw_all(&mut self) -> Result<(), StepError> {
        let open = self.person.statements.iter();
        let open = open.filter(|asked| {
            asked.is_open() && asked.act != countersign_protocol::message::Act::Test
        });
        for id in open.map(|asked| asked.id).collect::<Vec<_>>() {
            self.end_unanswered(&id, Outcome::Withdrawn)?;
        }
        Ok(())
    }
}
