//! A child that does to a vault what it is told, step by step, and says after each committed step what is true now.
//! Its parent kills it, fails its disk or cuts the power, and holds the vault against what was said.

mod approvals;
mod entropy;
mod session;
mod steps;

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use countersign_core::companion::Companion;
use countersign_core::otp::OtpKind;
use countersign_core::time::UnixSeconds;
use countersign_core::vault::{
    AnchorFolder, Credential, LockedVault, RecoveryCode, VaultError, VaultLocation,
};

use approvals::Approvals;
pub use entropy::SeededEntropy;
use session::Session;

/// The one time of all steps.
pub const NOW: UnixSeconds = UnixSeconds(1_800_000_000);

/// A folder with a vault in it, as one installation sees it: its anchors lie there too.
#[derive(Clone, Debug)]
pub struct Place {
    folder: PathBuf,
    installation: String,
}

impl Place {
    /// The place in a folder, for the installation called `state`. Nothing is made yet.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            installation: "state".to_owned(),
        }
    }

    /// The same vault for another installation.
    #[must_use]
    pub fn seen_by(self, installation: &str) -> Self {
        Self {
            installation: installation.to_owned(),
            ..self
        }
    }

    /// Where the vault lies.
    #[must_use]
    pub fn vault(&self) -> VaultLocation {
        VaultLocation::new(&self.folder.join("home/vault"))
    }

    /// The folders that lie there before a vault is made.
    ///
    /// # Errors
    ///
    /// When they cannot be made.
    pub fn make_folders(&self) -> std::io::Result<()> {
        std::fs::create_dir(self.folder.join("home"))?;
        self.make_state()
    }

    /// The folder for the installation's anchors.
    ///
    /// # Errors
    ///
    /// When it cannot be made.
    pub fn make_state(&self) -> std::io::Result<()> {
        std::fs::create_dir(self.folder.join(&self.installation))
    }

    /// The installation's anchors.
    #[must_use]
    pub fn anchors(&self) -> AnchorFolder {
        AnchorFolder::new(
            Some(self.folder.join(&self.installation)),
            // One name wherever the folder lies: what a crash left is looked at elsewhere.
            Path::new("/vault"),
        )
    }

    /// Opens the vault's file, without anything around it.
    ///
    /// # Errors
    ///
    /// Those of opening.
    pub fn open_locked(&self, seed: u64) -> Result<LockedVault, VaultError> {
        let entropy = Box::new(SeededEntropy::new(seed));
        LockedVault::open(&self.vault(), Box::new(self.anchors()), entropy)
    }

    /// Opens the vault and unlocks it.
    ///
    /// # Errors
    ///
    /// Those of opening and of unlocking.
    pub fn open(&self, credential: &Credential<'_>, seed: u64) -> Result<Companion, VaultError> {
        let entropy = Box::new(SeededEntropy::new(seed));
        let locked = Companion::open(&self.vault(), Box::new(self.anchors()), entropy)?;
        let unlocked = locked.unlock(credential, NOW);
        unlocked.map_err(|(_, error)| error)
    }
}

/// A line that the child said.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Line {
    /// The step is committed, and this is true now.
    Done {
        /// The step's number, from 0.
        step: usize,
        /// Everything in the vault, as [`describe`] has it.
        content: String,
    },
    /// The step failed. It is tried once more.
    Failed {
        /// The step's number, from 0.
        step: usize,
        /// The error's name.
        error: String,
    },
}

impl Line {
    /// Reads a line; `None` for anything else.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        let (verdict, rest) = line.split_once(' ')?;
        let (step, rest) = rest.split_once(' ')?;
        let (step, rest) = (step.parse().ok()?, rest.to_owned());
        match verdict {
            "done" => Some(Self::Done {
                step,
                content: rest,
            }),
            "failed" => Some(Self::Failed { step, error: rest }),
            _ => None,
        }
    }
}

/// Everything in a vault as one line: accounts by name, with counters, notes, tags, and whether they are in the trash; then
/// what approvals keep.
#[must_use]
pub fn describe(companion: &Companion) -> String {
    let accounts = describe_accounts(companion);
    match Approvals::of(companion.vault(), &[]) {
        Ok(approvals) => format!("{accounts}{approvals}"),
        Err(error) => format!("{accounts} {}", error.name()),
    }
}

fn describe_accounts(companion: &Companion) -> String {
    let rows = companion.list(NOW).into_iter().chain(companion.trash());
    let mut accounts: Vec<String> = rows
        .map(|row| {
            let mut text = row.account.as_str().to_owned();
            if let OtpKind::Hotp { counter, .. } = row.kind {
                text.push_str(&format!("#{}", counter.value()));
            }
            for tag in &row.tags {
                text.push_str(&format!("+{}", tag.as_str()));
            }
            match companion.note(row.id) {
                // EXPOSE: notes of these vaults are part of what the tests compare.
                Ok(note) if row.has_note => text.push_str(&format!("={}", note.expose())),
                Ok(_) => {}
                Err(error) => text.push_str(error.name()),
            }
            if row.trashed_at.is_some() {
                text.push_str("(trash)");
            }
            text
        })
        .collect();
    accounts.sort();
    format!("[{}]", accounts.join(" "))
}

/// The child: `FOLDER INSTALLATION CODE SEED STEP…`, where CODE is the vault's recovery code and SEED a number that fixes
/// all randomness. A step that fails is tried once more, and then the next one comes.
#[must_use]
pub fn run(arguments: &[String]) -> ExitCode {
    let [folder, installation, code, seed, steps @ ..] = arguments else {
        return ExitCode::from(2);
    };
    let (Ok(code), Ok(seed)) = (RecoveryCode::parse(code), seed.parse()) else {
        return ExitCode::from(2);
    };
    let place = Place::new(Path::new(folder)).seen_by(installation);
    let mut session = Session::new(place, code, seed);
    for (number, step) in steps.iter().enumerate() {
        let Some((perform, about)) = steps::find(step) else {
            return ExitCode::from(2);
        };
        for _ in 0..2 {
            let performed = perform(&mut session, about);
            let line = match performed {
                Ok(()) => format!("done {number} {}\n", session.content()),
                Err(error) => format!("failed {number} {}\n", error.name()),
            };
            // Nobody listens any more: nothing more is promised.
            if std::io::stdout().write_all(line.as_bytes()).is_err() {
                return ExitCode::from(3);
            }
            match performed {
                Ok(()) => break,
                Err(error) => session.recover(error),
            }
        }
    }
    ExitCode::SUCCESS
}

/// Whether a folder entry is one that a vault at work may leave: its own files and SQLite's, snapshots, what was set
/// aside, and the anchors.
#[must_use]
pub fn is_expected(path: &Path) -> bool {
    let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
    matches!(
        name,
        "vault" | "vault-wal" | "vault-shm" | "vault.lock" | "vault.lock-snap"
    ) || name.starts_with("vault.snap-")
        || name.starts_with("vault.damaged-")
        || (name.starts_with("anchor-") && path.starts_with("state"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_verdict_a_number_and_the_rest() {
        let content = "[a b#3]".to_owned();
        let done = Line::Done { step: 4, content };
        assert_eq!(Line::parse("done 4 [a b#3]"), Some(done));
        let error = "disk_full".to_owned();
        let failed = Line::Failed { step: 0, error };
        assert_eq!(Line::parse("failed 0 disk_full"), Some(failed));
        assert_eq!(Line::parse("done x []"), None);
        assert_eq!(Line::parse("don"), None);
    }
}
