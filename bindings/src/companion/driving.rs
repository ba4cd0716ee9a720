//! The approvals' driver: does what the core says is next, and brings back what came. It holds no rule of its own.
//!
//! A future that is dropped at any of its waits leaves everything as it was stored; its lane is free again.

use std::sync::Arc;

use countersign_core::approval::{Attention, Decision, Event, Lane, NextAction, StatementId};
use countersign_core::companion::TakenLane;
use countersign_core::secret::SecretText;
use countersign_core::vault::RecordId;

use super::Companion;
use crate::errors::{ApprovalFault, CountersignError, Port};
use crate::ports::device_keys::DeviceKeys;
use crate::ports::rehearsal::rehearse;
use crate::ports::transport::{Transport, TransportError, reply_of, request_of};

/// What is done in one go before a shell looks around again.
const ACTIONS_MAX: u32 = 64;

/// A lane that is taken until this is dropped. Who has taken it since keeps it.
pub(super) struct HeldLane<'a> {
    companion: &'a Companion,
    taken: TakenLane,
    is_held: bool,
}

impl<'a> HeldLane<'a> {
    pub(super) const fn new(companion: &'a Companion, taken: TakenLane) -> Self {
        Self {
            companion,
            taken,
            is_held: true,
        }
    }

    /// Somebody else frees it.
    pub(super) fn keep(mut self) {
        self.is_held = false;
    }
}

impl Drop for HeldLane<'_> {
    fn drop(&mut self) {
        if self.is_held {
            // A companion that was shut has no lanes.
            let _ = self.companion.free(self.taken);
        }
    }
}

/// What was done: all of it is stored, whatever else went wrong.
#[derive(Clone, Debug, Default, uniffi::Record)]
pub struct Settled {
    /// What happened, in its order.
    pub events: Vec<Event>,
    /// What could not be done, or failed after something was stored. Nothing that happened is lost by it.
    pub troubles: Vec<CountersignError>,
}

impl Settled {
    fn is_empty(&self) -> bool {
        self.events.is_empty() && self.troubles.is_empty()
    }

    fn add(&mut self, done: Self) {
        let Self { events, troubles } = done;
        self.events.extend(events);
        self.troubles.extend(troubles);
    }
}

/// Whether an error is no single account's, so that nothing more can be done.
const fn is_of_all(error: &CountersignError) -> bool {
    matches!(
        error,
        CountersignError::Closed | CountersignError::NotUnlocked | CountersignError::NoPort { .. }
    )
}

#[uniffi::export]
impl Companion {
    /// Does one thing that `next_action` named, and says what happened. Several may be done at once: what has been begun
    /// already comes to nothing. Of a wait nothing is done.
    ///
    /// # Errors
    ///
    /// `NoPort` without a transport; `Key` when the platform's key did not do it, which is not asked for again before the person
    /// does something; `PortFailed`, `Approval`, `Vault`, `NotUnlocked`, `Closed`. A server that does not answer is none, and
    /// what failed after something was stored is among the troubles.
    pub async fn do_action(
        &self,
        action: NextAction,
        attention: Attention,
    ) -> Result<Settled, CountersignError> {
        let done = match action {
            NextAction::MakeKeys { account } => {
                self.make_keys(account).await.map(|()| Settled::default())
            }
            NextAction::RemoveKeys { account } => {
                self.remove_keys(account).await.map(|()| Settled::default())
            }
            NextAction::Send { account, lane } => self.send(account, lane, attention).await,
            NextAction::WaitUntil { .. } | NextAction::Nothing => return Ok(Settled::default()),
        };
        match done {
            // Somebody else does it, or has done it meanwhile.
            Err(CountersignError::Approval {
                fault: ApprovalFault::NothingToSend | ApprovalFault::NoSuchAccount,
            }) => Ok(Settled::default()),
            done => done,
        }
    }

    /// Does all that is due, one after the other, and says what happened. For a shell that was woken by a bell, or that was just
    /// told a decision. Nobody can wait in it, so `Attention::Waiting` is looking. One account's trouble keeps no other from its
    /// turn; of more than 64 things the rest is left to the next call.
    ///
    /// # Errors
    ///
    /// `NoPort`, `NotUnlocked` and `Closed` where nothing was done yet. What happens later is among the troubles.
    pub async fn settle(&self, attention: Attention) -> Result<Settled, CountersignError> {
        let attention = match attention {
            Attention::Waiting => Attention::Looking,
            attention => attention,
        };
        let mut settled = Settled::default();
        for _ in 0..ACTIONS_MAX {
            let action = self.next_action(attention, None);
            if matches!(
                action,
                Ok(NextAction::WaitUntil { .. } | NextAction::Nothing)
            ) {
                break;
            }
            let done = match action {
                Ok(action) => self.do_action(action, attention).await,
                Err(error) => Err(error),
            };
            match done {
                Ok(done) => settled.add(done),
                Err(error) if settled.is_empty() && is_of_all(&error) => return Err(error),
                Err(error) => {
                    let ends = is_of_all(&error);
                    settled.troubles.push(error);
                    if ends {
                        break;
                    }
                }
            }
        }
        Ok(settled)
    }

    /// Makes an account's keys and signs its enrolment. The platform may ask the person; nothing is held meanwhile.
    ///
    /// # Errors
    ///
    /// `Key` and `PortFailed` when the platform did not make them: nothing was stored but the names under which they were to
    /// lie. `Approval` with `NothingToSend` when they are there already; `Vault`, `NotUnlocked`, `Closed`.
    pub async fn make_keys(&self, account: RecordId) -> Result<(), CountersignError> {
        let now = self.time(None)?;
        let step = self.change(|companion| companion.begin_keys(account, now))?;
        let _held = HeldLane::new(self, step.taken());
        let keys = self.keys();
        let made = rehearse(keys, |keys, entropy| step.run(keys, entropy, now)).await;
        // What the person agreed to is not lost for want of a clock.
        let now = self.time(None).unwrap_or(now);
        let mut nobodys = vec![];
        let done = self.change(|companion| {
            let done = companion.finish_keys(&step, made.result, now);
            done.map_err(|failed| {
                nobodys = failed.nobodys;
                failed.error
            })
        });
        for alias in nobodys {
            if let Some(keys) = keys {
                // One that stays is no harm.
                let _ = keys.delete(alias.as_str().to_owned()).await;
            }
        }
        done.map_err(|error| made.failure.named(error))
    }

    /// Deletes what has been left behind: the account's keys in the platform, then its records.
    ///
    /// # Errors
    ///
    /// `Key` and `PortFailed` when the key store cannot be reached: nothing was deleted. `Approval` with `NotActive` while its
    /// server has still to be told; `Vault`, `NotUnlocked`, `Closed`.
    pub async fn remove_keys(&self, account: RecordId) -> Result<(), CountersignError> {
        let now = self.time(None)?;
        let step = self.change(|companion| companion.begin_removal(account, now))?;
        let _held = HeldLane::new(self, step.taken());
        let removed = rehearse(self.keys(), |keys, _| step.run(keys)).await;
        let now = self.time(None).unwrap_or(now);
        let done = self.change(|companion| companion.finish_removal(&step, removed.result, now));
        done.map_err(|error| removed.failure.named(error))
    }

    /// Looks whether the platform still has the keys of all accounts; returns how many accounts have to be activated again.
    ///
    /// # Errors
    ///
    /// `Key` and `PortFailed` when the key store cannot be reached: nothing is known then, and nothing changed. `Vault`,
    /// `NotUnlocked`, `Closed`.
    pub async fn check_keys(&self) -> Result<u32, CountersignError> {
        let step = self.look(|companion| companion.begin_key_check())?;
        let gone = rehearse(self.keys(), |keys, _| step.run(keys)).await;
        let gone = gone
            .result
            .map_err(|error| gone.failure.named(error.into()))?;
        let now = self.time(None)?;
        self.change(|companion| companion.finish_key_check(&gone, now))
    }

    /// Puts the person's decision into words, signs it and stores it; `next_action` says then that it is to be sent. With
    /// the vault open or on its porch. Nothing but this answers a request.
    ///
    /// # Errors
    ///
    /// `Approval` with what stands against it; `Key` and `PortFailed` when the key did not sign; `Vault`: nothing will be sent,
    /// and it can be decided again. `NotUnlocked`, `Closed`.
    pub async fn decide(
        &self,
        id: StatementId,
        decision: Decision,
    ) -> Result<(), CountersignError> {
        let now = self.time(None)?;
        let step = self.at_desk(
            |companion| companion.begin_answer(id, &decision, now),
            |porch| porch.begin_answer(id, &decision, now),
        )?;
        let signed = rehearse(self.keys(), |keys, _| step.run(keys, now)).await;
        let now = self.time(None)?;
        let done = self.change_desk(
            signed.result,
            |companion, signed| companion.finish_answer(&step, signed, now),
            |porch, signed| porch.finish_answer(&step, signed, now),
        );
        done.map_err(|error| signed.failure.named(error))
    }

    /// The response to a request for its page, eight digits, when the server cannot be reached. The platform asks for the person
    /// where it can.
    ///
    /// # Errors
    ///
    /// `Approval` with `NoOffline`, and as `decide`: nothing was shown.
    pub async fn offline_response(&self, id: StatementId) -> Result<SecretText, CountersignError> {
        let now = self.time(None)?;
        let step = self.look(|companion| companion.begin_offline(id, now))??;
        let response = rehearse(self.keys(), |keys, _| step.run(keys, now)).await;
        let failure = response.failure;
        let response = response
            .result
            .map_err(|error| failure.named(error.into()))?;
        let now = self.time(None)?;
        self.change(|companion| companion.finish_offline(&step, response, now))
    }
}

impl Companion {
    pub(super) fn keys(&self) -> Option<&dyn DeviceKeys> {
        self.ports.device_keys.as_deref()
    }

    fn transport(&self) -> Result<Arc<dyn Transport>, CountersignError> {
        let port = Port::Transport;
        let transport = self.ports.transport.clone();
        transport.ok_or(CountersignError::NoPort { port })
    }

    /// Prepares a request, sends it and takes what came.
    async fn send(
        &self,
        account: RecordId,
        lane: Lane,
        attention: Attention,
    ) -> Result<Settled, CountersignError> {
        let transport = self.transport()?;
        let (held, outgoing) = self.prepared(account, lane, attention).await?;
        let request = request_of(&outgoing);
        let bytes_max = request.reply_bytes_max;
        let came = transport.post(request).await;
        let is_unexpected = matches!(came, Err(TransportError::Unexpected));
        let events = self.taken(&outgoing.errand, &reply_of(came, bytes_max), None)?;
        // The answer was taken, and the lane is free; who took it since keeps it.
        held.keep();
        let mut failed = vec![];
        if is_unexpected {
            failed.push(Port::Transport);
        }
        if !self.tell(&events) {
            failed.push(Port::Notifier);
        }
        let failed = failed.into_iter();
        Ok(Settled {
            events,
            troubles: failed
                .map(|port| CountersignError::PortFailed { port })
                .collect(),
        })
    }

    /// Tells the notifier, and gives whether it took all. What it fails at is stored all the same.
    fn tell(&self, events: &[Event]) -> bool {
        let Some(notifier) = &self.ports.notifier else {
            return true;
        };
        let mut is_told = true;
        for event in events {
            is_told &= notifier.notify(event.clone()).is_ok();
        }
        is_told
    }
}
