//! What an organisation asks for: its address, its names, its rules. The same for every person.

use std::sync::Arc;

use countersign_protocol::claims::ClaimError;
use countersign_protocol::hash::{Id, MessageHash, Thumbprint};
use countersign_protocol::key::PublicKey;
use countersign_protocol::message::{
    Account, Attestation, Confirm, NextStep, Policy, PresenceRule,
};

use crate::address::{TestMode, is_base};

/// Why rules cannot be served.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum RulesError {
    /// The base address has not its one form (protocol, §1).
    #[error("the base address has not its one form")]
    Url,
    /// A device would refuse the account document.
    #[error("the account document: {0}")]
    Document(ClaimError),
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
        document.check().map_err(RulesError::Document)
    }

    /// The host, with its port where it is not the usual one: the origin of what this server itself asks.
    pub(crate) fn host(&self) -> String {
        let host = self.url.split_once("://").map_or("", |(_, rest)| rest);
        host.split('/').next().unwrap_or("").to_owned()
    }
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
    }
}
