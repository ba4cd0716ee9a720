//! The child of the tests of the fault harness itself: it writes files by the standard library, step by step, and says
//! after each step whether it was done. Steps are `write=FILE:TEXT`, `sync=FILE`, `rename=FROM:TO`, `link=FROM:TO`,
//! `copy=FROM:TO`, `remove=FILE`, `folder=NAME`, `cut=FILE` and `read=FILE`; the first argument is the folder.
#![forbid(unsafe_code)]

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((folder, steps)) = arguments.split_first() else {
        return ExitCode::from(2);
    };
    for step in steps {
        let done = perform(Path::new(folder), step);
        let line = match done.map_err(|error| error.raw_os_error()) {
            Ok(()) => format!("done {step}\n"),
            Err(number) => format!("failed {step} {}\n", number.unwrap_or(0)),
        };
        if io::stdout().write_all(line.as_bytes()).is_err() {
            return ExitCode::from(3);
        }
    }
    ExitCode::SUCCESS
}

fn perform(folder: &Path, step: &str) -> io::Result<()> {
    let (verb, about) = step.split_once('=').unwrap_or((step, ""));
    let (first, second) = about.split_once(':').unwrap_or((about, ""));
    let (path, other) = (folder.join(first), folder.join(second));
    match verb {
        "write" => File::create(path)?.write_all(second.as_bytes()),
        "sync" => File::open(path)?.sync_all(),
        "rename" => fs::rename(path, other),
        "link" => fs::hard_link(path, other),
        "copy" => fs::copy(path, other).map(|_| ()),
        "remove" => fs::remove_file(path),
        "folder" => fs::create_dir(path),
        "cut" => OpenOptions::new().write(true).open(path)?.set_len(1),
        "read" => fs::read(path).map(|_| ()),
        _ => Err(io::ErrorKind::InvalidInput.into()),
    }
}
