//! The trash: an account is mute there for thirty days and can be taken out exactly as it was (K5).

use super::Companion;
use super::changes::{drop_unused_tags, listed};
use crate::time::UnixSeconds;
use crate::vault::{Change, RecordId, Stored, StoredAccount, Vault, VaultError};

/// How long an account can be restored from the trash, at least.
pub const TRASH_DAYS: u64 = 30;
const DAY_S: u64 = 24 * 60 * 60;
const TRASH_S: u64 = TRASH_DAYS * DAY_S;
/// A vault that nobody wrote to for longer is no witness that the clock is right.
const PLAUSIBLE_S: u64 = 92 * DAY_S;

impl Companion {
    /// Puts an account into the trash and returns when it will be purged. The website still expects its codes.
    ///
    /// # Errors
    ///
    /// [`VaultError::NoSuchAccount`] also when it is in the trash already, and those of every write.
    pub fn remove(&mut self, id: RecordId, now: UnixSeconds) -> Result<UnixSeconds, VaultError> {
        self.vault.change(now, |vault, change| {
            let mut trashed = listed(vault, id)?.duplicate();
            trashed.trashed_at = Some(now);
            trashed.expiry_seen_at = None;
            change.put(id, Stored::Account(Box::new(trashed)));
            Ok(now.plus(TRASH_S))
        })
    }

    /// Takes an account out of the trash exactly as it was.
    ///
    /// # Errors
    ///
    /// [`VaultError::NoSuchAccount`] when it is not in the trash, and those of every write.
    pub fn restore(&mut self, id: RecordId, now: UnixSeconds) -> Result<(), VaultError> {
        self.vault.change(now, |vault, change| {
            let mut restored = trashed(vault, id)?.duplicate();
            restored.trashed_at = None;
            restored.expiry_seen_at = None;
            change.put(id, Stored::Account(Box::new(restored)));
            Ok(())
        })
    }

    /// Deletes an account in the trash for good.
    ///
    /// # Errors
    ///
    /// [`VaultError::NoSuchAccount`] when it is not in the trash, and those of every write.
    pub fn purge(&mut self, id: RecordId, now: UnixSeconds) -> Result<(), VaultError> {
        self.vault.change(now, |vault, change| {
            trashed(vault, id)?;
            change.delete(id);
            drop_unused_tags(vault, change);
            Ok(())
        })
    }

    /// Deletes what has been in the trash for [`TRASH_DAYS`]; returns how many accounts that were.
    ///
    /// A clock that was set far ahead must not empty the trash: after a jump of more than 92 days since the last change
    /// an expired account is only marked, and deleted at a change a day or more after that. A work account's server is told
    /// that this device leaves, and its entry goes with the answer (K5).
    ///
    /// # Errors
    ///
    /// Those of every write; nothing was deleted then.
    pub fn purge_expired(&mut self, now: UnixSeconds) -> Result<u32, VaultError> {
        let left = self.leave_expired(now)?;
        if plan_purge(&self.vault, now).is_empty() {
            return Ok(left);
        }
        let purged = self.vault.change(now, |vault, change: &mut Change| {
            let mut purged = 0;
            for (id, step) in plan_purge(vault, now) {
                match step {
                    Expiry::Purge => {
                        change.delete(id);
                        purged += 1;
                    }
                    Expiry::Mark => {
                        let mut marked = trashed(vault, id)?.duplicate();
                        marked.expiry_seen_at = Some(now);
                        change.put(id, Stored::Account(Box::new(marked)));
                    }
                }
            }
            drop_unused_tags(vault, change);
            Ok(purged)
        })?;
        Ok(left + purged)
    }
}

/// What the end of its time in the trash means for an account.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Expiry {
    /// It is noted that its time seems to be over.
    Mark,
    /// It is deleted.
    Purge,
}

fn plan_purge(vault: &Vault, now: UnixSeconds) -> Vec<(RecordId, Expiry)> {
    let accounts = vault.accounts();
    accounts
        .filter_map(|(id, stored)| {
            let (trashed_at, seen_at) = (stored.trashed_at?, stored.expiry_seen_at);
            Some((id, expiry(vault, trashed_at, seen_at, now)?))
        })
        .collect()
}

/// Whether an account's time in the trash is over, and what that means as far as this clock can be believed.
pub(super) fn expiry(
    vault: &Vault,
    trashed_at: UnixSeconds,
    seen_at: Option<UnixSeconds>,
    now: UnixSeconds,
) -> Option<Expiry> {
    if now < trashed_at.plus(TRASH_S) {
        return None;
    }
    let is_plausible = now.since(vault.last_change_at()) <= PLAUSIBLE_S;
    match seen_at.filter(|seen_at| *seen_at <= now) {
        Some(seen_at) => (now.since(seen_at) >= DAY_S).then_some(Expiry::Purge),
        None if is_plausible => Some(Expiry::Purge),
        None => Some(Expiry::Mark),
    }
}

fn trashed(vault: &Vault, id: RecordId) -> Result<&StoredAccount, VaultError> {
    vault
        .account(id)
        .and_then(|stored| match stored.trashed_at {
            Some(_) => Ok(stored),
            None => Err(VaultError::NoSuchAccount),
        })
}
