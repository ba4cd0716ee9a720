//! What must hold of one statement's answers.

use stateright::Property;

use super::device::View;
use super::server::{Outcome, Reply};
use super::{ANSWERS_MAX, Answers, Decision, State};
use crate::bits::Bits;
use crate::check::Goal;
use crate::pair::Which;

/// Every device that knows an end knows the server's first one.
pub const ONE_OUTCOME: &str = "a statement has one outcome";
/// With the right number, on the device whose answer it is.
pub const PERSON_APPROVES: &str = "only a person approves, with the right number, on that device";
/// Wrong numbers and reports.
pub const COUNTED_ONCE: &str = "an answer is counted once";
/// Until its receipt; a report apart.
pub const ONE_ANSWER_AT_A_TIME: &str = "a device sends one answer at a time";
/// What a device knows has ended has ended.
pub const OPEN_STAYS_OPEN: &str = "no device takes an open statement for one that has ended";
/// Whatever comes later.
pub const END_IS_FINAL: &str = "an end is final on the device too";
/// For as long as the server keeps its receipts, whether or not anybody decides anything more.
pub const LEARN: &str = "a device can learn how a statement ended while the server knows it";
/// Both ends know the same, and nothing waits.
pub const AGREE: &str = "both ends can still come to agree";

pub(super) fn all(model: &Answers) -> Vec<Property<Answers>> {
    let mut properties = vec![
        Property::always(ONE_OUTCOME, |_, state: &State| {
            state.server.outcome == state.server.first_outcome
                && Which::BOTH
                    .iter()
                    .all(|which| match state.devices.of(*which).view {
                        View::Ended(Some(known)) => state.server.first_outcome == Some(known),
                        View::Ended(None) | View::Unseen | View::Held => true,
                    })
        }),
        Property::always(PERSON_APPROVES, |_, state: &State| {
            let is_approved = state.server.outcome == Some(Outcome::Approved);
            match state.server.approved_by {
                Some(which) => state.devices.of(which).person_approved,
                None => !is_approved,
            }
        }),
        Property::always(COUNTED_ONCE, |_, state: &State| {
            u32::from(state.server.counted) <= wrong_numbers(state) && state.server.events <= 1
        }),
        Property::always(ONE_ANSWER_AT_A_TIME, |_, state: &State| {
            Which::BOTH.iter().all(|which| state.unjudged(*which) <= 1)
        }),
        Property::always(OPEN_STAYS_OPEN, |_, state: &State| {
            state.server.outcome.is_some()
                || Which::BOTH
                    .iter()
                    .all(|which| !matches!(state.devices.of(*which).view, View::Ended(_)))
        }),
        Property::always(END_IS_FINAL, |_, state: &State| {
            Which::BOTH.iter().all(|which| {
                let device = state.devices.of(*which);
                !device.knew_the_end || matches!(device.view, View::Ended(_))
            })
        }),
        Property::sometimes("a statement is approved", |_, state: &State| {
            state.server.outcome == Some(Outcome::Approved)
        }),
    ];
    if model.answers_max > 1 {
        properties.extend([
            Property::sometimes("the other device's answer was first", |_, state: &State| {
                let is_late = |which: &Which| {
                    state.server.reply(*which, 0) == Some(Reply::End(Outcome::Approved))
                        && state.devices.of(*which).decision(0) == Some(Decision::Deny)
                };
                Which::BOTH.iter().any(is_late)
            }),
            Property::sometimes("a report comes after an approval", |_, state: &State| {
                state.server.outcome == Some(Outcome::Approved) && state.server.events == 1
            }),
        ]);
    }
    properties
}

pub(super) fn goals() -> Vec<Goal<Answers>> {
    vec![
        Goal {
            name: LEARN,
            from: |_, state| state.server.outcome.is_some() && !state.server.is_forgotten,
            to: |_, state| !state.server.is_forgotten && agrees(state),
        },
        Goal {
            name: AGREE,
            from: |_, _| true,
            to: |_, state| agrees(state),
        },
    ]
}

fn agrees(state: &State) -> bool {
    state.server.outcome.is_some()
        && Which::BOTH.iter().all(|which| {
            let device = state.devices.of(*which);
            device.waiting.is_empty()
                && match device.view {
                    View::Unseen => true,
                    View::Held => false,
                    View::Ended(known) => {
                        known == state.server.outcome || state.server.is_forgotten
                    }
                }
        })
}

/// Different answers with a wrong number that the server has judged.
fn wrong_numbers(state: &State) -> u32 {
    let of = |which: Which| {
        let mut judged = Bits::NONE;
        for number in 0..ANSWERS_MAX {
            let is_wrong = state.devices.of(which).decision(number) == Some(Decision::ApproveWrong);
            if is_wrong && state.server.reply(which, number).is_some() {
                judged = judged.with(number);
            }
        }
        judged.count()
    };
    Which::BOTH.map(of).iter().sum()
}
