//! A work account's record: what is the same for all protocols, with what the account's own keeps inside.

use zeroize::Zeroizing;

use super::{WorkAccount, restored};
use crate::approval::chatter::Chatter;
use crate::approval::contact::Contact;
use crate::approval::error::ApprovalError;
use crate::approval::shield::Shield;
use crate::approval::work::Kept;
use crate::encoding::tlv::{Malformed, Reader, Writer, u8_of, u64_of};
use crate::time::UnixSeconds;
use crate::vault::RecordId;

impl WorkAccount {
    /// The account's record.
    pub(crate) fn encode(&self, kept: Kept) -> Zeroizing<Vec<u8>> {
        let mut body = Writer::new();
        body.put(field::PROTOCOL, &[self.protocol]);
        body.put(field::WORK, &self.work.encode(kept));
        body.put(field::CONTACT, &self.contact.encode());
        body.put(field::SHIELD, &self.shield.encode());
        if let Some(trashed_at) = self.trashed_at {
            body.put_u64(field::TRASHED, trashed_at.0);
        }
        if let Some(seen_at) = self.expiry_seen_at {
            body.put_u64(field::EXPIRY_SEEN, seen_at.0);
        }
        if self.chatter != Chatter::default() {
            body.put(field::CHATTER, &self.chatter.encode());
        }
        for earlier in &self.earlier {
            body.put(field::EARLIER, earlier.bytes());
        }
        if let Some(since) = self.leaving_since {
            body.put_u64(field::LEAVING, since.0);
        }
        if self.is_superseded {
            body.put(field::SUPERSEDED, &[1]);
        }
        body.finish_unpadded()
    }

    /// Takes it back; its statements are taken apart.
    pub(crate) fn decode(id: RecordId, body: &[u8]) -> Result<Self, ApprovalError> {
        let fields = Fields::read(body).map_err(|_| ApprovalError::Unreadable)?;
        Ok(Self {
            id,
            protocol: fields.protocol,
            contact: fields.contact,
            shield: fields.shield,
            trashed_at: fields.trashed_at,
            expiry_seen_at: fields.expiry_seen_at,
            chatter: fields.chatter,
            earlier: fields.earlier,
            leaving_since: fields.leaving_since,
            is_superseded: fields.is_superseded,
            is_doubtful: false,
            work: restored(fields.protocol, id, fields.work)?,
        })
    }
}

mod field {
    pub(super) const PROTOCOL: u8 = 1;
    pub(super) const WORK: u8 = 2;
    pub(super) const CONTACT: u8 = 3;
    pub(super) const SHIELD: u8 = 4;
    pub(super) const TRASHED: u8 = 5;
    pub(super) const EARLIER: u8 = 6;
    pub(super) const LEAVING: u8 = 7;
    pub(super) const SUPERSEDED: u8 = 8;
    pub(super) const EXPIRY_SEEN: u8 = 9;
    pub(super) const CHATTER: u8 = 10;
}

struct Fields<'a> {
    protocol: u8,
    work: &'a [u8],
    contact: Contact,
    shield: Shield,
    trashed_at: Option<UnixSeconds>,
    expiry_seen_at: Option<UnixSeconds>,
    chatter: Chatter,
    earlier: Vec<RecordId>,
    leaving_since: Option<UnixSeconds>,
    is_superseded: bool,
}

impl<'a> Fields<'a> {
    fn read(body: &'a [u8]) -> Result<Self, Malformed> {
        let mut fields = Self {
            protocol: 0,
            work: &[],
            contact: Contact::default(),
            shield: Shield::default(),
            trashed_at: None,
            expiry_seen_at: None,
            chatter: Chatter::default(),
            earlier: vec![],
            leaving_since: None,
            is_superseded: false,
        };
        let mut reader = Reader::new(body);
        while let Some((tag, value)) = reader.next()? {
            match tag {
                field::PROTOCOL => fields.protocol = u8_of(value)?,
                field::WORK => fields.work = value,
                field::CONTACT => fields.contact = Contact::decode(value)?,
                field::SHIELD => fields.shield = Shield::decode(value)?,
                field::TRASHED => fields.trashed_at = Some(UnixSeconds(u64_of(value)?)),
                field::EARLIER => {
                    let id = value.try_into().map_err(|_| Malformed)?;
                    fields.earlier.push(RecordId::from_bytes(id));
                }
                field::LEAVING => fields.leaving_since = Some(UnixSeconds(u64_of(value)?)),
                field::CHATTER => fields.chatter = Chatter::decode(value)?,
                field::EXPIRY_SEEN => fields.expiry_seen_at = Some(UnixSeconds(u64_of(value)?)),
                field::SUPERSEDED => fields.is_superseded = u8_of(value)? == 1,
                // A field of a newer version: to lose it would be to lose what it means.
                _ => return Err(Malformed),
            }
        }
        Ok(fields)
    }
}
