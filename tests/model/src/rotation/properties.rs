//! What must hold while keys change.

use stateright::Property;

use super::device::Seen;
use super::server::Fate;
use super::{Rotation, State};
use crate::check::Goal;

/// Whatever a restored server sends.
pub const NEVER_REVERTS: &str = "a device never reverts to an older account document";
/// As long as the server was not restored: the reply to an earlier request may then be from before the backup, and nothing
/// that a device is told could show it.
pub const NEVER_BACK: &str = "an older state is never applied after a newer one";
/// What the device takes for ended has ended, or is known to nobody.
pub const OPEN_STAYS_OPEN: &str = "no device takes an open statement for one that has ended";
/// Also while the list of keys changes.
pub const CAN_ANSWER: &str = "an open statement can be approved, and its receipt verified";
/// The same document, and nothing waits.
pub const AGREE: &str = "both ends can still come to agree";

pub(super) fn all(model: &Rotation) -> Vec<Property<Rotation>> {
    let mut properties = vec![
        Property::always(NEVER_REVERTS, |_, state: &State| {
            let held = state.server.documents.of(state.device.document);
            held.version == state.device.version_max
        }),
        Property::always(NEVER_BACK, |_, state: &State| {
            !state.device.went_back || state.server.is_restored
        }),
        Property::always(OPEN_STAYS_OPEN, |_, state: &State| {
            state.device.seen != Seen::Ended || !matches!(state.server.fate, Fate::Open(_))
        }),
        Property::sometimes(
            "a device has the newest document of all",
            |model: &Rotation, state: &State| state.device.document + 1 == model.documents_max,
        ),
        Property::sometimes(
            "a statement under a new key is approved",
            |_, state: &State| state.server.fate == Fate::Approved && state.server.newest_key > 0,
        ),
    ];
    if model.may_be_restored {
        properties.push(Property::sometimes(
            "a restored server meets a newer document than its own",
            |_, state: &State| state.server.is_restored && state.server.record.told.is_none(),
        ));
    }
    properties
}

pub(super) fn goals() -> Vec<Goal<Rotation>> {
    vec![
        Goal {
            name: CAN_ANSWER,
            from: |_, state| matches!(state.server.fate, Fate::Open(_)),
            to: |_, state| state.server.fate == Fate::Approved && state.device.seen == Seen::Ended,
        },
        Goal {
            name: AGREE,
            from: |_, _| true,
            to: |_, state| {
                let is_closed = match state.server.fate {
                    Fate::Open(_) => false,
                    Fate::Unmade | Fate::Approved | Fate::Expired | Fate::Unknown => true,
                };
                let is_settled = matches!(state.device.seen, Seen::Nothing | Seen::Ended);
                is_closed && is_settled && state.device.document == state.server.record.current
            },
        },
    ]
}
