//! Adding accounts: everything is kept, nothing is replaced.

use super::Companion;
use super::duplicates::{has_same_names, is_same_account};
use crate::account::Account;
use crate::time::UnixSeconds;
use crate::vault::{Change, RecordId, Stored, StoredAccount, VaultError};

/// Room between neighbours in the list, so that an account can be moved without touching the others.
pub(super) const ORDER_GAP: u64 = 1 << 32;

/// What became of an account that was to be added.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Added {
    /// It was added.
    New {
        /// Its id.
        id: RecordId,
        /// Accounts with the same names and another key: both are kept (A4).
        same_names: Vec<RecordId>,
        /// Accounts with the same key and anything else different (A5).
        same_secret: Vec<RecordId>,
    },
    /// The very same account is there already; nothing was changed, its counter included (A5).
    AlreadyHere {
        /// Its id.
        id: RecordId,
        /// Whether it is in the trash, from where it can be restored.
        in_trash: bool,
    },
}

impl Companion {
    /// Adds one account at the end of the list.
    ///
    /// # Errors
    ///
    /// The limits and those of every write; nothing was added then.
    pub fn add(&mut self, account: Account, now: UnixSeconds) -> Result<Added, VaultError> {
        let mut added = self.add_all(vec![account], now)?;
        Ok(added.pop().expect("one account gives one result"))
    }

    /// Adds several accounts in one transaction: all or none. The results stand in the order of the accounts.
    ///
    /// # Errors
    ///
    /// The limits and those of every write; nothing was added then.
    pub fn add_all(
        &mut self,
        accounts: Vec<Account>,
        now: UnixSeconds,
    ) -> Result<Vec<Added>, VaultError> {
        self.refresh()?;
        let mut results: Vec<Added> = Vec::with_capacity(accounts.len());
        let mut new: Vec<(RecordId, Account)> = vec![];
        for account in accounts {
            let prospect = self.prospect(&account);
            let twin = new
                .iter()
                .find(|(_, earlier)| is_same_account(earlier, &account))
                .map(|(id, _)| (*id, false));
            if let Some((id, in_trash)) = prospect.already_here.or(twin) {
                results.push(Added::AlreadyHere { id, in_trash });
                continue;
            }
            let id = RecordId::generate(self.vault.entropy())?;
            let (mut same_names, mut same_secret) = (prospect.same_names, prospect.same_secret);
            for (earlier_id, earlier) in &new {
                if has_same_names(earlier, &account) {
                    same_names.push(*earlier_id);
                }
                if earlier.otp.key() == account.otp.key() {
                    same_secret.push(*earlier_id);
                }
            }
            results.push(Added::New {
                id,
                same_names,
                same_secret,
            });
            new.push((id, account));
        }
        if new.is_empty() {
            return Ok(results);
        }
        self.vault.change(now, |vault, change: &mut Change| {
            let last = vault
                .accounts()
                .map(|(_, stored)| stored.order)
                .max()
                .unwrap_or(0);
            for (place, (id, account)) in (1_u64..).zip(new) {
                let order = last.saturating_add(place.saturating_mul(ORDER_GAP));
                let stored = StoredAccount::new(account, order, now);
                change.put(id, Stored::Account(Box::new(stored)));
            }
            Ok(())
        })?;
        Ok(results)
    }
}
