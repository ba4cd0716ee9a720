//! Damaged rows on the way of a new key: they stop it, or are set aside when the person says so.

use countersign_core::vault::{Damaged, Rotated, VaultError};
use serde_json::{Value, json};

use crate::args::Aside;
use crate::failure::Failure;
use crate::report::Report;
use crate::terminal::shown;

/// What the flag means to the core.
pub(crate) const fn damaged(aside: Aside) -> Damaged {
    if aside.set_aside {
        Damaged::SetAside
    } else {
        Damaged::Refuse
    }
}

/// Why a vault got no new key, with the flag or the command that is the way out.
pub(crate) fn refused(error: VaultError) -> Failure {
    let message = match error {
        VaultError::UnreadableInTheWay { count } => format!(
            "{} cannot be sealed under a new key, so nothing was changed. `countersign vault salvage` \
             may recover what is in it; --set-aside moves such records to a file beside the vault and goes on.",
            records(count)
        ),
        VaultError::LastSlot => "This is the last way to unlock that does not depend on this device, so it stays. Add another \
                                 first: `countersign vault slots add --recovery`, or --password. On a managed device, where \
                                 accounts are enrolled anew, a key in the keyring may be left alone with --managed-device."
            .into(),
        other => return other.into(),
    };
    Failure::new(error.name(), message)
}

/// Adds what was set aside to a report.
pub(crate) fn describe(report: Report, rotated: &Rotated) -> Report {
    let Some(file) = &rotated.file else {
        return report.member("set_aside", Value::Null);
    };
    let path = file.to_string_lossy();
    report
        .member(
            "set_aside",
            json!({"rows": rotated.set_aside, "file": path.as_ref()}),
        )
        .text(format!(
            "{} kept in {}. `countersign vault snapshots --delete-damaged` deletes that file.\n",
            match rotated.set_aside {
                1 => "1 damaged row is".to_owned(),
                count => format!("{count} damaged rows are"),
            },
            shown(&path)
        ))
}

fn records(count: u32) -> String {
    match count {
        1 => "1 damaged record".to_owned(),
        count => format!("{count} damaged records"),
    }
}
