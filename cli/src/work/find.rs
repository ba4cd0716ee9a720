//! Which work account a name means.

use countersign_core::approval::WorkView;
use countersign_core::companion::Companion;
use countersign_core::time::UnixSeconds;
use countersign_core::vault::RecordId;
use serde_json::{Value, json};

use super::account::title;
use crate::failure::Failure;
use crate::rows::{self, Place};

/// What a name means.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Found {
    /// An account with codes.
    Codes(RecordId),
    /// A work account.
    Work(RecordId),
}

/// Finds the one account of either kind.
///
/// # Errors
///
/// As [`rows::find`] and [`find_work`]; `ambiguous_name` too when one of each kind has it.
pub(crate) fn find_any(
    companion: &Companion,
    place: Place,
    name: &str,
    now: UnixSeconds,
) -> Result<Found, Failure> {
    let mut views = companion.work_accounts(now);
    views.retain(|view| view.trashed_at.is_some() == (place == Place::Trash));
    let codes = rows::find(companion, place, name, now);
    let work = select(&views, name);
    let is_nothing = |failure: &Failure| failure.name() == "no_such_account";
    match (codes, work) {
        (Ok(_), Ok(_)) => Err(Failure::new(
            "ambiguous_name",
            "An account with codes and a work account have this in their name. Say the id: `countersign list --json` shows it.",
        )),
        (Ok(id), Err(failure)) if is_nothing(&failure) => Ok(Found::Codes(id)),
        (Err(failure), Ok(id)) if is_nothing(&failure) => Ok(Found::Work(id)),
        (Err(codes), Err(work)) if is_nothing(&codes) => match is_nothing(&work) {
            // Where codes are looked for, its words say more, as where else it is.
            true => Err(codes),
            false => Err(work),
        },
        (Err(failure), _) | (_, Err(failure)) => Err(failure),
    }
}

/// Finds the one work account outside of the trash that `name` means: an id, `issuer:account`, or a part that only one has.
///
/// # Errors
///
/// `no_such_account`; `ambiguous_name` with the candidates.
pub(crate) fn find_work(
    companion: &Companion,
    name: &str,
    now: UnixSeconds,
) -> Result<RecordId, Failure> {
    let mut views = companion.work_accounts(now);
    views.retain(|view| view.trashed_at.is_none());
    select(&views, name)
}

fn select(views: &[WorkView], name: &str) -> Result<RecordId, Failure> {
    let wanted = name.trim().to_lowercase();
    let whole = |view: &&WorkView| {
        view.id.to_string() == wanted
            || format!("{}:{}", view.issuer.as_str(), view.label.as_str()).to_lowercase() == wanted
    };
    let part = |view: &&WorkView| {
        !wanted.is_empty()
            && [&view.issuer, &view.label, &view.host]
                .iter()
                .any(|text| text.as_str().to_lowercase().contains(&wanted))
    };
    let mut found: Vec<&WorkView> = views.iter().filter(whole).collect();
    if found.is_empty() {
        found = views.iter().filter(part).collect();
    }
    match found.as_slice() {
        [view] => Ok(view.id),
        [] => Err(Failure::new(
            "no_such_account",
            "No work account has this name. See `countersign list`.",
        )),
        several => Err(ambiguous(several)),
    }
}

fn ambiguous(found: &[&WorkView]) -> Failure {
    let lines: String = found
        .iter()
        .map(|view| format!("\n  {}  {}", view.id, title(view)))
        .collect();
    let candidates: Vec<Value> = found
        .iter()
        .map(|view| {
            json!({
                "id": view.id.to_string(),
                "issuer": view.issuer.as_str(),
                "account": view.label.as_str(),
            })
        })
        .collect();
    Failure::new(
        "ambiguous_name",
        format!("Several work accounts have this in their name. Say more of it, or the id:{lines}"),
    )
    .with("candidates", candidates)
}
