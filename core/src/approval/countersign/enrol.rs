//! Enrolment on the device: the plan, the keys, the one message that is ever sent for it, and the first account document.

use std::collections::BTreeMap;

use countersign_protocol::claims::ClaimError;
use countersign_protocol::derive::{
    Proof, Proven, attestation_challenge, check_number, commitment,
};
use countersign_protocol::envelope::{Compact, EnvelopeError, Received, Unsigned};
use countersign_protocol::hash::{Id, MessageHash, Thumbprint};
use countersign_protocol::key::PublicKey;
use countersign_protocol::kind::Kind;
use countersign_protocol::message::{
    Account, Attestation, Capability, Confirm, Device, Enrol, InvitationChoice, Ring, Secrets,
    Standing,
};
use countersign_protocol::problem::{Need, Problem};
use countersign_protocol::secret::{DeviceNonce, InvitationSecret, ScannedSecret, TypedSecret};
use countersign_protocol::time::Timestamp;
use ring::digest;

use super::entry::{
    Clock, Delivery, DeviceWords, Enrolled, Enrolling, Entry, Failed, InvitationChoiceDebug,
    InvitationTag, Plan, PlannedKey, Progress, Replaced,
};
use super::keys::{Key, Keys, presence_word, protection_word};
use super::label;
use crate::account::Name;
use crate::approval::exchange::Cause;
use crate::approval::history::{Entry as Note, Kind as NoteKind};
use crate::approval::model::EnrolmentFailure;
use crate::approval::view::CheckView;
use crate::approval::work::{Kept, Taken, Verdict, WithKeys};
use crate::approval::{ApprovalError, KeyPlace, NewWork};
use crate::device::{DeviceKeys, KeyAlgorithm, KeyAlias, KeyRequest};
use crate::entropy::{Entropy, generate_bytes};
use crate::secret::SecretText;
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

    /// Takes what the server answered to the enrolment.
    pub(super) fn take_enrolled(&mut self, status: u16, body: &[u8], now: UnixSeconds) -> Taken {
        let Progress::Enrolling(enrolling) = &self.progress else {
            // Another process was faster: the first document is stored, and no other is taken.
            return Taken::new(Verdict::Answered);
        };
        if !matches!(status, 200 | 201) {
            return self.take_refusal(status, body);
        }
        let (document, signer, account) = match first_document(enrolling, body) {
            Ok(first) => first,
            Err(NoDocument::Newer) => return self.fail(EnrolmentFailure::DeviceOlder),
            Err(NoDocument::Refused(cause)) => {
                let mut taken = Taken::new(Verdict::Failed {
                    retry_after_s: None,
                });
                taken.refused.push(cause);
                return taken;
            }
        };
        let mut taken = Taken::new(Verdict::Answered);
        let note = Note::new(now, self.id, NoteKind::Enrolled)
            .with_message(label(Kind::Enrol), enrolling.message.as_str())
            .with_message(label(Kind::Account), document.as_str());
        taken.notes.push(note);
        let placeholder = Progress::Failed(Failed {
            why: EnrolmentFailure::PeerMisbehaved,
            aliases: vec![],
            others: vec![],
        });
        let Progress::Enrolling(enrolling) = std::mem::replace(&mut self.progress, placeholder)
        else {
            return taken;
        };
        // Another account at the same server is nobody's successor.
        self.replaces = self
            .replaces
            .filter(|replaced| replaced.account == account.account);
        self.progress = Progress::Enrolled(Box::new(Enrolled {
            enrol_hash: enrolling.message.hash(),
            keys: enrolling.keys,
            first_hash: document.hash(),
            nonce: Some(enrolling.nonce),
            document,
            signer,
            account,
            standing: Standing::Unconfirmed,
            sequence: 0,
            applied: 0,
            secrets: Secrets::default(),
            wants_secrets: true,
            moving: None,
            step: None,
            is_leaving: false,
            is_key_gone: false,
        }));
        taken.standing_changed = true;
        taken.changed = true;
        taken
    }

    fn take_refusal(&mut self, status: u16, body: &[u8]) -> Taken {
        let Some(problem) = Problem::read(status, body) else {
            return Taken::new(Verdict::Failed {
                retry_after_s: None,
            });
        };
        let why = match problem {
            Problem::Proof { left } => EnrolmentFailure::WrongCode { left },
            Problem::UnknownInvitation => EnrolmentFailure::UnknownInvitation,
            Problem::ExpiredInvitation => EnrolmentFailure::ExpiredInvitation,
            Problem::UsedInvitation => EnrolmentFailure::UsedInvitation,
            Problem::Policy { needs } => match needs {
                Need::Presence => EnrolmentFailure::NeedsPresence,
                Need::Hardware => EnrolmentFailure::NeedsHardware,
                Need::Attestation => EnrolmentFailure::NeedsAttestation,
            },
            Problem::DeviceLimit { devices } => {
                let others = devices.iter().map(|name| Name::new(name)).collect();
                return self.fail_beside(EnrolmentFailure::DeviceLimit, others);
            }
            Problem::UnsupportedVersion { server, device } if server < device => {
                EnrolmentFailure::ServerOlder
            }
            Problem::UnsupportedVersion { .. } => EnrolmentFailure::DeviceOlder,
            Problem::RateLimited | Problem::Unavailable => {
                return Taken::new(Verdict::Failed {
                    retry_after_s: None,
                });
            }
            Problem::Malformed
            | Problem::TooLarge
            | Problem::Signature
            | Problem::Audience
            | Problem::NotActive
            | Problem::UnknownDevice
            | Problem::UnknownStatement
            | Problem::Replayed
            | Problem::Order { .. } => EnrolmentFailure::Refused,
        };
        self.fail(why)
    }

    /// The enrolment came to nothing.
    fn fail(&mut self, why: EnrolmentFailure) -> Taken {
        self.fail_beside(why, vec![])
    }

    fn fail_beside(&mut self, why: EnrolmentFailure, others: Vec<Name>) -> Taken {
        let aliases = self.aliases();
        self.invitation = None;
        self.progress = Progress::Failed(Failed {
            why,
            aliases,
            others,
        });
        let mut taken = Taken::new(Verdict::Answered);
        taken.standing_changed = true;
        taken.changed = true;
        taken
    }

    /// The number that this device shows until it is confirmed.
    pub(super) fn check(&self) -> Option<CheckView> {
        let enrolled = self.enrolled()?;
        if enrolled.standing != Standing::Unconfirmed {
            return None;
        }
        let nonce = enrolled.nonce.as_ref()?;
        let number = check_number(nonce, &enrolled.enrol_hash, &enrolled.first_hash);
        Some(CheckView {
            number: SecretText::new(number.as_str().to_owned()),
            type_it: enrolled.account.confirm == Confirm::Type,
        })
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

/// Why an answer is no first document.
enum NoDocument {
    /// The server chose a version that this device does not speak.
    Newer,
    Refused(Cause),
}

impl From<Cause> for NoDocument {
    fn from(cause: Cause) -> Self {
        Self::Refused(cause)
    }
}

/// The account document that answers an enrolment, and the key that signed it.
fn first_document(
    enrolling: &Enrolling,
    body: &[u8],
) -> Result<(Compact, PublicKey, Account), NoDocument> {
    let text = str::from_utf8(body).map_err(|_| Cause::Form)?;
    let received = Received::parse(Kind::Account, text).map_err(|_| Cause::Form)?;
    let verified = received
        .verify_first_account(enrolling.pinned.as_ref())
        .map_err(|error| match error {
            EnvelopeError::UnknownKey => Cause::UnknownKey,
            EnvelopeError::Signature => Cause::Signature,
            _ => Cause::Form,
        })?;
    let device = enrolling.keys.device.thumbprint();
    let enrol: MessageHash = enrolling.message.hash();
    let account = Account::read(&verified, &device, &enrol).map_err(|error| match error {
        ClaimError::Form { name: "v" } => NoDocument::Newer,
        other => super::cause_of(other).into(),
    })?;
    if account.version != 1 {
        return Err(Cause::NotNewer.into());
    }
    Ok((verified.compact().clone(), *verified.key(), account))
}
