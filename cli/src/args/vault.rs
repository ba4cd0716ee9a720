//! The verbs that make a vault and change its password, and what they share with those below `vault`.

use std::path::PathBuf;

use clap::Args;

/// `countersign init`.
#[derive(Args, Debug)]
#[command(after_help = "\
The recovery code opens the vault when the password is forgotten. On a terminal it is shown once \
and two of its groups are asked back; without a terminal one of the two flags is needed. With \
--json it is also the member `recovery_code` of the document. \
How much work a password costs is measured on this device, about 0.7 s. For a vault that a slower \
device must open too, say --kdf-passes 3.

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
    /// How much work the password costs.
    #[command(flatten)]
    pub(crate) cost: Cost,
}

/// `countersign passwd`.
#[derive(Args, Debug)]
#[command(after_help = "\
The vault gets a new key in the same step: an old copy of the file with the old password does not \
open what is written from now on. Other terminals that have the vault open must unlock it again.

Exit codes: 0 changed; 2 usage; 3 wrong password; 4 damaged or tampered (unreadable_in_the_way: \
            see --set-aside); 5 busy, full, read-only

Examples:
  countersign passwd
  countersign passwd --recovery-code-file recovery.txt
  countersign passwd --password-file old.txt --new-password-file fd:3 3< new.txt")]
pub(crate) struct PasswdArgs {
    /// Read the new password from FILE, from standard input (-) or from a descriptor (fd:3)
    #[arg(long, value_name = "FILE")]
    pub(crate) new_password_file: Option<String>,
    /// How much work the password costs.
    #[command(flatten)]
    pub(crate) cost: Cost,
    /// What happens to damaged rows.
    #[command(flatten)]
    pub(crate) aside: Aside,
}

/// How much work a password costs.
#[derive(Args, Clone, Copy, Debug, Default)]
pub(crate) struct Cost {
    /// Passes of Argon2id over 64 MiB, 3 to 16, instead of measuring this device
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(3..=16))]
    pub(crate) kdf_passes: Option<u32>,
}

/// What happens to rows that cannot be read when the vault gets a new key.
#[derive(Args, Clone, Copy, Debug, Default)]
pub(crate) struct Aside {
    /// Move damaged rows to a file of their own beside the vault instead of stopping at them
    #[arg(long)]
    pub(crate) set_aside: bool,
}
