//! Enrolment on the device: the plan, the keys, and the one message that is ever sent for it.

use std::collections::BTreeMap;

use countersign_protocol::derive::{Proof, Proven, attestation_challenge, commitment};
use countersign_protocol::envelope::Unsigned;
use countersign_protocol::hash::{Id, Thumbprint};
use countersign_protocol::kind::Kind;
use countersign_protocol::message::{
    Attestation, Capability, Device, Enrol, InvitationChoice, Ring,
};
use countersign_protocol::secret::{DeviceNonce, InvitationSecret, ScannedSecret, TypedSecret};
use countersign_protocol::time::Timestamp;
use ring::digest;

use super::entry::{
    Clock, Delivery, DeviceWords, Enrolling, Entry, InvitationChoiceDebug, InvitationTag, Plan,
    PlannedKey, Progress, Replaced,
};
use super::keys::{Key, Keys, presence_word, protection_word};
use crate::account::Name;
use crate::approval::work::{Kept, WithKeys};
use crate::approval::{ApprovalError, KeyPlace, NewWork};
use crate::device::{DeviceKeys, KeyAlgorithm, KeyAlias, KeyRequest};
use crate::entropy::{Entropy, generate_bytes};
use crate::time::UnixSeconds;
use crate::uri::invitation::{Invitation, Proof as InvitationProof};
use crate::vault::RecordId;

/// Bytes of a device's name in a message.
const NAME_BYTES: usize = 64;
/// Bytes of its platform and app.
const WORD_BYTES: usize = 32;

impl Entry {
    /// An account that is to be: where its keys will lie is known and can be stored before they are made.
    pub(in crate::approval) fn plan(
        id: RecordId,
        invitation: &Invitation,
        new: &NewWork<'_>,
        earlier: Option<&Self>,
        entropy: &dyn Entropy,
    ) -> Result<Self, ApprovalError> {
        let planned_key = || {
            Ok::<_, ApprovalError>(match new.keys {
                KeyPlace::Platform => PlannedKey::Platform(KeyAlias::generate(entropy)?),
                KeyPlace::Software => PlannedKey::Software,
            })
        };
        let (choice, secret, pinned, names) = proof_parts(&invitation.proof)?;
        let plan = Plan {
            choice: InvitationChoiceDebug(choice),
            secret,
            pinned,
            nonce: DeviceNonce::copy_of(&generate_bytes(entropy)?),
            device_key: planned_key()?,
            approval_key: planned_key()?,
            leftover: vec![],
            names,
        };
        Ok(Self {
            id,
            url: invitation.url.clone(),
            device: DeviceWords {
                name: cut(new.device_name, NAME_BYTES),
                platform: cut(new.platform, WORD_BYTES),
                app: cut(new.app, WORD_BYTES),
            },
            progress: Progress::Planned(plan),
            invitation: Some(InvitationTag::of(invitation)),
            replaces: earlier.and_then(Self::as_replaced),
            bell: Id::from_bytes(generate_bytes(entropy)?),
            delivery: Delivery {
                ring: Ring::None,
                sequence: 0,
                is_told: true,
            },
            clock: Clock::default(),
            flights: BTreeMap::new(),
            has_bell: false,
        })
    }

    /// What another device of the same account says to take this one's place.
    fn as_replaced(&self) -> Option<Replaced> {
        let enrolled = self.enrolled()?;
        Some(Replaced {
            record: self.id,
            device: enrolled.keys.device.thumbprint(),
            account: enrolled.account.account,
        })
    }

    /// Makes the keys and signs the enrolment.
    pub(super) fn with_keys(
        &self,
        port: &dyn DeviceKeys,
        entropy: &dyn Entropy,
        now: UnixSeconds,
    ) -> Result<WithKeys, ApprovalError> {
        let Progress::Planned(plan) = &self.progress else {
            return Err(ApprovalError::NothingToSend);
        };
        for alias in &plan.leftover {
            port.delete(alias)?;
        }
        let commit = commitment(&plan.nonce);
        let challenge = attestation_challenge(self.url.as_str(), &commit);
        let (device, device_says) = made(&plan.device_key, false, challenge, port)?;
        let (approval, approval_says) = made(&plan.approval_key, true, challenge, port)?;
        let keys = Keys { device, approval };
        let proven = Proven {
            device: &keys.device.thumbprint(),
            approval: &keys.approval.thumbprint(),
            commitment: &commit,
        };
        let attestation = match (device_says, approval_says) {
            (Some(device), Some(approve)) => Some(Attestation { device, approve }),
            _ => None,
        };
        let enrol = Enrol {
            audience: self.url.as_str().to_owned(),
            invitation: plan.choice.0,
            proof: Proof::new(&plan.secret, &proven),
            commitment: commit,
            approval_key: keys.approval.public,
            approval_protection: protection_word(keys.approval.protection),
            presence: presence_word(keys.approval.presence),
            device: Device {
                name: self.device.name.as_str().to_owned(),
                platform: self.device.platform.as_str().to_owned(),
                app: self.device.app.as_str().to_owned(),
                protection: protection_word(keys.device.protection),
            },
            capabilities: vec![Capability::Scan, Capability::Offline, Capability::Otp],
            attestation,
            made_at: Timestamp::new(now.0).unwrap_or(Timestamp::MAX),
            id: Id::from_bytes(generate_bytes(entropy)?),
        };
        let unsigned = Unsigned::new(Kind::Enrol, &keys.device.public, &enrol.to_claims())
            .map_err(|_| ApprovalError::TooMany)?;
        let message = keys.device.sign(&unsigned, port)?;
        let enrolling = Enrolling {
            keys,
            // EXPOSE: the copy is a secret again.
            nonce: DeviceNonce::copy_of(plan.nonce.expose()),
            pinned: plan.pinned,
            message,
            names: plan.names.clone(),
        };
        let entry = Self {
            progress: Progress::Enrolling(enrolling),
            url: self.url.clone(),
            device: self.device.clone(),
            flights: BTreeMap::new(),
            delivery: Delivery {
                ring: self.delivery.ring.clone(),
                ..self.delivery
            },
            ..*self
        };
        Ok(WithKeys(entry.to_record(Kept::InTheVault)))
    }
}

/// A text of at most so many bytes; never empty, which the protocol does not take.
fn cut(text: &str, bytes_max: usize) -> Name {
    let name = Name::new(text);
    let mut end = name.as_str().len().min(bytes_max);
    while !name.as_str().is_char_boundary(end) {
        end -= 1;
    }
    match name.as_str().get(..end) {
        None | Some("") => Name::new("unnamed"),
        Some(cut) => Name::new(cut),
    }
}

impl InvitationTag {
    pub(super) fn of(invitation: &Invitation) -> Self {
        // EXPOSE: its hash is sealed with the account, and tells nobody the secret who has not the vault.
        let (choice, secret) = match &invitation.proof {
            InvitationProof::Scanned(scanned) => (scanned.id.expose(), scanned.secret.expose()),
            InvitationProof::Typed { choice, secret } => {
                (choice.expose().as_bytes(), secret.expose().as_bytes())
            }
        };
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(b"cs-invitation-tag/1\0");
        // Both have a length of their own for each kind of invitation, so that no two read the same.
        context.update(choice);
        context.update(secret);
        let mut tag = [0; 32];
        tag.copy_from_slice(context.finish().as_ref());
        Self(tag)
    }
}

type ProofParts = (
    InvitationChoice,
    InvitationSecret,
    Option<Thumbprint>,
    (Name, Name),
);

fn proof_parts(proof: &InvitationProof) -> Result<ProofParts, ApprovalError> {
    match proof {
        InvitationProof::Scanned(scanned) => {
            // EXPOSE: both are 16 bytes, which is all that is asked here; the copies are secrets again.
            let id = scanned.id.expose().try_into();
            let secret = scanned.secret.expose().try_into();
            let (Ok(id), Ok(secret)) = (id, secret) else {
                return Err(ApprovalError::NotGenuine);
            };
            Ok((
                InvitationChoice::Scanned(Id::from_bytes(id)),
                InvitationSecret::Scanned(ScannedSecret::copy_of(secret)),
                Some(Thumbprint::from_bytes(scanned.server_key)),
                (scanned.issuer.clone(), scanned.account.clone()),
            ))
        }
        InvitationProof::Typed { choice, secret } => {
            // EXPOSE: the same.
            let choice = choice.expose().parse().ok();
            let secret = TypedSecret::parse(secret.expose().as_bytes());
            let (Some(choice), Some(secret)) = (choice, secret) else {
                return Err(ApprovalError::NotGenuine);
            };
            Ok((
                InvitationChoice::Typed(choice),
                InvitationSecret::Typed(secret),
                None,
                (Name::EMPTY, Name::EMPTY),
            ))
        }
    }
}

/// Makes one key, and what its platform says of it.
fn made(
    planned: &PlannedKey,
    presence: bool,
    challenge: [u8; 32],
    port: &dyn DeviceKeys,
) -> Result<(Key, Option<String>), ApprovalError> {
    let PlannedKey::Platform(alias) = planned else {
        return Ok((Key::in_software()?, None));
    };
    let request = KeyRequest {
        algorithm: KeyAlgorithm::P256,
        presence,
        challenge,
    };
    let made = port.create(alias, &request)?;
    let key = Key::in_platform(alias.clone(), &made)?;
    Ok((key, made.attestation))
}
