//! Adding a work account: where its keys will lie is stored before they are made, and what is sent is stored before it is sent,
//! so that whoever stops anywhere goes on from there (A14).

use super::super::Companion;
use super::desk::{self, Desk, Done};
use super::steps::{EnrolStep, FailedEnrolment, GoneKeys, KeyCheck, MadeKeys};
use crate::approval::{self, ApprovalError, Kept, Lane, NewWork, WorkAccount};
use crate::device::{DeviceKeys, KeyAlias};
use crate::time::UnixSeconds;
use crate::uri::ServerUrl;
use crate::uri::invitation::Invitation;
use crate::vault::RecordId;

/// Most work accounts.
const WORK_ACCOUNTS_MAX: usize = 1_000;

impl Companion {
    /// Work accounts of this device at the same server that an invitation could replace: the person chooses, or keeps both.
    #[must_use]
    pub fn earlier_work(&self, url: &ServerUrl) -> Vec<RecordId> {
        let accounts = desk::all(&self.vault).into_iter();
        accounts
            .filter(|account| account.trashed_at.is_none() && !account.is_superseded)
            .filter(|account| account.work.is_at(url))
            .map(|account| account.id)
            .collect()
    }

    /// Stores that an invitation is to become a work account. Nothing is made or sent yet: [`Self::next_action`] says what
    /// comes next. An invitation whose account is not finished goes on with that one, as it was begun.
    ///
    /// # Errors
    ///
    /// [`ApprovalError::NoSuchAccount`] for an account to be replaced that is not there, [`ApprovalError::TooMany`],
    /// [`ApprovalError::Entropy`], [`ApprovalError::Vault`]: nothing was stored.
    pub fn add_work(
        &mut self,
        invitation: &Invitation,
        new: &NewWork<'_>,
        now: UnixSeconds,
    ) -> Result<RecordId, ApprovalError> {
        let id = RecordId::generate(self.vault.entropy())?;
        let id = self.vault.change_if_any(now, |vault, change| {
            let begun = desk::all(vault).into_iter().find(|account| {
                let is_unfinished = account.is_awake() && account.standing().is_unfinished();
                is_unfinished && account.work.is_of(invitation)
            });
            if let Some(begun) = begun {
                return Ok(begun.id);
            }
            if desk::all(vault).len() >= WORK_ACCOUNTS_MAX {
                return Err(ApprovalError::TooMany);
            }
            let earlier = new.replaces.map(|earlier| desk::load(vault, earlier));
            let earlier = earlier.transpose()?;
            let account = approval::plan(id, invitation, new, earlier.as_ref(), vault.entropy())?;
            desk::put_difference(vault, &account, desk::Bodies::new(), change);
            Ok::<_, ApprovalError>(id)
        })?;
        self.in_flight.try_at_once(id);
        Ok(id)
    }

    /// Makes an account's keys and signs its enrolment. The platform may ask the person; nothing is locked meanwhile.
    ///
    /// # Errors
    ///
    /// [`ApprovalError::Key`] when the platform did not make them: it can be tried again, and nothing was stored but the names
    /// under which they were to lie; [`Self::next_action`] does not ask for it again before the person does something. [`ApprovalError::NothingToSend`] when
    /// they are there already.
    pub fn make_keys(
        &mut self,
        id: RecordId,
        keys: &dyn DeviceKeys,
        now: UnixSeconds,
    ) -> Result<(), ApprovalError> {
        let step = self.begin_keys(id, now)?;
        let made = step.run(keys, self.vault.entropy(), now);
        self.finish_keys(&step, made, now).map_err(|failed| {
            for alias in &failed.nobodys {
                // One that stays is no harm.
                let _ = keys.delete(alias);
            }
            failed.error
        })
    }

    /// The first part of [`Self::make_keys`]: names for the keys that are this try's alone are stored.
    ///
    /// # Errors
    ///
    /// [`ApprovalError::NothingToSend`] while somebody is at it; [`ApprovalError::NoSuchAccount`], [`ApprovalError::Entropy`],
    /// [`ApprovalError::Vault`]: [`Self::next_action`] does not ask for it again before the person does something.
    pub fn begin_keys(
        &mut self,
        id: RecordId,
        now: UnixSeconds,
    ) -> Result<EnrolStep, ApprovalError> {
        let taken = self.in_flight.take(id, Lane::Say)?;
        match self.claimed(id, now) {
            Ok(account) => Ok(EnrolStep { account, taken }),
            Err(error) => {
                self.in_flight.give_up(taken);
                self.in_flight.decline(id, Lane::Say, error);
                Err(error)
            }
        }
    }

    /// The last part of [`Self::make_keys`].
    ///
    /// # Errors
    ///
    /// [`FailedEnrolment`] with what [`Self::make_keys`] says, and keys that are to be deleted.
    pub fn finish_keys(
        &mut self,
        step: &EnrolStep,
        made: Result<MadeKeys, ApprovalError>,
        now: UnixSeconds,
    ) -> Result<(), FailedEnrolment> {
        self.in_flight.give_up(step.taken);
        let planned = &step.account;
        let before = planned.work.encode(Kept::InTheVault);
        let stored = made.and_then(|made| {
            Desk::change(&mut self.vault, planned.id, now, |account| {
                if account.work.encode(Kept::InTheVault) != before {
                    // Another process was faster.
                    return Err(ApprovalError::NothingToSend);
                }
                *account = account.with_work(&made.0.0)?;
                Ok(Done::stored(()))
            })
        });
        match stored {
            Ok(()) => {
                self.in_flight.forget_declined(planned.id);
                Ok(())
            }
            Err(error) => {
                let failed = self.failed_enrolment(planned, error, now);
                self.in_flight.decline(planned.id, Lane::Say, failed.error);
                Err(failed)
            }
        }
    }

    /// What is to be said of a try that came to nothing. Where another process was faster, nobody else knows of this one's keys.
    fn failed_enrolment(
        &mut self,
        planned: &WorkAccount,
        error: ApprovalError,
        now: UnixSeconds,
    ) -> FailedEnrolment {
        let known = Desk::change(&mut self.vault, planned.id, now, |account| {
            Ok(Done {
                is_worth_storing: false,
                ..Done::stored(account.work.aliases())
            })
        });
        let (known, error) = match known {
            Ok(known) => (known, error),
            Err(ApprovalError::NoSuchAccount) => (vec![], ApprovalError::NoSuchAccount),
            // What is not known is not deleted.
            Err(_) => {
                return FailedEnrolment {
                    error,
                    nobodys: vec![],
                };
            }
        };
        let mut nobodys = planned.work.own_aliases();
        nobodys.retain(|alias| !known.contains(alias));
        let error = match error {
            error if nobodys.is_empty() => error,
            ApprovalError::NoSuchAccount => error,
            _ => ApprovalError::NothingToSend,
        };
        FailedEnrolment { error, nobodys }
    }

    /// The account with names for its keys that are this try's alone, stored.
    fn claimed(&mut self, id: RecordId, now: UnixSeconds) -> Result<WorkAccount, ApprovalError> {
        let account = desk::load(&self.vault, id)?;
        if account.work.own_aliases().is_empty() {
            return Ok(account);
        }
        let entropy = self.vault.entropy();
        let fresh = [KeyAlias::generate(entropy)?, KeyAlias::generate(entropy)?];
        Desk::change(&mut self.vault, id, now, |account| {
            account.work.claim_keys(fresh);
            Ok(Done::stored(()))
        })?;
        desk::load(&self.vault, id)
    }

    /// Looks whether the platform still has the keys of all accounts. One whose keys did not come along, as after a restored
    /// backup, or are gone, has to be activated again (K10); how many were found so by this call is returned.
    ///
    /// # Errors
    ///
    /// [`ApprovalError::Key`] when the key store cannot be reached: nothing is known then, and nothing changed.
    pub fn check_keys(
        &mut self,
        keys: &dyn DeviceKeys,
        now: UnixSeconds,
    ) -> Result<u32, ApprovalError> {
        let gone = self.begin_key_check().run(keys)?;
        self.finish_key_check(&gone, now)
    }

    /// The first part of [`Self::check_keys`].
    #[must_use]
    pub fn begin_key_check(&self) -> KeyCheck {
        let accounts = desk::all(&self.vault).into_iter();
        let accounts = accounts.filter(|account| {
            let standing = account.work.standing();
            !standing.is_end() && !standing.is_unfinished()
        });
        KeyCheck {
            accounts: accounts
                .map(|account| (account.id, account.work.aliases()))
                .collect(),
        }
    }

    /// The last part of [`Self::check_keys`].
    ///
    /// # Errors
    ///
    /// [`ApprovalError::Vault`].
    pub fn finish_key_check(
        &mut self,
        gone: &GoneKeys,
        now: UnixSeconds,
    ) -> Result<u32, ApprovalError> {
        let mut count = 0;
        for (id, aliases) in &gone.0 {
            let marked = Desk::change(&mut self.vault, *id, now, |account| {
                // Keys that were made meanwhile are others, which nobody has looked for.
                let is_gone = account.work.aliases() == *aliases;
                if is_gone {
                    account.work.key_is_gone();
                }
                Ok(Done {
                    is_worth_storing: is_gone,
                    ..Done::stored(is_gone)
                })
            });
            match marked {
                Ok(is_gone) => count += u32::from(is_gone),
                // The others are marked all the same.
                Err(ApprovalError::NoSuchAccount) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(count)
    }
}
