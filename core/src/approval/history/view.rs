//! The history as a shell shows it.

use super::entry::{Entry, Label};
use super::names::{Decision, Kind, Outcome};
use crate::approval::evidence::About;
use crate::time::UnixSeconds;
use crate::vault::{Link, RecordId, Vault, VaultError};

/// What a person reads of one place of the history.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Item {
    /// Its number, counted from 1 over everything ever written.
    pub seq: u64,
    /// When it was written, by this device's clock; none where that cannot be read.
    pub at: Option<UnixSeconds>,
    /// What it says.
    pub kind: ItemKind,
}

/// What a place of the history says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ItemKind {
    /// An entry.
    Entry {
        /// The work account, by its record.
        account: RecordId,
        /// What it is about.
        kind: Kind,
        /// What the person decided.
        decision: Option<Decision>,
        /// What became of it.
        outcome: Option<Outcome>,
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

impl Item {
    /// What stands at one place.
    #[must_use]
    pub fn of(seq: u64, link: &Link) -> Self {
        let (at, kind) = match link {
            Link::Cut { at, .. } => (Some(*at), ItemKind::Cut { gone: seq }),
            Link::Lost { at, count } => (Some(*at), ItemKind::Lost { gone: *count }),
            Link::PorchLost { at, count } => (Some(*at), ItemKind::PorchLost { gone: *count }),
            // EXPOSE: what a person reads of it is no secret from them.
            Link::Entry(entry) => match Entry::decode(entry.expose()) {
                Ok(entry) => (Some(entry.at), ItemKind::from(entry)),
                Err(_) => (None, ItemKind::Newer),
            },
        };
        Self { seq, at, kind }
    }
}

impl From<Entry> for ItemKind {
    fn from(entry: Entry) -> Self {
        Self::Entry {
            about: Box::new(About::of(&entry)),
            account: entry.account,
            kind: entry.kind,
            decision: entry.decision,
            outcome: entry.outcome,
            cause: entry.cause,
        }
    }
}

/// The newest items, the newest first: `count` of them at most, of one account where one is named. What concerns the whole
/// history is among them in both cases.
///
/// # Errors
///
/// [`VaultError::DamagedData`], [`VaultError::Io`].
pub fn newest(
    vault: &Vault,
    account: Option<RecordId>,
    count: usize,
) -> Result<Vec<Item>, VaultError> {
    let mut items = vec![];
    if count == 0 {
        return Ok(items);
    }
    vault.newest_history(|seq, link| {
        let item = Item::of(seq, &link);
        let is_wanted = match &item.kind {
            ItemKind::Entry { account: found, .. } => {
                account.is_none_or(|account| account == *found)
            }
            _ => true,
        };
        if is_wanted {
            items.push(item);
        }
        items.len() < count
    })?;
    Ok(items)
}
