//! What to send next, and what came back: the one place that knows when a server is asked, for the open vault and for the porch.

use std::collections::{BTreeMap, BTreeSet};

use super::desk::{Desk, Done};
use super::lanes::{Lanes, TakenLane};
use super::steps::{AnswerStep, RequestStep, SignedDecision};
use crate::approval::history::{Entry, Kind};
use crate::approval::{
    ApprovalError, Attention, Contact, Decision, Errand, Event, Freshness, Kept, Lane, NextAction,
    Outgoing, Reply, StatementId, WorkAccount, WorkView,
};
use crate::device::{DeviceKeys, KeyError};
use crate::time::UnixSeconds;
use crate::vault::{RecordId, VaultError};

/// What this process knows and no other: requests on their way, and how servers were reached lately.
#[derive(Debug, Default)]
pub(in crate::companion) struct InFlight {
    lanes: Lanes,
    contacts: BTreeMap<RecordId, Contact>,
    /// What was heard of servers that was not worth storing.
    heard: BTreeMap<RecordId, Freshness>,
    /// What could not be prepared, as when the person turned down the platform's prompt: not asked for again by itself.
    declined: BTreeSet<(RecordId, Lane)>,
}

impl InFlight {
    fn contact<'a>(&'a self, account: &'a WorkAccount) -> &'a Contact {
        self.contacts.get(&account.id).unwrap_or(&account.contact)
    }

    /// An account's view, with what is not stored: what its server said to this process without proof, and when.
    pub(super) fn shown(&self, view: WorkView) -> WorkView {
        let Some(contact) = self.contacts.get(&view.id) else {
            return view;
        };
        WorkView {
            hint: contact.hint,
            last_answer_at: contact.last_answer_at.max(view.last_answer_at),
            ..view
        }
    }

    /// The person did something: what was turned down may be asked for again.
    pub(super) fn forget_declined(&mut self, id: RecordId) {
        self.declined.retain(|(account, _)| *account != id);
    }

    /// It could not be done, and is not tried again by itself: whoever asks what comes next is not told the same for ever.
    pub(super) fn decline(&mut self, id: RecordId, lane: Lane, error: ApprovalError) {
        let passes = matches!(
            error,
            ApprovalError::NothingToSend | ApprovalError::Vault(VaultError::Busy)
        );
        if !passes {
            self.declined.insert((id, lane));
        }
    }

    /// There is a reason to try an account's server at once.
    pub(super) fn try_at_once(&mut self, id: RecordId) {
        self.forget_declined(id);
        if let Some(contact) = self.contacts.get_mut(&id) {
            contact.at_once();
        }
    }

    /// The same for all accounts.
    pub(super) fn try_all_at_once(&mut self) {
        self.declined.clear();
        for contact in self.contacts.values_mut() {
            contact.at_once();
        }
    }

    /// A lane's request is no more: what comes next is asked for as ever.
    pub(super) fn give_up(&mut self, taken: TakenLane) {
        self.lanes.free(taken);
    }

    /// Takes a lane for what is to be done while nothing is held.
    ///
    /// # Errors
    ///
    /// [`ApprovalError::NothingToSend`] while somebody is at it.
    pub(super) fn take(&mut self, id: RecordId, lane: Lane) -> Result<TakenLane, ApprovalError> {
        let taken = self.lanes.take(id, lane);
        taken.ok_or(ApprovalError::NothingToSend)
    }

    fn is_free(&self, id: RecordId, lane: Lane) -> bool {
        !self.lanes.is_taken(id, lane) && !self.declined.contains(&(id, lane))
    }
}

/// What a shell does next.
pub(super) fn next_action<D: Desk>(
    desk: &D,
    in_flight: &InFlight,
    attention: Attention,
    now: UnixSeconds,
) -> NextAction {
    let mut soonest: Option<UnixSeconds> = None;
    for account in desk.all().unwrap_or_default() {
        let id = account.id;
        if account.is_gone(now) {
            // What is left of it is deleted once the vault is open.
            if D::KEPT == Kept::InTheVault && in_flight.is_free(id, Lane::Say) {
                return NextAction::RemoveKeys { account: id };
            }
            continue;
        }
        if !account.is_awake() && !account.is_leaving() {
            continue;
        }
        let contact = in_flight.contact(&account);
        let due = account.work.due(attention, contact, now);
        if due.needs_keys {
            if in_flight.is_free(id, Lane::Say) {
                return NextAction::MakeKeys { account: id };
            }
            continue;
        }
        let ask = due.ask.filter(|_| account.is_awake());
        // What is said does not wait behind what is asked.
        for (lane, at) in [(Lane::Say, due.say), (Lane::Ask, ask)] {
            match at.filter(|_| in_flight.is_free(id, lane)) {
                Some(at) if at <= now => return NextAction::Send { account: id, lane },
                Some(at) => soonest = Some(soonest.map_or(at, |soonest| soonest.min(at))),
                None => {}
            }
        }
    }
    soonest.map_or(NextAction::Nothing, |at| NextAction::WaitUntil { at })
}

/// Prepares an account's next request on a lane.
pub(super) fn prepare<D: Desk>(
    desk: &mut D,
    in_flight: &mut InFlight,
    (id, lane): (RecordId, Lane),
    attention: Attention,
    keys: &dyn DeviceKeys,
    now: UnixSeconds,
) -> Result<Outgoing, ApprovalError> {
    // Whoever prepared one before has dropped it.
    let taken = in_flight.lanes.take_over(id, lane);
    let step = request_step(desk, in_flight, taken, attention)?;
    let signed = step.run(keys, desk.entropy(), now);
    finish_request(desk, in_flight, &step, signed, now)
}

/// The step of who has taken its lane, which is free again where there is none.
fn request_step<D: Desk>(
    desk: &D,
    in_flight: &mut InFlight,
    taken: TakenLane,
    attention: Attention,
) -> Result<RequestStep, ApprovalError> {
    let step = loaded_step(desk, in_flight, taken, attention);
    step.inspect_err(|_| in_flight.give_up(taken))
}

fn loaded_step<D: Desk>(
    desk: &D,
    in_flight: &InFlight,
    taken: TakenLane,
    attention: Attention,
) -> Result<RequestStep, ApprovalError> {
    let id = taken.account();
    let mut account = desk.load(id)?;
    if let Some(heard) = in_flight.heard.get(&id) {
        account.work.refresh(*heard);
    }
    Ok(RequestStep {
        contact: in_flight.contact(&account).clone(),
        account,
        taken,
        attention,
        kept: D::KEPT,
    })
}

fn not_signed<D: Desk>(
    desk: &mut D,
    in_flight: &mut InFlight,
    step: &RequestStep,
    error: ApprovalError,
    now: UnixSeconds,
) -> ApprovalError {
    // Where another process has said it meanwhile, what comes next is asked for as ever.
    if error != ApprovalError::NothingToSend {
        let id = step.account.id;
        in_flight.decline(id, step.taken.lane(), error);
        note_key_error(desk, id, error, now);
    }
    error
}

/// Takes the lane for a request that is to be signed while nothing is held.
pub(super) fn begin_request<D: Desk>(
    desk: &D,
    in_flight: &mut InFlight,
    (id, lane): (RecordId, Lane),
    attention: Attention,
) -> Result<RequestStep, ApprovalError> {
    let taken = in_flight.take(id, lane)?;
    request_step(desk, in_flight, taken, attention)
}

/// Leaves the lane taken for a request that was signed, and frees it where none was.
pub(super) fn finish_request<D: Desk>(
    desk: &mut D,
    in_flight: &mut InFlight,
    step: &RequestStep,
    signed: Result<Outgoing, ApprovalError>,
    now: UnixSeconds,
) -> Result<Outgoing, ApprovalError> {
    // The vault may have been locked and opened meanwhile, or the account put away: then it is not sent.
    let signed = match signed {
        Ok(_) if !in_flight.lanes.has(step.taken) => Err(ApprovalError::NothingToSend),
        Ok(_) if !is_served(desk, step.account.id) => Err(ApprovalError::NothingToSend),
        signed => signed,
    };
    signed.map_err(|error| {
        in_flight.give_up(step.taken);
        not_signed(desk, in_flight, step, error, now)
    })
}

/// Whether an account is still one whose server is asked and told.
fn is_served<D: Desk>(desk: &D, id: RecordId) -> bool {
    let account = desk.load(id);
    account.is_ok_and(|account| account.is_awake() || account.is_leaving())
}

/// Notes what the platform said of an account's key: only one that is gone for good changes anything.
pub(super) fn note_key_error<D: Desk>(
    desk: &mut D,
    id: RecordId,
    error: ApprovalError,
    now: UnixSeconds,
) {
    if error == ApprovalError::Key(KeyError::Invalidated) {
        // The error itself says it to the person; this makes it last, and where it does not it is found again.
        let _ = desk.change(id, now, |account| {
            account.work.key_is_gone();
            Ok(Done::stored(()))
        });
    }
}

/// Takes what came back for a request.
pub(super) fn take_reply<D: Desk>(
    desk: &mut D,
    in_flight: &mut InFlight,
    errand: &Errand,
    reply: &Reply,
    now: UnixSeconds,
) -> Result<Vec<Event>, ApprovalError> {
    let id = errand.account();
    in_flight.give_up(TakenLane::of(errand));
    let remembered = in_flight.contacts.remove(&id);
    let heard = in_flight.heard.get(&id).copied();
    let taken = desk.change(id, now, |account| {
        let stored = account.contact.clone();
        if let Some(remembered) = &remembered {
            account.contact = remembered.clone();
        }
        if let Some(heard) = heard {
            account.work.refresh(heard);
        }
        let took = account.take(errand, reply, now);
        Ok(Done {
            is_worth_storing: took.is_worth_storing || account.contact.is_worth_storing(&stored),
            notes: took.notes,
            refused: took.refused,
            superseded: took.replaced,
            result: (
                took.events,
                account.contact.clone(),
                account.work.freshness(),
            ),
        })
    });
    match taken {
        Ok((events, contact, heard)) => {
            in_flight.contacts.insert(id, contact);
            in_flight.heard.insert(id, heard);
            Ok(events)
        }
        // It has gone meanwhile.
        Err(ApprovalError::NoSuchAccount) => {
            in_flight.heard.remove(&id);
            Ok(vec![])
        }
        Err(error) => {
            // That it could not be stored here is no reason to storm the server.
            let mut contact = remembered.unwrap_or_default();
            contact.failed(errand.lane(), None, now);
            in_flight.contacts.insert(id, contact);
            Err(error)
        }
    }
}

/// A bell rang: its account is asked what is there.
pub(super) fn take_bell<D: Desk>(
    desk: &mut D,
    in_flight: &mut InFlight,
    token: &str,
    now: UnixSeconds,
) -> Result<bool, ApprovalError> {
    let mut failed = Ok(false);
    for account in desk.all()? {
        let taken = desk.change(account.id, now, |account| {
            let is_own = account.is_awake() && account.work.bell(token);
            Ok(Done {
                is_worth_storing: is_own,
                ..Done::stored(is_own)
            })
        });
        match taken {
            Ok(true) => {
                in_flight.try_at_once(account.id);
                return Ok(true);
            }
            Ok(false) => {}
            // It may be meant for another.
            Err(error) => failed = Err(error),
        }
    }
    failed
}

/// The account that has a statement.
pub(super) fn account_of<D: Desk>(
    desk: &D,
    id: StatementId,
    now: UnixSeconds,
) -> Result<WorkAccount, ApprovalError> {
    let mut accounts = desk.all()?.into_iter();
    accounts
        .find(|account| {
            let mut statements = account.statements(now).into_iter();
            statements.any(|statement| statement.id == id)
        })
        .ok_or(ApprovalError::NoSuchStatement)
}

/// Signs a decision outside of every transaction, and stores it inside one that looks again.
pub(super) fn decide<D: Desk>(
    desk: &mut D,
    in_flight: &mut InFlight,
    id: StatementId,
    decision: &Decision,
    keys: &dyn DeviceKeys,
    now: UnixSeconds,
) -> Result<(), ApprovalError> {
    let step = begin_answer(desk, id, decision, now)?;
    let signed = step.run(keys, now);
    finish_answer(desk, in_flight, &step, signed, now)
}

/// Looks whether a statement's account can decide at all.
pub(super) fn begin_answer<D: Desk>(
    desk: &D,
    id: StatementId,
    decision: &Decision,
    now: UnixSeconds,
) -> Result<AnswerStep, ApprovalError> {
    let account = account_of(desk, id, now)?;
    match account.asleep() {
        Some(error) => Err(error),
        None => Ok(AnswerStep {
            account,
            statement: id,
            decision: decision.clone(),
        }),
    }
}

/// Stores what was signed, if the statement can still be decided.
pub(super) fn finish_answer<D: Desk>(
    desk: &mut D,
    in_flight: &mut InFlight,
    step: &AnswerStep,
    signed: Result<SignedDecision, ApprovalError>,
    now: UnixSeconds,
) -> Result<(), ApprovalError> {
    let account = step.account.id;
    let signed = signed.inspect_err(|error| note_key_error(desk, account, *error, now))?;
    desk.change(account, now, |account| {
        if let Some(error) = account.asleep() {
            return Err(error);
        }
        account.work.store_answer(&signed.0, now)?;
        let mut done = Done::stored(());
        if signed.0.is_report {
            account.shield.reported(now);
            done.notes.push(Entry::new(now, account.id, Kind::Muted));
        }
        Ok(done)
    })?;
    // Somebody waits for it.
    in_flight.try_at_once(account);
    Ok(())
}

#[cfg(test)]
mod tests;
