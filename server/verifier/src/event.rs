//! What happened, for whoever tells others: an administrator's log, a webhook, mail, a push service. Events are stored with
//! the change that they report and delivered at least once, under one id.

use countersign_protocol::hash::{Id, MessageHash, Thumbprint};
use countersign_protocol::message::{Act, Outcome, RemovedWhy, Ring, Via};
use countersign_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Something that happened to one person's account.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Event {
    /// The same at every delivery.
    pub id: Id,
    /// When it happened, by the server's clock.
    pub at: Timestamp,
    /// The person's account.
    pub account: Id,
    /// What happened.
    pub fact: Fact,
}

/// What happened.
///
/// # Privacy
///
/// It names devices and has addresses of push services; `Debug` shows neither.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// A device is to be rung: post {"v":1,"bell":…} to its address, and follow no redirect.
    Ring {
        /// The device.
        device: Thumbprint,
        /// Where, and with which token.
        to: Ring,
    },
    /// A typed code was tried wrongly too often and is no longer taken.
    CodeBurnt {
        /// Its invitation.
        invitation: Id,
    },
    /// A device took an invitation.
    Enrolled {
        /// The device.
        device: Thumbprint,
        /// Its name.
        name: String,
    },
    /// A device became active.
    Added {
        /// The device.
        device: Thumbprint,
        /// Its name.
        name: String,
    },
    /// A device took another one's place.
    Moved {
        /// The device that works no longer.
        from: Thumbprint,
        /// The one that does.
        to: Thumbprint,
        /// Its name.
        name: String,
    },
    /// A device is one no longer.
    Removed {
        /// The device.
        device: Thumbprint,
        /// Its name.
        name: String,
        /// Why.
        why: RemovedWhy,
    },
    /// A statement was made.
    Asked {
        /// Its `jti`.
        statement: Id,
        /// The hash of its bytes.
        hash: MessageHash,
        /// What is asked.
        act: Act,
        /// Whether it is listed and rings; otherwise the page's QR code alone brings it to a device.
        is_listed: bool,
    },
    /// A wrong number was typed on a device.
    WrongNumber {
        /// The statement.
        statement: Id,
        /// Whose.
        device: Thumbprint,
        /// Tries left.
        left: u8,
    },
    /// A statement ended.
    Ended {
        /// Its `jti`.
        statement: Id,
        /// The hash of its bytes.
        hash: MessageHash,
        /// How it ended.
        outcome: Outcome,
        /// The device that decided.
        device: Option<Thumbprint>,
        /// How its answer came.
        via: Option<Via>,
        /// The hash of that answer.
        answer: Option<MessageHash>,
        /// The receipt, in compact form; none where no device was told at once.
        receipt: Option<String>,
    },
    /// A person said of a statement: that was not me.
    Reported {
        /// Its `jti`.
        statement: Id,
        /// The hash of its bytes.
        hash: MessageHash,
        /// How it had ended, or `reported`.
        outcome: Outcome,
        /// The device that said so.
        device: Thumbprint,
        /// The answer, in compact form: the proof that the person said so.
        answer: String,
        /// The receipt, in compact form.
        receipt: String,
    },
    /// A device showed other lines than this server would: another version of Unicode, or a defect.
    ShownElse {
        /// The statement.
        statement: Id,
        /// The device.
        device: Thumbprint,
    },
    /// The number was wrong too often in a row: nothing can be approved for a while.
    Suspended {
        /// Until when; none where somebody has to end it.
        until: Option<Timestamp>,
    },
    /// Offline responses were wrong too often in a row: none is taken until an approval.
    OfflineStopped,
}

impl Fact {
    /// Whether it holds what is no longer anybody's once its person is deleted: an address that is rung, and the secrets beside it.
    #[must_use]
    pub const fn holds_secret(&self) -> bool {
        matches!(self, Self::Ring { .. })
    }

    /// Its word, for logs.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Ring { .. } => "ring",
            Self::CodeBurnt { .. } => "code_burnt",
            Self::Enrolled { .. } => "enrolled",
            Self::Added { .. } => "added",
            Self::Moved { .. } => "moved",
            Self::Removed { .. } => "removed",
            Self::Asked { .. } => "asked",
            Self::WrongNumber { .. } => "wrong_number",
            Self::Ended { .. } => "ended",
            Self::Reported { .. } => "reported",
            Self::ShownElse { .. } => "shown_else",
            Self::Suspended { .. } => "suspended",
            Self::OfflineStopped => "offline_stopped",
        }
    }
}

impl std::fmt::Debug for Fact {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.word())
    }
}
