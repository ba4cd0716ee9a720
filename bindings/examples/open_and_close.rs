//! For `cargo xtask bench`: what is in use of the library's memory after a vault was opened and closed 1,000 and 10,000 times, in
//! bytes, a line each. FOLDER is where the vault is made.
#![forbid(unsafe_code)]
#![expect(
    clippy::print_stdout,
    reason = "a program that measures prints what it measured"
)]

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;

use countersign::allocated::allocated_bytes;
use countersign::companion::Companion;
use countersign::companion::place::VaultPlace;
use countersign::ports::{Clock, PortError, Ports};
use countersign::reading::recovery_code::RecoveryCode;
use countersign_core::time::UnixSeconds;

/// Stands still.
struct StillClock;

impl Clock for StillClock {
    fn now(&self) -> Result<UnixSeconds, PortError> {
        Ok(UnixSeconds(1_800_000_000))
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args_os().nth(1).ok_or("FOLDER is missing")?);
    let place = || VaultPlace {
        path: folder.join("vault"),
        anchor_folder: Some(folder.join("anchors")),
    };
    let ports = Ports {
        clock: Arc::new(StillClock),
        transport: None,
        device_keys: None,
        anchor: None,
        notifier: None,
    };
    let code = RecoveryCode::generate()?;
    let recovery = Some(Arc::clone(&code));
    Companion::create(place(), ports.clone(), None, recovery, None, None)?.shut();
    let in_use_after = |times: u32| -> Result<u64, Box<dyn Error>> {
        for _ in 0..times {
            let companion = Companion::open(place(), ports.clone())?;
            companion.unlock_with_recovery(&code, None)?;
            companion.shut();
        }
        Ok(allocated_bytes())
    };
    let early = in_use_after(1_000)?;
    let late = in_use_after(9_000)?;
    // Printing takes memory too.
    println!("bytes-1000 {early}\nbytes-10000 {late}");
    Ok(())
}
