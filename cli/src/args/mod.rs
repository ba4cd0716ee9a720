//! The command line: every verb, every option and the texts of `--help`.
//!
//! This module uses nothing but clap, because the build script includes it to make the
//! completions and the man page.

mod account;
mod look;
mod slots;
mod tend;
mod vault;
mod work;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub(crate) use account::{
    AddArgs, EditArgs, ExportArgs, NextArgs, RemoveArgs, RestoreArgs, TypedFields, WorkFields,
};
pub(crate) use look::{CodeArgs, DemoArgs, DoctorArgs, ListArgs};
pub(crate) use slots::{AddSlotArgs, RemoveSlotArgs, SlotsVerb};
pub(crate) use tend::{
    CheckArgs, RestoreSnapshotArgs, RotateArgs, SalvageArgs, SnapshotsArgs, VaultArgs, VaultVerb,
};
pub(crate) use vault::{Aside, Cost, InitArgs, PasswdArgs};
pub(crate) use work::{
    AboutArgs, ApproveArgs, HistoryArgs, HistoryVerb, LeaveArgs, MoveArgs, RequestsArgs, WatchArgs,
};

/// What stands under the help of the whole program.
const AFTER_HELP: &str = "\
Exit codes:
  0    done
  1    refused, not found, no vault, or there is one already
  2    usage
  3    wrong password, wait, locked
  4    damaged, too new, tampered, rolled back or forked; the rest is printed
  5    busy, full, read-only or no access
  130  after Ctrl-C

With --json there is always exactly one JSON document on standard output; an error is its \
member `error` {\"name\", \"message\", ...}.

Environment:
  COUNTERSIGN_VAULT         the vault's path
  COUNTERSIGN_PASSWORD      the password
  COUNTERSIGN_NEW_PASSWORD  the new password of `passwd` and `vault slots add --password`
  NO_COLOR                  when set, no colours

Example:
  countersign init
  countersign add --qr screenshot.png
  countersign list";

/// One-time codes and sign-in approvals for your accounts, kept in an encrypted vault.
#[derive(Debug, Parser)]
#[command(
    name = "countersign",
    version,
    after_help = AFTER_HELP,
    subcommand_required = true,
    disable_help_subcommand = true,
    max_term_width = 100
)]
pub(crate) struct Cli {
    /// What holds for every verb.
    #[command(flatten)]
    pub(crate) globals: Globals,
    /// What to do.
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// Options that every verb takes.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Everywhere")]
pub(crate) struct Globals {
    /// Use the vault at PATH [default: countersign/vault in the platform's data folder]
    #[arg(long, global = true, value_name = "PATH")]
    pub(crate) vault: Option<PathBuf>,
    /// Print exactly one JSON document, also for an error
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Read the password from FILE, from standard input (-) or from a descriptor (fd:3)
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) password_file: Option<String>,
    /// Unlock with the recovery code in FILE (also - and fd:3) instead of the password
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) recovery_code_file: Option<String>,
    /// Do not unlock with the key in the desktop's keyring, where there is one: ask
    #[arg(long, global = true)]
    pub(crate) no_keyring: bool,
    /// Take servers on this machine without TLS, for tests; their accounts say so for ever
    #[arg(long, global = true, hide = true)]
    pub(crate) test_mode: bool,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Make a new vault
    Init(InitArgs),
    /// Add accounts from a link, a QR image, or by hand
    Add(AddArgs),
    /// Show all accounts with their codes
    List(ListArgs),
    /// Print the code of one account, and nothing else
    Code(CodeArgs),
    /// Move a counter account (HOTP) on and print its next code
    Next(NextArgs),
    /// Change the names, note, tags or place of an account
    Edit(EditArgs),
    /// Put an account into the trash for 30 days
    Remove(RemoveArgs),
    /// Take an account out of the trash
    Restore(RestoreArgs),
    /// Hand out one account as a link or a QR code, secret included
    Export(ExportArgs),
    /// Wait for sign-ins of work accounts, show them and answer them
    Approve(ApproveArgs),
    /// List the requests that are open
    Requests(RequestsArgs),
    /// Show notifications of the desktop for requests
    Watch(WatchArgs),
    /// Show, check or hand out the record of all decisions
    History(HistoryArgs),
    /// Say what an organisation can see and do
    About(AboutArgs),
    /// Move a work account to another device
    Move(MoveArgs),
    /// Let a work account's server forget this device
    Leave(LeaveArgs),
    /// Change the password and renew the vault's keys
    Passwd(PasswdArgs),
    /// Look after the vault file itself
    Vault(VaultArgs),
    /// Say in plain words what any code is and what to do next
    Doctor(DoctorArgs),
    /// Show everything once, in a temporary vault
    Demo(DemoArgs),
}
