//! `cs-history`: where an exported history ends. The account's device key signs it, so that whoever reads the export sees
//! what was left out at its end.

use crate::claims::{self, ClaimError, Claims};
use crate::envelope::Verified;
use crate::hash::{HistoryHead, Id};
use crate::json::{Json, Object};
use crate::kind::Kind;
use crate::time::Timestamp;

/// The end of an exported history.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct History {
    /// The person's account at its server.
    pub account: Id,
    /// The hash that the chain of entries comes to.
    pub head: HistoryHead,
    /// Entries in the chain, those that were cut included.
    pub count: u64,
    /// When it was exported, by the device's clock.
    pub made_at: Timestamp,
}

impl History {
    /// Its claims.
    ///
    /// # Panics
    ///
    /// For a count beyond 2^53: nobody counts so far.
    #[must_use]
    pub fn to_claims(&self) -> Object {
        Object::new()
            .with("account", Json::Text(self.account.format()))
            .with("head", Json::Text(self.head.format()))
            .with("count", claims::number_to_json(self.count))
            .with("iat", self.made_at.to_json())
    }

    /// Reads it.
    ///
    /// # Errors
    ///
    /// [`ClaimError::Missing`], [`ClaimError::Form`].
    ///
    /// # Panics
    ///
    /// For another kind of message: whoever reads one knows which it is.
    pub fn read(message: &Verified) -> Result<Self, ClaimError> {
        assert_eq!(
            message.kind(),
            Kind::History,
            "a history's end is read as one"
        );
        let claims = Claims::of(message.claims());
        Ok(Self {
            account: claims.required("account", claims::id)?,
            head: claims.required("head", |value| claims::parsed(value, HistoryHead::parse))?,
            count: claims.required("count", claims::number)?,
            made_at: claims.required("iat", claims::time)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::Role;
    use crate::signer::Signer;

    fn history() -> History {
        History {
            account: Id::from_bytes([1; 16]),
            head: HistoryHead::from_bytes([2; 32]),
            count: 3,
            made_at: Timestamp::new(1_800_000_000).unwrap(),
        }
    }

    fn read(claims: &Object) -> Result<History, ClaimError> {
        History::read(&Signer::new().verified(Kind::History, Role::Device, claims))
    }

    #[test]
    fn an_end_is_read_as_it_was_written() {
        assert_eq!(read(&history().to_claims()), Ok(history()));
        let empty = History {
            count: 0,
            ..history()
        };
        assert_eq!(read(&empty.to_claims()), Ok(empty));
    }

    #[test]
    fn every_claim_is_there_and_has_its_form() {
        for name in ["account", "head", "count", "iat"] {
            let missing = history().to_claims().changed(name, None);
            assert_eq!(read(&missing), Err(ClaimError::Missing { name }));
            for wrong in ["-1", r#""""#, "null", "[]", r#""AAAA""#] {
                let wrong = history().to_claims().changed(name, Some(wrong));
                assert_eq!(read(&wrong), Err(ClaimError::Form { name }));
            }
        }
    }
}
