//! The verbs below `vault`: how the file stands, its snapshots, its ways to unlock, its key.

mod check;
mod listing;
mod restore;
mod rotate;
mod salvage;
mod slots;
mod snapshots;
mod status;

use crate::args::VaultVerb;
use crate::failure::Failure;
use crate::report::Report;
use crate::session::Session;

/// What the person is asked for where a snapshot or a damaged file is opened.
const EITHER_KEY: &str = "Password, or recovery code:";
/// What is true of counters after an older state of the vault was put in its place.
const COUNTERS: &str = "Counter accounts (HOTP) may be behind: `countersign next` asks before it gives a code that may have been used already.\n";

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
