//! Making slots: the row that is opened and the sealed record beside it.

use super::error::VaultError;
use super::format::{RecordId, VaultId, kind};
use super::kdf::{KdfParams, SALT_BYTES, derive_secret, format_parameters};
use super::keys::{Key32, SLOT_NONCE_BYTES, SlotKeys, VaultKey, empty_key};
use super::record::{SlotKeyRecord, copy_unknown};
use super::recovery::RecoveryCode;
use super::slot::{NewSlot, SlotKind, SlotRow};
use super::ways::forget_use;
use super::write::{Draft, Sealer, following, put_record};
use crate::entropy::{Entropy, generate_bytes};
use crate::secret::Secret;
use crate::time::UnixSeconds;
use rusqlite::Connection;

/// A slot's secret with what does not change when its nonce is renewed.
pub(super) struct SlotSecret {
    pub(super) id: RecordId,
    pub(super) kind: u8,
    pub(super) params: Vec<u8>,
    pub(super) secret: Key32,
}

impl SlotSecret {
    /// A copy: secrets are not cloned in passing, only here.
    pub(super) fn duplicate(&self) -> Self {
        Self {
            id: self.id,
            kind: self.kind,
            params: self.params.clone(),
            secret: self.secret.clone(),
        }
    }

    /// Runs the KDF for a new password slot, with a salt of its own.
    ///
    /// # Errors
    ///
    /// [`VaultError::KdfOutOfBounds`], [`VaultError::PasswordEmpty`], [`VaultError::PasswordNotText`], [`VaultError::Entropy`].
    pub(super) fn for_password(
        password: &Secret,
        kdf: KdfParams,
        entropy: &dyn Entropy,
    ) -> Result<Self, VaultError> {
        let salt: [u8; SALT_BYTES] = generate_bytes(entropy)?;
        let params = format_parameters(kdf.check_made()?, &salt);
        let secret = derive_secret(password, &params)?;
        Ok(Self {
            id: RecordId::generate(entropy)?,
            kind: SlotKind::Password.number(),
            params,
            secret,
        })
    }

    /// A slot for a platform's key, which will wrap its random secret.
    pub(super) fn for_platform(kind: SlotKind, entropy: &dyn Entropy) -> Result<Self, VaultError> {
        let mut secret = empty_key();
        entropy.fill(&mut **secret)?;
        Ok(Self {
            id: RecordId::generate(entropy)?,
            kind: kind.number(),
            params: vec![],
            secret,
        })
    }

    pub(super) fn for_recovery(
        code: &RecoveryCode,
        entropy: &dyn Entropy,
    ) -> Result<Self, VaultError> {
        Ok(Self {
            id: RecordId::generate(entropy)?,
            kind: SlotKind::Recovery.number(),
            params: vec![],
            secret: code.derive_secret(),
        })
    }
}

/// The row and the record of a slot whose secret is at hand, under a fresh nonce. Of an earlier record stays what is
/// not about its keys.
pub(super) fn make_slot(
    sealer: Sealer<'_>,
    key: &VaultKey,
    slot: &SlotSecret,
    known: Option<&SlotKeyRecord>,
    now: UnixSeconds,
) -> Result<(SlotRow, SlotKeyRecord), VaultError> {
    let nonce: [u8; SLOT_NONCE_BYTES] = generate_bytes(sealer.entropy)?;
    let keys = SlotKeys::derive(&slot.secret, &nonce);
    let public = keys.public();
    let new = NewSlot {
        id: slot.id,
        kind: slot.kind,
        nonce,
        params: slot.params.clone(),
        public,
    };
    let sealed_key = key_of_kind(slot.kind, key, sealer.realm.vault)?;
    let row = SlotRow::seal(sealer.realm, new, &keys.psk, &sealed_key, sealer.entropy)?;
    let record = SlotKeyRecord {
        psk: keys.psk,
        public,
        row_digest: row.digest,
        created_at: known.map_or(now, |known| known.created_at),
        nonce_epoch: key.epoch,
        unknown: known.map_or_else(Vec::new, |known| copy_unknown(&known.unknown)),
    };
    Ok((row, record))
}

/// What a slot of this kind is given: the vault's key, or for the porch the porch's.
///
/// # Errors
///
/// [`VaultError::DamagedSlot`] for a kind that this version does not know: what it is to be given is not known either.
pub(super) fn key_of_kind(
    kind: u8,
    key: &VaultKey,
    vault: VaultId,
) -> Result<VaultKey, VaultError> {
    match SlotKind::from_number(kind) {
        Some(SlotKind::Porch) => Ok(key.porch_key(vault)),
        Some(_) => Ok(key.duplicate()),
        None => Err(VaultError::DamagedSlot),
    }
}

/// Writes a slot's row in place of an earlier one, and its record.
pub(super) fn put_slot(
    tx: &Connection,
    sealer: Sealer<'_>,
    draft: &mut Draft,
    row: &SlotRow,
    record: &SlotKeyRecord,
) -> Result<(), VaultError> {
    tx.prepare_cached("DELETE FROM slot WHERE id = ?1")?
        .execute([row.id.bytes()])?;
    row.insert(tx)?;
    let rev = following(draft.entries.get(&row.id).map_or(0, |entry| entry.rev));
    put_record(
        tx,
        sealer,
        draft,
        (row.id, kind::SLOT_KEY, rev),
        record.encode(),
    )
}

/// Deletes a slot's row and its record.
pub(super) fn delete_slot(
    tx: &Connection,
    draft: &mut Draft,
    id: RecordId,
) -> Result<(), VaultError> {
    tx.prepare_cached("DELETE FROM slot WHERE id = ?1")?
        .execute([id.bytes()])?;
    tx.prepare_cached("DELETE FROM record WHERE id = ?1")?
        .execute([id.bytes()])?;
    forget_use(tx, id)?;
    draft.entries.remove(&id);
    draft.touched.insert(super::manifest::bucket_of(id));
    Ok(())
}
