//! The end of a work account, and its move to another device.

use super::super::Companion;
use super::super::trash::{Expiry, expiry};
use super::desk::{self, Desk, Done};
use super::steps::RemovalStep;
use crate::approval::{Address, ApprovalError, Lane, MoveAsk, Typed};
use crate::device::DeviceKeys;
use crate::time::UnixSeconds;
use crate::vault::{RecordId, VaultError};

impl Companion {
    /// Begins to move an account to another device.
    ///
    /// # Errors
    ///
    /// [`ApprovalError::NotAllowed`] by the organisation's rules, [`ApprovalError::NotActive`],
    /// [`ApprovalError::Suspended`], [`ApprovalError::InTrash`].
    pub fn begin_move(&mut self, id: RecordId, now: UnixSeconds) -> Result<(), ApprovalError> {
        self.move_on(id, &MoveAsk::Begin, now)
    }

    /// Goes on with the number that the new device shows.
    ///
    /// # Errors
    ///
    /// [`ApprovalError::NoMove`], [`ApprovalError::CheckNumber`].
    pub fn confirm_move(
        &mut self,
        id: RecordId,
        check: &Typed,
        now: UnixSeconds,
    ) -> Result<(), ApprovalError> {
        self.move_on(id, &MoveAsk::Confirm(check.clone()), now)
    }

    /// Ends a move; this device stays what it was.
    ///
    /// # Errors
    ///
    /// [`ApprovalError::NoMove`].
    pub fn abort_move(&mut self, id: RecordId, now: UnixSeconds) -> Result<(), ApprovalError> {
        self.move_on(id, &MoveAsk::Abort, now)
    }

    fn move_on(
        &mut self,
        id: RecordId,
        ask: &MoveAsk,
        now: UnixSeconds,
    ) -> Result<(), ApprovalError> {
        Desk::change(&mut self.vault, id, now, |account| {
            if let Some(error) = account.asleep() {
                return Err(error);
            }
            account.work.move_on(ask)?;
            Ok(Done::stored(()))
        })?;
        self.in_flight.try_at_once(id);
        Ok(())
    }

    /// Puts a work account into the trash, where it is mute: no server is asked and nothing rings. The server is not told.
    ///
    /// # Errors
    ///
    /// [`ApprovalError::NoSuchAccount`], [`ApprovalError::InTrash`], [`ApprovalError::Vault`].
    pub fn trash_work(&mut self, id: RecordId, now: UnixSeconds) -> Result<(), ApprovalError> {
        Desk::change(&mut self.vault, id, now, |account| {
            if account.trashed_at.is_some() {
                return Err(ApprovalError::InTrash);
            }
            account.trashed_at = Some(now);
            account.expiry_seen_at = None;
            Ok(Done::stored(()))
        })
    }

    /// Takes a work account out of the trash.
    ///
    /// # Errors
    ///
    /// [`ApprovalError::NoSuchAccount`] also when it is not there, or its server is being told that it leaves;
    /// [`ApprovalError::Vault`].
    pub fn restore_work(&mut self, id: RecordId, now: UnixSeconds) -> Result<(), ApprovalError> {
        Desk::change(&mut self.vault, id, now, |account| {
            if account.is_leaving() {
                return Err(ApprovalError::NoSuchAccount);
            }
            if account.trashed_at.take().is_none() {
                return Err(ApprovalError::NoSuchAccount);
            }
            Ok(Done::stored(()))
        })
    }

    /// Has the server forget this device, now: the message is stored, and sent until the server has said so. The entry is gone
    /// then, or at once where no server knows of it; its keys go with it.
    ///
    /// # Errors
    ///
    /// [`ApprovalError::NoSuchAccount`], [`ApprovalError::Vault`].
    pub fn leave(&mut self, id: RecordId, now: UnixSeconds) -> Result<(), ApprovalError> {
        Desk::change(&mut self.vault, id, now, |account| {
            account.leave(now);
            Ok(Done::stored(()))
        })?;
        self.in_flight.try_at_once(id);
        Ok(())
    }

    /// Has the servers of those work accounts forget this device whose time in the trash is over; returns how many.
    pub(in crate::companion) fn leave_expired(
        &mut self,
        now: UnixSeconds,
    ) -> Result<u32, VaultError> {
        let mut left = 0;
        for account in desk::all(&self.vault) {
            let (Some(trashed_at), false) = (account.trashed_at, account.is_leaving()) else {
                continue;
            };
            let seen_at = account.expiry_seen_at;
            let Some(step) = expiry(&self.vault, trashed_at, seen_at, now) else {
                continue;
            };
            let done = Desk::change(&mut self.vault, account.id, now, |account| {
                match step {
                    Expiry::Mark => account.expiry_seen_at = Some(now),
                    Expiry::Purge => account.leave(now),
                }
                Ok(Done::stored(()))
            });
            match done {
                Ok(()) => left += u32::from(step == Expiry::Purge),
                Err(ApprovalError::Vault(error)) => return Err(error),
                // It has gone, or cannot be read by this version: it stays.
                Err(_) => {}
            }
        }
        Ok(left)
    }

    /// Deletes what has been left behind: the account's keys in the platform, then its records. What the history says of it
    /// stays. Asked for by [`crate::approval::NextAction::RemoveKeys`].
    ///
    /// # Errors
    ///
    /// [`ApprovalError::NotActive`] while its server has still to be told; [`ApprovalError::Key`] when the key store cannot be
    /// reached: nothing was deleted, and [`Self::next_action`] does not ask for it again before the person does something.
    pub fn remove_keys(
        &mut self,
        id: RecordId,
        keys: &dyn DeviceKeys,
        now: UnixSeconds,
    ) -> Result<(), ApprovalError> {
        let step = self.begin_removal(id, now)?;
        let removed = step.run(keys);
        self.finish_removal(&step, removed, now)
    }

    /// The first part of [`Self::remove_keys`].
    ///
    /// # Errors
    ///
    /// [`ApprovalError::NothingToSend`] while somebody is at it; [`ApprovalError::NotActive`] while its server has still to be
    /// told, [`ApprovalError::NoSuchAccount`].
    pub fn begin_removal(
        &mut self,
        id: RecordId,
        now: UnixSeconds,
    ) -> Result<RemovalStep, ApprovalError> {
        let taken = self.in_flight.take(id, Lane::Say)?;
        let gone = desk::load(&self.vault, id).and_then(|account| match account.is_gone(now) {
            true => Ok(account.work.aliases()),
            false => Err(ApprovalError::NotActive),
        });
        match gone {
            Ok(aliases) => Ok(RemovalStep { id, aliases, taken }),
            Err(error) => {
                self.in_flight.give_up(taken);
                self.in_flight.decline(id, Lane::Say, error);
                Err(error)
            }
        }
    }

    /// The last part of [`Self::remove_keys`].
    ///
    /// # Errors
    ///
    /// That of `removed`; [`ApprovalError::NoSuchAccount`], [`ApprovalError::Vault`].
    pub fn finish_removal(
        &mut self,
        step: &RemovalStep,
        removed: Result<(), ApprovalError>,
        now: UnixSeconds,
    ) -> Result<(), ApprovalError> {
        let id = step.id;
        self.in_flight.give_up(step.taken);
        let done = removed.and_then(|()| {
            self.vault.change_if_any(now, |vault, change| {
                let account = desk::load(vault, id)?;
                desk::delete(&account, change);
                Ok(())
            })
        });
        done.inspect_err(|error: &ApprovalError| self.in_flight.decline(id, Lane::Say, *error))
    }

    /// Tells every server where this device is rung from now on; none where it cannot be. Until each has taken note, its account
    /// says that notifications may not arrive (R18).
    ///
    /// # Errors
    ///
    /// [`ApprovalError::NotAllowed`] for an address that is none, [`ApprovalError::Vault`].
    pub fn ring_at(
        &mut self,
        address: Option<&Address>,
        now: UnixSeconds,
    ) -> Result<(), ApprovalError> {
        for account in desk::all(&self.vault) {
            if account.work.standing().is_end() {
                continue;
            }
            Desk::change(&mut self.vault, account.id, now, |account| {
                account.work.ring_at(address)?;
                Ok(Done::stored(()))
            })?;
        }
        Ok(())
    }
}
