//! `countersign-scripted [PORT]`: a server for tests in any language. It prints where it listens as one line of JSON and runs
//! until its standard input ends, so that it never outlives the test that started it.
#![forbid(unsafe_code)]

use std::io::{Read as _, Write as _};
use std::process::ExitCode;

use countersign_scripted::Scripted;
use serde_json::json;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let words = format!("countersign-scripted: {error}\n");
            // Without a standard error there is nobody to tell.
            drop(std::io::stderr().write_all(words.as_bytes()));
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn std::error::Error>> {
    let port = match std::env::args().nth(1) {
        Some(port) => port
            .parse::<u16>()
            .map_err(|_| "usage: countersign-scripted [PORT]")?,
        None => 0,
    };
    let scripted = Scripted::start_with(port, |_| {})?;
    let line = json!({"address": scripted.address.to_string(), "url": scripted.url});
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{line}")?;
    stdout.flush()?;
    std::io::stdin().lock().read_to_end(&mut Vec::new())?;
    Ok(())
}
