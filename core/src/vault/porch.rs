//! The porch: what works while the vault is locked. A phone is mostly locked when a sign-in comes, so what asking,
//! ringing and answering need lies here, sealed under a key of its own that opens nothing else. It is made anew from
//! the records at each unlock: losing it costs a notification, never an account.
//!
//! What may lie here of an account is a closed list ([`super::porch_entry`]). Beside it lies a chain of entries that the
//! history takes over when the vault is unlocked.

use rusqlite::Connection;

use super::anchor::AnchorStore;
use super::anchoring::{read_anchor, store_porch_mark};
use super::chain::{ChainRow, Link};
use super::error::VaultError;
use super::format::{Realm, RecordId};
use super::keys::{SlotKeys, key_from};
use super::locked::{LockedVault, PlatformSlot};
use super::porch_entry::PorchEntry;
use super::porch_rows::{self, PorchSeal};
use super::seal::SealingKey;
use super::slot::{SlotKind, load_slots};
use super::state::load_version;
use super::wal::LogState;
use super::write::{begin, entries_of};
use crate::entropy::Entropy;
use crate::secret::Secret;

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
            anchors: parts.anchors.as_ref(),
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
    anchors: &'a dyn AnchorStore,
    is_writable: bool,
}

impl std::fmt::Debug for Porch<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Porch")
    }
}

/// What a change does to one account's entry, and what it leaves for the history.
#[derive(Debug, Default)]
pub struct PorchChange {
    /// The entry afterwards, where it changes; none when it goes.
    entry: Option<Option<PorchEntry>>,
    appends: Vec<Link>,
}

impl PorchChange {
    /// Puts an entry in place of the earlier one.
    pub fn put(&mut self, entry: PorchEntry) {
        self.entry = Some(Some(entry));
    }

    /// Takes the entry away.
    pub fn remove(&mut self) {
        self.entry = Some(None);
    }

    /// Entries that this change leaves for the history.
    pub fn appended(&self) -> impl Iterator<Item = &Secret> {
        entries_of(&self.appends)
    }

    /// Leaves an entry for the history, which takes it over when the vault is unlocked.
    pub fn append(&mut self, entry: Secret) {
        self.appends.push(Link::Entry(entry));
    }
}

impl Porch<'_> {
    /// The entries that can be read, by the ids of their work accounts. What cannot be read is passed over.
    ///
    /// # Errors
    ///
    /// [`VaultError::DamagedData`], [`VaultError::Io`].
    pub fn entries(&self) -> Result<Vec<(RecordId, PorchEntry)>, VaultError> {
        porch_rows::entries(self.db, self.seal())
    }

    /// Entries that the history has not taken over yet, the oldest first.
    ///
    /// # Errors
    ///
    /// [`VaultError::DamagedData`], [`VaultError::Io`].
    pub fn left_for_history(&self) -> Result<Vec<Secret>, VaultError> {
        let rows = porch_rows::chain(self.db, self.seal())?.rows.into_iter();
        let entry = |(_, row): (u64, ChainRow)| match row.link {
            Link::Entry(entry) => Some(entry),
            _ => None,
        };
        Ok(rows.filter_map(entry).collect())
    }

    /// Changes one account's entry in one transaction. `plan` sees the entry as it stands inside it; none when there is
    /// none, or none that can be read. Several processes may stand at the porch.
    ///
    /// # Errors
    ///
    /// What `plan` returns; [`VaultError::Locked`] when the vault's key was renewed since the porch was opened;
    /// [`VaultError::PorchFull`], [`VaultError::EntryTooLarge`], [`VaultError::WorkTooLarge`]; [`VaultError::ReadOnly`],
    /// [`VaultError::Busy`], [`VaultError::DiskFull`]: nothing was changed.
    pub fn change<R>(
        &self,
        id: RecordId,
        plan: impl FnOnce(Option<PorchEntry>, &mut PorchChange) -> Result<R, VaultError>,
    ) -> Result<R, VaultError> {
        if !self.is_writable {
            return Err(VaultError::ReadOnly);
        }
        let tx = begin(self.db)?;
        if load_version(&tx)?.is_none_or(|version| version.epoch != self.epoch) {
            return Err(VaultError::Locked);
        }
        let mut change = PorchChange::default();
        let result = plan(porch_rows::entry(&tx, self.seal(), id)?, &mut change)?;
        match &change.entry {
            Some(Some(entry)) => porch_rows::store(&tx, self.seal(), id, entry.encode()?)?,
            Some(None) => porch_rows::remove(&tx, id)?,
            None => {}
        }
        let anchored = read_anchor(self.anchors, self.realm.vault).and_then(|anchor| anchor.porch);
        let mark = porch_rows::append(&tx, self.seal(), anchored, &change.appends)?;
        tx.commit()?;
        if let Some(mark) = mark {
            store_porch_mark(self.anchors, self.realm.vault, mark);
        }
        Ok(result)
    }

    pub(crate) const fn entropy(&self) -> &dyn Entropy {
        self.entropy
    }

    const fn seal(&self) -> PorchSeal<'_> {
        PorchSeal {
            realm: self.realm,
            epoch: self.epoch,
            key: &self.key,
            entropy: self.entropy,
        }
    }
}
