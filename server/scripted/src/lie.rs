//! Lies about what the server said, signed as if it had said so.

use countersign_protocol::base64url;
use countersign_protocol::envelope::{Received, Unsigned};
use countersign_protocol::hash::{Id, MessageHash, Thumbprint};
use countersign_protocol::json::Object;
use countersign_protocol::kind::Kind;
use countersign_protocol::signing::SigningKey;
use countersign_verifier::keys::ServerKeys;
use serde_json::{Map, Value};

/// A device that nobody has.
const NOBODY: Thumbprint = Thumbprint::from_bytes([0x5a; 32]);
/// An account that nobody has.
const NOBODYS: Id = Id::from_bytes([0x5a; 16]);
/// A message that nobody sent.
const NOTHING: MessageHash = MessageHash::from_bytes([0x5a; 32]);

/// A message that is to be told otherwise.
pub(crate) struct Told {
    kind: Kind,
    signer: Thumbprint,
    claims: Map<String, Value>,
}

impl Told {
    /// Reads a message; none where it has not the form of its kind, as a refusal has not.
    pub(crate) fn read(kind: Kind, text: &str) -> Option<Self> {
        let signer = Received::parse(kind, text).ok()?.key_id();
        let payload = base64url::parse(text.split('.').nth(1)?).ok()?;
        let claims = serde_json::from_slice(&payload).ok()?;
        Some(Self {
            kind,
            signer,
            claims,
        })
    }

    /// With these claims; `null` leaves one out.
    pub(crate) fn with(mut self, set: &Map<String, Value>) -> Self {
        for (name, value) in set {
            if value.is_null() {
                self.claims.shift_remove(name);
            } else {
                self.claims.insert(name.clone(), value.clone());
            }
        }
        self
    }

    /// Addressed to a device that nobody has.
    pub(crate) fn for_nobody(mut self) -> Self {
        let nobody = Value::from(NOBODY.format());
        let audience = match self.claims.get("aud") {
            Some(Value::Array(_)) => Value::Array(vec![nobody]),
            _ => nobody,
        };
        self.claims.insert("aud".into(), audience);
        self
    }

    /// As the answer to something that was never asked.
    pub(crate) fn about_nothing(mut self) -> Self {
        let member = match self.kind {
            Kind::Receipt => "ath",
            _ => "re",
        };
        self.claims.insert(member.into(), NOTHING.format().into());
        self
    }

    /// About an account that nobody has: the document, and in a state the newer document and each statement.
    pub(crate) fn about_nobody(mut self, keys: &ServerKeys) -> Self {
        let member = match self.kind {
            Kind::State => None,
            // It names no account: it is about another one's statement.
            Kind::Receipt => Some("st"),
            _ => Some("account"),
        };
        if let Some(member) = member {
            self.claims.insert(member.into(), NOBODYS.format().into());
            return self;
        }
        let other = |kind, text: &mut Value| {
            let told = text.as_str().and_then(|text| Self::read(kind, text));
            if let Some(told) = told.and_then(|told| told.about_nobody(keys).signed(keys)) {
                *text = told.into();
            }
        };
        if let Some(account) = self.claims.get_mut("account") {
            other(Kind::Account, account);
        }
        if let Some(Value::Array(statements)) = self.claims.get_mut("statements") {
            for statement in statements {
                other(Kind::Statement, statement);
            }
        }
        self
    }

    /// Signed by the key that had signed it.
    pub(crate) fn signed(&self, keys: &ServerKeys) -> Option<String> {
        let replaced = keys.replaced().iter().map(|replaced| &replaced.key);
        let mut all = keys.current().iter().chain(replaced);
        let key = all.find(|key| key.public().thumbprint() == self.signer)?;
        self.signed_by(key)
    }

    /// Signed by this key.
    pub(crate) fn signed_by(&self, key: &SigningKey) -> Option<String> {
        let claims = Object::parse(&serde_json::to_vec(&self.claims).ok()?).ok()?;
        let unsigned = Unsigned::new(self.kind, key.public(), &claims).ok()?;
        let message = key.sign_message(&unsigned).ok()?;
        Some(message.as_str().to_owned())
    }
}
