//! A child process with the library of faults under it.

use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use super::plan::Plan;
use super::trace::{self, Operation};
use crate::building::build;

/// The library that goes under a child; built once a process.
///
/// # Panics
///
/// When it does not compile.
pub fn library() -> &'static Path {
    static LIBRARY: OnceLock<PathBuf> = OnceLock::new();
    let arguments = ["--package", "countersign-faults"];
    LIBRARY.get_or_init(|| build(&arguments, "countersign_faults"))
}

/// What a child left, beside its files.
#[derive(Debug)]
pub struct Ended {
    /// How it ended.
    pub status: ExitStatus,
    /// The whole lines of its standard output.
    pub said: Vec<String>,
    /// What it did; empty without a trace.
    pub trace: Vec<Operation>,
}

/// How a child is watched.
#[derive(Clone, Debug)]
pub struct Watch {
    /// The folder in which operations count: a path without links.
    pub folder: PathBuf,
    /// The file for the trace, outside of the folder. It must not exist.
    pub trace: Option<PathBuf>,
    /// The fault; none only watches.
    pub plan: Option<Plan>,
}

impl Watch {
    /// Runs a program to its end.
    ///
    /// # Panics
    ///
    /// When it cannot be started.
    #[must_use]
    pub fn run(&self, command: &mut Command) -> Ended {
        let child = self.start(command);
        self.wait(child)
    }

    /// Runs a program and kills it after a while, unless it has ended before.
    ///
    /// # Panics
    ///
    /// When it cannot be started.
    #[must_use]
    pub fn run_and_kill(&self, command: &mut Command, after: Duration) -> Ended {
        let mut child = self.start(command);
        // Not to wait for anything: any moment is as good as another.
        std::thread::sleep(after);
        let _ = child.kill();
        self.wait(child)
    }

    fn start(&self, command: &mut Command) -> Child {
        command
            .env("LD_PRELOAD", library())
            .env("COUNTERSIGN_FAULTS_WATCH", &self.folder)
            .env_remove("COUNTERSIGN_FAULTS_TRACE")
            .env_remove("COUNTERSIGN_FAULTS_PLAN")
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        if let Some(trace) = &self.trace {
            command.env("COUNTERSIGN_FAULTS_TRACE", trace);
        }
        if let Some(plan) = &self.plan {
            command.env("COUNTERSIGN_FAULTS_PLAN", plan.to_string());
        }
        command.spawn().expect("the child starts")
    }

    fn wait(&self, mut child: Child) -> Ended {
        let stdout = child.stdout.take().expect("it is piped");
        let said = whole_lines(BufReader::new(stdout));
        let status = child.wait().expect("the child is ours");
        let trace = self.trace.as_ref().map(|trace| {
            let bytes = std::fs::read(trace).expect("the child left a trace");
            trace::read(&bytes)
        });
        Ended {
            status,
            said,
            trace: trace.unwrap_or_default(),
        }
    }
}

/// Lines that came to their end: half a line promises nothing.
fn whole_lines(mut reader: impl std::io::BufRead) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    while reader.read_line(&mut line).is_ok_and(|count| count > 0) {
        match line.strip_suffix('\n') {
            Some(whole) => lines.push(whole.to_owned()),
            None => break,
        }
        line.clear();
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_line_was_not_said() {
        assert_eq!(whole_lines("a\nbc\nd".as_bytes()), ["a", "bc"]);
        assert!(whole_lines("".as_bytes()).is_empty());
    }
}
