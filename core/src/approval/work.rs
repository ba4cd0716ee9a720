//! What a protocol does for its accounts: the one trait behind which each stands. Nothing here names one.

use std::fmt::{self, Debug};

use zeroize::Zeroizing;

use super::contact::Contact;
use super::disclosure::Disclosure;
use super::error::ApprovalError;
use super::evidence::Evidence;
use super::exchange::{Attention, Cause, Errand, Lane, Outgoing, Reply};
use super::history::Entry;
use super::model::{Decision, Hint, Outcome, Standing, StatementId};
use super::view::{StatementView, WorkView};
use crate::device::{DeviceKeys, KeyAlias};
use crate::entropy::Entropy;
use crate::secret::SecretText;
use crate::time::UnixSeconds;
use crate::uri::ServerUrl;
use crate::uri::invitation::Invitation;
use crate::vault::RecordId;

/// Where a device can be rung.
#[derive(Clone, Eq, PartialEq)]
pub enum Address {
    /// A UnifiedPush endpoint.
    UnifiedPush {
        /// Its https address.
        to: String,
    },
    /// A Web Push subscription (RFC 8030, RFC 8291).
    WebPush {
        /// Its https address.
        to: String,
        /// The device's key for the bell: an uncompressed point on P-256, 65 bytes.
        p256dh: Vec<u8>,
        /// The secret beside it, 16 bytes.
        auth: [u8; 16],
    },
    /// A relay of the app's vendor.
    Gateway {
        /// Its https address.
        to: String,
    },
}

impl Debug for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("[redacted]")
    }
}

/// What is done with a move to another device.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum MoveAsk {
    Begin,
    /// With what was typed of the new device's check number.
    Confirm(super::model::Typed),
    Abort,
}

/// When each lane has something to do, by this device's clock; none when it has not.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Due {
    /// Keys have to be made first.
    pub(crate) needs_keys: bool,
    pub(crate) say: Option<UnixSeconds>,
    pub(crate) ask: Option<UnixSeconds>,
}

/// How a server met a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    /// As the protocol says.
    Answered,
    /// Not at all, or with "later".
    Failed { retry_after_s: Option<u64> },
    /// It will not do this; nothing is proven by it.
    Refused(Hint),
    /// The same has to be signed afresh, at once.
    Again,
    /// Their clocks are too far apart.
    Stale,
}

/// What came of a reply.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) verdict: Verdict,
    /// New statements, in the server's order.
    pub(crate) arrived: Vec<StatementId>,
    pub(crate) outcomes: Vec<(StatementId, Outcome)>,
    pub(crate) standing_changed: bool,
    /// The account whose place this one has taken now.
    pub(crate) replaced: Option<RecordId>,
    pub(crate) refused: Vec<Cause>,
    /// What belongs into the history, but for what was refused.
    pub(crate) notes: Vec<Entry>,
    /// Whether something was approved by the person.
    pub(crate) approved: bool,
    /// Whether more changed than what wears off by itself.
    pub(crate) changed: bool,
}

impl Taken {
    pub(crate) const fn new(verdict: Verdict) -> Self {
        Self {
            verdict,
            arrived: vec![],
            outcomes: vec![],
            standing_changed: false,
            replaced: None,
            refused: vec![],
            notes: vec![],
            approved: false,
            changed: false,
        }
    }
}

/// A decision that was put into words and signed, and is still to be stored.
pub(crate) struct SignedAnswer {
    pub(crate) statement: StatementId,
    pub(crate) is_report: bool,
    /// Its number among the protocol's decisions.
    pub(crate) decision: u8,
    /// The message, as it will be sent.
    pub(crate) message: Zeroizing<String>,
}

/// Why a statement that was scanned was not taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct NotTaken {
    pub(crate) error: ApprovalError,
    /// What belongs into the history, where it is somebody's fault.
    pub(crate) cause: Option<Cause>,
}

impl From<ApprovalError> for NotTaken {
    fn from(error: ApprovalError) -> Self {
        Self { error, cause: None }
    }
}

/// Keys that were made and what was signed with them, still to be stored: the account's new record.
pub(crate) struct WithKeys(pub(crate) Zeroizing<Vec<u8>>);

/// Where an account is kept: the porch gets no secrets.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kept {
    InTheVault,
    OnThePorch,
}

/// How new what an account knows of its server is. A process keeps it while nothing else is worth storing, so that an older
/// state does not pass for a newer one.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Freshness {
    /// How many states of the server were applied.
    pub(crate) applied: u64,
    /// The number of the last of them.
    pub(crate) sequence: u64,
}

/// What a request is prepared with.
#[derive(Clone, Copy)]
pub(crate) struct Preparing<'a> {
    pub(crate) attention: Attention,
    /// What was said lately and refused goes after all else.
    pub(crate) contact: &'a Contact,
    pub(crate) kept: Kept,
    pub(crate) keys: &'a dyn DeviceKeys,
    pub(crate) entropy: &'a dyn Entropy,
    pub(crate) now: UnixSeconds,
}

/// A work account as its protocol keeps it. What changes one is done inside the transaction that stores it; what asks a
/// platform's key is not, and changes nothing.
pub(crate) trait Work: Debug + Send + Sync {
    /// The account's record.
    fn encode(&self, kept: Kept) -> Zeroizing<Vec<u8>>;

    /// A record for each of its statements.
    fn flights(&self) -> Vec<(StatementId, Zeroizing<Vec<u8>>)>;

    /// Takes a statement's record back. One that cannot be read is left out, and kept as it is.
    fn take_flight(&mut self, id: StatementId, body: &[u8]) -> Result<(), ApprovalError>;

    fn standing(&self) -> Standing;

    /// What a shell shows of it, but for what its keeper knows.
    fn view(&self, now: UnixSeconds) -> WorkView;

    /// Its statements, those that ended lately included, oldest first.
    fn statements(&self, now: UnixSeconds) -> Vec<StatementView>;

    fn due(&self, attention: Attention, contact: &Contact, now: UnixSeconds) -> Due;

    /// Whether it came of this invitation and is not finished.
    fn is_of(&self, invitation: &Invitation) -> bool;

    /// Gives the keys that are to be made names of their own, which are stored before they are made.
    fn claim_keys(&mut self, fresh: [KeyAlias; 2]);

    /// Makes the account's keys and signs its enrolment. What earlier tries left is deleted first.
    fn make_keys(
        &self,
        keys: &dyn DeviceKeys,
        entropy: &dyn Entropy,
        now: UnixSeconds,
    ) -> Result<WithKeys, ApprovalError>;

    /// Names of the platform's keys that it has, to delete them with it.
    fn aliases(&self) -> Vec<KeyAlias>;

    /// Those of them that this try makes.
    fn own_aliases(&self) -> Vec<KeyAlias>;

    /// The next request of a lane. It may be prepared and never sent.
    fn request(&self, lane: Lane, preparing: Preparing<'_>) -> Result<Outgoing, ApprovalError>;

    fn freshness(&self) -> Freshness;

    /// Takes back what this process knew already, if that is newer than what is stored.
    fn refresh(&mut self, known: Freshness);

    /// Takes what came back.
    fn take(&mut self, errand: &Errand, reply: &Reply, now: UnixSeconds) -> Taken;

    /// Whether a statement, as text from a QR code, is meant for this device's account.
    fn is_addressed(&self, statement: &str) -> bool;

    /// Takes such a statement; true when it is a new one. An error changes nothing.
    fn scan(&mut self, statement: &str, now: UnixSeconds) -> Result<(StatementId, bool), NotTaken>;

    /// Makes a statement quiet.
    fn quieten(&mut self, id: StatementId);

    /// Puts a decision into words and signs it.
    fn answer(
        &self,
        id: StatementId,
        decision: &Decision,
        keys: &dyn DeviceKeys,
        now: UnixSeconds,
    ) -> Result<SignedAnswer, ApprovalError>;

    /// Stores a signed decision, if the statement has none by now.
    fn store_answer(
        &mut self,
        answer: &SignedAnswer,
        now: UnixSeconds,
    ) -> Result<(), ApprovalError>;

    /// The response to a statement for its page, after the platform has asked for the person.
    fn offline_response(
        &self,
        id: StatementId,
        keys: &dyn DeviceKeys,
        now: UnixSeconds,
    ) -> Result<SecretText, ApprovalError>;

    /// Notes that a response was shown.
    fn shown_offline(&mut self, id: StatementId);

    fn move_on(&mut self, ask: &MoveAsk) -> Result<(), ApprovalError>;

    /// Asks the server to forget this device.
    fn leave(&mut self);

    /// Whether there is a server that knows this device.
    fn has_server(&self) -> bool;

    /// Whether its server is the one at this address.
    fn is_at(&self, url: &ServerUrl) -> bool;

    /// Whether it can work while the vault is locked: all its keys lie in the platform, and it has been active.
    fn works_on_the_porch(&self) -> bool;

    /// Whether it was asked to leave, and the server has said that it has.
    fn has_left(&self) -> bool;

    fn ring_at(&mut self, address: Option<&Address>) -> Result<(), ApprovalError>;

    /// Whether a bell's token is this account's; then a fetch is due.
    fn bell(&mut self, token: &str) -> bool;

    /// The person said that the approval key is gone, or the platform did.
    fn key_is_gone(&mut self);

    /// Takes over what the porch has got further with.
    fn take_over(
        &mut self,
        porch: &[u8],
        flights: &[(StatementId, Vec<u8>)],
    ) -> Result<(), ApprovalError>;

    /// The server's time, as far as it is known.
    fn server_time(&self, now: UnixSeconds) -> UnixSeconds;

    /// The link with the key of its codes, where the server gave one.
    fn otp_link(&self) -> Option<SecretText>;

    fn disclosure(&self) -> Disclosure;

    /// What checks the messages of its history.
    fn evidence(&self) -> Box<dyn Evidence>;

    /// The person's account at the server and this device's key in it, as its messages have them: for the end of an export.
    fn history_end(
        &self,
        head: [u8; 32],
        count: u64,
        keys: &dyn DeviceKeys,
        now: UnixSeconds,
    ) -> Result<String, ApprovalError>;
}
