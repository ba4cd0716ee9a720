//! What `cargo xtask bench` measures of a whole process: its memory, and a key derivation by itself.
//!
//! - `yardstick make VAULT ACCOUNTS` makes a vault and prints its recovery code.
//! - `yardstick peak [VAULT CODE]` opens that vault, or nothing, and prints the most bytes of memory that the process had
//!   (Linux only).
//! - `yardstick kdf` prints the nanoseconds of one key derivation.
#![forbid(unsafe_code)]
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measurement is printed, and ends where it is surprised"
)]

#[path = "../benches/filled/mod.rs"]
mod filled;

use std::path::Path;
use std::time::Instant;

use countersign_core::companion::Companion;
use countersign_core::entropy::SystemEntropy;
use countersign_core::vault::{Credential, KdfParams, NoAnchor, RecoveryCode, VaultLocation};
use filled::{NOW, filled};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["make", vault, accounts] => make(Path::new(vault), accounts.parse().unwrap()),
        ["peak"] => println!("{}", peak_bytes()),
        ["peak", vault, code] => {
            let companion = open(Path::new(vault), code);
            assert!(companion.findings().is_whole());
            println!("{}", peak_bytes());
        }
        ["kdf"] => {
            let began = Instant::now();
            KdfParams::rehearse().unwrap();
            println!("{}", began.elapsed().as_nanos());
        }
        _ => panic!("make VAULT ACCOUNTS, peak [VAULT CODE] or kdf"),
    }
}

fn make(vault: &Path, accounts: u16) {
    let recovery = RecoveryCode::generate(&SystemEntropy::new()).unwrap();
    drop(filled(vault, accounts, &recovery));
    // EXPOSE: it opens made-up accounts.
    println!("{}", recovery.format().expose());
}

fn open(vault: &Path, code: &str) -> Companion {
    let location = VaultLocation::new(vault);
    let entropy = Box::new(SystemEntropy::new());
    let locked = Companion::open(&location, Box::new(NoAnchor), entropy).unwrap();
    let code = RecoveryCode::parse(code).unwrap();
    locked
        .unlock(&Credential::Recovery(&code), NOW)
        .map_err(|(_, error)| error)
        .unwrap()
}

/// The kernel's high water mark of the process' memory.
fn peak_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.unwrap().trim().trim_end_matches("kB").trim_end();
    kib.parse::<u64>().unwrap() * 1024
}
