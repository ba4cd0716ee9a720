//! How an account is named and written down: for a person and for a script.

use countersign_core::account::Name;
use countersign_core::companion::{AccountRow, Companion, FindError};
use countersign_core::otp::OtpKind;
use countersign_core::time::UnixSeconds;
use countersign_core::vault::RecordId;
use serde_json::{Map, Value, json};

use crate::failure::Failure;
use crate::findings;
use crate::terminal::shown;

/// Where a name is looked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Place {
    /// Among the accounts.
    List,
    /// In the trash.
    Trash,
}

/// Finds the one account that `name` means.
///
/// # Errors
///
/// `no_such_account`; `ambiguous_name` with the candidates.
pub(crate) fn find(
    companion: &Companion,
    place: Place,
    name: &str,
    now: UnixSeconds,
) -> Result<RecordId, Failure> {
    // An id is found however its letters are written.
    let id = name.trim().to_lowercase().parse::<RecordId>();
    let name = &id.map_or_else(|_| name.to_owned(), |id| id.to_string());
    let found = match place {
        Place::List => companion.find(name),
        Place::Trash => companion.find_in_trash(name),
    };
    let ids = match found {
        Ok(id) => return Ok(id),
        Err(FindError::NoSuchAccount) => return Err(not_found(companion, place, name)),
        Err(FindError::Ambiguous(ids)) => ids,
    };
    let rows: Vec<AccountRow> = ids
        .into_iter()
        .filter_map(|id| companion.row(id, now).ok())
        .collect();
    let lines: String = rows
        .iter()
        .map(|row| format!("\n  {}  {}", row.id, title(row)))
        .collect();
    let candidates: Vec<Value> = rows.iter().map(candidate).collect();
    Err(Failure::new(
        "ambiguous_name",
        format!("Several accounts have this in their name. Say more of it, or the id:{lines}"),
    )
    .with("candidates", candidates))
}

fn not_found(companion: &Companion, place: Place, name: &str) -> Failure {
    if let Some(failure) = lost(companion, name) {
        return failure;
    }
    let elsewhere = match place {
        Place::List => companion.find_in_trash(name).is_ok(),
        Place::Trash => companion.find(name).is_ok(),
    };
    let message = match (place, elsewhere) {
        (Place::List, true) => {
            "No account has this name, but one in the trash does: see `countersign list --trash`."
        }
        (Place::List, false) => "No account has this name. See `countersign list`.",
        (Place::Trash, true) => {
            "Nothing in the trash has this name; the account with it is in the list."
        }
        (Place::Trash, false) => {
            "Nothing in the trash has this name. See `countersign list --trash`."
        }
    };
    // What cannot be read has no name that could be found.
    match findings::failure(companion.findings()) {
        Some(found) if !elsewhere => Failure::new(
            found.name(),
            format!(
                "No account that can be read has this name; it may be one of those that cannot. {}",
                found.message()
            ),
        ),
        _ => Failure::new("no_such_account", message),
    }
}

/// An id that the vault knows, of a record that cannot be read or is gone.
fn lost(companion: &Companion, name: &str) -> Option<Failure> {
    let id: RecordId = name.parse().ok()?;
    let findings = companion.findings();
    let message = if findings.unreadable.contains(&id) {
        "This account's record is damaged and cannot be read. `countersign vault salvage` may recover it, also from a snapshot."
    } else if findings.missing.contains(&id) {
        "This account's record was taken out of the vault without its key. A snapshot may still hold it: see `countersign vault check`."
    } else {
        return None;
    };
    Some(Failure::new("unreadable_record", message).with("id", id.to_string()))
}

fn candidate(row: &AccountRow) -> Value {
    json!({
        "id": row.id.to_string(),
        "issuer": row.issuer.as_str(),
        "account": row.account.as_str(),
    })
}

/// An account in one line: `issuer:account`, with the tenant where there is one.
pub(crate) fn title(row: &AccountRow) -> String {
    named(&row.issuer, row.label_issuer.as_ref(), &row.account)
}

/// The same from the names alone.
pub(crate) fn named(issuer: &Name, label_issuer: Option<&Name>, account: &Name) -> String {
    let issuer = issuer_of(issuer, label_issuer);
    match (issuer.is_empty(), account.is_empty()) {
        (true, true) => shown(""),
        (true, false) => shown(account.as_str()),
        (false, true) => issuer,
        (false, false) => format!("{issuer}:{}", shown(account.as_str())),
    }
}

/// The issuer, with the label's own where it differs: it tells two tenants apart. Empty without one.
pub(crate) fn issuer_of(issuer: &Name, label_issuer: Option<&Name>) -> String {
    match (issuer.is_empty(), label_issuer) {
        (true, None) => String::new(),
        (true, Some(label)) => shown(label.as_str()),
        (false, None) => shown(issuer.as_str()),
        (false, Some(label)) => format!("{} ({})", shown(issuer.as_str()), shown(label.as_str())),
    }
}

/// What makes the codes, in words: `SHA1, 6 digits, every 30 s`.
pub(crate) fn parameters(kind: OtpKind) -> String {
    let algorithm = kind.algorithm().name();
    let digits = kind.digits();
    match kind {
        OtpKind::Totp { period, .. } => {
            format!("{algorithm}, {digits} digits, every {} s", period.seconds())
        }
        OtpKind::Hotp { counter, .. } => {
            format!("{algorithm}, {digits} digits, counter {}", counter.value())
        }
        OtpKind::Steam => "Steam, 5 characters, every 30 s".into(),
    }
}

/// An account as scripts see it. Members that do not apply are null.
pub(crate) fn to_json(row: &AccountRow) -> Map<String, Value> {
    let mut object = Map::new();
    let window = row.window.as_ref();
    let mut put = |key: &str, value: Value| object.insert(key.into(), value);
    put("id", row.id.to_string().into());
    put("kind", row.kind.name().into());
    put("issuer", row.issuer.as_str().into());
    put(
        "label_issuer",
        row.label_issuer.as_ref().map(Name::as_str).into(),
    );
    put("account", row.account.as_str().into());
    // EXPOSE: codes are what the list is for.
    put(
        "code",
        window
            .map(|window| window.current.text().expose().to_owned())
            .into(),
    );
    put(
        "next_code",
        window
            .map(|window| window.next.text().expose().to_owned())
            .into(),
    );
    put(
        "changes_at",
        window.map(|window| window.changes_at.0).into(),
    );
    put(
        "counter",
        row.kind.counter().map(|counter| counter.value()).into(),
    );
    put("algorithm", row.kind.algorithm().name().into());
    put("digits", row.kind.digits().into());
    put(
        "period",
        row.kind.period().map(|period| period.seconds()).into(),
    );
    put(
        "tags",
        row.tags.iter().map(Name::as_str).collect::<Vec<_>>().into(),
    );
    put("has_note", row.has_note.into());
    put("pinned", row.pinned.into());
    put("created_at", row.created_at.0.into());
    put("trashed_at", row.trashed_at.map(|at| at.0).into());
    object
}
