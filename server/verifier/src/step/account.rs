//! Account documents: what the rules say now, for one device.

use countersign_protocol::envelope::{Compact, SERVER_KEYS_MAX};
use countersign_protocol::hash::{Id, MessageHash, Thumbprint};
use countersign_protocol::key::PublicKey;
use countersign_protocol::kind::Kind;
use countersign_protocol::message::{Account, Confirm};

use super::{StepError, Turn};
use crate::person::Device;

/// For whom a document is.
pub(super) struct Addressee {
    pub(super) device: Thumbprint,
    pub(super) enrol_hash: MessageHash,
    pub(super) nonce: Id,
    pub(super) confirm: Confirm,
}

impl Addressee {
    /// None for one that has ended: it gets no document any more.
    fn of(device: &Device) -> Option<Self> {
        let enrolled = device.enrolled.as_ref()?;
        Some(Self {
            device: device.id,
            enrol_hash: enrolled.enrol_hash,
            nonce: enrolled.nonce,
            confirm: enrolled.confirm,
        })
    }
}

impl Turn<'_> {
    pub(super) fn document(
        &self,
        addressee: &Addressee,
        version: u64,
        keys: Vec<PublicKey>,
    ) -> Account {
        let rules = self.desk.rules;
        Account {
            audience: addressee.device,
            enrol_hash: addressee.enrol_hash,
            version,
            nonce: addressee.nonce,
            account: self.person.account,
            issuer: rules.issuer.clone(),
            label: self.person.label.clone(),
            keys,
            policy: rules.policy,
            confirm: addressee.confirm,
            help: rules.help.clone(),
            vapid: rules.vapid,
        }
    }

    /// Notes what the rules say now, so that a change of them is a new version for this device.
    pub(super) fn refresh(&mut self, id: &Thumbprint) {
        let Some(device) = self.person.device(id) else {
            return;
        };
        let Some(addressee) = Addressee::of(device) else {
            return;
        };
        let document = self.document(&addressee, 1, self.keys_for(device));
        let now = self.now();
        if let Some(device) = self.person.device_mut(id) {
            let (print, keys) = (print(&document), thumbprints(&document.keys));
            device.documents.refresh(print, keys, now);
        }
    }

    /// The keys for a device's document: those that it can check what is on its way with, and those of open statements.
    fn keys_for(&self, device: &Device) -> Vec<PublicKey> {
        let (keys, now) = (self.desk.keys, self.now());
        let mut listed = keys.listed_for(device.documents.known_keys(), now);
        let open = self.person.statements.iter();
        let open = open.filter(|asked| asked.is_open() && asked.is_for(&device.id));
        for key in open.filter_map(|asked| keys.public(&asked.key)) {
            if listed.len() < SERVER_KEYS_MAX && !listed.contains(key) {
                listed.push(*key);
            }
        }
        listed
    }

    /// The newest document for a device, signed with a key that it knows.
    pub(super) fn newest_document(&self, device: &Device) -> Result<Compact, StepError> {
        let addressee = Addressee::of(device).ok_or(StepError::Inconsistent)?;
        let keys = self.keys_for(device);
        let document = self.document(&addressee, device.documents.version, keys);
        let key = self
            .desk
            .keys
            .for_reader(device.documents.known_keys(), self.now());
        Self::sign(key, Kind::Account, &document.to_claims())
    }
}

/// What a document says, whatever its version is.
pub(super) fn print(document: &Account) -> MessageHash {
    let claims = Account {
        version: 1,
        ..document.clone()
    };
    let claims = claims.to_claims().format().unwrap_or_default();
    MessageHash::of(&String::from_utf8_lossy(&claims))
}

pub(super) fn thumbprints(keys: &[PublicKey]) -> Vec<Thumbprint> {
    keys.iter().map(PublicKey::thumbprint).collect()
}
