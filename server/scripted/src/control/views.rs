//! Persons, devices and statements as JSON.

use countersign_protocol::time::Timestamp;
use countersign_verifier::Person;
use countersign_verifier::person::{DeviceView, StageView, StatementView};
use serde_json::{Value, json};

/// What a person's pages show.
pub(super) fn person(person: &Person, now: Timestamp) -> Value {
    let devices: Vec<_> = person.devices().iter().map(device).collect();
    json!({
        "account": person.account(),
        "label": person.label(),
        "version": person.version(),
        "now": now,
        "devices": devices,
        "suspended": person.suspension().map(|suspension| json!({
            "until": suspension.until,
            "why": suspension.why,
        })),
        "move": person.move_view().map(|moving| json!({
            "from": moving.from,
            "to": moving.to,
            "until": moving.until,
        })),
    })
}

fn device(view: &DeviceView) -> Value {
    let mut device = json!({
        "id": view.id,
        "name": view.name,
    });
    let stage = match &view.stage {
        StageView::Unconfirmed {
            confirm,
            number,
            replaces,
            deadline,
        } => json!({
            "is": "unconfirmed",
            "confirm": confirm,
            "number": number.as_ref().map(|number| number.as_str()),
            "replaces": replaces,
            "deadline": deadline,
        }),
        StageView::Confirmed {
            number,
            test,
            deadline,
        } => json!({
            "is": "confirmed",
            "number": number.as_ref().map(|number| number.as_str()),
            "test": test,
            "deadline": deadline,
        }),
        StageView::Active { since } => json!({"is": "active", "since": since}),
        StageView::Moved { to, at } => json!({"is": "moved", "to": to, "at": at}),
        StageView::Removed { why, at } => json!({"is": "removed", "why": why, "at": at}),
    };
    if let Value::Object(members) = &mut device {
        members.insert("stage".into(), stage);
        if let Some(about) = &view.about {
            members.insert("platform".into(), json!(about.platform));
            members.insert("app".into(), json!(about.app));
            members.insert("protection".into(), json!(about.protection));
            members.insert("enrolled_at".into(), json!(about.enrolled_at));
        }
    }
    device
}

/// What a statement's page shows.
pub(super) fn statement(view: &StatementView) -> Value {
    json!({
        "id": view.id,
        "number": view.number.as_str(),
        "expires_at": view.expires_at,
        "is_listed": view.is_listed,
        "outcome": view.outcome,
        "via": view.via,
        "is_reported": view.is_reported,
        "by": view.by,
    })
}
