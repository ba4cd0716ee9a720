//! What must hold of an enrolment.

use stateright::Property;

use super::phone::{Standing, Test};
use super::server::{Stage, Trial, Who};
use super::{Enrolment, State};
use crate::check::Goal;
use crate::pair::Which;

/// Whatever Mallory knows, sends and tries.
pub const LUCK_ALONE: &str = "somebody else gets an active device by luck alone";
/// One chance in a million.
pub const ONE_GUESS: &str = "somebody else has one guess an invitation";
/// Identical bytes are the same enrolment.
pub const ONE_ENROLMENT: &str = "an invitation takes one enrolment";
/// Whatever comes later, and across kills.
pub const ONE_DOCUMENT: &str = "a phone takes one first document";
/// What they derive it from is the same.
pub const SAME_NUMBER: &str = "a phone and its server have the same number";
/// Confirmed, and its approval key proven.
pub const PROVEN: &str = "an active device was confirmed and has approved its test";
/// Three, also when the right one comes after them.
pub const WRONG_END: &str = "three wrong numbers end a device";
/// Neither end thinks more of it than the other.
pub const NO_HALF_ACCOUNT: &str =
    "no half account is shown as working, and no working one as ended";
/// From every state before its end.
pub const CAN_FINISH: &str = "an accepted enrolment can be finished until its time is up";
/// Both know it is active, or neither takes it for more than ended.
pub const AGREE: &str = "both ends can still come to agree";

pub(super) fn all(model: &Enrolment) -> Vec<Property<Enrolment>> {
    let mut properties = vec![
        Property::always(LUCK_ALONE, |_, state: &State| {
            state.is_lucky || !mallory_is(state, Stage::Active)
        }),
        Property::always(ONE_GUESS, |_, state: &State| state.guesses.count() <= 1),
        Property::always(ONE_ENROLMENT, |_, state: &State| state.server.accepted <= 1),
        Property::always(ONE_DOCUMENT, |_, state: &State| state.phone.taken <= 1),
        Property::always(SAME_NUMBER, |_, state: &State| {
            state.server.device.is_none_or(|device| {
                let shown = state.phone.document.filter(|it| it.is_the_servers());
                state.phone.attempt.map(Who::Phone) != Some(device.who)
                    || shown.is_none_or(|shown| shown == device.document)
            })
        }),
        Property::always(PROVEN, |_, state: &State| {
            state.server.device.is_none_or(|device| {
                let is_approved = Which::BOTH
                    .iter()
                    .any(|which| *device.trials.of(*which) == Trial::Approved);
                device.stage != Stage::Active || device.was_confirmed && is_approved
            })
        }),
        Property::always(WRONG_END, |model: &Enrolment, state| {
            state.server.device.is_none_or(|device| {
                device.wrong < model.wrong_max || device.stage == Stage::Removed
            })
        }),
        Property::always(NO_HALF_ACCOUNT, |_, state: &State| {
            let is_active = phones_stage(state) == Some(Stage::Active);
            match state.phone.standing {
                Standing::Unfinished => true,
                Standing::Active => is_active,
                Standing::Ended => !is_active,
            }
        }),
        Property::sometimes("a phone becomes active", |_, state: &State| {
            state.phone.standing == Standing::Active
        }),
        Property::sometimes("a second test is approved", |_, state: &State| {
            state
                .server
                .device
                .is_some_and(|device| *device.trials.of(Which::Second) == Trial::Approved)
        }),
        Property::sometimes("somebody else takes the invitation", |_, state: &State| {
            mallory_is(state, Stage::Unconfirmed)
        }),
    ];
    if !model.is_pinned {
        properties.push(Property::sometimes(
            "somebody else is lucky and gets an active device",
            |_, state: &State| mallory_is(state, Stage::Active),
        ));
    }
    properties
}

pub(super) fn goals() -> Vec<Goal<Enrolment>> {
    vec![
        Goal {
            name: CAN_FINISH,
            from: |_, state: &State| {
                let is_open = state.server.device.is_some_and(|device| {
                    device.stage == Stage::Unconfirmed
                        || device.stage == Stage::Confirmed
                            && *device.trials.of(Which::Second) != Trial::Over
                            && !has_denied(state, Which::Second)
                });
                let is_the_phones = matches!(
                    state.server.device.map(|device| device.who),
                    Some(Who::Phone(_))
                );
                let is_misled = state.phone.document.is_some_and(|it| !it.is_the_servers());
                is_open
                    && is_the_phones
                    && !is_misled
                    && state.phone.standing == Standing::Unfinished
            },
            to: |_, state: &State| both_active(state),
        },
        Goal {
            name: AGREE,
            from: |_, _| true,
            to: |_, state: &State| {
                let is_settled = match state.server.device.map(|device| device.stage) {
                    None => state.server.is_expired,
                    Some(stage) => matches!(stage, Stage::Active | Stage::Removed),
                };
                is_settled && (both_active(state) || state.phone.standing == Standing::Ended)
            },
        },
    ]
}

fn mallory_is(state: &State, stage: Stage) -> bool {
    state
        .server
        .device
        .is_some_and(|device| device.who.is_mallory() && device.stage == stage)
}

fn phones_stage(state: &State) -> Option<Stage> {
    let device = state.server.device?;
    (Some(device.who) == state.phone.attempt.map(Who::Phone)).then_some(device.stage)
}

fn both_active(state: &State) -> bool {
    phones_stage(state) == Some(Stage::Active)
        && state.phone.standing == Standing::Active
        && !matches!(state.phone.test, Test::Answered(..))
}

fn has_denied(state: &State, which: Which) -> bool {
    state.phone.test == Test::Answered(which, super::Verdict::Deny)
}
