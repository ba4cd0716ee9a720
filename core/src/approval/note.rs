//! What happened and belongs into the history.

use std::fmt;

use super::exchange::Cause;
use crate::time::UnixSeconds;

/// What kind of thing happened.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Happened {
    /// A server took this device.
    Enrolled,
    /// The server's document is a newer one.
    Document,
    /// A statement ended, or its number was wrong.
    Statement,
    /// Something from the server was refused.
    Refused(Cause),
    /// The account was suspended.
    Suspended,
    /// It works.
    Active,
    /// Another device took its place.
    Moved,
    /// The server removed it.
    Removed,
    /// Keys that had gone were replaced by those of another record.
    KeyReplaced,
}

/// What the person had decided.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Decided {
    Approve,
    Deny,
    Report,
    Cancel,
    /// A response was shown.
    Offline,
}

/// How a statement stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Stands {
    Approved,
    Denied,
    Reported,
    Cancelled,
    Expired,
    Withdrawn,
    WrongNumber,
    Elsewhere,
    Unknown,
}

/// One thing that happened to an account.
///
/// # Privacy
///
/// The messages say who signs in where; `Debug` shows none of them.
#[derive(Clone, Eq, PartialEq)]
pub(crate) struct Note {
    /// By this device's clock.
    pub(crate) at: UnixSeconds,
    pub(crate) happened: Happened,
    pub(crate) statement: Option<[u8; 32]>,
    pub(crate) decided: Option<Decided>,
    pub(crate) stands: Option<Stands>,
    /// What was said, by what it is called.
    pub(crate) messages: Vec<(&'static str, String)>,
}

impl Note {
    pub(crate) const fn new(at: UnixSeconds, happened: Happened) -> Self {
        Self {
            at,
            happened,
            statement: None,
            decided: None,
            stands: None,
            messages: vec![],
        }
    }

    pub(crate) fn with(mut self, name: &'static str, message: &str) -> Self {
        self.messages.push((name, message.to_owned()));
        self
    }
}

impl fmt::Debug for Note {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Note")
            .field("happened", &self.happened)
            .field("decided", &self.decided)
            .field("stands", &self.stands)
            .finish_non_exhaustive()
    }
}
