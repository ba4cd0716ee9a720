//! Receipts: what became of a statement, signed with a key that its reader knows.

use countersign_protocol::base64url;
use countersign_protocol::envelope::{Compact, Received};
use countersign_protocol::hash::{Id, MessageHash, Thumbprint};
use countersign_protocol::json::Object;
use countersign_protocol::kind::Kind;
use countersign_protocol::message::{Ended, Outcome, Receipt};
use countersign_protocol::time::Timestamp;

use super::{StepError, Turn};
use crate::person::{Asked, End, Message, Signed};

impl Turn<'_> {
    /// The receipt of an end, for this reader: the same bytes whenever it asks.
    pub(super) fn receipt_of_end(
        &mut self,
        id: &Id,
        reader: &Thumbprint,
    ) -> Result<Option<Compact>, StepError> {
        let known = self.person.device(reader);
        let known = known.map_or(&[][..], |device| device.documents.known_keys());
        let key = self.desk.keys.for_reader(known, self.desk.now);
        let key_id = key.public().thumbprint();
        let next = &self.desk.rules.after_report;
        let Some(asked) = self.person.statement_mut(id) else {
            return Ok(None);
        };
        let Some(end) = &asked.end else {
            return Ok(None);
        };
        if let Some(receipt) = end.receipt(&key_id) {
            return stored(receipt).map(Some);
        }
        let mut receipt = outline(asked, end.outcome, end.at);
        receipt.answer_hash = end.answer;
        receipt.by = end.by.as_ref().map(|by| Ended {
            key: by.key,
            name: by.name.clone(),
        });
        receipt.via = end.via;
        receipt.left = end.left;
        receipt.is_reported = end.is_reported;
        if end.is_reported || end.outcome == Outcome::Reported {
            receipt.next.clone_from(next);
        }
        let compact = Self::sign(key, Kind::Receipt, &receipt.to_claims())?;
        if let Some(end) = &mut asked.end {
            end.receipts.push(Signed {
                key: key_id,
                message: Message(compact.as_str().to_owned()),
            });
        }
        Ok(Some(compact))
    }

    /// The receipt of an answer that comes again: the same bytes. Only where its device has a document without the key that signed
    /// them it is signed again, and says the same.
    pub(super) fn receipt_again(
        &mut self,
        id: &Id,
        answer: &MessageHash,
        reader: &Thumbprint,
    ) -> Result<Option<Compact>, StepError> {
        let (keys, now) = (self.desk.keys, self.now());
        let Some(device) = self.person.device(reader) else {
            return Ok(None);
        };
        let (documents, asked) = (&device.documents, self.person.statement(id));
        let Some((signed_by, receipt)) = asked.and_then(|asked| asked.answered(answer)) else {
            return Ok(None);
        };
        let receipt = stored(receipt)?;
        let key = keys.for_reader(documents.known_keys(), now);
        if documents.can_check(signed_by) || *signed_by == key.public().thumbprint() {
            return Ok(Some(receipt));
        }
        let claims = claims(&receipt).ok_or(StepError::Inconsistent)?;
        let receipt = Self::sign(key, Kind::Receipt, &claims)?;
        self.keep_receipt(id, *answer, &receipt)?;
        Ok(Some(receipt))
    }

    /// Keeps an answer's receipt for when the answer comes again.
    pub(super) fn keep_receipt(
        &mut self,
        id: &Id,
        answer: MessageHash,
        receipt: &Compact,
    ) -> Result<(), StepError> {
        let key = Received::parse(Kind::Receipt, receipt.as_str());
        let key = key.map_err(|_| StepError::Inconsistent)?.key_id();
        if let Some(asked) = self.person.statement_mut(id) {
            asked.keep_receipt(answer, key, Message(receipt.as_str().to_owned()));
        }
        Ok(())
    }

    /// Ends a statement.
    pub(super) fn end(&mut self, id: &Id, end: End) {
        if let Some(asked) = self.person.statement_mut(id) {
            asked.close(end);
        }
        self.person.calm.answered(id);
    }
}

/// A receipt that says nothing but how a statement stands.
pub(super) fn outline(asked: &Asked, outcome: Outcome, now: Timestamp) -> Receipt {
    Receipt {
        audience: asked.audience.clone(),
        statement: asked.id,
        statement_hash: asked.hash,
        answer_hash: None,
        by: None,
        via: None,
        outcome,
        left: None,
        is_reported: false,
        next: vec![],
        now,
    }
}

/// A receipt as it was stored.
fn stored(message: &Message) -> Result<Compact, StepError> {
    Compact::from_stored(Kind::Receipt, &message.0).map_err(|_| StepError::Inconsistent)
}

/// What a receipt says.
fn claims(message: &Compact) -> Option<Object> {
    let claims = message.as_str().split('.').nth(1)?;
    Object::parse(&base64url::parse(claims).ok()?).ok()
}
