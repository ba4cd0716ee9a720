//! Installs what the tests need: formatting and linting tools, programs of other people, Python packages.
//!
//! Nothing is installed when nothing is missing: one `dpkg-query` and two stamp files say so.

use std::fs::File;
use std::path::PathBuf;
use std::process::Command;

use crate::options::Options;
use crate::process::{self, Failure};
use crate::python;

/// A program that tests compare ours with.
struct Tool {
    /// What is called, and what `--allow-missing` names.
    name: &'static str,
    /// The Debian package that has it.
    package: &'static str,
    /// What is left out without it.
    tests: &'static str,
}

/// What is left out without any of the three programs that a desktop of the tests is made of.
const KEYRING: &str = "the key in the desktop's keyring";

const TOOLS: [Tool; 8] = [
    Tool {
        name: "oathtool",
        package: "oathtool",
        tests: "codes against oathtool",
    },
    Tool {
        name: "qrencode",
        package: "qrencode",
        tests: "QR codes drawn by qrencode",
    },
    Tool {
        name: "zbarimg",
        package: "zbar-tools",
        tests: "our QR codes read by zbarimg",
    },
    Tool {
        name: "convert",
        package: "imagemagick",
        tests: "distorted images",
    },
    Tool {
        name: "tmux",
        package: "tmux",
        tests: "the program in a real terminal",
    },
    Tool {
        name: "dbus-daemon",
        package: "dbus",
        tests: KEYRING,
    },
    Tool {
        name: "gnome-keyring-daemon",
        package: "gnome-keyring",
        tests: KEYRING,
    },
    Tool {
        name: "secret-tool",
        package: "libsecret-tools",
        tests: KEYRING,
    },
];

/// The names that `--allow-missing` takes: every tool, Python with its packages, and what Kotlin and Swift are
/// compiled and run with.
const NAMES: [&str; 11] = [
    "oathtool",
    "qrencode",
    "zbarimg",
    "convert",
    "tmux",
    "dbus-daemon",
    "gnome-keyring-daemon",
    "secret-tool",
    "python",
    "kotlin",
    "swift",
];

/// What set-up found or made, for the tests that follow.
pub(crate) struct Ready {
    /// The Python that has the pinned packages; none when it may be missing and is.
    pub(crate) python: Option<PathBuf>,
}

/// `cargo xtask setup`.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    prepare(&parse(arguments)?).map(drop)
}

/// The options of `test` and `setup`.
pub(crate) fn parse(arguments: &[String]) -> Result<Options, Failure> {
    Options::parse(arguments, &NAMES)
}

/// Installs what is missing, says what it does, and fails for what stays missing without leave.
pub(crate) fn prepare(options: &Options) -> Result<Ready, Failure> {
    // Two runs at once must not install into one folder; the lock goes when the file is dropped.
    let lock = File::create(process::cache()?.join("lock"))
        .and_then(|file| file.lock().map(|()| file))
        .map_err(|error| Failure::new(format!("cannot lock the cache folder: {error}")))?;

    rust_components()?;
    let missing: Vec<&Tool> = missing_tools();
    let needs_venv = !python::PEERS.is_ready()? && python::interpreter().is_none();
    let mut packages: Vec<&str> = missing.iter().map(|tool| tool.package).collect();
    if needs_venv {
        packages.push("python3-venv");
    }
    let problem = if packages.is_empty() {
        None
    } else {
        apt_install(&packages).err()
    };
    let mut absent: Vec<(&str, &str)> = missing_tools()
        .iter()
        .map(|tool| (tool.name, tool.tests))
        .collect();
    let python = match python::PEERS.prepare() {
        Ok(python) => Some(python),
        Err(failure) => {
            println!("Python packages: {failure}");
            absent.push(("python", "codes and vaults against Python packages"));
            None
        }
    };
    drop(lock);
    refuse_absent(&absent, options, problem.as_ref())?;
    println!("Everything else that the tests need is here.");
    Ok(Ready { python })
}

/// Installs the Debian package that has `program` when it is not on `PATH`.
pub(crate) fn need_program(program: &str, package: &str) -> Result<(), Failure> {
    if process::is_on_path(program) {
        Ok(())
    } else {
        apt_install(&[package])
    }
}

/// Names what is absent; an error unless every name is allowed.
fn refuse_absent(
    absent: &[(&str, &str)],
    options: &Options,
    problem: Option<&Failure>,
) -> Result<(), Failure> {
    if let Some(problem) = problem {
        println!("{problem}");
    }
    for (name, tests) in absent {
        println!("{name} is missing; without it these cannot be tested: {tests}");
    }
    let refused: Vec<&str> = absent
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| !options.allows(name))
        .collect();
    if refused.is_empty() {
        return Ok(());
    }
    let list = refused.join(",");
    Err(Failure::new(format!(
        "Missing: {list}. Install by hand, or leave their tests out with `--allow-missing {list}`."
    )))
}

/// Asks rustup for rustfmt and clippy where the toolchain came without them.
fn rust_components() -> Result<(), Failure> {
    let absent: Vec<&str> = [("fmt", "rustfmt"), ("clippy", "clippy")]
        .into_iter()
        .filter(|(subcommand, _)| {
            process::output(process::cargo().args([subcommand, "--version"])).is_none()
        })
        .map(|(_, component)| component)
        .collect();
    if absent.is_empty() {
        return Ok(());
    }
    println!("Adding to the Rust toolchain: {}", absent.join(", "));
    process::run(
        Command::new("rustup")
            .args(["component", "add"])
            .args(absent),
    )
}

/// Tools that are not installed: asked of dpkg where there is one (a program of the same name may be
/// something else), of `PATH` elsewhere.
fn missing_tools() -> Vec<&'static Tool> {
    if process::is_on_path("dpkg-query") {
        let mut query = Command::new("dpkg-query");
        query.args(["--show", "--showformat", "${Package} ${db:Status-Status}\n"]);
        query.args(TOOLS.iter().map(|tool| tool.package));
        query.stdin(std::process::Stdio::null());
        // It ends with 1 when one package is unknown, and still lists the others.
        let listed = query
            .output()
            .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
            .unwrap_or_default();
        let is_installed = |tool: &Tool| {
            let line = format!("{} installed", tool.package);
            listed.lines().any(|listed| listed == line)
        };
        TOOLS.iter().filter(|tool| !is_installed(tool)).collect()
    } else {
        TOOLS
            .iter()
            .filter(|tool| !process::is_on_path(tool.name))
            .collect()
    }
}

/// Installs Debian packages, as root or through sudo.
fn apt_install(packages: &[&str]) -> Result<(), Failure> {
    let list = packages.join(" ");
    if !process::is_on_path("apt-get") {
        return Err(Failure::new(format!(
            "There is no apt-get here to install {list}."
        )));
    }
    let is_root = process::output(Command::new("id").arg("-u")).is_some_and(|id| id.trim() == "0");
    if !is_root && !process::is_on_path("sudo") {
        return Err(Failure::new(format!(
            "Installing {list} needs root, and there is no sudo."
        )));
    }
    let apt = |arguments: &[&str]| {
        let mut words = vec!["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"];
        words.extend(arguments);
        if !is_root {
            words.insert(0, "sudo");
        }
        let mut command = Command::new(words.remove(0));
        command.args(words);
        process::run(&mut command)
    };
    println!("Installing Debian packages: {list}");
    apt(&["update", "--quiet"])?;
    let mut install = vec!["install", "--yes", "--quiet", "--no-install-recommends"];
    install.extend(packages);
    apt(&install)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_may_be_named() {
        for tool in &TOOLS {
            assert!(NAMES.contains(&tool.name), "{}", tool.name);
        }
        assert_eq!(NAMES.len(), TOOLS.len() + 3);
    }

    #[test]
    fn a_missing_tool_is_refused_until_it_is_named() {
        let absent = [("oathtool", "codes against oathtool")];
        let refusal = refuse_absent(&absent, &Options::default(), None).unwrap_err();
        assert!(
            refusal.to_string().contains("--allow-missing oathtool"),
            "{refusal}"
        );
        let options = parse(&["--allow-missing=oathtool".to_owned()]).unwrap();
        assert!(refuse_absent(&absent, &options, None).is_ok());
        let options = parse(&["--allow-missing=tmux".to_owned()]).unwrap();
        assert!(refuse_absent(&absent, &options, None).is_err());
    }
}
