//! What goes between the core, a server and a key store.

use countersign_core::approval::{
    Attention, Cause, Event, Lane, NextAction, Outcome, StatementId, Unreachable,
};
use countersign_core::device::{KeyAlgorithm, KeyError, MadeKey, Presence, Protection};
use countersign_core::time::UnixSeconds;
use countersign_core::vault::RecordId;

/// Which way to its server an account uses: a long poll does not hold up an answer.
#[uniffi::remote(Enum)]
pub enum Lane {
    /// Asking what is there.
    Ask,
    /// Everything that says something.
    Say,
}

/// How much a shell wants of the accounts.
#[uniffi::remote(Enum)]
pub enum Attention {
    /// Somebody waits for sign-ins: servers are asked all the time, each by a long poll.
    Waiting,
    /// Somebody looks once: servers are asked now, and answer at once. The shell stops when each has.
    Looking,
    /// Nobody does: what is unfinished is finished, and servers are asked now and then.
    Idle,
}

/// What a shell does next.
#[uniffi::remote(Enum)]
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
#[uniffi::remote(Enum)]
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
#[uniffi::remote(Enum)]
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

/// Why nothing came back.
#[uniffi::remote(Enum)]
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

/// Why a platform's key did not do what was asked. With success, the results there are; they are never mixed.
#[uniffi::remote(Enum)]
pub enum KeyError {
    /// The person said no, or went away: no signature exists.
    Cancelled,
    /// The platform tried and failed, or did not know the person.
    Failed,
    /// Too many failed attempts at the device's own lock; it will open again.
    LockedOut,
    /// The key is gone for good, as after a new fingerprint: the account has to be activated again.
    Invalidated,
    /// The key store cannot be reached now; nothing is known about the key.
    NotAvailable,
}

/// Where a key lies.
#[uniffi::remote(Enum)]
pub enum Protection {
    /// In hardware that does not give it away.
    Hardware,
    /// In software: sealed in the vault, or kept by the platform without hardware of its own.
    Software,
}

/// What a use of a key asks of the person.
#[uniffi::remote(Enum)]
pub enum Presence {
    /// The chip asks for them at every use.
    EachUse,
    /// The device has to be unlocked.
    Unlocked,
    /// Nothing that the key knows of.
    None,
}

/// What kind of key is to be made.
#[uniffi::remote(Enum)]
pub enum KeyAlgorithm {
    /// ECDSA on P-256 with SHA-256.
    P256,
}

/// A key that a platform made.
#[uniffi::remote(Record)]
pub struct MadeKey {
    /// Its public half. P-256: an uncompressed point, 65 bytes (SEC 1 §2.3.3).
    pub public: Vec<u8>,
    /// Where it lies.
    pub protection: Protection,
    /// What a use of it asks of the person.
    pub presence: Presence,
    /// What the platform says of it, at most 12 KiB of text; opaque.
    pub attestation: Option<String>,
}
