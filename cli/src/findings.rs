//! What is wrong with an open vault: in words, as members of the document, and as the exit code.

use countersign_core::vault::{
    BadPlace, ChainFault, Findings, LineageFinding, RecordId, SlotChange, SlotFinding,
};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::report::Report;

/// Ids as scripts see them.
fn ids(records: &[RecordId]) -> Vec<String> {
    records.iter().map(ToString::to_string).collect()
}

fn slots(findings: &[SlotFinding]) -> Vec<Value> {
    findings
        .iter()
        .map(|finding| {
            let what = match finding.change {
                SlotChange::Missing => "missing",
                SlotChange::Added => "added",
                SlotChange::Changed => "changed",
            };
            json!({"id": finding.id.to_string(), "what": what})
        })
        .collect()
}

/// The member `tampered`: what was changed, or null.
pub(crate) fn tampered(findings: &Findings) -> Value {
    if !findings.is_tampered() {
        return Value::Null;
    }
    json!({
        "missing": ids(&findings.missing),
        "extra": ids(&findings.extra),
        "changed": ids(&findings.changed),
        "slots": slots(&findings.slots),
        "index": findings.index,
    })
}

/// The name of what weighs most, with words for it; none when nothing is wrong.
fn worst(findings: &Findings) -> Option<(&'static str, String)> {
    if findings.structure {
        return Some((
            "damaged_data",
            "The program was ended while it wrote, and the vault's file is damaged since. What you see can be read; \
             nothing is written."
                .into(),
        ));
    }
    if findings.is_tampered() {
        return Some(("tampered", tampered_words(findings)));
    }
    match findings.lineage {
        Some(LineageFinding::RolledBack) => {
            return Some((
                "rolled_back",
                "This vault is older than your last change here: an old copy of it was put in place. \
                 Counters and recent changes may be behind."
                    .into(),
            ));
        }
        Some(LineageFinding::Forked) => {
            return Some((
                "forked",
                "This vault does not hold your last change here: it went on from an older copy elsewhere."
                    .into(),
            ));
        }
        None => {}
    }
    (!findings.unreadable.is_empty()).then(|| {
        let count = findings.unreadable.len();
        (
            "unreadable_record",
            format!(
                "{count} damaged {} cannot be read; everything else works.",
                if count == 1 { "account" } else { "accounts" }
            ),
        )
    })
}

fn history_words(BadPlace { seq, fault }: BadPlace) -> String {
    let what = match fault {
        ChainFault::Missing => "is missing",
        ChainFault::Unreadable => "cannot be read",
        ChainFault::Changed => "was changed",
        ChainFault::Extra => "was put in by something else",
    };
    format!(
        "The history of approvals is not as it was written: entry {seq} {what}. Everything else works."
    )
}

/// The failure that a damaged history is for the verb whose business is the whole file.
pub(crate) fn history_failure(findings: &Findings) -> Option<Failure> {
    let words = history_words(findings.history?);
    let message = format!("{words} {NEXT_HISTORY}");
    Some(Failure::new("damaged_history", message))
}

fn tampered_words(findings: &Findings) -> String {
    let counts = [
        (findings.missing.len(), "missing"),
        (findings.extra.len(), "added"),
        (findings.changed.len(), "put back or exchanged"),
    ];
    let mut parts: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| match count {
            1 => format!("1 record was {what}"),
            _ => format!("{count} records were {what}"),
        })
        .collect();
    if !findings.slots.is_empty() {
        parts.push("the ways to unlock were changed".into());
    }
    if findings.index {
        parts.push("its table of contents cannot be read".into());
    }
    format!(
        "Somebody changed this vault without its key: {}.",
        parts.join(", ")
    )
}

/// What to do next about findings that stop writing.
const NEXT: &str = "Codes and export work, but nothing is written until you look at it with \
                    `countersign vault check` and accept it there with --accept.";

/// What to do next about records that cannot be read.
const NEXT_DAMAGED: &str =
    "`countersign vault salvage` recovers what can be, also from the newest snapshot.";

/// What to do next about a history that is not as it was written.
const NEXT_HISTORY: &str = "An older snapshot may still have it. Accepted with `countersign vault check --accept`, \
                            what is lost is said in its place from then on.";

/// The failure that findings are for verbs whose business is the whole vault (`list`, `vault check`).
pub(crate) fn failure(findings: &Findings) -> Option<Failure> {
    let (name, words) = worst(findings)?;
    let next = match findings.write_error() {
        Some(_) if findings.structure => NEXT_DAMAGED,
        Some(_) => NEXT,
        None => NEXT_DAMAGED,
    };
    let message = format!("{words} {next}");
    Some(Failure::new(name, message))
}

/// Adds to a report what the whole vault's findings are: `unreadable`, `tampered`, `warnings` and the error.
pub(crate) fn describe_all(report: Report, findings: &Findings) -> Report {
    let report = members(report, findings).warnings(warnings(findings));
    remarks(report, findings).fail(failure(findings))
}

/// Adds the members `unreadable` and `tampered`.
pub(crate) fn members(report: Report, findings: &Findings) -> Report {
    report
        .member("unreadable", ids(&findings.unreadable))
        .member("tampered", tampered(findings))
}

/// Adds to the report of a verb about one account what it must not be silent about. Damage of *other*
/// accounts is a remark; a changed or exchanged vault is an error beside the answer.
pub(crate) fn describe_for_one(report: Report, findings: &Findings) -> Report {
    let report = remarks(report.warnings(warnings(findings)), findings);
    match (failure(findings), findings.write_error()) {
        (Some(failure), None) => report.note(failure.message().to_owned()),
        (failure, _) => report.fail(failure),
    }
}

fn remarks(report: Report, findings: &Findings) -> Report {
    let report = match findings.history {
        Some(place) => report.note(history_words(place)),
        None => report,
    };
    if findings.anchor_missing {
        report.note(
            "This installation has not seen this vault before, so it cannot tell whether the file is the newest.",
        )
    } else {
        report
    }
}

/// The member `warnings`.
fn warnings(findings: &Findings) -> Vec<Value> {
    let mut warnings = Vec::new();
    if let Some((name, _)) = worst(findings) {
        warnings.push(json!({"name": name}));
    }
    if findings.history.is_some() {
        warnings.push(json!({"name": "damaged_history"}));
    }
    if findings.anchor_missing {
        warnings.push(json!({"name": "anchor_missing"}));
    }
    warnings
}
