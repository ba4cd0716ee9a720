//! From the command line to an open vault.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use countersign_core::companion::Companion;
use countersign_core::secret::Secret;
use countersign_core::time::UnixSeconds;
use countersign_core::uri::TestMode;
use countersign_core::vault::{AnchorFolder, RecoveryCode, VaultError, VaultLocation};
use serde_json::json;

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
/// More than any recovery code with its dashes.
const RECOVERY_BYTES_MAX: u64 = 4096;

/// What every verb gets: the options of all verbs, a voice, and a clock.
pub(crate) struct Session {
    globals: Globals,
    console: Console,
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

    /// Whether servers on this machine are taken.
    pub(crate) const fn test_mode(&self) -> TestMode {
        if self.globals.test_mode {
            TestMode::On
        } else {
            TestMode::Off
        }
    }

    /// Whether the desktop's keyring may be asked for its key.
    pub(crate) const fn may_use_keyring(&self) -> bool {
        !self.globals.no_keyring
    }

    /// One of our own commands as a person has to type it, with the vault's path where it was an option.
    pub(crate) fn command(&self, verb: &str) -> String {
        let Some(path) = &self.globals.vault else {
            return format!("countersign {verb}");
        };
        let path = shown_path(path, "PATH");
        let is_plain = |letter: char| letter.is_alphanumeric() || "/._-~+".contains(letter);
        if path.chars().all(is_plain) {
            format!("countersign {verb} --vault {path}")
        } else {
            format!(
                "countersign {verb} --vault '{}'",
                path.replace('\'', "'\\''")
            )
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

    /// Does `work` with the open vault, and makes a snapshot of what it changed.
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
        let report = beside(done, &companion, self.now());
        Ok(self.keep_snapshot(report, &mut companion))
    }

    /// A change is kept in a snapshot too. One that cannot be made is a remark: the change itself is on the disk.
    fn keep_snapshot(&self, report: Report, companion: &mut Companion) -> Report {
        if !report.is_changed() {
            return report;
        }
        let progress = self.console.progress("Making a snapshot");
        let made = companion.snapshot(self.now());
        drop(progress);
        match made {
            Ok(_) => report,
            Err(error) => report
                .warnings(vec![json!({"name": "no_snapshot"})])
                .note(format!(
                    "The change is stored, but no snapshot of it could be made: {error}."
                )),
        }
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
