//! Kind 4: what sealing a new vault key to a slot needs.

use zeroize::Zeroizing;

use super::{Unknown, copy_unknown, put_unknown};
use crate::secret::Secret;
use crate::time::UnixSeconds;
use crate::vault::keys::{Key32, key_from};
use crate::vault::tlv::{Malformed, Reader, Writer, u32_of, u64_of};

/// Field numbers.
mod field {
    pub(super) const PSK: u8 = 1;
    pub(super) const PUBLIC: u8 = 2;
    pub(super) const ROW_DIGEST: u8 = 3;
    pub(super) const CREATED: u8 = 4;
    pub(super) const NONCE_EPOCH: u8 = 5;
}

/// The record beside a slot: what sealing a new vault key to it needs.
pub(in crate::vault) struct SlotKeyRecord {
    pub(in crate::vault) psk: Key32,
    pub(in crate::vault) public: [u8; 32],
    pub(in crate::vault) row_digest: [u8; 32],
    pub(in crate::vault) created_at: UnixSeconds,
    /// The epoch in which the slot's nonce was last renewed.
    pub(in crate::vault) nonce_epoch: u32,
    pub(in crate::vault) unknown: Vec<Unknown>,
}

impl SlotKeyRecord {
    /// A copy: keys are not cloned in passing, only here.
    pub(in crate::vault) fn duplicate(&self) -> Self {
        Self {
            psk: self.psk.clone(),
            public: self.public,
            row_digest: self.row_digest,
            created_at: self.created_at,
            nonce_epoch: self.nonce_epoch,
            unknown: copy_unknown(&self.unknown),
        }
    }

    pub(in crate::vault) fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut body = Writer::new();
        body.put(field::PSK, &**self.psk);
        body.put(field::PUBLIC, &self.public);
        body.put(field::ROW_DIGEST, &self.row_digest);
        body.put_u64(field::CREATED, self.created_at.0);
        body.put(field::NONCE_EPOCH, &self.nonce_epoch.to_be_bytes());
        put_unknown(&mut body, &self.unknown);
        body.finish()
    }

    pub(super) fn decode(body: &[u8]) -> Result<Self, Malformed> {
        let (mut psk, mut public, mut row_digest) = (None, None, None);
        let (mut created_at, mut nonce_epoch, mut unknown) = (UnixSeconds(0), 0, vec![]);
        let mut reader = Reader::new(body);
        while let Some((tag, value)) = reader.next()? {
            let bytes = || <[u8; 32]>::try_from(value).map_err(|_| Malformed);
            match tag {
                field::PSK => psk = Some(key_from(value).ok_or(Malformed)?),
                field::PUBLIC => public = Some(bytes()?),
                field::ROW_DIGEST => row_digest = Some(bytes()?),
                field::CREATED => created_at = UnixSeconds(u64_of(value)?),
                field::NONCE_EPOCH => nonce_epoch = u32_of(value)?,
                other => unknown.push((other, Secret::copy_of(value))),
            }
        }
        Ok(Self {
            psk: psk.ok_or(Malformed)?,
            public: public.ok_or(Malformed)?,
            row_digest: row_digest.ok_or(Malformed)?,
            created_at,
            nonce_epoch,
            unknown,
        })
    }
}
