//! From the command line to an open vault.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use countersign_core::companion::{Companion, LockedCompanion};
use countersign_core::entropy::SystemEntropy;
use countersign_core::secret::Secret;
use countersign_core::time::UnixSeconds;
use countersign_core::vault::{Credential, RecoveryCode, VaultError, VaultLocation};

use crate::anchors::AnchorFolder;
use crate::args::Globals;
use crate::beside::beside;
use crate::failure::{Failure, sentence};
use crate::input::{Source, password_from};
use crate::places;
use crate::report::Report;
use crate::terminal::{Console, shown_path};

/// The environment's path of the vault.
const VAULT_VARIABLE: &str = "COUNTERSIGN_VAULT";
/// The environment's password.
const PASSWORD_VARIABLE: &str = "COUNTERSIGN_PASSWORD";
/// The environment's new password.
const NEW_PASSWORD_VARIABLE: &str = "COUNTERSIGN_NEW_PASSWORD";
/// How often a person may type the password.
const PASSWORD_TRIES: u32 = 3;
/// More than any recovery code with its dashes.
const RECOVERY_BYTES_MAX: u64 = 4096;

/// What every verb gets: the options of all verbs, a voice, and a clock.
pub(crate) struct Session {
    globals: Globals,
    console: Console,
}

/// What unlocks a vault.
enum Key {
    Password(Secret),
    Recovery(RecoveryCode),
}

impl Session {
    /// A session with the options of all verbs.
    pub(crate) const fn new(globals: Globals, console: Console) -> Self {
        Self { globals, console }
    }

    /// The program's voice.
    pub(crate) const fn console(&self) -> &Console {
        &self.console
    }

    /// The system's clock.
    pub(crate) fn now(&self) -> UnixSeconds {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        UnixSeconds(since.map_or(0, |since| since.as_secs()))
    }

    /// The vault's path.
    ///
    /// # Errors
    ///
    /// As [`places::default_vault`].
    pub(crate) fn vault_path(&self) -> Result<PathBuf, Failure> {
        match &self.globals.vault {
            Some(path) if path.as_os_str().is_empty() => {
                Err(Failure::usage("The path of the vault is empty."))
            }
            Some(path) => Ok(path.clone()),
            None => match variable(VAULT_VARIABLE) {
                Some(path) => Ok(path.into()),
                None => places::default_vault(),
            },
        }
    }

    /// The vault's place and this installation's anchors for it.
    ///
    /// # Errors
    ///
    /// As [`Session::vault_path`].
    pub(crate) fn place(&self) -> Result<(VaultLocation, Box<AnchorFolder>), Failure> {
        let path = self.vault_path()?;
        let anchors = AnchorFolder::new(places::state_folder(), &path);
        Ok((VaultLocation::new(&path), Box::new(anchors)))
    }

    /// The inputs that unlocking reads, so that no verb reads one of them twice.
    ///
    /// # Errors
    ///
    /// `usage` for a descriptor without a number, or for a password and a recovery code at once.
    pub(crate) fn unlock_sources(&self) -> Result<Vec<Source>, Failure> {
        let (password, recovery) = (
            &self.globals.password_file,
            &self.globals.recovery_code_file,
        );
        if password.is_some() && recovery.is_some() {
            return Err(Failure::usage(
                "Give either --password-file or --recovery-code-file, not both.",
            ));
        }
        password
            .iter()
            .chain(recovery)
            .map(|text| Source::parse(text))
            .collect()
    }

    /// The recovery code of `--recovery-code-file`.
    ///
    /// # Errors
    ///
    /// `invalid_recovery_code`, or as [`Source::read`].
    pub(crate) fn given_recovery_code(&self) -> Result<Option<RecoveryCode>, Failure> {
        let Some(text) = &self.globals.recovery_code_file else {
            return Ok(None);
        };
        let bytes = Source::parse(text)?.read("recovery code file", RECOVERY_BYTES_MAX)?;
        let text = String::from_utf8_lossy(&bytes);
        RecoveryCode::parse(&text)
            .map(Some)
            .map_err(|error| Failure::new(error.name(), sentence(&error.to_string())))
    }

    /// The password of `--password-file` or of the environment.
    ///
    /// # Errors
    ///
    /// As [`Source::read_password`].
    pub(crate) fn given_password(&self) -> Result<Option<Secret>, Failure> {
        given(self.globals.password_file.as_deref(), PASSWORD_VARIABLE)
    }

    /// The new password of `--new-password-file` or of the environment.
    ///
    /// # Errors
    ///
    /// As [`Source::read_password`].
    pub(crate) fn given_new_password(&self, file: Option<&str>) -> Result<Option<Secret>, Failure> {
        given(file, NEW_PASSWORD_VARIABLE)
    }

    /// Does `work` with the open vault.
    ///
    /// # Errors
    ///
    /// As [`Session::open`]; what goes wrong later is in the report, beside what can be read.
    pub(crate) fn with_vault(
        &self,
        work: impl FnOnce(&mut Companion) -> Result<Report, Failure>,
    ) -> Result<Report, Failure> {
        let mut companion = self.open()?;
        let done = work(&mut companion);
        Ok(beside(done, &companion, self.now()))
    }

    /// The same for a verb that changes something: it also deletes for good what was in the trash for its time.
    ///
    /// # Errors
    ///
    /// As [`Session::with_vault`].
    pub(crate) fn with_vault_to_write(
        &self,
        work: impl FnOnce(&mut Companion) -> Result<Report, Failure>,
    ) -> Result<Report, Failure> {
        self.with_vault(|companion| {
            if companion.findings().write_error().is_none() {
                // What cannot be deleted now waits for the next change, which will say what is in the way.
                let _ = companion.purge_expired(self.now());
            }
            work(companion)
        })
    }

    /// Opens and unlocks the vault. A vault that cannot be opened is reported before a password is asked for.
    ///
    /// # Errors
    ///
    /// Those of [`VaultError`]; `password_needed` when nobody can be asked.
    fn open(&self) -> Result<Companion, Failure> {
        self.unlock_sources()?;
        let (location, anchors) = self.place()?;
        let locked = Companion::open(&location, anchors, Box::new(SystemEntropy::new()))
            .map_err(|error| not_opened(error, location.path()))?;
        if let Some(code) = self.given_recovery_code()? {
            return self
                .unlock(locked, &Key::Recovery(code))
                .map_err(|(_, failure)| failure);
        }
        if let Some(password) = self.given_password()? {
            return self
                .unlock(locked, &Key::Password(password))
                .map_err(|(_, failure)| failure);
        }
        self.ask_and_unlock(locked)
    }

    fn ask_and_unlock(&self, mut locked: LockedCompanion) -> Result<Companion, Failure> {
        if !self.console.can_ask_secret() {
            return Err(Failure::new(
                "password_needed",
                "There is no terminal to ask for the password on. Use --password-file FILE (or - or fd:3), \
                 --recovery-code-file FILE, or the variable COUNTERSIGN_PASSWORD.",
            ));
        }
        let mut tries = 1;
        loop {
            let key = self.ask_key(&locked)?;
            match self.unlock(locked, &key) {
                Ok(companion) => return Ok(companion),
                Err((again, failure))
                    if failure.name() == "wrong_password" && tries < PASSWORD_TRIES =>
                {
                    self.console.note("That was not it. Try again.");
                    locked = again;
                    tries += 1;
                }
                Err((_, failure)) => {
                    self.console.note(
                        "If the password is forgotten: --recovery-code-file FILE opens the vault too.",
                    );
                    return Err(failure);
                }
            }
        }
    }

    fn ask_key(&self, locked: &LockedCompanion) -> Result<Key, Failure> {
        if locked.has_password()? {
            return self.console.ask_password("Password:").map(Key::Password);
        }
        let text = self.console.ask_hidden("Recovery code:")?;
        RecoveryCode::parse(&text)
            .map(Key::Recovery)
            .map_err(|error| Failure::new(error.name(), sentence(&error.to_string())))
    }

    fn unlock(
        &self,
        locked: LockedCompanion,
        key: &Key,
    ) -> Result<Companion, (LockedCompanion, Failure)> {
        let credential = match key {
            Key::Password(password) => Credential::Password(password),
            Key::Recovery(code) => Credential::Recovery(code),
        };
        locked
            .unlock(&credential, self.now())
            .map_err(|(locked, error)| (locked, not_unlocked(error, key)))
    }
}

/// Why a vault was not opened, with its place where that is what may be wrong.
fn not_opened(error: VaultError, path: &Path) -> Failure {
    let place = shown_path(path, "this place");
    let is_link = path
        .symlink_metadata()
        .is_ok_and(|about| about.is_symlink());
    match error {
        VaultError::NoVault => Failure::new(
            error.name(),
            format!(
                "There is no vault at {place}. Make one with `countersign init`, or name yours with --vault."
            ),
        ),
        VaultError::NotAVault if is_link => Failure::new(
            error.name(),
            format!(
                "There is a symbolic link at {place}, which is not followed. Name the vault's own file with --vault."
            ),
        ),
        other => other.into(),
    }
}

/// Why a vault was not unlocked, with the way that may be open where this one is not there.
fn not_unlocked(error: VaultError, key: &Key) -> Failure {
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

impl From<VaultError> for Failure {
    fn from(error: VaultError) -> Self {
        let failure = Self::new(error.name(), sentence(&error.to_string()));
        match error.retry_after_s() {
            Some(retry_after_s) => failure.with("retry_after_s", retry_after_s),
            None => failure,
        }
    }
}

/// A variable of the environment; an empty one is as good as none.
fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

/// A password from a file, or else from the environment.
fn given(file: Option<&str>, name: &str) -> Result<Option<Secret>, Failure> {
    if let Some(text) = file {
        return Source::parse(text)?.read_password().map(Some);
    }
    // The copy that the system keeps of the environment cannot be wiped by safe code; this one is.
    let Some(value) = variable(name) else {
        return Ok(None);
    };
    let bytes = zeroize::Zeroizing::new(value.into_encoded_bytes());
    password_from(&bytes).map(Some)
}
