//! What was refused is noted once a cause, account and hour: whoever sends junk fills no history with it.

use super::entry::Entry;
use super::names::Kind;
use crate::secret::Secret;
use crate::time::UnixSeconds;
use crate::vault::{Change, Link, Porch, PorchChange, Vault, VaultError};

const HOUR_S: u64 = 60 * 60;

const fn hour(at: UnixSeconds) -> u64 {
    at.0 / HOUR_S
}

/// Whether `earlier` says the same of the same hour.
fn says(earlier: &Entry, entry: &Entry) -> bool {
    earlier.kind == Kind::Refused
        && earlier.account == entry.account
        && earlier.cause == entry.cause
        && hour(earlier.at) == hour(entry.at)
}

fn read(entry: &Secret) -> Option<Entry> {
    // EXPOSE: compared with what is to be noted.
    Entry::decode(entry.expose()).ok()
}

/// Appends a refused entry to the history, unless one of this hour has the same account and cause; true when it did. Called
/// inside the change's plan.
///
/// # Errors
///
/// [`VaultError::DamagedData`], [`VaultError::Io`].
pub fn append_refused(
    vault: &Vault,
    change: &mut Change,
    entry: &Entry,
) -> Result<bool, VaultError> {
    let mut is_there = change
        .appended()
        .filter_map(read)
        .any(|earlier| says(&earlier, entry));
    if !is_there {
        vault.newest_history(|_, link| {
            let Link::Entry(earlier) = link else {
                return true;
            };
            let earlier = read(&earlier);
            is_there = earlier.as_ref().is_some_and(|earlier| says(earlier, entry));
            // Entries of an earlier hour, and all before them, are of earlier hours.
            let is_older = earlier.is_some_and(|earlier| hour(earlier.at) < hour(entry.at));
            !is_there && !is_older
        })?;
    }
    if !is_there {
        change.append(entry.encode());
    }
    Ok(!is_there)
}

/// The same while the vault is locked, for the history to take over. Called inside the change's plan.
///
/// # Errors
///
/// [`VaultError::DamagedData`], [`VaultError::Io`].
pub fn leave_refused(
    porch: &Porch<'_>,
    change: &mut PorchChange,
    entry: &Entry,
) -> Result<bool, VaultError> {
    let left = porch.left_for_history()?;
    let earlier = left.iter().chain(change.appended());
    let is_there = earlier
        .filter_map(read)
        .any(|earlier| says(&earlier, entry));
    if !is_there {
        change.append(entry.encode());
    }
    Ok(!is_there)
}
