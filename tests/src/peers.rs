//! Programs nobody here wrote, which ours must agree with.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

/// A program and how to be sure that it is the one that is meant.
struct Peer {
    name: &'static str,
    /// Arguments that make it name itself.
    probe: &'static [&'static str],
    /// What it then says, somewhere on standard output or error.
    says: &'static str,
}

const PEERS: [Peer; 8] = [
    Peer {
        name: "oathtool",
        probe: &["--version"],
        says: "oathtool",
    },
    Peer {
        name: "qrencode",
        probe: &["--version"],
        says: "qrencode",
    },
    Peer {
        name: "zbarimg",
        probe: &["--help"],
        says: "usage: zbarimg",
    },
    Peer {
        name: "convert",
        probe: &["-version"],
        says: "ImageMagick",
    },
    Peer {
        name: "tmux",
        probe: &["-V"],
        says: "tmux",
    },
    Peer {
        name: "dbus-daemon",
        probe: &["--version"],
        says: "D-Bus Message Bus Daemon",
    },
    Peer {
        name: "gnome-keyring-daemon",
        probe: &["--version"],
        says: "gnome-keyring-daemon",
    },
    Peer {
        name: "secret-tool",
        probe: &["--help"],
        says: "usage: secret-tool",
    },
];

/// A command that runs the named program; none, with a printed line, when it is missing and may be.
///
/// Every folder of `PATH` is tried until the program that is found also says that it is the one meant.
///
/// # Panics
///
/// When it is missing and `COUNTERSIGN_ALLOW_MISSING` does not name it, and for a name that is no peer.
#[must_use]
pub fn peer(name: &str) -> Option<Command> {
    let peer = PEERS
        .iter()
        .find(|peer| peer.name == name)
        .expect("one of the programs that `cargo xtask setup` installs");
    match find_once(peer) {
        Some(program) => Some(Command::new(program)),
        None => {
            leave_out(name);
            None
        }
    }
}

/// Notes that tests with `name` are left out.
///
/// # Panics
///
/// When `COUNTERSIGN_ALLOW_MISSING` does not name it.
pub fn leave_out(name: &str) {
    let allowed = std::env::var("COUNTERSIGN_ALLOW_MISSING").unwrap_or_default();
    assert!(
        allowed.split(',').any(|allowed| allowed == name),
        "{name} is missing: run `cargo xtask test`, which installs it"
    );
    say_left_out(name);
}

#[expect(clippy::print_stdout, reason = "what was left out must be seen")]
fn say_left_out(name: &str) {
    println!("left out: {name} is missing, and may be");
}

/// Every program is looked for once a process: tests ask thousands of times.
fn find_once(peer: &Peer) -> Option<PathBuf> {
    static FOUND: Mutex<Option<HashMap<&str, Option<PathBuf>>>> = Mutex::new(None);
    let mut found = FOUND.lock().unwrap_or_else(PoisonError::into_inner);
    found
        .get_or_insert_default()
        .entry(peer.name)
        .or_insert_with(|| find(peer))
        .clone()
}

fn find(peer: &Peer) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(peer.name))
        .find(|program| program.is_file() && names_itself(program, peer))
}

fn names_itself(program: &Path, peer: &Peer) -> bool {
    Command::new(program)
        .args(peer.probe)
        .stdin(Stdio::null())
        .output()
        .is_ok_and(|output| {
            let said = [output.stdout, output.stderr].concat();
            String::from_utf8_lossy(&said).contains(peer.says)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_of_the_same_name_that_is_another_is_not_taken() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("convert");
        std::fs::copy("/bin/true", &program).unwrap();
        let [_, _, _, convert, ..] = &PEERS;
        assert!(!names_itself(&program, convert));
    }

    #[test]
    #[should_panic(expected = "run `cargo xtask test`, which installs it")]
    fn what_is_missing_and_not_allowed_fails_the_test() {
        leave_out("no-such-program");
    }
}
