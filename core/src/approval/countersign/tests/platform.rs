//! A platform's key store whose keys lie in memory.

use std::cell::RefCell;
use std::collections::BTreeMap;

use countersign_protocol::signing::SigningKey;

use crate::device::{DeviceKeys, KeyAlias, KeyError, KeyRequest, MadeKey, Presence, Protection};

#[derive(Default)]
pub(crate) struct Platform(RefCell<BTreeMap<String, SigningKey>>);

impl Platform {
    pub(crate) fn names(&self) -> Vec<String> {
        self.0.borrow().keys().cloned().collect()
    }
}

impl DeviceKeys for Platform {
    fn create(&self, alias: &KeyAlias, _: &KeyRequest) -> Result<MadeKey, KeyError> {
        let key = SigningKey::generate().unwrap();
        let public = key.public().point().to_vec();
        self.0.borrow_mut().insert(alias.as_str().to_owned(), key);
        Ok(MadeKey {
            public,
            protection: Protection::Hardware,
            presence: Presence::EachUse,
            attestation: None,
        })
    }

    fn exists(&self, alias: &KeyAlias) -> Result<bool, KeyError> {
        Ok(self.0.borrow().contains_key(alias.as_str()))
    }

    fn sign(&self, alias: &KeyAlias, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let keys = self.0.borrow();
        let key = keys.get(alias.as_str()).ok_or(KeyError::Invalidated)?;
        let signature = key.sign(message).unwrap();
        let (r, s) = signature.bytes().split_at(32);
        let numbers = [integer(r), integer(s)].concat();
        Ok(tagged(0x30, &numbers))
    }

    fn delete(&self, alias: &KeyAlias) -> Result<(), KeyError> {
        self.0.borrow_mut().remove(alias.as_str());
        Ok(())
    }
}

fn tagged(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = u8::try_from(value.len()).unwrap();
    [&[tag, length], value].concat()
}

/// An INTEGER in DER: no needless zeros, and one before a byte that would make it negative.
fn integer(number: &[u8]) -> Vec<u8> {
    let start = number.iter().position(|byte| *byte != 0).unwrap();
    let mut value = number[start..].to_vec();
    if value[0] >= 0x80 {
        value.insert(0, 0);
    }
    tagged(0x02, &value)
}
