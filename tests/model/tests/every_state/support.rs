//! Runs a model and says what was found.
#![expect(
    clippy::print_stdout,
    reason = "how much was looked at is the result of such a test"
)]

use countersign_model::check::{Ends, break_of, explore};

/// Whether the larger bounds are asked for.
pub(crate) fn is_long() -> bool {
    std::env::var_os("COUNTERSIGN_LONG").is_some()
}

/// Every property holds in every state, and every goal can be reached from every state.
pub(crate) fn assert_holds<M: Ends>(name: &str, model: &M) {
    match explore(model) {
        Ok(explored) => println!(
            "{name}: {} states, {} steps",
            explored.states, explored.steps
        ),
        Err(broken) => panic!("{name}: {broken}"),
    }
}

/// Without one rule, this property or goal does not hold.
pub(crate) fn assert_sees<M: Ends>(model: &M, property: &'static str) {
    match break_of(model, property) {
        Some(broken) => println!("{broken}"),
        None => panic!("holds without the rule: {property}"),
    }
}
