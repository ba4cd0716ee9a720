//! The verbs below `vault`: looking after the file itself.

use clap::{Args, Subcommand};

use super::slots::SlotsArgs;
use super::vault::Aside;

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
    /// Show how the vault stands: accounts, ways to unlock, snapshots, damage
    Status(StatusArgs),
    /// Check the whole file and say what is wrong with it
    Check(CheckArgs),
    /// List the snapshots, and what was set aside because it was damaged
    Snapshots(SnapshotsArgs),
    /// Put a snapshot in the vault's place
    Restore(RestoreSnapshotArgs),
    /// Recover what can still be read of a damaged vault
    Salvage(SalvageArgs),
    /// List, add and remove the ways to unlock
    Slots(SlotsArgs),
    /// Give the vault a new key, as after a device was lost
    Rotate(RotateArgs),
}

/// `countersign vault status`.
#[derive(Args, Debug)]
#[command(after_help = "\
A vault that does not open is described as far as that goes without its key: what is wrong, which \
snapshots and damaged copies lie beside it, and which command comes next.

Exit codes: 0 all is well; 1 no vault; 3 wrong password; 4 something is damaged or was changed

Examples:
  countersign vault status
  countersign vault status --json")]
pub(crate) struct StatusArgs {}

/// `countersign vault check`.
#[derive(Args, Debug)]
#[command(after_help = "\
Somebody who can write your files can put an old copy of the vault back, or delete rows of it; they \
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

/// `countersign vault snapshots`.
#[derive(Args, Debug)]
#[command(after_help = "\
A snapshot is a whole copy of the vault, sealed as it is, made after changes: the newest stays, one \
that is a day old and one that is a week old. Listing needs no password. Numbers count from 1, the \
newest; `vault restore` takes them.

Exit codes: 0 listed, or deleted; 1 not confirmed; 4 the vault does not open (nothing is deleted then)

Examples:
  countersign vault snapshots
  countersign vault snapshots --delete-damaged")]
pub(crate) struct SnapshotsArgs {
    /// Delete what was set aside because it was damaged
    #[arg(long)]
    pub(crate) delete_damaged: bool,
    /// Never ask
    #[arg(long, short, requires = "delete_damaged")]
    pub(crate) yes: bool,
}

/// `countersign vault restore`.
#[derive(Args, Debug)]
#[command(after_help = "\
The snapshot's own password or recovery code opens it. What lies in the vault's place is kept beside \
it, as NAME.damaged-TIME. The vault gets a new key. Where a snapshot is from before a change of the \
password, the vault opens as it did then, and --older-key says that you want that. To take an \
account out of the trash there is `countersign restore`.

Exit codes: 0 restored; 1 no such snapshot, not confirmed, or from before a change of the password \
            (snapshot_older_key); 3 wrong password; 4 the snapshot is damaged; 5 busy, full

Examples:
  countersign vault snapshots
  countersign vault restore
  countersign vault restore 2 --yes --recovery-code-file recovery.txt")]
pub(crate) struct RestoreSnapshotArgs {
    /// Its number in `vault snapshots`, or `newest`
    #[arg(value_name = "N", default_value = "newest")]
    pub(crate) snapshot: String,
    /// Take one from before a change of the password or of the ways to unlock
    #[arg(long)]
    pub(crate) older_key: bool,
    /// Never ask
    #[arg(long, short)]
    pub(crate) yes: bool,
}

/// `countersign vault salvage`.
#[derive(Args, Debug)]
#[command(after_help = "\
First everything is examined and nothing is written. Every row proves by itself that it is genuine. \
Where the newest snapshot has accounts that cannot be read any more, they can be taken from it. The \
damaged files are copied to NAME.damaged-TIME before anything is put in their place. Without a \
terminal, --yes is needed to write, and one of the two flags where the snapshot has more.

Exit codes: 0 recovered, or nothing was damaged; 1 not confirmed; 2 usage (snapshot_choice_needed); \
            3 wrong password; 4 nothing could be recovered; 5 busy, full, read-only

Examples:
  countersign vault salvage
  countersign vault salvage --take-snapshot --yes --json")]
pub(crate) struct SalvageArgs {
    /// Take from the newest snapshot the accounts that only it has
    #[arg(long, conflicts_with = "no_snapshot")]
    pub(crate) take_snapshot: bool,
    /// Leave out what only the newest snapshot has
    #[arg(long)]
    pub(crate) no_snapshot: bool,
    /// Never ask
    #[arg(long, short)]
    pub(crate) yes: bool,
}

/// `countersign vault rotate`.
#[derive(Args, Debug)]
#[command(after_help = "\
Every account is sealed anew under a new key. A copy of the file, or a key, that somebody took before \
opens nothing that is written from now on. The ways to unlock stay; with --lost-device the keys in \
keyrings go, but for the one in use.

Exit codes: 0 renewed; 1 no other way to unlock would be left (last_slot); 3 wrong password; \
            4 damaged (unreadable_in_the_way: see --set-aside) or tampered; 5 busy, full, read-only

Examples:
  countersign vault rotate
  countersign vault rotate --lost-device")]
pub(crate) struct RotateArgs {
    /// Also drop the keys that keyrings and other devices have
    #[arg(long)]
    pub(crate) lost_device: bool,
    /// What happens to damaged rows.
    #[command(flatten)]
    pub(crate) aside: Aside,
}
