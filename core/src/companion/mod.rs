//! The use cases: what a shell asks for, in one place. Bindings and the terminal program call this and nothing below it.

mod add;
mod changes;
mod duplicates;
mod find;
mod keeping;
mod list;
mod passwords;
mod recovery;
mod trash;
mod work;

#[cfg(test)]
mod tests;

pub use add::Added;
pub use changes::{DoubtfulCounter, Edit, PassedCode};
pub use duplicates::Prospect;
pub use find::FindError;
pub use keeping::VaultStatus;
pub use list::AccountRow;
pub use trash::TRASH_DAYS;
use work::InFlight;
pub use work::{
    AnswerStep, EnrolStep, FailedEnrolment, GoneKeys, HistoryReport, KeyCheck, MadeKeys,
    OfflineStep, PorchCompanion, PorchMemory, PorchStatement, RemovalStep, RequestStep,
    SignedDecision, TakenLane, WorkCodes,
};

use crate::entropy::Entropy;
use crate::secret::{Secret, SecretText};
use crate::time::UnixSeconds;
use crate::uri::format_otpauth;
use crate::vault::{
    AnchorStore, Credential, Damaged, Findings, KdfParams, LockedVault, NewVault, RecordId,
    Refused, Rotated, SlotKind, Vault, VaultError, VaultId, VaultLocation,
};

/// A companion whose vault is open and locked.
#[derive(Debug)]
pub struct LockedCompanion {
    vault: Box<LockedVault>,
    /// Slots whose keys the platform has said are gone for good.
    invalidated: Vec<RecordId>,
}

impl LockedCompanion {
    fn new(vault: LockedVault) -> Self {
        Self {
            vault: Box::new(vault),
            invalidated: vec![],
        }
    }

    /// Unlocks with a password or the recovery code.
    ///
    /// # Errors
    ///
    /// Those of [`LockedVault::unlock`]; the companion is given back to try again.
    pub fn unlock(
        self,
        credential: &Credential<'_>,
        now: UnixSeconds,
    ) -> Result<Companion, (Self, VaultError)> {
        let Self {
            vault,
            mut invalidated,
        } = self;
        match vault.unlock(credential, now) {
            Ok(vault) => {
                if let Credential::Platform { slot, .. } = credential {
                    // Whatever the platform said of this one before: it has just unwrapped it.
                    invalidated.retain(|gone| gone != slot);
                }
                let mut companion = Companion::new(vault);
                companion.retire(&invalidated, now);
                // What cannot be taken over now is taken over at the next unlock; it never keeps the person out.
                let _ = companion.take_over_porch(now);
                Ok(companion)
            }
            Err(refused) => {
                let Refused { locked, error } = *refused;
                let vault = Box::new(locked);
                Err((Self { vault, invalidated }, error))
            }
        }
    }

    /// Whether the vault can be unlocked with a password.
    ///
    /// # Errors
    ///
    /// [`VaultError::DamagedData`], [`VaultError::Io`].
    pub fn has_password(&self) -> Result<bool, VaultError> {
        self.vault.has_slot(SlotKind::Password)
    }

    /// Whether the vault can be unlocked with a recovery code.
    ///
    /// # Errors
    ///
    /// [`VaultError::DamagedData`], [`VaultError::Io`].
    pub fn has_recovery(&self) -> Result<bool, VaultError> {
        self.vault.has_slot(SlotKind::Recovery)
    }

    /// Which vault this is.
    #[must_use]
    pub fn id(&self) -> VaultId {
        self.vault.id()
    }
}

/// An unlocked vault and everything one can do with it.
#[derive(Debug)]
pub struct Companion {
    vault: Vault,
    in_flight: InFlight,
}

impl Companion {
    fn new(vault: Vault) -> Self {
        Self {
            vault,
            in_flight: InFlight::default(),
        }
    }

    /// Makes a vault where there is none and leaves it unlocked.
    ///
    /// # Errors
    ///
    /// Those of [`Vault::create`]: no vault was made then.
    pub fn create(
        location: &VaultLocation,
        setup: &NewVault<'_>,
        anchors: Box<dyn AnchorStore>,
        entropy: Box<dyn Entropy>,
        now: UnixSeconds,
    ) -> Result<Self, VaultError> {
        Vault::create(location, setup, anchors, entropy, now).map(Self::new)
    }

    /// Opens a vault's file without a secret.
    ///
    /// # Errors
    ///
    /// Those of [`LockedVault::open`]: the file is untouched.
    pub fn open(
        location: &VaultLocation,
        anchors: Box<dyn AnchorStore>,
        entropy: Box<dyn Entropy>,
    ) -> Result<LockedCompanion, VaultError> {
        Ok(LockedCompanion::new(LockedVault::open(
            location, anchors, entropy,
        )?))
    }

    /// Forgets every key; the file stays open and can be unlocked again.
    #[must_use]
    pub fn lock(self) -> LockedCompanion {
        LockedCompanion::new(self.vault.lock())
    }

    /// Whether a companion last used at `last_used` is to be locked by now. An `auto_lock_s` of 0 locks at once.
    #[must_use]
    pub fn is_idle(last_used: UnixSeconds, now: UnixSeconds, auto_lock_s: u32) -> bool {
        // A clock set back does not keep a vault open: the time since then is not known.
        now < last_used || now.since(last_used) >= u64::from(auto_lock_s)
    }

    /// Which vault this is.
    #[must_use]
    pub const fn id(&self) -> VaultId {
        self.vault.id()
    }

    /// The vault itself, to look at.
    #[must_use]
    pub const fn vault(&self) -> &Vault {
        &self.vault
    }

    /// What the last check of the vault found.
    #[must_use]
    pub const fn findings(&self) -> &Findings {
        self.vault.findings()
    }

    /// Takes over what another process changed; true when there was something.
    ///
    /// # Errors
    ///
    /// [`VaultError::Locked`] when the password was changed elsewhere: unlock again.
    pub fn refresh(&mut self) -> Result<bool, VaultError> {
        self.vault.refresh()
    }

    /// Reads and checks the whole vault again.
    ///
    /// # Errors
    ///
    /// Those of [`Vault::check`].
    pub fn check(&mut self) -> Result<Findings, VaultError> {
        self.vault.check().cloned()
    }

    /// Accepts the vault as it is found and seals it anew; returns what was accepted.
    ///
    /// # Errors
    ///
    /// Those of [`Vault::accept`].
    pub fn accept(&mut self, now: UnixSeconds) -> Result<Findings, VaultError> {
        self.vault.accept(now)
    }

    /// Replaces the password; the old one opens no copy of what is written from now on.
    ///
    /// # Errors
    ///
    /// Those of [`Vault::change_password`]: the old password still holds then.
    pub fn change_password(
        &mut self,
        new_password: &Secret,
        kdf: KdfParams,
        damaged: Damaged,
        now: UnixSeconds,
    ) -> Result<Rotated, VaultError> {
        self.vault.change_password(new_password, kdf, damaged, now)
    }

    /// One account as a link that every authenticator reads: the one way a key leaves the vault.
    ///
    /// # Errors
    ///
    /// [`VaultError::NoSuchAccount`], [`VaultError::UnreadableRecord`].
    pub fn export_uri(&self, id: RecordId) -> Result<SecretText, VaultError> {
        Ok(format_otpauth(&self.vault.account(id)?.account))
    }

    /// The note of an account; empty when it has none.
    ///
    /// # Errors
    ///
    /// [`VaultError::NoSuchAccount`], [`VaultError::UnreadableRecord`].
    pub fn note(&self, id: RecordId) -> Result<SecretText, VaultError> {
        // EXPOSE: the note is shown to its owner.
        Ok(SecretText::new(
            self.vault.account(id)?.note.expose().to_owned(),
        ))
    }
}
