//! Running other programs, and saying so.

use std::fmt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Why a task ended early, in words for the person at the terminal.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
    /// A failure with its reason.
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The repository's top folder.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// The cargo that started this task, at work in the repository.
pub(crate) fn cargo() -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.current_dir(root());
    forget_cargo(&mut command);
    command
}

/// What `cargo run` gave this program must not reach the next cargo: it would compile parts again.
pub(crate) fn forget_cargo(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command.env_remove("LIBSQLITE3_FLAGS");
}

/// The command as one line for people: program name and arguments, without folders.
pub(crate) fn spelled(command: &Command) -> String {
    let program = PathBuf::from(command.get_program());
    let mut line = program.file_name().map_or_else(
        || program.display().to_string(),
        |name| name.to_string_lossy().into_owned(),
    );
    for argument in command.get_args() {
        line.push(' ');
        line.push_str(&argument.to_string_lossy());
    }
    line
}

/// Prints the command, runs it in the foreground and expects success.
pub(crate) fn run(command: &mut Command) -> Result<(), Failure> {
    let line = spelled(command);
    println!("$ {line}");
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure::new(format!("`{line}` ended with {status}"))),
        Err(error) => Err(Failure::new(format!("`{line}` could not start: {error}"))),
    }
}

/// Runs without a word and gives standard output, when the program exists and succeeds.
pub(crate) fn output(command: &mut Command) -> Option<String> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether a program with this name lies in a folder of `PATH`.
pub(crate) fn is_on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

/// The one folder outside the repository where tools and packages are kept.
pub(crate) fn cache() -> Result<PathBuf, Failure> {
    let base = match std::env::var_os("XDG_CACHE_HOME") {
        Some(folder) if !folder.is_empty() => PathBuf::from(folder),
        _ => std::env::var_os("HOME")
            .map(|home| PathBuf::from(home).join(".cache"))
            .ok_or_else(|| Failure::new("neither XDG_CACHE_HOME nor HOME is set"))?,
    };
    let folder = base.join("countersign");
    std::fs::create_dir_all(&folder)
        .map_err(|error| Failure::new(format!("cannot create the cache folder: {error}")))?;
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_spelled_without_its_folder() {
        let mut command = Command::new("/usr/bin/env");
        command.args(["-i", "true"]);
        assert_eq!(spelled(&command), "env -i true");
    }

    #[test]
    fn a_failing_program_has_no_output() {
        assert_eq!(output(&mut Command::new("false")), None);
        assert_eq!(output(&mut Command::new("no-such-program-here")), None);
        assert_eq!(
            output(Command::new("echo").arg("x")),
            Some("x\n".to_owned())
        );
    }
}
