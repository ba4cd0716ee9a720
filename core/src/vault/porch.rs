//! The porch: what works while the vault is locked. A phone is mostly locked when a sign-in comes, so what asking,
//! ringing and answering need lies here, sealed under a key of its own that opens nothing else. It is made anew from
//! the records at each unlock: losing it costs a notification, never an account.
//!
//! What may lie here is a closed list ([`PorchField`]): no key of codes, no offline key, no software key has a field.

use rusqlite::{Connection, params};
use zeroize::Zeroizing;

use super::error::VaultError;
use super::format::{Aad, Realm, RecordId};
use super::keys::{SlotKeys, key_from};
use super::locked::{LockedVault, PlatformSlot};
use super::rows::load_porch;
use super::seal::SealingKey;
use super::slot::{SlotKind, load_slots};
use super::tlv::{Malformed, Reader, Writer};
use super::wal::LogState;
use super::write::{begin, column, following};
use crate::entropy::Entropy;
use crate::secret::Secret;

/// What an entry of the porch may hold of a work account.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum PorchField {
    /// Who issued the account.
    Issuer,
    /// Whose account it is.
    Label,
    /// The server's base address.
    BaseUrl,
    /// The server's public keys. Repeated.
    ServerKey,
    /// The platform's name of the device key.
    DeviceKeyAlias,
    /// The platform's name of the approval key.
    ApprovalKeyAlias,
    /// The rules in force.
    Policy,
    /// What a bell has to carry.
    BellToken,
    /// What the server's clock is ahead of the device's.
    ClockOffset,
    /// What keeps bombing quiet.
    Shield,
    /// A statement that waits for an answer. Repeated.
    Statement,
    /// An answer on its way. Repeated.
    Answer,
    /// A receipt that the history has not yet. Repeated.
    Receipt,
}

impl PorchField {
    const ALL: [Self; 13] = [
        Self::Issuer,
        Self::Label,
        Self::BaseUrl,
        Self::ServerKey,
        Self::DeviceKeyAlias,
        Self::ApprovalKeyAlias,
        Self::Policy,
        Self::BellToken,
        Self::ClockOffset,
        Self::Shield,
        Self::Statement,
        Self::Answer,
        Self::Receipt,
    ];

    /// The field's number in the body (docs/vault-format.md §6).
    const fn number(self) -> u8 {
        match self {
            Self::Issuer => 1,
            Self::Label => 2,
            Self::BaseUrl => 3,
            Self::ServerKey => 4,
            Self::DeviceKeyAlias => 5,
            Self::ApprovalKeyAlias => 6,
            Self::Policy => 7,
            Self::BellToken => 8,
            Self::ClockOffset => 9,
            Self::Shield => 10,
            Self::Statement => 11,
            Self::Answer => 12,
            Self::Receipt => 13,
        }
    }
}

/// One work account's entry: fields in their order, repeated ones several times.
#[derive(Debug, Default, Eq, PartialEq)]
pub struct PorchEntry(Vec<(PorchField, Secret)>);

impl PorchEntry {
    /// Adds a field.
    pub fn put(&mut self, field: PorchField, value: Secret) {
        self.0.push((field, value));
    }

    /// All values of a field, in the order in which they were put.
    pub fn values(&self, field: PorchField) -> impl Iterator<Item = &Secret> {
        let is_wanted = move |(found, _): &&(PorchField, Secret)| *found == field;
        self.0.iter().filter(is_wanted).map(|(_, value)| value)
    }

    fn encode(&self) -> Zeroizing<Vec<u8>> {
        let mut body = Writer::new();
        for field in PorchField::ALL {
            for value in self.values(field) {
                // EXPOSE: the entry is sealed before it is written.
                body.put(field.number(), value.expose());
            }
        }
        body.finish()
    }

    /// A field that is not in the list is dropped: the porch is made anew from the records.
    fn decode(body: &[u8]) -> Result<Self, Malformed> {
        let mut entry = Self::default();
        let mut reader = Reader::new(body);
        while let Some((number, value)) = reader.next()? {
            let known = PorchField::ALL
                .into_iter()
                .find(|field| field.number() == number);
            if let Some(field) = known {
                entry.put(field, Secret::copy_of(value));
            }
        }
        Ok(entry)
    }
}

impl LockedVault {
    /// The slot whose secret a key of the platform unwraps without asking the person; none when the porch is shut.
    ///
    /// # Errors
    ///
    /// [`VaultError::DamagedData`], [`VaultError::Io`].
    pub fn porch_slot(&self) -> Result<Option<PlatformSlot>, VaultError> {
        Ok(self.wrapped_slots(SlotKind::Porch)?.pop())
    }

    /// Opens the porch with what the platform's key unwrapped. The vault stays locked: no account, code or secret is in reach.
    ///
    /// # Errors
    ///
    /// [`VaultError::NoSuchSlot`] when the porch is shut; [`VaultError::DamagedSlot`] when the secret does not open it.
    pub fn open_porch(&self, secret: &Secret) -> Result<Porch<'_>, VaultError> {
        let parts = &self.parts;
        let rows = load_slots(&parts.file.db)?.rows;
        let mut rows = rows
            .iter()
            .filter(|row| row.kind == SlotKind::Porch.number());
        let row = rows.next().ok_or(VaultError::NoSuchSlot)?;
        // EXPOSE: the slot's keys are derived from it.
        let secret = key_from(secret.expose()).ok_or(VaultError::DamagedSlot)?;
        let keys = SlotKeys::derive(&secret, &row.nonce);
        let opened = row.open(parts.realm, &keys).map_err(|error| match error {
            VaultError::WrongPassword => VaultError::DamagedSlot,
            other => other,
        })?;
        Ok(Porch {
            db: &parts.file.db,
            realm: parts.realm,
            epoch: opened.epoch,
            key: SealingKey::new(&opened.key),
            entropy: parts.entropy.as_ref(),
            is_writable: !parts.file.is_read_only && parts.file.log == LogState::Whole,
        })
    }
}

/// The open porch of a locked vault.
pub struct Porch<'a> {
    db: &'a Connection,
    realm: Realm,
    epoch: u32,
    key: SealingKey,
    entropy: &'a dyn Entropy,
    is_writable: bool,
}

impl std::fmt::Debug for Porch<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Porch")
    }
}

impl Porch<'_> {
    /// The entries that can be read, by the ids of their work accounts. What cannot be read is passed over.
    ///
    /// # Errors
    ///
    /// [`VaultError::DamagedData`], [`VaultError::Io`].
    pub fn entries(&self) -> Result<Vec<(RecordId, PorchEntry)>, VaultError> {
        let rows = load_porch(self.db)?;
        let open = |row: &super::rows::PorchRow| {
            let (id, _, plain) = row.open_with(self.realm, &self.key)?;
            Some((id, PorchEntry::decode(&plain).ok()?))
        };
        Ok(rows.iter().filter_map(open).collect())
    }

    /// Writes an entry in place of an earlier one, in one transaction.
    ///
    /// # Errors
    ///
    /// [`VaultError::ReadOnly`], [`VaultError::Busy`], [`VaultError::DiskFull`]: nothing was changed.
    pub fn put(&self, id: RecordId, entry: &PorchEntry) -> Result<(), VaultError> {
        if !self.is_writable {
            return Err(VaultError::ReadOnly);
        }
        let tx = begin(self.db)?;
        let earlier: Option<i64> = {
            let mut statement = tx.prepare_cached("SELECT rev FROM porch WHERE id = ?1")?;
            let mut rows = statement.query([id.bytes()])?;
            rows.next()?.map(|row| row.get(0)).transpose()?
        };
        let rev = following(earlier.and_then(|rev| u64::try_from(rev).ok()).unwrap_or(0));
        let aad = Aad::porch(self.realm, id, rev, self.epoch);
        let sealed = self.key.seal(&aad, entry.encode(), self.entropy)?;
        tx.prepare_cached(
            "INSERT INTO porch(id, rev, epoch, nonce, body) VALUES (?1, ?2, ?3, ?4, ?5) \
             ON CONFLICT(id) DO UPDATE SET rev = excluded.rev, epoch = excluded.epoch, \
             nonce = excluded.nonce, body = excluded.body",
        )?
        .execute(params![
            id.bytes(),
            column(rev)?,
            self.epoch,
            sealed.nonce,
            sealed.body
        ])?;
        Ok(tx.commit()?)
    }

    /// Takes an entry away, if it is there.
    ///
    /// # Errors
    ///
    /// As [`Self::put`].
    pub fn remove(&self, id: RecordId) -> Result<(), VaultError> {
        if !self.is_writable {
            return Err(VaultError::ReadOnly);
        }
        let delete = "DELETE FROM porch WHERE id = ?1";
        self.db.prepare_cached(delete)?.execute([id.bytes()])?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_reads_what_it_writes_and_drops_what_is_not_in_the_list() {
        let mut entry = PorchEntry::default();
        entry.put(PorchField::Issuer, Secret::copy_of(b"ACME"));
        entry.put(PorchField::Statement, Secret::copy_of(b"one"));
        entry.put(PorchField::Statement, Secret::copy_of(b"two"));
        assert_eq!(PorchEntry::decode(&entry.encode()), Ok(entry));
        let mut body = Writer::new();
        body.put(1, b"ACME");
        body.put(14, b"an offline key of a newer version");
        let read = PorchEntry::decode(&body.finish()).unwrap();
        assert_eq!(read.0.len(), 1);
        assert!(PorchEntry::decode(&[1, 2, 3]).is_err());
        assert!(!format!("{read:?}").contains("ACME"));
    }
}
