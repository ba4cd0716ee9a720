//! The verbs below `vault`: how the file stands, its snapshots, its ways to unlock, its key.

mod check;
mod listing;
mod restore;
mod rotate;
mod salvage;
mod slots;
mod snapshots;
mod status;

use countersign_core::companion::Companion;
use countersign_core::entropy::SystemEntropy;

use crate::args::VaultVerb;
use crate::failure::Failure;
use crate::report::Report;
use crate::session::Session;

/// What the person is asked for where a snapshot or a damaged file is opened.
const EITHER_KEY: &str = "Password, or recovery code:";
/// What is true of counters after an older state of the vault was put in its place.
const COUNTERS: &str = "Counter accounts (HOTP) may be behind: `countersign next` asks before it gives a code that may have been used already.\n";

/// What comes after a vault was put in its place.
const AFTERWARDS: &str =
    "Next: `countersign list`, and compare a code with what a website accepts.\n";

/// Does what is asked of the vault file.
///
/// # Errors
///
/// Whatever stood in the way, named.
pub(super) fn run(session: &Session, verb: &VaultVerb) -> Result<Report, Failure> {
    match verb {
        VaultVerb::Status(_) => status::run(session),
        VaultVerb::Check(args) => check::run(session, args),
        VaultVerb::Snapshots(args) => snapshots::run(session, args),
        VaultVerb::Restore(args) => restore::run(session, args),
        VaultVerb::Salvage(args) => salvage::run(session, args),
        VaultVerb::Slots(args) => slots::run(session, &args.verb),
        VaultVerb::Rotate(args) => rotate::run(session, args),
    }
}

/// Adds to a report what opens the vault that was just put in its place: a slot can be lost with what was damaged.
fn describe_ways(session: &Session, report: Report) -> Result<Report, Failure> {
    let (location, anchors) = session.place()?;
    let locked = Companion::open(&location, anchors, Box::new(SystemEntropy::new()))?;
    let ways = [
        ("password", locked.has_password()?),
        ("recovery", locked.has_recovery()?),
        ("keyring", locked.has_platform_key()?),
    ];
    let open = |is_open: bool| -> Vec<&str> {
        let of = ways.iter().filter(|(_, there)| *there == is_open);
        of.map(|(way, _)| *way).collect()
    };
    let missing: Vec<String> = open(false)
        .into_iter()
        // Most vaults have no key in a keyring, and miss none.
        .filter(|way| *way != "keyring")
        .map(|way| format!("`countersign vault slots add --{way}`"))
        .collect();
    let mut text = format!("It opens by: {}.", open(true).join(", "));
    if !missing.is_empty() {
        text.push_str(&format!(
            " If there was another way, it is lost: {}.",
            missing.join(", ")
        ));
    }
    Ok(report
        .member("opens_by", open(true))
        .text(format!("{text}\n")))
}
