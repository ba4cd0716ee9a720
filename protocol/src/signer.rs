//! A key that signs in tests.

use crate::envelope::{Compact, Received, Unsigned, Verified};
use crate::json::Object;
use crate::key::PublicKey;
use crate::kind::{Kind, Role};
use crate::signature::Signature;
use crate::signing::SigningKey;

pub(crate) struct Signer(SigningKey);

impl Signer {
    pub(crate) fn new() -> Self {
        Self(SigningKey::generate().unwrap())
    }

    pub(crate) fn key(&self) -> PublicKey {
        *self.0.public()
    }

    pub(crate) fn sign(&self, input: &[u8]) -> Signature {
        self.0.sign(input).unwrap()
    }

    pub(crate) fn says(&self, kind: Kind, claims: &Object) -> Compact {
        let unsigned = Unsigned::new(kind, &self.key(), claims).unwrap();
        self.0.sign_message(&unsigned).unwrap()
    }

    /// The same, received and verified as a key of this role.
    pub(crate) fn verified(&self, kind: Kind, role: Role, claims: &Object) -> Verified {
        let message = self.says(kind, claims);
        let received = Received::parse(kind, message.as_str()).unwrap();
        received.verify([(role, &self.key())]).unwrap()
    }
}
