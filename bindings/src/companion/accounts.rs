//! Code accounts: listed, found, added, changed, used, removed.

use countersign_core::companion as core;
use countersign_core::companion::{
    AccountRow, Added, DoubtfulCounter, Edit, PassedCode, TRASH_DAYS, WorkCodes,
};
use countersign_core::otp::CodeWindow;
use countersign_core::secret::SecretText;
use countersign_core::time::UnixSeconds;
use countersign_core::vault::RecordId;

use super::Companion;
use crate::errors::CountersignError;
use crate::reading::Reading;

/// The codes of one account.
#[derive(Debug, uniffi::Record)]
pub struct AccountCodes {
    /// The account.
    pub id: RecordId,
    /// Current code, next code and the second of the change.
    pub window: CodeWindow,
}

/// How an account that could be added stands to the ones that are there. Nothing is ever replaced.
#[derive(Clone, Debug, uniffi::Record)]
pub struct Prospect {
    /// The very same account, where it is there already.
    pub already_here: Option<RecordId>,
    /// Whether that is in the trash.
    pub in_trash: bool,
    /// Accounts with the same issuer and account and another key or other parameters.
    pub same_names: Vec<RecordId>,
    /// Accounts with the same key and anything else different: worth a warning.
    pub same_secret: Vec<RecordId>,
}

impl From<core::Prospect> for Prospect {
    fn from(prospect: core::Prospect) -> Self {
        let core::Prospect {
            already_here,
            same_names,
            same_secret,
        } = prospect;
        Self {
            already_here: already_here.map(|(id, _)| id),
            in_trash: already_here.is_some_and(|(_, in_trash)| in_trash),
            same_names,
            same_secret,
        }
    }
}

#[uniffi::export]
impl Companion {
    /// All accounts that are not in the trash, pinned ones first, each with its codes. Asked on a change; `codes` at each
    /// tick.
    ///
    /// # Errors
    ///
    /// `NotUnlocked`, `Closed`; `PortFailed` where no time was given.
    #[uniffi::method(default(now = None))]
    pub fn list(&self, now: Option<UnixSeconds>) -> Result<Vec<AccountRow>, CountersignError> {
        let now = self.time(now)?;
        self.look(|companion| companion.list(now))
    }

    /// The codes alone, in the order of the list: what a tick needs.
    ///
    /// # Errors
    ///
    /// As `list`.
    #[uniffi::method(default(now = None))]
    pub fn codes(&self, now: Option<UnixSeconds>) -> Result<Vec<AccountCodes>, CountersignError> {
        let now = self.time(now)?;
        let codes = self.look(|companion| companion.codes(now))?.into_iter();
        Ok(codes
            .map(|(id, window)| AccountCodes { id, window })
            .collect())
    }

    /// The earliest second at which a code of the list changes; none when no code changes by itself.
    ///
    /// # Errors
    ///
    /// As `list`.
    #[uniffi::method(default(now = None))]
    pub fn next_change(
        &self,
        now: Option<UnixSeconds>,
    ) -> Result<Option<UnixSeconds>, CountersignError> {
        let now = self.time(now)?;
        self.look(|companion| companion.next_change(now))
    }

    /// Codes of the work accounts that have some, right by each server's own clock.
    ///
    /// # Errors
    ///
    /// As `list`.
    #[uniffi::method(default(now = None))]
    pub fn work_codes(&self, now: Option<UnixSeconds>) -> Result<Vec<WorkCodes>, CountersignError> {
        let now = self.time(now)?;
        self.look(|companion| companion.work_codes(now))
    }

    /// One account, wherever it is.
    ///
    /// # Errors
    ///
    /// `Vault` with `NoSuchAccount` or `UnreadableRecord`; as `list`.
    #[uniffi::method(default(now = None))]
    pub fn row(
        &self,
        id: RecordId,
        now: Option<UnixSeconds>,
    ) -> Result<AccountRow, CountersignError> {
        let now = self.time(now)?;
        Ok(self.look(|companion| companion.row(id, now))??)
    }

    /// The accounts in the trash, without codes.
    ///
    /// # Errors
    ///
    /// `NotUnlocked`, `Closed`.
    pub fn trash(&self) -> Result<Vec<AccountRow>, CountersignError> {
        self.look(core::Companion::trash)
    }

    /// The listed accounts in which every word of `query` occurs; case and accents do not matter.
    ///
    /// # Errors
    ///
    /// As `list`.
    #[uniffi::method(default(now = None))]
    pub fn search(
        &self,
        query: &str,
        now: Option<UnixSeconds>,
    ) -> Result<Vec<AccountRow>, CountersignError> {
        let now = self.time(now)?;
        self.look(|companion| companion.search(query, now))
    }

    /// The one listed account that `name` means: an id, `issuer:account`, or a part that only one has.
    ///
    /// # Errors
    ///
    /// `NoSuchName`, `AmbiguousName`, `NotUnlocked`, `Closed`.
    pub fn find(&self, name: &str) -> Result<RecordId, CountersignError> {
        Ok(self.look(|companion| companion.find(name))??)
    }

    /// The same among the accounts in the trash.
    ///
    /// # Errors
    ///
    /// As `find`.
    pub fn find_in_trash(&self, name: &str) -> Result<RecordId, CountersignError> {
        Ok(self.look(|companion| companion.find_in_trash(name))??)
    }

    /// How the accounts that were read stand to those that are there, in their order.
    ///
    /// # Errors
    ///
    /// `NothingToAdd`, `NotUnlocked`, `Closed`.
    pub fn prospects(&self, reading: &Reading) -> Result<Vec<Prospect>, CountersignError> {
        let accounts = reading.copied_accounts()?;
        self.look(|companion| {
            let prospects = accounts.iter().map(|account| companion.prospect(account));
            prospects.map(Prospect::from).collect()
        })
    }

    /// Adds the accounts that were read at the end of the list, all or none. The results stand in their order.
    ///
    /// # Errors
    ///
    /// `NothingToAdd`; `Vault` with a limit or what a write can say; `NotUnlocked`, `Closed`: nothing was added then.
    #[uniffi::method(default(now = None))]
    pub fn add(
        &self,
        reading: &Reading,
        now: Option<UnixSeconds>,
    ) -> Result<Vec<Added>, CountersignError> {
        let now = self.time(now)?;
        let accounts = reading.copied_accounts()?;
        self.change(|companion| companion.add_all(accounts, now))
    }

    /// Adds some of the accounts that were read, by their places in it.
    ///
    /// # Errors
    ///
    /// As `add`; `NothingToAdd` also for a place that there is not.
    #[uniffi::method(default(now = None))]
    pub fn add_chosen(
        &self,
        reading: &Reading,
        places: Vec<u32>,
        now: Option<UnixSeconds>,
    ) -> Result<Vec<Added>, CountersignError> {
        let now = self.time(now)?;
        let mut accounts: Vec<Option<_>> =
            reading.copied_accounts()?.into_iter().map(Some).collect();
        let mut chosen = Vec::with_capacity(places.len());
        for place in places {
            let place = usize::try_from(place).unwrap_or(usize::MAX);
            let account = accounts.get_mut(place).and_then(Option::take);
            chosen.push(account.ok_or(CountersignError::NothingToAdd)?);
        }
        self.change(|companion| companion.add_all(chosen, now))
    }

    /// Changes names, note, tags, pin and place of an account. The key and its parameters never change.
    ///
    /// # Errors
    ///
    /// `Vault`, `NotUnlocked`, `Closed`: nothing was changed then.
    #[uniffi::method(default(now = None))]
    pub fn edit(
        &self,
        id: RecordId,
        edit: Edit,
        now: Option<UnixSeconds>,
    ) -> Result<(), CountersignError> {
        let now = self.time(now)?;
        self.change(|companion| companion.edit(id, edit, now))
    }

    /// The next code of a counter account. The counter is committed before the code is returned.
    ///
    /// # Errors
    ///
    /// `Vault`, among them `CounterDoubtful`, `NoCounter` and `CounterExhausted`: the counter stays then.
    #[uniffi::method(default(now = None))]
    pub fn next_hotp(
        &self,
        id: RecordId,
        doubtful: DoubtfulCounter,
        now: Option<UnixSeconds>,
    ) -> Result<PassedCode, CountersignError> {
        let now = self.time(now)?;
        self.change(|companion| companion.next_hotp(id, doubtful, now))
    }

    /// Puts an account into the trash; returns when it will be purged. The website still expects its codes.
    ///
    /// # Errors
    ///
    /// `Vault`, `NotUnlocked`, `Closed`.
    #[uniffi::method(default(now = None))]
    pub fn remove(
        &self,
        id: RecordId,
        now: Option<UnixSeconds>,
    ) -> Result<UnixSeconds, CountersignError> {
        let now = self.time(now)?;
        self.change(|companion| companion.remove(id, now))
    }

    /// Takes an account out of the trash exactly as it was.
    ///
    /// # Errors
    ///
    /// As `remove`.
    #[uniffi::method(default(now = None))]
    pub fn restore(&self, id: RecordId, now: Option<UnixSeconds>) -> Result<(), CountersignError> {
        let now = self.time(now)?;
        self.change(|companion| companion.restore(id, now))
    }

    /// Deletes an account in the trash for good.
    ///
    /// # Errors
    ///
    /// As `remove`.
    #[uniffi::method(default(now = None))]
    pub fn purge(&self, id: RecordId, now: Option<UnixSeconds>) -> Result<(), CountersignError> {
        let now = self.time(now)?;
        self.change(|companion| companion.purge(id, now))
    }

    /// Deletes what has been in the trash for `trash_days` days; returns how many accounts that were.
    ///
    /// # Errors
    ///
    /// As `remove`.
    #[uniffi::method(default(now = None))]
    pub fn purge_expired(&self, now: Option<UnixSeconds>) -> Result<u32, CountersignError> {
        let now = self.time(now)?;
        self.change(|companion| companion.purge_expired(now))
    }

    /// One account as a link that every authenticator reads: the one way a key leaves the vault.
    ///
    /// # Errors
    ///
    /// `Vault` with `NoSuchAccount` or `UnreadableRecord`; `NotUnlocked`, `Closed`.
    pub fn export_uri(&self, id: RecordId) -> Result<SecretText, CountersignError> {
        Ok(self.look(|companion| companion.export_uri(id))??)
    }

    /// The note of an account; empty when it has none.
    ///
    /// # Errors
    ///
    /// As `export_uri`.
    pub fn note(&self, id: RecordId) -> Result<SecretText, CountersignError> {
        Ok(self.look(|companion| companion.note(id))??)
    }
}

/// How many days an account can be restored from the trash, at least.
#[uniffi::export]
#[must_use]
pub fn trash_days() -> u64 {
    TRASH_DAYS
}
