//! Receipts: what became of a statement, signed with a key that its reader knows.

use countersign_protocol::envelope::Compact;
use countersign_protocol::hash::{Id, Thumbprint};
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
        if let Some(signed) = end.receipts.iter().find(|signed| signed.key == key_id) {
            return stored(&signed.message).map(Some);
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
pub(super) fn stored(message: &Message) -> Result<Compact, StepError> {
    Compact::from_stored(Kind::Receipt, &message.0).map_err(|_| StepError::Inconsistent)
}
