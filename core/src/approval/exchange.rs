//! What goes between the core and a server, as values: the shell sends one and brings back what came.

use std::fmt;

use super::model::{Outcome, StatementId};
use crate::time::UnixSeconds;
use crate::vault::RecordId;

/// The media type of a message.
pub const MESSAGE_TYPE: &str = "application/jose";

/// A request that is to be sent with HTTP `POST`. Redirects are not followed.
pub struct Outgoing {
    /// What it is for; goes back to the core with what came.
    pub errand: Errand,
    /// Where to.
    pub url: String,
    /// The media type of the body.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
    /// How long to wait for the whole answer, in seconds.
    pub timeout_s: u32,
    /// Most bytes of the answer that are read; a longer one is [`Unreachable::TooLong`].
    pub reply_bytes_max: usize,
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Outgoing")
            .field("errand", &self.errand)
            .finish_non_exhaustive()
    }
}

/// Which way to its server an account uses: a long poll does not hold up an answer.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Lane {
    /// Asking what is there.
    Ask,
    /// Everything that says something.
    Say,
}

/// What a request was for. A shell keeps it beside the request and does not look into it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Errand {
    pub(crate) account: RecordId,
    pub(crate) lane: Lane,
    /// Which turn on its lane it is; 0 before it has one.
    pub(crate) turn: u64,
    /// The hash of the message that was sent.
    pub(crate) request: [u8; 32],
    /// What it is in its protocol.
    pub(crate) topic: u8,
    /// The statement that it answers.
    pub(crate) statement: Option<StatementId>,
    /// Statements that it asked after.
    pub(crate) asked: Vec<StatementId>,
    /// A number of what it said, where that has one.
    pub(crate) number: u64,
    /// How many answers of the server had been applied when it was signed.
    pub(crate) applied: u64,
    /// When it was signed, by this device's clock.
    pub(crate) sent_at: UnixSeconds,
    /// How long the server may keep it waiting, in seconds.
    pub(crate) wait_s: u32,
}

impl Errand {
    /// The account that it is for.
    #[must_use]
    pub const fn account(&self) -> RecordId {
        self.account
    }

    /// Its lane: an account has one request at a time on each.
    #[must_use]
    pub const fn lane(&self) -> Lane {
        self.lane
    }
}

/// What came back.
pub enum Reply {
    /// An HTTP response.
    Answered {
        /// The status.
        status: u16,
        /// `Retry-After`, in seconds from now, where there was one.
        retry_after_s: Option<u64>,
        /// The body, at most as long as was asked for.
        body: Vec<u8>,
    },
    /// None.
    Unreachable(Unreachable),
}

impl fmt::Debug for Reply {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answered { status, .. } => write!(formatter, "Answered({status})"),
            Self::Unreachable(why) => write!(formatter, "Unreachable({why:?})"),
        }
    }
}

/// Why nothing came back.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Unreachable {
    /// There is no network, no such host, or nobody listens.
    NoConnection,
    /// It took too long.
    TimedOut,
    /// The server's certificate is not one that this machine trusts.
    Certificate,
    /// The server wanted the request elsewhere: it is not followed.
    Redirect,
    /// The answer was longer than any of the protocol.
    TooLong,
    /// What came is not HTTP.
    NotHttp,
}

/// How much a shell wants of the accounts.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Attention {
    /// Somebody waits for sign-ins: servers are asked all the time, each by a long poll.
    Waiting,
    /// Somebody looks once: servers are asked now, and answer at once. The shell stops when each has.
    Looking,
    /// Nobody does: what is unfinished is finished, and servers are asked now and then.
    Idle,
}

/// What a shell does next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NextAction {
    /// Make this account's keys ready, then ask again.
    MakeKeys {
        /// The account.
        account: RecordId,
    },
    /// Delete this account's keys and what is left of it, then ask again.
    RemoveKeys {
        /// The account.
        account: RecordId,
    },
    /// Prepare this account's next request on this lane and send it.
    Send {
        /// The account.
        account: RecordId,
        /// The lane.
        lane: Lane,
    },
    /// Nothing before then, by this device's clock; or before something comes back, or the person does something.
    WaitUntil {
        /// When to ask again.
        at: UnixSeconds,
    },
    /// Nothing, until the person does something.
    Nothing,
}

/// What happened, for a shell to show.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Event {
    /// A statement came: ring.
    Rings {
        /// Its account.
        account: RecordId,
        /// Which.
        statement: StatementId,
    },
    /// A statement came, and waits quietly.
    Queued {
        /// Its account.
        account: RecordId,
        /// Which.
        statement: StatementId,
    },
    /// A statement has a new outcome.
    Outcome {
        /// Its account.
        account: RecordId,
        /// Which.
        statement: StatementId,
        /// How it stands.
        outcome: Outcome,
    },
    /// An account stands differently.
    Standing {
        /// Which.
        account: RecordId,
    },
    /// What the server sent was refused, and recorded; nothing changed.
    Refused {
        /// From which account's server.
        account: RecordId,
        /// Why.
        cause: Cause,
    },
    /// An account has taken the place of an earlier one.
    Replaced {
        /// The one that is there now.
        account: RecordId,
        /// The one that is gone.
        earlier: RecordId,
    },
}

/// Why something from a server was refused.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Cause {
    /// It has not its form or its size.
    Form,
    /// A key signed it that is none of this server's, or the signature does not fit.
    Signature,
    /// It is for another device.
    Audience,
    /// It answers something else.
    Reply,
    /// It is another server's.
    Issuer,
    /// It is about another account.
    Account,
    /// The same number for another content.
    Reused,
    /// It is signed by a key that the server has announced nowhere yet: connect once.
    UnknownKey,
    /// A document that is not newer.
    NotNewer,
    /// A state that is older than what is known.
    Older,
}

impl Cause {
    /// Its name in the history.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Form => "form",
            Self::Signature => "signature",
            Self::Audience => "audience",
            Self::Reply => "reply",
            Self::Issuer => "issuer",
            Self::Account => "account",
            Self::Reused => "reused",
            Self::UnknownKey => "unknown_key",
            Self::NotNewer => "not_newer",
            Self::Older => "older",
        }
    }
}
