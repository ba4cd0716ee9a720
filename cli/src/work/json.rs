//! Work accounts and requests as scripts see them. Members that do not apply are null.

use countersign_core::approval::{
    Match, MovingView, Outcome, Standing, StatementView, Strength, WorkView,
};
use serde_json::{Map, Value, json};

use super::account::{standing_name, why_name};
use super::request::{after_name, cannot_name, outcome_name};

/// A work account.
pub(crate) fn account_to_json(view: &WorkView) -> Map<String, Value> {
    let (until, to, by_administrator) = match &view.standing {
        Standing::Suspended {
            until,
            by_administrator,
        } => (until.map(|until| until.0), None, Some(*by_administrator)),
        Standing::Moved { to } => (None, Some(to.as_str()), None),
        _ => (None, None, None),
    };
    let mut object = Map::new();
    let mut put = |key: &str, value: Value| object.insert(key.into(), value);
    put("id", view.id.to_string().into());
    put("kind", "work".into());
    put("issuer", view.issuer.as_str().into());
    put("account", view.label.as_str().into());
    put("host", view.host.as_str().into());
    put("standing", standing_name(&view.standing).into());
    put("why", why_name(&view.standing).into());
    put("until", until.into());
    put("by_administrator", by_administrator.into());
    put("moved_to", to.into());
    put("is_unfinished", view.standing.is_unfinished().into());
    put("check", check(view));
    put("trashed_at", view.trashed_at.map(|at| at.0).into());
    put("test_mode", view.is_test_mode.into());
    put("software_keys", view.has_software_keys.into());
    put("strength", strength_name(view.strength).into());
    put("open", view.open.into());
    put("last_answer_at", view.last_answer_at.map(|at| at.0).into());
    put(
        "unreachable_since",
        view.unreachable_since.map(|at| at.0).into(),
    );
    put("clock_ahead_s", view.clock_ahead_s.into());
    put("may_not_ring", view.may_not_ring.into());
    put("muted_until", view.muted_until.map(|at| at.0).into());
    put("can_offline", view.can_offline.into());
    put("may_move", view.may_move.into());
    put("may_export", view.may_export.into());
    put("replaces", view.replaces.map(|id| id.to_string()).into());
    put("moving", view.moving.as_ref().map(moving).into());
    put("is_leaving", view.is_leaving.into());
    object
}

fn check(view: &WorkView) -> Value {
    view.check.as_ref().map_or(Value::Null, |check| {
        // EXPOSE: the check number is there to be shown.
        json!({"number": check.number.expose(), "type_it": check.type_it})
    })
}

/// The invitation of a move is a secret: it is shown where it was asked for and not in every list.
fn moving(moving: &MovingView) -> Value {
    match moving {
        MovingView::Asked => json!({"step": "asked", "device": null, "until": null}),
        MovingView::Invited { device, until, .. } => json!({
            "step": "invited",
            "device": device.as_ref().map(|device| device.as_str()),
            "until": until.0,
        }),
        MovingView::Testing { device, until, .. } => {
            json!({"step": "testing", "device": device.as_str(), "until": until.0})
        }
    }
}

const fn strength_name(strength: Strength) -> &'static str {
    match strength {
        Strength::Tap => "tap",
        Strength::Picked => "picked",
        Strength::Typed => "typed",
    }
}

/// An id as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A request.
pub(crate) fn request_to_json(view: &StatementView) -> Map<String, Value> {
    let lines: Vec<Value> = view
        .lines
        .iter()
        .map(|line| json!({"field": line.field, "text": line.text}))
        .collect();
    let next: Vec<&str> = view.next.iter().map(|what| after_name(*what)).collect();
    let mut object = Map::new();
    let mut put = |key: &str, value: Value| object.insert(key.into(), value);
    put("id", hex(view.id.bytes()).into());
    put("jti", view.reference.as_str().into());
    put("account", view.account.to_string().into());
    put("issuer", view.issuer.as_str().into());
    put("label", view.label.as_str().into());
    put("received_at", view.received_at.0.into());
    put("expires_at", view.expires_at.0.into());
    put("left_s", view.left_s.into());
    put("lines", lines.into());
    put("match", matching(&view.matching));
    put("strength", strength_name(view.strength).into());
    put("is_test", view.is_test.into());
    put(
        "cannot_approve",
        view.cannot_approve.map(cannot_name).into(),
    );
    put("tries_left", view.tries_left.into());
    put("is_quiet", view.is_quiet.into());
    put("outcome", view.outcome.as_ref().map(outcome_name).into());
    put("by", by(view.outcome.as_ref()));
    put("next", next.into());
    object
}

fn by(outcome: Option<&Outcome>) -> Value {
    match outcome {
        Some(Outcome::Elsewhere { by, approved }) => {
            json!({"device": by.as_str(), "approved": approved})
        }
        _ => Value::Null,
    }
}

fn matching(matching: &Match) -> Value {
    match matching {
        Match::EnterNumber { digits } => json!({"kind": "enter_number", "digits": digits}),
        Match::Choose { numbers } => {
            let numbers: Vec<&str> = numbers.iter().map(|number| number.as_str()).collect();
            json!({"kind": "choose", "numbers": numbers})
        }
        Match::None => json!({"kind": "none"}),
        Match::ShowCode => json!({"kind": "show_code"}),
    }
}
