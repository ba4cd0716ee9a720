//! Somebody who knows the program only by its promises: folders of their own, and what a run left.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what has not its form fails the test"
)]
#![allow(dead_code, reason = "no test program needs all of it")]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use countersign_tests::program::countersign;
use serde_json::Value;
use tempfile::TempDir;

/// The password of every vault here.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// What a run left.
pub(crate) struct Run {
    pub(crate) exit: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) took: Duration,
}

impl Run {
    /// The one document on standard output.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|_| panic!("not exactly one document: {:?}", self.out))
    }

    /// The name of the document's error; empty without one.
    pub(crate) fn error(&self) -> String {
        self.json()["error"]["name"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// Fails unless the program ended so.
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(
            self.exit,
            Some(code),
            "out {:?} err {:?}",
            self.out,
            self.err
        );
        self
    }
}

/// A person with folders of their own.
pub(crate) struct Person {
    home: TempDir,
    pub(crate) vault: PathBuf,
}

impl Person {
    /// Somebody without a vault.
    pub(crate) fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let vault = home.path().join("place").join("vault");
        for name in ["tmp", "state", "data", "config", "cache"] {
            std::fs::create_dir(home.path().join(name)).unwrap();
        }
        Self { home, vault }
    }

    /// Somebody with an empty vault.
    pub(crate) fn with_vault() -> Self {
        let person = Self::new();
        person
            .run(&["init", "--no-recovery", "--kdf-passes", "3"])
            .exits(0);
        person
    }

    /// Somebody with these links in their vault.
    pub(crate) fn with(links: &[&str]) -> Self {
        let person = Self::with_vault();
        for link in links {
            person.add(link).exits(0);
        }
        person
    }

    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// The program as this person starts it, the password in the environment.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = countersign();
        command
            .args(arguments)
            .current_dir(self.home.path())
            .env("HOME", self.home.path())
            .env("TMPDIR", self.path("tmp"))
            .env("XDG_STATE_HOME", self.path("state"))
            .env("XDG_DATA_HOME", self.path("data"))
            .env("XDG_CONFIG_HOME", self.path("config"))
            .env("XDG_CACHE_HOME", self.path("cache"))
            .env("COUNTERSIGN_VAULT", &self.vault)
            .env("COUNTERSIGN_PASSWORD", PASSWORD)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        self.run_with(arguments, b"")
    }

    pub(crate) fn run_with(&self, arguments: &[&str], input: &[u8]) -> Run {
        finish(&mut self.command(arguments), input)
    }

    pub(crate) fn add(&self, link: &str) -> Run {
        self.run_with(&["add", "-", "--json"], link.as_bytes())
    }

    /// The rows of `list --json`, whatever the exit code.
    pub(crate) fn rows(&self) -> Vec<Value> {
        let document = self.run(&["list", "--json"]).json();
        document["accounts"].as_array().cloned().unwrap_or_default()
    }

    /// The row with this account name.
    pub(crate) fn row(&self, account: &str) -> Value {
        let rows = self.rows();
        rows.into_iter()
            .find(|row| row["account"] == account)
            .unwrap_or_default()
    }
}

/// Runs a command to its end with this on standard input.
pub(crate) fn finish(command: &mut Command, input: &[u8]) -> Run {
    let started = Instant::now();
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || {
        // Whoever is refused early does not read to the end.
        let _: std::io::Result<()> = pipe.write_all(&input);
    });
    let Output {
        status,
        stdout,
        stderr,
    } = child.wait_with_output().unwrap();
    writer.join().unwrap();
    Run {
        exit: status.code(),
        out: String::from_utf8(stdout).unwrap(),
        err: String::from_utf8(stderr).unwrap(),
        took: started.elapsed(),
    }
}

/// The program run through a shell, where `$CS` is its path: for redirections.
pub(crate) fn shell(person: &Person, script: &str) -> Run {
    let like = person.command(&[]);
    let mut command = Command::new("bash");
    command
        .args(["-c", script])
        .current_dir(person.home())
        .env("CS", like.get_program());
    for (name, value) in like.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    finish(&mut command, b"")
}

/// The names in a list of `{"name": …}`.
pub(crate) fn names(list: &Value) -> Vec<String> {
    let list = list.as_array().cloned().unwrap_or_default();
    list.iter()
        .map(|item| item["name"].as_str().unwrap_or_default().to_owned())
        .collect()
}
