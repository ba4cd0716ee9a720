//! The verbs about the vault as a whole.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `countersign init`.
#[derive(Args, Debug)]
#[command(after_help = "\
The recovery code opens the vault when the password is forgotten. On a terminal it is shown once
and two of its groups are asked back; without a terminal one of the two flags is needed. With
--json it is also the member `recovery_code` of the document.

Exit codes: 0 made; 1 there is a vault already (vault_exists, leftovers); 2 usage; 5 no access

Examples:
  countersign init
  countersign init --recovery-file ~/recovery.txt
  countersign init --password-file fd:3 --no-recovery --json 3< secret.txt")]
pub(crate) struct InitArgs {
    /// Write the recovery code to FILE (made new, readable only by you) or to standard output (-)
    #[arg(long, value_name = "FILE", conflicts_with = "no_recovery")]
    pub(crate) recovery_file: Option<PathBuf>,
    /// Make no recovery code: a forgotten password then loses the vault
    #[arg(long)]
    pub(crate) no_recovery: bool,
}

/// `countersign passwd`.
#[derive(Args, Debug)]
#[command(after_help = "\
The vault gets a new key in the same step: an old copy of the file with the old password does not
open what is written from now on. Other terminals that have the vault open must unlock it again.

Exit codes: 0 changed; 2 usage; 3 wrong password; 4 damaged or tampered; 5 busy, full, read-only

Examples:
  countersign passwd
  countersign passwd --recovery-code-file recovery.txt
  countersign passwd --password-file old.txt --new-password-file fd:3 3< new.txt")]
pub(crate) struct PasswdArgs {
    /// Read the new password from FILE, from standard input (-) or from a descriptor (fd:3)
    #[arg(long, value_name = "FILE")]
    pub(crate) new_password_file: Option<String>,
}

/// `countersign vault`.
#[derive(Args, Debug)]
pub(crate) struct VaultArgs {
    /// What to do with the vault file.
    #[command(subcommand)]
    pub(crate) verb: VaultVerb,
}

/// The verbs below `vault`.
#[derive(Debug, Subcommand)]
pub(crate) enum VaultVerb {
    /// Check the whole file and say what is wrong with it
    Check(CheckArgs),
}

/// `countersign vault check`.
#[derive(Args, Debug)]
#[command(after_help = "\
Somebody who can write your files can put an old copy of the vault back, or delete rows of it; they
cannot read or forge an account. Until you accept what is there, nothing is written to such a vault.

Exit codes: 0 all is well, or accepted; 3 wrong password; 4 something was found

Examples:
  countersign vault check
  countersign vault check --accept")]
pub(crate) struct CheckArgs {
    /// Take over what is there now as right, and seal it anew
    #[arg(long)]
    pub(crate) accept: bool,
}
