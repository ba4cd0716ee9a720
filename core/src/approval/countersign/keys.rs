//! An account's two keys: where each lies, and how it signs.

use std::fmt;

use countersign_protocol::envelope::{Compact, Unsigned};
use countersign_protocol::hash::Thumbprint;
use countersign_protocol::key::PublicKey;
use countersign_protocol::message;
use countersign_protocol::signature::Signature;
use countersign_protocol::signing::SigningKey;

use crate::approval::ApprovalError;
use crate::device::{DeviceKeys, KeyAlias, KeyError, MadeKey, Presence, Protection};
use crate::secret::Secret;

/// Where a private key lies.
#[derive(Debug)]
pub(super) enum Place {
    /// In the platform, under this name.
    Platform(KeyAlias),
    /// Here, sealed in the vault (PKCS#8).
    Software(Secret),
}

/// A key that was made: its public half and what is known of it, fixed at enrolment.
pub(super) struct Key {
    pub(super) place: Place,
    pub(super) public: PublicKey,
    pub(super) protection: Protection,
    pub(super) presence: Presence,
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Key")
            .field("place", &self.place)
            .field("protection", &self.protection)
            .field("presence", &self.presence)
            .finish_non_exhaustive()
    }
}

/// What the vault's software keys ask of the person: it has to be open.
const SOFTWARE_PRESENCE: Presence = Presence::Unlocked;

impl Key {
    /// A new key in software.
    pub(super) fn in_software() -> Result<Self, ApprovalError> {
        let key = SigningKey::generate().map_err(|_| ApprovalError::Entropy)?;
        Ok(Self {
            public: *key.public(),
            // EXPOSE: it is sealed in the vault.
            place: Place::Software(Secret::copy_of(key.expose_pkcs8())),
            protection: Protection::Software,
            presence: SOFTWARE_PRESENCE,
        })
    }

    /// A key that the platform made.
    pub(super) fn in_platform(alias: KeyAlias, made: &MadeKey) -> Result<Self, ApprovalError> {
        let public = PublicKey::from_point(&made.public).map_err(|_| KeyError::Failed)?;
        Ok(Self {
            place: Place::Platform(alias),
            public,
            protection: made.protection,
            presence: made.presence,
        })
    }

    pub(super) fn thumbprint(&self) -> Thumbprint {
        self.public.thumbprint()
    }

    /// Signs a message that names this key. The platform may ask the person.
    pub(super) fn sign(
        &self,
        message: &Unsigned,
        keys: &dyn DeviceKeys,
    ) -> Result<Compact, ApprovalError> {
        match &self.place {
            Place::Software(pkcs8) => {
                // EXPOSE: it signs.
                let key = SigningKey::from_pkcs8(pkcs8.expose())
                    .map_err(|_| ApprovalError::Unreadable)?;
                key.sign_message(message)
                    .map_err(|_| ApprovalError::Entropy)
            }
            Place::Platform(alias) => {
                let der = keys.sign(alias, message.signing_input())?;
                let signature = Signature::from_der(&der).map_err(|_| KeyError::Failed)?;
                // A key store that signs with another key would make a message that nobody takes.
                let message = message.signed(&signature).map_err(|_| KeyError::Failed)?;
                Ok(message)
            }
        }
    }

    /// Has the platform ask for the person, without signing anything that means something.
    pub(super) fn prove_presence(&self, keys: &dyn DeviceKeys) -> Result<(), KeyError> {
        match &self.place {
            Place::Software(_) => Ok(()),
            Place::Platform(alias) => keys.sign(alias, b"cs-presence/1\0").map(drop),
        }
    }
}

/// Both keys of an account.
#[derive(Debug)]
pub(super) struct Keys {
    /// Signs without asking.
    pub(super) device: Key,
    /// Signs approvals and moves.
    pub(super) approval: Key,
}

impl Keys {
    pub(super) fn are_software(&self) -> bool {
        [&self.device, &self.approval]
            .iter()
            .any(|key| key.protection == Protection::Software)
    }
}

pub(super) const fn protection_word(protection: Protection) -> message::Protection {
    match protection {
        Protection::Hardware => message::Protection::Hardware,
        Protection::Software => message::Protection::Software,
    }
}

pub(super) const fn presence_word(presence: Presence) -> message::Presence {
    match presence {
        Presence::EachUse => message::Presence::EachUse,
        Presence::Unlocked => message::Presence::Unlocked,
        Presence::None => message::Presence::None,
    }
}
