//! Which command comes next when a vault is damaged or was changed.

use crate::session::Session;

/// The commands to try, the first first, as a person has to type them.
pub(crate) fn next(session: &Session, error: &str, has_snapshots: bool) -> Vec<String> {
    let first = match error {
        "damaged_data" | "damaged_schema" | "damaged_log" | "damaged_slot"
        | "unreadable_record" | "leftovers" => Some("vault salvage"),
        "tampered" | "rolled_back" | "forked" | "damaged_history" => Some("vault check --accept"),
        // Only snapshots say that it was a vault.
        "not_a_vault" if has_snapshots => Some("vault salvage"),
        "no_vault" | "empty_file" | "not_a_vault" => None,
        _ => return Vec::new(),
    };
    let then = has_snapshots.then_some("vault restore");
    first
        .into_iter()
        .chain(then)
        .map(|verb| session.command(verb))
        .collect()
}

/// The same as a line.
pub(crate) fn line(commands: &[String]) -> String {
    let quoted: Vec<String> = commands
        .iter()
        .map(|command| format!("`{command}`"))
        .collect();
    match quoted.is_empty() {
        true => String::new(),
        false => format!("Next: {}\n", quoted.join(", or ")),
    }
}
