//! What must hold of a move.

use stateright::Property;

use super::new_phone::Progress;
use super::old_phone::Sees;
use super::server::{Fate, OldStands, Stage, place};
use super::{Moving, NEW, OLD, Seen, State};
use crate::check::Goal;
use crate::pair::Which;

/// At every moment.
pub const NEVER_TWO: &str = "at most one of the two phones gets real statements";
/// At every moment.
pub const ALWAYS_ONE: &str = "one of the two gets them, unless the old one was stopped";
/// Whenever it arrives.
pub const ACTIVE_ANSWERS: &str = "an answer counts only from a phone that is active";
/// In the move whose invitation it took.
pub const NUMBER_TYPED: &str = "the new phone takes over only after its number was typed";
/// However it ended.
pub const NO_LOOSE_END: &str = "a move that has ended leaves no phone on its way";
/// However late it arrives.
pub const NO_CROSSING: &str = "a step of one move does nothing to another";
/// Suspended or removed phones move nothing.
pub const MOVED_BY_ACTIVE: &str = "a phone takes over only from one that is active";
/// Neither phone thinks more than the server said.
pub const KNOWN: &str = "what a phone shows as final is so";
/// As long as it is open.
pub const CAN_FINISH: &str = "an open move can be finished";
/// Both phones know how they stand, and nothing waits.
pub const AGREE: &str = "all three can still come to agree";

pub(super) fn all(model: &Moving) -> Vec<Property<Moving>> {
    let mut properties = vec![
        Property::always(NEVER_TWO, |_, state: &State| {
            !(state.server.is_active(OLD) && state.server.is_active(NEW))
        }),
        Property::always(ALWAYS_ONE, |_, state: &State| {
            state.server.is_active(OLD)
                || state.server.is_active(NEW)
                || matches!(state.server.old, OldStands::Suspended | OldStands::Removed)
        }),
        Property::always(ACTIVE_ANSWERS, |_, state: &State| {
            !state.server.counted_an_inactive
        }),
        Property::always(NUMBER_TYPED, |_, state: &State| {
            state.server.new.is_none_or(|new| {
                let is_past_it = matches!(new.stage, Stage::Confirmed | Stage::Active);
                !is_past_it || state.server.confirmed.has(place(new.which))
            })
        }),
        Property::always(NO_LOOSE_END, |_, state: &State| {
            let is_under_way = state
                .server
                .new
                .is_some_and(|new| matches!(new.stage, Stage::Unconfirmed | Stage::Confirmed));
            state.server.open.is_some() || !is_under_way
        }),
        Property::always(NO_CROSSING, |_, state: &State| !state.server.has_crossed),
        Property::always(MOVED_BY_ACTIVE, |_, state: &State| {
            !state.server.moved_an_inactive
        }),
        Property::always(KNOWN, |_, state: &State| {
            let is_active = new_stage(state) == Some(Stage::Active);
            let is_old_known = match state.old.stands {
                OldStands::Moved | OldStands::Removed => state.old.stands == state.server.old,
                OldStands::Active | OldStands::Suspended => true,
            };
            is_old_known
                && match state.new.progress {
                    Progress::Unfinished => true,
                    Progress::Active => is_active,
                    Progress::Ended => !is_active,
                }
        }),
        Property::sometimes("a move is finished", |_, state: &State| is_finished(state)),
    ];
    if model.is_disturbed {
        properties.push(Property::sometimes(
            "a move withdraws a statement that the old phone has answered",
            |_, state: &State| {
                state.server.fate == Fate::Withdrawn
                    && state.server.old == OldStands::Moved
                    && *state.seen.of(OLD) == Seen::Answered
            },
        ));
        properties.push(Property::sometimes(
            "the new phone approves a statement",
            |_, state: &State| state.server.fate == Fate::Approved(NEW),
        ));
    }
    if model.moves_max > 1 {
        properties.push(Property::sometimes(
            "a second move is finished",
            |_, state: &State| is_finished(state) && state.new.scanned == Some(Which::Second),
        ));
    }
    properties
}

pub(super) fn goals() -> Vec<Goal<Moving>> {
    vec![
        Goal {
            name: CAN_FINISH,
            from: |_, state| state.server.open.is_some(),
            to: |_, state| is_finished(state),
        },
        Goal {
            name: AGREE,
            from: |_, _| true,
            to: |_, state| {
                let is_new_settled = match new_stage(state) {
                    Some(Stage::Active) => state.new.progress == Progress::Active,
                    _ => state.new.scanned.is_none() || state.new.progress == Progress::Ended,
                };
                let is_settled = |seen: &Seen| matches!(seen, Seen::Nothing | Seen::Ended);
                state.server.open.is_none()
                    && state.old.stands == state.server.old
                    && state.old.sees == Sees::Nothing
                    && is_new_settled
                    && !matches!(state.server.fate, Fate::Open(_))
                    && Which::BOTH
                        .iter()
                        .all(|phone| is_settled(state.seen.of(*phone)))
            },
        },
    ]
}

/// How far the new phone is with its present keys.
fn new_stage(state: &State) -> Option<Stage> {
    let new = state.server.new?;
    (Some(new.which) == state.new.scanned).then_some(new.stage)
}

fn is_finished(state: &State) -> bool {
    new_stage(state) == Some(Stage::Active)
        && state.new.progress == Progress::Active
        && state.old.stands == OldStands::Moved
}
