//! Parts of a work account's record: plan, keys, delivery, standing, failure.

use countersign_protocol::hash::{Id, Thumbprint};
use countersign_protocol::key::PublicKey;
use countersign_protocol::message::{InvitationChoice, RemovedWhy, Ring, Standing, SuspendedWhy};
use countersign_protocol::secret::{DeviceNonce, InvitationSecret, ScannedSecret, TypedSecret};
use countersign_protocol::time::Timestamp;
use zeroize::Zeroizing;

use super::entry::{Delivery, Failed, InvitationChoiceDebug, Plan, PlannedKey};
use super::keys::{Key, Place};
use crate::account::Name;
use crate::approval::model::EnrolmentFailure;
use crate::device::{KeyAlias, Presence, Protection};
use crate::encoding::tlv::{Malformed, Reader, Writer, text_of, u8_of, u64_of};
use crate::secret::Secret;

/// The values of a part, by their numbers from 1, each at most once.
pub(super) struct Part<'a>([Option<&'a [u8]>; 12]);

impl<'a> Part<'a> {
    pub(super) fn read(body: &'a [u8]) -> Result<Self, Malformed> {
        let mut part = [None; 12];
        let mut reader = Reader::new(body);
        while let Some((tag, value)) = reader.next()? {
            let place = part.get_mut(usize::from(tag) - 1).ok_or(Malformed)?;
            if place.replace(value).is_some() {
                return Err(Malformed);
            }
        }
        Ok(Self(part))
    }

    pub(super) fn find(&self, tag: u8) -> Option<&'a [u8]> {
        self.0.get(usize::from(tag) - 1).copied().flatten()
    }

    pub(super) fn get(&self, tag: u8) -> Result<&'a [u8], Malformed> {
        self.find(tag).ok_or(Malformed)
    }

    pub(super) fn exact<const N: usize>(&self, tag: u8) -> Result<[u8; N], Malformed> {
        self.get(tag)?.try_into().map_err(|_| Malformed)
    }

    pub(super) fn text(&self, tag: u8) -> Result<&'a str, Malformed> {
        text_of(self.find(tag).unwrap_or_default())
    }

    pub(super) fn time(&self, tag: u8) -> Result<Option<Timestamp>, Malformed> {
        match self.find(tag) {
            Some(value) => Timestamp::new(u64_of(value)?).map(Some).ok_or(Malformed),
            None => Ok(None),
        }
    }
}

pub(super) fn encode_plan(plan: &Plan) -> Zeroizing<Vec<u8>> {
    let mut body = Writer::new();
    match plan.choice.0 {
        InvitationChoice::Scanned(id) => body.put(1, id.bytes()),
        InvitationChoice::Typed(choice) => body.put(2, &choice.to_be_bytes()),
    }
    // EXPOSE: the record is sealed.
    match &plan.secret {
        InvitationSecret::Scanned(secret) => body.put(3, secret.expose()),
        InvitationSecret::Typed(secret) => body.put(4, secret.expose()),
    }
    if let Some(pinned) = &plan.pinned {
        body.put(5, pinned.bytes());
    }
    // EXPOSE: the record is sealed.
    body.put(6, plan.nonce.expose());
    for (tag, key) in [(7, &plan.device_key), (8, &plan.approval_key)] {
        match key {
            PlannedKey::Platform(alias) => body.put(tag, alias.as_str().as_bytes()),
            PlannedKey::Software => body.put(tag, &[]),
        }
    }
    body.put_text(9, plan.names.0.as_str());
    body.put_text(10, plan.names.1.as_str());
    let leftover: Vec<&str> = plan.leftover.iter().map(KeyAlias::as_str).collect();
    body.put_text(11, &leftover.join(" "));
    body.finish_unpadded()
}

pub(super) fn plan(body: &[u8]) -> Result<Plan, Malformed> {
    let part = Part::read(body)?;
    let choice = match (part.find(1), part.find(2)) {
        (Some(id), None) => {
            InvitationChoice::Scanned(Id::from_bytes(id.try_into().map_err(|_| Malformed)?))
        }
        (None, Some(choice)) => {
            let choice = choice.try_into().map_err(|_| Malformed)?;
            InvitationChoice::Typed(u16::from_be_bytes(choice))
        }
        _ => return Err(Malformed),
    };
    let secret = match (part.find(3), part.find(4)) {
        (Some(secret), None) => {
            let secret = secret.try_into().map_err(|_| Malformed)?;
            InvitationSecret::Scanned(ScannedSecret::copy_of(secret))
        }
        (None, Some(digits)) => {
            InvitationSecret::Typed(TypedSecret::parse(digits).ok_or(Malformed)?)
        }
        _ => return Err(Malformed),
    };
    let pinned = match part.find(5) {
        Some(_) => Some(Thumbprint::from_bytes(part.exact(5)?)),
        None => None,
    };
    let planned_key = |tag| match part.get(tag)? {
        [] => Ok(PlannedKey::Software),
        alias => KeyAlias::from_stored(text_of(alias)?)
            .map(PlannedKey::Platform)
            .ok_or(Malformed),
    };
    Ok(Plan {
        choice: InvitationChoiceDebug(choice),
        secret,
        pinned,
        nonce: DeviceNonce::copy_of(&part.exact(6)?),
        device_key: planned_key(7)?,
        approval_key: planned_key(8)?,
        leftover: aliases(part.text(11)?)?,
        names: (Name::new(part.text(9)?), Name::new(part.text(10)?)),
    })
}

/// Names of keys, with a space between each two.
fn aliases(text: &str) -> Result<Vec<KeyAlias>, Malformed> {
    let names = text.split_terminator(' ');
    names
        .map(|name| KeyAlias::from_stored(name).ok_or(Malformed))
        .collect()
}

pub(super) fn encode_key(key: &Key) -> Zeroizing<Vec<u8>> {
    let mut body = Writer::new();
    match &key.place {
        Place::Platform(alias) => body.put_text(1, alias.as_str()),
        // EXPOSE: the record is sealed; the porch has no account with such a key.
        Place::Software(pkcs8) => body.put(2, pkcs8.expose()),
    }
    body.put(3, &key.public.point());
    let protection = match key.protection {
        Protection::Hardware => 1,
        Protection::Software => 2,
    };
    let presence = match key.presence {
        Presence::EachUse => 1,
        Presence::Unlocked => 2,
        Presence::None => 3,
    };
    body.put(4, &[protection, presence]);
    body.finish_unpadded()
}

pub(super) fn key(body: &[u8]) -> Result<Key, Malformed> {
    let part = Part::read(body)?;
    let place = match (part.find(1), part.find(2)) {
        (Some(alias), None) => {
            Place::Platform(KeyAlias::from_stored(text_of(alias)?).ok_or(Malformed)?)
        }
        (None, Some(pkcs8)) => Place::Software(Secret::copy_of(pkcs8)),
        _ => return Err(Malformed),
    };
    let [protection, presence] = part.exact(4)?;
    Ok(Key {
        place,
        public: PublicKey::from_point(part.get(3)?).map_err(|_| Malformed)?,
        protection: match protection {
            1 => Protection::Hardware,
            2 => Protection::Software,
            _ => return Err(Malformed),
        },
        presence: match presence {
            1 => Presence::EachUse,
            2 => Presence::Unlocked,
            3 => Presence::None,
            _ => return Err(Malformed),
        },
    })
}

pub(super) fn encode_delivery(delivery: &Delivery) -> Zeroizing<Vec<u8>> {
    let mut body = Writer::new();
    let kind = match &delivery.ring {
        Ring::None => 0,
        Ring::UnifiedPush { .. } => 1,
        Ring::WebPush { .. } => 2,
        Ring::Gateway { .. } => 3,
    };
    body.put(1, &[kind, u8::from(delivery.is_told)]);
    body.put_u64(2, delivery.sequence);
    match &delivery.ring {
        Ring::None => {}
        Ring::UnifiedPush { to, bell } | Ring::Gateway { to, bell } => {
            body.put_text(3, to);
            body.put(4, bell.bytes());
        }
        Ring::WebPush {
            to,
            bell,
            p256dh,
            auth,
        } => {
            body.put_text(3, to);
            body.put(4, bell.bytes());
            body.put(5, &p256dh.point());
            body.put(6, auth.bytes());
        }
    }
    body.finish_unpadded()
}

pub(super) fn delivery(body: &[u8]) -> Result<Delivery, Malformed> {
    let part = Part::read(body)?;
    let [kind, told] = part.exact(1)?;
    let to = || part.text(3).map(str::to_owned);
    let bell = || part.exact(4).map(Id::from_bytes);
    let ring = match kind {
        0 => Ring::None,
        1 => Ring::UnifiedPush {
            to: to()?,
            bell: bell()?,
        },
        2 => Ring::WebPush {
            to: to()?,
            bell: bell()?,
            p256dh: PublicKey::from_point(part.get(5)?).map_err(|_| Malformed)?,
            auth: Id::from_bytes(part.exact(6)?),
        },
        3 => Ring::Gateway {
            to: to()?,
            bell: bell()?,
        },
        _ => return Err(Malformed),
    };
    Ok(Delivery {
        ring,
        sequence: u64_of(part.get(2)?)?,
        is_told: match told {
            0 => false,
            1 => true,
            _ => return Err(Malformed),
        },
    })
}

const REMOVED: [(u8, RemovedWhy); 8] = [
    (1, RemovedWhy::WrongCheck),
    (2, RemovedWhy::WrongReveal),
    (3, RemovedWhy::TimedOut),
    (4, RemovedWhy::Left),
    (5, RemovedWhy::Replaced),
    (6, RemovedWhy::TooMany),
    (7, RemovedWhy::MoveEnded),
    (8, RemovedWhy::Administrator),
];

pub(super) fn encode_standing(standing: &Standing) -> Zeroizing<Vec<u8>> {
    let mut body = Writer::new();
    let number = match standing {
        Standing::Unconfirmed => 1,
        Standing::Confirmed => 2,
        Standing::Active => 3,
        Standing::Suspended { .. } => 4,
        Standing::Moved { .. } => 5,
        Standing::Removed { .. } => 6,
    };
    body.put(1, &[number]);
    match standing {
        Standing::Unconfirmed | Standing::Confirmed | Standing::Active => {}
        Standing::Suspended { until, why } => {
            if let Some(until) = until {
                body.put_u64(2, until.unix_s());
            }
            let why = match why {
                SuspendedWhy::WrongNumbers => 1,
                SuspendedWhy::Administrator => 2,
            };
            body.put(3, &[why]);
        }
        Standing::Moved { to } => body.put_text(4, to),
        Standing::Removed { why } => {
            let number = REMOVED.iter().find(|(_, known)| known == why);
            body.put(3, &[number.map_or(0, |(number, _)| *number)]);
        }
    }
    body.finish_unpadded()
}

pub(super) fn standing(body: &[u8]) -> Result<Standing, Malformed> {
    let part = Part::read(body)?;
    Ok(match u8_of(part.get(1)?)? {
        1 => Standing::Unconfirmed,
        2 => Standing::Confirmed,
        3 => Standing::Active,
        4 => Standing::Suspended {
            until: part.time(2)?,
            why: match u8_of(part.get(3)?)? {
                1 => SuspendedWhy::WrongNumbers,
                2 => SuspendedWhy::Administrator,
                _ => return Err(Malformed),
            },
        },
        5 => Standing::Moved {
            to: part.text(4)?.to_owned(),
        },
        6 => {
            let number = u8_of(part.get(3)?)?;
            let why = REMOVED.iter().find(|(known, _)| *known == number);
            Standing::Removed {
                why: why.map(|(_, why)| *why).ok_or(Malformed)?,
            }
        }
        _ => return Err(Malformed),
    })
}

const FAILURES: [(u8, EnrolmentFailure); 12] = [
    (1, EnrolmentFailure::UnknownInvitation),
    (2, EnrolmentFailure::ExpiredInvitation),
    (3, EnrolmentFailure::UsedInvitation),
    (4, EnrolmentFailure::NeedsPresence),
    (5, EnrolmentFailure::NeedsHardware),
    (6, EnrolmentFailure::NeedsAttestation),
    (7, EnrolmentFailure::DeviceLimit),
    (8, EnrolmentFailure::ServerOlder),
    (9, EnrolmentFailure::DeviceOlder),
    (10, EnrolmentFailure::PeerMisbehaved),
    (11, EnrolmentFailure::Refused),
    (12, EnrolmentFailure::Key),
];

const WRONG_CODE: u8 = 13;

pub(super) fn encode_failure(failed: &Failed) -> Zeroizing<Vec<u8>> {
    let mut body = Writer::new();
    let (number, left) = match failed.why {
        EnrolmentFailure::WrongCode { left } => (WRONG_CODE, left),
        why => {
            let number = FAILURES.iter().find(|(_, known)| *known == why);
            (number.map_or(0, |(number, _)| *number), 0)
        }
    };
    body.put(1, &[number, left]);
    let aliases: Vec<&str> = failed.aliases.iter().map(KeyAlias::as_str).collect();
    body.put_text(2, &aliases.join(" "));
    for (tag, name) in (3..=12).zip(&failed.others) {
        body.put_text(tag, name.as_str());
    }
    body.finish_unpadded()
}

pub(super) fn failure(body: &[u8]) -> Result<Failed, Malformed> {
    let part = Part::read(body)?;
    let why = match part.exact(1)? {
        [WRONG_CODE, left] => EnrolmentFailure::WrongCode { left },
        [number, 0] => {
            let why = FAILURES.iter().find(|(known, _)| *known == number);
            why.map(|(_, why)| *why).ok_or(Malformed)?
        }
        _ => return Err(Malformed),
    };
    let others = (3..=12).filter_map(|tag| part.find(tag));
    Ok(Failed {
        why,
        aliases: aliases(part.text(2)?)?,
        others: others
            .map(|name| text_of(name).map(Name::new))
            .collect::<Result<_, _>>()?,
    })
}
