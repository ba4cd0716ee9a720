//! A slot: one way to unlock. The vault key is sealed to the slot's public key, so that whoever holds the
//! open vault can seal a new key to every slot without its secret.

use ring::digest;
use rusqlite::{Connection, Row, params};
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

use super::error::VaultError;
use super::format::{NONCE_BYTES, Realm, RecordId, VaultId};
use super::keys::{SLOT_NONCE_BYTES, SlotKeys, VaultKey, hkdf32};
use super::seal::SealingKey;
use crate::entropy::{Entropy, generate_bytes};

/// Ephemeral public key, vault key, epoch, tag.
pub(super) const SEALED_BYTES: usize = 32 + 32 + 4 + 16;

/// What opens a slot.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum SlotKind {
    /// A password, through Argon2id.
    Password,
    /// The recovery code.
    Recovery,
    /// A key of the platform.
    Platform,
    /// What works while the vault is locked: it gets the porch's key, never the vault's.
    Porch,
}

impl SlotKind {
    /// The number in the file.
    pub(super) const fn number(self) -> u8 {
        match self {
            Self::Password => 1,
            Self::Recovery => 2,
            Self::Platform => 3,
            Self::Porch => 4,
        }
    }

    pub(super) const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Password),
            2 => Some(Self::Recovery),
            3 => Some(Self::Platform),
            4 => Some(Self::Porch),
            _ => None,
        }
    }
}

/// A row of the table `slot`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct SlotRow {
    pub(super) id: RecordId,
    pub(super) kind: u8,
    pub(super) epoch: u32,
    pub(super) nonce: [u8; SLOT_NONCE_BYTES],
    pub(super) params: Vec<u8>,
    pub(super) public: [u8; 32],
    pub(super) sealed: Vec<u8>,
    pub(super) digest: [u8; 32],
}

impl SlotRow {
    /// Seals `key` to `public`. The psk keeps somebody without the vault key from making such a row.
    pub(super) fn seal(
        realm: Realm,
        new: NewSlot,
        psk: &[u8; 32],
        key: &VaultKey,
        entropy: &dyn Entropy,
    ) -> Result<Self, VaultError> {
        let NewSlot {
            id,
            kind,
            nonce,
            params,
            public,
        } = new;
        let ephemeral = StaticSecret::from(generate_bytes::<32>(entropy)?);
        let ephemeral_public = PublicKey::from(&ephemeral).to_bytes();
        let shared = ephemeral.diffie_hellman(&PublicKey::from(public));
        if !shared.was_contributory() {
            return Err(VaultError::DamagedSlot);
        }
        let mut row = Self {
            id,
            kind,
            epoch: key.epoch,
            nonce,
            params,
            public,
            sealed: vec![],
            digest: [0; 32],
        };
        let info = row.info(realm, &ephemeral_public);
        let sealing = slot_sealing_key(shared.as_bytes(), psk, &info);
        let mut plain = Zeroizing::new(Vec::with_capacity(SEALED_BYTES));
        plain.extend_from_slice(&**key.key);
        plain.extend_from_slice(&key.epoch.to_be_bytes());
        // The key is fresh for every sealing, so the nonce may be zero.
        sealing.seal_with([0; NONCE_BYTES], &info, &mut plain);
        row.sealed.extend_from_slice(&ephemeral_public);
        row.sealed.extend_from_slice(&plain);
        row.digest = row.compute_digest(realm.vault);
        Ok(row)
    }

    /// The vault key, when `keys` are this slot's.
    ///
    /// # Errors
    ///
    /// [`VaultError::DamagedSlot`] when the row does not hold together; [`VaultError::WrongPassword`] when it does and the keys are others.
    pub(super) fn open(&self, realm: Realm, keys: &SlotKeys) -> Result<VaultKey, VaultError> {
        self.check_digest(realm.vault)?;
        let (ephemeral, body) = self
            .sealed
            .split_first_chunk::<32>()
            .ok_or(VaultError::DamagedSlot)?;
        let shared = keys.private.diffie_hellman(&PublicKey::from(*ephemeral));
        if !shared.was_contributory() {
            return Err(VaultError::DamagedSlot);
        }
        let info = self.info(realm, ephemeral);
        let sealing = slot_sealing_key(shared.as_bytes(), &keys.psk, &info);
        let mut body = Zeroizing::new(body.to_vec());
        let plain = sealing
            .open(&[0; NONCE_BYTES], &info, &mut body)
            .ok_or(VaultError::WrongPassword)?;
        let (key, epoch) = plain
            .split_first_chunk::<32>()
            .ok_or(VaultError::DamagedSlot)?;
        if *epoch != self.epoch.to_be_bytes() {
            return Err(VaultError::DamagedSlot);
        }
        Ok(VaultKey {
            key: Box::new(Zeroizing::new(*key)),
            epoch: self.epoch,
        })
    }

    /// A mismatch is damage, so that only a true AEAD failure says that the password is wrong.
    pub(super) fn check_digest(&self, vault: VaultId) -> Result<(), VaultError> {
        if self.compute_digest(vault) == self.digest {
            Ok(())
        } else {
            Err(VaultError::DamagedSlot)
        }
    }

    /// SHA-256 over the vault's id and the other columns, the longer ones framed by their length.
    fn compute_digest(&self, vault: VaultId) -> [u8; 32] {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(b"countersign-slot/1\0");
        context.update(vault.bytes());
        context.update(&self.id.0);
        context.update(&[self.kind]);
        context.update(&self.epoch.to_be_bytes());
        for column in [
            self.nonce.as_slice(),
            &self.params,
            &self.public,
            &self.sealed,
        ] {
            context.update(&length_u32(column));
            context.update(column);
        }
        finish32(context)
    }

    /// "slt" ‖ format ‖ vault id ‖ id ‖ kind ‖ epoch ‖ length of params ‖ params ‖ public ‖ ephemeral.
    fn info(&self, realm: Realm, ephemeral_public: &[u8; 32]) -> Vec<u8> {
        let mut info = Vec::with_capacity(112 + self.params.len());
        info.extend_from_slice(b"slt");
        info.extend_from_slice(&realm.format.to_be_bytes());
        info.extend_from_slice(realm.vault.bytes());
        info.extend_from_slice(&self.id.0);
        info.push(self.kind);
        info.extend_from_slice(&self.epoch.to_be_bytes());
        info.extend_from_slice(&length_u32(&self.params));
        info.extend_from_slice(&self.params);
        info.extend_from_slice(&self.public);
        info.extend_from_slice(ephemeral_public);
        info
    }

    /// `None` when a column has a form that no row of ours has.
    fn read(row: &Row<'_>) -> Option<Self> {
        let blob = |column: usize| row.get_ref(column).ok()?.as_blob().ok();
        let number = |column: usize| row.get_ref(column).ok()?.as_i64().ok();
        Some(Self {
            id: RecordId::from_slice(blob(0)?)?,
            kind: u8::try_from(number(1)?).ok()?,
            epoch: u32::try_from(number(2)?).ok()?,
            nonce: blob(3)?.try_into().ok()?,
            params: blob(4)?.to_vec(),
            public: blob(5)?.try_into().ok()?,
            sealed: blob(6)?.to_vec(),
            digest: blob(7)?.try_into().ok()?,
        })
    }

    pub(super) fn insert(&self, db: &Connection) -> Result<(), VaultError> {
        db.prepare_cached(
            "INSERT INTO slot(id, kind, epoch, nonce, params, public, sealed, digest) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            self.id.0, self.kind, self.epoch, self.nonce, self.params, self.public, self.sealed, self.digest
        ])?;
        Ok(())
    }
}

/// The columns of a new slot that are not computed.
pub(super) struct NewSlot {
    pub(super) id: RecordId,
    pub(super) kind: u8,
    pub(super) nonce: [u8; SLOT_NONCE_BYTES],
    pub(super) params: Vec<u8>,
    pub(super) public: [u8; 32],
}

/// The slots of a file.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Slots {
    /// In the order of their ids.
    pub(super) rows: Vec<SlotRow>,
    /// Rows whose form no slot has, by what SQLite calls their id.
    pub(super) misshapen: Vec<rusqlite::types::Value>,
}

/// All slots in the order of their ids.
pub(super) fn load_slots(db: &Connection) -> Result<Slots, VaultError> {
    let mut statement = db.prepare_cached(
        "SELECT id, kind, epoch, nonce, params, public, sealed, digest FROM slot ORDER BY id",
    )?;
    let mut rows = statement.query([])?;
    let mut slots = Slots::default();
    while let Some(row) = rows.next()? {
        match SlotRow::read(row) {
            Some(slot) => slots.rows.push(slot),
            None => slots.misshapen.push(row.get(0)?),
        }
    }
    Ok(slots)
}

/// What the manifest holds of all slots: SHA-256 over their ids and digests, by id.
pub(super) fn slots_digest(slots: &[SlotRow]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(b"countersign-slots/1\0");
    for slot in slots {
        context.update(&slot.id.0);
        context.update(&slot.digest);
    }
    finish32(context)
}

pub(super) fn finish32(context: digest::Context) -> [u8; 32] {
    context
        .finish()
        .as_ref()
        .try_into()
        .expect("SHA-256 has 32 bytes")
}

fn length_u32(bytes: &[u8]) -> [u8; 4] {
    u32::try_from(bytes.len())
        .expect("a column has at most 1 MiB")
        .to_be_bytes()
}

fn slot_sealing_key(shared: &[u8; 32], psk: &[u8; 32], info: &[u8]) -> SealingKey {
    let mut ikm = Zeroizing::new([0; 64]);
    let (first, second) = ikm.split_at_mut(32);
    first.copy_from_slice(shared);
    second.copy_from_slice(psk);
    SealingKey::new(&hkdf32(&[], &*ikm, &[info]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    const VAULT: VaultId = VaultId([3; 16]);
    const REALM: Realm = Realm::current(VAULT);

    fn sealed() -> (SlotKeys, VaultKey, SlotRow) {
        let entropy = SystemEntropy::new();
        let keys = SlotKeys::derive(&[5; 32], &[6; 16]);
        let key = VaultKey::generate(&entropy, 4).unwrap();
        let new = NewSlot {
            id: RecordId([7; 16]),
            kind: 2,
            nonce: [6; 16],
            params: vec![1, 2],
            public: keys.public(),
        };
        let row = SlotRow::seal(REALM, new, &keys.psk, &key, &entropy).unwrap();
        (keys, key, row)
    }

    #[test]
    fn a_slot_opens_with_its_secret_alone() {
        let (keys, key, row) = sealed();
        let opened = row.open(REALM, &keys).unwrap();
        assert_eq!((*opened.key, opened.epoch), (*key.key, 4));
        let others = SlotKeys::derive(&[8; 32], &[6; 16]);
        assert_eq!(
            row.open(REALM, &others).err(),
            Some(VaultError::WrongPassword)
        );
    }

    #[test]
    fn the_digest_of_all_slots_has_their_ids_and_digests_in_their_order() {
        let (_, _, row) = sealed();
        let mut other = sealed().2;
        let of_one = slots_digest(std::slice::from_ref(&row));
        assert_ne!(of_one, slots_digest(&[]));
        let digest = std::mem::replace(&mut other.digest, row.digest);
        other.id = RecordId([8; 16]);
        assert_ne!(of_one, slots_digest(std::slice::from_ref(&other)));
        (other.id, other.digest) = (row.id, digest);
        // Sealed apart, so with another digest of its own.
        assert_ne!(of_one, slots_digest(std::slice::from_ref(&other)));
        let pair = [row, other];
        let [row, other] = &pair;
        assert_ne!(row.digest, other.digest);
        let both = slots_digest(&pair);
        let [row, other] = pair;
        assert_ne!(both, slots_digest(&[other, row]));
    }

    #[test]
    fn a_column_is_framed_by_its_length() {
        assert_eq!(length_u32(&[9; 258]), [0, 0, 1, 2]);
    }

    #[test]
    fn the_private_key_without_the_psk_is_not_enough() {
        let (keys, _, row) = sealed();
        let forged = SlotKeys {
            private: keys.private.clone(),
            psk: crate::vault::keys::empty_key(),
        };
        assert_eq!(
            row.open(REALM, &forged).err(),
            Some(VaultError::WrongPassword)
        );
    }

    #[test]
    fn f6_each_changed_column_is_damage_until_its_digest_is_forged_too() {
        let (keys, _, row) = sealed();
        let edits: [fn(&mut SlotRow); 7] = [
            |row| row.id.0[0] ^= 1,
            |row| row.kind ^= 1,
            |row| row.epoch ^= 1,
            |row| row.nonce[0] ^= 1,
            |row| row.params[0] ^= 1,
            |row| row.public[0] ^= 1,
            |row| row.sealed[40] ^= 1,
        ];
        for (n, edit) in edits.into_iter().enumerate() {
            let mut changed = row.clone();
            edit(&mut changed);
            assert_eq!(
                changed.open(REALM, &keys).err(),
                Some(VaultError::DamagedSlot),
                "{n}"
            );
            changed.digest = changed.compute_digest(VAULT);
            // The nonce is proved through the keys it gives, not through the row.
            if n != 3 {
                assert_eq!(
                    changed.open(REALM, &keys).err(),
                    Some(VaultError::WrongPassword),
                    "{n}"
                );
            }
        }
        assert_eq!(
            row.open(Realm::current(VaultId([4; 16])), &keys).err(),
            Some(VaultError::DamagedSlot)
        );
    }

    #[test]
    fn a_public_key_of_small_order_is_refused() {
        let (keys, key, row) = sealed();
        let new = NewSlot {
            id: row.id,
            kind: 2,
            nonce: row.nonce,
            params: vec![],
            public: [0; 32],
        };
        let refused = SlotRow::seal(REALM, new, &keys.psk, &key, &SystemEntropy::new());
        assert_eq!(refused.err(), Some(VaultError::DamagedSlot));
        let mut planted = row.clone();
        planted.sealed[..32].fill(0);
        planted.digest = planted.compute_digest(VAULT);
        assert_eq!(
            planted.open(REALM, &keys).err(),
            Some(VaultError::DamagedSlot)
        );
    }
}
