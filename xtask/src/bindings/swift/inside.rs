//! How a program gets a folder as its root, with the repository in it, and how such a folder is removed.
//!
//! What is mounted for that is mounted for the one program alone (a mount namespace of its own): when it has ended, or was killed,
//! nothing is left mounted. Where nothing may be mounted, as in some containers, proot shows the program the same at each of its
//! calls, which takes four times as long. Without /proc no program of Swift's starts, so a plain chroot is none of the ways.

use std::path::Path;
use std::process::Command;

use crate::process::{self, Failure};
use crate::setup;

/// Where the repository is seen from inside.
pub(super) const REPOSITORY: &str = "source";

/// How a program gets another root.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::bindings) enum Way {
    /// By mounts of its own.
    Mounts,
    /// By mounts in a user namespace, which take no right of this machine's.
    MountsOfAUser,
    /// By proot, which traces it.
    Traced,
}

impl Way {
    #[cfg(test)]
    pub(super) const ALL: [Self; 3] = [Self::Mounts, Self::MountsOfAUser, Self::Traced];

    /// What is mounted behind these words is mounted for the program alone that they begin.
    const fn words(self) -> &'static [&'static str] {
        match self {
            Self::Mounts => &["unshare", "--mount", "--propagation", "private"],
            Self::MountsOfAUser => &[
                "unshare",
                "--user",
                "--map-root-user",
                "--mount",
                "--propagation",
                "private",
            ],
            Self::Traced => &["proot"],
        }
    }

    fn begun(self) -> Command {
        let mut words = self.words().iter();
        let mut command = Command::new(words.next().unwrap_or(&"env"));
        command.args(words);
        command
    }

    fn may_mount(self, root: &Path) -> bool {
        let mut mount = self.begun();
        mount.args(["mount", "--rbind", "/proc"]);
        process::output(mount.arg(root.join("proc"))).is_some()
    }

    /// The beginning of a command that runs what follows with a folder as its root.
    pub(super) fn command(self, root: &Path, repository: &Path) -> Command {
        let mut command = self.begun();
        match self {
            Self::Mounts | Self::MountsOfAUser => {
                command.args(["sh", "-c", MOUNT_AND_RUN, "sh"]);
                command.arg(root).arg(repository);
            }
            Self::Traced => {
                // It does not know each call that names a file: temporary ones have the same name on both sides.
                command.args(["--bind=/proc", "--bind=/dev", "--bind=/tmp"]);
                command.arg(format!("--bind={}:/{REPOSITORY}", repository.display()));
                command.arg("--rootfs").arg(root);
            }
        }
        command
    }
}

/// Mounts the repository and what programs ask the kernel by, then runs what follows with the folder as its root.
const MOUNT_AND_RUN: &str = "root=$1 repository=$2; shift 2; mount --rbind /proc \"$root/proc\" && \
     mount --bind \"$repository\" \"$root/source\" && exec chroot \"$root\" \"$@\"";

/// The first way that works here; proot is installed where none of the others does.
///
/// # Errors
///
/// proot cannot be installed.
pub(super) fn way(root: &Path) -> Result<Way, Failure> {
    let mounts = [Way::Mounts, Way::MountsOfAUser];
    match mounts.into_iter().find(|way| way.may_mount(root)) {
        Some(way) => Ok(way),
        None => setup::need_program("proot", "proot").map(|()| Way::Traced),
    }
}

/// The beginning of a command whose mounts are its own, where that can be.
pub(super) fn alone() -> Command {
    if process::output(Way::Mounts.begun().arg("true")).is_some() {
        Way::Mounts.begun()
    } else {
        Command::new("env")
    }
}

/// Removes a folder that was a root, and nothing that somebody has mounted there.
pub(super) fn clear(root: &Path) -> Result<(), Failure> {
    if !root.exists() {
        return Ok(());
    }
    let mounts = std::fs::read_to_string("/proc/self/mountinfo")
        .map_err(|error| Failure::new(format!("cannot read what is mounted: {error}")))?;
    if let Some(mounted) = mounted_below(&mounts, root) {
        return Err(Failure::new(format!(
            "{mounted} is mounted in the folder of the Swift toolchain: unmount it first"
        )));
    }
    process::run(
        Command::new("rm")
            .args(["-rf", "--one-file-system"])
            .arg(root),
    )
}

/// The first place at or below a folder where something is mounted.
fn mounted_below<'a>(mounts: &'a str, folder: &Path) -> Option<&'a str> {
    mounts
        .lines()
        .filter_map(|line| line.split(' ').nth(4))
        .find(|place| Path::new(place).starts_with(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_is_mounted_where_it_is_looked_for() {
        assert!(MOUNT_AND_RUN.contains(&format!("\"$root/{REPOSITORY}\"")));
    }

    #[test]
    fn what_is_mounted_in_the_folder_is_seen() {
        let mounts = "22 1 0:20 / /proc rw - proc proc rw\n30 1 0:5 / /cache/swift/root/proc rw - proc proc rw\n";
        let found = |folder: &str| mounted_below(mounts, Path::new(folder));
        assert_eq!(found("/cache/swift/root"), Some("/cache/swift/root/proc"));
        for free in ["/cache/swift/ro", "/cache/swift/root2", "/elsewhere"] {
            assert_eq!(found(free), None, "{free}");
        }
    }
}
