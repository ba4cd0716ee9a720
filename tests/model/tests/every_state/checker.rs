//! The check itself: a model small enough to know what it has to find.

use countersign_model::check::{Ends, Goal, break_of, explore};
use stateright::{Model, Property};

const HOME: &str = "home can be reached";
const BELOW: &str = "never so far";
const MEETS: &str = "is met";

/// A walk from 0 to 9, one further or back to 0; whoever enters the pit at 5, where there is one, stays there or circles in it.
#[derive(Clone, Copy, Debug)]
struct Walk {
    has_pit: bool,
    is_below: u8,
    meets: u8,
    from: u8,
}

const WALK: Walk = Walk {
    has_pit: false,
    is_below: 10,
    meets: 9,
    from: 0,
};

impl Model for Walk {
    type State = u8;
    type Action = bool;

    fn init_states(&self) -> Vec<u8> {
        vec![0]
    }

    fn actions(&self, _: &u8, actions: &mut Vec<bool>) {
        actions.extend([true, false]);
    }

    fn next_state(&self, state: &u8, is_further: bool) -> Option<u8> {
        match *state {
            5 if self.has_pit => Some(6),
            6 if self.has_pit => Some(5),
            9 if is_further => None,
            place => Some(if is_further { place + 1 } else { 0 }),
        }
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(BELOW, |walk: &Self, state| *state < walk.is_below),
            Property::sometimes(MEETS, |walk: &Self, state| *state == walk.meets),
        ]
    }
}

impl Ends for Walk {
    fn goals(&self) -> Vec<Goal<Self>> {
        vec![Goal {
            name: HOME,
            from: |walk, state| *state >= walk.from,
            to: |_, state| *state == 0,
        }]
    }
}

#[test]
fn every_state_and_every_step_is_counted() {
    let explored = explore(&WALK).unwrap();
    assert_eq!(explored.states, 10);
    // From 0 to 8 there are two, and one from 9.
    assert_eq!(explored.steps, 19);
}

#[test]
fn a_property_that_is_broken_is_named_with_a_way_to_it() {
    let walk = Walk {
        is_below: 3,
        ..WALK
    };
    let broken = explore(&walk).unwrap_err();
    assert_eq!(broken.property, BELOW);
    let end: usize = broken.end.parse().unwrap();
    assert!(end >= 3);
    assert!(broken.steps.ends_with(&vec!["true".to_owned(); end]));
    assert!(break_of(&walk, BELOW).is_some());
    assert!(break_of(&WALK, BELOW).is_none());
}

#[test]
fn a_circle_from_which_a_goal_cannot_be_reached_is_named() {
    let walk = Walk {
        has_pit: true,
        meets: 5,
        ..WALK
    };
    let stuck = explore(&walk).unwrap_err();
    assert_eq!(stuck.property, HOME);
    assert_eq!(stuck.end, "5");
    assert_eq!(stuck.steps.len(), 5);
    assert!(break_of(&walk, HOME).is_some());
    assert!(break_of(&WALK, HOME).is_none());
}

#[test]
fn what_should_happen_and_never_does_is_named() {
    let walk = Walk { meets: 10, ..WALK };
    assert_eq!(explore(&walk).unwrap_err().property, MEETS);
}

#[test]
#[should_panic(expected = "a goal speaks of some state")]
fn a_goal_that_speaks_of_no_state_is_refused() {
    let _ = explore(&Walk { from: 10, ..WALK });
}

#[test]
#[should_panic(expected = "no property is called so")]
fn a_property_that_there_is_not_is_refused() {
    let _ = break_of(&WALK, "another");
}
