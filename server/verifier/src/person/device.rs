//! A person's device, from its enrolment to its tombstone.

use countersign_protocol::digits::CheckNumber;
use countersign_protocol::hash::{Commitment, Id, MessageHash, Thumbprint};
use countersign_protocol::key::PublicKey;
use countersign_protocol::kind::Role;
use countersign_protocol::message::{
    Capability, Confirm, OtpLink, Presence, Protection, RemovedWhy, Ring,
};
use countersign_protocol::secret::OfflineKey;
use countersign_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::document::Documents;
use crate::kept::Kept;

/// How long a device that is none any more can still be told so, in seconds: 90 days.
pub const TOMBSTONE_KEEP_S: u64 = 90 * 24 * 60 * 60;
/// How long a device that took an invitation has to become active, in seconds.
pub const UNFINISHED_S: u64 = 600;
/// Most active devices of a person.
pub const ACTIVE_MAX: usize = 5;
/// Most ids of requests that are remembered for one device: a device that asks more often has to wait.
pub const SEEN_MAX: usize = 128;

/// Most tombstones of a person: of more the oldest are forgotten before their time.
pub const TOMBSTONES_MAX: usize = 100;

/// A device. Once it has ended it is a tombstone: whose messages are its, what it is told, and nothing else.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Device {
    /// The thumbprint of its device key, the name under which everybody knows it; kept, so that nobody computes it again.
    pub(crate) id: Thumbprint,
    pub(crate) key: PublicKey,
    /// The thumbprint of its approval key.
    pub(crate) approval_id: Thumbprint,
    pub(crate) approval_key: PublicKey,
    pub(crate) name: String,
    pub(crate) stage: Stage,
    /// By these it is known whose signatures it can check, also of what tells it its end.
    pub(crate) documents: Documents,
    pub(crate) seen: Vec<Seen>,
    /// What is known of it as long as it is a device.
    pub(crate) enrolled: Option<Box<Enrolled>>,
}

/// What ends with a device.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Enrolled {
    pub(crate) platform: String,
    pub(crate) app: String,
    pub(crate) protection: Protection,
    pub(crate) approval_protection: Protection,
    pub(crate) presence: Presence,
    pub(crate) capabilities: Vec<Capability>,
    pub(crate) invitation: Id,
    pub(crate) enrol_hash: MessageHash,
    pub(crate) commitment: Commitment,
    pub(crate) first_account: MessageHash,
    pub(crate) nonce: Id,
    pub(crate) confirm: Confirm,
    pub(crate) at: Timestamp,
    pub(crate) ring: Option<Ring>,
    pub(crate) ring_sequence: u64,
    pub(crate) offline_key: Option<Kept<OfflineKey>>,
    pub(crate) otp: Option<Kept<OtpLink>>,
    /// What the device was last told of its standing, so that news of it does not wait.
    pub(crate) told: Option<MessageHash>,
}

/// How far a device is.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stage {
    /// Its check number has still to be confirmed.
    Unconfirmed {
        deadline: Timestamp,
        /// Known once the device revealed its nonce.
        number: Option<Kept<CheckNumber>>,
        wrong: u8,
        replaces: Option<Thumbprint>,
    },
    /// It has still to approve its test.
    Confirmed {
        deadline: Timestamp,
        replaces: Option<Thumbprint>,
        test: Id,
    },
    Active {
        since: Timestamp,
    },
    Moved {
        to: String,
        at: Timestamp,
    },
    Removed {
        why: RemovedWhy,
        at: Timestamp,
    },
}

/// A request that was done, so that its bytes are not done again. Fetches are not among them.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Seen {
    pub(crate) id: Id,
    pub(crate) hash: MessageHash,
    pub(crate) until: Timestamp,
}

/// A request whose id is used up by it. The store notes it apart from the person: so a fetch that brings nothing new changes nobody
/// ([`crate::store::Store::take_request`]).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RequestId {
    /// The device that asked.
    pub device: Thumbprint,
    /// Its `jti`.
    pub id: Id,
    /// From when on it is too old to be answered in any case.
    pub until: Timestamp,
}

impl Device {
    /// Its keys, with what each signs.
    pub(crate) const fn keys(&self) -> [(Role, &PublicKey); 2] {
        [
            (Role::Device, &self.key),
            (Role::Approval, &self.approval_key),
        ]
    }

    pub(crate) fn has_key(&self, key: &Thumbprint) -> bool {
        self.id == *key || self.approval_id == *key
    }

    pub(crate) const fn is_active(&self) -> bool {
        matches!(self.stage, Stage::Active { .. })
    }

    pub(crate) const fn is_unfinished(&self) -> bool {
        self.deadline().is_some()
    }

    pub(crate) const fn is_ended(&self) -> bool {
        matches!(self.stage, Stage::Moved { .. } | Stage::Removed { .. })
    }

    /// When it ends unless it is active by then.
    pub(crate) const fn deadline(&self) -> Option<Timestamp> {
        match self.stage {
            Stage::Unconfirmed { deadline, .. } | Stage::Confirmed { deadline, .. } => {
                Some(deadline)
            }
            _ => None,
        }
    }

    /// When it ended.
    pub(crate) const fn ended_at(&self) -> Option<Timestamp> {
        match self.stage {
            Stage::Moved { at, .. } | Stage::Removed { at, .. } => Some(at),
            _ => None,
        }
    }

    /// The device whose place it is to take.
    pub(crate) const fn replaces(&self) -> Option<Thumbprint> {
        match self.stage {
            Stage::Unconfirmed { replaces, .. } | Stage::Confirmed { replaces, .. } => replaces,
            _ => None,
        }
    }

    /// Whether it took this invitation, and has not ended since.
    pub(crate) fn took(&self, invitation: &Id) -> bool {
        let enrolled = self.enrolled.as_ref();
        enrolled.is_some_and(|enrolled| enrolled.invitation == *invitation)
    }

    /// Its key for offline responses.
    pub(crate) fn offline_key(&self) -> Option<&OfflineKey> {
        let key = self.enrolled.as_ref()?.offline_key.as_ref()?;
        Some(&key.0)
    }

    /// Ends it: its secrets, its address and all else that nobody asks a tombstone for die with it.
    pub(crate) fn end(&mut self, stage: Stage) {
        self.stage = stage;
        self.enrolled = None;
    }
}
