//! Where work accounts are kept while they are worked with: loaded whole, changed inside one transaction, and only what
//! changed is written. One desk is the open vault, the other the porch of a locked one.

use std::collections::BTreeMap;

use zeroize::Zeroizing;

use crate::approval::history::{Entry, append_refused};
use crate::approval::{ApprovalError, Kept, StatementId, WorkAccount};
use crate::entropy::Entropy;
use crate::secret::Secret;
use crate::time::UnixSeconds;
use crate::vault::{Change, RecordId, StoredWork, Vault, VaultError, WorkKind};

/// Bodies of an account and its statements, by their records.
pub(super) type Bodies = BTreeMap<RecordId, Zeroizing<Vec<u8>>>;

/// What was done to an account, for the desk that keeps it.
pub(super) struct Done<R> {
    pub(super) result: R,
    /// What belongs into the history.
    pub(super) notes: Vec<Entry>,
    /// The same, of what was refused: once a cause and hour.
    pub(super) refused: Vec<Entry>,
    /// Whether more changed than what wears off by itself.
    pub(super) is_worth_storing: bool,
    /// The account whose place this one has taken.
    pub(super) superseded: Option<RecordId>,
}

impl<R> Done<R> {
    pub(super) const fn stored(result: R) -> Self {
        Self {
            result,
            notes: vec![],
            refused: vec![],
            is_worth_storing: true,
            superseded: None,
        }
    }
}

/// Where work accounts are kept.
pub(super) trait Desk {
    /// What may lie here.
    const KEPT: Kept;

    /// All that can be read, with their statements.
    fn all(&self) -> Result<Vec<WorkAccount>, ApprovalError>;

    /// One of them.
    fn load(&self, id: RecordId) -> Result<WorkAccount, ApprovalError>;

    /// Changes one in one transaction: `step` sees it as it stands inside, whoever wrote it last. An error changes nothing.
    fn change<R>(
        &mut self,
        id: RecordId,
        now: UnixSeconds,
        step: impl FnOnce(&mut WorkAccount) -> Result<Done<R>, ApprovalError>,
    ) -> Result<R, ApprovalError>;

    fn entropy(&self) -> &dyn Entropy;
}

impl Desk for Vault {
    const KEPT: Kept = Kept::InTheVault;

    fn all(&self) -> Result<Vec<WorkAccount>, ApprovalError> {
        Ok(all(self))
    }

    fn load(&self, id: RecordId) -> Result<WorkAccount, ApprovalError> {
        load(self, id)
    }

    fn change<R>(
        &mut self,
        id: RecordId,
        now: UnixSeconds,
        step: impl FnOnce(&mut WorkAccount) -> Result<Done<R>, ApprovalError>,
    ) -> Result<R, ApprovalError> {
        self.change_if_any(now, |vault, change| {
            let mut account = load(vault, id)?;
            let before = bodies(&account);
            // Another process may stand at the porch: what it answered there is not answered again, and not written over.
            let mut is_news = false;
            if let Some(entry) = vault.porch_entry(id)? {
                super::porch::take_over(&mut account, &entry);
                is_news = bodies(&account) != before;
            }
            let done = step(&mut account)?;
            if let Some(superseded) = done.superseded {
                supersede(vault, &mut account, superseded, change);
            }
            if done.is_worth_storing || is_news {
                put_difference(vault, &account, before, change);
            }
            for note in &done.notes {
                change.append(note.encode());
            }
            for note in &done.refused {
                append_refused(vault, change, note)?;
            }
            Ok(done.result)
        })
    }

    fn entropy(&self) -> &dyn Entropy {
        Self::entropy(self)
    }
}

/// Puts an account into the place of an earlier one, whose keys are still to be deleted.
fn supersede(vault: &Vault, account: &mut WorkAccount, earlier: RecordId, change: &mut Change) {
    let Ok(mut earlier) = load(vault, earlier) else {
        return;
    };
    account.earlier.push(earlier.id);
    account.earlier.extend(earlier.earlier.iter());
    let before = bodies(&earlier);
    earlier.is_superseded = true;
    put_difference(vault, &earlier, before, change);
}

/// Whether a record is a work account.
fn is_account(stored: &StoredWork) -> bool {
    stored.kind == WorkKind::Account
}

/// All work accounts that can be read, with their statements.
pub(super) fn all(vault: &Vault) -> Vec<WorkAccount> {
    let records = vault.work().filter(|(_, stored)| is_account(stored));
    let mut accounts: BTreeMap<RecordId, WorkAccount> = records
        .filter_map(|(id, stored)| Some((id, decoded(id, stored).ok()?)))
        .collect();
    for (id, of, flight) in flights(vault) {
        if let Some(account) = accounts.get_mut(&of) {
            take_flight(account, id, flight);
        }
    }
    accounts.into_values().collect()
}

/// Statements of all accounts: record, account, and what is kept.
fn flights(vault: &Vault) -> impl Iterator<Item = (RecordId, RecordId, &[u8])> {
    let records = vault.work().filter(|(_, stored)| !is_account(stored));
    records.filter_map(|(id, stored)| {
        // EXPOSE: the statement is read.
        let (of, flight) = WorkAccount::split_flight(stored.body.expose())?;
        Some((id, of, flight))
    })
}

/// One work account with its statements.
pub(super) fn load(vault: &Vault, id: RecordId) -> Result<WorkAccount, ApprovalError> {
    let stored = vault.work_record(id).map_err(|error| match error {
        VaultError::NoSuchAccount => ApprovalError::NoSuchAccount,
        other => other.into(),
    })?;
    if !is_account(stored) {
        return Err(ApprovalError::NoSuchAccount);
    }
    let mut account = decoded(id, stored)?;
    for (flight_id, _, flight) in flights(vault).filter(|(_, of, _)| *of == id) {
        take_flight(&mut account, flight_id, flight);
    }
    Ok(account)
}

/// One that this version cannot read is kept, and not shown.
pub(super) fn take_flight(account: &mut WorkAccount, id: RecordId, flight: &[u8]) {
    let id = StatementId::from_bytes(*id.bytes());
    let _ = account.work.take_flight(id, flight);
}

fn decoded(id: RecordId, stored: &StoredWork) -> Result<WorkAccount, ApprovalError> {
    // EXPOSE: the account is read.
    let mut account = WorkAccount::decode(id, stored.body.expose())?;
    account.is_doubtful = stored.is_doubtful;
    Ok(account)
}

pub(super) fn bodies(account: &WorkAccount) -> Bodies {
    let flights = account.work.flights().into_iter();
    let mut bodies: Bodies = flights
        .map(|(id, flight)| {
            let body = WorkAccount::join_flight(account.id, &flight);
            (RecordId::from_bytes(*id.bytes()), body)
        })
        .collect();
    bodies.insert(account.id, account.encode(Kept::InTheVault));
    bodies
}

/// Stores what differs from before, and what lies of it on the porch.
pub(super) fn put_difference(
    vault: &Vault,
    account: &WorkAccount,
    mut before: Bodies,
    change: &mut Change,
) {
    for (id, body) in bodies(account) {
        if before.remove(&id).is_some_and(|earlier| earlier == body) {
            continue;
        }
        let kind = match id == account.id {
            true => WorkKind::Account,
            false => WorkKind::InFlight,
        };
        put(vault, id, kind, &body, change);
    }
    // What is left had been there and is no more.
    for id in before.into_keys() {
        change.delete(id);
    }
    match super::porch::entry_of(account) {
        Some(entry) => change.put_on_porch(account.id, entry),
        None => change.take_from_porch(account.id),
    }
}

fn put(vault: &Vault, id: RecordId, kind: WorkKind, body: &[u8], change: &mut Change) {
    let body = Secret::copy_of(body);
    let stored = match vault.work_record(id) {
        Ok(earlier) if earlier.kind == kind => earlier.with_body(body),
        _ => StoredWork::new(kind, body),
    };
    change.put_work(id, stored);
}

/// Deletes a work account and its statements.
pub(super) fn delete(account: &WorkAccount, change: &mut Change) {
    for id in bodies(account).into_keys() {
        change.delete(id);
    }
    change.take_from_porch(account.id);
}
