//! What stands beside the error of a damaged or changed vault: everything that can still be read.

use countersign_core::companion::Companion;
use countersign_core::time::UnixSeconds;
use serde_json::Value;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::findings;
use crate::report::Report;
use crate::rows;

/// The report of a verb that had the vault open. Where the vault's state is what went wrong, a script
/// gets the accounts that can be read and the findings, whatever the verb was.
pub(crate) fn beside(
    done: Result<Report, Failure>,
    companion: &Companion,
    now: UnixSeconds,
) -> Report {
    let report = done.unwrap_or_else(Report::from);
    if report.failure().map(Failure::exit) != Some(Exit::Damaged) {
        return report;
    }
    let report = if report.has_member("accounts") {
        report
    } else {
        report.member("accounts", accounts(companion, now))
    };
    if report.has_member("unreadable") {
        report
    } else {
        findings::members(report, companion.findings())
    }
}

/// The accounts as scripts see them.
pub(crate) fn accounts(companion: &Companion, now: UnixSeconds) -> Vec<Value> {
    companion
        .list(now)
        .iter()
        .map(|row| rows::to_json(row).into())
        .collect()
}
