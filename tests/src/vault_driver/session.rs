//! The child's vault between two steps.

use countersign_core::companion::{Companion, LockedCompanion};
use countersign_core::secret::Secret;
use countersign_core::vault::{
    Beyond, Credential, KdfParams, NewVault, OlderKey, RecordId, RecoveryCode, VaultError,
};

use super::approvals::Approvals;
use super::{NOW, Place, SeededEntropy, describe_accounts};

enum State {
    /// Not opened, or given up after an error.
    Closed,
    Locked(LockedCompanion),
    Unlocked(Box<Companion>),
}

/// A vault that is opened when a step needs it and stays open afterwards.
pub(super) struct Session {
    pub(super) place: Place,
    code: RecoveryCode,
    seed: u64,
    state: State,
    accounts: String,
    pub(super) approvals: Approvals,
}

impl Session {
    pub(super) fn new(place: Place, code: RecoveryCode, seed: u64) -> Self {
        Self {
            place,
            code,
            seed,
            state: State::Closed,
            accounts: String::new(),
            approvals: Approvals::default(),
        }
    }

    /// What is in the vault; while it is locked, what was in it.
    pub(super) fn content(&mut self) -> String {
        if let State::Unlocked(companion) = &self.state {
            self.accounts = describe_accounts(companion);
            let left = &self.approvals.waiting;
            if let Ok(found) = Approvals::of(companion.vault(), left) {
                self.approvals = found;
            }
        }
        format!("{}{}", self.accounts, self.approvals)
    }

    /// Makes the vault.
    pub(super) fn create(&mut self, password: Option<&Secret>) -> Result<(), VaultError> {
        let setup = NewVault {
            password,
            recovery: Some(&self.code),
            kdf: KdfParams::DEFAULT,
        };
        let companion = Companion::create(
            &self.place.vault(),
            &setup,
            Box::new(self.place.anchors()),
            Box::new(SeededEntropy::new(self.seed)),
            NOW,
        )?;
        self.state = State::Unlocked(Box::new(companion));
        Ok(())
    }

    /// The vault, opened and unlocked if it is not.
    pub(super) fn companion(&mut self) -> Result<&mut Companion, VaultError> {
        let credential = Credential::Recovery(&self.code);
        self.state = match std::mem::replace(&mut self.state, State::Closed) {
            State::Unlocked(companion) => State::Unlocked(companion),
            State::Locked(locked) => match locked.unlock(&credential, NOW) {
                Ok(companion) => State::Unlocked(Box::new(companion)),
                Err((locked, error)) => {
                    self.state = State::Locked(locked);
                    return Err(error);
                }
            },
            State::Closed => {
                // Randomness that came twice would give a new account the id of an old one.
                self.seed = self.seed.wrapping_add(1);
                State::Unlocked(Box::new(self.place.open(&credential, self.seed)?))
            }
        };
        match &mut self.state {
            State::Unlocked(companion) => Ok(companion),
            State::Closed | State::Locked(_) => Err(VaultError::Locked),
        }
    }

    /// The account of this name, wherever it is.
    pub(super) fn find(&mut self, name: &str) -> Result<RecordId, VaultError> {
        let companion = self.companion()?;
        let mut rows = companion.list(NOW).into_iter().chain(companion.trash());
        rows.find(|row| row.account.as_str() == name)
            .map(|row| row.id)
            .ok_or(VaultError::NoSuchAccount)
    }

    /// Puts the newest snapshot in the vault's place, and opens it again.
    pub(super) fn restore_newest(&mut self) -> Result<(), VaultError> {
        self.close();
        let location = self.place.vault();
        let snapshots = location.snapshots()?;
        let newest = snapshots.first().ok_or(VaultError::NoSuchSnapshot)?;
        self.seed = self.seed.wrapping_add(1);
        Companion::restore_snapshot(
            &location,
            newest,
            &Credential::Recovery(&self.code),
            OlderKey::Refuse,
            (&self.place.anchors(), &SeededEntropy::new(self.seed)),
            NOW,
        )?;
        self.companion().map(|_| ())
    }

    /// Salvages the vault, and opens it again.
    pub(super) fn salvage(&mut self) -> Result<(), VaultError> {
        self.close();
        let location = self.place.vault();
        self.seed = self.seed.wrapping_add(1);
        let (anchors, entropy) = (self.place.anchors(), SeededEntropy::new(self.seed));
        let credential = Credential::Recovery(&self.code);
        Companion::examine_damaged(&location, &credential, &anchors, &entropy)?
            .apply(Beyond::Leave, NOW)?;
        self.companion().map(|_| ())
    }

    pub(super) const fn code(&self) -> &RecoveryCode {
        &self.code
    }

    /// Randomness that came twice would give a new account the id of an old one.
    pub(super) const fn next_seed(&mut self) -> u64 {
        self.seed = self.seed.wrapping_add(1);
        self.seed
    }

    /// Locks the vault and leaves its file open.
    pub(super) fn lock(&mut self) {
        self.state = match std::mem::replace(&mut self.state, State::Closed) {
            State::Unlocked(companion) => State::Locked(companion.lock()),
            other => other,
        };
    }

    /// Closes the vault's file.
    pub(super) fn close(&mut self) {
        self.state = State::Closed;
    }

    /// What a person does after an error: after a rotation elsewhere, unlock again; otherwise nothing.
    pub(super) fn recover(&mut self, error: VaultError) {
        if error == VaultError::Locked {
            self.lock();
        }
    }
}
