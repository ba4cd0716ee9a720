//! A folder for one child, and what the child is told to do there.

use std::path::{Path, PathBuf};
use std::process::Command;

use countersign_core::companion::Companion;
use countersign_core::secret::Secret;
use countersign_core::vault::{Credential, RecoveryCode, VaultError};
use countersign_tests::faults::child::{Ended, Watch};
use countersign_tests::faults::plan::Plan;
use countersign_tests::faults::tree::Tree;
use countersign_tests::vault_driver::{Line, Place, SeededEntropy};
use tempfile::TempDir;

/// The seed of every child's randomness; those who work at the same vault count on from it.
pub(crate) const SEED: u64 = 1_000;
/// The content of a vault that is not there.
pub(crate) const NOTHING: &str = "";

/// The watched folder, with room for traces beside it.
pub(crate) struct Scene {
    folder: TempDir,
}

impl Scene {
    /// With an empty watched folder.
    pub(crate) fn empty() -> Self {
        // In memory where that can be: what a disk would lose is computed, so nothing has to wait for one.
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
        let folder = folder.unwrap();
        std::fs::create_dir(folder.path().join("watched")).unwrap();
        Self { folder }
    }

    /// With the folders that a vault's program finds.
    pub(crate) fn new() -> Self {
        let scene = Self::empty();
        scene.place().make_folders().unwrap();
        scene
    }

    /// With what `tree` holds.
    pub(crate) fn of(tree: &Tree) -> Self {
        let scene = Self::empty();
        tree.write(&scene.watched()).unwrap();
        scene
    }

    /// The watched folder, by a path without links.
    pub(crate) fn watched(&self) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join("watched")
    }

    /// Everything in it.
    pub(crate) fn tree(&self) -> Tree {
        Tree::read(&self.watched()).unwrap()
    }

    /// The vault's place in it.
    pub(crate) fn place(&self) -> Place {
        Place::new(&self.watched())
    }

    /// A watch over it that leaves a trace.
    pub(crate) fn watch(&self, plan: Option<Plan>) -> Watch {
        let trace = (0..).map(|n| self.folder.path().join(format!("trace-{n}")));
        Watch {
            folder: self.watched(),
            trace: trace.into_iter().find(|path| !path.exists()),
            plan,
        }
    }

    /// Runs the vault's child.
    pub(crate) fn run(&self, steps: &[&str], plan: Option<Plan>) -> Ended {
        self.watch(plan).run(&mut self.driver(SEED, steps))
    }

    /// The command of the vault's child.
    pub(crate) fn driver(&self, seed: u64, steps: &[&str]) -> Command {
        self.driver_of("state", seed, steps)
    }

    /// The same for another installation.
    pub(crate) fn driver_of(&self, installation: &str, seed: u64, steps: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vault_driver"));
        command.arg(self.watched()).arg(installation);
        // EXPOSE: the child gets the code of a vault made for this test.
        command.arg(code().format().expose());
        command.arg(seed.to_string()).args(steps);
        command
    }

    /// The same for a vault with another recovery code.
    pub(crate) fn driver_with(&self, code: &str, steps: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vault_driver"));
        command.arg(self.watched()).args(["state", code]);
        command.arg(SEED.to_string()).args(steps);
        command
    }

    /// Opens the vault here, in this process, with the recovery code.
    pub(crate) fn open(&self) -> Result<Companion, VaultError> {
        self.place().open(&Credential::Recovery(&code()), SEED * 2)
    }

    /// Which of these passwords open the vault.
    pub(crate) fn opened_by<'a>(&self, passwords: &[&'a str]) -> Result<Vec<&'a str>, VaultError> {
        let mut opened = Vec::new();
        for password in passwords {
            let secret = Secret::copy_of(password.as_bytes());
            let credential = Credential::Password(&secret);
            match self.place().open(&credential, SEED * 3) {
                Ok(_) => opened.push(*password),
                Err(VaultError::WrongPassword) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(opened)
    }
}

/// The recovery code of all vaults here.
pub(crate) fn code() -> RecoveryCode {
    RecoveryCode::generate(&SeededEntropy::new(SEED)).unwrap()
}

/// What the child said, read.
pub(crate) fn lines(ended: &Ended) -> Vec<Line> {
    let lines = ended.said.iter().map(|line| Line::parse(line));
    lines.map(Option::unwrap).collect()
}

/// What is in the vault after each step of a run in which nothing fails.
pub(crate) fn contents(lines: &[Line]) -> Vec<String> {
    let content = |line: &Line| match line {
        Line::Done { content, .. } => content.clone(),
        Line::Failed { step, error } => panic!("step {step} failed: {error}"),
    };
    lines.iter().map(content).collect()
}

/// The command of the child that writes files.
pub(crate) fn file_writer(folder: &Path, steps: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_file_writer"));
    command.arg(folder).args(steps);
    command
}
