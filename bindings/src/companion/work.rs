//! Work accounts: what a shell shows of them, and what a person does with them at once.

use countersign_core::approval::{
    self, Attention, Disclosure, KeyPlace, NextAction, StatementId, WorkView,
};
use countersign_core::companion::PorchStatement;
use countersign_core::time::UnixSeconds;
use countersign_core::uri::ServerUrl;
use countersign_core::vault::RecordId;
use countersign_protocol::bell::Bell;

use super::life::CompanionState;
use super::{Companion, State};
use crate::errors::CountersignError;
use crate::reading::invitation::Invitation;
use crate::reading::mode_of;
use crate::values::statements::Statement;

/// A work account that is to be.
#[derive(Clone, uniffi::Record)]
pub struct NewWork {
    /// What the person calls this device; at most 64 bytes are sent.
    pub device_name: String,
    /// The platform; at most 32 bytes are sent.
    pub platform: String,
    /// The app and its version; at most 32 bytes are sent.
    pub app: String,
    /// Where its keys will lie.
    pub keys: KeyPlace,
    /// The work account on this device whose place it is to take, once active.
    #[uniffi(default = None)]
    pub replaces: Option<RecordId>,
}

#[uniffi::export]
impl Companion {
    /// All work accounts, those in the trash included, in the order of issuer and label.
    ///
    /// # Errors
    ///
    /// `NotUnlocked`, `Closed`; `PortFailed` where no time was given.
    #[uniffi::method(default(now = None))]
    pub fn work_accounts(
        &self,
        now: Option<UnixSeconds>,
    ) -> Result<Vec<WorkView>, CountersignError> {
        let now = self.time(now)?;
        self.look(|companion| companion.work_accounts(now))
    }

    /// One work account.
    ///
    /// # Errors
    ///
    /// `Approval` with `NoSuchAccount` or `Unreadable`; as `work_accounts`.
    #[uniffi::method(default(now = None))]
    pub fn work_account(
        &self,
        id: RecordId,
        now: Option<UnixSeconds>,
    ) -> Result<WorkView, CountersignError> {
        let now = self.time(now)?;
        Ok(self.look(|companion| companion.work_account(id, now))??)
    }

    /// Requests of all accounts that are open, the oldest first; with the vault locked those that the porch has.
    ///
    /// # Errors
    ///
    /// `NotUnlocked` without a porch; `Vault`, `Closed`; `PortFailed` where no time was given.
    #[uniffi::method(default(now = None))]
    pub fn pending(&self, now: Option<UnixSeconds>) -> Result<Vec<Statement>, CountersignError> {
        let now = self.time(now)?;
        let open = self.at_desk(
            |companion| Ok(companion.statements(now)),
            |porch| porch.opened(now),
        )?;
        Ok(open.into_iter().map(Statement::from).collect())
    }

    /// The same with those that ended within the last day, of an open vault.
    ///
    /// # Errors
    ///
    /// As `work_accounts`.
    #[uniffi::method(default(now = None))]
    pub fn statements(&self, now: Option<UnixSeconds>) -> Result<Vec<Statement>, CountersignError> {
        let now = self.time(now)?;
        let all = self.look(|companion| companion.all_statements(now))?;
        Ok(all.into_iter().map(Statement::from).collect())
    }

    /// One request, open or not.
    ///
    /// # Errors
    ///
    /// `Approval` with `NoSuchStatement`; as `work_accounts`.
    #[uniffi::method(default(now = None))]
    pub fn statement(
        &self,
        id: StatementId,
        now: Option<UnixSeconds>,
    ) -> Result<Statement, CountersignError> {
        let now = self.time(now)?;
        Ok(self.look(|companion| companion.statement(id, now))??.into())
    }

    /// Open requests as a locked screen may show them: who asks, and whose account it is.
    ///
    /// # Errors
    ///
    /// `NotLocked` with the vault open; `NotUnlocked` without a porch; `Vault`, `Closed`.
    #[uniffi::method(default(now = None))]
    pub fn waiting(
        &self,
        now: Option<UnixSeconds>,
    ) -> Result<Vec<PorchStatement>, CountersignError> {
        let now = self.time(now)?;
        if matches!(&*self.lock_state(), State::Open(_)) {
            return Err(CountersignError::NotLocked);
        }
        self.at_desk(|_| Ok(vec![]), |porch| porch.waiting(now))
    }

    /// What an account's organisation sees of this device, and what it decides.
    ///
    /// # Errors
    ///
    /// `Approval` with `NoSuchAccount` or `Unreadable`; `NotUnlocked`, `Closed`.
    pub fn disclosure(&self, id: RecordId) -> Result<Disclosure, CountersignError> {
        Ok(self.look(|companion| companion.disclosure(id))??)
    }

    /// Work accounts of this device at the same server that an invitation could replace: the person chooses, or keeps both.
    ///
    /// # Errors
    ///
    /// `NotUnlocked`, `Closed`.
    pub fn earlier_work(&self, invitation: &Invitation) -> Result<Vec<RecordId>, CountersignError> {
        let url: &ServerUrl = &invitation.core().url;
        self.look(|companion| companion.earlier_work(url))
    }

    /// Stores that an invitation is to become a work account. Nothing is made or sent yet: `next_action` says what comes
    /// next.
    ///
    /// # Errors
    ///
    /// `Approval` with `NoSuchAccount` for an account to be replaced, `TooMany`, `Entropy`; `Vault`: nothing was stored.
    #[uniffi::method(default(now = None))]
    pub fn add_work(
        &self,
        invitation: &Invitation,
        new: NewWork,
        now: Option<UnixSeconds>,
    ) -> Result<RecordId, CountersignError> {
        let now = self.time(now)?;
        let NewWork {
            device_name,
            platform,
            app,
            keys,
            replaces,
        } = &new;
        let new = approval::NewWork {
            device_name,
            platform,
            app,
            keys: *keys,
            replaces: *replaces,
        };
        self.change(|companion| companion.add_work(invitation.core(), &new, now))
    }

    /// What a shell does next, with the vault open or on its porch. It asks again after each answer, each decision, and at the
    /// time that is named.
    ///
    /// # Errors
    ///
    /// `NotUnlocked` without a porch; `Vault`, `Closed`; `PortFailed` where no time was given.
    #[uniffi::method(default(now = None))]
    pub fn next_action(
        &self,
        attention: Attention,
        now: Option<UnixSeconds>,
    ) -> Result<NextAction, CountersignError> {
        let now = self.time(now)?;
        self.at_desk(
            |companion| Ok(companion.next_action(attention, now)),
            |porch| Ok(porch.next_action(attention, now)),
        )
    }

    /// The network came back, or the person asks: what failed or was turned down is tried again at once, but for servers that
    /// said when.
    ///
    /// # Errors
    ///
    /// As `next_action`.
    pub fn try_at_once(&self) -> Result<(), CountersignError> {
        self.at_desk(
            |companion| {
                companion.try_at_once();
                Ok(())
            },
            |porch| {
                porch.try_at_once();
                Ok(())
            },
        )
    }

    /// A bell rang, with this payload as it was pushed: its account is asked what is there, at once. False for what is none of
    /// this device's: whoever knows the address can send anything.
    ///
    /// # Errors
    ///
    /// As `next_action`.
    #[uniffi::method(default(now = None))]
    pub fn bell(&self, payload: &[u8], now: Option<UnixSeconds>) -> Result<bool, CountersignError> {
        let now = self.time(now)?;
        let Some(bell) = Bell::read(payload) else {
            return match self.state() {
                CompanionState::Closed => Err(CountersignError::Closed),
                _ => Ok(false),
            };
        };
        let token = bell.token.format();
        self.change_desk(
            (),
            |companion, ()| companion.take_bell(&token, now),
            |porch, ()| porch.take_bell(&token, now),
        )
    }

    /// Takes a request from a sign-in page's QR code: checked as if it had been fetched, shown, and answered like any other.
    ///
    /// # Errors
    ///
    /// `Approval`: `NotGenuine`, `ConnectOnce`, `Expired`, `InTrash`; `Vault`, `NotUnlocked`, `Closed`.
    #[uniffi::method(default(test_mode = false, now = None))]
    pub fn scan_statement(
        &self,
        link: &str,
        test_mode: bool,
        now: Option<UnixSeconds>,
    ) -> Result<StatementId, CountersignError> {
        let now = self.time(now)?;
        let test_mode = mode_of(test_mode);
        self.change(|companion| companion.scan_statement(link, test_mode, now))
    }

    /// Whether a work account's own rules let its codes leave the vault.
    ///
    /// # Errors
    ///
    /// `Approval` with `NoSuchAccount`; as `work_accounts`.
    #[uniffi::method(default(now = None))]
    pub fn may_export_work(
        &self,
        id: RecordId,
        now: Option<UnixSeconds>,
    ) -> Result<bool, CountersignError> {
        let now = self.time(now)?;
        Ok(self.look(|companion| companion.may_export_work(id, now))??)
    }
}
