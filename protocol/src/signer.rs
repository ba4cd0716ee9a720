//! A key that signs in tests.

use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};

use crate::envelope::{Compact, Received, Unsigned, Verified};
use crate::json::Object;
use crate::key::PublicKey;
use crate::kind::{Kind, Role};
use crate::signature::Signature;

pub(crate) struct Signer(EcdsaKeyPair);

impl Signer {
    pub(crate) fn new() -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        Self(EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random).unwrap())
    }

    pub(crate) fn key(&self) -> PublicKey {
        PublicKey::from_point(self.0.public_key().as_ref()).unwrap()
    }

    pub(crate) fn sign(&self, input: &[u8]) -> Signature {
        let signature = self.0.sign(&SystemRandom::new(), input).unwrap();
        Signature::lowered(signature.as_ref()).unwrap()
    }

    pub(crate) fn says(&self, kind: Kind, claims: &Object) -> Compact {
        let unsigned = Unsigned::new(kind, &self.key(), claims).unwrap();
        let signature = self.sign(unsigned.signing_input());
        unsigned.signed(&signature).unwrap()
    }

    /// The same, received and verified as a key of this role.
    pub(crate) fn verified(&self, kind: Kind, role: Role, claims: &Object) -> Verified {
        let message = self.says(kind, claims);
        let received = Received::parse(kind, message.as_str()).unwrap();
        received.verify([(role, &self.key())]).unwrap()
    }
}
