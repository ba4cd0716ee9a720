//! The verbs that change one account or hand it out.

use std::path::PathBuf;

use clap::Args;

/// `countersign add`.
#[derive(Args, Debug)]
#[command(after_help = "\
Other users of this machine can see arguments, and a link holds the secret: prefer `add -`, which \
reads the link from standard input, or --qr. On a terminal, `add` without a link asks. \
An account that is there already is never replaced. Afterwards the account's first code is shown: \
compare it with what the website expects before you close its page. \
A work account comes from the QR code or link of its setup page, or from the page's code and URL. Its server \
is shown and asked for before anything is sent; then a check number is shown for the page, and a test is \
answered. Ended in between, `countersign approve` goes on with it, and so does the same invitation. Where its \
server redirects, is not trusted or is not there, that is said and nothing is added.

Exit codes: 0 added, or already here; 1 refused (nothing is written); 2 usage; 3 wrong password; \
            4 damaged or tampered; 5 busy, full, read-only, or the server cannot be reached

Examples:
  countersign add --qr screenshot.png
  wl-paste | countersign add -
  countersign add --qr part1.png part2.png part3.png
  countersign add --issuer Acme --account ann@acme.example
  countersign add --url https://mfa.acme.example --code '1234 5678 9012 3456'")]
pub(crate) struct AddArgs {
    /// The link (otpauth://...), or - to read it from standard input
    #[arg(value_name = "LINK", conflicts_with = "qr")]
    pub(crate) link: Option<String>,
    /// Read the QR code in IMAGE (PNG, JPEG, WebP, GIF, BMP; - is standard input); several images make one export in parts
    #[arg(long, value_name = "IMAGE", num_args = 1.., action = clap::ArgAction::Append)]
    pub(crate) qr: Vec<PathBuf>,
    /// Take what is there of an export with missing parts
    #[arg(long)]
    pub(crate) partial: bool,
    /// Take code N (counted from 1) of an image with several codes
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=64))]
    pub(crate) pick: Option<u32>,
    /// Never ask; keep both when the names are there already
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// The fields of an account that is typed.
    #[command(flatten)]
    pub(crate) fields: TypedFields,
    /// What only a work account has.
    #[command(flatten)]
    pub(crate) work: WorkFields,
}

/// A work account.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Work accounts")]
pub(crate) struct WorkFields {
    /// The URL that the setup page shows under "Can't scan?"
    #[arg(long, value_name = "URL", conflicts_with_all = ["link", "qr", "issuer", "account", "secret_file"])]
    pub(crate) url: Option<String>,
    /// The code beside it, 16 digits (- reads it from standard input); without it, it is asked for
    #[arg(long, value_name = "CODE", requires = "url")]
    pub(crate) code: Option<String>,
    /// What the organisation's pages call this device [default: Terminal]
    #[arg(long, value_name = "NAME")]
    pub(crate) device: Option<String>,
    /// The work account whose place it takes once it works: an id, or a part of its name
    #[arg(long, value_name = "NAME")]
    pub(crate) replaces: Option<String>,
    /// Do not wait until it works
    #[arg(long)]
    pub(crate) no_wait: bool,
}

/// An account by hand. The secret is never an argument.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "By hand")]
pub(crate) struct TypedFields {
    /// Who issued the account
    #[arg(long, value_name = "NAME", conflicts_with_all = ["link", "qr"])]
    pub(crate) issuer: Option<String>,
    /// Whose account it is
    #[arg(long, value_name = "NAME", conflicts_with_all = ["link", "qr"])]
    pub(crate) account: Option<String>,
    /// totp, hotp or steam [default: totp]
    #[arg(long = "type", value_name = "TYPE", conflicts_with_all = ["link", "qr"])]
    pub(crate) kind: Option<String>,
    /// SHA1, SHA256 or SHA512 [default: SHA1]
    #[arg(long, value_name = "NAME", conflicts_with_all = ["link", "qr"])]
    pub(crate) algorithm: Option<String>,
    /// Digits of a code, 1 to 10 [default: 6]
    #[arg(long, value_name = "COUNT", conflicts_with_all = ["link", "qr"])]
    pub(crate) digits: Option<String>,
    /// How long a code is current [default: 30]
    #[arg(long, value_name = "SECONDS", conflicts_with_all = ["link", "qr"])]
    pub(crate) period: Option<String>,
    /// The first counter of an HOTP account [default: 0]
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["link", "qr"])]
    pub(crate) counter: Option<String>,
    /// Read the secret from FILE, from standard input (-) or from a descriptor (fd:3)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["link", "qr"])]
    pub(crate) secret_file: Option<String>,
}

impl TypedFields {
    /// Whether any field was given.
    pub(crate) fn any(&self) -> bool {
        [
            &self.issuer,
            &self.account,
            &self.kind,
            &self.algorithm,
            &self.digits,
            &self.period,
            &self.counter,
            &self.secret_file,
        ]
        .iter()
        .any(|field| field.is_some())
    }
}

/// `countersign next`.
#[derive(Args, Debug)]
#[command(after_help = "\
The new counter is stored before the code is printed: a code may be skipped, never shown twice. \
After a snapshot was restored or a damaged vault salvaged, a counter may be behind, and its next code \
may have been used already: you are asked then, or say --doubtful-counter.

Exit codes: 0 printed; 1 not found, not unique, not a counter account, or the counter is in doubt \
            (counter_doubtful); 3 wrong password; 4 damaged or tampered; 5 busy, full, read-only

Example:
  countersign next bank")]
pub(crate) struct NextArgs {
    /// An id, issuer:account, or a part that only one account has
    pub(crate) name: String,
    /// Go on although the next code may have been used already
    #[arg(long)]
    pub(crate) doubtful_counter: bool,
}

/// `countersign edit`.
#[derive(Args, Debug)]
#[command(after_help = "\
Exit codes: 0 changed; 1 not found, not unique, or over a limit; 2 nothing to change; 3 wrong \
            password; 4 damaged or tampered; 5 busy, full, read-only

Examples:
  countersign edit acme --issuer \"ACME GmbH\" --tag work --pin
  countersign edit acme --note-file codes-for-emergencies.txt
  countersign edit acme --position 1")]
pub(crate) struct EditArgs {
    /// An id, issuer:account, or a part that only one account has
    pub(crate) name: String,
    /// The new issuer
    #[arg(long, value_name = "NAME")]
    pub(crate) issuer: Option<String>,
    /// The new account name
    #[arg(long, value_name = "NAME")]
    pub(crate) account: Option<String>,
    /// The new note; an empty one takes the note away (other users can see arguments: see --note-file)
    #[arg(long, value_name = "TEXT", conflicts_with = "note_file")]
    pub(crate) note: Option<String>,
    /// Read the new note from FILE, from standard input (-) or from a descriptor (fd:3)
    #[arg(long, value_name = "FILE")]
    pub(crate) note_file: Option<String>,
    /// Put a tag on; may be given several times
    #[arg(long, value_name = "TAG")]
    pub(crate) tag: Vec<String>,
    /// Take a tag off; may be given several times
    #[arg(long, value_name = "TAG")]
    pub(crate) untag: Vec<String>,
    /// Keep the account at the top of the list
    #[arg(long, conflicts_with = "unpin")]
    pub(crate) pin: bool,
    /// No longer keep it at the top
    #[arg(long)]
    pub(crate) unpin: bool,
    /// Move the account to this place of the list, counted from 1
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) position: Option<u32>,
}

/// `countersign remove`.
#[derive(Args, Debug)]
#[command(after_help = "\
The website goes on expecting codes: switch two-factor off there first, or you may lock yourself out.

Exit codes: 0 in the trash (or gone for good); 1 not found, not unique, or not confirmed; 3 wrong \
            password; 4 damaged or tampered; 5 busy, full, read-only

Examples:
  countersign remove acme
  countersign remove --purge acme    an account that is in the trash already, for good")]
pub(crate) struct RemoveArgs {
    /// An id, issuer:account, or a part that only one account has
    pub(crate) name: String,
    /// Never ask
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// Delete an account of the trash for good
    #[arg(long)]
    pub(crate) purge: bool,
}

/// `countersign restore`.
#[derive(Args, Debug)]
#[command(after_help = "\
Exit codes: 0 back in the list; 1 not found in the trash, or not unique; 3 wrong password; \
            4 damaged or tampered; 5 busy, full, read-only

Examples:
  countersign list --trash
  countersign restore acme")]
pub(crate) struct RestoreArgs {
    /// An id, issuer:account, or a part that only one account in the trash has
    pub(crate) name: String,
}

/// `countersign export`.
#[derive(Args, Debug)]
#[command(after_help = "\
What is handed out holds the secret: whoever sees it can make the codes. Files are made new and \
readable only by you; a file that is there is never overwritten.

Exit codes: 0 handed out; 1 not found, not unique, or the file is there already; 2 usage; 3 wrong \
            password; 4 damaged; 5 no access

Examples:
  countersign export acme --qr
  countersign export acme --uri
  countersign export acme --qr-png acme.png")]
pub(crate) struct ExportArgs {
    /// An id, issuer:account, or a part that only one account has
    pub(crate) name: String,
    /// In which form.
    #[command(flatten)]
    pub(crate) form: ExportForm,
}

/// In which form an account is handed out.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub(crate) struct ExportForm {
    /// Print the link (otpauth://...)
    #[arg(long)]
    pub(crate) uri: bool,
    /// Draw a QR code into the terminal
    #[arg(long)]
    pub(crate) qr: bool,
    /// Write a QR code as PNG
    #[arg(long, value_name = "FILE")]
    pub(crate) qr_png: Option<PathBuf>,
    /// Write a QR code as SVG
    #[arg(long, value_name = "FILE")]
    pub(crate) qr_svg: Option<PathBuf>,
}
