//! The verbs that only look.

use std::path::PathBuf;

use clap::Args;

/// `countersign list`.
#[derive(Args, Debug)]
#[command(after_help = "\
On a terminal the list is live: codes count down and change, and q, Esc or Ctrl-C ends it. In a \
pipe it is printed once. Counter accounts (HOTP) show their counter: use `next` for a code.

Exit codes: 0 shown; 3 wrong password, or locked (by --auto-lock, or by a change of the password); \
            4 damaged, tampered, rolled back or forked (what can be read is still shown); \
            130 after Ctrl-C

Examples:
  countersign list
  countersign list --search acme --tag work
  countersign list --json")]
pub(crate) struct ListArgs {
    /// Only accounts with all of WORDS in issuer, account, tags or note
    #[arg(long, value_name = "WORDS", conflicts_with = "trash")]
    pub(crate) search: Option<String>,
    /// Only accounts with this tag; may be given several times
    #[arg(long, value_name = "TAG")]
    pub(crate) tag: Vec<String>,
    /// What is in the trash, with the day it is deleted for good
    #[arg(long)]
    pub(crate) trash: bool,
    /// Print the accounts' notes too, once
    #[arg(long, conflicts_with = "trash")]
    pub(crate) notes: bool,
    /// Print once, also on a terminal
    #[arg(long)]
    pub(crate) once: bool,
    /// Lock the live list after this time without a key
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) auto_lock: u32,
}

/// `countersign code`.
#[derive(Args, Debug)]
#[command(after_help = "\
A counter account (HOTP) is refused, because looking must not move its counter: use `next`.

Exit codes: 0 printed; 1 not found, not unique (the candidates are on standard error), or a counter \
            account; 3 wrong password; 4 damaged or tampered (a code that can be read is printed)

Examples:
  countersign code acme:ann
  countersign code acme | wl-copy")]
pub(crate) struct CodeArgs {
    /// An id, issuer:account, or a part that only one account has
    pub(crate) name: String,
}

/// `countersign doctor`.
#[derive(Args, Debug)]
#[command(after_help = "\
Nothing is stored and nothing is sent. With --batch every line of FILE is a JSON object \
{\"id\", \"text\"}, {\"id\", \"manual\": {...}} or {\"id\", \"image\": PATH} and is answered by one line of \
JSON, in the same order; secrets and codes are in the answers only with --reveal.

Exit codes: 0 an account or a work account's invitation; 1 something else, or not readable; 2 usage. \
            With --batch: 0 when every line was answered, 5 when reading or writing failed

Examples:
  countersign doctor --qr photo.jpg
  wl-paste | countersign doctor -
  countersign doctor --batch lines.jsonl --reveal --at 1741011292")]
pub(crate) struct DoctorArgs {
    /// Any text from a QR code, a link or a key, or - to read it from standard input
    #[arg(value_name = "TEXT", conflicts_with_all = ["qr", "batch"])]
    pub(crate) text: Option<String>,
    /// Read the codes in IMAGE (- is standard input)
    #[arg(long, value_name = "IMAGE", conflicts_with = "batch")]
    pub(crate) qr: Option<PathBuf>,
    /// Answer each JSON line of FILE (- is standard input) with one JSON line
    #[arg(long, value_name = "FILE")]
    pub(crate) batch: Option<PathBuf>,
    /// Also show secrets and codes
    #[arg(long)]
    pub(crate) reveal: bool,
    /// Make codes for this time, in Unix seconds [default: now]
    #[arg(long, value_name = "SECONDS")]
    pub(crate) at: Option<u64>,
}

/// `countersign demo`.
#[derive(Args, Debug)]
#[command(after_help = "\
Your own vault is not touched: everything happens in a temporary folder that is removed at the end. The \
organisation that asks for sign-ins is a server on this machine, which ends with the demo.

Exit codes: 0 all steps did what they should; 1 one did not; 130 after Ctrl-C

Example:
  countersign demo --yes")]
pub(crate) struct DemoArgs {
    /// Never wait for a key
    #[arg(long, short)]
    pub(crate) yes: bool,
}
