//! Work accounts: adding them, asking their servers, answering what these ask. A shell sends what it is given and brings back
//! what came.

mod adding;
mod answering;
mod codes;
mod desk;
mod driving;
mod history;
mod lanes;
mod leaving;
mod porch;
mod steps;

#[cfg(test)]
mod tests;

pub use codes::WorkCodes;
pub(super) use driving::InFlight;
pub use history::HistoryReport;
pub use lanes::TakenLane;
pub use porch::{PorchCompanion, PorchMemory, PorchStatement};
pub use steps::{
    AnswerStep, EnrolStep, FailedEnrolment, GoneKeys, KeyCheck, MadeKeys, OfflineStep, RemovalStep,
    RequestStep, SignedDecision,
};

use super::Companion;
use crate::approval::{
    ApprovalError, Attention, Disclosure, Errand, Event, Lane, NextAction, Outgoing, Reply,
    StatementView, WorkView,
};
use crate::device::DeviceKeys;
use crate::time::UnixSeconds;
use crate::vault::RecordId;

impl Companion {
    /// All work accounts, those in the trash included, in the order of issuer and label.
    #[must_use]
    pub fn work_accounts(&self, now: UnixSeconds) -> Vec<WorkView> {
        let accounts = desk::all(&self.vault).into_iter();
        let mut views: Vec<WorkView> = accounts
            .filter(|account| !account.is_superseded)
            .map(|account| self.in_flight.shown(account.view(now)))
            .collect();
        views.sort_by(|a, b| (&a.issuer, &a.label, a.id).cmp(&(&b.issuer, &b.label, b.id)));
        views
    }

    /// One work account.
    ///
    /// # Errors
    ///
    /// [`ApprovalError::NoSuchAccount`], [`ApprovalError::Unreadable`].
    pub fn work_account(&self, id: RecordId, now: UnixSeconds) -> Result<WorkView, ApprovalError> {
        Ok(self.in_flight.shown(desk::load(&self.vault, id)?.view(now)))
    }

    /// Statements of all accounts that are open: the oldest first, whichever account they belong to.
    #[must_use]
    pub fn statements(&self, now: UnixSeconds) -> Vec<StatementView> {
        let mut open = self.all_statements(now);
        open.retain(|statement| statement.outcome.is_none());
        open
    }

    /// The same with those that ended within the last day.
    #[must_use]
    pub fn all_statements(&self, now: UnixSeconds) -> Vec<StatementView> {
        let accounts = desk::all(&self.vault).into_iter();
        let mut statements: Vec<StatementView> = accounts
            .filter(|account| account.trashed_at.is_none() && !account.is_superseded)
            .flat_map(|account| account.statements(now))
            .collect();
        statements.sort_by_key(StatementView::order);
        statements
    }

    /// What an account's organisation sees of this device, and what it decides (O1).
    ///
    /// # Errors
    ///
    /// [`ApprovalError::NoSuchAccount`], [`ApprovalError::Unreadable`].
    pub fn disclosure(&self, id: RecordId) -> Result<Disclosure, ApprovalError> {
        Ok(desk::load(&self.vault, id)?.work.disclosure())
    }

    /// What a shell does next. It asks again after each reply, each decision, and at the time that is named.
    #[must_use]
    pub fn next_action(&self, attention: Attention, now: UnixSeconds) -> NextAction {
        driving::next_action(&self.vault, &self.in_flight, attention, now)
    }

    /// Prepares an account's next request on a lane: the same bytes as before, or a request that is signed afresh. Dropped
    /// unsent it is brought back with [`Reply::Unreachable`].
    ///
    /// # Errors
    ///
    /// [`ApprovalError::NothingToSend`], [`ApprovalError::NoSuchAccount`]; [`ApprovalError::Key`] when the platform's key did
    /// not sign: [`Self::next_action`] does not ask for it again before the person does something.
    pub fn prepare(
        &mut self,
        account: RecordId,
        lane: Lane,
        attention: Attention,
        keys: &dyn DeviceKeys,
        now: UnixSeconds,
    ) -> Result<Outgoing, ApprovalError> {
        let (vault, in_flight) = (&mut self.vault, &mut self.in_flight);
        driving::prepare(vault, in_flight, (account, lane), attention, keys, now)
    }

    /// The first part of [`Self::prepare`]: the lane is taken until the step is finished or [given up](Self::give_up).
    ///
    /// # Errors
    ///
    /// [`ApprovalError::NothingToSend`] while the lane has a request, [`ApprovalError::NoSuchAccount`].
    pub fn begin_request(
        &mut self,
        account: RecordId,
        lane: Lane,
        attention: Attention,
    ) -> Result<RequestStep, ApprovalError> {
        driving::begin_request(&self.vault, &mut self.in_flight, (account, lane), attention)
    }

    /// The last part of [`Self::prepare`].
    ///
    /// # Errors
    ///
    /// That of `signed`; the lane is free again then.
    pub fn finish_request(
        &mut self,
        step: &RequestStep,
        signed: Result<Outgoing, ApprovalError>,
        now: UnixSeconds,
    ) -> Result<Outgoing, ApprovalError> {
        let (vault, in_flight) = (&mut self.vault, &mut self.in_flight);
        driving::finish_request(vault, in_flight, step, signed, now)
    }

    /// Nobody waits for this account's request on this lane any more, whether it was sent or not: [`Self::next_action`] says
    /// what comes next as if there had been none.
    pub fn give_up(&mut self, taken: TakenLane) {
        self.in_flight.give_up(taken);
    }

    /// Takes what came back for a request, and says what a shell has to show. What changed is stored before it is said.
    ///
    /// # Errors
    ///
    /// [`ApprovalError::Vault`] when it could not be stored: the server will be asked again. That an account has gone
    /// meanwhile is no error.
    pub fn take_reply(
        &mut self,
        errand: &Errand,
        reply: &Reply,
        now: UnixSeconds,
    ) -> Result<Vec<Event>, ApprovalError> {
        driving::take_reply(&mut self.vault, &mut self.in_flight, errand, reply, now)
    }

    /// A bell rang: its account is asked what is there, at once. False for a token that is none of this device's.
    ///
    /// # Errors
    ///
    /// [`ApprovalError::Vault`].
    pub fn take_bell(&mut self, token: &str, now: UnixSeconds) -> Result<bool, ApprovalError> {
        driving::take_bell(&mut self.vault, &mut self.in_flight, token, now)
    }

    /// The network came back, or the person asks: what failed or was turned down is tried again at once, but for servers that
    /// said when.
    pub fn try_at_once(&mut self) {
        self.in_flight.try_all_at_once();
    }
}
