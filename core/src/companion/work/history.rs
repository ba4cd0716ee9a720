//! The history of work accounts: what happened, whether it is as it was written, and a copy that a stranger can check.

use std::collections::BTreeMap;

use super::super::Companion;
use super::desk;
use crate::account::Name;
use crate::approval::ApprovalError;
use crate::approval::evidence::{self, Evidence, Proof};
use crate::approval::history::{
    self, AccountKeys, BadEntry, Entry, ExportError, Exported, Item, ItemKind, NotGenuine, Scope,
    Wanted,
};
use crate::device::DeviceKeys;
use crate::time::UnixSeconds;
use crate::vault::{ChainReport, RecordId, VaultError};

/// A history that holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct HistoryReport {
    /// What its chain comes to.
    pub chain: ChainReport,
    /// Entries whose signatures could not be checked, since what brought the keys was cut with the oldest entries.
    pub unproven: u64,
}

/// What knows the keys of each account, as far as its history has been gone along.
type Witnesses = BTreeMap<RecordId, Box<dyn Evidence>>;

fn check(witnesses: &mut Witnesses, entry: &Entry) -> Result<Proof, NotGenuine> {
    if entry.messages.is_empty() {
        return Ok(Proof::Proven);
    }
    if let Some(witness) = witnesses.get_mut(&entry.account) {
        return witness.check(entry);
    }
    let mut witness = evidence::of_entry(entry).ok_or(NotGenuine)?;
    let proof = witness.check(entry)?;
    witnesses.insert(entry.account, witness);
    Ok(proof)
}

impl Companion {
    /// The newest items of the history, the newest first; of one account, with those whose place it has taken, where one is
    /// named.
    ///
    /// # Errors
    ///
    /// [`VaultError::DamagedData`], [`VaultError::Io`].
    pub fn history(
        &self,
        account: Option<RecordId>,
        count: usize,
    ) -> Result<Vec<Item>, VaultError> {
        let ids = account.map(|id| self.records_of(id)).unwrap_or_default();
        if ids.len() < 2 {
            return history::newest(&self.vault, account, count);
        }
        let mut items: Vec<Item> = vec![];
        for id in ids {
            items.extend(history::newest(&self.vault, Some(id), count)?);
        }
        items.sort_by_key(|item| std::cmp::Reverse(item.seq));
        items.dedup_by_key(|item| item.seq);
        items.truncate(count);
        Ok(items)
    }

    /// What accounts are called in the history, those that are gone included, by their newest document there.
    ///
    /// # Errors
    ///
    /// [`VaultError::DamagedData`], [`VaultError::Io`].
    pub fn history_names(&self) -> Result<BTreeMap<RecordId, (Name, Name)>, VaultError> {
        let mut names = BTreeMap::new();
        for item in history::newest(&self.vault, None, usize::MAX)? {
            if let ItemKind::Entry { account, about, .. } = item.kind
                && let Some((issuer, label)) = about.account()
            {
                let known = names.entry(account);
                known.or_insert_with(|| (issuer.clone(), label.clone()));
            }
        }
        Ok(names)
    }

    /// An account's record and those whose place it has taken: it has all their names in the history.
    fn records_of(&self, id: RecordId) -> Vec<RecordId> {
        let account = desk::load(&self.vault, id).ok();
        let earlier = account.map(|account| account.earlier).unwrap_or_default();
        std::iter::once(id).chain(earlier).collect()
    }

    fn witnesses(&self) -> Witnesses {
        let accounts = desk::all(&self.vault).into_iter();
        accounts
            .map(|account| (account.id, account.work.evidence()))
            .collect()
    }

    /// Goes along the chain of the history alone: whether each entry is where and what it was when it was written. Whose messages
    /// stand in them is not looked at, which is most of the work of [`Self::verify_history`].
    ///
    /// # Errors
    ///
    /// [`VaultError::DamagedData`], [`VaultError::Io`]: nothing can be said then.
    pub fn verify_history_chain(&self) -> Result<Result<ChainReport, BadEntry>, VaultError> {
        history::verify(&self.vault, |_| Ok(()))
    }

    /// Goes along the whole history: its chain, and every signature in it. The first entry that is not as it was written is
    /// named, and so is a missing end (R15).
    ///
    /// # Errors
    ///
    /// [`VaultError::DamagedData`], [`VaultError::Io`]: nothing can be said then.
    pub fn verify_history(&self) -> Result<Result<HistoryReport, BadEntry>, VaultError> {
        let mut unproven = 0_u64;
        let mut witnesses = self.witnesses();
        let lenient = history::verify(&self.vault, |entry| {
            unproven += u64::from(check(&mut witnesses, entry)? == Proof::UnknownKey);
            Ok(())
        })?;
        let chain = match lenient {
            Ok(chain) => chain,
            Err(bad) => return Ok(Err(bad)),
        };
        if unproven == 0 || chain.cut > 0 || chain.lost > 0 {
            return Ok(Ok(HistoryReport { chain, unproven }));
        }
        // Nothing was cut, so what brought a key has to be there: name the first entry that lacks it.
        let mut witnesses = self.witnesses();
        let strict = history::verify(&self.vault, |entry| match check(&mut witnesses, entry)? {
            Proof::Proven => Ok(()),
            Proof::UnknownKey => Err(NotGenuine),
        })?;
        Ok(strict.map(|chain| HistoryReport { chain, unproven: 0 }))
    }

    /// Writes the history as JSON lines (docs/history.md), a line at a time without its newline, ended by each account's device
    /// key. `write` says whether it took the line.
    ///
    /// # Errors
    ///
    /// [`VaultError::DamagedData`], [`VaultError::Io`].
    pub fn export_history(
        &self,
        scope: Scope,
        keys: &dyn DeviceKeys,
        now: UnixSeconds,
        write: impl FnMut(&str) -> bool,
    ) -> Result<Result<Exported, ExportError>, VaultError> {
        let mut witnesses = self.witnesses();
        // Earlier keys of a server are in earlier documents.
        let walked = history::verify(&self.vault, |entry| check(&mut witnesses, entry).map(drop))?;
        if let Err(bad) = walked
            && let history::EntryFault::Chain(fault) = bad.fault
        {
            let place = crate::vault::BadPlace {
                seq: bad.seq,
                fault,
            };
            return Ok(Err(ExportError::Bad(place)));
        }
        let accounts: Vec<AccountKeys> = witnesses
            .iter()
            .map(|(account, witness)| AccountKeys {
                account: *account,
                keys: witness.keys(),
            })
            .collect();
        let wanted = match scope {
            Scope::All => Wanted::All,
            Scope::Account(id) => Wanted::Of(self.records_of(id)),
        };
        let sign = |account: RecordId, ending: &history::Ending| {
            let account = desk::load(&self.vault, account).ok()?;
            let (head, count) = (*ending.head.bytes(), ending.count);
            let signed = account.work.history_end(head, count, keys, ending.made_at);
            signed.ok()
        };
        history::export(&self.vault, &wanted, &accounts, now, sign, write)
    }

    /// Whether a work account's own rules let its codes leave the vault (O2).
    ///
    /// # Errors
    ///
    /// [`ApprovalError::NoSuchAccount`].
    pub fn may_export_work(&self, id: RecordId, now: UnixSeconds) -> Result<bool, ApprovalError> {
        Ok(self.work_account(id, now)?.may_export)
    }
}
