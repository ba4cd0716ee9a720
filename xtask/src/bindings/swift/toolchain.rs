//! The Swift toolchain. Debian has one, in a newer release than this machine may be: so that release is put into a folder of the
//! cache, and programs are run inside it.

use std::env::consts;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::inside::{self, Way};
use super::mirror;
use crate::process::{self, Failure};
use crate::setup;

/// The release of Debian whose toolchain it is.
const RELEASE: &str = "trixie";

/// The toolchain, what it compiles and links with, and what the tests' keys are made with.
const PACKAGES: &str =
    "swiftlang,libc6-dev,libstdc++-14-dev,libncurses-dev,libxml2-dev,git,ca-certificates,openssl";

/// What Debian's packages are signed with.
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// The least version that has what the package is written with.
const VERSION_MIN: (u32, u32) = (6, 0);

/// A toolchain that is ready.
#[derive(Debug)]
pub(in crate::bindings) enum Toolchain {
    /// The one of this machine.
    OnPath,
    /// One in a folder that programs see as their root.
    Inside {
        /// The folder.
        root: PathBuf,
        /// How programs are shown it.
        way: Way,
    },
}

/// Finds the toolchain, or installs it into the cache folder.
///
/// # Errors
///
/// There is none, and none can be installed here.
pub(in crate::bindings) fn prepare() -> Result<Toolchain, Failure> {
    if consts::OS != "linux" || !is_root() {
        return on_path();
    }
    let folder = process::cache()?.join("swift");
    let root = folder.join("root");
    if !is_ready(&folder) {
        install(&folder)?;
    }
    let way = inside::way(&root)?;
    Ok(Toolchain::Inside { root, way })
}

fn is_root() -> bool {
    process::output(Command::new("id").arg("-u")).is_some_and(|id| id.trim() == "0")
}

/// The toolchain of this machine, if it is new enough.
fn on_path() -> Result<Toolchain, Failure> {
    let said = process::output(Command::new("swift").arg("--version")).unwrap_or_default();
    if version(&said).is_some_and(|version| version >= VERSION_MIN) {
        return Ok(Toolchain::OnPath);
    }
    let (major, minor) = VERSION_MIN;
    Err(Failure::new(format!(
        "The Swift package needs Swift {major}.{minor} or newer on PATH. On Debian it is installed into the cache folder, \
         which takes root."
    )))
}

/// The version that a compiler says of itself.
fn version(said: &str) -> Option<(u32, u32)> {
    let (_, rest) = said.split_once("Swift version ")?;
    let mut numbers = rest
        .split(|letter: char| !letter.is_ascii_digit())
        .map(|number| number.parse().ok());
    Some((numbers.next()??, numbers.next()??))
}

/// Written last: what was installed.
fn stamp(folder: &Path) -> PathBuf {
    folder.join("installed.txt")
}

fn wanted() -> String {
    format!("{RELEASE}\n{PACKAGES}\n{}\n", consts::ARCH)
}

fn is_ready(folder: &Path) -> bool {
    let is_current = std::fs::read_to_string(stamp(folder)).is_ok_and(|had| had == wanted());
    is_current && folder.join("root/usr/libexec/swift/bin/swiftc").exists()
}

/// Puts the release and its toolchain into the folder. What an interrupted run has left there is removed first.
fn install(folder: &Path) -> Result<(), Failure> {
    let trouble = |error| {
        Failure::new(format!(
            "cannot make a place for the Swift toolchain: {error}"
        ))
    };
    std::fs::create_dir_all(folder).map_err(trouble)?;
    // Two runs at once must not install into one folder; the lock goes when the file is dropped.
    let lock = File::create(folder.join("lock")).and_then(|file| file.lock().map(|()| file));
    let _lock = lock.map_err(trouble)?;
    if is_ready(folder) {
        return Ok(());
    }
    let mirror = mirror::here().ok_or_else(|| {
        Failure::new("apt's sources name no mirror of Debian for the Swift toolchain")
    })?;
    setup::need_program("debootstrap", "debootstrap")?;
    if !Path::new(KEYRING).exists() {
        setup::need_program("debian-archive-keyring", "debian-archive-keyring")?;
    }
    // One that is not there says nothing either.
    let _ = std::fs::remove_file(stamp(folder));
    let root = folder.join("root");
    inside::clear(&root)?;
    println!("Installing the Swift toolchain into the cache folder, which takes some minutes");
    let mut debootstrap = inside::alone();
    debootstrap
        .args(["debootstrap", "--variant=minbase"])
        .arg(format!("--keyring={KEYRING}"))
        .arg(format!("--include={PACKAGES}"))
        .arg(RELEASE)
        .arg(&root)
        .arg(mirror);
    process::run(debootstrap.stdout(Stdio::null()))?;
    // What was fetched is unpacked now.
    let _ = std::fs::remove_dir_all(root.join("var/cache/apt/archives"));
    std::fs::create_dir_all(root.join(inside::REPOSITORY))
        .and_then(|()| std::fs::write(stamp(folder), wanted()))
        .map_err(trouble)
}

impl Toolchain {
    /// Runs a program of the toolchain in a folder of the repository.
    pub(super) fn run(
        &self,
        folder: &str,
        words: &[&str],
        environment: &[(&str, &str)],
    ) -> Result<(), Failure> {
        process::run(&mut self.command(folder, words, environment)?)
    }

    /// Runs one and gives what it says; only its errors are shown.
    pub(super) fn output(&self, folder: &str, words: &[&str]) -> Result<String, Failure> {
        let mut command = self.command(folder, words, &[])?;
        let line = words.join(" ");
        println!("$ {line}");
        let output = command
            .stderr(Stdio::inherit())
            .output()
            .map_err(|error| Failure::new(format!("`{line}` could not start: {error}")))?;
        if !output.status.success() {
            return Err(Failure::new(format!(
                "`{line}` ended with {}",
                output.status
            )));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn command(
        &self,
        folder: &str,
        words: &[&str],
        environment: &[(&str, &str)],
    ) -> Result<Command, Failure> {
        let repository = process::root()
            .canonicalize()
            .map_err(|error| Failure::new(format!("cannot find the repository: {error}")))?;
        let settings = environment
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        let mut command = match self {
            Self::OnPath => {
                let mut command = Command::new("env");
                command.current_dir(repository.join(folder));
                command
            }
            Self::Inside { root, way } => {
                let mut command = way.command(root, &repository);
                command.args(["env", "-i", "-C"]);
                command.arg(Path::new("/").join(inside::REPOSITORY).join(folder));
                command.args(["PATH=/usr/bin:/bin", "HOME=/root", "LANG=C.UTF-8"]);
                command
            }
        };
        command.args(settings).args(words);
        Ok(command)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_wherever_it_is_said() {
        let plain = "Swift version 6.0.3 (swift-6.0.3-RELEASE)\nTarget: x";
        assert_eq!(version(plain), Some((6, 0)));
        let apple = "swift-driver version: 1.1 Apple Swift version 6.10 (swiftlang-6)";
        assert_eq!(version(apple), Some((6, 10)));
        for none in ["", "Swift version", "Swift version x.y", "Swift version 6"] {
            assert_eq!(version(none), None, "{none}");
        }
        assert!((5, 10) < VERSION_MIN && (6, 1) > VERSION_MIN);
    }

    #[test]
    fn each_way_to_run_ends_with_what_is_run() {
        let spelled = |toolchain: Toolchain| {
            let environment = [("COUNTERSIGN_STRICT", "1")];
            let command = toolchain.command("bindings/swift", &["swift", "test"], &environment);
            process::spelled(&command.unwrap())
        };
        assert_eq!(
            spelled(Toolchain::OnPath),
            "env COUNTERSIGN_STRICT=1 swift test"
        );
        for (way, begin) in Way::ALL.into_iter().zip([
            "unshare --mount --propagation private sh -c",
            "unshare --user --map-root-user --mount --propagation private sh -c",
            "proot --bind=/proc",
        ]) {
            let root = PathBuf::from("/no-such-cache");
            let line = spelled(Toolchain::Inside { root, way });
            assert!(line.starts_with(begin), "{line}");
            assert!(line.contains("env -i -C /source/bindings/swift"), "{line}");
            assert!(line.ends_with("COUNTERSIGN_STRICT=1 swift test"), "{line}");
        }
    }
}
