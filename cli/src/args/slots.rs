//! `countersign vault slots`: the ways to unlock.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::vault::{Aside, Cost};

/// `countersign vault slots`.
#[derive(Args, Debug)]
pub(crate) struct SlotsArgs {
    /// What to do with the ways to unlock.
    #[command(subcommand)]
    pub(crate) verb: SlotsVerb,
}

/// The verbs below `vault slots`.
#[derive(Debug, Subcommand)]
pub(crate) enum SlotsVerb {
    /// Show the ways to unlock
    List(ListSlotsArgs),
    /// Add a way to unlock, or replace the recovery code
    Add(AddSlotArgs),
    /// Remove a way to unlock, and renew the vault's key
    Remove(RemoveSlotArgs),
}

/// `countersign vault slots list`.
#[derive(Args, Debug)]
#[command(after_help = "\
Exit codes: 0 shown; 3 wrong password; 4 damaged

Examples:
  countersign vault slots list
  countersign vault slots list --json")]
pub(crate) struct ListSlotsArgs {}

/// `countersign vault slots add`.
#[derive(Args, Debug)]
#[command(after_help = "\
A vault has one password and one recovery code at most; `countersign passwd` changes the password, \
--recovery --replace the code. A key in the desktop's keyring (GNOME Keyring, KWallet, KeePassXC) \
unlocks without a question while that keyring is unlocked, for every program of yours that asks it; \
--no-keyring leaves it out. It never replaces a password or a recovery code.

Exit codes: 0 added; 1 there is one already (slot_exists), or not confirmed; 2 usage; 3 wrong \
            password; 4 damaged or tampered; 5 busy, full, or no keyring (platform_key_not_available)

Examples:
  countersign vault slots add --keyring
  countersign vault slots add --recovery --recovery-file recovery.txt
  countersign vault slots add --recovery --replace
  countersign vault slots add --password --new-password-file fd:3 3< new.txt")]
pub(crate) struct AddSlotArgs {
    /// Which kind.
    #[command(flatten)]
    pub(crate) kind: NewSlotKind,
    /// Read the new password from FILE, from standard input (-) or from a descriptor (fd:3)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["recovery", "keyring"])]
    pub(crate) new_password_file: Option<String>,
    /// How much work the password costs.
    #[command(flatten)]
    pub(crate) cost: Cost,
    /// Write the recovery code to FILE (made new, readable only by you) or to standard output (-)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["password", "keyring"])]
    pub(crate) recovery_file: Option<PathBuf>,
    /// Put a new recovery code in the place of the one there is, and renew the vault's key
    #[arg(long, conflicts_with_all = ["password", "keyring"])]
    pub(crate) replace: bool,
    /// What happens to damaged rows.
    #[command(flatten)]
    pub(crate) aside: Aside,
}

/// The kinds of ways to unlock that can be added.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub(crate) struct NewSlotKind {
    /// A password, for a vault that has none
    #[arg(long)]
    pub(crate) password: bool,
    /// A recovery code
    #[arg(long)]
    pub(crate) recovery: bool,
    /// A key in the desktop's keyring
    #[arg(long)]
    pub(crate) keyring: bool,
}

/// `countersign vault slots remove`.
#[derive(Args, Debug)]
#[command(after_help = "\
The vault gets a new key in the same step: what is removed opens no copy of what is written from now \
on. A password or a recovery code always stays, unless you say that this is a managed device, whose \
accounts are enrolled anew when it is lost.

Exit codes: 0 removed; 1 no such way, the last one (last_slot), several keyrings (ambiguous_slot), or \
            not confirmed; 3 wrong password; 4 damaged or tampered; 5 busy, full, read-only

Examples:
  countersign vault slots list
  countersign vault slots remove keyring
  countersign vault slots remove recovery --yes")]
pub(crate) struct RemoveSlotArgs {
    /// password, recovery, keyring, or an id of `vault slots list`
    #[arg(value_name = "WHICH")]
    pub(crate) which: String,
    /// Leave nothing but a key of this device: what is lost with it is enrolled anew
    #[arg(long)]
    pub(crate) managed_device: bool,
    /// Never ask
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// What happens to damaged rows.
    #[command(flatten)]
    pub(crate) aside: Aside,
}
