//! An invitation: what a person shows to a new phone, scanned or typed, and the one enrolment that it takes.

use countersign_protocol::hash::{Id, MessageHash, Thumbprint};
use countersign_protocol::secret::{ScannedSecret, TypedSecret};
use countersign_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::Message;
use crate::kept::Kept;

/// How long an invitation is open, in seconds.
pub const INVITATION_S: u64 = 600;
/// How often an invitation's secret may be proven wrongly, in each of its two ways.
pub const PROOF_TRIES: u8 = 20;
/// How long an invitation is remembered after its end, in seconds: whoever comes late is told what became of it, and an enrolment
/// whose reply was lost gets it again.
pub(crate) const INVITATION_KEEP_S: u64 = 24 * 60 * 60;
/// Most invitations that are remembered for a person.
pub(crate) const INVITATIONS_MAX: usize = 32;

/// An invitation.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Invitation {
    pub(crate) id: Id,
    /// As long as it may be proven, or shown by the old phone of a move.
    pub(crate) secret: Option<Kept<ScannedSecret>>,
    /// Wrong proofs of a scanned secret. Guesses of the typed code do not count here.
    pub(crate) wrong: u8,
    pub(crate) code: Option<TypedCode>,
    /// The server key that the link pins.
    pub(crate) pinned: Thumbprint,
    pub(crate) expires_at: Timestamp,
    pub(crate) purpose: Purpose,
    pub(crate) taken: Option<Taken>,
}

/// The typed way: it exists only once somebody asked for it.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct TypedCode {
    /// The three digits that choose the invitation: 0 to 999.
    pub(crate) choice: u16,
    pub(crate) secret: Kept<TypedSecret>,
    pub(crate) wrong: u8,
}

/// What an invitation is for.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Purpose {
    /// One more device.
    Add,
    /// A device that takes this one's place, as the person said on the page.
    Replace(Thumbprint),
    /// The new phone of a move.
    Move,
}

/// The enrolment that was accepted.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Taken {
    pub(crate) enrol_hash: MessageHash,
    pub(crate) reply: Message,
    pub(crate) device: Thumbprint,
}

impl Invitation {
    pub(crate) fn is_open(&self, now: Timestamp) -> bool {
        self.taken.is_none() && now < self.expires_at
    }

    /// Whether nobody has to be told of it any more.
    pub(crate) fn is_forgotten(&self, now: Timestamp) -> bool {
        now >= self.expires_at.plus_s(INVITATION_KEEP_S)
    }

    /// Ends it, at the latest now.
    pub(crate) fn end(&mut self, now: Timestamp) {
        self.expires_at = self.expires_at.min(now);
        self.code = None;
    }
}
