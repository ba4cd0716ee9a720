//! The history, as a person reads it.

use countersign_core::account::Name;
use countersign_core::approval::history::{self, About, BadEntry, EntryFault, Exported, Label};
use countersign_core::companion::HistoryReport;
use countersign_core::time::UnixSeconds;
use countersign_core::vault::{ChainFault, ChainHead, ChainReport, RecordId};

type HistoryItem = history::Item;
type HistoryItemKind = history::ItemKind;
type HistoryKind = history::Kind;
type HistoryDecision = history::Decision;
type HistoryOutcome = history::Outcome;

/// What a person reads of one place of the history.
#[uniffi::remote(Record)]
pub struct HistoryItem {
    /// Its number, counted from 1 over everything ever written.
    pub seq: u64,
    /// When it was written, by this device's clock; none where that cannot be read.
    pub at: Option<UnixSeconds>,
    /// What it says.
    pub kind: HistoryItemKind,
}

/// What a place of the history says.
#[uniffi::remote(Enum)]
pub enum HistoryItemKind {
    /// An entry.
    Entry {
        /// The work account, by its record.
        account: RecordId,
        /// What it is about.
        kind: HistoryKind,
        /// What the person decided.
        decision: Option<HistoryDecision>,
        /// What became of it.
        outcome: Option<HistoryOutcome>,
        /// Why, where that has a name.
        cause: Option<Label>,
        /// What its messages tell of it.
        about: Box<About>,
    },
    /// Everything up to here was cut, since the history was full.
    Cut {
        /// How many entries that were.
        gone: u64,
    },
    /// Entries up to here could not be read any more, and the person accepted that.
    Lost {
        /// How many.
        gone: u64,
    },
    /// What the locked vault had left for the history is missing.
    PorchLost {
        /// How many entries are known to be missing; 0 when others stood in their place.
        gone: u64,
    },
    /// A newer version of the program wrote it.
    Newer,
}

/// What an entry is about in words, where its messages say so. They were verified when they came, and have lain in the chain
/// since; whether that holds is another question.
#[uniffi::remote(Record)]
pub struct About {
    /// Who issued the account.
    pub issuer: Name,
    /// Whose it is.
    pub label: Name,
    /// What was to be approved: the word of the statement.
    pub act: Name,
    /// The application.
    pub app: Name,
    /// The site that asked.
    pub origin: Name,
    /// Who signed in.
    pub user: Name,
}

/// What is wrong with an entry.
#[uniffi::remote(Enum)]
pub enum EntryFault {
    /// It is not where or what the chain says.
    Chain(ChainFault),
    /// It has not the form of an entry that this version knows.
    Form,
    /// One of its messages is not genuine.
    Message,
}

/// The first entry that is not as it was written.
#[uniffi::remote(Record)]
pub struct BadEntry {
    /// Its number, counted from 1 over everything ever written.
    pub seq: u64,
    /// What is wrong.
    pub fault: EntryFault,
}

/// A history whose chain holds.
#[uniffi::remote(Record)]
pub struct ChainReport {
    /// Entries that are there.
    pub entries: u64,
    /// Entries that were cut since the history was full.
    pub cut: u64,
    /// Places whose entries could not be read any more, as the person accepted.
    pub lost: u64,
    /// What the chain has come to.
    pub head: ChainHead,
}

/// A history that holds.
#[uniffi::remote(Record)]
pub struct HistoryReport {
    /// What its chain comes to.
    pub chain: ChainReport,
    /// Entries whose signatures could not be checked, since what brought the keys was cut with the oldest entries.
    pub unproven: u64,
}

/// What was exported.
#[uniffi::remote(Record)]
pub struct Exported {
    /// Entries written out.
    pub entries: u64,
    /// Entries of other accounts, written as hashes.
    pub withheld: u64,
    /// Accounts whose key signed the end.
    pub signed: Vec<RecordId>,
    /// Accounts whose key did not, since it is gone or was not allowed to.
    pub unsigned: Vec<RecordId>,
}

/// What an entry is about.
#[uniffi::remote(Enum)]
pub enum HistoryKind {
    /// The account was enrolled: what was asked and the first account document.
    Enrolled,
    /// A newer account document.
    Document,
    /// A statement was answered here: statement, answer, receipt.
    Answered,
    /// A statement ended without an answer of this device: statement, and the receipt if there is one.
    Closed,
    /// Something from the server was refused. One a cause, account and hour.
    Refused,
    /// The account was muted after a report.
    Muted,
    /// The account was suspended.
    Suspended,
    /// Another device took this one's place.
    Moved,
    /// The server removed this device.
    Removed,
    /// The server was asked to forget this device.
    Left,
    /// The account has other keys of the device.
    KeyReplaced,
    /// The account works from now on, or again.
    Active,
}

/// What the person decided.
#[uniffi::remote(Enum)]
pub enum HistoryDecision {
    /// It is me.
    Approve,
    /// Not now.
    Deny,
    /// It was not me.
    Report,
    /// It was me: stop.
    Cancel,
    /// A response was shown, to be typed into the sign-in screen.
    Offline,
}

/// What became of a statement.
#[uniffi::remote(Enum)]
pub enum HistoryOutcome {
    /// It was approved.
    Approved,
    /// It was denied.
    Denied,
    /// It was reported.
    Reported,
    /// The person stopped it.
    Cancelled,
    /// Nobody answered in time.
    Expired,
    /// The server took it back.
    Withdrawn,
    /// Another device answered it.
    Elsewhere,
    /// The server does not say.
    Unknown,
    /// The number was wrong, and the statement still open.
    WrongNumber,
}
