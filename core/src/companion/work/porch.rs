//! Work accounts while the vault is locked: a bell is taken, a server asked, a statement verified and rung, denied, and approved
//! by a key of the platform that asks for the person. No code, no secret and no other account is in reach.

use std::cell::RefCell;

use zeroize::Zeroizing;

use super::super::{Companion, LockedCompanion};
use super::desk::{self, Desk, Done, take_flight};
use super::driving::{self, InFlight};
use super::lanes::TakenLane;
use super::steps::{AnswerStep, RequestStep, SignedDecision};
use crate::account::Name;
use crate::approval::history::leave_refused;
use crate::approval::{
    ApprovalError, Attention, Decision, Errand, Event, Kept, Lane, NextAction, Outgoing, Reply,
    StatementId, StatementView, WorkAccount,
};
use crate::device::DeviceKeys;
use crate::entropy::Entropy;
use crate::secret::Secret;
use crate::time::UnixSeconds;
use crate::vault::{PlatformSlot, Porch, PorchEntry, PorchField, RecordId, VaultError};

/// What lies of an account on the porch; none for one that cannot work there.
pub(super) fn entry_of(account: &WorkAccount) -> Option<PorchEntry> {
    let is_wanted = account.is_awake() && account.work.works_on_the_porch();
    is_wanted.then(|| entry(account))
}

fn entry(account: &WorkAccount) -> PorchEntry {
    let mut entry = PorchEntry::default();
    entry.put(PorchField::State, &account.encode(Kept::OnThePorch));
    for (id, flight) in account.work.flights() {
        let value = Zeroizing::new([id.bytes(), flight.as_slice()].concat());
        entry.put(PorchField::Statement, &value);
    }
    entry
}

/// An account as it lies on the porch.
fn account_in(id: RecordId, entry: &PorchEntry) -> Result<WorkAccount, ApprovalError> {
    let state = entry
        .value(PorchField::State)
        .ok_or(ApprovalError::Unreadable)?;
    let mut account = WorkAccount::decode(id, state)?;
    for value in entry.values(PorchField::Statement) {
        if let Some((flight, body)) = value.split_first_chunk::<16>() {
            take_flight(&mut account, RecordId::from_bytes(*flight), body);
        }
    }
    Ok(account)
}

/// Takes over what the porch has got further with. What cannot be taken over is as if it had not been there: the server is asked
/// again.
pub(super) fn take_over(account: &mut WorkAccount, entry: &PorchEntry) {
    if let Ok(there) = account_in(account.id, entry) {
        let state = there.work.encode(Kept::OnThePorch);
        let _ = account.work.take_over(&state, &flights_in(entry));
        account.shield = there.shield;
    }
}

/// Statements of an account as they lie on the porch.
fn flights_in(entry: &PorchEntry) -> Vec<(StatementId, Vec<u8>)> {
    let values = entry.values(PorchField::Statement);
    values
        .filter_map(|value| {
            let (id, body) = value.split_first_chunk::<16>()?;
            Some((StatementId::from_bytes(*id), body.to_vec()))
        })
        .collect()
}

impl Desk for Porch<'_> {
    const KEPT: Kept = Kept::OnThePorch;

    fn all(&self) -> Result<Vec<WorkAccount>, ApprovalError> {
        let entries = self.entries()?.into_iter();
        Ok(entries
            .filter_map(|(id, entry)| account_in(id, &entry).ok())
            .collect())
    }

    fn load(&self, id: RecordId) -> Result<WorkAccount, ApprovalError> {
        let mut entries = self.entries()?.into_iter();
        let (_, entry) = entries
            .find(|(found, _)| *found == id)
            .ok_or(ApprovalError::NoSuchAccount)?;
        account_in(id, &entry)
    }

    fn change<R>(
        &mut self,
        id: RecordId,
        _now: UnixSeconds,
        step: impl FnOnce(&mut WorkAccount) -> Result<Done<R>, ApprovalError>,
    ) -> Result<R, ApprovalError> {
        // The plan's own error, which the porch does not know.
        let failed = RefCell::new(None);
        let changed = Porch::change(self, id, |found, change| {
            let done = found
                .ok_or(ApprovalError::NoSuchAccount)
                .and_then(|entry| account_in(id, &entry))
                .and_then(|mut account| Ok((step(&mut account)?, account)));
            let (done, account) = match done {
                Ok(done) => done,
                Err(error) => {
                    failed.replace(Some(error));
                    return Err(VaultError::NoSuchAccount);
                }
            };
            if done.is_worth_storing {
                // Also of one that has ended: its record takes that over once the vault is open.
                change.put(entry(&account));
            }
            for note in &done.notes {
                change.append(note.encode());
            }
            for note in &done.refused {
                leave_refused(self, change, note)?;
            }
            Ok(done.result)
        });
        changed.map_err(|error| failed.into_inner().unwrap_or(ApprovalError::Vault(error)))
    }

    fn entropy(&self) -> &dyn Entropy {
        Porch::entropy(self)
    }
}

/// What may be shown of a statement on a locked screen: who asks and whose account it is (R4). There is no way to approve from
/// here without opening it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PorchStatement {
    /// Which it is.
    pub id: StatementId,
    /// Who asks.
    pub issuer: Name,
    /// Whose account it is.
    pub label: Name,
    /// Whether it waits quietly.
    pub is_quiet: bool,
}

/// What a process knows of requests on their way, between two visits of the porch.
#[derive(Debug, Default)]
pub struct PorchMemory(InFlight);

impl PorchMemory {
    /// See [`Companion::give_up`].
    pub fn give_up(&mut self, taken: TakenLane) {
        self.0.give_up(taken);
    }
}

/// A locked companion that stands on the porch.
pub struct PorchCompanion<'a> {
    porch: Porch<'a>,
    in_flight: InFlight,
}

impl std::fmt::Debug for PorchCompanion<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("PorchCompanion")
    }
}

impl LockedCompanion {
    /// The slot whose secret a key of the platform unwraps without asking the person; none when the porch is shut.
    ///
    /// # Errors
    ///
    /// [`VaultError::DamagedData`], [`VaultError::Io`].
    pub fn porch_slot(&self) -> Result<Option<PlatformSlot>, VaultError> {
        self.vault.porch_slot()
    }

    /// Opens the porch with what the platform's key unwrapped. The vault stays locked.
    ///
    /// # Errors
    ///
    /// [`VaultError::NoSuchSlot`] when the porch is shut, [`VaultError::DamagedSlot`].
    pub fn open_porch(&self, secret: &Secret) -> Result<PorchCompanion<'_>, VaultError> {
        self.return_to_porch(secret, &mut PorchMemory::default())
    }

    /// The same once more, with what [`PorchCompanion::leave`] gave. The memory is empty afterwards, unless there was an error.
    ///
    /// # Errors
    ///
    /// Those of [`Self::open_porch`].
    pub fn return_to_porch(
        &self,
        secret: &Secret,
        memory: &mut PorchMemory,
    ) -> Result<PorchCompanion<'_>, VaultError> {
        let porch = self.vault.open_porch(secret)?;
        Ok(PorchCompanion {
            porch,
            in_flight: std::mem::take(&mut memory.0),
        })
    }
}

impl PorchCompanion<'_> {
    /// Leaves the porch, for a shell that cannot stand there all the time.
    #[must_use]
    pub fn leave(self) -> PorchMemory {
        PorchMemory(self.in_flight)
    }

    /// See [`Companion::begin_request`].
    ///
    /// # Errors
    ///
    /// Those of [`Companion::begin_request`].
    pub fn begin_request(
        &mut self,
        account: RecordId,
        lane: Lane,
        attention: Attention,
    ) -> Result<RequestStep, ApprovalError> {
        driving::begin_request(&self.porch, &mut self.in_flight, (account, lane), attention)
    }

    /// See [`Companion::finish_request`].
    ///
    /// # Errors
    ///
    /// Those of [`Companion::finish_request`].
    pub fn finish_request(
        &mut self,
        step: &RequestStep,
        signed: Result<Outgoing, ApprovalError>,
        now: UnixSeconds,
    ) -> Result<Outgoing, ApprovalError> {
        let (porch, in_flight) = (&mut self.porch, &mut self.in_flight);
        driving::finish_request(porch, in_flight, step, signed, now)
    }

    /// See [`Companion::give_up`].
    pub fn give_up(&mut self, taken: TakenLane) {
        self.in_flight.give_up(taken);
    }

    /// See [`Companion::begin_answer`].
    ///
    /// # Errors
    ///
    /// Those of [`Companion::begin_answer`].
    pub fn begin_answer(
        &self,
        id: StatementId,
        decision: &Decision,
        now: UnixSeconds,
    ) -> Result<AnswerStep, ApprovalError> {
        driving::begin_answer(&self.porch, id, decision, now)
    }

    /// See [`Companion::finish_answer`].
    ///
    /// # Errors
    ///
    /// Those of [`Companion::finish_answer`].
    pub fn finish_answer(
        &mut self,
        step: &AnswerStep,
        signed: Result<SignedDecision, ApprovalError>,
        now: UnixSeconds,
    ) -> Result<(), ApprovalError> {
        let (porch, in_flight) = (&mut self.porch, &mut self.in_flight);
        driving::finish_answer(porch, in_flight, step, signed, now)
    }

    /// What a shell does next; see [`Companion::next_action`].
    #[must_use]
    pub fn next_action(&self, attention: Attention, now: UnixSeconds) -> NextAction {
        driving::next_action(&self.porch, &self.in_flight, attention, now)
    }

    /// Prepares a request; see [`Companion::prepare`]. Secrets are never asked for from here.
    ///
    /// # Errors
    ///
    /// Those of [`Companion::prepare`].
    pub fn prepare(
        &mut self,
        account: RecordId,
        lane: Lane,
        attention: Attention,
        keys: &dyn DeviceKeys,
        now: UnixSeconds,
    ) -> Result<Outgoing, ApprovalError> {
        let (porch, in_flight) = (&mut self.porch, &mut self.in_flight);
        driving::prepare(porch, in_flight, (account, lane), attention, keys, now)
    }

    /// Takes what came back; see [`Companion::take_reply`].
    ///
    /// # Errors
    ///
    /// Those of [`Companion::take_reply`].
    pub fn take_reply(
        &mut self,
        errand: &Errand,
        reply: &Reply,
        now: UnixSeconds,
    ) -> Result<Vec<Event>, ApprovalError> {
        driving::take_reply(&mut self.porch, &mut self.in_flight, errand, reply, now)
    }

    /// A bell rang; see [`Companion::take_bell`].
    ///
    /// # Errors
    ///
    /// Those of [`Companion::take_bell`].
    pub fn take_bell(&mut self, token: &str, now: UnixSeconds) -> Result<bool, ApprovalError> {
        driving::take_bell(&mut self.porch, &mut self.in_flight, token, now)
    }

    /// See [`Companion::try_at_once`].
    pub fn try_at_once(&mut self) {
        self.in_flight.try_all_at_once();
    }

    /// Open statements as a locked screen may show them, oldest first.
    ///
    /// # Errors
    ///
    /// [`ApprovalError::Vault`].
    pub fn waiting(&self, now: UnixSeconds) -> Result<Vec<PorchStatement>, ApprovalError> {
        let open = self.opened(now)?.into_iter();
        Ok(open
            .map(|statement| PorchStatement {
                id: statement.id,
                issuer: statement.issuer,
                label: statement.label,
                is_quiet: statement.is_quiet,
            })
            .collect())
    }

    /// The same with all that they say, for a screen that the person has unlocked.
    ///
    /// # Errors
    ///
    /// [`ApprovalError::Vault`].
    pub fn opened(&self, now: UnixSeconds) -> Result<Vec<StatementView>, ApprovalError> {
        let accounts = self.porch.all()?.into_iter();
        let mut open: Vec<StatementView> = accounts
            .flat_map(|account| account.statements(now))
            .filter(|statement| statement.outcome.is_none())
            .collect();
        open.sort_by_key(StatementView::order);
        Ok(open)
    }

    /// Answers a statement; see [`Companion::decide`]. What approves is the platform's key, which asks for the person.
    ///
    /// # Errors
    ///
    /// Those of [`Companion::decide`].
    pub fn decide(
        &mut self,
        id: StatementId,
        decision: &Decision,
        keys: &dyn DeviceKeys,
        now: UnixSeconds,
    ) -> Result<(), ApprovalError> {
        let (porch, in_flight) = (&mut self.porch, &mut self.in_flight);
        driving::decide(porch, in_flight, id, decision, keys, now)
    }
}

impl Companion {
    /// Takes over what the porch has got further with since the vault was locked, its history first, and makes the porch anew.
    /// Called at each unlock; a read-only vault, or one whose writing has to wait, is left as it is.
    ///
    /// # Errors
    ///
    /// Those of every write: nothing was changed, and the next unlock tries again.
    pub fn take_over_porch(&mut self, now: UnixSeconds) -> Result<(), VaultError> {
        let accounts = desk::all(&self.vault);
        let has_porch = accounts.iter().any(|account| entry_of(account).is_some());
        if !has_porch && self.vault.porch_news()? == 0 {
            return Ok(());
        }
        self.vault.take_over_porch(now, |vault, entries, change| {
            for mut account in desk::all(vault) {
                let before = desk::bodies(&account);
                let entry = entries.iter().find(|(id, _)| *id == account.id);
                if let Some((_, entry)) = entry {
                    take_over(&mut account, entry);
                }
                desk::put_difference(vault, &account, before, change);
            }
            Ok(())
        })
    }
}
