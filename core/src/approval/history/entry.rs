//! One entry, and its one form in bytes.

use std::fmt;

use super::names::{Decision, Kind, Outcome};
use crate::encoding::tlv::{Malformed, Reader, Writer, u8_of, u64_of};
use crate::secret::Secret;
use crate::time::UnixSeconds;
use crate::vault::RecordId;

/// Longest label in bytes.
const LABEL_BYTES_MAX: usize = 32;

mod field {
    pub(super) const AT: u8 = 1;
    pub(super) const KIND: u8 = 2;
    pub(super) const ACCOUNT: u8 = 3;
    pub(super) const STATEMENT: u8 = 4;
    pub(super) const DECISION: u8 = 5;
    pub(super) const OUTCOME: u8 = 6;
    pub(super) const CAUSE: u8 = 7;
    pub(super) const MESSAGE: u8 = 8;
}

/// The text is no label: 1 to 32 of `a`–`z`, `0`–`9`, `_`, `-`, `+` and `.`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a label is 1 to 32 of a to z, 0 to 9, _, -, + and .")]
pub struct NotALabel;

/// What a message or a cause is called. It comes from this program and never from outside.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Label(String);

impl Label {
    /// Takes a label.
    ///
    /// # Errors
    ///
    /// [`NotALabel`].
    pub fn new(text: &str) -> Result<Self, NotALabel> {
        let is_letter = |byte: u8| {
            byte.is_ascii_lowercase()
                || byte.is_ascii_digit()
                || matches!(byte, b'_' | b'-' | b'+' | b'.')
        };
        match text.len() {
            1..=LABEL_BYTES_MAX if text.bytes().all(is_letter) => Ok(Self(text.to_owned())),
            _ => Err(NotALabel),
        }
    }

    /// The label as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A message as it was sent or received.
///
/// # Privacy
///
/// It says who signed in where; `Debug` shows its label alone.
#[derive(Clone, Eq, PartialEq)]
pub struct Message {
    /// Which message of its protocol it is.
    pub label: Label,
    /// Its bytes, which are text in every protocol.
    pub text: String,
}

impl fmt::Debug for Message {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.label.as_str())
    }
}

/// The bytes have not the form of an entry, or say something that this version does not know.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not an entry of the history, or one of a newer version")]
pub struct NotAnEntry;

impl From<Malformed> for NotAnEntry {
    fn from(_: Malformed) -> Self {
        Self
    }
}

/// An entry of the history.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Entry {
    /// When it was written, by this device's clock.
    pub at: UnixSeconds,
    /// The work account that it is about, by its record.
    pub account: RecordId,
    /// What it is about.
    pub kind: Kind,
    /// The hash of the statement that it is about.
    pub statement: Option<[u8; 32]>,
    /// What the person decided.
    pub decision: Option<Decision>,
    /// What became of it.
    pub outcome: Option<Outcome>,
    /// Why, where that has a name.
    pub cause: Option<Label>,
    /// The messages that prove it, in the order in which they were sent.
    pub messages: Vec<Message>,
}

impl Entry {
    /// An entry that says nothing yet but what, when and of whom.
    #[must_use]
    pub const fn new(at: UnixSeconds, account: RecordId, kind: Kind) -> Self {
        Self {
            at,
            account,
            kind,
            statement: None,
            decision: None,
            outcome: None,
            cause: None,
            messages: vec![],
        }
    }

    /// Something from the server that was refused, for this cause.
    #[must_use]
    pub fn refused(at: UnixSeconds, account: RecordId, cause: Label) -> Self {
        Self {
            cause: Some(cause),
            ..Self::new(at, account, Kind::Refused)
        }
    }

    /// Adds a message.
    #[must_use]
    pub fn with_message(mut self, label: Label, text: &str) -> Self {
        let text = text.to_owned();
        self.messages.push(Message { label, text });
        self
    }

    /// Its bytes (docs/history.md).
    #[must_use]
    pub fn encode(&self) -> Secret {
        let mut body = Writer::new();
        body.put_u64(field::AT, self.at.0);
        body.put(field::KIND, &[self.kind.number()]);
        body.put(field::ACCOUNT, self.account.bytes());
        if let Some(statement) = &self.statement {
            body.put(field::STATEMENT, statement);
        }
        if let Some(decision) = self.decision {
            body.put(field::DECISION, &[decision.number()]);
        }
        if let Some(outcome) = self.outcome {
            body.put(field::OUTCOME, &[outcome.number()]);
        }
        if let Some(cause) = &self.cause {
            body.put(field::CAUSE, cause.0.as_bytes());
        }
        for Message { label, text } in &self.messages {
            let value = [label.0.as_bytes(), b"\0", text.as_bytes()].concat();
            body.put(field::MESSAGE, &value);
        }
        Secret::copy_of(&body.finish_unpadded())
    }

    /// Reads an entry. There is one form for each: what is read is written again as it stood.
    ///
    /// # Errors
    ///
    /// [`NotAnEntry`].
    pub fn decode(bytes: &[u8]) -> Result<Self, NotAnEntry> {
        let (mut at, mut kind, mut account) = (None, None, None);
        let (mut statement, mut decision, mut outcome) = (None, None, None);
        let (mut cause, mut messages) = (None, vec![]);
        let mut reader = Reader::new(bytes);
        while let Some((number, value)) = reader.next()? {
            match number {
                field::AT => at = Some(UnixSeconds(u64_of(value)?)),
                field::KIND => kind = Some(Kind::from_number(u8_of(value)?).ok_or(NotAnEntry)?),
                field::ACCOUNT => account = RecordId::from_slice(value),
                field::STATEMENT => statement = Some(value.try_into().map_err(|_| NotAnEntry)?),
                field::DECISION => {
                    decision = Some(Decision::from_number(u8_of(value)?).ok_or(NotAnEntry)?);
                }
                field::OUTCOME => {
                    outcome = Some(Outcome::from_number(u8_of(value)?).ok_or(NotAnEntry)?);
                }
                field::CAUSE => cause = Some(label_of(value)?),
                field::MESSAGE => messages.push(message_of(value)?),
                _ => return Err(NotAnEntry),
            }
        }
        let entry = Self {
            at: at.ok_or(NotAnEntry)?,
            account: account.ok_or(NotAnEntry)?,
            kind: kind.ok_or(NotAnEntry)?,
            statement,
            decision,
            outcome,
            cause,
            messages,
        };
        // EXPOSE: compared with what it was read from.
        if entry.encode().expose() == bytes {
            Ok(entry)
        } else {
            Err(NotAnEntry)
        }
    }
}

fn label_of(value: &[u8]) -> Result<Label, NotAnEntry> {
    let text = str::from_utf8(value).map_err(|_| NotAnEntry)?;
    Label::new(text).map_err(|NotALabel| NotAnEntry)
}

fn message_of(value: &[u8]) -> Result<Message, NotAnEntry> {
    let text = str::from_utf8(value).map_err(|_| NotAnEntry)?;
    let (label, text) = text.split_once('\0').ok_or(NotAnEntry)?;
    Ok(Message {
        label: Label::new(label).map_err(|NotALabel| NotAnEntry)?,
        text: text.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn account() -> RecordId {
        "01020304050607080910111213141516".parse().unwrap()
    }

    fn label(text: &str) -> Label {
        Label::new(text).unwrap()
    }

    fn full() -> Entry {
        Entry {
            statement: Some([7; 32]),
            decision: Some(Decision::Approve),
            outcome: Some(Outcome::Approved),
            cause: Some(label("number")),
            ..Entry::new(UnixSeconds(1_800_000_000), account(), Kind::Answered)
        }
        .with_message(label("cs-statement+jws"), "MARKED.ä.1")
        .with_message(label("cs-answer+jws"), "")
    }

    #[test]
    fn an_entry_reads_what_it_writes() {
        for kind in Kind::ALL {
            let least = Entry::new(UnixSeconds(0), account(), *kind);
            // EXPOSE: made up for this test.
            assert_eq!(Entry::decode(least.encode().expose()), Ok(least));
        }
        assert_eq!(Entry::decode(full().encode().expose()), Ok(full()));
    }

    #[test]
    fn an_entry_has_one_form() {
        let whole = full().encode();
        // EXPOSE: made up for this test.
        let whole = whole.expose();
        for length in 0..whole.len() {
            assert_eq!(Entry::decode(&whole[..length]), Err(NotAnEntry));
        }
        let body = &whole[..whole.len() - 1];
        let with = |more: &[u8]| Entry::decode(&[body, more].concat());
        assert_eq!(with(b"\0"), Ok(full()));
        // A field of a newer version, one again, one out of its order, and padding.
        assert_eq!(with(&[9, 0, 0, 0, 0, 0]), Err(NotAnEntry));
        assert_eq!(with(&[6, 0, 0, 0, 1, 1, 0]), Err(NotAnEntry));
        assert_eq!(with(&[0, 0]), Err(NotAnEntry));
        assert_eq!(with(&[8, 0, 0, 0, 1, b'a', 0]), Err(NotAnEntry));
        assert!(with(&[8, 0, 0, 0, 2, b'a', 0, 0]).is_ok());
        assert_eq!(with(&[8, 0, 0, 0, 2, b'A', 0, 0]), Err(NotAnEntry));
    }

    #[test]
    fn numbers_that_this_version_does_not_know_are_refused() {
        let whole = full().encode();
        // EXPOSE: made up for this test.
        let whole = whole.expose();
        // Kind, decision and outcome.
        for place in [18, 82, 88] {
            let mut bent = whole.to_vec();
            bent[place] = 77;
            assert_eq!(Entry::decode(&bent), Err(NotAnEntry), "{place}");
        }
    }

    #[test]
    fn a_label_is_short_and_plain() {
        for text in ["", "A", "a b", "a\0", "ä", &"a".repeat(33)] {
            assert_eq!(Label::new(text), Err(NotALabel), "{text}");
        }
        assert_eq!(label(&"a".repeat(32)).as_str().len(), 32);
        assert_eq!(label("cs-answer+jws").as_str(), "cs-answer+jws");
    }

    #[test]
    fn debug_shows_no_message() {
        assert!(!format!("{:?}", full()).contains("MARKED"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            if let Ok(entry) = Entry::decode(&bytes) {
                prop_assert_eq!(entry.encode(), Secret::copy_of(&bytes));
            }
        }
    }
}
