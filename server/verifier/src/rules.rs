//! What an organisation asks for: its address, its names, its rules. The same for every person.

use std::sync::Arc;

use countersign_protocol::claims::ClaimError;
use countersign_protocol::hash::{Id, MessageHash, Thumbprint};
use countersign_protocol::key::PublicKey;
use countersign_protocol::message::{
    Account, Act, Attestation, Confirm, NextStep, Policy, PresenceRule, Statement,
};
use countersign_protocol::time::Timestamp;

use crate::address::{TestMode, is_base};
use crate::person::NUMBER_TRIES;

/// Longest application of a statement in bytes.
const APP_BYTES_MAX: usize = 64;

/// Why rules cannot be served.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum RulesError {
    /// The base address has not its one form (protocol, §1).
    #[error("the base address has not its one form")]
    Url,
    /// A device would refuse the account document.
    #[error("the account document: {0}")]
    Document(ClaimError),
    /// A device would refuse its own test.
    #[error("the test of a device: {0}")]
    Test(ClaimError),
}

/// Judges what a platform says of a device's two keys.
pub trait Attestor: Send + Sync {
    /// Whether the organisation accepts it for these keys and this challenge.
    fn accepts(
        &self,
        attestation: &Attestation,
        keys: [&PublicKey; 2],
        challenge: &[u8; 32],
    ) -> bool;
}

/// An organisation's rules.
#[derive(Clone)]
pub struct Rules {
    /// The base address, as devices know it.
    pub url: String,
    /// Whether this is a server for tests.
    pub test_mode: TestMode,
    /// Who issues accounts, at most 96 bytes.
    pub issuer: String,
    /// What the account document says.
    pub policy: Policy,
    /// How the check number of a scanned invitation is confirmed; after a typed code it is always typed.
    pub confirm: Confirm,
    /// An https address where the organisation helps.
    pub help: Option<String>,
    /// The key for Web Push.
    pub vapid: Option<PublicKey>,
    /// Whether both keys have to lie in hardware.
    pub needs_hardware: bool,
    /// Whoever judges attestations; where there is one, an attestation is needed.
    pub attestor: Option<Arc<dyn Attestor>>,
    /// What happens after a report.
    pub after_report: Vec<NextStep>,
}

impl Rules {
    /// The usual rules: six digits, two minutes, presence preferred, moves allowed, no offline responses.
    #[must_use]
    pub fn new(url: &str, issuer: &str) -> Self {
        Self {
            url: url.to_owned(),
            test_mode: TestMode::Off,
            issuer: issuer.to_owned(),
            policy: Policy {
                presence: PresenceRule::Preferred,
                digits: 6,
                lifetime_s: 120,
                offline: false,
                may_move: true,
                export: true,
            },
            confirm: Confirm::Compare,
            help: None,
            vapid: None,
            needs_hardware: false,
            attestor: None,
            after_report: vec![NextStep::AdminTold],
        }
    }

    /// Whether devices will take what these rules say.
    ///
    /// # Errors
    ///
    /// [`RulesError`].
    pub fn check(&self, keys: &[PublicKey]) -> Result<(), RulesError> {
        if !is_base(&self.url, self.test_mode) {
            return Err(RulesError::Url);
        }
        let document = Account {
            audience: Thumbprint::from_bytes([0; 32]),
            enrol_hash: MessageHash::from_bytes([0; 32]),
            version: 1,
            nonce: Id::from_bytes([0; 16]),
            account: Id::from_bytes([0; 16]),
            issuer: self.issuer.clone(),
            label: "label".to_owned(),
            keys: keys.to_vec(),
            policy: self.policy,
            confirm: self.confirm,
            help: self.help.clone(),
            vapid: self.vapid,
        };
        document.check().map_err(RulesError::Document)?;
        // Where the host is longer than an origin may be, no device could ever become active.
        let made_at = Timestamp::new(0).unwrap_or(Timestamp::MAX);
        let test = Statement {
            issuer: self.url.clone(),
            audience: vec![document.audience],
            account: document.account,
            id: document.nonce,
            made_at,
            expires_at: made_at.plus_s(1),
            act: Some(Act::Test),
            app: self.test_app().to_owned(),
            origin: self.host(),
            user: document.label,
            place: None,
            client: None,
            details: None,
            digits: self.policy.digits,
            tries: NUMBER_TRIES,
            unknown: None,
        };
        test.to_claims().map(drop).map_err(RulesError::Test)
    }

    /// What a device's test says that it is for.
    pub(crate) fn test_app(&self) -> &str {
        cut(&self.issuer, APP_BYTES_MAX)
    }

    /// The host, with its port where it is not the usual one: the origin of what this server itself asks.
    pub(crate) fn host(&self) -> String {
        let host = self.url.split_once("://").map_or("", |(_, rest)| rest);
        host.split('/').next().unwrap_or("").to_owned()
    }
}

/// A text cut to so many bytes, between two letters.
fn cut(text: &str, bytes_max: usize) -> &str {
    let mut end = text.len().min(bytes_max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or("")
}

impl std::fmt::Debug for Rules {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Rules")
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use countersign_protocol::signing::SigningKey;

    use super::*;

    #[test]
    fn rules_that_no_device_would_take_are_refused_where_they_are_made() {
        let keys = [*SigningKey::generate().unwrap().public()];
        let good = Rules::new("https://a.example", "Example");
        assert_eq!(good.check(&keys), Ok(()));
        let bad = Rules::new("https://a.example/", "Example");
        assert_eq!(bad.check(&keys), Err(RulesError::Url));
        let bad = Rules::new("https://a.example", "");
        let document = |name| Err(RulesError::Document(ClaimError::Form { name }));
        assert_eq!(bad.check(&keys), document("issuer"));
        assert_eq!(good.check(&[]), document("keys"));
        let mut bad = good;
        bad.policy.lifetime_s = 601;
        assert_eq!(bad.check(&keys), document("policy"));
        // A base address may be longer than the origin of a statement.
        let host = format!("{}.{}.example", "a".repeat(50), "b".repeat(50));
        let bad = Rules::new(&format!("https://{host}"), "Example");
        let origin = ClaimError::Form { name: "origin" };
        assert_eq!(bad.check(&keys), Err(RulesError::Test(origin)));
    }

    #[test]
    fn a_name_is_cut_between_letters() {
        assert_eq!(cut("Example", 64), "Example");
        assert_eq!(cut("ab\u{e9}", 3), "ab");
        assert_eq!(cut("ab\u{e9}", 4), "ab\u{e9}");
    }
}
