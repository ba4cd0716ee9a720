//! A work account's record: what an [`Entry`] is in the vault and, without its secrets, on the porch.

use std::collections::BTreeMap;

use countersign_protocol::envelope::{Compact, Received};
use countersign_protocol::hash::{Id, MessageHash, Thumbprint};
use countersign_protocol::key::PublicKey;
use countersign_protocol::kind::{Kind, Role};
use countersign_protocol::message::{Account, OtpLink, Secrets};
use countersign_protocol::secret::{DeviceNonce, OfflineKey};
use zeroize::Zeroizing;

use super::entry::{
    Clock, DeviceWords, Enrolled, Enrolling, Entry, InvitationTag, Progress, Replaced,
};
use super::keys::Keys;
use super::stored_move::{encode_moving, encode_step, moving, step};
use super::stored_parts::{
    delivery, encode_delivery, encode_failure, encode_key, encode_plan, encode_standing, failure,
    key, plan, standing,
};
use crate::account::Name;
use crate::approval::work::Kept;
use crate::encoding::tlv::{Malformed, Reader, Writer, text_of, u8_of, u64_of};
use crate::uri::{ServerUrl, TestMode};
use crate::vault::RecordId;

/// The form of the record.
const VERSION: u8 = 1;

mod stage {
    pub(super) const PLANNED: u8 = 1;
    pub(super) const ENROLLING: u8 = 2;
    pub(super) const ENROLLED: u8 = 3;
    pub(super) const FAILED: u8 = 4;
}

mod field {
    pub(super) const VERSION: u8 = 1;
    pub(super) const URL: u8 = 2;
    pub(super) const FLAGS: u8 = 3;
    pub(super) const NAME: u8 = 4;
    pub(super) const PLATFORM: u8 = 5;
    pub(super) const APP: u8 = 6;
    pub(super) const STAGE: u8 = 7;
    pub(super) const BELL: u8 = 8;
    pub(super) const DELIVERY: u8 = 9;
    pub(super) const AHEAD: u8 = 10;
    pub(super) const LATEST: u8 = 11;
    pub(super) const REPLACES: u8 = 12;
    pub(super) const PLAN: u8 = 13;
    pub(super) const DEVICE_KEY: u8 = 14;
    pub(super) const APPROVAL_KEY: u8 = 15;
    pub(super) const NONCE: u8 = 16;
    pub(super) const PINNED: u8 = 17;
    pub(super) const ENROL: u8 = 18;
    pub(super) const ISSUER: u8 = 19;
    pub(super) const LABEL: u8 = 20;
    pub(super) const ENROL_HASH: u8 = 21;
    pub(super) const FIRST_HASH: u8 = 22;
    pub(super) const DOCUMENT: u8 = 23;
    pub(super) const SIGNER: u8 = 24;
    pub(super) const STANDING: u8 = 25;
    pub(super) const SEQUENCE: u8 = 26;
    pub(super) const APPLIED: u8 = 27;
    pub(super) const OTP: u8 = 28;
    pub(super) const OFFLINE_KEY: u8 = 29;
    pub(super) const MOVING: u8 = 30;
    pub(super) const STEP: u8 = 31;
    pub(super) const FAILURE: u8 = 32;
    pub(super) const INVITATION: u8 = 33;
}

mod flag {
    pub(super) const HAS_BELL: u8 = 1;
    pub(super) const WANTS_SECRETS: u8 = 2;
    pub(super) const IS_LEAVING: u8 = 4;
    pub(super) const IS_KEY_GONE: u8 = 8;
    pub(super) const MUST_TYPE: u8 = 16;
}

impl Entry {
    pub(super) fn to_record(&self, kept: Kept) -> Zeroizing<Vec<u8>> {
        let mut body = Writer::new();
        body.put(field::VERSION, &[VERSION]);
        body.put_text(field::URL, self.url.as_str());
        body.put_text(field::NAME, self.device.name.as_str());
        body.put_text(field::PLATFORM, self.device.platform.as_str());
        body.put_text(field::APP, self.device.app.as_str());
        body.put(field::BELL, self.bell.bytes());
        body.put(field::DELIVERY, &encode_delivery(&self.delivery));
        if let Some(ahead_s) = self.clock.ahead_s {
            body.put(field::AHEAD, &ahead_s.to_be_bytes());
        }
        body.put_u64(field::LATEST, self.clock.latest_s);
        if let Some(replaced) = &self.replaces {
            let parts = [
                &replaced.record.bytes()[..],
                replaced.device.bytes(),
                replaced.account.bytes(),
            ];
            body.put(field::REPLACES, &parts.concat());
        }
        if let Some(tag) = &self.invitation {
            body.put(field::INVITATION, &tag.0);
        }
        let mut flags = 0;
        let mut raise = |is_so: bool, flag: u8| flags |= if is_so { flag } else { 0 };
        raise(self.has_bell, flag::HAS_BELL);
        if let Some(enrolled) = self.enrolled() {
            // Nobody asks for them from the porch.
            let is_here = kept == Kept::InTheVault;
            raise(enrolled.wants_secrets && is_here, flag::WANTS_SECRETS);
            raise(enrolled.is_leaving, flag::IS_LEAVING);
            raise(enrolled.is_key_gone, flag::IS_KEY_GONE);
            raise(enrolled.must_type, flag::MUST_TYPE);
        }
        body.put(field::FLAGS, &[flags]);
        match &self.progress {
            Progress::Planned(planned) => {
                body.put(field::STAGE, &[stage::PLANNED]);
                body.put(field::PLAN, &encode_plan(planned));
            }
            Progress::Enrolling(enrolling) => {
                body.put(field::STAGE, &[stage::ENROLLING]);
                put_enrolling(&mut body, enrolling);
            }
            Progress::Enrolled(enrolled) => {
                body.put(field::STAGE, &[stage::ENROLLED]);
                put_enrolled(&mut body, enrolled, kept);
            }
            Progress::Failed(failed) => {
                body.put(field::STAGE, &[stage::FAILED]);
                body.put(field::FAILURE, &encode_failure(failed));
            }
        }
        body.finish_unpadded()
    }

    /// Reads what [`Self::to_record`] wrote. Statements are taken apart.
    pub(super) fn from_record(id: RecordId, body: &[u8]) -> Result<Self, Malformed> {
        let fields = Fields::read(body)?;
        if fields.get(field::VERSION)? != [VERSION] {
            return Err(Malformed);
        }
        let flags = u8_of(fields.get(field::FLAGS)?)?;
        let url = text_of(fields.get(field::URL)?)?;
        let progress = match u8_of(fields.get(field::STAGE)?)? {
            stage::PLANNED => Progress::Planned(plan(fields.get(field::PLAN)?)?),
            stage::ENROLLING => Progress::Enrolling(fields.enrolling()?),
            stage::ENROLLED => Progress::Enrolled(Box::new(fields.enrolled(flags)?)),
            stage::FAILED => Progress::Failed(failure(fields.get(field::FAILURE)?)?),
            _ => return Err(Malformed),
        };
        let ahead_s = fields.find(field::AHEAD).map(<[u8; 8]>::try_from);
        let invitation = fields.find(field::INVITATION).map(<[u8; 32]>::try_from);
        Ok(Self {
            id,
            // It was taken once: what only test mode takes shows that it was test mode.
            url: ServerUrl::parse(url, TestMode::On).map_err(|_| Malformed)?,
            device: DeviceWords {
                name: fields.name(field::NAME)?,
                platform: fields.name(field::PLATFORM)?,
                app: fields.name(field::APP)?,
            },
            progress,
            invitation: invitation
                .transpose()
                .map_err(|_| Malformed)?
                .map(InvitationTag),
            replaces: fields.find(field::REPLACES).map(replaced).transpose()?,
            bell: Id::from_bytes(fields.exact(field::BELL)?),
            delivery: delivery(fields.get(field::DELIVERY)?)?,
            clock: Clock {
                ahead_s: ahead_s
                    .transpose()
                    .map_err(|_| Malformed)?
                    .map(i64::from_be_bytes),
                latest_s: u64_of(fields.get(field::LATEST)?)?,
            },
            flights: BTreeMap::new(),
            has_bell: flags & flag::HAS_BELL != 0,
        })
    }
}

fn put_keys(body: &mut Writer, keys: &Keys) {
    body.put(field::DEVICE_KEY, &encode_key(&keys.device));
    body.put(field::APPROVAL_KEY, &encode_key(&keys.approval));
}

fn put_enrolling(body: &mut Writer, enrolling: &Enrolling) {
    put_keys(body, &enrolling.keys);
    // EXPOSE: the record is sealed.
    body.put(field::NONCE, enrolling.nonce.expose());
    if let Some(pinned) = &enrolling.pinned {
        body.put(field::PINNED, pinned.bytes());
    }
    body.put_text(field::ENROL, enrolling.message.as_str());
    body.put_text(field::ISSUER, enrolling.names.0.as_str());
    body.put_text(field::LABEL, enrolling.names.1.as_str());
}

fn put_enrolled(body: &mut Writer, enrolled: &Enrolled, kept: Kept) {
    put_keys(body, &enrolled.keys);
    body.put(field::ENROL_HASH, enrolled.enrol_hash.bytes());
    body.put(field::FIRST_HASH, enrolled.first_hash.bytes());
    if let Some(nonce) = &enrolled.nonce {
        // EXPOSE: the record is sealed.
        body.put(field::NONCE, nonce.expose());
    }
    body.put_text(field::DOCUMENT, enrolled.document.as_str());
    body.put(field::SIGNER, &enrolled.signer.point());
    body.put(field::STANDING, &encode_standing(&enrolled.standing));
    body.put_u64(field::SEQUENCE, enrolled.sequence);
    body.put_u64(field::APPLIED, enrolled.applied);
    if kept == Kept::OnThePorch {
        return;
    }
    if let Some(otp) = &enrolled.secrets.otp {
        // EXPOSE: the record is sealed under the vault's key.
        body.put_text(field::OTP, otp.expose());
    }
    if let Some(key) = &enrolled.secrets.offline_key {
        // EXPOSE: the same.
        body.put(field::OFFLINE_KEY, key.expose());
    }
    if let Some(moving) = &enrolled.moving {
        body.put(field::MOVING, &encode_moving(moving));
    }
    if let Some(step) = &enrolled.step {
        body.put(field::STEP, &encode_step(step));
    }
}

fn replaced(value: &[u8]) -> Result<Replaced, Malformed> {
    let (record, rest) = value.split_first_chunk::<16>().ok_or(Malformed)?;
    let (device, account) = rest.split_first_chunk::<32>().ok_or(Malformed)?;
    Ok(Replaced {
        record: RecordId::from_bytes(*record),
        device: Thumbprint::from_bytes(*device),
        account: Id::from_bytes(account.try_into().map_err(|_| Malformed)?),
    })
}

/// The fields of a record, each once.
struct Fields<'a>(Vec<(u8, &'a [u8])>);

impl<'a> Fields<'a> {
    fn read(body: &'a [u8]) -> Result<Self, Malformed> {
        let mut fields: Vec<(u8, &[u8])> = vec![];
        let mut reader = Reader::new(body);
        while let Some((tag, value)) = reader.next()? {
            // A field of a newer version: to lose it would be to lose what it means.
            if tag > field::INVITATION || fields.iter().any(|(known, _)| *known == tag) {
                return Err(Malformed);
            }
            fields.push((tag, value));
        }
        Ok(Self(fields))
    }

    fn find(&self, tag: u8) -> Option<&'a [u8]> {
        let mut fields = self.0.iter();
        fields
            .find(|(found, _)| *found == tag)
            .map(|(_, value)| *value)
    }

    fn get(&self, tag: u8) -> Result<&'a [u8], Malformed> {
        self.find(tag).ok_or(Malformed)
    }

    fn exact<const N: usize>(&self, tag: u8) -> Result<[u8; N], Malformed> {
        self.get(tag)?.try_into().map_err(|_| Malformed)
    }

    /// A text; empty when it is not there.
    fn name(&self, tag: u8) -> Result<Name, Malformed> {
        text_of(self.find(tag).unwrap_or_default()).map(Name::new)
    }

    fn nonce(&self) -> Result<Option<DeviceNonce>, Malformed> {
        match self.find(field::NONCE) {
            Some(nonce) => {
                let nonce = nonce.try_into().map_err(|_| Malformed)?;
                Ok(Some(DeviceNonce::copy_of(nonce)))
            }
            None => Ok(None),
        }
    }

    fn keys(&self) -> Result<Keys, Malformed> {
        Ok(Keys {
            device: key(self.get(field::DEVICE_KEY)?)?,
            approval: key(self.get(field::APPROVAL_KEY)?)?,
        })
    }

    fn enrolling(&self) -> Result<Enrolling, Malformed> {
        let message = text_of(self.get(field::ENROL)?)?;
        let pinned = self.find(field::PINNED).map(<[u8; 32]>::try_from);
        Ok(Enrolling {
            keys: self.keys()?,
            nonce: self.nonce()?.ok_or(Malformed)?,
            pinned: pinned
                .transpose()
                .map_err(|_| Malformed)?
                .map(Thumbprint::from_bytes),
            message: Compact::from_stored(Kind::Enrol, message).map_err(|_| Malformed)?,
            names: (self.name(field::ISSUER)?, self.name(field::LABEL)?),
        })
    }

    fn enrolled(&self, flags: u8) -> Result<Enrolled, Malformed> {
        let keys = self.keys()?;
        let enrol_hash = MessageHash::from_bytes(self.exact(field::ENROL_HASH)?);
        let signer = PublicKey::from_point(self.get(field::SIGNER)?).map_err(|_| Malformed)?;
        let document = text_of(self.get(field::DOCUMENT)?)?;
        let received = Received::parse(Kind::Account, document).map_err(|_| Malformed)?;
        let verified = received
            .from_own_seal(Role::Server, &signer)
            .map_err(|_| Malformed)?;
        let device = keys.device.thumbprint();
        let account = Account::read(&verified, &device, &enrol_hash).map_err(|_| Malformed)?;
        let otp = match self.find(field::OTP) {
            Some(link) => Some(OtpLink::new(text_of(link)?.to_owned()).ok_or(Malformed)?),
            None => None,
        };
        let offline_key = match self.find(field::OFFLINE_KEY) {
            Some(key) => Some(OfflineKey::copy_of(key.try_into().map_err(|_| Malformed)?)),
            None => None,
        };
        Ok(Enrolled {
            keys,
            enrol_hash,
            first_hash: MessageHash::from_bytes(self.exact(field::FIRST_HASH)?),
            must_type: flags & flag::MUST_TYPE != 0,
            nonce: self.nonce()?,
            document: verified.compact().clone(),
            signer,
            account,
            standing: standing(self.get(field::STANDING)?)?,
            sequence: u64_of(self.get(field::SEQUENCE)?)?,
            applied: u64_of(self.get(field::APPLIED)?)?,
            secrets: Secrets { otp, offline_key },
            wants_secrets: flags & flag::WANTS_SECRETS != 0,
            moving: self.find(field::MOVING).map(moving).transpose()?,
            step: self.find(field::STEP).map(step).transpose()?,
            is_leaving: flags & flag::IS_LEAVING != 0,
            is_key_gone: flags & flag::IS_KEY_GONE != 0,
        })
    }
}
