//! `cs-enrol`: one invitation takes one enrolment, ever.

use countersign_protocol::derive::attestation_challenge;
use countersign_protocol::envelope::{Received, Verified};
use countersign_protocol::hash::{Id, Thumbprint};
use countersign_protocol::key::PublicKey;
use countersign_protocol::kind::Kind;
use countersign_protocol::message::{
    Confirm, Enrol, InvitationChoice, Presence, PresenceRule, Protection, ReadEnrol,
};
use countersign_protocol::problem::{Need, Problem};
use countersign_protocol::secret::{InvitationSecret, ScannedSecret, TypedSecret};

use super::account::{Addressee, print, thumbprints};
use super::device::answered;
use super::{Answered, Halt, Input, StepError, Turn};
use crate::entropy::generate_id;
use crate::event::Fact;
use crate::person::{
    ACTIVE_MAX, Device, Documents, Enrolled, Invitation, Message, PROOF_TRIES, Purpose, Stage,
    Taken, UNFINISHED_S,
};
use crate::reply::{Refusal, Reply};

/// The version of the protocol that this server speaks.
const VERSION: u32 = 1;

/// `cs-enrol` as it was received, for the person whose invitation it names.
#[derive(Clone, Copy)]
pub struct Enrolment<'a> {
    /// Its compact bytes.
    pub text: &'a str,
}

impl std::fmt::Debug for Enrolment<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Enrolment([redacted])")
    }
}

impl Input for Enrolment<'_> {
    type Reply = Reply;

    fn take(&self, turn: &mut Turn<'_>) -> Result<Reply, StepError> {
        answered(turn.enrol(self.text))
    }
}

/// Size, form, signature, reader, version: what can be checked before anybody knows whose invitation it is.
pub(crate) fn read(text: &str, url: &str) -> Result<(Verified, Enrol), Refusal> {
    let verified = Received::parse(Kind::Enrol, text)?.verify_with_own_key()?;
    match Enrol::read(&verified, url)? {
        ReadEnrol::Version1(enrol) => Ok((verified, *enrol)),
        ReadEnrol::OtherVersions { newest } => Err(Problem::UnsupportedVersion {
            server: VERSION,
            device: newest,
        }
        .into()),
    }
}

impl Turn<'_> {
    fn enrol(&mut self, text: &str) -> Answered<Reply> {
        let (message, enrol) = read(text, &self.desk.rules.url)?;
        let device_key = message.key().thumbprint();
        // The invitation, then its proof: what comes after would tell a stranger something.
        let id = match self.check_invitation(&message, &enrol)? {
            Named::Open(id) => id,
            Named::Answered(reply) => return Ok(reply),
        };
        self.check_proof(&id, &enrol, &device_key)?;
        self.check_policy(&message, &enrol)?;
        self.check_room(&id)?;
        let approval = enrol.approval_key.thumbprint();
        let is_known = |key: &Thumbprint| {
            let server = self.desk.keys.listed();
            self.person.devices.iter().any(|device| device.has_key(key))
                || server.iter().any(|server| server.thumbprint() == *key)
        };
        if is_known(&device_key) || is_known(&approval) {
            return Err(Problem::Malformed.into());
        }
        self.accept(&id, &message, enrol)
    }

    fn check_invitation(&self, message: &Verified, enrol: &Enrol) -> Answered<Named> {
        let named = self
            .person
            .invitations
            .iter()
            .find(|one| match enrol.invitation {
                InvitationChoice::Scanned(id) => one.id == id,
                InvitationChoice::Typed(choice) => {
                    one.code.as_ref().is_some_and(|code| code.choice == choice)
                }
            });
        // A typed code is gone when its time is over: its enrolment is known by its own bytes.
        if let Some(taken) = self.person.accepted(&message.compact().hash()) {
            let reply =
                countersign_protocol::envelope::Compact::from_stored(Kind::Account, &taken.reply.0);
            let reply = reply.map_err(|_| StepError::Inconsistent)?;
            return Ok(Named::Answered(Reply::Account(reply)));
        }
        let invitation = named.ok_or(Problem::UnknownInvitation)?;
        if invitation.taken.is_some() {
            return Err(Problem::UsedInvitation.into());
        }
        if !invitation.is_open(self.now()) {
            return Err(Problem::ExpiredInvitation.into());
        }
        Ok(Named::Open(invitation.id))
    }

    /// The proof; a wrong one counts, for each way of inviting apart.
    fn check_proof(&mut self, id: &Id, enrol: &Enrol, device: &Thumbprint) -> Answered<()> {
        let Some(invitation) = self.person.invitation_mut(id) else {
            return Err(Problem::UnknownInvitation.into());
        };
        let (wrong, secret) = match (enrol.invitation, &mut invitation.code) {
            (InvitationChoice::Typed(_), Some(code)) => {
                // EXPOSE: the proof is made of it.
                let secret = TypedSecret::copy_of(code.secret.0.expose());
                (&mut code.wrong, InvitationSecret::Typed(secret))
            }
            (InvitationChoice::Typed(_), None) => return Err(Problem::UnknownInvitation.into()),
            (InvitationChoice::Scanned(_), _) => {
                let secret = invitation.secret.as_ref();
                let secret = secret.ok_or(Problem::UsedInvitation)?;
                // EXPOSE: the same.
                let secret = ScannedSecret::copy_of(secret.0.expose());
                (&mut invitation.wrong, InvitationSecret::Scanned(secret))
            }
        };
        if *wrong < PROOF_TRIES && enrol.is_proven(&secret, device) {
            return Ok(());
        }
        *wrong = wrong.saturating_add(1).min(PROOF_TRIES);
        let left = PROOF_TRIES - *wrong;
        if left == 0 && matches!(enrol.invitation, InvitationChoice::Typed(_)) {
            invitation.code = None;
            self.tell(Fact::CodeBurnt { invitation: *id })?;
        }
        Err(Problem::Proof { left }.into())
    }

    fn check_policy(&self, message: &Verified, enrol: &Enrol) -> Answered<()> {
        let rules = self.desk.rules;
        let refuse = |needs| Err(Halt::from(Problem::Policy { needs }));
        if rules.policy.presence == PresenceRule::Required && enrol.presence != Presence::EachUse {
            return refuse(Need::Presence);
        }
        let places = [enrol.device.protection, enrol.approval_protection];
        if rules.needs_hardware && places.contains(&Protection::Software) {
            return refuse(Need::Hardware);
        }
        if let Some(attestor) = &rules.attestor {
            let challenge = attestation_challenge(&rules.url, &enrol.commitment);
            let keys: [&PublicKey; 2] = [message.key(), &enrol.approval_key];
            let is_accepted = enrol.attestation.as_ref();
            let is_accepted =
                is_accepted.is_some_and(|one| attestor.accepts(one, keys, &challenge));
            if !is_accepted {
                return refuse(Need::Attestation);
            }
        }
        Ok(())
    }

    /// Room for one more device. A move and a replacement bring none more; it is checked again when the device becomes active.
    fn check_room(&self, id: &Id) -> Answered<()> {
        let adds = self
            .person
            .invitation(id)
            .is_some_and(|one| one.purpose == Purpose::Add);
        let names: Vec<String> = self
            .person
            .active()
            .map(|device| device.name.clone())
            .collect();
        if adds && names.len() >= ACTIVE_MAX {
            let devices = names.into_iter().take(ACTIVE_MAX).collect();
            return Err(Problem::DeviceLimit { devices }.into());
        }
        Ok(())
    }

    fn accept(&mut self, id: &Id, message: &Verified, enrol: Enrol) -> Answered<Reply> {
        let now = self.now();
        let Some(invitation) = self.person.invitation(id) else {
            return Err(Problem::UnknownInvitation.into());
        };
        let addressee = Addressee {
            device: message.key().thumbprint(),
            enrol_hash: message.compact().hash(),
            nonce: generate_id(self.desk.entropy)?,
            confirm: self.confirm_for(invitation, &enrol),
        };
        // The key that a link pinned signs, and is in the document, even where it was replaced since.
        let key = self.desk.keys.for_reader(&[invitation.pinned], now);
        let keys = self.desk.keys.listed_for(&[invitation.pinned], now);
        let document = self.document(&addressee, 1, keys);
        let reply = Self::sign(key, Kind::Account, &document.to_claims())?;
        let documents = Documents::first(print(&document), thumbprints(&document.keys));
        let replaces = match invitation.purpose {
            Purpose::Replace(earlier) => Some(earlier),
            Purpose::Add | Purpose::Move => None,
        };
        let moving = self
            .person
            .moving
            .as_ref()
            .filter(|moving| moving.invitation == *id);
        let deadline = now.plus_s(UNFINISHED_S);
        let deadline = moving.map_or(deadline, |moving| moving.until.min(deadline));
        let name = enrol.device.name.clone();
        let message_hash = reply.hash();
        self.person.devices.push(Device {
            id: addressee.device,
            key: *message.key(),
            approval_id: enrol.approval_key.thumbprint(),
            approval_key: enrol.approval_key,
            name: enrol.device.name,
            stage: Stage::Unconfirmed {
                deadline,
                number: None,
                wrong: 0,
                replaces,
            },
            documents,
            seen: vec![],
            enrolled: Some(Box::new(Enrolled {
                platform: enrol.device.platform,
                app: enrol.device.app,
                protection: enrol.device.protection,
                approval_protection: enrol.approval_protection,
                presence: enrol.presence,
                capabilities: enrol.capabilities,
                invitation: *id,
                enrol_hash: addressee.enrol_hash,
                commitment: enrol.commitment,
                first_account: message_hash,
                nonce: addressee.nonce,
                confirm: addressee.confirm,
                at: now,
                ring: None,
                ring_sequence: 0,
                offline_key: None,
                otp: None,
                told: None,
            })),
        });
        if let Some(invitation) = self.person.invitation_mut(id) {
            invitation.taken = Some(Taken {
                enrol_hash: addressee.enrol_hash,
                reply: Message(reply.as_str().to_owned()),
                device: addressee.device,
            });
        }
        self.tell(Fact::Enrolled {
            device: addressee.device,
            name,
        })?;
        Ok(Reply::Account(reply))
    }

    /// After a typed code the number is typed: the server's key was not pinned. In a move it is typed into the old phone.
    fn confirm_for(&self, invitation: &Invitation, enrol: &Enrol) -> Confirm {
        match enrol.invitation {
            InvitationChoice::Typed(_) => Confirm::Type,
            InvitationChoice::Scanned(_) if invitation.purpose == Purpose::Move => Confirm::Type,
            InvitationChoice::Scanned(_) => self.desk.rules.confirm,
        }
    }
}

/// What the invitation that an enrolment names says to it.
enum Named {
    /// It is open.
    Open(Id),
    /// It took these very bytes, and its answer is the same as then.
    Answered(Reply),
}
