//! The verbs of work accounts: requests, answers, history, and from one device to another.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `countersign approve`.
#[derive(Args, Debug)]
#[command(after_help = "\
Shows each request with everything that its server signed, the oldest first, and asks for the number that \
the sign-in screen shows. Only a number approves: an empty line, Esc, Ctrl-D, Ctrl-C or an error never \
answers, and the request stays open until its time is over. It goes on with work accounts that are not \
finished too. With --json each event is one line of JSON; with --decisions each line of FILE is a decision: \
{\"id\": ..., \"decision\": \"approve\", \"number\": \"123456\"}, or \"deny\", \"report\", \"cancel\" without a number. \
The id is that of a request event, or of `countersign requests`: for one that was not fetched yet the line is \
refused (no_such_request). At the end of FILE it ends once what was decided has its end. \
--qr reads the code of a sign-in page, for when the page or this device is offline: it is shown like any \
other, and where there is no network --offline shows 8 digits to type into the page.

Exit codes: 0 ended by q, or --once had its end; 1 refused, or nothing came in time (nothing_came); \
            3 wrong password, or locked elsewhere; 4 damaged or tampered; 5 unreachable, busy, full; \
            130 after Ctrl-C

Examples:
  countersign approve
  countersign approve --once --timeout 120
  countersign approve --qr page.png --offline")]
pub(crate) struct ApproveArgs {
    /// End after the first request that was open has ended
    #[arg(long)]
    pub(crate) once: bool,
    /// End after this time without a decision
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) timeout: Option<u32>,
    /// Take decisions from FILE, as JSON lines (also - and fd:3)
    #[arg(long, value_name = "FILE")]
    pub(crate) decisions: Option<String>,
    /// Take the request from the QR code in IMAGE (- is standard input)
    #[arg(long, value_name = "IMAGE", conflicts_with = "decisions")]
    pub(crate) qr: Option<PathBuf>,
    /// Show the 8 digits that answer a scanned request without a network
    #[arg(long, requires = "qr")]
    pub(crate) offline: bool,
}

/// `countersign requests`.
#[derive(Args, Debug)]
#[command(after_help = "\
Lists what is open, the oldest first. Each server is asked once before; without a network what is known is \
shown. Nothing is answered here: see `countersign approve`.

Exit codes: 0 shown; 3 wrong password; 4 damaged or tampered; 5 busy, full

Examples:
  countersign requests
  countersign requests --json")]
pub(crate) struct RequestsArgs {
    /// Ask no server: show what is known
    #[arg(long)]
    pub(crate) offline: bool,
}

/// `countersign watch`.
#[derive(Args, Debug)]
#[command(after_help = "\
Asks the servers all the time and shows a notification of the desktop for each request: who asks and for \
which account, and no button. Many requests of one account are one quiet notification with a count. What it \
shows goes away when the request is answered or over, and when it ends itself. What was open before it \
began is shown quietly, and nothing while an account is quiet after a report. It answers nothing; \
`countersign approve` may run beside it.

Exit codes: 3 wrong password, or locked elsewhere; 4 damaged or tampered; 5 busy, full; 130 after Ctrl-C

Example:
  countersign watch")]
pub(crate) struct WatchArgs {
    /// Show no notifications: only print
    #[arg(long)]
    pub(crate) quiet: bool,
}

/// `countersign leave`.
#[derive(Args, Debug)]
#[command(after_help = "\
The server forgets this device, and the account is gone from the list; its history stays. Your other \
devices are not affected.

Exit codes: 0 the server has forgotten this device; 1 not found, not unique, or not confirmed; 3 wrong \
            password; 4 damaged or tampered; 5 unreachable (it is tried again by `approve`), busy, full

Example:
  countersign leave acme")]
pub(crate) struct LeaveArgs {
    /// An id, issuer:account, or a part that only one work account has
    pub(crate) name: String,
    /// Never ask
    #[arg(long, short)]
    pub(crate) yes: bool,
}

/// `countersign move`.
#[derive(Args, Debug)]
#[command(after_help = "\
Run it on the old device. It shows a QR code for the new one, asks for the check number that the new one \
shows, and shows the number of its test. This device goes on working until the new one works. On the new \
device the code is added like any other.

Exit codes: 0 moved; 1 not found, not unique, not allowed, or it came to nothing (move_failed); 3 wrong \
            password; 4 damaged or tampered; 5 unreachable, busy, full; 130 after Ctrl-C

Examples:
  countersign move acme
  countersign move acme --abort")]
pub(crate) struct MoveArgs {
    /// An id, issuer:account, or a part that only one work account has
    pub(crate) name: String,
    /// End a move that was begun: this device stays
    #[arg(long)]
    pub(crate) abort: bool,
    /// Also write the QR code as PNG
    #[arg(long, value_name = "FILE", conflicts_with = "abort")]
    pub(crate) qr_png: Option<PathBuf>,
}

/// `countersign about`.
#[derive(Args, Debug)]
#[command(after_help = "\
Exit codes: 0 shown; 1 not found, or not unique; 3 wrong password; 4 damaged or tampered

Example:
  countersign about acme")]
pub(crate) struct AboutArgs {
    /// An id, issuer:account, or a part that only one work account has
    pub(crate) name: String,
}

/// `countersign history`.
#[derive(Args, Debug)]
#[command(after_help = "\
Every decision, its receipt and every refusal stand in a chain that nobody can change unseen.

Exit codes: 0 shown, or all is well; 1 the file is there already; 3 wrong password; 4 damaged or tampered, or \
            an entry is not as it was written (damaged_history); 5 no access

Examples:
  countersign history
  countersign history verify
  countersign history export record.jsonl")]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct HistoryArgs {
    /// Only of this work account: an id, issuer:account, or a part that only one has
    pub(crate) name: Option<String>,
    /// All of it, not the newest 50 entries
    #[arg(long)]
    pub(crate) all: bool,
    /// What to do with it instead of showing it.
    #[command(subcommand)]
    pub(crate) verb: Option<HistoryVerb>,
}

/// The verbs below `history`.
#[derive(Debug, Subcommand)]
pub(crate) enum HistoryVerb {
    /// Compute the chain again, and name the first entry that does not fit
    #[command(after_help = "\
Exit codes: 0 all is well; 3 wrong password; 4 damaged, or an entry is not as it was written \
            (damaged_history)

Example:
  countersign history verify")]
    Verify,
    /// Write it as JSON lines that anybody can check without this program
    #[command(after_help = "\
Exit codes: 0 written; 1 the file is there already; 3 wrong password; 4 damaged; 5 no access

Example:
  countersign history export record.jsonl")]
    Export {
        /// The new file, readable only by you (- is standard output)
        file: PathBuf,
    },
}
