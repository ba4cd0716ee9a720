//! From a secret to an open vault: what was given, the key in the desktop's keyring, or a question.

use countersign_core::companion::{Companion, LockedCompanion};
use countersign_core::entropy::SystemEntropy;
use countersign_core::secret::Secret;
use countersign_core::vault::{
    Credential, PlatformKeyError, RecoveryCode, VaultError, VaultLocation,
};
use countersign_keyring::DesktopKeyring;

use crate::failure::{Failure, sentence};
use crate::input::password_from;
use crate::session::Session;
use crate::terminal::{Progress, shown_path};

/// How often a person may type the password.
pub(crate) const PASSWORD_TRIES: u32 = 3;

/// What unlocks a vault.
pub(crate) enum Key {
    /// The password.
    Password(Secret),
    /// The recovery code.
    Recovery(RecoveryCode),
}

impl Key {
    /// The same for the core.
    pub(crate) const fn credential(&self) -> Credential<'_> {
        match self {
            Self::Password(password) => Credential::Password(password),
            Self::Recovery(code) => Credential::Recovery(code),
        }
    }
}

impl Session {
    /// Opens and unlocks the vault. A vault that cannot be opened is reported before a password is asked for.
    ///
    /// # Errors
    ///
    /// Those of [`VaultError`]; `password_needed` when nobody can be asked.
    pub(crate) fn open(&self) -> Result<Companion, Failure> {
        self.unlock_sources()?;
        let (location, anchors) = self.place()?;
        let locked = Companion::open(&location, anchors, Box::new(SystemEntropy::new()))
            .map_err(|error| not_opened(error, &location))?;
        if let Some(key) = self.given_key()? {
            return self.unlock(locked, &key).map_err(|(_, failure)| failure);
        }
        let locked = match self.try_keyring(locked)? {
            Tried::Unlocked(companion) => return Ok(*companion),
            Tried::Locked(locked) => *locked,
        };
        self.ask_and_unlock(locked)
    }

    /// The recovery code or password that was given; a code wins.
    ///
    /// # Errors
    ///
    /// Those of reading it.
    pub(crate) fn given_key(&self) -> Result<Option<Key>, Failure> {
        if let Some(code) = self.given_recovery_code()? {
            return Ok(Some(Key::Recovery(code)));
        }
        Ok(self.given_password()?.map(Key::Password))
    }

    /// Asks for a password or a recovery code, where it is not known which of them opens.
    ///
    /// # Errors
    ///
    /// `password_needed` when nobody can be asked; as of asking.
    pub(crate) fn ask_either_key(&self, question: &str) -> Result<Key, Failure> {
        self.expect_somebody()?;
        let text = self.console().ask_hidden(question)?;
        // Of the passwords with 36 letters and digits one in a million has a fitting check group by chance.
        match RecoveryCode::parse(&text) {
            Ok(code) => Ok(Key::Recovery(code)),
            Err(_) => password_from(text.as_bytes()).map(Key::Password),
        }
    }

    /// Does `work` with the given key, or with one that is asked for and may be mistyped.
    ///
    /// # Errors
    ///
    /// Those of `work`, and of asking.
    pub(crate) fn with_either_key<T>(
        &self,
        question: &str,
        mut work: impl FnMut(&Key) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        if let Some(key) = self.given_key()? {
            return work(&key);
        }
        let mut tries = 1;
        loop {
            let key = self.ask_either_key(question)?;
            match work(&key) {
                Err(failure) if failure.name() == "wrong_password" && tries < PASSWORD_TRIES => {
                    self.console().note("That was not it. Try again.");
                    tries += 1;
                }
                done => return done,
            }
        }
    }

    /// A sign of life for a key derivation.
    pub(crate) fn unlocking(&self) -> Progress {
        self.console().progress("Unlocking")
    }

    /// Tries the key in the desktop's keyring, where the person has put one. Whatever it says short of a damaged vault,
    /// another way is open, so it is a remark.
    fn try_keyring(&self, locked: LockedCompanion) -> Result<Tried, Failure> {
        if !self.may_use_keyring() || !locked.has_platform_key()? {
            return Ok(Tried::Locked(Box::new(locked)));
        }
        let progress = self.console().progress("Asking the desktop's keyring");
        let tried = locked.unlock_with_platform_key(&DesktopKeyring::new(), self.now());
        drop(progress);
        let (locked, error) = match tried {
            Ok(companion) => return Ok(Tried::Unlocked(Box::new(companion))),
            Err(refused) => refused,
        };
        let note = match error {
            VaultError::PlatformKey(PlatformKeyError::NotAvailable) => {
                "The desktop's keyring does not answer now, or has never seen this vault."
            }
            VaultError::PlatformKey(PlatformKeyError::Cancelled) => {
                "The desktop's keyring stayed locked: its question was dismissed, or could not be shown."
            }
            VaultError::PlatformKey(PlatformKeyError::LockedOut) => {
                "The desktop's keyring lets nobody in for now."
            }
            VaultError::PlatformKey(PlatformKeyError::Invalidated) => {
                "The desktop's keyring has lost its key for this vault. Once you unlock another way, the vault forgets that key too."
            }
            VaultError::DamagedSlot => "The vault's slot for the desktop's keyring is damaged.",
            other => return Err(other.into()),
        };
        self.console().note(note);
        Ok(Tried::Locked(Box::new(locked)))
    }

    fn expect_somebody(&self) -> Result<(), Failure> {
        if self.console().can_ask_secret() {
            return Ok(());
        }
        Err(Failure::new(
            "password_needed",
            "There is no terminal to ask for the password on. Use --password-file FILE (or - or fd:3), \
             --recovery-code-file FILE, or the variable COUNTERSIGN_PASSWORD.",
        ))
    }

    fn ask_and_unlock(&self, mut locked: LockedCompanion) -> Result<Companion, Failure> {
        self.expect_somebody()?;
        let mut tries = 1;
        loop {
            let key = self.ask_key(&locked)?;
            match self.unlock(locked, &key) {
                Ok(companion) => return Ok(companion),
                Err((again, failure))
                    if failure.name() == "wrong_password" && tries < PASSWORD_TRIES =>
                {
                    self.console().note("That was not it. Try again.");
                    locked = again;
                    tries += 1;
                }
                Err((_, failure)) => {
                    self.console().note(
                        "If the password is forgotten: --recovery-code-file FILE opens the vault too.",
                    );
                    return Err(failure);
                }
            }
        }
    }

    fn ask_key(&self, locked: &LockedCompanion) -> Result<Key, Failure> {
        if locked.has_password()? {
            return self.console().ask_password("Password:").map(Key::Password);
        }
        let text = self.console().ask_hidden("Recovery code:")?;
        RecoveryCode::parse(&text)
            .map(Key::Recovery)
            .map_err(|error| Failure::new(error.name(), sentence(&error.to_string())))
    }

    fn unlock(
        &self,
        locked: LockedCompanion,
        key: &Key,
    ) -> Result<Companion, (LockedCompanion, Failure)> {
        let _progress = self.unlocking();
        locked
            .unlock(&key.credential(), self.now())
            .map_err(|(locked, error)| (locked, not_unlocked(error, key)))
    }
}

/// What became of asking the keyring.
enum Tried {
    Unlocked(Box<Companion>),
    Locked(Box<LockedCompanion>),
}

/// Why a vault was not opened, with its place where that is what may be wrong.
pub(crate) fn not_opened(error: VaultError, location: &VaultLocation) -> Failure {
    let path = location.path();
    let place = shown_path(path, "this place");
    let is_link = path
        .symlink_metadata()
        .is_ok_and(|about| about.is_symlink());
    if error == VaultError::NotAVault && is_link {
        return Failure::new(
            error.name(),
            format!(
                "There is a symbolic link at {place}, which is not followed. Name the vault's own file with --vault."
            ),
        );
    }
    let has_snapshots = location.snapshots().is_ok_and(|found| !found.is_empty());
    let message = match (error, what_is_there(error), has_snapshots) {
        (_, Some(what), true) => format!(
            "{what} at {place}, but snapshots of one lie beside it. See `countersign vault status`; \
             `countersign vault restore` puts the newest in its place."
        ),
        (VaultError::NoVault, ..) => format!(
            "There is no vault at {place}. Make one with `countersign init`, or name yours with --vault."
        ),
        (VaultError::Leftovers, ..) => format!(
            "There is no vault at {place}, but its log or a damaged copy lies beside it. `countersign vault salvage` recovers \
             what can be read."
        ),
        _ => return error.into(),
    };
    Failure::new(error.name(), message)
}

/// What lies where the vault should be; none where it is the vault.
const fn what_is_there(error: VaultError) -> Option<&'static str> {
    match error {
        VaultError::NoVault | VaultError::Leftovers => Some("There is no vault"),
        VaultError::EmptyFile => Some("There is an empty file"),
        VaultError::NotAVault => Some("There is a file that is no vault any more"),
        _ => None,
    }
}

/// Why a vault was not unlocked, with the way that may be open where this one is not there.
pub(crate) fn not_unlocked(error: VaultError, key: &Key) -> Failure {
    let message = match (error, key) {
        (VaultError::NoSuchSlot, Key::Recovery(_)) => {
            "This vault has no recovery code; use the password."
        }
        (VaultError::NoSuchSlot, Key::Password(_)) => {
            "This vault has no password; use the recovery code with --recovery-code-file."
        }
        _ => return error.into(),
    };
    Failure::new(error.name(), message)
}
