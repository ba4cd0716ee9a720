//! A platform's keys in memory: P-256, with a presence that can be refused, and what else a platform says.

use std::collections::BTreeMap;
use std::sync::Mutex;

use countersign_core::device::{
    DeviceKeys, KeyAlias, KeyError, KeyRequest, MadeKey, Presence, Protection,
};
use countersign_core::secret::Secret;
use countersign_core::vault::{PlatformContext, PlatformKey, PlatformKeyError};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};

/// Keystore or Secure Enclave.
#[derive(Default)]
pub(crate) struct Platform(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    keys: BTreeMap<String, (EcdsaKeyPair, bool)>,
    /// What a use of a key that asks for the person comes to; none when they are there.
    answer: Option<KeyError>,
    /// How often the person was asked.
    asked: u32,
    signed: u32,
}

impl Platform {
    /// From now on the person, or the platform, says this.
    pub(crate) fn says(&self, answer: Option<KeyError>) {
        self.0.lock().unwrap().answer = answer;
    }

    pub(crate) fn asked(&self) -> u32 {
        self.0.lock().unwrap().asked
    }

    pub(crate) fn signed(&self) -> u32 {
        self.0.lock().unwrap().signed
    }

    pub(crate) fn count(&self) -> usize {
        self.0.lock().unwrap().keys.len()
    }

    /// Another device: none of its keys came along.
    pub(crate) fn forget_all(&self) {
        self.0.lock().unwrap().keys.clear();
    }
}

impl DeviceKeys for Platform {
    fn create(&self, alias: &KeyAlias, request: &KeyRequest) -> Result<MadeKey, KeyError> {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).unwrap();
        let public = key.public_key().as_ref().to_vec();
        let mut inner = self.0.lock().unwrap();
        inner
            .keys
            .insert(alias.as_str().to_owned(), (key, request.presence));
        Ok(MadeKey {
            public,
            protection: Protection::Hardware,
            presence: match request.presence {
                true => Presence::EachUse,
                false => Presence::None,
            },
            attestation: None,
        })
    }

    fn exists(&self, alias: &KeyAlias) -> Result<bool, KeyError> {
        Ok(self.0.lock().unwrap().keys.contains_key(alias.as_str()))
    }

    fn sign(&self, alias: &KeyAlias, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let mut inner = self.0.lock().unwrap();
        let asks = inner.keys.get(alias.as_str()).map(|(_, asks)| *asks);
        if asks.ok_or(KeyError::Invalidated)? {
            inner.asked += 1;
            if let Some(answer) = inner.answer {
                return Err(answer);
            }
        }
        inner.signed += 1;
        let (key, _) = &inner.keys[alias.as_str()];
        Ok(key
            .sign(&SystemRandom::new(), message)
            .unwrap()
            .as_ref()
            .to_vec())
    }

    fn delete(&self, alias: &KeyAlias) -> Result<(), KeyError> {
        self.0.lock().unwrap().keys.remove(alias.as_str());
        Ok(())
    }
}

/// The key without presence that keeps the porch open. It wraps nothing: this is no test of wrapping.
impl PlatformKey for Platform {
    fn wrap(&self, _: &PlatformContext, secret: &Secret) -> Result<Vec<u8>, PlatformKeyError> {
        // EXPOSE: a secret made up for this test.
        Ok(secret.expose().to_vec())
    }

    fn unwrap(&self, _: &PlatformContext, wrapped: &[u8]) -> Result<Secret, PlatformKeyError> {
        Ok(Secret::copy_of(wrapped))
    }
}
