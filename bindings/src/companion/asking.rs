//! The parts of the approvals' driver, for a shell that drives by itself: what is to be sent, and what came back.

use std::sync::{Arc, Weak};

use countersign_core::approval::{self, Attention, Event, Lane, Outgoing, Reply, Unreachable};
use countersign_core::companion::TakenLane;
use countersign_core::time::UnixSeconds;
use countersign_core::vault::RecordId;

use super::Companion;
use super::driving::HeldLane;
use crate::errors::CountersignError;
use crate::ports::rehearsal::rehearse;
use crate::ports::transport::{HttpReply, HttpRequest, request_of};

/// What a request was for. A shell keeps it beside the request and gives it back with what came, or gives it up; so does losing it.
#[derive(uniffi::Object)]
pub struct Errand {
    errand: approval::Errand,
    /// Whose lane it is until then.
    companion: Weak<Companion>,
}

impl Drop for Errand {
    /// Nobody can bring back what came for it. A lane that was freed already, or is somebody else's by now, stays as it is.
    fn drop(&mut self) {
        if let Some(companion) = self.companion.upgrade() {
            // A companion that was shut has no lanes.
            let _ = companion.free(TakenLane::of(&self.errand));
        }
    }
}

#[uniffi::export]
impl Errand {
    /// The account that it is for.
    #[must_use]
    pub fn account(&self) -> RecordId {
        self.errand.account()
    }

    /// Its lane: an account has one request at a time on each.
    #[must_use]
    pub fn lane(&self) -> Lane {
        self.errand.lane()
    }
}

/// A request that is to be sent.
#[derive(uniffi::Record)]
pub struct OutgoingRequest {
    /// What it is for.
    pub errand: Arc<Errand>,
    /// What is sent.
    pub request: HttpRequest,
}

#[uniffi::export]
impl Companion {
    /// Prepares an account's next request on a lane. The lane is taken until `take_reply`, `take_silence` or `give_up`: a call
    /// that is cancelled frees it, and so does an errand that nobody has any more.
    ///
    /// # Errors
    ///
    /// `Approval` with `NothingToSend` or `NoSuchAccount`; `Key` and `PortFailed` when the platform's key did not sign:
    /// `next_action` does not ask for it again before the person does something.
    pub async fn prepare(
        self: Arc<Self>,
        account: RecordId,
        lane: Lane,
        attention: Attention,
    ) -> Result<OutgoingRequest, CountersignError> {
        let (held, outgoing) = self.prepared(account, lane, attention).await?;
        held.keep();
        Ok(OutgoingRequest {
            request: request_of(&outgoing),
            errand: Arc::new(Errand {
                errand: outgoing.errand,
                companion: Arc::downgrade(&self),
            }),
        })
    }

    /// Takes what came back for a request, and says what a shell has to show. What changed is stored before it is said.
    ///
    /// # Errors
    ///
    /// `Vault` when it could not be stored: the server will be asked again. `NotUnlocked`, `Closed`.
    #[uniffi::method(default(now = None))]
    pub fn take_reply(
        &self,
        errand: &Errand,
        reply: HttpReply,
        now: Option<UnixSeconds>,
    ) -> Result<Vec<Event>, CountersignError> {
        let reply = Reply::Answered {
            status: reply.status,
            retry_after_s: reply.retry_after_s,
            body: reply.body,
        };
        self.taken(&errand.errand, &reply, now)
    }

    /// Nothing came back for a request.
    ///
    /// # Errors
    ///
    /// As `take_reply`.
    #[uniffi::method(default(now = None))]
    pub fn take_silence(
        &self,
        errand: &Errand,
        why: Unreachable,
        now: Option<UnixSeconds>,
    ) -> Result<Vec<Event>, CountersignError> {
        self.taken(&errand.errand, &Reply::Unreachable(why), now)
    }

    /// Nobody waits for this request any more, whether it was sent or not.
    ///
    /// # Errors
    ///
    /// `Closed`.
    pub fn give_up(&self, errand: &Errand) -> Result<(), CountersignError> {
        self.free(TakenLane::of(&errand.errand))
    }
}

impl Companion {
    /// Signs a request with nothing held but its lane.
    pub(super) async fn prepared(
        &self,
        account: RecordId,
        lane: Lane,
        attention: Attention,
    ) -> Result<(HeldLane<'_>, Outgoing), CountersignError> {
        let now = self.time(None)?;
        let step = self.at_desk(
            |companion| companion.begin_request(account, lane, attention),
            |porch| porch.begin_request(account, lane, attention),
        )?;
        let held = HeldLane::new(self, step.taken());
        let keys = self.ports.device_keys.as_deref();
        let signed = rehearse(keys, |keys, entropy| step.run(keys, entropy, now)).await;
        let now = self.time(None)?;
        let finished = self.change_desk(
            signed.result,
            |companion, signed| companion.finish_request(&step, signed, now),
            |porch, signed| porch.finish_request(&step, signed, now),
        );
        match finished {
            Ok(outgoing) => Ok((held, outgoing)),
            Err(error) => Err(signed.failure.named(error)),
        }
    }

    pub(super) fn taken(
        &self,
        errand: &approval::Errand,
        reply: &Reply,
        now: Option<UnixSeconds>,
    ) -> Result<Vec<Event>, CountersignError> {
        let now = self.time(now)?;
        self.change_desk(
            (),
            |companion, ()| companion.take_reply(errand, reply, now),
            |porch, ()| porch.take_reply(errand, reply, now),
        )
    }
}
