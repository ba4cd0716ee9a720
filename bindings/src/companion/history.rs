//! The history of work accounts: read, checked, exported.

use std::collections::BTreeMap;

use countersign_core::account::Name;
use countersign_core::approval::history::{Exported, Item, Scope};
use countersign_core::companion::HistoryReport;
use countersign_core::device;
use countersign_core::secret::SecretText;
use countersign_core::time::UnixSeconds;
use countersign_core::vault::{ChainReport, RecordId};

use super::Companion;
use crate::errors::CountersignError;
use crate::ports::rehearsal::rehearse;

/// What an account is called in the history.
#[derive(Clone, Debug, uniffi::Record)]
pub struct AccountNames {
    /// The account, by its record, which may be gone.
    pub account: RecordId,
    /// Who issued it.
    pub issuer: Name,
    /// Whose it is.
    pub label: Name,
}

/// A history that was exported.
#[derive(Debug, uniffi::Record)]
pub struct ExportedHistory {
    /// JSON lines, as a stranger checks them; each ends with a line feed.
    pub document: SecretText,
    /// What is in it.
    pub exported: Exported,
}

#[uniffi::export]
impl Companion {
    /// The newest items of the history, the newest first; of one account, with those whose place it has taken, where one is named.
    ///
    /// # Errors
    ///
    /// `Vault` with `DamagedData` or `Io`; `NotUnlocked`, `Closed`.
    #[uniffi::method(default(account = None, count = 100))]
    pub fn history(
        &self,
        account: Option<RecordId>,
        count: u32,
    ) -> Result<Vec<Item>, CountersignError> {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        Ok(self.look(|companion| companion.history(account, count))??)
    }

    /// What accounts are called in the history, those that are gone included.
    ///
    /// # Errors
    ///
    /// As `history`.
    pub fn history_names(&self) -> Result<Vec<AccountNames>, CountersignError> {
        let names = self.look(|companion| companion.history_names())??;
        let names: BTreeMap<RecordId, (Name, Name)> = names;
        let names = names.into_iter();
        Ok(names
            .map(|(account, (issuer, label))| AccountNames {
                account,
                issuer,
                label,
            })
            .collect())
    }

    /// Goes along the whole history: its chain, and every signature in it.
    ///
    /// # Errors
    ///
    /// `BadHistory` with the first entry that is not as it was written; as `history` when nothing can be said.
    pub fn verify_history(&self) -> Result<HistoryReport, CountersignError> {
        Ok(self.look(|companion| companion.verify_history())???)
    }

    /// Goes along the chain of the history alone, and looks at no signature.
    ///
    /// # Errors
    ///
    /// As `verify_history`.
    pub fn verify_history_chain(&self) -> Result<ChainReport, CountersignError> {
        Ok(self.look(|companion| companion.verify_history_chain())???)
    }

    /// The history as JSON lines, ended by each account's device key. The vault is held for each account's ending anew, and what is
    /// written meanwhile is in it.
    ///
    /// # Errors
    ///
    /// `BadHistory`; `Vault`, `NotUnlocked`, `Closed`. That a key does not sign is none: its account is among the unsigned.
    pub async fn export_history(
        &self,
        account: Option<RecordId>,
    ) -> Result<ExportedHistory, CountersignError> {
        let scope = account.map_or(Scope::All, Scope::Account);
        let now = self.time(None)?;
        let written = rehearse(self.keys(), |keys, _| {
            // An error of the vault's goes its own way: only what asks the keys is run again.
            Ok(self.exported(scope, keys, now))
        })
        .await;
        written.result.map_err(CountersignError::from)?
    }
}

impl Companion {
    fn exported(
        &self,
        scope: Scope,
        keys: &dyn device::DeviceKeys,
        now: UnixSeconds,
    ) -> Result<ExportedHistory, CountersignError> {
        let mut document = String::new();
        let exported = self.look(|companion| {
            companion.export_history(scope, keys, now, |line| {
                document.push_str(line);
                document.push('\n');
                true
            })
        })???;
        let document = SecretText::new(document);
        Ok(ExportedHistory { document, exported })
    }
}
