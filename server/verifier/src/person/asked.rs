//! A statement as the server keeps it: what it asked, what was answered, how it ended.

use countersign_protocol::digits::Digits;
use countersign_protocol::hash::{Id, LinesHash, MessageHash, Thumbprint};
use countersign_protocol::message::{Act, Outcome, Via};
use countersign_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::Message;
use crate::kept::Kept;

/// How often a number may be typed.
pub const NUMBER_TRIES: u8 = 3;
/// How often an offline response may be typed for one statement.
pub const RESPONSE_TRIES: u8 = 3;
/// How long statements and receipts are kept after a statement's expiry, and how long it can be reported, in seconds.
pub const RECEIPT_KEEP_S: u64 = 24 * 60 * 60;
/// Most statements that are kept of those that ended without ever ringing or being answered. Whoever knows a password can make
/// them without end, and nobody asks after them.
pub(crate) const UNSEEN_MAX: usize = 100;
/// Most statements of a person that are open at once.
pub const OPEN_STATEMENTS_MAX: usize = 20;

/// A statement.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Asked {
    pub(crate) id: Id,
    /// Its bytes, until it ended.
    pub(crate) message: Option<Message>,
    pub(crate) hash: MessageHash,
    /// The server key that signed it: devices can check it as long as it is open.
    pub(crate) key: Thumbprint,
    pub(crate) act: Act,
    /// The number on the sign-in screen.
    pub(crate) number: Kept<Digits>,
    pub(crate) audience: Vec<Thumbprint>,
    pub(crate) made_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    /// Whether devices get it by fetching; otherwise by the page's QR code alone.
    pub(crate) is_listed: bool,
    pub(crate) tries_left: u8,
    pub(crate) wrong_responses: u8,
    /// The lines as this server would show them.
    pub(crate) shown: LinesHash,
    /// Answers that had an effect, with the receipts that they got.
    pub(crate) answers: Vec<Answered>,
    pub(crate) end: Option<End>,
}

/// An answer and its receipt, for when the answer comes again.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Answered {
    pub(crate) hash: MessageHash,
    /// The server key that signed the receipt.
    pub(crate) key: Thumbprint,
    /// The receipt; none where it is that of the end, so that nothing is stored twice.
    receipt: Option<Message>,
}

/// How a statement ended.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct End {
    pub(crate) outcome: Outcome,
    pub(crate) at: Timestamp,
    pub(crate) left: Option<u8>,
    pub(crate) answer: Option<MessageHash>,
    pub(crate) by: Option<By>,
    pub(crate) via: Option<Via>,
    pub(crate) is_reported: bool,
    /// The receipt, once for each server key that some reader needed.
    pub(crate) receipts: Vec<Signed>,
}

/// Whose answer it was.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct By {
    /// The device.
    pub(crate) device: Thumbprint,
    /// The key that signed.
    pub(crate) key: Thumbprint,
    pub(crate) name: String,
}

/// A message and the key that signed it.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Signed {
    pub(crate) key: Thumbprint,
    pub(crate) message: Message,
}

impl End {
    /// An end that no answer brought.
    pub(crate) const fn unanswered(outcome: Outcome, at: Timestamp) -> Self {
        Self {
            outcome,
            at,
            left: None,
            answer: None,
            by: None,
            via: None,
            is_reported: false,
            receipts: vec![],
        }
    }

    /// The receipt that this server key signed.
    pub(crate) fn receipt(&self, key: &Thumbprint) -> Option<&Message> {
        let signed = self.receipts.iter().find(|signed| signed.key == *key);
        signed.map(|signed| &signed.message)
    }
}

impl Asked {
    pub(crate) const fn is_open(&self) -> bool {
        self.end.is_none()
    }

    /// Whether it ended without ever ringing or being answered.
    pub(crate) const fn is_unseen(&self) -> bool {
        let is_untouched = self.answers.is_empty() && !self.is_listed;
        match &self.end {
            Some(end) => is_untouched && end.by.is_none(),
            None => false,
        }
    }

    /// Ends it.
    pub(crate) fn close(&mut self, end: End) {
        self.end = Some(end);
        self.message = None;
    }

    /// The receipt that an answer got, and the server key that signed it.
    pub(crate) fn answered(&self, answer: &MessageHash) -> Option<(&Thumbprint, &Message)> {
        let given = self.answers.iter().find(|one| one.hash == *answer)?;
        let receipt = given.receipt.as_ref();
        let receipt = receipt.or_else(|| self.end.as_ref()?.receipt(&given.key))?;
        Some((&given.key, receipt))
    }

    /// Keeps an answer's receipt for when the answer comes again.
    pub(crate) fn keep_receipt(&mut self, answer: MessageHash, key: Thumbprint, receipt: Message) {
        let of_end = self.end.as_ref().and_then(|end| end.receipt(&key));
        let receipt = (of_end != Some(&receipt)).then_some(receipt);
        self.answers.retain(|one| one.hash != answer);
        self.answers.push(Answered {
            hash: answer,
            key,
            receipt,
        });
    }

    /// Notes a report of its end, once: whether that is news. The end says so from now on; what answers were told stays.
    pub(crate) fn report(&mut self) -> bool {
        let Some(end) = self.end.as_mut().filter(|end| !end.is_reported) else {
            return false;
        };
        end.is_reported = true;
        for answered in &mut self.answers {
            if answered.receipt.is_none() {
                answered.receipt = end.receipt(&answered.key).cloned();
            }
        }
        end.receipts.clear();
        true
    }

    pub(crate) fn is_for(&self, device: &Thumbprint) -> bool {
        self.audience.contains(device)
    }

    /// Until when it is kept and can be reported.
    pub(crate) fn kept_until(&self) -> Timestamp {
        self.expires_at.plus_s(RECEIPT_KEEP_S)
    }
}
