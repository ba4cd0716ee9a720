//! Measurements of whole processes: memory, and from a program's start to its end.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use super::estimates::Turns;
use super::measures::{PEAK_EMPTY, PEAK_OPEN, START, START_KDF};
use crate::process::{self, Failure, cargo};

/// Processes differ more than rounds inside of one: more turns than criterion's.
const TURNS: usize = 21;
/// What `core/benches/filled` makes: the password, and an account that no other name contains.
const PASSWORD: &str = "only for measuring";
const ACCOUNT: &str = "person.500@example.org";

/// Builds the programs as they are released and measures them.
///
/// # Errors
///
/// A program that does not build, start or say what it should.
pub(super) fn measure(target: &Path) -> Result<Vec<(&'static str, Turns)>, Failure> {
    let mut build = cargo();
    build.args(["build", "--release", "--locked"]);
    process::run(build.args(["--package", "countersign-core", "--example", "yardstick"]))?;
    let mut build = cargo();
    build.args(["build", "--release", "--locked"]);
    process::run(build.args(["--package", "countersign"]))?;
    let bench = Programs {
        yardstick: target.join("release/examples/yardstick"),
        countersign: target.join("release/countersign"),
        folder: target.join("tmp/measured-programs"),
    };
    bench.clear()?;
    let measured = bench.memory().and_then(|mut measured| {
        measured.extend(bench.start()?);
        Ok(measured)
    });
    bench.clear()?;
    measured
}

struct Programs {
    yardstick: PathBuf,
    countersign: PathBuf,
    /// Vaults and all that the programs leave behind.
    folder: PathBuf,
}

impl Programs {
    fn clear(&self) -> Result<(), Failure> {
        if self.folder.exists() {
            std::fs::remove_dir_all(&self.folder)
                .map_err(|error| Failure::new(format!("cannot clear a folder: {error}")))?;
        }
        Ok(())
    }

    /// Peak bytes with 10,000 accounts open, and with nothing open. Only Linux says them: elsewhere there are none.
    fn memory(&self) -> Result<Vec<(&'static str, Turns)>, Failure> {
        if !cfg!(target_os = "linux") {
            return Ok(vec![]);
        }
        let vault = self.folder.join("large");
        let code = said(self.yardstick().arg("make").arg(&vault).arg("10000"))?;
        let (mut open, mut empty) = (vec![], vec![]);
        for _ in 0..TURNS {
            let opened = said(self.yardstick().arg("peak").arg(&vault).arg(&code))?;
            open.push(number(&opened)?);
            empty.push(number(&said(self.yardstick().arg("peak"))?)?);
        }
        Ok(vec![
            (PEAK_OPEN, Turns::new(open)),
            (PEAK_EMPTY, Turns::new(empty)),
        ])
    }

    /// Nanoseconds of `countersign code NAME` from start to end, and of a key derivation by itself.
    fn start(&self) -> Result<Vec<(&'static str, Turns)>, Failure> {
        let vault = self.folder.join("typical");
        let password = self.folder.join("password");
        said(self.yardstick().arg("make").arg(&vault).arg("1000"))?;
        std::fs::write(&password, PASSWORD)
            .map_err(|error| Failure::new(format!("cannot write a file: {error}")))?;
        let code = || {
            let mut command = Command::new(&self.countersign);
            command.args(["code", ACCOUNT]);
            command.arg("--vault").arg(&vault);
            command.arg("--password-file").arg(&password);
            // Anchors and all else that an installation keeps.
            command.env("HOME", &self.folder);
            command.env("XDG_STATE_HOME", self.folder.join("state"));
            said(&mut command)
        };
        // The first start of an hour notes the use of the password.
        code()?;
        let (mut whole, mut kdf) = (vec![], vec![]);
        for _ in 0..TURNS {
            let began = Instant::now();
            code()?;
            whole.push(began.elapsed().as_secs_f64() * 1e9);
            kdf.push(number(&said(self.yardstick().arg("kdf"))?)?);
        }
        Ok(vec![
            (START, Turns::new(whole)),
            (START_KDF, Turns::new(kdf)),
        ])
    }

    fn yardstick(&self) -> Command {
        Command::new(&self.yardstick)
    }
}

/// What a program prints, without the end of the line.
fn said(command: &mut Command) -> Result<String, Failure> {
    process::output(command)
        .map(|text| text.trim().to_owned())
        .ok_or_else(|| Failure::new(format!("`{}` failed", process::spelled(command))))
}

fn number(text: &str) -> Result<f64, Failure> {
    text.parse()
        .map_err(|_| Failure::new(format!("{text:?} is no number")))
}
